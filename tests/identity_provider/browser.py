"""A browser without pictures and scripts: follows redirects one by one, keeps cookies per server, fills in forms."""
import html
import http.client
import re
import urllib.parse


class Page:
    """One answer."""

    def __init__(self, address, status, headers, text):
        self.address, self.status, self.headers, self.text = address, status, headers, text

    def location(self):
        """Where the answer sends the browser, whole; none when it does not."""
        to = self.headers.get("location")
        return urllib.parse.urljoin(self.address, to) if to and 300 <= self.status < 400 else None

    def forms(self):
        """(action, hidden fields) of every form."""
        found = []
        for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", self.text, re.S):
            action = re.search(r'action="([^"]*)"', attributes)
            fields = {}
            for tag in re.findall(r"<input([^>]*)>", inside):
                name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
                if name and 'type="hidden"' in tag:
                    fields[name.group(1)] = html.unescape(value.group(1)) if value else ""
            target = urllib.parse.urljoin(self.address, html.unescape(action.group(1)))
            found.append((target, fields))
        return found

    def form(self, ending):
        """The form whose address ends so."""
        return next(form for form in self.forms() if urllib.parse.urlsplit(form[0]).path.endswith(ending))

    def link(self, beginning):
        """The address of the first link that begins so; none when there is none."""
        for to in re.findall(r'<a[^>]* href="([^"]*)"', self.text):
            if html.unescape(to).startswith(beginning):
                return urllib.parse.urljoin(self.address, html.unescape(to))
        return None


class Browser:
    def __init__(self):
        self.cookies = {}

    def _ask(self, method, address, fields=None):
        parts = urllib.parse.urlsplit(address)
        jar = self.cookies.setdefault(parts.netloc, {})
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        if jar:
            headers["Cookie"] = "; ".join("%s=%s" % pair for pair in jar.items())
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for line in answer.headers.get_all("Set-Cookie") or []:
            pair, *attributes = [part.strip() for part in line.split(";")]
            name, value = pair.split("=", 1)
            gone = not value or any(a.lower() == "max-age=0" or "01 jan 1970" in a.lower() for a in attributes)
            jar.pop(name, None) if gone else jar.__setitem__(name, value)
        connection.close()
        return Page(address, answer.status, {n.lower(): v for n, v in answer.getheaders()}, text)

    def get(self, address):
        return self._ask("GET", address)

    def post(self, address, fields):
        return self._ask("POST", address, fields)

    def submit(self, form, **more):
        return self.post(form[0], {**form[1], **more})

    def follow(self, page, until=lambda address: False):
        """Goes where answers send it, up to an address that `until` says yes to."""
        for _ in range(20):
            to = page.location()
            if to is None or until(to):
                return page
            page = self.get(to)
        raise SystemExit("the browser is sent round in circles at " + page.address)
