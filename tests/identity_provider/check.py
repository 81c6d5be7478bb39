#!/usr/bin/env python3
"""Signing in through an organisation's own identity provider, against a real one (node-oidc-provider).

The provider runs on a free port of this machine, Usher on another; a browser without pictures goes between them. The
provider says of every account that it has the same e-mail address, so whoever linked by address would be found out.
"""
import base64
import glob
import hashlib
import hmac
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402
from browser import Browser  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.environ.get("USHER_OIDC_PROVIDER", os.path.join(usher.BUILD, "identity_provider"))
CALLBACK = "/sign-in/provider/callback"
CLIENT_ID, CLIENT_SECRET = "usher", "canary-4f1c2a9e-client-secret"
PASSWORD = "violet anchor turnip seventeen"


# A run takes minutes; what lies about for longer belongs to one that was cut off.
STALE_SECONDS_MIN = 3600


def remove_stale_folders():
    """Runs that were cut off, and those that failed, leave their folder behind for somebody to look at."""
    for folder in glob.glob(os.path.join(usher.BUILD, "identity-provider-*")):
        if time.time() - os.path.getmtime(folder) > STALE_SECONDS_MIN:
            shutil.rmtree(folder, ignore_errors=True)


class Provider:
    """node-oidc-provider as a child process."""

    def __init__(self, redirect_uri):
        command = ["node", os.path.join(HERE, "provider.mjs"), MODULES, redirect_uri, CLIENT_ID, CLIENT_SECRET]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.issuer = self.process.stdout.readline().strip()
        if not self.issuer:
            raise SystemExit("the identity provider did not start")

    def stop(self):
        self.process.kill()
        self.process.wait()


class Tale:
    """One server, its folder, and the checks."""

    def __init__(self, checks, server, data):
        self.checks, self.server, self.data, self.base = checks, server, data, server.base

    def command(self, *arguments, text_in=None):
        return usher.run(*arguments, "--data", self.data, text_in=text_in)

    def must(self, *arguments, text_in=None):
        return usher.must_run(*arguments, "--data", self.data, text_in=text_in)

    def set_provider(self, issuer, *more, tenant="default"):
        self.must("identity-provider", "set", "--tenant", tenant, "--issuer", issuer, "--client-id", CLIENT_ID,
                  "--name", "Acme SSO", "--name-zh", "顶峰统一登录", *more, text_in=CLIENT_SECRET + "\n")

    def choose_password(self, tenant, user):
        link = self.must("user", "link", user, "--tenant", tenant).strip()
        browser = Browser()
        browser.submit(browser.get(link).form(""), password=PASSWORD, again=PASSWORD)

    def signed_in(self, tenant, user):
        """A browser that signed in with a password."""
        browser = Browser()
        form = browser.get(self.base + "/sign-in").form("/sign-in")
        page = browser.submit(form, organisation=tenant, name=user, password=PASSWORD)
        if page.location() != self.base + "/account":
            raise SystemExit("could not sign in: %d\n%s" % (page.status, page.text))
        return browser

    def start(self, browser, tenant="default", destination=""):
        query = urllib.parse.urlencode({"organisation": tenant, "destination": destination})
        return browser.get(self.base + "/sign-in/provider/start?" + query)

    def at_provider(self, browser, page, account):
        """Signs in at the provider; gives the address it sends the browser back to."""
        back = self.base + CALLBACK
        for _ in range(10):
            page = browser.follow(page, until=lambda address: address.startswith(back))
            if page.location():
                return page.location()
            target, fields = page.forms()[0]
            if fields.get("prompt") == "login":
                fields.update(login=account, password="anything")
            page = browser.post(target, fields)
        raise SystemExit("the provider does not send the browser back")

    def come_back(self, account, tenant="default", browser=None, destination="", change=None):
        """The whole way; `change` may change what the provider is asked. Gives (browser, page)."""
        browser = browser or Browser()
        page = self.start(browser, tenant, destination)
        if change:
            page.headers["location"] = change(page.location())
        return browser, browser.get(self.at_provider(browser, page, account))

    def who(self, browser):
        """The number of whoever is signed in; none when nobody is."""
        page = browser.get(self.base + "/account")
        found = re.search(r'<dd class="code">(\d+)</dd>', page.text)
        return int(found.group(1)) if page.status == 200 and found else None

    def refused(self, name, status, browser, page):
        right = page.status == status and self.who(browser) is None
        self.checks.check(name, right, "%d %s" % (page.status, re.findall(r"<h1>(.*?)</h1>", page.text)))


