"""What people did in a run, what was acknowledged when, and whether a data folder still has it."""

import csv
import hashlib
import html
import io
import os
import random
import re
import sqlite3
import subprocess
import threading
from dataclasses import dataclass, field

from product import ASSESSMENT, Broken, Person, Server, binary

TEXT_COLUMN = 9  # 現状 of the exported sheet


@dataclass
class Done:
    """One write that somebody asked for. `texts`: what each answer says after it; `title`: of an attached file."""

    port: int
    number: int  # of the answer on that connection
    status: int
    texts: dict = field(default_factory=dict)
    versions: dict = field(default_factory=dict)
    title: str = ""
    digest: str = ""
    answer: str = ""
    at: int = 0  # place of the answer in the trace

    @property
    def acknowledged(self):
        return self.status in (200, 303)


class Work:
    """Several people who save, attach and import; every request is written down."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.done = []
        self.lock = threading.Lock()
        self.count = 0

    def note(self, **what):
        with self.lock:
            self.done.append(Done(**what))

    def text(self):
        with self.lock:
            self.count += 1
            number = self.count
            length = self.random.choice((10, 60, 400, 1500))
        return f"電源断の試験 {number:05} " + "記" * length

    def save(self, person, row):
        text, seen = self.text(), row["version"]
        status, version = person.save(row["id"], seen, text)
        self.note(
            port=person.local, number=person.answers, status=status, texts={row["id"]: text},
            versions={row["id"]: seen + 1}, answer=row["id"],
        )
        if status == 200:
            row["version"], row["current"] = version, text
        return status, version

    def attach(self, person, row):
        with self.lock:
            self.count += 1
            title = f"証跡 {self.count:05}"
            content = self.random.randbytes(self.random.choice((40, 5_000, 70_000, 300_000)))
        status, body = person.attach(row["id"], title, content)
        digest = hashlib.sha256(content).hexdigest()
        self.note(
            port=person.local, number=person.answers, status=status, title=title, digest=digest, answer=row["id"],
        )
        return status, body

    def prepare_import(self, person, rows):
        """Uploads a sheet in which the rows say something new: the address to confirm at, and what will be there."""
        table = list(csv.reader(io.StringIO(person.get(f"/assessments/{ASSESSMENT}/workbook.csv").decode("utf-8-sig"))))
        wanted = {row["id"]: self.text().strip() for row in rows}
        for line in table[1:]:
            answer = line[0].split("|")[3] if line[0].count("|") > 3 else ""
            if answer in wanted:
                line[TEXT_COLUMN] = wanted[answer]
        out = io.StringIO()
        csv.writer(out).writerows(table)
        status, body, headers = person.upload(
            f"/assessments/{ASSESSMENT}/import", {}, "sheet.csv", out.getvalue().encode("utf-8-sig")
        )
        if status != 303:
            return status, None, None
        place = headers["location"]
        page = person.get(place).decode()
        ticks = [html.unescape(tick) for tick in re.findall(r'name="take" value="([^"]+)"', page)]
        if len(ticks) != len(rows):
            raise Broken(f"the import shows {len(ticks)} changes of {len(rows)}")
        return status, (place, ticks), wanted

    def confirm_import(self, person, rows, prepared, wanted):
        place, ticks = prepared
        status, body, _ = person.form(f"{place}/apply", [("take", tick) for tick in ticks])
        self.note(
            port=person.local, number=person.answers, status=status, texts=wanted,
            versions={row["id"]: row["version"] + 1 for row in rows}, answer="",
        )
        if status == 303:
            fresh = {row["id"]: row for row in person.rows()}
            for row in rows:
                row.update(fresh[row["id"]])
        return status, body

    def bring_in(self, person, rows):
        status, prepared, wanted = self.prepare_import(person, rows)
        return self.confirm_import(person, rows, prepared, wanted) if prepared else (status, b"")

    def shift(self, person, rows, steps, first_import=None):
        """One person works through their own rows."""
        for step in range(steps):
            row = rows[step % len(rows)]
            if step == first_import:
                self.bring_in(person, rows[:4])
            elif step % 7 == 3:
                self.attach(person, row)
            else:
                self.save(person, row)


class Lost(Exception):
    """Something that was acknowledged, or that must always hold, does not."""


def expectations(done, until):
    """What must be there when everything up to `until` of the trace was acknowledged, and what may be."""
    must = [act for act in done if act.acknowledged and act.at <= until]
    return must


def check_database(folder, done, must, base):
    """The database itself: integrity, foreign keys, every acknowledged write, a trail without gaps."""
    path = os.path.join(folder, "sakimori.db")
    database = sqlite3.connect(path)
    try:
        for (line,) in database.execute("PRAGMA integrity_check"):
            if line != "ok":
                raise Lost(f"integrity_check: {line}")
        for line in database.execute("PRAGMA foreign_key_check"):
            raise Lost(f"foreign_key_check: {line}")
        check_answers(database, done, must)
        check_imports(database, done, base)
        titles = {title for (title,) in database.execute("SELECT title FROM evidence")}
        missing = [act.title for act in must if act.title and act.title not in titles]
        if missing:
            raise Lost(f"{len(missing)} attached files have no row: {missing[:3]}")
        check_trail(database, base)
    except sqlite3.DatabaseError as error:
        raise Lost(f"the database cannot be read: {error}") from error
    finally:
        database.close()


def check_answers(database, done, must):
    here = {row[0]: row[1:] for row in database.execute("SELECT id, version, current_state FROM answer")}
    sent = {}
    for act in done:
        for answer, text in act.texts.items():
            sent.setdefault((answer, act.versions[answer]), set()).add(text)
    lost = 0
    for act in must:
        for answer, version in act.versions.items():
            have, text = here.get(answer, (0, ""))
            if have < version:
                lost += 1
            elif have == version and text != act.texts[answer]:
                raise Lost(f"answer {answer} says at version {have} something else than was acknowledged")
            elif (answer, have) in sent and text not in sent[(answer, have)]:
                raise Lost(f"answer {answer} says at version {have} what nobody sent")
    if lost:
        raise Lost(f"{lost} acknowledged saves are gone")


def check_imports(database, done, base):
    """An import is there as a whole or not at all."""
    here = dict(database.execute("SELECT id, version FROM answer"))
    for act in done:
        if len(act.versions) > 1 and act.acknowledged:
            arrived = {here[answer] >= version for answer, version in act.versions.items()}
            if len(arrived) > 1:
                raise Lost("half an import is there")


def check_trail(database, base):
    """Positions without gaps, and one event for every version of every answer since the beginning."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "trail" not in tables:
        raise Lost("there is no trail")
    for organisation, count, last in database.execute(
        "SELECT organisation_id, COUNT(*), MAX(position) FROM trail GROUP BY organisation_id"
    ):
        if count != last:
            raise Lost(f"the trail of {organisation} has {count} events up to position {last}")
    events = dict(
        database.execute("SELECT subject_id, COUNT(*) FROM trail WHERE action = 'answer.change' GROUP BY subject_id")
    )
    for answer, version in database.execute("SELECT id, version FROM answer"):
        first, seen = base.get(answer, (version, 0))
        if events.get(answer, 0) - seen != version - first:
            raise Lost(
                f"answer {answer} went from version {first} to {version} with {events.get(answer, 0) - seen} events"
            )


