#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Asks an admission webhook on this machine as an API server does: TLS, HTTP/1.1, connections that are kept.

load.py HOST:PORT CA REVIEW --rate N --seconds S [--connections C] [--path /validate] [--expect VERDICT] [--pid PID]

Prints one line of JSON: requests, failures, percentiles in milliseconds and, with --pid, the memory of that process
and its children in KiB before and after. Exits 1 if a request that was begun got no right answer. A connection that
the server closed behind an answer, or refused, is no failure: the next one is. Only loopback; at most 120 seconds,
1000 requests a second and 64 connections.
"""
import argparse
import asyncio
import ipaddress
import json
import os
import ssl
import sys
import time


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("ca")
    parser.add_argument("review")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--path", default="/validate")
    parser.add_argument("--name", default="localhost")
    parser.add_argument("--expect", help="allowed or denied, in every answer")
    parser.add_argument("--may-end", action="store_true", help="the server may refuse new connections at the end")
    parser.add_argument("--pid", type=int)
    options = parser.parse_args()
    host, _, port = options.server.rpartition(":")
    if not ipaddress.ip_address(host.strip("[]")).is_loopback:
        parser.error("only a server on this machine")
    if not (0 < options.seconds <= 120 and 0 < options.rate <= 1000 and 0 < options.connections <= 64):
        parser.error("at most 120 seconds, 1000 requests a second, 64 connections")
    options.host, options.port = host.strip("[]"), int(port)
    return options


def memory_of(pid):
    """KiB that a process and its children have in memory."""
    pids = [pid]
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        pids += [int(child) for child in children.read().split()]
    total = 0
    for one in pids:
        try:
            with open(f"/proc/{one}/smaps_rollup", encoding="ascii") as lines:
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except OSError:
            pass
    return total


class Load:
    def __init__(self, options):
        self.options = options
        with open(options.review, "rb") as file:
            self.review = json.load(file)
        self.context = ssl.create_default_context(cafile=options.ca)
        self.times = []
        self.failures = []
        self.refused = 0
        self.asked = 0

    async def answer(self, reader):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        body = await reader.readexactly(int(headers["content-length"]))
        return int(lines[0].split()[1]), body, headers.get("connection") == "close"

    def judge(self, uid, status, body):
        if status != 200:
            return f"{status}: {body.decode('latin-1')}"
        response = json.loads(body)["response"]
        if response["uid"] != uid:
            return "another uid"
        if self.options.expect and response["allowed"] != (self.options.expect == "allowed"):
            return f"allowed is {response['allowed']}"
        return None

    async def ask(self, connection):
        """One request; gives back the connection, or None where it was closed."""
        self.asked += 1
        uid = f"uid-{self.asked}"
        self.review["request"]["uid"] = uid
        body = json.dumps(self.review).encode()
        head = (f"POST {self.options.path}?timeout=3s HTTP/1.1\r\nHost: {self.options.name}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        begin = time.monotonic()
        fresh = connection is None
        if fresh:
            try:
                connection = await asyncio.open_connection(self.options.host, self.options.port, ssl=self.context,
                                                           server_hostname=self.options.name)
            except (ConnectionError, OSError) as error:
                self.refused += 1
                if not self.options.may_end:
                    self.failures.append(f"connect: {error}")
                return None
        reader, writer = connection
        try:
            writer.write(head + body)
            await writer.drain()
            status, said, closes = await asyncio.wait_for(self.answer(reader), 10)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.TimeoutError, ssl.SSLError) as error:
            writer.close()
            if not fresh and isinstance(error, (ConnectionError, asyncio.IncompleteReadError)) and \
                    not getattr(error, "partial", b""):
                return await self.ask(None)  # an idle connection was closed, as a client of Go's sees it
            self.failures.append(f"{type(error).__name__}: {error}")
            return None
        self.times.append(time.monotonic() - begin)
        problem = self.judge(uid, status, said)
        if problem:
            self.failures.append(problem)
        if closes:
            writer.close()
            return None
        return connection

    async def client(self, number):
        options = self.options
        connection = None
        step = options.connections / options.rate
        begin = time.monotonic()
        due = begin + step * number / options.connections
        while due < begin + options.seconds and (self.refused < 5 or not options.may_end):
            await asyncio.sleep(max(0, due - time.monotonic()))
            connection = await self.ask(connection)
            due += step
        if connection:
            connection[1].close()

    async def run(self):
        await asyncio.gather(*(self.client(number) for number in range(self.options.connections)))


def main():
    options = parse()
    load = Load(options)
    before = memory_of(options.pid) if options.pid else None
    asyncio.run(load.run())
    times = sorted(load.times)
    report = {"requests": load.asked, "answered": len(times), "failures": len(load.failures)}
    for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1)):
        report[name] = round(times[min(len(times) - 1, int(len(times) * part))] * 1000, 2) if times else None
    if options.pid and os.path.exists(f"/proc/{options.pid}"):
        report["memory"] = [before, memory_of(options.pid)]
    print(json.dumps(report))
    for failure in load.failures[:5]:
        print(failure, file=sys.stderr)
    return 1 if load.failures or not times else 0


sys.exit(main())
