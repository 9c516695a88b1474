"""A disk that remembers what was synced, so that a power cut can be had at any moment.

Every file has its durable content (as of its last sync) and the writes since; every folder its durable names and the
changes of names since. A cut is one of:

  strict  what POSIX promises and no more: unsynced data is gone, a name is there only if its folder was synced
  names   as journalling file systems do: any sync makes all earlier names durable, unsynced data is gone (the file is
          there and empty)
  torn    any part of what was not synced may have arrived: sectors of writes in any order, names in order up to a point
"""

import os
import random
from dataclasses import dataclass, field

SECTOR = 512
MODES = ("strict", "names", "torn")


@dataclass
class File:
    durable: bytearray = field(default_factory=bytearray)
    now: bytearray = field(default_factory=bytearray)
    # (end of the call, kind, offset or size, data), oldest first
    pending: list = field(default_factory=list)


@dataclass
class Folder:
    durable: dict = field(default_factory=dict)
    now: dict = field(default_factory=dict)
    # (end of the call, name, what it names or None when removed)
    pending: list = field(default_factory=list)


def apply(content: bytearray, change, sectors=None):
    _, kind, at, data = change
    if kind == "truncate":
        if at < len(content):
            del content[at:]
        else:
            content.extend(bytes(at - len(content)))
        return
    for start in range(0, len(data), SECTOR) if sectors is not None else [0]:
        piece = data if sectors is None else data[start : start + SECTOR]
        if sectors is not None and not sectors():
            continue
        if len(content) < at + start:
            content.extend(bytes(at + start - len(content)))
        content[at + start : at + start + len(piece)] = piece


class Disk:
    """`root` is the folder whose content is followed; its own name is taken to be durable."""

    def __init__(self, root, ignored_syncs=None):
        self.root = root
        self.top = Folder()
        # A sync whose path fits is not counted: how the tests prove that they would find a loss.
        self.ignored_syncs = ignored_syncs or (lambda path, is_folder: False)
        self.synced_names_until = -1

    def load(self, folder):
        """Everything that is there now, durable."""
        for path, names, files in os.walk(folder):
            place = self.folder(os.path.join(self.root, os.path.relpath(path, folder)))
            for name in names:
                place.durable[name] = place.now[name] = Folder()
            for name in files:
                with open(os.path.join(path, name), "rb") as source:
                    content = source.read()
                place.durable[name] = place.now[name] = File(bytearray(content), bytearray(content))

    # ---- finding ----------------------------------------------------------------------------------------------------
    def parts(self, path):
        relative = os.path.relpath(path, self.root)
        return [] if relative == "." else relative.split("/")

    def find(self, path):
        place = self.top
        for name in self.parts(path):
            place = place.now.get(name) if isinstance(place, Folder) else None
        return place

    def folder(self, path):
        found = self.find(path)
        return found if isinstance(found, Folder) else Folder()

    def name(self, end, path, thing):
        folder, name = self.folder(os.path.dirname(path)), os.path.basename(path)
        folder.pending.append((end, name, thing))
        if thing is None:
            folder.now.pop(name, None)
        else:
            folder.now[name] = thing

    # ---- events -----------------------------------------------------------------------------------------------------
    def happen(self, event):
        thing = self.find(event.path) if event.path else None
        if event.kind == "create" and thing is None:
            self.name(event.end, event.path, File())
        elif event.kind == "mkdir" and thing is None:
            self.name(event.end, event.path, Folder())
        elif event.kind == "unlink":
            self.name(event.end, event.path, None)
        elif event.kind == "rename" and thing is not None:
            self.name(event.end, event.path, None)
            self.name(event.end, event.to, thing)
        elif event.kind == "link" and thing is not None:
            self.name(event.end, event.to, thing)
        elif event.kind in ("write", "truncate") and isinstance(thing, File):
            at = event.size if event.kind == "truncate" else event.offset
            at = len(thing.now) if at < 0 else at
            change = (event.end, event.kind, at, event.data)
            thing.pending.append(change)
            apply(thing.now, change)
        elif event.kind == "sync" and thing is not None:
            self.sync(event, thing)
        elif event.kind == "lost" and isinstance(thing, File):
            # The program still reads what it wrote, and no later sync brings it to the disk. Of a folder the change stays
            # to be synced: a journal that cannot be written ends the file system, it does not drop one name.
            thing.pending = [change for change in thing.pending if change[0] >= event.begin]

    def sync(self, event, thing):
        if self.ignored_syncs(event.path, isinstance(thing, Folder)):
            return
        # What was still being written when the sync began is not covered by it.
        covered = [change for change in thing.pending if change[0] < event.begin]
        thing.pending = [change for change in thing.pending if change[0] >= event.begin]
        self.synced_names_until = max(self.synced_names_until, event.begin)
        for change in covered:
            if isinstance(thing, File):
                apply(thing.durable, change)
            elif change[2] is None:
                thing.durable.pop(change[1], None)
            else:
                thing.durable[change[1]] = change[2]

    # ---- questions --------------------------------------------------------------------------------------------------
    def unsynced(self, began=-1):
        """Files with unsynced data and names that a power cut would take, as (what, path)."""
        found = []

        def walk(folder, path):
            for _, name, thing in folder.pending:
                if thing is not None and folder.now.get(name) is thing:
                    found.append(("name", os.path.join(path, name)))
            for name, thing in folder.now.items():
                if isinstance(thing, Folder):
                    walk(thing, os.path.join(path, name))
                elif thing.pending:
                    found.append(("data", os.path.join(path, name)))

        walk(self.top, self.root)
        return sorted(set(found))

    def cut(self, mode, seed, target):
        """Writes what a power cut now leaves into `target`."""
        chance = random.Random(seed)

        def content(file):
            if mode != "torn" or not file.pending:
                return file.durable
            out = bytearray(file.durable)
            kind = chance.choice(("none", "all", "prefix", "any", "any"))
            upto = chance.randrange(len(file.pending) + 1)
            for number, change in enumerate(file.pending):
                if kind == "all" or (kind == "prefix" and number < upto):
                    apply(out, change)
                elif kind == "any":
                    whole = chance.random()
                    if change[1] == "truncate":
                        if whole < 0.5:
                            apply(out, change)
                    elif whole < 0.5:
                        apply(out, change, lambda: chance.random() < 0.5)
                    elif whole < 0.75:
                        apply(out, change)
            return out

        def names(folder):
            here = dict(folder.durable)
            upto = chance.randrange(len(folder.pending) + 1) if folder.pending else 0
            for number, (end, name, thing) in enumerate(folder.pending):
                arrived = (mode == "names" and end < self.synced_names_until) or (mode == "torn" and number < upto)
                if arrived and thing is None:
                    here.pop(name, None)
                elif arrived:
                    here[name] = thing
            return here

        def write(folder, path):
            os.makedirs(path, exist_ok=True)
            for name, thing in names(folder).items():
                if isinstance(thing, Folder):
                    write(thing, os.path.join(path, name))
                # The shared-memory index of SQLite is made anew after a power cut.
                elif not name.endswith("-shm"):
                    with open(os.path.join(path, name), "wb") as file:
                        file.write(content(thing))

        write(self.top, target)
