#!/usr/bin/env python3
"""The machine is lost: yesterday's backup is put back on a bare one, word for word by the handbook, with the times of each step.

  ./x drill [--evidence-mb 800] [--files 400] [--rows 300000]

The commands are those of docs/guide/10-backup.md, taken out of it, run as another user who has nothing but the binary, the
place of the backups and the key from the safe. With SAKIMORI_TEST_POSTGRES the same backup also goes into PostgreSQL.
"""

import argparse
import hashlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse

import work
from product import ASSESSMENT, REPOSITORY, UNHURRIED, Broken, Person, Server, binary, free_port

NOBODY = 65534
LIMIT_MINUTES = 10


def chapter():
    """Commands of the chapter of the lost machine, in their order."""
    with open(os.path.join(REPOSITORY, "docs/guide/10-backup.md"), encoding="utf-8") as file:
        text = file.read().split("## 機械を失ったとき", 1)[1].split("\n## ", 1)[0]
    return [line for block in re.findall(r"```\n(.*?)```", text, re.S) for line in block.strip().splitlines()]


class Steps:
    def __init__(self):
        self.began, self.all = time.monotonic(), []

    def done(self, what, since):
        took = time.monotonic() - since
        self.all.append((what, took))
        print(f"  {what:<46} {took:7.1f} s", flush=True)


def size_of(folder):
    total = 0
    for above, _, files in os.walk(folder):
        total += sum(os.path.getsize(os.path.join(above, name)) for name in files)
    return total / (1 << 20)


def installation(home, plan):
    """A year's work: evidence, many answers; then a night with its backup, and a day that will be lost."""
    data, backups = os.path.join(home, "data"), os.path.join(home, "backups")
    with Server(data, "demo") as server:
        server.end()
    people = work.Work(3)
    with Server(data) as server:
        person = Person(server.port)
        rows = [row for row in person.rows() if row["status"] != "na"]
        each = plan.evidence_mb * (1 << 20) // plan.files
        attached = []
        for number in range(plan.files):
            content, title = os.urandom(each), f"点検記録 {number:04}"
            status, body = person.attach(rows[number % len(rows)]["id"], title, content)
            if status != 303:
                raise Broken(f"a file is refused ({status}): {body[:300]!r}")
            attached.append((title, hashlib.sha256(content).hexdigest()))
        status, _ = people.save(person, rows[0])
        last = rows[0]["id"], rows[0]["current"]
        server.end()
    fill(data, plan.rows)
    with Server(data, environment={"SAKIMORI_BACKUP_TO": backups}) as server:
        began = time.monotonic()
        generations = os.path.join(backups, "generations")
        while not os.path.isdir(generations) or not any(
            os.path.exists(os.path.join(generations, name, "manifest.age")) for name in os.listdir(generations)
        ):
            if time.monotonic() - began > 900 or server.process.poll() is not None:
                raise Broken(f"no backup in the night:\n{server.said()}")
            time.sleep(0.2)
        print(f"the nightly backup took {time.monotonic() - began:.0f} s", flush=True)
        key = subprocess.run([binary(), "admin", "key", "export", "--data", data], capture_output=True, check=True).stdout
        people.save(Person(server.port), rows[1])
        server.end(signal.SIGKILL)
    print(
        f"the machine: database {os.path.getsize(os.path.join(data, 'sakimori.db')) >> 20} MB, evidence "
        f"{size_of(os.path.join(data, 'evidence')):.0f} MB in {plan.files} files; backup {size_of(backups):.0f} MB", flush=True,
    )
    shutil.rmtree(data)
    return backups, key, last, attached


