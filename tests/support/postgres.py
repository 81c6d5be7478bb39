"""A PostgreSQL of the tests' own: on a free port, with a database for each data folder, gone when the script ends.

PostgreSQL does not run as root; where we are root it runs as the account that Debian's package makes.
"""
import atexit
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile

ACCOUNT = "postgres"
VERSIONS = "/usr/lib/postgresql/*/bin"


def program(name):
    """A program of the newest version that is there."""
    return os.path.join(sorted(glob.glob(VERSIONS))[-1], name)


class Cluster:
    """One server."""

    def __init__(self, folder):
        self.folder = tempfile.mkdtemp(prefix="postgres-", dir="/dev/shm" if os.path.isdir("/dev/shm") else folder)
        self.account = {}
        if os.geteuid() == 0:
            known = pwd.getpwnam(ACCOUNT)
            os.chown(self.folder, known.pw_uid, known.pw_gid)
            self.account = {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data = os.path.join(self.folder, "data")
        self.run("initdb", "-D", self.data, "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        # What it keeps need not survive the machine.
        settings = "-p %d -h 127.0.0.1 -k %s -c fsync=off -c max_connections=200" % (self.port, self.folder)
        atexit.register(self.stop)
        self.run("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.folder, "log"), "-o", settings, "start")
        self.databases = {}

    def run(self, name, *arguments):
        subprocess.run([program(name), *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL, **self.account)

    def stop(self):
        subprocess.run([program("pg_ctl"), "-D", self.data, "-m", "immediate", "stop"], cwd="/",
                       stdout=subprocess.DEVNULL, **self.account)
        shutil.rmtree(self.folder, ignore_errors=True)

    def address_of(self, data):
        """The address of the database that stands for a data folder."""
        if data not in self.databases:
            name = "usher_%d" % len(self.databases)
            self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", ACCOUNT, name)
            self.databases[data] = "postgres://%s@127.0.0.1:%d/%s" % (ACCOUNT, self.port, name)
        return self.databases[data]
