"""A system administrator at the console, as a program that reads its pages: signs in, follows forms, and finds what they show."""
import html
import http.cookies
import re
import urllib.parse

import usher

PASSWORD = "a long walk by the river"


class Visitor:
    """Somebody with a browser that keeps cookies and runs no script."""

    def __init__(self, server):
        self.server = server
        self.connection = server.connection()
        self.cookies = {}

    def ask(self, method, path, fields=None):
        """Gives (status, page), redirects followed."""
        headers = {"Cookie": "; ".join("%s=%s" % pair for pair in self.cookies.items())}
        body = None
        if fields is not None:
            headers.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": self.server.base})
            body = urllib.parse.urlencode(fields)
        self.connection.http.request(method, path, body=body, headers=headers)
        answer = self.connection.http.getresponse()
        page = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.update({name: cookie.value for name, cookie in http.cookies.SimpleCookie(line).items()})
        if answer.status in (302, 303):
            return self.ask("GET", urllib.parse.urljoin(path, answer.headers["Location"]))
        return answer.status, page

    def send(self, path, page, **fields):
        """Fills in the form of a page that has all of these fields, and sends it."""
        for form in re.findall(r"<form.*?</form>", page, re.S):
            known = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
            names = set(re.findall(r'name="([^"]+)"', form))
            fixed = {name: html.unescape(value) for name, value in known.items()}
            if set(fields) <= names and all(fixed.get(name, value) == value for name, value in fields.items()):
                action = re.search(r'action="([^"]*)"', form)
                return self.ask("POST", html.unescape(action.group(1)) if action else path, {**fixed, **fields})
        raise SystemExit("%s has no form with %s:\n%s" % (path, ", ".join(fields), page))


def administrator(server, data):
    """The first administrator with a password and a session."""
    import json
    link = json.loads(usher.must_run("user", "link", "--data", data, "--json"))["path"]
    visitor = Visitor(server)
    _, page = visitor.ask("GET", link)
    names = re.findall(r'<input[^>]* name="([^"]+)"[^>]* type="password"|<input type="password"[^>]* name="([^"]+)"', page)
    visitor.send(link, page, **{one or other: PASSWORD for one, other in names})
    _, page = visitor.ask("GET", "/console")
    status, page = visitor.send("/sign-in", page, name="1", password=PASSWORD)
    if status != 200 or 'class="menu"' not in page:
        raise SystemExit("signing in did not lead to the console: %s\n%s" % (status, page))
    return visitor


def snippets(page):
    """The lines that a page shows for pasting, by their titles."""
    found = re.findall(r'<figure class="snippet[^"]*">\s*<figcaption[^>]*>(.*?)</figcaption>\s*<pre[^>]*><code>(.*?)</code></pre>', page, re.S)
    return {html.unescape(title): html.unescape(code) for title, code in found}