def with_parameter(address, name, value):
    """The address with one parameter set to another value; none takes it out."""
    parts = urllib.parse.urlsplit(address)
    pairs = [(n, v) for n, v in urllib.parse.parse_qsl(parts.query, keep_blank_values=True) if n != name]
    if value is not None:
        pairs.append((name, value))
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(pairs)))


def digits(key, at):
    """The six digits of a second factor."""
    bytes_of_key = base64.b32decode(key + "=" * (-len(key) % 8))
    mac = hmac.new(bytes_of_key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    number = struct.unpack(">I", mac[mac[-1] & 15:][:4])[0] & 0x7FFFFFFF
    return "%06d" % (number % 1_000_000)


def linking(tale):
    """An unknown account signs nobody in; a signed-in person links it; then it signs them in without a password."""
    checks = tale.checks
    browser = Browser()
    page = browser.get(tale.base + "/sign-in/provider?organisation=default")
    checks.check("the page names the organisation's own sign-in", "Acme SSO" in page.text, page.text[:400])
    chinese = browser.get(tale.base + "/sign-in/provider?organisation=default&language=zh-CN")
    checks.check("and does so in Chinese", "顶峰统一登录" in chinese.text, chinese.text[:400])
    nobody = Browser().get(tale.base + "/sign-in/provider?organisation=nobody")
    without = Browser().get(tale.base + "/sign-in/provider?organisation=bare")
    checks.check("an organisation without one looks like none at all",
                 (nobody.status, nobody.text.replace("nobody", "bare")) == (without.status, without.text)
                 and nobody.status == 404, (nobody.status, without.status))
    browser, page = tale.come_back("ann")
    tale.refused("an account that nobody linked signs nobody in, whatever its address", 403, browser, page)
    checks.check("and the page says what to do", "not linked yet" in page.text and "shared@example.com" in page.text)
    person = tale.signed_in("default", "1")
    asked = person.get(tale.base + "/account/provider")
    page = person.get(tale.at_provider(person, asked, "ann"))
    checks.check("linking is asked before it is done", page.status == 200 and "Link this account?" in page.text, page.status)
    early, page_early = tale.come_back("ann")
    tale.refused("until it is confirmed nothing is linked", 403, early, page_early)
    form = page.form("/account/provider/link")
    forged = person.post(form[0], {**form[1], "form_token": "x" * 43})
    checks.check("a forged confirmation is refused", forged.status == 403, forged.status)
    stranger = tale.signed_in("default", "2")
    stolen = stranger.post(form[0], {**form[1], "form_token": stranger.get(tale.base + "/account").form("/sign-out")[1]["form_token"]})
    checks.check("an offer of one session is none in another", stolen.status == 403, stolen.status)
    done = person.submit(form)
    checks.check("confirmed, it is linked", done.location() == tale.base + "/account", done.status)
    shown = person.get(tale.base + "/account")
    checks.check("the account page says so", "without a password of ours" in shown.text)
    browser, page = tale.come_back("ann")
    checks.check("from now on the provider signs them in", tale.who(browser) == 1, page.status)
    client = "/open-apis/authen/v1/authorize?client_id=cli_none&redirect_uri=https%3A%2F%2Fc.example%2F"
    _, page = tale.come_back("ann", destination=client)
    checks.check("and on to where they were going", page.location() == tale.base + client, page.headers.get("location"))
    _, page = tale.come_back("ann", destination="https://evil.example/")
    checks.check("which is never another server", page.location() == tale.base + "/account", page.headers.get("location"))
    taken = tale.signed_in("default", "2")
    page = taken.get(tale.at_provider(taken, taken.get(tale.base + "/account/provider"), "ann"))
    page = taken.submit(page.form("/account/provider/link"))
    checks.check("an account that is linked cannot be linked with somebody else",
                 page.status == 403 and "linked with somebody else" in page.text, page.status)
    other, page = tale.come_back("bob")
    tale.refused("another account with the same address signs nobody in", 403, other, page)


def tampering(tale, issuer):
    """Answers that are changed, replayed or another's are refused, and nobody is signed in."""
    def changed(name, value):
        browser = Browser()
        back = tale.at_provider(browser, tale.start(browser), "ann")
        return browser, browser.get(with_parameter(back, name, value))

    tale.refused("a wrong state is refused", 403, *changed("state", "x" * 43))
    tale.refused("no state is refused", 403, *changed("state", None))
    tale.refused("an answer in another issuer's name is refused", 403, *changed("iss", "https://evil.example"))
    tale.refused("an answer without the issuer that is promised is refused", 502, *changed("iss", None))
    tale.refused("a code that was never given is refused", 502, *changed("code", "x" * 43))
    tale.refused("a wrong nonce is refused", 502, *tale.come_back(
        "ann", change=lambda address: with_parameter(address, "nonce", "x" * 43)))
    tale.refused("a wrong PKCE challenge is refused", 502, *tale.come_back(
        "ann", change=lambda address: with_parameter(address, "code_challenge", "x" * 43)))
    browser = Browser()
    back = tale.at_provider(browser, tale.start(browser), "ann")
    thief = Browser()
    tale.refused("an answer in another browser is refused", 403, thief, thief.get(back))
    tale.start(thief)
    own_state = with_parameter(back, "state", urllib.parse.parse_qs(urllib.parse.urlsplit(
        tale.start(thief).location()).query)["state"][0])
    tale.refused("another browser's code with one's own state is refused", 502, thief, thief.get(own_state))
    kept = dict(browser.cookies[urllib.parse.urlsplit(tale.base).netloc])
    browser.get(back)
    again = Browser()
    again.cookies[urllib.parse.urlsplit(tale.base).netloc] = kept
    tale.refused("an answer works once", 502, again, again.get(back))
    denied = Browser()
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(tale.start(denied).location()).query)["state"][0]
    query = urllib.parse.urlencode({"error": "access_denied", "state": state, "iss": issuer})
    tale.refused("a refusal at the provider signs nobody in", 403, denied, denied.get(tale.base + CALLBACK + "?" + query))


