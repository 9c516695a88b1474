#!/usr/bin/env python3
"""A failing disk: the n-th file operation of saving, attaching and importing fails, for n = 1, 2, 3 … until all have.

  faults/failing_disk.py

Each time somebody gets either what they asked for or a refusal that says so; the next save works without a restart; and in
the end, after a kill, the data folder holds everything that was acknowledged. failing.c makes the operations fail.
"""

import errno
import mmap
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import work
from product import REPOSITORY, Broken, Person, Server

WRITE, SYNC, NAME, SIZE = 1, 2, 4, 8
LAYOUT = struct.Struct("<iiqqiiqq512s")
FOREVER = 1 << 40

# name, which operations, error, from the n-th on or the n-th only, half of the bytes written
DISKS = (
    ("one operation fails", WRITE | SYNC | NAME | SIZE, errno.EIO, False, False),
    ("one sync fails", SYNC, errno.EIO, False, False),
    ("full, in the middle of a write", WRITE | SIZE, errno.ENOSPC, False, True),
    ("full from there on", WRITE | NAME | SIZE, errno.ENOSPC, True, False),
    ("read-only from there on", WRITE | NAME | SIZE, errno.EROFS, True, False),
)


class Control:
    """Tells failing.c what is to fail."""

    def __init__(self, home, folder):
        self.path = os.path.join(home, "control")
        self.folder = folder.encode()
        with open(self.path, "wb") as file:
            file.write(bytes(4096))
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 4096)
        self.library = os.path.join(home, "failing.so")
        source = os.path.join(REPOSITORY, "faults", "failing.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, source, "-ldl"], check=True)
        self.environment = {"SAKIMORI_FAILING": self.path, "LD_PRELOAD": self.library}
        self.disarm()

    def put(self, armed, kinds=0, first=0, last=0, error=0, halves=False):
        # The flag that arms it goes in last.
        whole = LAYOUT.pack(0, kinds, first, last, error, int(halves), 0, 0, self.folder)
        self.memory[: len(whole)] = whole
        self.memory[:4] = struct.pack("<i", int(armed))

    def arm(self, disk, number):
        _, kinds, error, goes_on, halves = disk
        self.put(True, kinds, number, FOREVER if goes_on else number, error, halves)

    def disarm(self):
        """How many operations there were and how many failed."""
        _, _, _, _, _, _, count, failed, _ = LAYOUT.unpack(self.memory[: LAYOUT.size])
        self.put(False)
        return count, failed


def says_so(body):
    """Whether a refusal tells that nothing was saved."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    return "保存されていません" in text or "保存していません" in text or "取り込んでいません" in text


class Trial:
    def __init__(self, home, server, control):
        self.control = control
        self.people = work.Work(1)
        self.person = Person(server.port)
        self.rows = [row for row in self.person.rows() if row["status"] != "na"]
        self.attempts = 0

    def one(self, action, disk, number):
        """One attempt: whether anything was made to fail."""
        row, prepared = self.rows[0], None
        if action == "import":
            rows = self.rows[4:7]
            _, prepared, wanted = self.people.prepare_import(self.person, rows)
        self.control.arm(disk, number)
        try:
            if action == "save":
                status, body = self.people.save(self.person, row)
            elif action == "attach":
                # Every file on another row: an answer takes only so many.
                row = self.rows[10 + self.attempts % 200]
                status, body = self.people.attach(self.person, row)
            else:
                status, body = self.people.confirm_import(self.person, rows, prepared, wanted)
        finally:
            count, failed = self.control.disarm()
        self.attempts += 1
        where = f"{action}, {disk[0]}, operation {number}"
        if status not in (200, 303):
            if failed == 0:
                raise Broken(f"{where}: refused with {status} although nothing failed: {body!r:.300}")
            if status not in (500, 503, 507) or not says_so(body):
                raise Broken(f"{where}: the refusal ({status}) does not say that nothing was saved: {body!r:.300}")
        # The same row over the version that was seen last: refused if the failed save were there after all.
        status, body = self.people.save(self.person, self.rows[0])
        if status != 200:
            raise Broken(f"{where}: afterwards a save is refused ({status}): {body!r:.300}")
        return failed > 0

    def series(self, action, disk):
        number = 1
        while self.one(action, disk, number):
            number += 1
            if number > 500:
                raise Broken(f"{action}: no end of operations")
        return number - 1


def outage(trial, disk):
    """The disk is in trouble for a while: reading goes on, writing is refused, and then everything works again."""
    trial.control.arm(disk, 1)
    refused = 0
    for row in trial.rows[:5]:
        status, body = trial.people.save(trial.person, row)
        refused += status != 200 and says_so(body)
        trial.person.get("/assessments")
    trial.control.disarm()
    if refused != 5:
        raise Broken(f"{disk[0]}: {refused} of 5 saves were refused in words")
    for row in trial.rows[:5]:
        status, body = trial.people.save(trial.person, row)
        if status != 200:
            raise Broken(f"{disk[0]}: after the outage a save is refused ({status}): {body!r:.300}")


def run(home):
    data = os.path.join(home, "data")
    with Server(data, "demo") as server:
        server.end()
    base = work.starting_point(data)
    control = Control(home, data)
    with Server(data, environment=control.environment) as server:
        try:
            trial = try_all(home, server, control)
        except Broken as error:
            raise Broken(f"{error}\nthe program's log ends with:\n{server.said()[-1200:]}") from error
        server.end(signal.SIGKILL)
    done = trial.people.done
    must = [act for act in done if act.acknowledged]
    work.check_database(data, done, must, base)
    work.check_product(data, done, must)
    print(f"after a kill: all {len(must)} acknowledged writes of {len(done)} are there", flush=True)


def try_all(home, server, control):
    trial = Trial(home, server, control)
    for action in ("save", "attach", "import"):
        tried = [trial.series(action, disk) for disk in DISKS]
        if min(tried) == 0:
            raise Broken(f"{action}: nothing was made to fail")
        print(f"{action}: {sum(tried)} operations failed one after the other", flush=True)
    for disk in DISKS[3:]:
        outage(trial, disk)
    print("full and read-only disk: refused in words, reading goes on, recovered", flush=True)
    return trial


def try_out(name, run):
    """Runs a test in a folder of its own, in memory where there is room for it, and says how it went."""
    began = time.monotonic()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    home = tempfile.mkdtemp(prefix="sakimori-disk-", dir=memory)
    try:
        run(home)
    except (Broken, work.Lost) as error:
        print(f"{name}: failed: {error}", flush=True)
        sys.exit(1)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"{name}: passed, {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    try_out("failing disk", run)
