#!/usr/bin/env python3
"""What pages of the console cost in a large organisation: seconds of the server's CPU, measured from outside over HTTP.

    tests/independent/check_console_cost.py SEATS

Fills a ledger with so many people, each with a platform seat and one access within the last 400 days, and asks for the overview,
lists of seats by every filter and search, deep pages, pools and one seat. A page may cost 100 ms of CPU at most, whatever the size.
"""
import os
import random
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402
from check_overview import DAY_MS, Operator  # noqa: E402

CPU_MS_MAX = 100
TIMES = 10
# The first overview after an import waits until what the import left in memory has reached its tables.
FIRST_SECONDS_MAX = 900
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_ms(process_id):
    with open("/proc/%d/stat" % process_id, encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICKS_PER_SECOND


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


def main():
    seats = int(sys.argv[1])
    checks = usher.Checks()
    data = usher.new_folder("console-cost")
    middle = fill(data, seats)
    token = usher.must_run("token", "issue", "--operator", "--data", data).strip()
    server = usher.Server("serve", "--data", data, "--listen", "127.0.0.1:0")
    try:
        operator = Operator(server, token)
        operator.connection.http.sock.settimeout(FIRST_SECONDS_MAX)
        pages = ["/console", "/console/seats", "/console/seats?idle=90", "/console/seats?idle=90&type=per_user&verdict=idle",
                 "/console/seats?verdict=never_used", "/console/seats?sort=user", "/console/seats?sort=user&after=20400:%d:" % middle,
                 "/console/seats?state=all", "/console/seats?q=%d" % middle, "/console/seats?q=1&idle=30", "/console/seats?person=%d" % middle,
                 "/console/pools", "/console/pools/per_user", "/console/people?q=12", "/console/audit"]
        held = "{:,}".format(seats)
        checks.check("the overview counts all %s seats" % held, held in operator.get("/console"))
        listed = operator.get("/console/seats?sort=user&after=20400:%d:" % middle).count("<tr")
        checks.check("a deep page is full", listed == 51, listed)
        for page in pages:
            operator.get(page)
            before_ms = cpu_ms(server.process.pid)
            for _ in range(TIMES):
                operator.get(page)
            each_ms = (cpu_ms(server.process.pid) - before_ms) / TIMES
            checks.check("%s among %d seats: at most %d ms of CPU" % (page, seats, CPU_MS_MAX), each_ms <= CPU_MS_MAX, each_ms)
            print("   %s: %.0f ms" % (page, each_ms), flush=True)
    finally:
        checks.check("the server stops in order", server.stop() == 0, server.lines[-5:])
    shutil.rmtree(data)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