def fill(data, rows):
    """Assessments of years with answers of their own words; and it is night."""
    database = sqlite3.connect(os.path.join(data, "sakimori.db"))
    database.execute("PRAGMA foreign_keys = ON")

    def copies(table, where, swap, change=()):
        columns = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
        change = {**{name: f"t.{name} || '-' || n.n" for name in swap}, **dict(change)}
        values = [change.get(name, f"t.{name}") for name in columns]
        database.execute(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?) "
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table} t, n WHERE {where}",
            (years,),
        )

    (one,) = database.execute("SELECT COUNT(*) FROM answer WHERE assessment_id = ?", (ASSESSMENT,)).fetchone()
    years = max(1, rows // one)
    copies("assessment", f"t.id = '{ASSESSMENT}'", ["id"])
    copies("assessment_edition", f"t.assessment_id = '{ASSESSMENT}'", ["assessment_id"])
    own = "t.current_state || ' 記録 ' || n.n || '-' || t.position || ' ' || lower(hex(randomblob(40)))"
    copies("answer", f"t.assessment_id = '{ASSESSMENT}'", ["id", "assessment_id"], [("current_state", own)])
    database.execute("UPDATE job SET run_at = 0 WHERE kind = 'backup'")
    database.commit()
    (count,) = database.execute("SELECT COUNT(*) FROM answer").fetchone()
    print(f"{count} answers", flush=True)
    database.close()


class Bare:
    """A user with an empty home, in a folder with nothing in it."""

    def __init__(self, home, backups):
        self.folder, self.backups = os.path.join(home, "bare"), backups
        os.makedirs(os.path.join(self.folder, "home"))
        self.steps = Steps()

    def words(self, command):
        """A command of the handbook with this machine's places."""
        text = command.replace("/控えの場所", self.backups)
        return [os.path.join(self.folder, "sakimori"), *text.split()[1:]]

    def start(self, command, extra=None, **how):
        environment = {"HOME": os.path.join(self.folder, "home"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **(extra or {})}
        before = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
        return subprocess.Popen([*before, *self.words(command)], cwd=self.folder, env=environment, **how)

    def run(self, what, command, extra=None):
        began = time.monotonic()
        process = self.start(command, extra, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = process.communicate(timeout=900)[0]
        if process.returncode != 0:
            raise Broken(f"{command}: {process.returncode}: {said[-1500:]}")
        self.steps.done(what, began)
        return said

    def own(self):
        for folder in (self.folder, self.backups):
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=os.geteuid() == 0)


def restore(bare, key):
    """Steps 1 to 5 of the chapter."""
    began = time.monotonic()
    shutil.copy(binary(), os.path.join(bare.folder, "sakimori"))
    bare.steps.done("1 the binary", began)
    path = os.path.join(bare.folder, "seal.key")
    with open(path, "wb") as file:
        file.write(key)
    os.chmod(path, 0o600)
    bare.own()
    said = bare.run("4 restore", pick("backup restore", without="--rehearse"))
    if "戻しました" not in said:
        raise Broken(f"the restore does not say so: {said}")
    print("    " + said.strip().replace("\n", "\n    "), flush=True)


def pick(part, without="\0"):
    found = [line for line in chapter() if part in line and without not in line]
    if len(found) != 1:
        raise Broken(f"the handbook has {len(found)} commands for {part}")
    return found[0]


def look(bare, command, last, attached, step, extra=None):
    """Starts it, signs in, opens the last answer and files of evidence, hash for hash."""
    began = time.monotonic()
    port = free_port()
    log = open(os.path.join(bare.folder, f"log-{port}"), "wb")
    settings = {"SAKIMORI_LISTEN": f"127.0.0.1:{port}", "SAKIMORI_LOG": "warn", "SAKIMORI_LIMIT": UNHURRIED, **(extra or {})}
    process = bare.start(command, settings, stdout=log, stderr=log)
    try:
        server = Server.__new__(Server)
        server.port, server.process, server.log = port, process, log
        server.wait()
        bare.steps.done(f"{step} start", began)
        began = time.monotonic()
        person = Person(port)
        here = {row["id"]: row["current"] for row in person.rows()}
        if here[last[0]] != last[1]:
            raise Broken("the last answer before the backup is not there")
        page = person.get(f"/answers/{urllib.parse.quote(last[0])}").decode()
        identity, title = re.search(r'href="/evidence/([^"]+)">(点検記録 \d+)<', page).groups()
        status, content, _ = person.send("GET", f"/evidence/{identity}")
        if status != 200 or hashlib.sha256(content).hexdigest() != dict(attached)[title]:
            raise Broken(f"the evidence {title} is not what was attached ({status})")
        bare.steps.done(f"{step} signed in, last answer, evidence opened", began)
        return process
    except BaseException:
        process.kill()
        raise


def postgres(bare, key, last, attached):
    """The same backup into an empty PostgreSQL."""
    server = os.environ.get("SAKIMORI_TEST_POSTGRES")
    if not server:
        return
    name = f"lost_machine_{os.getpid()}"
    subprocess.run(["psql", "-q", server, "-c", f"CREATE DATABASE {name}"], check=True)
    url = {"SAKIMORI_DATABASE_URL": re.sub(r"/[^/]*$", f"/{name}", server)}
    shutil.rmtree(os.path.join(bare.folder, "sakimori-data"))
    bare.run("PostgreSQL: restore", pick("backup restore"), url)
    process = look(bare, pick("sakimori serve"), last, attached, "PostgreSQL:", url)
    process.terminate()
    process.wait(60)


def drill(home, plan):
    backups, key, last, attached = installation(home, plan)
    bare = Bare(home, backups)
    print("the bare machine:", flush=True)
    began = time.monotonic()
    restore(bare, key)
    process = look(bare, pick("sakimori serve"), last, attached, "6, 7")
    try:
        said = bare.run("8 backup verify", pick("backup verify"))
        if "控えは揃っています" not in said:
            raise Broken(f"verify says {said}")
        took = time.monotonic() - began
        print(f"by the handbook, commands alone: {took:.0f} s", flush=True)
        if took > 60 * LIMIT_MINUTES:
            raise Broken("longer than the handbook promises")
        bare.run("a rehearsal", f"sakimori backup restore {backups} --rehearse --data ./sakimori-data --scratch {bare.folder}")
        bare.run("trail verify", "sakimori trail verify --data ./sakimori-data")
        bare.run("the next backup", "sakimori backup create --data ./sakimori-data --to /控えの場所")
    finally:
        process.terminate()
        process.wait(60)
    postgres(bare, key, last, attached)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evidence-mb", type=int, default=800)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--rows", type=int, default=300_000)
    plan = parser.parse_args()
    home = tempfile.mkdtemp(prefix="sakimori-drill-")
    os.chmod(home, 0o755)
    try:
        drill(home, plan)
    except Broken as error:
        print(f"the drill failed: {error}", flush=True)
        sys.exit(1)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
