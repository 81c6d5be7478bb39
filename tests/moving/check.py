#!/usr/bin/env python3
"""A ledger moves house: from a file to PostgreSQL and back, and nobody can tell.

    tests/moving/check.py ../shared/data/accesses.csv      the real data
    tests/moving/check.py --rows 1000000                   as many people, each with a seat and an access

Exports everything there is to export before and after each move, compares it byte by byte, compares the digests that the
moves print, and verifies the audit log. In between the copy is killed again and again: until it is whole nobody may serve it.
"""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import postgres  # noqa: E402
import usher  # noqa: E402

EXPORTS = [("activities", "--format", "csv"), ("seats",), ("users",), ("apps",), ("groups",), ("pools",)]
KILLS = 12


def made_up(folder, rows):
    path = os.path.join(folder, "accesses.csv")
    with open(path, "w") as file:
        file.write("time_ms,user_id,namespace\n")
        for number in range(rows):
            file.write("%d,%d,package_%d__c\n" % (1_700_000_000_000 + number * 700, 1_800_000_000_000_000 + number * 3, number % 17))
    return path


def everything(store):
    """All that can be exported of the only tenant."""
    texts = [usher.must_run("export", *export, "--store", store) for export in EXPORTS]
    return texts + [usher.must_run("audit", "export", "--format", "csv", "--store", store)]


def moved(checks, source, target):
    began = time.monotonic()
    code, out, err = usher.run("store", "copy", "--from", source, "--to", target, "--json")
    seconds = time.monotonic() - began
    kind = target.split(":")[0]
    checks.check("a copy to %s ends well (%.1f s)" % (kind, seconds), code == 0, err)
    return [(line["section"], line["rows"], line["source_digest"], line["target_digest"])
            for line in map(json.loads, out.splitlines())]


def killed(checks, source, target):
    """Kills a copy at ever later moments; whenever it stands half done, a command must be refused."""
    refused = 0
    for attempt in range(KILLS):
        command = [usher.PROGRAM, "store", "copy", "--from", source, "--to", target]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            ended = process.wait(timeout=0.05 + 0.05 * attempt)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            ended = process.wait()
        if ended == 0:
            break
        if marked(target):
            code, _, _ = usher.run("export", "pools", "--store", target)
            checks.check("a copy killed half-way is not served", code != 0)
            refused += 1
    return refused


def marked(target):
    """Whether the database says that a copy has begun; to look through Usher would make a ledger where none is."""
    asked = subprocess.run([postgres.program("psql"), "-qXAt", "-d", target, "-c", "SELECT 1 FROM copy_marks"],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return asked.stdout.strip() == "1"


def main():
    checks = usher.Checks()
    first, second = usher.new_folder("moving-first"), usher.new_folder("moving-second")
    path = made_up(first, int(sys.argv[2])) if sys.argv[1] == "--rows" else sys.argv[1]
    usher.must_run("import", "accesses", path, "--create-missing", "--store", "sqlite:" + first)
    cluster = postgres.Cluster(first)
    database, interrupted = cluster.address_of("database"), cluster.address_of("interrupted")
    expected = everything("sqlite:" + first)
    there = moved(checks, "sqlite:" + first, database)
    checks.check("every section has one digest on both sides", all(line[2] == line[3] for line in there), there)
    checks.check("what can be exported from the database is what the file gave", everything(database) == expected)
    back = moved(checks, database, "sqlite:" + second)
    checks.check("the digests are those of the way there", there == back)
    checks.check("what can be exported from the new file is what the first gave", everything("sqlite:" + second) == expected)
    for store in (database, "sqlite:" + second):
        code, out, err = usher.run("audit", "verify", "--all", "--store", store)
        checks.check("the audit log still verifies", code == 0, out + err)
    killed(checks, "sqlite:" + first, interrupted)
    code, _, err = usher.run("store", "copy", "--from", "sqlite:" + first, "--to", interrupted)
    checks.check("the killed copy ends, or had ended", code == 0 or "holds a ledger already" in err, err)
    checks.check("what was killed and ended is what the file gave", everything(interrupted) == expected)
    return checks.exit_code()


sys.exit(main())
