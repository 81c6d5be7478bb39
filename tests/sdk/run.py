#!/usr/bin/env python3
"""Feishu's own clients against a real server.

    tests/sdk/run.py ../shared

Runs the Python and the Node client scripts of ../shared/clients, unchanged, against `usher serve`. What they accept is
narrowed to the codes of this design (DESIGN section 5); only the checks of the OAuth flows, which do not exist yet, are
skipped, by name.
"""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402

EXPECT = {
    "no_token": [[400], [99991661]],
    "bad_token": [[400], [99991668]],
    "tenant_token": [[400], [99991663]],
    "bad_seat_type": [[400], [2320006]],
    "missing_seat_type": [[400], [2320006]],
    "missing_page_size": [[400], [2320006]],
    "bad_page_size": [[400], [2320006]],
    "bad_page_token": [[400], [2320006]],
    "rate_limit": [[429], [99991400]],
}
# These need the OAuth flows, which are the next thing to be built.
SKIP = ["wrong_secret", "tenant_access_token", "app_access_token", "oauth_*", "oidc_*"]
SKIPPED_MAX = 9
# Enough for several pages of two rows.
APP_SEATS = 9
CHECKS_MIN = 25


def client_environment(server, token):
    return {**usher.environment(), "BASE_URL": server.base, "APP_ID": "cli_0000000000000000", "APP_SECRET": "unused",
            "USER_ACCESS_TOKEN": token, "EXPECT": json.dumps(EXPECT), "SKIP": ",".join(SKIP),
            "NO_PROXY": "127.0.0.1,localhost"}


def run_client(checks, name, command, folder, environment):
    """Runs one script and turns its JSON lines into checks of ours."""
    done = subprocess.run(command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE)
    ran, skipped = 0, []
    for line in done.stdout.splitlines():
        found = json.loads(line)
        if found["check"] == "summary":
            continue
        if found["ok"] is None:
            skipped.append(found["check"])
            print("skipped: %s: %s (%s)" % (name, found["check"], found["got"]))
            continue
        ran += 1
        checks.check("%s: %s" % (name, found["check"]), found["ok"], found["got"])
    checks.check("%s: the script itself ends well" % name, done.returncode == 0, done.returncode)
    checks.check("%s: at least %d checks ran, at most %d were skipped" % (name, CHECKS_MIN, SKIPPED_MAX),
                 ran >= CHECKS_MIN and len(skipped) <= SKIPPED_MAX, (ran, skipped))


def node_folder(shared):
    """Node looks for packages beside the script, and ../shared is read-only: so the script is copied at run time."""
    folder = os.path.join(usher.BUILD, "node")
    for script in ("check-node-sdk.mjs", "harness.mjs"):
        shutil.copyfile(os.path.join(shared, "clients", "node", script), os.path.join(folder, script))
    return folder


def fill(shared, data):
    """The real accesses through platform seats, and a few through app seats, so that both lists can be walked."""
    usher.must_run("import", "accesses", os.path.join(shared, "data", "accesses.csv"), "--create-missing", "--data", data)
    lines = ["%d,%d,package_%d__c" % (1_700_000_000_000 + user, user, user % 3) for user in range(1, APP_SEATS + 1)]
    usher.must_run("import", "accesses", "-", "--create-missing", "--seat-type", "per_user_per_app", "--data", data,
                   text_in="\n".join(["time_ms,user_id,namespace", *lines, ""]))


def main():
    shared = os.path.abspath(sys.argv[1])
    checks = usher.Checks()
    data = usher.new_folder("official-clients")
    fill(shared, data)
    server = usher.Server("serve", "--data", data, "--listen", "127.0.0.1:0")
    try:
        environment = client_environment(server, usher.administrator_token(data))
        python = os.path.join(usher.BUILD, "python", "bin", "python")
        run_client(checks, "python", [python, "check_lark_oapi.py"], os.path.join(shared, "clients", "python"), environment)
        run_client(checks, "node", ["node", "check-node-sdk.mjs"], node_folder(shared), environment)
    finally:
        checks.check("the server stops in order", server.stop() == 0, server.lines[-5:])
    shutil.rmtree(data)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
