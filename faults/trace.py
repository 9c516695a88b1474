"""Reads what strace wrote: which bytes went to which file or connection, in which order, and what was synced."""

import os
import re
from dataclasses import dataclass, field

# What must be traced so that a data folder can be rebuilt. `copy_file_range` and `sendfile` are here to be refused: their
# bytes do not stand in a trace.
CALLS = (
    "open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,"
    "unlink,unlinkat,rmdir,truncate,ftruncate,mkdir,mkdirat,link,linkat,symlink,symlinkat,lseek,fallocate,"
    "copy_file_range,sendfile,sendto,sendmsg"
)

LOST = "/sakimori-lost"
HEX = re.compile(r"\\x([0-9a-f]{2})")
LINE = re.compile(r"^(\d+) +(.*)$")
CALL = re.compile(r"^([a-z0-9_]+)\((.*)$", re.S)
RESUMED = re.compile(r"^<\.\.\. ([a-z0-9_]+) resumed>(.*)$", re.S)
IOV = re.compile(r'iov_base="((?:\\x[0-9a-f]{2})*)"')
CONNECTION = re.compile(r"TCP:\[127\.0\.0\.1:(\d+)->127\.0\.0\.1:(\d+)\]")


def text_bytes(escaped: str) -> bytes:
    """`\\x41\\x42` -> b"AB"."""
    return bytes.fromhex(escaped.replace("\\x", ""))


def plain(escaped: str) -> str:
    return HEX.sub(lambda found: chr(int(found.group(1), 16)), escaped).encode("latin-1").decode("utf-8", "replace")


@dataclass
class Event:
    """One file operation. `begin` and `end` are positions in the trace: its effect falls between the two."""

    begin: int
    end: int
    kind: str  # create, write, truncate, sync, lost, rename, link, unlink, mkdir, answer
    path: str = ""
    to: str = ""
    offset: int = 0
    data: bytes = b""
    size: int = 0
    port: int = 0


