"""Runs the real `usher` program for the scripts in tests/, and reports their checks.

Standard library only. Nothing here knows how Usher works inside: it starts the program, reads what it prints, and
speaks HTTP to it. With USHER_TEST_STORE=postgres each data folder stands for a database of a PostgreSQL of our own, and
everything else stays as it is.
"""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, ".build")
PROGRAM = os.environ.get("USHER_PROGRAM", os.path.join(ROOT, "target", "debug", "usher"))
SCOPES = "app_engine:seat_activities:read,app_engine:seat_assignments:read"
# A start reads nothing but the journal. This only ends a test that would otherwise hang for ever.
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60


# A script that is told to end still stops the server it started: the exit passes through its `finally`.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


class Checks:
    """Counts checks; `./test` reads the `ok:` and `FAILED:` lines."""

    def __init__(self):
        self.failed = 0

    def check(self, name, right, seen=None):
        if right:
            print("ok: %s" % name, flush=True)
        else:
            self.failed += 1
            print("FAILED: %s%s" % (name, "" if seen is None else "\n   seen: %s" % (seen,)), flush=True)
        return right

    def exit_code(self):
        return 1 if self.failed else 0


_cluster = None


def environment(arguments=()):
    """The environment of the program: nothing of the caller's own Usher settings, and the store that is to be tested."""
    global _cluster
    own = {name: value for name, value in os.environ.items() if not name.startswith("USHER_")}
    if os.environ.get("USHER_TEST_STORE") == "postgres" and "--data" in arguments:
        if _cluster is None:
            import postgres
            _cluster = postgres.Cluster(BUILD)
        own["USHER_STORE"] = _cluster.address_of(arguments[arguments.index("--data") + 1])
    return own


def run(*arguments, text_in=None):
    """Runs one command to its end; gives (exit code, standard output, standard error)."""
    done = subprocess.run([PROGRAM, *arguments], env=environment(arguments), input=text_in, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def must_run(*arguments, text_in=None):
    code, out, err = run(*arguments, text_in=text_in)
    if code != 0:
        raise SystemExit("usher %s ended with %d\n%s%s" % (" ".join(arguments), code, out, err))
    return out


def new_folder(name):
    """A new empty folder on the disk the project lies on, so that file tests meet a real file system."""
    os.makedirs(BUILD, exist_ok=True)
    return tempfile.mkdtemp(prefix=name + "-", dir=BUILD)


class Server:
    """`usher serve` (or `demo`) as a child process, listening on a port of its own choice."""

    def __init__(self, *arguments, wrapper=()):
        self.lines = []
        self._address = threading.Event()
        self.base = None
        self.began = time.monotonic()
        self.process = subprocess.Popen([*wrapper, PROGRAM, *arguments], env=environment(arguments), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._address.wait(START_SECONDS_MAX) or self.base is None:
            self.process.kill()
            raise SystemExit("usher %s did not say where it listens:\n%s" % (" ".join(arguments), "\n".join(self.lines)))

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            found = re.search(r"http://(127\.0\.0\.1:\d+)", line)
            if found and self.base is None:
                self.base = "http://" + found.group(1)
                self.ready_after_seconds = time.monotonic() - self.began
                self._address.set()
        self._address.set()

    def stop(self):
        """Ends it the polite way; gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        finally:
            if self.process.poll() is None:
                self.process.kill()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def connection(self):
        return Connection(self.base)


class Connection:
    """One kept-alive HTTP connection."""

    def __init__(self, base):
        self.http = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc, timeout=60)

    def call(self, method, path, *, token=None, body=None, headers=()):
        """Gives (status, headers in lower case, body as text)."""
        sent = dict(headers)
        if token:
            sent["Authorization"] = "Bearer " + token
        if body is not None:
            sent["Content-Type"] = "application/json"
        self.http.request(method, path, body=body, headers=sent)
        answer = self.http.getresponse()
        text = answer.read().decode()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text

    def get(self, path, query, token):
        """A GET that waits as long as a rate limit tells it to; gives (status, parsed JSON)."""
        while True:
            status, headers, text = self.call("GET", path + "?" + urllib.parse.urlencode(query), token=token)
            if status != 429:
                return status, json.loads(text)
            time.sleep(int(headers["x-ogw-ratelimit-reset"]))


def administrator_token(data, *more):
    """A user token of the system administrator, as `usher token issue` prints it."""
    token = must_run("token", "issue", "--data", data, "--administrator", "--scope", SCOPES, *more).strip()
    if not token.startswith("u-") or "\n" in token:
        sys.exit("`usher token issue` did not print a user token alone: %r" % token)
    return token
