#!/usr/bin/env python3
"""What Usher takes from a machine: bytes on the disk, forced writes, memory, allocations, time to start.

    tests/footprint/check.py            start in an empty folder, bytes and forced writes of some accesses, for ./test
    tests/footprint/check.py --long [--seats 100000,1000000,10000000] [--keep FOLDER] [--only PART,...]
                                        whole cycles of journal and fold, at each number of seats; start, memory, allocations

Every figure is a count: bytes journalled are what the program writes into its log, by strace, as are forced writes; bytes written
in all are what the kernel made the disk write for the process, in whole blocks (/proc/PID/io); allocations by valgrind, processor time
as the scheduler counts it. So nothing here depends on speed, and other
work on the machine changes nothing but how many accesses share a commit, which is told.

With --long the ledgers are made first (an import of 20,000 people, the rest by benches/grow) and asked by `crowd`
(benches/baseline): 256 connections, one access in flight on each, everybody in one app of their own, drawn evenly. A cycle lasts from
the end of one fold to the end of the next, so each access in it is journalled once and folded once. --keep names a folder
in which the ledgers stay for the next time. Parts: start, cycle, journal, allocations. USHER_PROGRAM and CROWD_PROGRAMS name a release
program and a folder of such; else they are built.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import usher  # noqa: E402

# What is promised.
JOURNAL_BYTES_MAX, WRITTEN_BYTES_MAX = 120, 300
# Beyond so many, people who are drawn evenly hardly ever share a page that a fold writes, and each costs pages of their own.
PROMISED_SEATS = 1_000_000
FORCED_PER_BATCH_MAX = 1.1
MEMORY_MAX_MIB = 256
READY_SECONDS_MAX, COLD_START_CPU_SECONDS_MAX = 1.0, 0.1
# Allocations may differ by so much between a small ledger and a large one: threads meet by chance.
ALLOCATIONS_GROWTH_MAX = 1.05

# As benches/instructions and usher-bench number people and apps.
FIRST_USER, STEP, APPS, FIRST_MS = 1_800_000_000_000_001, 7, 20, 1_600_000_000_000
# People who are imported; the rest is grown.
IMPORTED = 20_000
CONNECTIONS = 256
TICKS = os.sysconf("SC_CLK_TCK")


def status(pid, name):
    """A size in /proc/PID/status, in MiB."""
    with open("/proc/%d/status" % pid) as lines:
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":")), 0)


def processor_seconds(pid):
    """User and system time; by the scheduler's count for threads that live, or by the clock's ticks where that says more."""
    with open("/proc/%d/stat" % pid) as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    ran_ns = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, thread)) as counted:
            ran_ns += int(counted.read().split()[0])
    return max((int(fields[11]) + int(fields[12])) / TICKS, ran_ns / 1e9)


def written_bytes(pid):
    with open("/proc/%d/io" % pid) as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))


class Server:
    """A server on a folder, and what it has counted."""

    def __init__(self, folder, wrapper=()):
        self.server = usher.Server("serve", "--log-level", "error", "--listen", "127.0.0.1:0", "--data", folder, wrapper=wrapper)
        self.pid = self.server.process.pid
        self.address = self.server.base.rsplit("/", 1)[1]

    def metrics(self):
        text = urllib.request.urlopen(self.server.base + "/metrics", timeout=600).read().decode()
        return {name: int(float(value)) for name, value in re.findall(r"^(usher_\w+) ([0-9.e+]+)$", text, re.M)}

    def folds(self):
        return self.metrics().get("usher_store_folds_completed_total", 0)

    def moment(self):
        """Accesses, batches, folds, bytes written."""
        found = self.metrics()
        return {"accesses": found["usher_door_accesses_total"], "batches": found["usher_door_batches_total"],
                "folds": found.get("usher_store_folds_completed_total", 0), "bytes": written_bytes(self.pid)}

    def stop(self):
        return self.server.stop()


def gained(before, after):
    return {name: after[name] - before[name] for name in after}


class Ledger:
    """A ledger of so many people, each with a platform seat and one activity row."""

    def __init__(self, folder, seats):
        self.folder, self.seats = folder, seats
        if not os.path.exists(os.path.join(folder, "filled")):
            self.fill()
        self.token_file = os.path.join(folder, "token")
        with open(self.token_file, "w") as file:
            file.write(usher.must_run("token", "issue", "--service", "--tenant", "default", "--data", folder).strip())

    def fill(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, mode=0o700)
        lines = ["time_ms,user_id,namespace"]
        lines += ["%d,%d,package_%06d__c" % (FIRST_MS, FIRST_USER + STEP * n, n % APPS) for n in range(min(IMPORTED, self.seats))]
        usher.must_run("import", "accesses", "-", "--create-missing", "--data", self.folder, text_in="\n".join(lines) + "\n")
        if self.seats > IMPORTED:
            subprocess.run([sys.executable, os.path.join(ROOT, "benches", "grow"), self.folder, str(self.seats)], check=True)
        open(os.path.join(self.folder, "filled"), "w").close()

    def ask(self, server, requests, seed=1, people=None, connections=CONNECTIONS):
        """So many accesses, each of somebody drawn by lot among the first people."""
        subprocess.run([built_program("crowd"), server.address, "--token-file", self.token_file, "--users", str(people or self.seats),
                        "--apps", str(APPS), "--own-app", "--connections", str(connections), "--requests", str(requests),
                        "--seed", str(seed)], check=True, stdout=subprocess.DEVNULL)

    def flood(self, server, seconds):
        """As many accesses as fit into so many seconds, 200 in each call."""
        subprocess.run([built_program("flood"), server.address, "--token-file", self.token_file, "--users", str(self.seats),
                        "--apps", str(APPS), "--connections", "64", "--seconds", str(seconds)], check=True, stdout=subprocess.DEVNULL)

    def ask_in_bulk(self, server, calls, accesses):
        """The same without a program for it: calls of many accesses, one after the other."""
        connection = server.server.connection()
        with open(self.token_file) as file:
            token = file.read()
        for call in range(calls):
            people = [(call * accesses + n) * 7_919 % self.seats for n in range(accesses)]
            body = [{"user_id": FIRST_USER + STEP * n, "namespace": "package_%06d__c" % (n % APPS)} for n in people]
            answer = connection.call("POST", "/usher/v1/accesses", token=token, body=json.dumps(body))
            if answer[0] != 200:
                raise SystemExit("an access was not taken: %s" % (answer,))


def built_program(name):
    """`crowd` and `flood`, built once unless a folder is named in which they are."""
    named = os.environ.get("CROWD_PROGRAMS")
    if not named and not built_program.done:
        subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "-p", "usher-baseline", "--bins"], cwd=ROOT, check=True)
        built_program.done = True
    return os.path.join(named or os.path.join(ROOT, "target", "release"), name)


built_program.done = False


def cold_start(checks):
    """An empty folder: key, file, first run, listening."""
    folder = usher.new_folder("footprint")
    try:
        server = Server(os.path.join(folder, "data"))
        seconds = processor_seconds(server.pid)
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    checks.check("an empty folder is served after %.0f ms of processor time, at most %.0f"
                 % (seconds * 1e3, COLD_START_CPU_SECONDS_MAX * 1e3), seconds <= COLD_START_CPU_SECONDS_MAX)


def journal(checks, ledger, drive):
    """What the program writes into its log per access, and how often it forces a write per batch, as strace sees it: in batches of
    at least 64, for which there must be enough callers while strace slows everything down."""
    seen = os.path.join(ledger.folder, "strace")
    server = Server(ledger.folder)
    try:
        # strace cannot begin with the first calls of a connection that is there, so it begins before anybody asks.
        strace = subprocess.Popen(["strace", "-f", "-y", "-e", "trace=pwrite64,fsync,fdatasync", "-e", "write=none", "-s", "0", "-p",
                                   str(server.pid), "-o", seen], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            if status_word(server.pid, "TracerPid") != "0":
                break
            time.sleep(0.05)
        else:
            strace.kill()
            return print("nothing was counted by strace: it may not look on")
        before = server.moment()
        drive(server)
        found = gained(before, server.moment())
        strace.terminate()
        strace.wait()
    finally:
        server.stop()
    forced = in_log = 0
    with open(seen) as lines:
        for line in lines:
            # A call that another thread interrupted stands in two lines, of which the second has the result and not the file.
            forced += bool(re.search(r" f(data)?sync\(", line))
            written = re.search(r" pwrite64\(\d+<[^>]*-wal>, .*?(\d+), \d+(?:\)| <unfinished)", line)
            in_log += int(written.group(1)) if written else 0
    os.remove(seen)
    batch = found["accesses"] / max(1, found["batches"])
    share = in_log / max(1, found["accesses"])
    checks.check("%.1f bytes journalled per access, in batches of %.1f, at most %d" % (share, batch, JOURNAL_BYTES_MAX),
                 0 < share <= JOURNAL_BYTES_MAX, found)
    share = forced / max(1, found["batches"])
    checks.check("%.3f forced writes per batch of %.1f accesses, at most %.1f" % (share, batch, FORCED_PER_BATCH_MAX),
                 0 < share <= FORCED_PER_BATCH_MAX)


def status_word(pid, name):
    with open("/proc/%d/status" % pid) as lines:
        return next((line.split()[1] for line in lines if line.startswith(name + ":")), "")


def ready(checks, ledger):
    """A start of a ledger whose journal is as long as the last part left it."""
    server = Server(ledger.folder)
    cpu, memory, took = processor_seconds(server.pid), status(server.pid, "VmRSS"), server.server.ready_after_seconds
    journal = server.metrics().get("usher_store_journal_accesses", 0)
    server.stop()
    checks.check("%d seats are served after %.2f s of processor time (%.2f s by the clock, %d accesses in the journal, %.0f MiB), at most %.1f"
                 % (ledger.seats, cpu, took, journal, memory, READY_SECONDS_MAX), cpu <= READY_SECONDS_MAX)


def cycle(checks, ledger):
    """Bytes over a whole cycle, and memory after as many people came as are remembered at most."""
    server = Server(ledger.folder)
    try:
        seed, slice_requests = 1, 100_000

        def until_folded():
            nonlocal seed
            folds = server.folds()
            while server.folds() == folds:
                seed += 1
                ledger.ask(server, slice_requests, seed)

        # Up to the end of some fold; nothing of this is counted, so it may come in large calls.
        while not server.folds():
            ledger.flood(server, 2)
        begun = server.moment()
        until_folded()
        whole = gained(begun, server.moment())
        most, now = status(server.pid, "VmHWM"), status(server.pid, "VmRSS")
        in_file = os.path.getsize(os.path.join(ledger.folder, "usher.db"))
    finally:
        server.stop()
    print("%d seats, file of %d MB: %d accesses in %d batches (%.1f each), %d fold; memory %.0f MiB, %.0f at most"
          % (ledger.seats, in_file / 1e6, whole["accesses"], whole["batches"], whole["accesses"] / whole["batches"], whole["folds"], now, most))
    share = whole["bytes"] / whole["accesses"]
    if ledger.seats <= PROMISED_SEATS:
        checks.check("%d seats: %.1f bytes written in all per access, at most %d" % (ledger.seats, share, WRITTEN_BYTES_MAX),
                     0 < share <= WRITTEN_BYTES_MAX, whole)
    else:
        print("%d seats: %.1f bytes written in all per access; not judged beyond %d seats" % (ledger.seats, share, PROMISED_SEATS))
    checks.check("%d seats: at most %.0f MiB of memory, at most %d" % (ledger.seats, most, MEMORY_MAX_MIB), most <= MEMORY_MAX_MIB)


def blocks(ledger, requests):
    """What a server under valgrind has asked for in its whole life: blocks, and the most bytes at one time."""
    log = os.path.join(ledger.folder, "dhat")
    server = Server(ledger.folder, wrapper=("valgrind", "--tool=dhat", "--dhat-out-file=/dev/null", "--log-file=" + log))
    try:
        # The same people in every ledger: what is looked up and remembered must not differ.
        ledger.ask(server, requests, people=10_000)
    finally:
        server.stop()
    with open(log) as text:
        said = text.read().replace(",", "")
    return int(re.search(r" Total: +\d+ bytes in (\d+) blocks", said).group(1)), int(re.search(r"t-gmax: +(\d+) bytes", said).group(1))


def allocations(checks, ledgers):
    """Blocks per access, and the most memory asked for, in every ledger."""
    fewer, more = 10_000, 40_000
    found = []
    for ledger in ledgers:
        before, _ = blocks(ledger, fewer)
        after, most = blocks(ledger, more)
        found.append(((after - before) / (more - fewer), most))
        print("%d seats: %.2f allocations per access, %.2f MB asked for at most" % (ledger.seats, found[-1][0], most / 1e6))
    # What is asked for at most is told and not judged: it follows the journal that is read back and SQLite's cache up to its bound.
    (first, _), (last, _) = found[0], found[-1]
    checks.check("allocations per access do not grow with the seats (%.2f, %.2f)" % (first, last), last <= first * ALLOCATIONS_GROWTH_MAX)


def short(checks):
    """What does not depend on speed, on a small ledger with the program at hand."""
    folder = usher.new_folder("footprint")
    try:
        ledger = Ledger(os.path.join(folder, "data"), 2_000)
        journal(checks, ledger, lambda server: ledger.ask_in_bulk(server, 50, 200))
        ready(checks, ledger)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seats", default="100000,1000000,10000000")
    parser.add_argument("--keep")
    parser.add_argument("--only", default="start,cycle,journal,allocations")
    choice = parser.parse_args()
    checks = usher.Checks()
    if not choice.long:
        short(checks)
        sys.exit(checks.exit_code())
    if "USHER_PROGRAM" not in os.environ:
        subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "-p", "usher", "--bins"], cwd=ROOT, check=True)
        usher.PROGRAM = os.path.join(ROOT, "target", "release", "usher")
    parts = choice.only.split(",")
    place = choice.keep or usher.new_folder("footprint")
    try:
        if "start" in parts:
            cold_start(checks)
        sizes = [int(seats) for seats in choice.seats.split(",")]
        ledgers = [Ledger(os.path.join(place, "seats-%d" % seats), seats) for seats in sizes]
        for ledger in ledgers:
            if "cycle" in parts:
                cycle(checks, ledger)
            if "start" in parts:
                ready(checks, ledger)
        if "journal" in parts:
            for ledger in ledgers:
                journal(checks, ledger, lambda server, ledger=ledger: ledger.ask(server, 40_000, connections=2 * CONNECTIONS))
        if "allocations" in parts:
            small = Ledger(os.path.join(place, "seats-10000"), 10_000)
            allocations(checks, [small, *(ledger for ledger in ledgers if ledger.seats >= 1_000_000)])
    finally:
        if not choice.keep:
            shutil.rmtree(place, ignore_errors=True)
    sys.exit(checks.exit_code())


main()
