#!/usr/bin/env python3
"""The lines that the console's page "Gateway" prints, run as they are printed by the gateways they are for.

    tests/gateways/check.py [NAME...]

nginx, Caddy and HAProxy come from Debian, Traefik and Envoy from requirements.txt. Around the printed lines stands only what
the page says is the site's own: a sign-in, the app behind, and where to listen. Each gateway is asked by people with and
without a seat, by nobody, and by somebody who sends the headers of a gateway along; and again while Usher is away. All of it
twice: without and with a gateway secret.
"""
import base64
import hashlib
import http.client
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import console  # noqa: E402
import usher  # noqa: E402

HOST = "crm.example.com"
SECRET = "a-secret-of-gateways"
PASSWORD = "open"
SEATED, UNSEATED, OTHER_APP = 7, 8, 9
START_SECONDS_MAX = 30
TOOLS = os.path.join(usher.BUILD, "gateways", "bin")
ENVOY_LIBRARY = os.path.join(usher.BUILD, "gateways", "lib")


class App(http.server.BaseHTTPRequestHandler):
    """The app behind: says which headers reached it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        said = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


class AppServer(http.server.ThreadingHTTPServer):
    """A gateway that ends may reset its kept connections, which is nobody's failure."""

    def handle_error(self, *_):
        pass


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def indented(text, by):
    return "".join(" " * by + line + "\n" if line else "\n" for line in text.splitlines())


def sha_password():
    return "{SHA}" + base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()


def accounts():
    return [str(number) for number in (SEATED, UNSEATED, OTHER_APP)]


# Each of these writes the configuration around the printed lines and gives the command, and whether it speaks TLS.

def nginx(lines, folder, port, app, _usher):
    server, place = lines["nginx.conf"].split("# in each protected \"location\"")
    place = place.split("\n", 1)[1]
    write(folder, "users", "".join("%s:%s\n" % (name, sha_password()) for name in accounts()))
    sign_in = 'auth_basic "here"; auth_basic_user_file %s/users;' % folder
    path = write(folder, "nginx.conf", """
daemon off; error_log %(folder)s/error.log; pid %(folder)s/pid;
events {}
http {
  access_log off; client_body_temp_path %(folder)s/b; proxy_temp_path %(folder)s/p; fastcgi_temp_path %(folder)s/f; uwsgi_temp_path %(folder)s/u; scgi_temp_path %(folder)s/s;
  server {
    listen 127.0.0.1:%(port)d;
%(server)s
    location / { %(sign_in)s
%(place)s
      proxy_pass http://127.0.0.1:%(app)d; }
  }
}
""" % {"folder": folder, "port": port, "app": app, "server": server, "place": place, "sign_in": sign_in})
    return ["nginx", "-p", folder, "-c", path], False


