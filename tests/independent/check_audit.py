#!/usr/bin/env python3
"""The audit log's chain, computed by a program that Usher had no part in.

    tests/independent/check_audit.py

Makes changes with the real program, reads the log from the database file with SQL, computes every hash from the
description in docs/audit.md and the head of crates/usher-store/src/audit/chain.rs, and compares with what is kept and
with what `usher audit verify` says. Then damages the file and looks whether both find the damage. Standard library only.
"""
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402

TEXTS = ("actor_kind", "actor_name", "client_id", "address", "reason", "action", "object_kind", "object_name",
         "before", "after")
PEOPLE = 40


def number(value):
    return struct.pack(">q", value)


def content(row):
    digest = hashlib.sha256(b"usher audit content 1" + number(row["tenant_id"]) + number(row["at_ms"]))
    for name in TEXTS:
        text = row[name]
        if text is None:
            digest.update(b"\0")
        else:
            data = text.encode()
            digest.update(b"\1" + number(len(data)) + data)
    return digest.digest()


def chain(connection, tenant_id):
    """Walks along one log: its end as SEQUENCE:HASH, and the records whose kept hash is not the computed one."""
    previous, sequence, wrong = bytes(32), 0, []
    connection.row_factory = sqlite3.Row
    for row in connection.execute("SELECT * FROM audit_records WHERE tenant_id = ? ORDER BY sequence", (tenant_id,)):
        sequence += 1
        computed = hashlib.sha256(
            b"usher audit record 1" + previous + number(sequence) + content(row)).digest()
        if row["sequence"] != sequence or row["hash"] != computed:
            wrong.append(row["sequence"])
            return "%d:%s" % (sequence, computed.hex()), wrong
        previous = computed
    return "%d:%s" % (sequence, previous.hex()), wrong


def make_changes(data):
    lines = [{"change": "app", "namespace": "crm", "name": "客户管理"}]
    for user_id in range(1, PEOPLE + 1):
        lines.append({"change": "user", "user_id": user_id, "name": "王 %d" % user_id})
    for user_id in range(1, PEOPLE + 1, 2):
        lines.append({"change": "seat", "user_id": user_id, "seat_type": "per_user"})
    usher.must_run("apply", "-", "--data", data, text_in="".join(json.dumps(line) + "\n" for line in lines))
    usher.must_run("pool", "set", "per_user", "--bought", "30", "--reason", "contract 7, 第七号合同", "--data", data)
    usher.must_run("user", "delete", "3", "--data", data)
    usher.must_run("client", "create", "Reports", "--data", data)


def verified(data):
    code, out, err = usher.run("audit", "verify", "--json", "--data", data)
    if not out.strip():
        raise SystemExit("usher audit verify ended with %d\n%s" % (code, err))
    return code, json.loads(out)


def damage(checks, folder, name, statement, expected_fault):
    """Damages a copy of the folder and asks both programs."""
    copy = os.path.join(folder, name.replace(" ", "-"))
    shutil.copytree(os.path.join(folder, "data"), copy)
    connection = sqlite3.connect(os.path.join(copy, "usher.db"))
    connection.executescript(statement)
    connection.commit()
    end, wrong = chain(connection, 1)
    kept = connection.execute("SELECT sequence, hash FROM audit_heads WHERE tenant_id = 1").fetchone()
    connection.close()
    found = wrong or end != "%d:%s" % (kept[0], kept[1].hex())
    code, told = verified(copy)
    faults = [(fault["fault"], fault.get("sequence", fault.get("first"))) for fault in told["faults"]]
    checks.check("%s: both programs find it" % name,
                 found and code == 1 and faults[:1] == [expected_fault], (wrong, code, faults))


def main():
    checks = usher.Checks()
    folder = usher.new_folder("audit-check")
    data = os.path.join(folder, "data")
    try:
        make_changes(data)
        connection = sqlite3.connect(os.path.join(data, "usher.db"))
        end, wrong = chain(connection, 1)
        records = connection.execute("SELECT count(*) FROM audit_records WHERE tenant_id = 1").fetchone()[0]
        connection.close()
        checks.check("every hash is the one computed from the description (%d records)" % records,
                     not wrong and records > PEOPLE, wrong)
        code, told = verified(data)
        checks.check("usher names the same end", code == 0 and told["whole"] and told["head"] == end, (end, told))
        damage(checks, folder, "one byte changed",
               "UPDATE audit_records SET after = replace(after, '王 7\"', '王 8\"') "
               "WHERE tenant_id = 1 AND sequence = (SELECT min(sequence) FROM audit_records "
               "WHERE tenant_id = 1 AND after LIKE '%王 7\"%')",
               ("changed", told_sequence(data, '%王 7"%')))
        damage(checks, folder, "one record removed",
               "DELETE FROM audit_records WHERE tenant_id = 1 AND sequence = 20", ("missing", 20))
        damage(checks, folder, "the last record removed",
               "DELETE FROM audit_records WHERE tenant_id = 1 AND sequence = %d" % records, ("missing", records))
        damage(checks, folder, "two records swapped",
               "UPDATE audit_records SET sequence = CASE sequence WHEN 12 THEN -30 ELSE -12 END "
               "WHERE tenant_id = 1 AND sequence IN (12, 30); "
               "UPDATE audit_records SET sequence = -sequence WHERE sequence < 0", ("moved", 12))
    finally:
        shutil.rmtree(folder)
    return checks.exit_code()


def told_sequence(data, pattern):
    connection = sqlite3.connect(os.path.join(data, "usher.db"))
    found = connection.execute("SELECT min(sequence) FROM audit_records WHERE tenant_id = 1 AND after LIKE ?",
                               (pattern,)).fetchone()[0]
    connection.close()
    return found


if __name__ == "__main__":
    sys.exit(main())
