#!/usr/bin/env python3
"""A failing disk under backups: the n-th file operation of making one and of putting one back fails.

  faults/failing_backup.py

A backup that says it is made can be verified and put back; one that failed leaves the generations before it whole, and the next
one works. Putting back either gives everything or says that it did not and leaves nothing; the next try gives everything.
"""

import os
import shutil
import subprocess

import work
from failing_disk import DISKS, Control, try_out
from product import Broken, Person, Server, binary

# Every operation of the first ones, then further and further apart: there are hundreds, most of them alike.
NUMBERS = [1, 2, 3, 4, 5, 7, 10, 14, 20, 29, 42, 60, 85, 120, 170, 240, 340, 480, 680, 960, 1360]


def numbers(disk):
    """All of them for the first disk; every other one for the rest, since a backup takes a while."""
    return NUMBERS if disk is DISKS[0] else NUMBERS[::2]


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
        if done.returncode != 0 and not done.stderr.strip():
            raise Broken(f"backup {arguments[0]} failed without a word")
        return done.returncode, done.stdout + done.stderr, failed

    def must(self, *arguments):
        status, said, _ = self.command(*arguments)
        if status != 0:
            raise Broken(f"backup {arguments[0]} is refused: {said[-600:]}")

    def generations(self):
        folder = os.path.join(self.backups, "generations")
        return {name for name in os.listdir(folder) if os.path.exists(os.path.join(folder, name, "manifest.age"))}

    def create(self, disk=None, number=0):
        return self.command("create", "--data", self.data, "--to", self.backups, disk=disk, number=number)

    def verify(self, where):
        """Whole, by its own files and by the trail: also what the trail was not told any more."""
        status, said, _ = self.command("verify", self.backups, "--data", self.data)
        if status != 0:
            raise Broken(f"{where}: the backups are not whole: {said[-600:]}")

    def restore(self, disk=None, number=0):
        target = os.path.join(self.place, "restored")
        shutil.rmtree(target, ignore_errors=True)
        arguments = ("restore", self.backups, "--data", target, "--key-file", self.key)
        return target, *self.command(*arguments, disk=disk, number=number)


def making(trial, disk, people, person):
    """Something new is there to be kept each time."""
    tried = 0
    for number in numbers(disk):
        where = f"making a backup, {disk[0]}, operation {number}"
        people.attach(person, person.mine[tried % len(person.mine)])
        before = trial.generations()
        status, said, failed = trial.create(disk, number)
        if failed == 0:
            break
        tried += 1
        if not before <= trial.generations():
            raise Broken(f"{where}: a generation is gone")
        if status == 0 and trial.generations() == before:
            raise Broken(f"{where}: it says that it made one and did not")
        trial.verify(where)
    trial.must("create", "--data", trial.data, "--to", trial.backups)
    trial.verify(f"making a backup, {disk[0]}, afterwards")
    return tried


def putting_back(trial, disk, done, base):
    tried = 0
    for number in numbers(disk):
        target, status, said, failed = trial.restore(disk, number)
        if failed == 0:
            break
        tried += 1
        if status == 0 or os.path.exists(target):
            # What is there is whole, whatever was said.
            work.check_database(target, done, done, base)
    target, status, said, _ = trial.restore()
    if status != 0:
        raise Broken(f"putting back, {disk[0]}: afterwards it cannot be put back: {said[-600:]}")
    work.check_database(target, done, done, base)
    return tried


def run(home):
    trial = Trial(home)
    people = work.Work(7)
    with Server(trial.data, "demo") as server:
        server.end()
    base = work.starting_point(trial.data)
    trial.must("create", "--data", trial.data, "--to", trial.backups)
    # The server works on meanwhile, on a disk that is whole for it.
    with Server(trial.data) as server:
        person = Person(server.port)
        person.mine = [row for row in person.rows() if row["status"] != "na"][:40]
        for row in person.mine[:8]:
            people.save(person, row)
        shutil.copy(os.path.join(trial.data, "keys/seal.key"), trial.key)
        made = [making(trial, disk, people, person) for disk in DISKS]
        server.end()
    print(f"making a backup: {sum(made)} operations failed one after the other", flush=True)
    back = [putting_back(trial, disk, people.done, base) for disk in DISKS]
    print(f"putting one back: {sum(back)} operations failed one after the other", flush=True)
    if min(made) < 5 or min(back) < 5:
        raise Broken(f"too little was made to fail: {made}, {back}")
    target, _, _, _ = trial.restore()
    work.check_product(target, people.done, people.done)
    print(f"put back at last: all {len(people.done)} acknowledged writes are there", flush=True)


if __name__ == "__main__":
    try_out("failing disk under backups", run)