def caddy(lines, folder, port, app, _usher):
    hashed = subprocess.run(["caddy", "hash-password", "--plaintext", PASSWORD], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    people = "".join("        %s %s\n" % (name, base64.b64encode(hashed.encode()).decode()) for name in accounts())
    site = lines["Caddyfile"].replace("    # your own sign-in comes first, such as basic_auth\n", "    basicauth {\n%s    }\n" % people)
    site = site.replace("127.0.0.1:3000", "127.0.0.1:%d" % app)
    path = write(folder, "Caddyfile", "{\n  admin off\n  local_certs\n  skip_install_trust\n  auto_https disable_redirects\n  https_port %d\n"
                 "  default_bind 127.0.0.1\n}\n%s\n" % (port, site))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", path], True


def traefik(lines, folder, port, app, _usher):
    users = "".join("          - '%s:%s'\n" % (name, sha_password()) for name in accounts())
    sites = os.path.join(folder, "sites")
    os.mkdir(sites)
    write(sites, "usher.yaml", lines["usher.yaml"])
    write(sites, "own.yaml", "http:\n  middlewares:\n    your-sign-in:\n      basicAuth:\n        headerField: X-Forwarded-User\n        users:\n%s"
          "  services:\n    crm:\n      loadBalancer:\n        servers:\n          - url: http://127.0.0.1:%d\n" % (users, app))
    path = write(folder, "traefik.yaml", "global:\n  checkNewVersion: false\n  sendAnonymousUsage: false\nentryPoints:\n  web:\n"
                 "    address: 127.0.0.1:%d\nproviders:\n  file:\n    directory: %s\n" % (port, sites))
    return [os.path.join(TOOLS, "traefik"), "--configFile=" + path], False


def haproxy(lines, folder, port, app, _usher):
    script = write(folder, "usher.lua", lines["usher.lua"])
    start, rule = lines["haproxy.cfg"].replace("/etc/haproxy/usher.lua", script).split("# in each protected")
    rule = rule.split("\n", 1)[1]
    users = "".join("    user %s insecure-password %s\n" % (name, PASSWORD) for name in accounts())
    path = write(folder, "haproxy.cfg", "%sdefaults\n    mode http\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n"
                 "userlist people\n%sfrontend apps\n    bind 127.0.0.1:%d\n    http-request auth unless { http_auth(people) }\n"
                 "    http-request set-header X-Forwarded-User %%[http_auth_user]\n%s    default_backend crm\n"
                 "backend crm\n    server crm 127.0.0.1:%d\n" % (start, users, port, indented(rule, 4), app))
    return ["haproxy", "-db", "-f", path], False


def envoy(lines, folder, port, app, usher_port):
    users = "".join("%s:%s\n" % (name, sha_password()) for name in accounts())
    write(folder, "users", users)
    cluster = ("  - name: %s\n    type: STATIC\n    load_assignment:\n      cluster_name: %s\n      endpoints:\n      - lb_endpoints:\n"
               "        - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}\n")
    path = write(folder, "envoy.yaml", """
static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: %d}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: apps
          route_config:
            virtual_hosts:
            - {name: crm, domains: ["*"], routes: [{match: {prefix: "/"}, route: {cluster: crm}}]}
          http_filters:
          - name: envoy.filters.http.basic_auth
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth
              users: {filename: %s/users}
              forward_username_header: X-Forwarded-User
%s
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
%s%s""" % (port, folder, indented(lines["envoy.yaml"], 10), cluster % ("crm", "crm", app), cluster % ("usher", "usher", usher_port)))
    # The program inside the package; the package's own command would only start it.
    found = [os.path.join(place, "envoy") for place, _, files in os.walk(ENVOY_LIBRARY) if place.endswith("_bin") and "envoy" in files]
    return [found[0], "-c", path, "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warn"], False


GATEWAYS = {"nginx": nginx, "Caddy": caddy, "Traefik": traefik, "HAProxy": haproxy, "Envoy": envoy}


class Gateway:
    """A gateway as a child process."""

    def __init__(self, name, lines, app, usher_port):
        self.folder = tempfile.mkdtemp(prefix="usher-gateway-")
        # A gateway started by root reads its files as nobody.
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        self.log = open(os.path.join(self.folder, "log"), "w+")
        command, self.tls = GATEWAYS[name](lines, self.folder, self.port, app, usher_port)
        home = {**os.environ, "HOME": self.folder, "XDG_DATA_HOME": self.folder, "XDG_CONFIG_HOME": self.folder,
                "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=home, cwd=self.folder)
        began = time.monotonic()
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > START_SECONDS_MAX:
                self.stop()
                raise SystemExit("%s did not start:\n%s" % (name, self.said))
            time.sleep(0.05)

    def answers(self):
        """True once the site itself is answered for: a gateway may listen before it has read its sites."""
        try:
            return self.ask(None)[0] not in (404, 502)
        except (OSError, http.client.HTTPException):
            return False

    def ask(self, user, path="/start", headers=()):
        """A visitor's request, signed in as the user; gives (status, headers in lower case, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        if self.tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection.connect()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=HOST)
        sent = [("Host", HOST), *headers]
        if user is not None:
            sent.append(("Authorization", "Basic " + base64.b64encode(("%s:%s" % (user, PASSWORD)).encode()).decode()))
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(START_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.seek(0)
        self.said = self.log.read()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


# What a visitor might send to be taken for somebody else, or for being elsewhere.
LIES = [("X-Forwarded-User", str(SEATED)), ("X-Usher-User", str(SEATED)), ("X-Forwarded-Host", "wiki.example.com"),
        ("X-Forwarded-Uri", "/elsewhere"), ("X-Usher-Gateway-Secret", SECRET), ("X-Usher-App", "crm"), ("X-Usher-Seat-Type", "per_user")]


def visits(checks, name, gateway):
    """Everybody who may come."""
    status, _, body = gateway.ask(SEATED)
    seen = json.loads(body) if status == 200 else {}
    told = (seen.get("x-usher-user"), seen.get("x-usher-app"), seen.get("x-usher-seat-type"))
    checks.check("%s: whoever has a seat comes in, and the app is told who and by which seat" % name,
                 status == 200 and told == (str(SEATED), "crm", "per_user"), (status, body))
    checks.check("%s: the gateway's secret does not reach the app" % name, SECRET not in body, body)
    status, _, body = gateway.ask(UNSEATED)
    checks.check("%s: whoever has none is refused" % name, status == 403, (status, body))
    status, _, body = gateway.ask(None)
    checks.check("%s: nobody is asked to sign in" % name, status == 401, (status, body))
    status, _, body = gateway.ask(None, headers=LIES)
    checks.check("%s: nobody who claims to be somebody is not believed" % name, status == 401, (status, body))
    status, _, body = gateway.ask(UNSEATED, headers=LIES)
    checks.check("%s: nor is whoever has no seat here" % name, status == 403, (status, body))
    status, _, body = gateway.ask(OTHER_APP, headers=LIES)
    checks.check("%s: a seat for another app is none here, whatever host the visitor claims" % name, status == 403, (status, body))
    status, _, body = gateway.ask(SEATED, headers=[("X-Usher-User", "1"), ("X-Usher-App", "wiki")])
    seen = json.loads(body) if status == 200 else {}
    checks.check("%s: the app is not told what the visitor claims" % name,
                 status == 200 and (seen.get("x-usher-user"), seen.get("x-usher-app")) == (str(SEATED), "crm"), (status, body))


def ledger(folder):
    """Two apps with a host each, and people with and without seats."""
    lines = [{"change": "app", "namespace": app, "name": app} for app in ("crm", "wiki")]
    lines += [{"change": "app_route", "namespace": app, "host": app + ".example.com"} for app in ("crm", "wiki")]
    lines += [{"change": "user", "user_id": number, "name": "Person %d" % number} for number in (SEATED, UNSEATED, OTHER_APP)]
    usher.must_run("apply", "-", "--data", folder, text_in="\n".join(json.dumps(line) for line in lines))
    usher.must_run("seat", "assign", "per_user:%d" % SEATED, "per_user_per_app:%d:wiki" % OTHER_APP, "--data", folder)


def run(checks, names, secret):
    data = usher.new_folder("gateways")
    words = ["serve", "--data", data, "--listen", "127.0.0.1:%d" % free_port()]
    if secret:
        words += ["--gateway-secret-file", write(data, "gateway-secret", SECRET)]
        os.chmod(words[-1], 0o600)
    app = AppServer(("127.0.0.1", 0), App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    server = usher.Server(*words)
    gateways = {}
    try:
        ledger(data)
        administrator = console.administrator(server, data)
        lines = console.snippets(administrator.ask("GET", "/console/gateway")[1])
        lines = {file: text.replace("GATEWAY_SECRET", SECRET) for file, text in lines.items()}
        usher_port = int(server.base.rsplit(":", 1)[1])
        for name in names:
            shown = name + (" with a secret" if secret else "")
            gateways[shown] = Gateway(name, lines, app.server_port, usher_port)
            visits(checks, shown, gateways[shown])
        _, page = administrator.ask("GET", "/console/gateway")
        checks.check("the page shows the last visits with their verdicts%s" % (", secret asked for" if secret else ""),
                     "no_seat" in page and "/start" in page and "Admitted" in page)
        server.stop()
        for shown, gateway in gateways.items():
            status, _, body = gateway.ask(SEATED)
            checks.check("%s: nobody comes in unchecked while Usher is away" % shown, status >= 500, (status, body))
    finally:
        for gateway in gateways.values():
            gateway.stop()
        server.stop()
        app.shutdown()
        shutil.rmtree(data, ignore_errors=True)


def main():
    checks = usher.Checks()
    for secret in (False, True):
        run(checks, sys.argv[1:] or list(GATEWAYS), secret)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