def starting_point(folder):
    """Versions and numbers of events of every answer, before the work."""
    database = sqlite3.connect(os.path.join(folder, "sakimori.db"))
    events = dict(
        database.execute("SELECT subject_id, COUNT(*) FROM trail WHERE action = 'answer.change' GROUP BY subject_id")
    )
    base = {
        answer: (version, events.get(answer, 0)) for answer, version in database.execute("SELECT id, version FROM answer")
    }
    database.close()
    return base


def check_product(folder, done, must):
    """The program starts on it, shows every acknowledged answer, opens every attached file, and takes a save."""
    with Server(folder) as server:
        try:
            person = Person(server.port)
            rows = {row["id"]: row for row in person.rows()}
            for act in must:
                for answer, version in act.versions.items():
                    if rows[answer]["version"] < version:
                        raise Lost(f"the program does not show an acknowledged save of {answer}")
            attached = {act.title: act.digest for act in must if act.title}
            for title, identity in evidence(folder):
                if title in attached:
                    status, content, _ = person.send("GET", f"/evidence/{identity}")
                    if status != 200 or hashlib.sha256(content).hexdigest() != attached.pop(title):
                        raise Lost(f"the attached file {title} does not open ({status})")
            if attached:
                raise Lost(f"attached files have no row: {sorted(attached)[:3]}")
            row = next(iter(rows.values()))
            status, _ = person.save(row["id"], row["version"], "復旧の確認")
            if status != 200:
                raise Lost(f"after the cut a save is refused ({status})")
        except Broken as error:
            raise Lost(str(error)) from error
        server.end()
    proof = subprocess.run([binary(), "trail", "verify", "--data", folder], capture_output=True, text=True)
    if proof.returncode != 0:
        raise Lost(f"the trail is not what was written: {(proof.stdout + proof.stderr)[-600:]}")


def evidence(folder):
    database = sqlite3.connect(f"file:{folder}/sakimori.db?mode=ro", uri=True)
    found = database.execute("SELECT title, id FROM evidence WHERE kind = 'file'").fetchall()
    database.close()
    return found
