#!/usr/bin/env python3
"""The documents must be true where a script can tell.

Every relative link leads somewhere; every file that a document names in backquotes exists; both READMEs give exactly
the two set-up commands; every document has its Chinese sister where it should.
"""
import http
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import usher  # noqa: E402

SETUP_COMMANDS = ["cargo run --release -- demo", "./test"]
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
IMAGE_SOURCE = re.compile(r"<img[^>]+src=\"([^\"]+)\"")
# A path of this repository: its first part is a folder we have, and it is written whole.
NAMED_FILE = re.compile(r"`((?:crates|deploy|docs|scripts|tests|fuzz|\.ci)/[A-Za-z0-9_./-]+)`")


def documents():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                            cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return sorted(path for path in set(listed.splitlines()) if os.path.exists(os.path.join(ROOT, path)))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def broken_links(path, text):
    broken = []
    for target in [match.group(1) for match in LINK.finditer(text)] + IMAGE_SOURCE.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        resolved = os.path.normpath(os.path.join(ROOT, os.path.dirname(path), target))
        if not resolved.startswith(ROOT) or not os.path.exists(resolved):
            broken.append("%s -> %s" % (path, target))
    return broken


def missing_files(path, text):
    places = (ROOT, os.path.join(ROOT, os.path.dirname(path)))  # from the root, or from the document's own folder
    return ["%s names %s" % (path, name) for name in NAMED_FILE.findall(text)
            if not any(os.path.exists(os.path.join(place, name)) for place in places)]


def setup_commands(text):
    """The commands of the first section that has any: the blocks marked `sh` under the heading of the set-up."""
    section = re.search(r"^## [^\n]*<!-- set-up -->\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not section:
        return None
    blocks = re.findall(r"^```sh\n(.*?)^```", section.group(1), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip() and not line.startswith("#")]


def without_sister(paths):
    """README and every page for users exist in English and in simplified Chinese."""
    missing = []
    for path in paths:
        if path == "README.md" or (path.startswith("docs/") and not path.endswith(".zh-CN.md")):
            sister = path[:-len(".md")] + ".zh-CN.md"
            if sister not in paths:
                missing.append(sister)
    return missing


# The names of the `http` crate where Python's own are others.
STATUS_NAMES = {"PAYLOAD_TOO_LARGE": "REQUEST_ENTITY_TOO_LARGE", "URI_TOO_LONG": "REQUEST_URI_TOO_LONG"}


def wire_rows():
    """(status, code) of every row of the one table of wire errors."""
    rows = re.findall(r"\(StatusCode::([A-Z_]+), (\d+), ", read("crates/usher-http/src/wire/code.rs"))
    return {(http.HTTPStatus[STATUS_NAMES.get(name, name)].value, int(code)) for name, code in rows}


def documented_rows(texts, chinese):
    """The (status, code) rows of the tables of all pages for users in one language."""
    pages = [text for path, text in texts.items()
             if path.startswith("docs/") and path.endswith(".zh-CN.md") == chinese]
    return {(int(status), int(code)) for text in pages
            for status, code in re.findall(r"^\| (\d{3}) \| (\d{6,}) \|", text, re.M)}


def oauth_codes():
    """Every code of the table of refusals of the token endpoints."""
    return set(re.findall(r"=> \((?:BAD|StatusCode::[A-Z_]+), (\d{5}), ", read("crates/usher-http/src/oauth/refusal.rs")))


def metrics():
    return set(re.findall(r'"(usher_[a-z_]+)"', read("crates/usher-http/src/telemetry.rs").split("mod tests")[0]))


def main():
    checks = usher.Checks()
    paths = documents()
    texts = {path: read(path) for path in paths}
    checks.check("every relative link leads somewhere", not (broken := [b for p, t in texts.items() for b in broken_links(p, t)]), broken)
    checks.check("every file a document names exists", not (gone := [g for p, t in texts.items() for g in missing_files(p, t)]), gone)
    for path in ("README.md", "README.zh-CN.md"):
        commands = setup_commands(texts.get(path, ""))
        checks.check("%s has exactly the two set-up commands" % path, commands == SETUP_COMMANDS, commands)
    checks.check("every page for users exists in both languages", not (alone := without_sister(paths)), alone)
    checks.check("ARCHITECTURE.md names real files in its walk-throughs", len(NAMED_FILE.findall(texts.get("ARCHITECTURE.md", ""))) >= 10)
    for chinese, language in ((False, "English"), (True, "Chinese")):
        missing = wire_rows() - documented_rows(texts, chinese)
        checks.check("every wire error is in the manual in %s, with its status" % language, wire_rows() and not missing, sorted(missing))
    for path in ("docs/oauth.md", "docs/oauth.zh-CN.md"):
        rows = " ".join(re.findall(r"^\| \d{3} \| ([\d, ]+) \|", read(path), re.M))
        missing = oauth_codes() - set(re.findall(r"\d{5}", rows))
        checks.check("%s has every refusal of the token endpoints" % path, oauth_codes() and not missing, sorted(missing))
    for path in ("docs/operations.md", "docs/operations.zh-CN.md"):
        different = metrics() ^ set(re.findall(r"`(usher_[a-z_]+)`", read(path)))
        checks.check("%s lists every metric" % path, metrics() and not different, sorted(different))
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
