#!/usr/bin/env python3
"""The real data's history, against figures that Usher had no part in.

    tests/independent/check_history.py ../shared/data/accesses.csv

Imports the file in order, and shuffled in pieces with a restart after each, some of them twice; asks the usage report
for every day of the file, by every window, of all apps and of each; and compares. In UTC and where clocks are changed.
"""
import datetime
import random
import shutil
import sys
import os

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402
from expected_history import WINDOWS, active_days, figures, idle_users  # noqa: E402

ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York")
# The most that one report answers.
REPORT_DAYS_MAX = 400
PIECES = 6
MOST_USERS_IN_A_DAY_IN_UTC = 9
IDLE_FOR_MORE_THAN_90_DAYS = 1320


def spans(first, last):
    """Cuts a long time into parts that one report answers."""
    while first <= last:
        until = min(last, first + datetime.timedelta(days=REPORT_DAYS_MAX - 1))
        yield first, until
        first = until + datetime.timedelta(days=1)


def reported(connection, token, window, first, last, **more):
    """What the report says: {(first day, last day): how many people}."""
    found = {}
    for begin, end in spans(first, last):
        query = {"tenant_key": "default", "window": window, "from": begin.isoformat(), "until": end.isoformat(), **more}
        status, answer = connection.get("/usher/v1/reports/usage", query, token)
        if status != 200 or answer["code"] != 0:
            raise AssertionError("%s: HTTP %d %s" % (query, status, answer))
        for item in answer["data"]["items"]:
            found[item["first_day"], item["last_day"]] = item["active_people"]
    return found


def differences(expected, found):
    return [(key, expected.get(key), found.get(key)) for key in sorted(set(expected) | set(found))
            if expected.get(key) != found.get(key)]


def compare(checks, name, data, path, zone):
    """Compares every figure of a data folder with those of the file."""
    days = active_days(path, zone)
    first, last = min(days), max(days)
    token = usher.must_run("token", "issue", "--operator", "--data", data).strip()
    server = usher.Server("serve", "--data", data, "--listen", "127.0.0.1:0")
    try:
        connection = server.connection()
        for window in WINDOWS:
            expected = figures(days, window, first, last)
            wrong = differences(expected, reported(connection, token, window, first, last))
            checks.check("%s: %d figures by %s are right" % (name, len(expected), window), not wrong, wrong[:5])
        wrong = []
        for namespace in namespaces(path):
            of_app = active_days(path, zone, namespace)
            for window in ("day", "month"):
                expected = figures(of_app, window, first, last)
                wrong += differences(expected, reported(connection, token, window, first, last, namespace=namespace))
        checks.check("%s: days and months of each app are right" % name, not wrong, wrong[:5])
        check_people(checks, name, connection, token, days)
    finally:
        checks.check("%s: the server stops in order" % name, server.stop() == 0, server.lines[-5:])


def check_people(checks, name, connection, token, days):
    """The days of the three busiest people, and of one who came once."""
    visits = {}
    for day, people in sorted(days.items()):
        for user_id in people:
            visits.setdefault(user_id, []).append(day.isoformat())
    order = sorted(visits, key=lambda user_id: len(visits[user_id]))
    wrong = []
    for user_id in order[-3:] + order[:1]:
        found = []
        for begin, end in spans(min(days), max(days)):
            query = {"tenant_key": "default", "from": begin.isoformat(), "until": end.isoformat()}
            status, answer = connection.get("/usher/v1/users/%d/active-days" % user_id, query, token)
            found += answer["data"]["items"] if status == 200 else [answer]
        if found != visits[user_id]:
            wrong.append((user_id, visits[user_id][:3], found[:3]))
    checks.check("%s: the days of single people are right" % name, not wrong, wrong)


def namespaces(path):
    with open(path, encoding="utf-8") as file:
        next(file)
        return sorted({line.strip().split(",")[2] for line in file})


def new_data(zone):
    """A data folder whose tenant is somewhere."""
    data = usher.new_folder("history")
    usher.must_run("tenant", "update", "default", "--time-zone", zone, "--data", data)
    return data


def bring_in(data, path):
    usher.must_run("import", "accesses", path, "--create-missing", "--data", data)


def pieces(path, folder):
    """The file shuffled and cut; each command that imports a piece opens the store anew. Two pieces come twice."""
    with open(path, encoding="utf-8") as file:
        head, *lines = file.readlines()
    random.Random(4).shuffle(lines)
    files = []
    for number in range(PIECES):
        name = os.path.join(folder, "piece-%d.csv" % number)
        with open(name, "w", encoding="utf-8") as piece:
            piece.writelines([head, *lines[number::PIECES]])
        files.append(name)
    return files + files[:2]


def check_known_facts(checks, path, data):
    days = active_days(path, "UTC")
    most = max(len(people) for people in days.values())
    checks.check("most users in a day: %d" % most, most == MOST_USERS_IN_A_DAY_IN_UTC, most)
    idle = idle_users(path, 90)
    checks.check("users idle for more than 90 days at the end of the file: %d" % idle,
                 idle == IDLE_FOR_MORE_THAN_90_DAYS, idle)
    newest = {}
    rows = usher.must_run("export", "activities", "--format", "csv", "--data", data).splitlines()
    columns = rows[0].split(",")
    for row in rows[1:]:
        values = dict(zip(columns, row.split(",")))
        newest[values["user_id"]] = max(newest.get(values["user_id"], 0), int(values["active_time_ms"]))
    end = max(newest.values()) - 90 * 24 * 60 * 60 * 1000
    seen = sum(1 for time_ms in newest.values() if time_ms < end)
    checks.check("as many by what Usher kept", seen == idle, seen)


def main():
    path = sys.argv[1]
    checks = usher.Checks()
    for zone in ZONES:
        data = new_data(zone)
        bring_in(data, path)
        compare(checks, zone, data, path, zone)
        if zone == "UTC":
            check_known_facts(checks, path, data)
            bring_in(data, path)
            compare(checks, zone + " after a second import", data, path, zone)
        shutil.rmtree(data)
    data = new_data("Europe/Berlin")
    folder = usher.new_folder("history-pieces")
    for piece in pieces(path, folder):
        bring_in(data, piece)
    compare(checks, "Europe/Berlin, shuffled", data, path, "Europe/Berlin")
    shutil.rmtree(folder)
    shutil.rmtree(data)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
