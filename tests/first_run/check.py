#!/usr/bin/env python3
"""What somebody sees who runs Usher for the first time: `usher demo`, and the lines it prints, pasted as they are."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402

# A demo plays its last accesses just before it listens; a slow machine may take a while to ask.
NEWEST_USE_SECONDS_MAX = 300


def pasted(line):
    """Runs a printed command as a shell would; gives its standard output."""
    return subprocess.run(line, shell=True, check=True, stdout=subprocess.PIPE, text=True).stdout


def rows_of(line):
    answer = json.loads(pasted(line))
    return answer["data"]["items"] if answer["code"] == 0 else []


def main():
    checks = usher.Checks()
    server = usher.Server("demo", "--json", "--listen", "127.0.0.1:0")
    try:
        told = json.loads(next(line for line in server.lines if line.startswith("{")))
        activities, assignments = told["curl"]
        rows = rows_of(activities)
        checks.check("the printed curl returns rows", len(rows) > 3, rows)
        newest = max((row["active_time"] for row in rows), default=0)
        age_seconds = time.time() - newest / 1000
        checks.check("the newest use is among them", 0 <= age_seconds < NEWEST_USE_SECONDS_MAX, age_seconds)
        checks.check("the second curl returns seats", len(rows_of(assignments)) > 3)
        admitted, refused = (json.loads(pasted(line))["data"] for line in told["next"][:2])
        checks.check("somebody with a seat is admitted", admitted.get("verdict") == "admitted", admitted)
        checks.check("somebody without one is refused", refused.get("verdict") == "refused", refused)
        again = {row["active_time"] for row in rows_of(activities)}
        checks.check("the access just made is in the list", admitted.get("active_time") in again, sorted(again)[-3:])
    finally:
        checks.check("the demo stops in order", server.stop() == 0, server.lines[-5:])
    checks.check("and leaves nothing behind", not os.path.exists(told["data"]), told["data"])
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
