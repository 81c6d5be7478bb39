#!/usr/bin/env python3
"""The real data, in and out again, against figures that Usher had no part in.

    tests/independent/check.py ../shared/data/accesses.csv

Imports the file into an empty store, walks `seat_activities` with pages of 1, 7 and 500 rows, and compares every row
with the newest time of its pair in the file. Imports again: nothing may change. Takes a backup: nothing
may be missing. The limit of ten calls a second is kept as it is, so the walk with pages of one row takes its four
minutes; `./test` lets it run beside other steps.
"""
import json
import os
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402
from expected_activities import expected_activities  # noqa: E402
from walk import walk  # noqa: E402

PAGE_SIZES = (500, 7, 1)


def timed_import(path, data):
    began = time.monotonic()
    code, out, err = usher.run("import", "accesses", path, "--create-missing", "--data", data)
    return code, out + err, time.monotonic() - began


def exported(data):
    return sorted(usher.must_run("export", "activities", "--format", "csv", "--data", data).splitlines()[1:])


def compare(checks, name, rows, expected):
    keys = [row[:2] for row in rows]
    seen = {row[:2]: row[3] for row in rows}
    wrong = [(key, expected.get(key), seen.get(key)) for key in sorted(set(expected) | set(seen))
             if expected.get(key) != seen.get(key)]
    checks.check("%s: %d rows, none twice" % (name, len(expected)), len(rows) == len(expected) == len(set(keys)), len(rows))
    checks.check("%s: in order of user_id, namespace" % name, keys == sorted(keys))
    checks.check("%s: each active_time is the newest in the file" % name, not wrong, wrong[:5])
    checks.check("%s: every seat is in use" % name, {row[2] for row in rows} == {"in_use"}, {row[2] for row in rows})


def client_tokens(data):
    """A token of a client of its own for each walk: the limit counts by client, so the walks need not share it."""
    clients = {page_size: "cli_walks_by_pages_of_%d" % page_size for page_size in PAGE_SIZES}
    lines = [json.dumps({"change": "client", "client_id": name, "name": name, "scopes": usher.SCOPES.split(",")})
             for name in clients.values()]
    usher.must_run("apply", "-", "--data", data, text_in="\n".join(lines) + "\n")
    return {page_size: usher.administrator_token(data, "--client", name) for page_size, name in clients.items()}


def walk_all(server, data):
    """Walks with every page size at once; gives {page size: rows, or what went wrong}."""
    found = {}

    def one(page_size, token):
        began = time.monotonic()
        try:
            found[page_size] = walk(server.connection(), token, page_size)
        except Exception as error:  # whatever it was, it belongs to this walk's check and not into the thread
            found[page_size] = error
            return
        print("walked %d rows by pages of %d in %.1f s"
              % (len(found[page_size]), page_size, time.monotonic() - began), flush=True)

    threads = [threading.Thread(target=one, args=item) for item in client_tokens(data).items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def check_backup(checks, data, before):
    """The backup that docs/operations.md describes, taken while the server runs, and looked into without Usher."""
    copy = usher.new_folder("independent-backup")
    os.chmod(copy, 0o700)
    file = os.path.join(copy, "usher.db")
    subprocess.run(["sqlite3", os.path.join(data, "usher.db"), ".backup " + file], check=True)
    shutil.copy(os.path.join(data, "usher.key"), copy)
    told = subprocess.run(["sqlite3", file, "PRAGMA integrity_check"], check=True, stdout=subprocess.PIPE, text=True)
    checks.check("SQLite finds the backup whole", told.stdout.strip() == "ok", told.stdout)
    checks.check("the backup holds every row", exported(copy) == before)
    shutil.rmtree(copy)


def main():
    path = sys.argv[1]
    checks = usher.Checks()
    expected = expected_activities(path)
    with open(path, encoding="utf-8") as file:
        accesses = sum(1 for _ in file) - 1
    data = usher.new_folder("independent")
    code, text, seconds = timed_import(path, data)
    print("imported %d accesses in %.2f s: %.0f a second" % (accesses, seconds, accesses / seconds), flush=True)
    checks.check("the import into an empty store succeeds", code == 0, text)
    before = exported(data)
    checks.check("the export has %d rows" % len(expected), len(before) == len(expected), len(before))
    code, text, seconds = timed_import(path, data)
    print("imported the same again in %.2f s: %.0f a second" % (seconds, accesses / seconds), flush=True)
    checks.check("the same import again succeeds", code == 0, text)
    checks.check("the same import again changes no row", exported(data) == before)
    server = usher.Server("serve", "--data", data, "--listen", "127.0.0.1:0")
    try:
        code, text, seconds = timed_import(path, data)
        checks.check("the same import through the running server succeeds", code == 0, text)
        checks.check("the same import through the running server changes no row", exported(data) == before)
        check_backup(checks, data, before)
        for page_size, rows in walk_all(server, data).items():
            if checks.check("pages of %d: the walk ends" % page_size, isinstance(rows, list), rows):
                compare(checks, "pages of %d" % page_size, rows, expected)
    finally:
        checks.check("the server stops in order", server.stop() == 0, server.lines[-5:])
    shutil.rmtree(data)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
