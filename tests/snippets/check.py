#!/usr/bin/env python3
"""The lines that the console shows beside a client, run as they are shown: curl, Python, Node and Go.

    tests/snippets/check.py [../shared]

curl always. Python and Node run with the packages of ../shared/clients, which the lines name. Go runs where USHER_GO names a
folder with a go.mod that has the package; nothing is fetched here. An administrator makes a client on its page, and puts its
secret and a token where the lines say so.
"""
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import console  # noqa: E402
import usher  # noqa: E402

SCOPE = "app_engine:seat_activities:read"
PEOPLE = [7, 8, 9]


def run(command, folder=None):
    """Gives (exit code, everything that was printed)."""
    own = {**usher.environment(), "NO_PROXY": "127.0.0.1,localhost"}
    done = subprocess.run(command, cwd=folder, env=own, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout + done.stderr


def shows_everybody(checks, name, code, printed):
    missing = [number for number in PEOPLE if not re.search(r"\b%d\b" % number, printed)]
    checks.check("%s: the lines run as they are shown, and read who opened what" % name, code == 0 and not missing, (code, printed[:600]))


def in_file(folder, name, text):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    return name


def client(administrator):
    """A new client as its pages give it: (its secret, a token, the lines by language)."""
    _, page = administrator.ask("GET", "/console/clients")
    _, page = administrator.send("/console/clients", page, action="client", name="Snippets", **{SCOPE: "yes"})
    secret = list(console.snippets(page).values())[0]
    client_id = re.search(r"cli_[0-9a-f]{16}", page).group(0)
    address = "/console/clients/" + client_id
    _, page = administrator.ask("GET", address)
    templates = console.snippets(page)
    _, page = administrator.send(address, page, action="token")
    shown = re.findall(r"<code>(.*?)</code>", page, re.S)
    token = shown[0].strip()
    return secret, token, templates


def main():
    shared = len(sys.argv) > 1 and os.path.exists(os.path.join(sys.argv[1], "clients"))
    checks = usher.Checks()
    data = usher.new_folder("snippets")
    lines = ["time_ms,user_id,namespace"] + ["%d,%d,crm" % (1_700_000_000_000 + number, number) for number in PEOPLE]
    usher.must_run("import", "accesses", "-", "--create-missing", "--data", data, text_in="\n".join(lines + [""]))
    server = usher.Server("serve", "--data", data, "--listen", "127.0.0.1:0")
    try:
        administrator = console.administrator(server, data)
        secret, token, templates = client(administrator)
        own = {name: text.replace("CLIENT_SECRET", secret).replace("ACCESS_TOKEN", token) for name, text in templates.items()}
        code, printed = run(["sh", "-c", own["curl"]])
        shows_everybody(checks, "curl", code, printed)
        if shared:
            folder = os.path.join(usher.BUILD, "python")
            shows_everybody(checks, "Python", *run([os.path.join(folder, "bin", "python"), in_file(folder, "snippet.py", own["Python"])], folder))
            folder = os.path.join(usher.BUILD, "node")
            shows_everybody(checks, "Node", *run(["node", in_file(folder, "snippet.mjs", own["Node"])], folder))
        else:
            print("skipped: Python and Node, whose packages come with ../shared/clients")
        if os.environ.get("USHER_GO"):
            folder = os.environ["USHER_GO"]
            shows_everybody(checks, "Go", *run(["go", "run", in_file(folder, "main.go", own["Go"])], folder))
        _, page = administrator.ask("GET", "/console/clients")
        _, page = administrator.send("/console/clients", page, action="token", days="1")
        shown = console.snippets(page)
        service = next(text for text in shown.values() if text.startswith("s-"))
        code, printed = run(["sh", "-c", shown["curl"].replace("SERVICE_TOKEN", service)])
        verdict = json.loads(printed)["data"] if code == 0 else printed
        checks.check("curl: the line for a back end reports an access", code == 0 and verdict["verdict"] == "admitted", printed)
    finally:
        server.stop()
        shutil.rmtree(data, ignore_errors=True)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
