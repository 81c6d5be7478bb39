#!/usr/bin/env python3
"""What `seat_activities` must hold after an import: the newest time of each (user, app) of a file of accesses.

Shares no code with Usher. Alone it prints the rows as CSV:

    tests/independent/expected_activities.py ../shared/data/accesses.csv
"""
import csv
import sys


def expected_activities(path):
    """Gives {(user_id, namespace): newest time_ms}."""
    newest = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = (int(row["user_id"]), row["namespace"])
            newest[key] = max(newest.get(key, 0), int(row["time_ms"]))
    return newest


def main():
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["user_id", "namespace", "active_time"])
    for (user_id, namespace), active_time in sorted(expected_activities(sys.argv[1]).items()):
        writer.writerow([user_id, namespace, active_time])


if __name__ == "__main__":
    main()
