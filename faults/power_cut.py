#!/usr/bin/env python3
"""Power cuts: the program runs under strace while people save, attach and import; then its disk is rebuilt as a power cut
would have left it, at many moments and in three ways, and must still hold everything that was acknowledged.

  faults/power_cut.py [--seed N] [--keep FOLDER]

Four parts: the order (no answer before the sync that follows its last write), the cuts, the proof that the cuts would find a
loss (the same trace with some syncs taken out of it must lose something), and cuts on a disk whose syncs fail now and then.
docs/testing.md says more.
"""

import argparse
import errno
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import disk
import trace
import work
from failing_disk import SYNC, Control
from product import Broken, Person, Server, binary

CUTS = 150
STARTS = 12  # cuts after which the program itself is started, in each mode together


def strace(log):
    return ["strace", "-f", "-yy", "-xx", "-s", "4000000", "-o", log, "-e", "signal=none", f"--trace={trace.CALLS}"]


def record(home, data, seed):
    """Works on `data` under strace: (work, events, where the order is checked from and to)."""
    people = work.Work(seed)
    log = os.path.join(home, "trace")
    with Server(data, before=strace(log)) as server:
        one = Person(server.port)
        rows = [row for row in one.rows() if row["status"] != "na"]
        # One after the other first: the order can be checked only where it is known what belongs to which answer.
        alone = rows[:6]
        for step in range(24):
            row = alone[step % 6]
            people.attach(one, row) if step % 4 == 3 else people.save(one, row)
        people.bring_in(one, alone[:3])
        single = one.local
        together(people, server, rows, lambda n: 20 + n)
        server.end()
        port = server.port
    return people, read_trace(log, data, port), single


def together(people, server, rows, import_at, steps=60, meanwhile=lambda: None):
    """Four people at once, each with rows of their own."""
    crew = [(Person(server.port), rows[10 * n : 10 * n + 8], steps, import_at(n)) for n in range(1, 5)]
    threads = [threading.Thread(target=people.shift, args=arguments) for arguments in crew]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        meanwhile()
        time.sleep(0.01)
    for thread in threads:
        thread.join()


def read_trace(log, root, port):
    with open(log, encoding="ascii", errors="replace") as lines:
        return trace.Reader(root, port).read(lines)


def record_failing(home, data, seed):
    """As `record`, on a disk whose syncs fail now and then and take with them what was to be synced."""
    people, control, chance = work.Work(seed), Control(home, data), random.Random(seed)
    log = os.path.join(home, "trace")
    preload = [part for name, value in control.environment.items() for part in ("-E", f"{name}={value}")]

    def fail():
        number = chance.randrange(1, 8)
        control.put(True, SYNC, number, number, errno.EIO)
        time.sleep(0.08)

    with Server(data, before=[*strace(log)[:-1], *preload, strace(log)[-1]]) as server:
        rows = [row for row in Person(server.port).rows() if row["status"] != "na"]
        together(people, server, rows, lambda n: None, 40, fail)
        control.disarm()
        server.end()
        port = server.port
    return people, read_trace(log, data, port)


def place_answers(people, events):
    """Finds each answer in the trace: the n-th on its connection."""
    answers = {}
    for event in events:
        if event.kind == "answer":
            answers.setdefault(event.port, []).append(event)
    for act in people.done:
        sent = answers.get(act.port, [])
        if len(sent) < act.number:
            raise Broken("an answer that was received is not in the trace")
        act.at = sent[act.number - 1].begin


def check_order(people, events, single, start, ignored=None):
    """Every answer of a write comes after the syncs of all that was written before it: broken promises, as text."""
    state = disk.Disk(start.root, ignored)
    state.load(start.copy)
    written = {act.at: act for act in people.done if act.port == single and act.acknowledged}
    broken, checked, first_writes, last_syncs = [], 0, {}, {}
    for event in in_order(events):
        if event.kind != "answer":
            state.happen(event)
            if event.kind == "write":
                first_writes.setdefault(event.path, event.end)
            elif event.kind == "sync" and not state.ignored_syncs(event.path, False):
                last_syncs[event.path] = event.begin
            continue
        if event.begin in written:
            checked += 1
            for what, path in state.unsynced():
                # The program signs its trail by itself, in the same log: there it counts that the log was synced after
                # this person's first write. That it was after the last one, the cuts show.
                is_log = path.endswith("-wal") and last_syncs.get(path, -1) > first_writes.get(path, -1)
                if not path.endswith("-shm") and not is_log:
                    broken.append(f"{what} of {os.path.relpath(path, start.root)} is not synced at answer {checked}")
        if event.port == single:
            first_writes.clear()
    return broken, checked


