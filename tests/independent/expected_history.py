#!/usr/bin/env python3
"""How many people were active, day by day, in a file of accesses.

Shares no code with Usher: days come from Python's own calendar and from the time zones of this machine, people are
counted in Python's own sets. Alone it prints the figures of every day as CSV:

    tests/independent/expected_history.py ../shared/data/accesses.csv Europe/Berlin
"""
import calendar
import csv
import datetime
import sys
import zoneinfo

ONE_DAY = datetime.timedelta(days=1)
WINDOWS = ("day", "seven_days", "thirty_days", "week", "month")


def active_days(path, zone_name, namespace=None):
    """Gives {date: set of users}."""
    zone = zoneinfo.ZoneInfo(zone_name)
    days = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if namespace is None or row["namespace"] == namespace:
                seconds = int(row["time_ms"]) // 1000
                day = datetime.datetime.fromtimestamp(seconds, zone).date()
                days.setdefault(day, set()).add(int(row["user_id"]))
    return days


def every_day(first, last):
    while first <= last:
        yield first
        first += ONE_DAY


def bounds(window, day):
    """The first and the last day of the window that a day belongs to."""
    if window == "seven_days":
        return day - 6 * ONE_DAY, day
    if window == "thirty_days":
        return day - 29 * ONE_DAY, day
    if window == "week":
        monday = day - (day.isoweekday() - 1) * ONE_DAY
        return monday, monday + 6 * ONE_DAY
    if window == "month":
        return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day, day


def figures(days, window, first, last):
    """Gives {(first day, last day): how many people}, as texts, for every window that has one of the days."""
    counted = {}
    for day in every_day(first, last):
        begin, end = bounds(window, day)
        key = (begin.isoformat(), end.isoformat())
        if key not in counted:
            people = set()
            for each in every_day(begin, end):
                people |= days.get(each, set())
            counted[key] = len(people)
    return counted


def idle_users(path, more_than_days):
    """How many users were last active more than so many days before the last access of the file."""
    newest = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            user_id = int(row["user_id"])
            newest[user_id] = max(newest.get(user_id, 0), int(row["time_ms"]))
    end = max(newest.values()) - more_than_days * 24 * 60 * 60 * 1000
    return sum(1 for time_ms in newest.values() if time_ms < end)


def main():
    days = active_days(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "UTC")
    print("window,first_day,last_day,active_people")
    for window in WINDOWS:
        for (first, last), people in figures(days, window, min(days), max(days)).items():
            print("%s,%s,%s,%d" % (window, first, last, people))


if __name__ == "__main__":
    main()