@dataclass
class Reader:
    """Turns lines into events of the files below `root` and of answers sent from `port`."""

    root: str
    port: int
    events: list = field(default_factory=list)
    pending: dict = field(default_factory=dict)
    # Place in each open file, for writes that do not say theirs. File descriptors are the process's, not the thread's.
    places: dict = field(default_factory=dict)
    appending: set = field(default_factory=set)

    def read(self, lines):
        for number, line in enumerate(lines):
            found = LINE.match(line.rstrip("\n"))
            if not found:
                continue
            thread, rest = found.groups()
            if rest.endswith("<unfinished ...>"):
                self.pending[thread] = (number, rest[: -len("<unfinished ...>")].rstrip())
                continue
            resumed = RESUMED.match(rest)
            begin = number
            if resumed:
                begin, first = self.pending.pop(thread, (None, ""))
                if begin is None:
                    continue
                rest = first + resumed.group(2)
            call = CALL.match(rest)
            if call:
                self.call(begin, number, call.group(1), call.group(2))
        return self.events

    def call(self, begin, end, name, rest):
        # A call that was under way when everything ended has no result.
        where = rest.rfind(") = ")
        where = rest.rfind(")", 0, rest.rfind("= ")) if where < 0 else where
        if where < 0:
            return
        result = rest[where + 1 :].strip().removeprefix("=").strip().split(" ")[0]
        number = result.split("<")[0]
        # failing.c says by this name that a sync failed and what was written before it may be gone.
        if name == "unlink" and plain(rest.split('"')[1]).startswith(LOST):
            self.add(begin, end, "lost", plain(rest.split('"')[1]).removeprefix(LOST))
            return
        if not number.lstrip("-").isdigit() or int(number) < 0:
            return
        handle = getattr(self, "on_" + ALIASES.get(name, name), None)
        if handle:
            handle(begin, end, rest[:where].split(", "), int(number), rest)

    # ---- paths ------------------------------------------------------------------------------------------------------
    def of_descriptor(self, argument):
        """Number and path of `12</path>`."""
        number, _, path = argument.partition("<")
        return number, plain(path.rstrip(">").removesuffix(">(deleted)")).removesuffix(" (deleted)")

    def joined(self, folder, name):
        base = self.of_descriptor(folder)[1] if folder else os.getcwd()
        return os.path.normpath(os.path.join(base, plain(name.strip('"'))))

    def ours(self, path):
        return path == self.root or path.startswith(self.root + "/")

    def add(self, begin, end, kind, path, **more):
        if self.ours(path) or (more.get("to") and self.ours(more["to"])):
            self.events.append(Event(begin, end, kind, path, **more))

    # ---- calls ------------------------------------------------------------------------------------------------------
    def on_openat(self, begin, end, args, result, rest):
        path = self.joined(args[0], args[1])
        self.opened(begin, end, path, args[2], result)

    def on_open(self, begin, end, args, result, rest):
        self.opened(begin, end, self.joined("", args[0]), args[1], result)

    def opened(self, begin, end, path, flags, descriptor):
        self.places[str(descriptor)] = 0
        self.appending.discard(str(descriptor))
        if "O_APPEND" in flags:
            self.appending.add(str(descriptor))
        if "O_CREAT" in flags:
            self.add(begin, end, "create", path)
        if "O_TRUNC" in flags:
            self.add(begin, end, "truncate", path, size=0)

    def written(self, begin, end, argument, data, result, offset=None):
        descriptor, path = self.of_descriptor(argument)
        connection = CONNECTION.search(argument)
        if connection:
            if int(connection.group(1)) == self.port and data.startswith(b"HTTP/1.1 "):
                self.events.append(Event(begin, end, "answer", port=int(connection.group(2)), data=data[:200]))
            return
        if not self.ours(path):
            return
        if offset is None:
            offset = -1 if descriptor in self.appending else self.places.get(descriptor, 0)
            self.places[descriptor] = self.places.get(descriptor, 0) + result
        if len(data) < result:
            raise ValueError(f"the trace cut a write of {result} bytes to {path}: a larger -s is needed")
        self.add(begin, end, "write", path, offset=offset, data=data[:result])

    def on_write(self, begin, end, args, result, rest):
        self.written(begin, end, args[0], text_bytes(args[1].strip('".')), result)

    def on_pwrite64(self, begin, end, args, result, rest):
        self.written(begin, end, args[0], text_bytes(args[1].strip('".')), result, int(args[3]))

    def on_writev(self, begin, end, args, result, rest):
        self.written(begin, end, args[0], b"".join(map(text_bytes, IOV.findall(rest))), result)

    def on_pwritev(self, begin, end, args, result, rest):
        self.written(begin, end, args[0], b"".join(map(text_bytes, IOV.findall(rest))), result, int(args[-1]))

    def on_sendto(self, begin, end, args, result, rest):
        self.on_write(begin, end, args, result, rest)

    def on_sendmsg(self, begin, end, args, result, rest):
        self.on_writev(begin, end, args, result, rest)

    def on_fsync(self, begin, end, args, result, rest):
        self.add(begin, end, "sync", self.of_descriptor(args[0])[1])

    def on_ftruncate(self, begin, end, args, result, rest):
        self.add(begin, end, "truncate", self.of_descriptor(args[0])[1], size=int(args[1]))

    def on_lseek(self, begin, end, args, result, rest):
        self.places[self.of_descriptor(args[0])[0]] = result

    def on_rename(self, begin, end, args, result, rest):
        self.add(begin, end, "rename", self.joined("", args[0]), to=self.joined("", args[1]))

    def on_renameat(self, begin, end, args, result, rest):
        self.add(begin, end, "rename", self.joined(args[0], args[1]), to=self.joined(args[2], args[3]))

    def on_link(self, begin, end, args, result, rest):
        self.add(begin, end, "link", self.joined("", args[0]), to=self.joined("", args[1]))

    def on_linkat(self, begin, end, args, result, rest):
        self.add(begin, end, "link", self.joined(args[0], args[1]), to=self.joined(args[2], args[3]))

    def on_unlink(self, begin, end, args, result, rest):
        self.add(begin, end, "unlink", self.joined("", args[0]))

    def on_unlinkat(self, begin, end, args, result, rest):
        self.add(begin, end, "unlink", self.joined(args[0], args[1]))

    def on_mkdir(self, begin, end, args, result, rest):
        self.add(begin, end, "mkdir", self.joined("", args[0]))

    def on_mkdirat(self, begin, end, args, result, rest):
        self.add(begin, end, "mkdir", self.joined(args[0], args[1]))

    def on_unknown(self, begin, end, args, result, rest):
        for argument in args:
            if self.ours(self.of_descriptor(argument)[1]) or self.ours(self.joined("", argument)):
                raise ValueError(f"the trace cannot say what this wrote to the data folder: {rest[:200]}")


ALIASES = {
    "fdatasync": "fsync",
    "renameat2": "renameat",
    "rmdir": "unlink",
    "pwritev2": "pwritev",
    **dict.fromkeys(
        ["creat", "truncate", "symlink", "symlinkat", "copy_file_range", "sendfile"], "unknown"
    ),
}