def in_order(events):
    """An answer counts from its beginning, an operation from its end."""
    return sorted(events, key=lambda event: event.begin if event.kind == "answer" else event.end)


def first_set_up(home, seed):
    """Cuts while an installation is made: what `setup` said was done is there; before that, it can be made again."""
    top = os.path.join(home, "first")
    os.makedirs(top)
    data, log = os.path.join(top, "a", "data"), os.path.join(home, "trace-setup")
    new = ["setup", "--organisation", "架空電力", "--login", "admin", "--data"]
    subprocess.run([*strace(log), binary(), *new, data], check=True, capture_output=True)
    events = sorted(read_trace(log, top, 0), key=lambda event: event.end)
    state, lost, made = disk.Disk(top), [], 0
    wanted = set(random.Random(seed).sample(range(len(events)), 12)) | {len(events) - 1}
    for number, event in enumerate(events):
        state.happen(event)
        for mode in disk.MODES if number == len(events) - 1 else disk.MODES[number % 3 :][:1] if number in wanted else ():
            made += 1
            target = os.path.join(home, "cut-setup")
            shutil.rmtree(target, ignore_errors=True)
            state.cut(mode, seed + number, target)
            again = subprocess.run([binary(), *new, os.path.join(target, "a", "data")], capture_output=True, text=True)
            is_there = again.returncode != 0 and "already" in again.stderr
            if again.returncode != 0 and not is_there:
                lost.append(f"cut at operation {number} of setup, {mode}: it cannot be made again: {again.stderr[-300:]}")
            if number == len(events) - 1 and not is_there:
                lost.append(f"cut behind setup, {mode}: the installation is gone")
    return made, lost


class Start:
    """The data folder before the work: its path while the program ran, and a copy of it."""

    def __init__(self, root, copy):
        self.root, self.copy = root, copy


def moments(events, seed, count):
    """Where to cut: behind answers, around syncs, in the middle of everything; more often while the main file is written."""
    chance = random.Random(seed)
    last = len(events) - 1
    answers = [n for n, event in enumerate(events) if event.kind == "answer"]
    syncs = [n for n, event in enumerate(events) if event.kind == "sync"]
    main = [n for n, event in enumerate(events) if event.path.endswith("sakimori.db")]
    names = [n for n, event in enumerate(events) if event.kind in ("rename", "mkdir", "create", "unlink")]
    chosen = {last}
    for kind, share in ((answers, 0.4), (syncs, 0.25), (main, 0.15), (names, 0.15)):
        for _ in range(int(count * share)):
            if kind:
                chosen.add(min(last, max(0, chance.choice(kind) + chance.choice((0, 0, 0, -1, 1)))))
    while len(chosen) < count:
        chosen.add(chance.randrange(last + 1))
    return sorted(chosen)


def cut_and_check(people, events, start, base, seed, scratch, ignored=None, count=CUTS, starts=STARTS, modes=disk.MODES):
    """Cuts the power at many moments: (cuts made, what was lost)."""
    events = in_order(events)
    state = disk.Disk(start.root, ignored)
    state.load(start.copy)
    lost, made = [], 0
    wanted = moments(events, seed, count)
    with_program = set(random.Random(seed).sample(wanted, min(starts, len(wanted)))) | {wanted[-1]}
    for number, event in enumerate(events):
        if event.kind != "answer":
            state.happen(event)
        if number not in wanted:
            continue
        until = event.begin if event.kind == "answer" else event.end
        must = work.expectations(people.done, until)
        which = modes if number in with_program else [modes[made % len(modes)]]
        for mode in which:
            made += 1
            target = os.path.join(scratch, "cut")
            shutil.rmtree(target, ignore_errors=True)
            state.cut(mode, seed + number, target)
            try:
                work.check_database(target, people.done, must, base)
                if number in with_program:
                    work.check_product(target, people.done, must)
            except (work.Lost, Broken) as error:
                lost.append(f"cut at event {number} ({event.kind} {os.path.basename(event.path)}), {mode}: {error}")
                if len(lost) >= 5:
                    return made, lost
    return made, lost


