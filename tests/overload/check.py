#!/usr/bin/env python3
"""More callers than Usher can serve, and callers that hardly say anything.

    tests/overload/check.py            a short round whose judgements do not depend on speed, for ./test
    tests/overload/check.py --long     the figures: goodput under ten times the peak, refusals, memory, ten thousand slow connections

`PROGRAM` of tests/support is what is served. The callers run on the same machine and take their share of it, so under overload
the server has less of the machine than at its peak: what it loses in that way is said, not hidden (its processor time per
access is printed).
"""
import argparse
import asyncio
import json
import os
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import usher  # noqa: E402

USERS = 1_000
ACCESSES_PER_CALL = 200
# As many as keep the server busy while nobody waits long.
PEAK_CALLERS = 32
MEMORY_MAX_MIB = 512
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A server of its own in a folder of its own."""

    def __init__(self, folder):
        self.data = folder
        lines = "time_ms,user_id,namespace\n" + "".join("1400000000000,%d,crm\n" % user for user in range(1, USERS + 1))
        usher.must_run("import", "accesses", "-", "--create-missing", "--data", folder, text_in=lines)
        self.token = usher.must_run("token", "issue", "--service", "--tenant", "default", "--data", folder).strip()
        self.server = usher.Server("serve", "--log-level", "error", "--listen", "127.0.0.1:0", "--data", folder)
        self.process = self.server.process
        self.port = int(self.server.base.rsplit(":", 1)[1])

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

    def stop(self):
        self.server.stop()

    def call(self):
        """The bytes of one call, the same for every caller: making them anew would cost the callers the machine."""
        accesses = [{"tenant_key": "default", "user_id": 1 + number % USERS, "namespace": "crm"} for number in range(ACCESSES_PER_CALL)]
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


async def overload(checks, server, long):
    seconds = 20 if long else 2
    few = await crowd(server, PEAK_CALLERS, seconds)
    said("%d callers" % PEAK_CALLERS, few)
    many = await crowd(server, 2_000 if long else 200, seconds * 3 if long else seconds)
    said("the crowd", many)
    after = await crowd(server, PEAK_CALLERS, 5 if long else 1)
    said("%d callers afterwards" % PEAK_CALLERS, after)
    for met in (few, many, after):
        checks.check("every answer is a verdict or 503 with Retry-After", not met.others, str(met.others[:3]))
    checks.check("somebody was served in the crowd", many.admitted > 0)
    checks.check("service is as before afterwards", after.admitted > 0 and not after.refused_ms)
    memory = server.mebibytes()
    checks.check("memory stays below %d MiB (%d)" % (MEMORY_MAX_MIB, memory), memory < MEMORY_MAX_MIB)
    if long:
        share = many.per_second / few.per_second
        checks.check("goodput under the crowd is %.2f of the peak, at least 0.9" % share, share >= 0.9)
        share = after.per_second / few.per_second
        checks.check("five seconds afterwards it is %.2f of it, at least 0.9" % share, share >= 0.9)


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
    long = parser.parse_args().long
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    wished = 10_000 if long else 5_000
    slow_connections = wished if most == resource.RLIM_INFINITY else min(wished, most - 200)
    checks = usher.Checks()
    server = Server(usher.new_folder("overload"))
    try:
        asyncio.run(slow(checks, server, slow_connections))
        asyncio.run(overload(checks, server, long))
        checks.check("the server lives", server.process.poll() is None)
    finally:
        server.stop()
    sys.exit(checks.exit_code())


main()
