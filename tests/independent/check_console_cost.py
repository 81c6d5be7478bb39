#!/usr/bin/env python3
"""What pages of the console cost in a large organisation: seconds of the server's CPU, measured from outside over HTTP.

    tests/independent/check_console_cost.py SEATS [--postgres]

Fills a ledger with so many people, each with a platform seat and one access within the last 400 days, and asks for the overview,
lists of seats by every filter and search, deep pages, pools and one seat. A page may cost 100 ms of CPU at most, whatever the size.
With --postgres the ledger then moves to a PostgreSQL of our own and is asked the same; there the CPU is that of Usher and of all
processes of the database together.
"""
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import postgres  # noqa: E402
import usher  # noqa: E402
from check_overview import DAY_MS, Operator  # noqa: E402

CPU_MS_MAX = 100
TIMES = 10
# The first overview after an import waits until what the import left in memory has reached its tables.
FIRST_SECONDS_MAX = 900


def cpu_ms(process_ids):
    """What processes have used up, from the clock that the system keeps for each (see clock_getcpuclockid): ticks are too coarse."""
    used = 0
    for process_id in process_ids:
        try:
            used += time.clock_gettime_ns((~process_id << 3) | 2)
        except OSError:
            continue
    return used / 1e6


def children(process_id):
    """The processes that a process has begun."""
    with open("/proc/%d/task/%d/children" % (process_id, process_id), encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def fill(data, seats):
    """One person a line; the file is in order of time, as logs are."""
    draw = random.Random(7)
    now_ms = int(time.time() * 1000)
    path = os.path.join(data + "-accesses.csv")
    times = sorted(now_ms - draw.randint(1000, 400 * DAY_MS) for _ in range(seats))
    with open(path, "w", encoding="ascii") as file:
        file.write("time_ms,user_id,namespace\n")
        file.writelines("%d,%d,app_%d\n" % (time_ms, user, user % 7) for user, time_ms in
                        zip(draw.sample(range(1000, 1000 + 4 * seats), seats), times))
    began = time.monotonic()
    usher.must_run("import", "accesses", path, "--create-missing", "--data", data)
    os.remove(path)
    print("%d seats imported in %.0f s" % (seats, time.monotonic() - began), flush=True)
    return 1000 + 2 * seats


def pages(middle):
    seats, people = "/console/seats", "/console/people"
    return ["/console", seats, seats + "?idle=90", seats + "?idle=90&type=per_user&verdict=idle", seats + "?verdict=never_used",
            seats + "?sort=user", seats + "?sort=user&after=20400:%d:" % middle, seats + "?state=all", seats + "?q=%d" % middle,
            seats + "?q=1&idle=30", seats + "?person=%d" % middle, "/console/pools", "/console/pools/per_user", people + "?q=12",
            "/console/audit"]


def measured(checks, store, seats, middle, database=None):
    """Asks a ledger for every page."""
    name = store[0].strip("-")
    token = usher.must_run("token", "issue", "--operator", *store).strip()
    server = usher.Server("serve", *store, "--listen", "127.0.0.1:0")
    try:
        operator = Operator(server, token)
        operator.connection.http.sock.settimeout(FIRST_SECONDS_MAX)
        held = "{:,}".format(seats)
        checks.check("%s: the overview counts all %s seats" % (name, held), held in operator.get("/console"))
        listed = operator.get("/console/seats?sort=user&after=20400:%d:" % middle).count("<tr")
        checks.check("%s: a deep page is full" % name, listed == 51, listed)
        for page in pages(middle):
            operator.get(page)
            processes = [server.process.pid] + (children(database) if database else [])
            before_ms = cpu_ms(processes)
            for _ in range(TIMES):
                operator.get(page)
            each_ms = (cpu_ms(processes) - before_ms) / TIMES
            checks.check("%s: %s among %d seats: at most %d ms of CPU" % (name, page, seats, CPU_MS_MAX), each_ms <= CPU_MS_MAX,
                         each_ms)
            print("   %s: %.1f ms" % (page, each_ms), flush=True)
    finally:
        checks.check("%s: the server stops in order" % name, server.stop() == 0, server.lines[-5:])


def moved(checks, data):
    """The ledger in a database; gives its address and the first process of the server."""
    cluster = postgres.Cluster(usher.BUILD)
    address = cluster.address_of(data)
    began = time.monotonic()
    code, _, err = usher.run("store", "copy", "--from", "sqlite:" + data, "--to", address)
    checks.check("the ledger moves to PostgreSQL", code == 0, err)
    print("moved and counted in %.0f s" % (time.monotonic() - began), flush=True)
    # As autovacuum does sooner or later.
    subprocess.run([postgres.program("psql"), "-qX", "-d", address, "-c", "VACUUM ANALYZE"], check=True)
    with open(os.path.join(cluster.data, "postmaster.pid"), encoding="ascii") as file:
        return address, int(file.readline())


def main():
    seats = int(sys.argv[1])
    checks = usher.Checks()
    data = usher.new_folder("console-cost")
    try:
        middle = fill(data, seats)
        measured(checks, ("--data", data), seats, middle)
        if "--postgres" in sys.argv[2:]:
            address, database = moved(checks, data)
            measured(checks, ("--store", address), seats, middle, database)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
