#!/usr/bin/env python3
"""More callers than Usher can serve, and callers that hardly say anything.

    tests/overload/check.py            a short round whose judgements do not depend on speed, for ./test
    tests/overload/check.py --long [--seconds 60] [--only slow,overload,lone]
                                       the figures: goodput under ten times the peak, refusals, memory, ten thousand slow connections

`PROGRAM` of tests/support is what is served. The short round's callers are Python. The long one's are `flood` (benches/baseline;
CROWD_PROGRAMS names a folder in which it is built already), which costs the machine a tenth of what the server does. All the same it
shares the processors with the server, as does whatever else runs on the machine. What the server loses in that way is not the
server's doing, so in the long round

- goodput is judged per second of processor time that the server used, and told per second of the clock, too;
- the wait for a refusal is judged in CPU-fair time: by the clock, times the share of the processors that the server's threads got
  whenever they were ready to run (what /proc/PID/task/*/schedstat counts as run, of run and waited). By the clock it is told, too.

The crowds of the long round: an open loop that offers ten times what the peak was; a closed loop in which everybody comes back at
once whatever they hear; a closed loop of patient callers, who come back after the second that a refusal tells them. The wait for a
refusal is that of the patient: the others' connections pause for that second, as docs/operations.md says. And ten times as
many callers with one access each as bring the peak of those, compared with a bare hyper server's loss in that step.
"""
import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402

USERS = 1_000
# As flood numbers people and apps.
PEOPLE, APP = [1_800_000_000_000_001 + 7 * user for user in range(USERS)], "package_000000__c"
ACCESSES_PER_CALL = 200
# As many as keep the server busy while nobody waits long.
PEAK_CALLERS = 32
# As many callers with one access each, and how often they and ten times as many take turns; the median counts.
LONE_CALLERS, LONE_TURNS = 256, 3
MEMORY_MAX_MIB = 512
REFUSED_MS_MAX = 50
TICKS = os.sysconf("SC_CLK_TCK")


class Watched:
    """A process that answers on a port, and what the kernel counts about it."""

    def __init__(self, process, address):
        self.process = process
        self.port = int(address.rsplit(":", 1)[1])

    def mebibytes(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) // 1024
        return 0

    def processor_seconds(self):
        with open("/proc/%d/stat" % self.process.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def ran_and_waited(self):
        """How long all threads have run, and how long they were ready to and had no processor, in nanoseconds."""
        ran = waited = 0
        for thread in os.listdir("/proc/%d/task" % self.process.pid):
            with open("/proc/%d/task/%s/schedstat" % (self.process.pid, thread)) as counted:
                first, second, _ = counted.read().split()
            ran, waited = ran + int(first), waited + int(second)
        return ran, waited


class Server(Watched):
    """A server of its own in a folder of its own."""

    def __init__(self, folder):
        self.data = folder
        lines = "time_ms,user_id,namespace\n" + "".join("1400000000000,%d,%s\n" % (user, APP) for user in PEOPLE)
        usher.must_run("import", "accesses", "-", "--create-missing", "--data", folder, text_in=lines)
        self.token = usher.must_run("token", "issue", "--service", "--tenant", "default", "--data", folder).strip()
        self.server = usher.Server("serve", "--log-level", "error", "--listen", "127.0.0.1:0", "--data", folder)
        super().__init__(self.server.process, self.server.base)

    def stop(self):
        self.server.stop()

    def call(self):
        """The bytes of one call, the same for every caller: making them anew would cost the callers the machine."""
        accesses = [{"tenant_key": "default", "user_id": PEOPLE[number % USERS], "namespace": APP} for number in range(ACCESSES_PER_CALL)]
        body = json.dumps(accesses).encode()
        head = ("POST /usher/v1/accesses HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                "Content-Length: %d\r\n\r\n" % (self.token, len(body)))
        return head.encode() + body


class Round:
    """What the callers of a round have met."""

    def __init__(self):
        self.admitted = 0
        self.refused_ms = []
        self.answered_ms = []
        self.others = []


async def answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1]), head


