#!/usr/bin/env python3
"""Runs the commands of docs/getting-started.md as they stand there, and compares what it says they answer.

Only the address is changed, so that the page's fixed port may be taken, and times in answers are not compared.
"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402

PAGE = os.path.join(usher.ROOT, "docs", "getting-started.md")
SISTER = os.path.join(usher.ROOT, "docs", "getting-started.zh-CN.md")
ADDRESS = "http://127.0.0.1:8787"


def blocks(path):
    """Gives [(language, text)] of the fenced blocks that are commands or answers."""
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^```(sh|json)\n(.*?)^```", file.read(), re.M | re.S)


def without_times(text):
    return re.sub(r'"active_time":\d+', '"active_time":0', text)


def main():
    checks = usher.Checks()
    page = blocks(PAGE)
    checks.check("both languages show the same commands and answers", page == blocks(SISTER))
    serve, *rest = page
    checks.check("the page begins with the server", serve == ("sh", "usher serve\n"), serve)
    folder = usher.new_folder("getting-started")
    program = os.path.join(folder, "usher")
    os.symlink(os.path.abspath(usher.PROGRAM), program)
    server = usher.Server("serve", "--listen", "127.0.0.1:0", "--data", os.path.join(folder, "usher-data"))
    try:
        # One shell for the whole page, because its variables live on; a line after each block parts their outputs.
        script = "set -eu\n" + "".join(
            "%s\necho; echo '---'\n" % text.replace(ADDRESS, server.base) for kind, text in rest if kind == "sh")
        done = subprocess.run(["bash", "-c", script], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**usher.environment(), "PATH": folder + ":" + os.environ["PATH"]})
        checks.check("every command succeeds", done.returncode == 0, done.stderr)
        answers = iter(done.stdout.split("---\n"))
        answer = ""
        for kind, text in rest:
            if kind == "sh":
                answer = next(answers, "")
            else:
                shown = without_times(text.strip())
                checks.check("the page shows what comes: %s" % shown[:60], without_times(answer.strip()) == shown, answer)
        checks.check("the export shows the seat as released", "per_user,1001,package_crm__c,released," in answer, answer)
    finally:
        checks.check("the server stops in order", server.stop() == 0, server.lines[-5:])
    shutil.rmtree(folder)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