def tenants(tale, issuer, second):
    """A tenant's provider says who somebody is in that tenant and nowhere else."""
    tale.set_provider(issuer, tenant="other")
    tale.refused("an account linked in one tenant is unknown in another with the same provider", 403,
                 *tale.come_back("ann", tenant="other"))
    tale.set_provider(second.issuer, tenant="other")
    tale.refused("another provider's account of the same name is another account", 403,
                 *tale.come_back("ann", tenant="other"))
    browser = Browser()
    back = tale.at_provider(browser, tale.start(browser, "other"), "ann")
    default = Browser()
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(tale.start(default).location()).query)["state"][0]
    mixed = with_parameter(back, "state", state)
    tale.refused("one provider's answer is none to the other's question", 403, default, default.get(mixed))
    default = Browser()
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(tale.start(default).location()).query)["state"][0]
    mixed = with_parameter(with_parameter(back, "state", state), "iss", issuer)
    tale.refused("not even under the other's name", 502, default, default.get(mixed))


def second_factor(tale):
    """A second factor is asked for on this way in, too."""
    person = tale.signed_in("default", "1")
    page = person.get(tale.base + "/account/second-factor")
    key = re.sub(r"\s", "", re.search(r'<dd class="code">([A-Z2-7 ]+)</dd>', page.text).group(1))
    person.submit(page.form("/account/second-factor"), digits=digits(key, time.time()))
    browser, page = tale.come_back("ann")
    asked = page.status == 200 and tale.who(browser) is None
    tale.checks.check("the provider alone does not pass a second factor", asked, page.status)
    # The step just spent does not work again; the next one does already.
    page = browser.submit(page.form("/sign-in/digits"), digits=digits(key, time.time() + 30))
    tale.checks.check("with the digits the person is signed in", tale.who(browser) == 1, page.status)


