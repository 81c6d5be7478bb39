#!/usr/bin/env python3
"""The whole OAuth flow by clients that others wrote, through the authorize page in a real browser.

    tests/clients/run.py [../shared]

Authlib and oauth4webapi always. With ../shared also Feishu's own clients: the Python and the Node script of
../shared/clients, unchanged and whole, with what they accept narrowed to the codes of this design (DESIGN section 5).
"""
import html
import http.cookies
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import usher  # noqa: E402

PASSWORD = "a long walk by the river"
SCOPES = "app_engine:seat_activities:read,app_engine:seat_assignments:read,offline_access"
REDIRECT_URI = "http://localhost:3000/callback"
# How many checks the shorter of the two scripts has.
CHECKS_MIN = 36
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
NODE = os.path.join(usher.BUILD, "oauth")
PYTHON = os.path.join(usher.BUILD, "oauth-python", "bin", "python")


def choose_password(server, data):
    """Follows the one-time link and fills in its form, as the first administrator does."""
    link = json.loads(usher.must_run("user", "link", "--data", data, "--json"))["path"]
    connection = server.connection()
    status, headers, page = connection.call("GET", link)
    fields = {name: html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)}
    asked = re.findall(r'<input[^>]* name="([^"]+)"[^>]* type="password"', page)
    if status != 200 or not asked:
        raise SystemExit("the one-time link does not ask for a password: %s\n%s" % (status, page))
    fields.update({name: PASSWORD for name in asked})
    cookies = http.cookies.SimpleCookie(headers.get("set-cookie", ""))
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": server.base,
            "Cookie": "; ".join("%s=%s" % (name, cookie.value) for name, cookie in cookies.items())}
    connection.http.request("POST", link, body=urllib.parse.urlencode(fields), headers=sent)
    answer = connection.http.getresponse()
    answer.read()
    return answer.status


def run_flow(checks, name, command, environment, folder):
    """Runs a script that prints its own `ok:` and `FAILED:` lines."""
    done = subprocess.run(command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE)
    print(done.stdout, end="", flush=True)
    checks.failed += done.stdout.count("FAILED: ")
    checks.check("%s: the script itself ends well" % name, done.returncode == 0, done.returncode)


def run_client(checks, name, command, folder, environment):
    """Runs one script and turns its JSON lines into checks of ours."""
    done = subprocess.run(command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE)
    ran = 0
    for line in done.stdout.splitlines():
        found = json.loads(line)
        if found["check"] == "summary":
            continue
        ran += 1
        # A check that was skipped is one that failed: nothing of these scripts is left out.
        checks.check("%s: %s" % (name, found["check"]), found["ok"] is True, found["got"])
    checks.check("%s: the script itself ends well" % name, done.returncode == 0, done.returncode)
    checks.check("%s: at least %d checks ran" % (name, CHECKS_MIN), ran >= CHECKS_MIN, ran)


def node_folder(shared):
    """Node looks for packages beside the script or above it, and ../shared is read-only: so the script is copied at run time,
    to a folder of this run's own, for the same may run against the other engine at the same time."""
    folder = os.path.join(usher.BUILD, "node", os.environ.get("USHER_TEST_STORE", "sqlite"))
    os.makedirs(folder, exist_ok=True)
    for script in ("check-node-sdk.mjs", "harness.mjs"):
        shutil.copyfile(os.path.join(shared, "clients", "node", script), os.path.join(folder, script))
    return folder


def main():
    shared = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
    checks = usher.Checks()
    data = usher.new_folder("oauth")
    for script in ("authorize.mjs", "flow_oauth4webapi.mjs"):
        shutil.copyfile(os.path.join(HERE, script), os.path.join(NODE, script))
    for seat_type, first in (("per_user", 101), ("per_user_per_app", 201)):
        lines = ["%d,%d,package_%d__c" % (1_700_000_000_000 + user, user, user % 3) for user in range(first, first + 9)]
        usher.must_run("import", "accesses", "-", "--create-missing", "--seat-type", seat_type, "--data", data,
                       text_in="\n".join(["time_ms,user_id,namespace", *lines, ""]))
    server = usher.Server("serve", "--data", data, "--listen", "127.0.0.1:0")
    try:
        checks.check("the first administrator chooses a password", choose_password(server, data) in (200, 302, 303))
        client = json.loads(usher.must_run("client", "create", "Seat report", "--open", SCOPES, "--redirect-uri", REDIRECT_URI,
                                           "--data", data, "--json"))
        environment = {**usher.environment(), "BASE_URL": server.base, "APP_ID": client["client_id"],
                       "APP_SECRET": client["client_secret"], "PERSON_NAME": "1", "PERSON_PASSWORD": PASSWORD,
                       "AUTHORIZE_CMD": "node %s" % shlex.quote(os.path.join(NODE, "authorize.mjs")),
                       "NO_PROXY": "127.0.0.1,localhost"}
        run_flow(checks, "authlib", [PYTHON, os.path.join(HERE, "flow_authlib.py")],
                 {**environment, "AUTHLIB_INSECURE_TRANSPORT": "1"}, NODE)
        run_flow(checks, "oauth4webapi", ["node", "flow_oauth4webapi.mjs"], environment, NODE)
        if shared:
            token = usher.administrator_token(data, "--client", client["client_id"])
            environment.update({"USER_ACCESS_TOKEN": token, "EXPECT": json.dumps(EXPECT), "STRICT": "1"})
            python = os.path.join(usher.BUILD, "python", "bin", "python")
            run_client(checks, "python", [python, "check_lark_oapi.py"], os.path.join(shared, "clients", "python"), environment)
            run_client(checks, "node", ["node", "check-node-sdk.mjs"], node_folder(shared), environment)
    finally:
        checks.check("the server stops in order", server.stop() == 0, server.lines[-5:])
    shutil.rmtree(data)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
