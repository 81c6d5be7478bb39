#!/usr/bin/env python3
"""The overview of the console, against a count that shares no code with Usher.

    tests/independent/check_overview.py [../shared/data/accesses.csv]

Reads the overview as an operator does, as its table for spreadsheets, and the same ledger as its exports; counts the exports by
hand (expected_overview.py) and compares every number: of the real data, where there is some, and of random organisations with
platform seats, app seats, ends, protection, leaves, pools and prices.
"""
import csv
import http.cookies
import io
import json
import os
import random
import re
import shutil
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402
from expected_overview import DAY_MS, figures  # noqa: E402

SEEDS = range(1, 6)
APPS = ("crm", "wiki", "erp")
PRICE_CENTS = 2990


class Operator:
    """A browser at the console, signed in with an operator token."""

    def __init__(self, server, token):
        self.connection = server.connection()
        self.cookies = {}
        page = self.get("/console/operator")
        self.send("/console/operator", {"form_token": self.form_token(page), "token": token})
        page = self.get("/console/organisations")
        self.send("/console/organisations", {"form_token": self.form_token(page), "organisation": "default"})

    @staticmethod
    def form_token(page):
        return re.search(r'name="form_token" value="([^"]+)"', page).group(1)

    def call(self, method, path, body=None):
        headers = {"Accept-Language": "en", "Cookie": "; ".join("%s=%s" % pair for pair in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.http.request(method, path, body=body, headers=headers)
        answer = self.connection.http.getresponse()
        for line in answer.msg.get_all("set-cookie") or []:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer.status, answer.read().decode()

    def get(self, path):
        status, text = self.call("GET", path)
        if status != 200:
            raise AssertionError("%s: HTTP %d %s" % (path, status, text[:300]))
        return text

    def send(self, path, fields):
        status, text = self.call("POST", path, urllib.parse.urlencode(fields))
        if status != 303:
            raise AssertionError("%s: HTTP %d %s" % (path, status, text[:600]))


def exported_seats(data):
    rows = usher.must_run("export", "seats", "--data", data, "--format", "jsonl").splitlines()
    return [{"user": row["user_id"], "app": row["namespace"] or "", "held": row["released_at_ms"] is None,
             "assigned_at": row["assigned_at_ms"], "expires_at": row["expires_at_ms"],
             "protected": row["protected_reason"] is not None} for row in map(json.loads, rows)]


def exported_activities(data):
    rows = csv.DictReader(io.StringIO(usher.must_run("export", "activities", "--format", "csv", "--data", data)))
    return {(row["seat_type"], int(row["user_id"]), row["namespace"]): int(row["active_time_ms"]) for row in rows}


def shown(operator):
    """The overview: {app or "": numbers}, in the order of `figures`, and what the pools cost."""
    table = list(csv.reader(io.StringIO(operator.get("/console?format=csv").lstrip("\ufeff"))))
    head = table[0]
    place = {name: index for index, name in enumerate(head)}
    used = [index for index, name in enumerate(head) if name.startswith("Used in")]
    columns = [place["Held"], *used, place["Never used"], place["Idle"], place["Redundant"]]
    found, costs, pools = {}, {}, {}
    for row in table[1:]:
        app = "" if row[0] == "Platform seat" else row[0]
        found[app] = tuple(int(row[column]) for column in columns)
        pools[app] = tuple(row[place[name]] for name in ("Bought", "Free", "Waiting"))
        costs[app] = row[-1] if len(row) > max(columns) + 1 else None
    return found, costs, pools


def compare(checks, name, data, leaves, pools, priced):
    token = usher.must_run("token", "issue", "--operator", "--data", data).strip()
    server = usher.Server("serve", "--data", data, "--listen", "127.0.0.1:0")
    try:
        operator = Operator(server, token)
        # A day may begin while this counts; then both are asked again.
        for _ in range(2):
            day = int(time.time() * 1000) // DAY_MS
            found, costs, of_pools = shown(operator)
            expected = figures(exported_seats(data), exported_activities(data), leaves, int(time.time() * 1000))
            if int(time.time() * 1000) // DAY_MS == day:
                break
        numbers = {app: counted[:-1] for app, counted in expected.items()}
        found = {app: numbers_of for app, numbers_of in found.items() if app in numbers or any(numbers_of)}
        checks.check("%s: the %d numbers of %d pools are right" % (name, 8 * len(numbers), len(numbers)), found == numbers,
                     [(app, numbers.get(app), found.get(app)) for app in set(found) | set(numbers) if numbers.get(app) != found.get(app)])
        wrong = [(app, bought, of_pools.get(app)) for app, bought in pools.items() if of_pools.get(app) !=
                 (str(bought), str(max(0, bought - expected.get(app, (0,))[0])), "0")]
        checks.check("%s: what was bought and what is free is right" % name, not wrong, wrong)
        if priced:
            cents = {app: PRICE_CENTS * expected.get(app, (0,) * 9)[8] for app in pools}
            written = {app: "%d.%02d CNY a month" % divmod(sum_of, 100) for app, sum_of in cents.items()}
            seen = {app: (costs.get(app) or "").replace(",", "") for app in pools}
            checks.check("%s: what idle seats cost is right" % name, seen == written, (seen, written))
            whole = "%d.%02d" % divmod(sum(cents.values()), 100)
            page = operator.get("/console")
            checks.check("%s: so is the sum" % name, "%s CNY" % whole in page.replace(",", ""), whole)
    finally:
        checks.check("%s: the server stops in order" % name, server.stop() == 0, server.lines[-5:])


def day_text(time_ms):
    return time.strftime("%Y-%m-%d", time.gmtime(time_ms / 1000))


def make(data, seed):
    """A random organisation; gives its leaves and pools."""
    draw = random.Random(seed)
    now_ms = int(time.time() * 1000)
    people = range(1, draw.randint(20, 60))
    folder = usher.new_folder("overview-tables")
    accesses, seats = os.path.join(folder, "accesses.csv"), os.path.join(folder, "seats.csv")
    with open(seats, "w", encoding="utf-8") as file:
        file.write("user_id,seat_type,namespace,assigned_at,expires_at,protected_reason\n")
        for user in people:
            for app in [app for app in ("", *APPS) if draw.random() < 0.4]:
                kind = "per_user_per_app" if app else "per_user"
                begin = day_text(now_ms - draw.randint(1, 400) * DAY_MS)
                end = draw.choice(["", "", "", day_text(now_ms + draw.randint(5, 300) * DAY_MS)])
                reason = draw.choice(["", "", "", "", "long project"])
                file.write("%d,%s,%s,%s,%s,%s\n" % (user, kind, app, begin, end, reason))
    with open(accesses, "w", encoding="utf-8") as file:
        file.write("time_ms,user_id,namespace\n")
        for _ in range(draw.randint(50, 300)):
            ago_ms = draw.choice([draw.randint(0, DAY_MS), draw.randint(0, 40 * DAY_MS), draw.randint(0, 400 * DAY_MS)])
            file.write("%d,%d,%s\n" % (now_ms - ago_ms - 1000, draw.choice(people), draw.choice(APPS)))
    usher.must_run("import", "seats", seats, "--create-missing", "--data", data)
    usher.run("import", "accesses", accesses, "--data", data)
    leaves = {}
    for user in draw.sample(list(people), 5):
        begin = now_ms // DAY_MS * DAY_MS - draw.randint(1, 200) * DAY_MS
        until = begin + draw.randint(1, 250) * DAY_MS
        code, _, _ = usher.run("user", "leave", "add", str(user), "--from", day_text(begin), "--until", day_text(until), "--data", data)
        if code == 0:
            leaves[user] = [(begin, until)]
    pools = {}
    for app in ("", *APPS):
        pool = "per_user_per_app:" + app if app else "per_user"
        bought = draw.randint(100, 200)
        code, _, _ = usher.run("pool", "set", pool, "--bought", str(bought), "--price", "29.90", "--currency", "CNY", "--per", "month",
                               "--data", data)
        if code == 0:
            pools[app] = bought
    shutil.rmtree(folder)
    return leaves, pools


def main():
    checks = usher.Checks()
    if len(sys.argv) > 1:
        data = usher.new_folder("overview")
        usher.must_run("import", "accesses", sys.argv[1], "--create-missing", "--data", data)
        compare(checks, "the real data", data, {}, {}, False)
        shutil.rmtree(data)
    for seed in SEEDS:
        data = usher.new_folder("overview")
        leaves, pools = make(data, seed)
        checks.check("organisation %d has something to count" % seed, len(pools) > 1, pools)
        compare(checks, "organisation %d" % seed, data, leaves, pools, True)
        shutil.rmtree(data)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