async def caller(server, call, until, met):
    """Asks again at once whatever it hears, as nobody should."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        while time.monotonic() < until:
            began = time.monotonic()
            writer.write(call)
            status, head = await answer(reader)
            took_ms = (time.monotonic() - began) * 1_000
            if status == 200:
                met.admitted += ACCESSES_PER_CALL
                met.answered_ms.append(took_ms)
            elif status == 503 and b"retry-after:" in head.lower():
                met.refused_ms.append(took_ms)
            else:
                met.others.append(status)
    except (ConnectionError, asyncio.IncompleteReadError) as error:
        met.others.append(repr(error))
    finally:
        writer.close()


async def crowd(server, callers, seconds):
    met = Round()
    until = time.monotonic() + seconds
    before = server.processor_seconds()
    call = server.call()
    await asyncio.gather(*(caller(server, call, until, met) for _ in range(callers)))
    met.per_second = met.admitted / seconds
    met.processor = server.processor_seconds() - before
    return met


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def said(name, met):
    print("%-22s %9.0f accesses/s  %5.2f us of the server's processor per access  answers p50 %.0f ms p99 %.0f ms  %d refusals p50 %.1f ms p99 %.1f ms"
          % (name, met.per_second, 1e6 * met.processor / max(1, met.admitted), percentile(met.answered_ms, .5), percentile(met.answered_ms, .99),
             len(met.refused_ms), percentile(met.refused_ms, .5), percentile(met.refused_ms, .99)))


async def overload(checks, server):
    """A short round, whose judgements do not depend on speed."""
    few = await crowd(server, PEAK_CALLERS, 2)
    said("%d callers" % PEAK_CALLERS, few)
    many = await crowd(server, 200, 2)
    said("the crowd", many)
    after = await crowd(server, PEAK_CALLERS, 1)
    said("%d callers afterwards" % PEAK_CALLERS, after)
    for met in (few, many, after):
        checks.check("every answer is a verdict or 503 with Retry-After", not met.others, str(met.others[:3]))
    checks.check("somebody was served in the crowd", many.admitted > 0)
    checks.check("service is as before afterwards", after.admitted > 0 and not after.refused_ms)


class BareServer(Watched):
    """hyper, which answers and does nothing."""

    def __init__(self):
        process = subprocess.Popen([baseline_program("no_op"), "127.0.0.1:0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        super().__init__(process, process.stdout.readline().strip())

    def stop(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()


def baseline_program(name):
    named = os.environ.get("CROWD_PROGRAMS")
    if not named and not baseline_program.built:
        subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "-p", "usher-baseline", "--bins"], cwd=usher.ROOT, check=True)
        baseline_program.built = True
    return os.path.join(named or os.path.join(usher.ROOT, "target", "release"), name)


baseline_program.built = False


class Flood:
    """What a crowd of `flood` met, and what it took of the server."""

    def __init__(self, server, token_file, name, callers, seconds, accesses, *more):
        before, cpu = server.ran_and_waited(), server.processor_seconds()
        command = [baseline_program("flood"), "127.0.0.1:%d" % server.port, "--token-file", token_file, "--connections", str(callers),
                   "--accesses", str(accesses), "--users", str(USERS), "--seconds", str(seconds), *more]
        self.met = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        ran, waited = (now - then for now, then in zip(server.ran_and_waited(), before))
        # What was said before the end counts until the last answer came.
        self.admitted = self.met["admitted"]["calls"] * accesses
        self.per_second = self.admitted / self.met["seconds"]
        self.per_processor_second = self.admitted / max(0.01, server.processor_seconds() - cpu)
        self.share = ran / max(1, ran + waited)
        self.refused = self.met["refused"]
        self.refused_fair_ms = self.refused["p99_us"] / 1e3 * self.share
        calls = self.met["admitted"]["calls"] + self.refused["calls"]
        print("%-46s %9.0f accesses/s, %9.0f per processor second of the server; %d calls taken a second; "
              "admitted p50 %.0f ms p99 %.0f ms; %d refused, p50 %.1f ms p99 %.1f ms (CPU-fair %.1f ms; the server got %.2f of what it could use)"
              % (name, self.per_second, self.per_processor_second, calls / self.met["seconds"], self.met["admitted"]["p50_us"] / 1e3,
                 self.met["admitted"]["p99_us"] / 1e3, self.refused["calls"], self.refused["p50_us"] / 1e3, self.refused["p99_us"] / 1e3,
                 self.refused_fair_ms, self.share), flush=True)


def overload_for_long(checks, server, seconds):
    """The figures."""
    with tempfile.NamedTemporaryFile("w") as token:
        token.write(server.token)
        token.flush()

        def flood(name, callers, seconds, accesses, *more):
            met = Flood(server, token.name, name, callers, seconds, accesses, *more)
            checks.check("%s: every answer is a verdict or 503 with Retry-After" % name, not met.met["others"], met.met)
            return met

        flood("warming up", PEAK_CALLERS, 3, ACCESSES_PER_CALL)
        peaks = [flood("%d callers" % callers, callers, 10, ACCESSES_PER_CALL) for callers in (PEAK_CALLERS, 4 * PEAK_CALLERS)]
        peak = max(peaks, key=lambda met: met.per_second)
        rate = 10 * peak.per_second / ACCESSES_PER_CALL
        crowds = [("ten times the peak is offered", "--rate", "%.0f" % rate), ("2,000 come back at once",), ("2,000 patient callers", "--patient")]
        for name, *more in crowds:
            met = flood(name, 2_000, seconds, ACCESSES_PER_CALL, *more)
            share = met.per_processor_second / peak.per_processor_second
            checks.check("%s: goodput is %.2f of the peak (%.2f by the clock), at least 0.9" % (name, share, met.per_second / peak.per_second), share >= 0.9)
        checks.check("a refusal comes within %.1f ms of CPU-fair time (p99 of %d), at most %d"
                     % (met.refused_fair_ms, met.refused["calls"], REFUSED_MS_MAX), met.refused_fair_ms <= REFUSED_MS_MAX)
        after = flood("%d callers at once afterwards" % (4 * PEAK_CALLERS), 4 * PEAK_CALLERS, 5, ACCESSES_PER_CALL)
        share = after.per_processor_second / peak.per_processor_second
        checks.check("in the five seconds afterwards goodput is %.2f of the peak, at least 0.9, and nobody is refused" % share,
                     share >= 0.9 and not after.refused["calls"])


def lone_for_long(checks, server):
    """The same with one access in each call."""
    with tempfile.NamedTemporaryFile("w") as token:
        token.write(server.token)
        token.flush()

        def flood(name, callers, seconds, accesses, of):
            met = Flood(of, token.name, name, callers, seconds, accesses)
            checks.check("%s: every answer is a verdict" % name, not met.met["others"] and not met.refused["calls"], met.met)
            return met

        lone(checks, flood, server)


def lone(checks, flood, server):
    """Ten times as many callers with one access each as bring the peak. Nobody is refused then, everybody waits. Ten times as many
    connections cost the kernel and the processor's caches more for each request, whoever serves them: so the bare server is asked
    in turn."""
    bare = BareServer()
    try:
        kept = {"Usher": [], "the bare server": []}
        for _ in range(LONE_TURNS):
            for name, of in (("Usher", server), ("the bare server", bare)):
                few, many = (flood("%s: %d callers with one access each" % (name, callers), callers, 8, 1, of=of)
                             for callers in (LONE_CALLERS, 10 * LONE_CALLERS))
                kept[name].append((many.per_processor_second / few.per_processor_second, many.per_second / few.per_second))
    finally:
        bare.stop()
    (usher_share, usher_clock), (bare_share, bare_clock) = ([sorted(shares)[LONE_TURNS // 2] for shares in zip(*kept[name])] for name in kept)
    checks.check("with ten times as many callers of one access goodput is %.2f of the peak (%.2f by the clock), the bare server's %.2f (%.2f): "
                 "at least 0.9 of that" % (usher_share, usher_clock, bare_share, bare_clock), usher_share >= 0.9 * bare_share)


async def slow(checks, server, count):
    """Half-open heads and trickling bodies; honest callers meanwhile."""
    heads = [b"GET /livez HTT", b"", b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
             b"Content-Length: 100000\r\n\r\nuser="]
    opened, gone = [], 0
    quiet = await honest(server, 100)

    async def trickle(number):
        nonlocal gone
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            opened.append(writer)
            writer.write(heads[number % len(heads)])
            while True:
                await asyncio.sleep(2)
                writer.write(b"x")
                await writer.drain()
        except OSError:
            gone += 1

    tasks = [asyncio.create_task(trickle(number)) for number in range(count)]
    while len(opened) + gone < count:
        await asyncio.sleep(0.1)
    meanwhile = await honest(server, 100)
    for task in tasks:
        task.cancel()
    for writer in opened:
        writer.close()
    print("%d slow connections; honest callers: p50 %.1f ms, p99 %.1f ms (without them %.1f and %.1f)"
          % (count, percentile(meanwhile, .5), percentile(meanwhile, .99), percentile(quiet, .5), percentile(quiet, .99)))
    checks.check("every honest caller was answered beside %d slow connections" % count, len(meanwhile) == 100)
    return meanwhile


async def honest(server, calls):
    """New connections, one after the other; gives how long each took to an admitted answer."""
    call, took = server.call(), []
    for _ in range(calls):
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(call)
        status, _ = await asyncio.wait_for(answer(reader), 60)
        writer.close()
        if status == 200:
            took.append((time.monotonic() - began) * 1_000)
    return took


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seconds", type=int, default=60, help="how long each crowd of the long round stays")
    parser.add_argument("--only", default="slow,overload,lone", help="parts of the long round")
    choice = parser.parse_args()
    parts = choice.only.split(",")
    long, seconds = choice.long, choice.seconds
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    wished = 10_000 if long else 5_000
    slow_connections = wished if most == resource.RLIM_INFINITY else min(wished, most - 200)
    checks = usher.Checks()
    server = Server(usher.new_folder("overload"))
    try:
        if "slow" in parts:
            asyncio.run(slow(checks, server, slow_connections))
        if long and "overload" in parts:
            overload_for_long(checks, server, seconds)
        if long and "lone" in parts:
            lone_for_long(checks, server)
        if not long:
            asyncio.run(overload(checks, server))
        memory = server.mebibytes()
        checks.check("memory stays below %d MiB (%d)" % (MEMORY_MAX_MIB, memory), memory < MEMORY_MAX_MIB)
        checks.check("the server lives", server.process.poll() is None)
    finally:
        server.stop()
    sys.exit(checks.exit_code())


main()