def failing_syncs(home, seed):
    """Cuts after syncs that failed: what was acknowledged before, between and after them is there."""
    data = os.path.join(home, "failing")
    shutil.copytree(os.path.join(home, "before"), data)
    start = Start(data, os.path.join(home, "before"))
    people, events = record_failing(home, data, seed)
    place_answers(people, events)
    failed = sum(event.kind == "lost" for event in events)
    good = sum(act.acknowledged for act in people.done)
    made, lost = cut_and_check(people, events, start, work.starting_point(start.copy), seed, home, None, 60, 4)
    refused = len(people.done) - good
    print(f"{failed} syncs failed, {refused} writes refused, {good} acknowledged; cuts: {made}, {len(lost)} lost something")
    if failed < 5 or refused < 3 or good < 50:
        lost.append("the syncs did not fail often enough, or too often, to try anything")
    return lost


WEAKER = (
    ("without the syncs of the write-ahead log", lambda path, is_folder: path.endswith("-wal"), ("strict", "names")),
    ("without the syncs of evidence files", lambda path, is_folder: "/evidence" in path and not is_folder, ("names",)),
    ("without the syncs of folders", lambda path, is_folder: is_folder, ("strict",)),
)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, default=int(os.environ.get("SAKIMORI_SEED", "20261120")))
    arguments.add_argument("--keep", help="keep the folders here")
    chosen = arguments.parse_args()
    began = time.monotonic()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    home = chosen.keep or tempfile.mkdtemp(prefix="sakimori-power-", dir=memory)
    os.makedirs(home, exist_ok=True)
    try:
        status = run(chosen.seed, home, began)
    finally:
        if not chosen.keep:
            shutil.rmtree(home, ignore_errors=True)
    sys.exit(status)


def run(seed, home, began):
    print(f"power cuts: seed {seed}", flush=True)
    data = os.path.join(home, "data")
    with Server(data, "demo") as server:
        server.end()
    start = Start(data, os.path.join(home, "before"))
    shutil.copytree(data, start.copy)
    base = work.starting_point(data)
    people, events, single = record(home, data, seed)
    place_answers(people, events)
    good = [act for act in people.done if act.acknowledged]
    # An import is refused when somebody else has changed the sheet since it was uploaded; nothing else may be.
    refused = [act for act in people.done if not act.acknowledged and (act.status != 409 or len(act.texts) < 2)]
    print(f"{len(good)} acknowledged writes of {len(people.done)}, {len(events)} file operations and answers", flush=True)
    made, failures = first_set_up(home, seed)
    print(f"cuts while an installation is made: {made}, {len(failures)} of them lost something", flush=True)
    failures += [f"refused without a reason: {act}" for act in refused[:5]]
    if not any(event.kind == "write" and event.path.endswith("sakimori.db") for event in events):
        failures.append("no checkpoint happened: the work is too small to try one")
    broken, checked = check_order(people, events, single, start)
    print(f"order: {checked} answers, {len(broken)} before their syncs", flush=True)
    failures += broken[:10]
    made, lost = cut_and_check(people, events, start, base, seed, home)
    print(f"cuts: {made}, {len(lost)} of them lost something", flush=True)
    failures += lost
    for name, ignored, modes in WEAKER:
        order, _ = check_order(people, events, single, start, ignored)
        made, lost = cut_and_check(people, events, start, base, seed, home, ignored, 30, 8, modes)
        found = "found" if order and lost else "NOT FOUND"
        print(f"weakened {name}: {len(order)} answers too early, {len(lost)} losses ({found})", flush=True)
        if not order or not lost:
            failures.append(f"weakened {name}, and no loss was found: this test would not notice one")
    failures += failing_syncs(home, seed)
    for failure in failures:
        print(f"  {failure}", flush=True)
    print(f"power cuts: {'failed' if failures else 'passed'}, {time.monotonic() - began:.0f} s", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    main()
