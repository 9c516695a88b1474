#!/usr/bin/env python3
"""A failing disk under backups: the n-th file operation of making one and of putting one back fails.

  faults/failing_backup.py

A backup that says it is made can be verified and put back; one that failed leaves the generations before it whole, and the next
one works. Putting back either gives everything or says that it did not.
"""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import time

import work
from failing_disk import DISKS, Control
from product import Broken, Person, Server, binary

# Every operation of the first ones, then further and further apart: a backup has hundreds.
NUMBERS = [1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 28, 38, 50, 70, 100, 140, 200, 280, 400, 560, 800]


class Trial:
    def __init__(self, home):
        self.place = os.path.join(home, "disk")
        os.makedirs(self.place)
        self.data, self.backups = (os.path.join(self.place, name) for name in ("data", "backups"))
        self.key = os.path.join(home, "seal.key")
        self.control = Control(home, self.place)

    def command(self, *arguments, disk=None, number=0):
        """Exit status, what was said, and whether anything was made to fail."""
        if disk:
            self.control.arm(disk, number)
        done = subprocess.run(
            [binary(), "backup", *arguments], capture_output=True, text=True, timeout=120,
            env={**os.environ, **(self.control.environment if disk else {}), "SAKIMORI_LOG": "warn"},
        )
        failed = self.control.disarm()[1] if disk else 0
        if done.returncode < 0 or "panicked" in done.stderr:
            raise Broken(f"backup {arguments[0]} died: {done.returncode}: {done.stderr[-500:]}")
        return done.returncode, done.stdout + done.stderr, failed

    def must(self, *arguments):
        status, said, _ = self.command(*arguments)
        if status != 0:
            raise Broken(f"backup {arguments[0]} failed without a reason: {said[-600:]}")

    def create(self, disk=None, number=0):
        return self.command("create", "--data", self.data, "--to", self.backups, disk=disk, number=number)

    def restore(self, name, disk=None, number=0):
        target = os.path.join(self.place, name)
        shutil.rmtree(target, ignore_errors=True)
        arguments = ("restore", self.backups, "--data", target, "--key-file", self.key)
        return target, *self.command(*arguments, disk=disk, number=number)


def making(trial, disk):
    tried = 0
    for number in NUMBERS:
        with open(os.path.join(trial.place, "new"), "wb") as file:
            file.write(os.urandom(8))
        status, said, failed = trial.create(disk, number)
        if failed == 0:
            break
        tried += 1
        trial.must("verify", trial.backups, "--data", trial.data)
    trial.must("create", "--data", trial.data, "--to", trial.backups)
    trial.must("verify", trial.backups, "--data", trial.data)
    return tried


def putting_back(trial, disk, done, base):
    tried = 0
    for number in NUMBERS:
        target, status, said, failed = trial.restore("restored", disk, number)
        if failed == 0:
            break
        tried += 1
        if status == 0:
            work.check_database(target, done, done, base)
    target, status, said, _ = trial.restore("restored")
    if status != 0:
        raise Broken(f"afterwards it cannot be put back: {said[-600:]}")
    work.check_database(target, done, done, base)
    return tried


def run(home):
    trial = Trial(home)
    people = work.Work(7)
    with Server(trial.data, "demo") as server:
        server.end()
    base = work.starting_point(trial.data)
    with Server(trial.data) as server:
        person = Person(server.port)
        rows = [row for row in person.rows() if row["status"] != "na"][:6]
        for step, row in enumerate(rows * 2):
            people.attach(person, row) if step % 3 == 2 else people.save(person, row)
        server.end()
    shutil.copy(os.path.join(trial.data, "keys/seal.key"), trial.key)
    trial.must("create", "--data", trial.data, "--to", trial.backups)
    chosen = [disk for disk in DISKS if disk[2] in (errno.EIO, errno.ENOSPC)]
    made = sum(making(trial, disk) for disk in chosen)
    print(f"making a backup: {made} operations failed", flush=True)
    back = sum(putting_back(trial, disk, people.done, base) for disk in chosen[:3])
    print(f"putting one back: {back} operations failed", flush=True)
    if made < 20 or back < 10:
        raise Broken("too little was made to fail")
    target, _, _, _ = trial.restore("restored")
    work.check_product(target, people.done, people.done)


def main():
    began = time.monotonic()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    home = tempfile.mkdtemp(prefix="sakimori-backup-", dir=memory)
    try:
        run(home)
    except (Broken, work.Lost) as error:
        print(f"failing disk under backups: failed: {error}", flush=True)
        sys.exit(1)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"failing disk under backups: passed, {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
