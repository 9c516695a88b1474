"""Starts the program, signs in, and does what people do, over HTTP."""

import http.client
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.parse

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PASSWORD = "demo-sakimori-2026"
OFFICER = "mm-ciso"
ASSESSMENT = "mikawa-mirai-2026"
START_LIMIT = 60
# Nobody works as fast as these tests do.
UNHURRIED = "uploads-per-minute=100000,exports-per-minute=100000,session-per-second=100000,address-per-second=100000"


def binary():
    path = os.environ.get("SAKIMORI_BIN") or os.path.join(
        REPOSITORY, os.environ.get("CARGO_TARGET_DIR", "target"), "release/sakimori"
    )
    if not os.path.exists(path):
        raise SystemExit("the binary is not built: cargo build --release -p sakimori")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broken(Exception):
    """The program did not do what it must."""


class Server:
    """`sakimori serve` (or demo) on a data folder; `before` is what runs it (strace), `extra` its environment."""

    def __init__(self, data, mode="serve", before=(), environment=None):
        self.port = free_port()
        arguments = [binary(), mode, "--listen", f"127.0.0.1:{self.port}", "--data", data]
        if mode == "serve":
            arguments.append("--insecure-cookies")
        self.log = open(f"{data}.log", "ab")
        self.process = subprocess.Popen(
            [*before, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env={**os.environ, "SAKIMORI_LOG": "warn", "SAKIMORI_LIMIT": UNHURRIED, **(environment or {})},
        )
        self.traced = bool(before)
        self.wait()

    def pid(self):
        """The program itself, not strace before it: strace does not hand signals on."""
        if not self.traced:
            return self.process.pid
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as children:
            return int(children.read().split()[0])

    def wait(self):
        began = time.monotonic()
        while time.monotonic() - began < START_LIMIT:
            if self.process.poll() is not None:
                raise Broken(f"the program ended at its start:\n{self.said()}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise Broken(f"no answer in {START_LIMIT} s:\n{self.said()}")

    def said(self):
        with open(self.log.name, "rb") as file:
            return file.read()[-3000:].decode("utf-8", "replace")

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            os.kill(self.pid(), how)
            self.process.wait(60)
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end(signal.SIGKILL)


class Person:
    """One browser: one kept-open connection, so that its answers can be told apart by its port."""

    def __init__(self, port, login=OFFICER):
        self.port, self.login = port, login
        self.cookie = self.csrf = ""
        self.connect()
        status, _, headers = self.form("/sign-in", {"login": login, "password": PASSWORD})
        if status != 303:
            raise Broken(f"{login} cannot sign in: {status}")
        self.cookie = headers["set-cookie"].split(";")[0]
        page = self.get("/me").decode()
        self.csrf = re.search(r'name="csrf-token" content="([^"]+)"', page).group(1)

    def connect(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.connection.connect()
        self.local = self.connection.sock.getsockname()[1]
        self.answers = 0

    def send(self, method, path, body=None, kind=None):
        headers = {"cookie": self.cookie, "x-csrf-token": self.csrf} if self.cookie else {}
        if kind:
            headers["content-type"] = kind
        if self.connection.sock is None:
            self.connect()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        self.answers += 1
        return answer.status, content, {name.lower(): value for name, value in answer.getheaders()}

    def get(self, path):
        status, content, _ = self.send("GET", path)
        if status != 200:
            raise Broken(f"GET {path}: {status}: {content[:300]!r}")
        return content

    def form(self, path, fields):
        pairs = [("csrf", self.csrf), *(fields.items() if isinstance(fields, dict) else fields)]
        return self.send("POST", path, urllib.parse.urlencode(pairs), "application/x-www-form-urlencoded")

    def upload(self, path, fields, name, content):
        boundary = secrets.token_hex(16)
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in {"csrf": self.csrf, **fields}.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = b"".join(parts) + head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return self.send("POST", path, body, f"multipart/form-data; boundary={boundary}")

    # ---- what people do ---------------------------------------------------------------------------------------------
    def rows(self):
        return json.loads(self.get(f"/api/v1/assessments/{ASSESSMENT}/answers"))

    def save(self, answer, version, text):
        """Status and, when saved, the new version."""
        body = json.dumps({"version": version, "current": text})
        status, content, _ = self.send("PATCH", f"/api/v1/answers/{answer}", body, "application/json")
        return status, json.loads(content)["version"] if status == 200 else content

    def attach(self, answer, title, content):
        status, body, _ = self.upload(f"/answers/{answer}/evidence", {"title": title, "back": "/"}, "file.bin", content)
        return status, body
