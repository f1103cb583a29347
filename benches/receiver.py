#!/usr/bin/env python3
"""How many events a second a receiver acknowledges durably, how long that takes, and in how much memory.

    cargo build --release && $(tests/support/environment) benches/receiver.py [EVENTS]

Signed messages of GitHub, each a deployment of its own, are sent over loopback from 64 connections that are kept. The
requests are made beforehand and sent by a client of a few lines, in a process of its own, so that it costs the receiver
little of the machine. Every answer comes after the event is on the disk; in the end the database is counted. Beside it
stands what the disk allows: commits of one row each, one after the other, as a receiver without group commit makes them.
"""

import multiprocessing
import os
import selectors
import socket
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
os.environ.setdefault("SHIPTRACE", str(ROOT / "target" / "release" / "shiptrace"))

from receiver_durable import SECRET, github_events  # noqa: E402
from support.receiver import Receiver  # noqa: E402

CONNECTIONS = 64
SETTLED = 0.2  # the share of a run after which memory should not grow any more


def written_out(count):
    """Requests as they go over the wire."""
    for path, headers, body in github_events(count):
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        yield f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


def load(port, count, connections, results):
    """Sends all requests over connections that each wait for their answers. Puts seconds and latencies into `results`."""
    requests = list(written_out(count))
    results.put("ready")
    waiting = iter(requests)
    poll, latencies, bad = selectors.DefaultSelector(), [], 0
    began = time.perf_counter()
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(next(waiting))
        poll.register(connection, selectors.EVENT_READ, [time.perf_counter()])
    open_connections = connections
    while open_connections:
        for key, _ in poll.select():
            answer = key.fileobj.recv(4096)
            now = time.perf_counter()
            bad += not answer.startswith(b"HTTP/1.1 200")
            latencies.append(now - key.data[0])
            request = next(waiting, None)
            if request is None:
                poll.unregister(key.fileobj)
                key.fileobj.close()
                open_connections -= 1
                continue
            key.data[0] = time.perf_counter()
            key.fileobj.sendall(request)
    results.put((time.perf_counter() - began, latencies, bad))


def resident(pid):
    """Resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def watched(receiver, stop, memory):
    while not stop.wait(0.2):
        memory.append(resident(receiver.process.pid))


def single_commits(folder, seconds=3):
    """How many commits of one row the disk takes in a second."""
    with closing(sqlite3.connect(folder / "single.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE t (a)")
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            database.execute("INSERT INTO t VALUES (randomblob(500))")
            count += 1
        return count / (time.perf_counter() - began)


def main(count):
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        alone = single_commits(Path(folder))
        with Receiver(folder, "--quiet", secrets={"github": SECRET}) as receiver:
            results, memory, stop = multiprocessing.Queue(), [], threading.Event()
            sender = multiprocessing.Process(target=load, args=(receiver.port, count, CONNECTIONS, results))
            sender.start()
            results.get()
            before = resident(receiver.process.pid)
            watcher = threading.Thread(target=watched, args=(receiver, stop, memory))
            watcher.start()
            seconds, latencies, bad = results.get()
            stop.set()
            watcher.join()
            sender.join()
            commits = receiver.metric("commits_total")
            receiver.stop()
        with closing(sqlite3.connect(Path(folder) / "deploys.db")) as database:
            stored = database.execute("SELECT count(*) FROM deploys").fetchone()[0]
    report(count, alone, seconds, latencies, bad, before, memory, commits, stored)


def report(count, alone, seconds, latencies, bad, before, memory, commits, stored):
    cuts = statistics.quantiles(latencies, n=1000)
    settled = memory[int(len(memory) * SETTLED):] or [before]
    print(f"{count} events from {CONNECTIONS} connections: {count / seconds:.0f} events/s acknowledged, {bad} refused, {stored} stored")
    print(f"latency: p50 {cuts[499] * 1e3:.1f} ms, p99 {cuts[989] * 1e3:.1f} ms, p99.9 {cuts[998] * 1e3:.1f} ms")
    print(f"commits: {commits:.0f}, {count / commits:.1f} events each; single commits on this disk: {alone:.0f}/s")
    print(f"memory: {before:.0f} MB before, then {settled[0]:.0f} to {max(settled):.0f} MB, {settled[-1]:.0f} MB at the end")
    ok = bad == 0 and stored == count and count / seconds >= 2000 and cuts[989] < 0.1 and max(settled) < 100
    print("as asked (2,000 events/s, p99 below 100 ms, memory below 100 MB)" if ok else "NOT as asked")
    return ok


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