def settings(tale, issuer, provider):
    """What an operator sets counts at once; the secret is nowhere to be had."""
    checks = tale.checks
    shown = tale.must("identity-provider", "show", "--json")
    checks.check("the provider is shown without its secret",
                 issuer in shown and "顶峰统一登录" in shown and CLIENT_SECRET not in shown, shown)
    for wrong in ["http://login.example.com", "https://login.example.com?x=1", "login.example.com"]:
        code, _, err = tale.command("identity-provider", "set", "--issuer", wrong, "--client-id", "x", text_in="secret")
        checks.check("an issuer like %s is refused" % wrong, code == 2 and "issuer" in err, (code, err))
    code, _, err = tale.command("identity-provider", "set", "--issuer", issuer, "--client-id", "x", text_in="\n")
    checks.check("an empty secret is refused", code == 2, (code, err))
    browser = Browser()
    back = tale.at_provider(browser, tale.start(browser), "ann")
    tale.set_provider(issuer, "--disabled")
    tale.refused("a provider switched off in between signs nobody in", 404, browser, browser.get(back))
    page = tale.start(Browser())
    checks.check("and nobody is sent there", page.status == 404, page.status)
    tale.set_provider(issuer)
    tale.must("identity-provider", "unlink", "1")
    tale.refused("a link taken away signs nobody in", 403, *tale.come_back("ann"))
    tale.must("identity-provider", "link", "2", "ann")
    browser, _ = tale.come_back("ann")
    checks.check("an administrator's link counts", tale.who(browser) == 2)
    tale.must("apply", "-", text_in='{"change":"user","user_id":2,"name":"Li Lei","enabled":false}\n')
    checks.check("a person switched off is signed out at once", tale.who(browser) is None)
    tale.refused("and cannot come in this way", 403, *tale.come_back("ann"))
    tale.set_provider(issuer.replace("127.0.0.1", "localhost"))
    tale.refused("a provider that calls itself something else is not believed", 502, Browser(), tale.start(Browser()))
    tale.set_provider(issuer)
    browser = Browser()
    back = tale.at_provider(browser, tale.start(browser), "ann")
    provider.stop()
    tale.refused("a provider that is away signs nobody in", 502, browser, browser.get(back))
    tale.must("identity-provider", "remove")
    code, _, _ = tale.command("identity-provider", "show")
    checks.check("a removed provider is gone", code == 1, code)


def secrets(tale):
    """The secret is neither in the files nor in what the server printed."""
    kept = b""
    for name in os.listdir(tale.data):
        path = os.path.join(tale.data, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                kept += file.read()
    tale.checks.check("the secret is not in the files", CLIENT_SECRET.encode() not in kept)
    tale.checks.check("nor in the log", not any(CLIENT_SECRET in line for line in tale.server.lines))


def reasons(tale):
    """What was not believed was not believed for its own reason; the operator finds it in the log."""
    for reason in ["Invalid nonce", "did not name itself", "invalid_grant", "unexpected issuer", "Connection refused"]:
        tale.checks.check("the log names the reason: %s" % reason, any(reason in line for line in tale.server.lines))


def main():
    checks = usher.Checks()
    remove_stale_folders()
    data = usher.new_folder("identity-provider")
    people = "".join('{"change":"tenant","tenant_key":"%s","name":"%s"}\n' % (key, key) for key in ("other", "bare"))
    people += '{"change":"user","user_id":2,"name":"Li Lei"}\n'
    usher.must_run("apply", "-", "--data", data, text_in=people)
    usher.must_run("apply", "-", "--data", data, "--tenant", "other",
                   text_in='{"change":"user","user_id":1,"name":"Somebody else"}\n')
    server = usher.Server("serve", "--data", data, "--listen", "127.0.0.1:0", "--log-level", "debug")
    providers = []
    try:
        tale = Tale(checks, server, data)
        providers = [Provider(server.base + CALLBACK), Provider(server.base + CALLBACK)]
        issuer = providers[0].issuer
        for tenant, user in [("default", "1"), ("default", "2")]:
            tale.choose_password(tenant, user)
        tale.set_provider(issuer)
        linking(tale)
        tampering(tale, issuer)
        tenants(tale, issuer, providers[1])
        second_factor(tale)
        settings(tale, issuer, providers[0])
    finally:
        for provider in providers:
            provider.stop()
        checks.check("the server stops in order", server.stop() == 0, server.lines[-5:])
    secrets(tale)
    reasons(tale)
    if not checks.failed:
        shutil.rmtree(data)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
