#!/usr/bin/env python3
"""Asks every call that /openapi.json describes hundreds of times, with good and bad input made from the schemas.

A program that we did not write (schemathesis) makes the requests and judges the answers: no 5xx, no status, content type or
body that the description does not have. It comes from PyPI into .build/schemathesis, in the version named below.
"""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402

VERSION = "4.32.5"
EXAMPLES = os.environ.get("USHER_SCHEMA_EXAMPLES", "200")
# The same requests on every run, so that a failure can be looked at again.
SEED = "20260102"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def program():
    """The schemathesis of the wanted version, installed if it is not there."""
    folder = os.path.join(usher.BUILD, "schemathesis")
    pip = os.path.join(folder, "bin", "pip")
    wanted = "schemathesis==" + VERSION
    if not os.path.exists(pip):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    frozen = subprocess.run([pip, "freeze"], check=True, stdout=subprocess.PIPE, text=True).stdout
    if wanted not in frozen.split():
        print("installing into .build/schemathesis: %s" % wanted, flush=True)
        subprocess.run([pip, "install", "--quiet", wanted], check=True)
    return os.path.join(folder, "bin", "schemathesis")


# Made up names meet nothing that exists, so a second walk names things that do. It deletes nothing, so that they last.
PARAMETERS = """[parameters]
tenant_key = "default"
"path.tenant_key" = "default"
user_id = 7
namespace = "crm"
client_id = "%s"
pool = "per_user"
seat = "per_user:7"
group_key = "sales"
"""


def walk(checks, name, tool, folder, base, token, more, configuration=None):
    """One run of the tool over every call."""
    settings = ["--config-file", configuration] if configuration else []
    asked = subprocess.run(
        [tool, *settings, "run", base + "/openapi.json", "--header", "Authorization: Bearer " + token,
         "--checks", CHECKS, "--max-examples", EXAMPLES, "--seed", SEED, "--phases", "examples,coverage,fuzzing",
         "--generation-database", "none", "--suppress-health-check", "all", "--no-color", *more],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)
    told = asked.stdout.splitlines()
    checks.check("%s: %s examples of every call meet their description" % (name, EXAMPLES), asked.returncode == 0,
                 "\n".join(told[-150:]))
    print("\n".join(told[-14:]), flush=True)


def main():
    checks = usher.Checks()
    tool = program()
    folder = usher.new_folder("schemathesis")
    try:
        token = usher.must_run("token", "issue", "--operator", "--data", folder).strip()
        usher.must_run("user", "create", "Lei", "--number", "7", "--data", folder)
        usher.must_run("app", "create", "crm", "--data", folder)
        usher.must_run("seat", "assign", "per_user:7", "--data", folder)
        usher.must_run("group", "create", "sales", "--data", folder)
        usher.must_run("group", "add", "sales", "7", "--data", folder)
        usher.must_run("identity-provider", "set", "--issuer", "https://login.example.com", "--client-id", "usher",
                       "--data", folder, text_in="known-there-only")
        client = json.loads(usher.must_run("client", "create", "Report", "--installable", "--json", "--data", folder))
        configuration = os.path.join(folder, "things.toml")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(PARAMETERS % client["client_id"])
        server = usher.Server("serve", "--listen", "127.0.0.1:0", "--log-level", "error", "--data", folder)
        try:
            walk(checks, "made up names", tool, folder, server.base, token, [])
            walk(checks, "things that exist", tool, folder, server.base, token, ["--exclude-method", "DELETE"],
                 configuration)
            checks.check("the server lives", server.process.poll() is None)
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
