#!/usr/bin/env python3
"""Measures shiptrace as whole processes, start to exit: time on the clock and greatest memory.

    cargo build --release
    python3 benches/speed.py [--bin target/release/shiptrace] [--runs 10] [--only WORD] [--growth] [--peers]

Python's standard library only; --peers installs what it compares with in a virtual environment. Exits with 1 where a goal
is missed or a command fails. README.md says how to read the tables.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Optional

from datasets import ASKED, DATA, HOURS, METRIC_DAYS, deploy_lines, hour_lines, metric_lines, minutes, write_once

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 120  # seconds after which a peer is ended
NEAR = 5  # a change is found where one is told within so many points

# Runs a command N times and prints seconds and kilobytes; what the command prints is kept of the last run. It is a process
# of its own because Linux counts what the parent held at the fork as the child's memory: so this parent is kept as small as
# Python can be.
STOPWATCH = """
import os, sys, time
runs, command = int(sys.argv[1]), sys.argv[3:]
null, output = os.open(os.devnull, os.O_RDWR), os.open(sys.argv[2], os.O_RDWR | os.O_CREAT, 0o644)
keep = sys.argv[2] != os.devnull
for _ in range(runs):
    if keep:
        os.ftruncate(output, 0)
        os.lseek(output, 0, os.SEEK_SET)
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ,
                            file_actions=[(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, output, 1)])
    _, status, usage = os.wait4(child, 0)
    print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, status)
    if status: break
"""


class Case(NamedTuple):
    name: str
    command: list
    seconds: Optional[float] = None  # goals; None where the figure is for information
    megabytes: Optional[float] = None


class Seen(NamedTuple):
    best: float
    median: float
    processor: float  # median seconds of all cores together, which others on the machine disturb least
    megabytes: float
    failed: bool


def measure(command, runs, output=os.devnull):
    """One warm-up run, then `runs` measured ones; none after one that failed."""
    arguments = [str(runs + 1), str(output), *map(str, command)]
    lines = subprocess.run([sys.executable, "-I", "-S", "-c", STOPWATCH, *arguments], cwd=ROOT,
                           check=True, stdout=subprocess.PIPE, encoding="ascii").stdout.splitlines()
    lines = lines[1:] or lines
    seconds, processor, kilobytes, statuses = zip(*(map(float, line.split()) for line in lines))
    unit = 1e6 if sys.platform == "darwin" else 1e3  # macOS counts bytes
    median = statistics.median
    return Seen(min(seconds), median(seconds), median(processor), max(kilobytes) / unit, any(statuses))


def scan(program, metrics):
    return [program, "scan", "--no-config", "--metrics", metrics, "--format", "json"]


def cases(program):
    sample = (program,)
    metrics = write_once("metrics-1.csv", metric_lines())
    deploys = write_once("deploys-1.csv", deploy_lines(*METRIC_DAYS))
    hours = write_once("hours-1.csv", hour_lines())
    five_years = write_once("deploys-5-years-1.csv", deploy_lines(*HOURS))
    few = ROOT / "sample-data" / "deploys.csv"
    big = ("--no-config", "--metrics", metrics, "--deploys")
    why = ("why", ASKED, "--on", "2023-06-15")
    of_hours = ("why", "signups", "--on", "2023-06-15", "--no-config", "--metrics", hours, "--deploys", five_years)
    read = "import csv,sys\nfor row in csv.reader(open(sys.argv[1], newline='')): pass"
    return [
        Case("floor: a process that does nothing", ["true"]),
        Case("why, sample data", [*sample, "why", "confirmed_interactions", "--on", "2023-11-24"], 0.040, 100),
        Case("why, 1,000 metrics x 730 days", [program, *why, *big, few], 0.5),
        Case("scan of all of these", [program, "scan", *big, few], 1.0, 200),
        Case("scan of 100,000 minutes", scan(program, minutes(100_000)), 0.15),
        Case("scan of 1,000,000 minutes", scan(program, minutes(1_000_000)), 1.5, 300),
        Case("deploys, 50,000 of them", [program, "deploys", "--no-config", "--deploys", deploys, "--format", "json"]),
        Case("why, 1,000 metrics and 50,000 deployments", [program, *why, *big, deploys]),
        Case("why, 5 years of hours, 50,000 deployments", [program, *of_hours], 0.300, 300),
        Case("peer: wc -l of the 1,000 metrics", ["wc", "-l", metrics]),
        Case("peer: Python's csv reads them", [sys.executable, "-I", "-S", "-c", read, metrics]),
    ]


def verdict(case, seen):
    if seen.failed:
        return "FAILED"
    if case.seconds is None and case.megabytes is None:
        return ""
    slow = case.seconds is not None and seen.median > case.seconds
    large = case.megabytes is not None and seen.megabytes > case.megabytes
    return "miss" if slow or large else "ok"


def goal(case):
    seconds = f"{case.seconds * 1000:.0f} ms" if case.seconds else ""
    megabytes = f"{case.megabytes:.0f} MB" if case.megabytes else ""
    return ", ".join(filter(None, (seconds, megabytes)))


def print_growth(program, runs):
    """How the time of a scan grows with the length of a series: of all cores together, less that of a program that does nothing."""
    print(f"\n{'points':>9} {'median':>11} {'processor':>11} {'memory':>9} {'processor / (n log2 n)':>23}", flush=True)
    start = measure([program, "--version"], runs).processor
    for points in (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000):
        seen = measure(scan(program, minutes(points)), runs)
        share = (seen.processor - start) / (points * math.log2(points))
        print(f"{points:>9,} {seen.median * 1000:8.1f} ms {seen.processor * 1000:8.1f} ms {seen.megabytes:6.1f} MB "
              f"{share * 1e9:20.1f} ns" + ("  FAILED" if seen.failed else ""), flush=True)


def found(steps, changes):
    """How many of the steps are told within a few points, each change for one of them, and how many changes are none."""
    free, hits = sorted(changes), 0
    for step in steps:
        near = min(free, key=lambda at: abs(at - step), default=None)
        if near is not None and abs(near - step) <= NEAR:
            free.remove(near)
            hits += 1
    return f"{hits:,} of {len(steps):,}, {len(free):,} false"


def print_peers(program, runs):
    """shiptrace and its peers on the same files: whole processes, and the algorithm alone where a peer tells it."""
    python = DATA / "peers" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", DATA / "peers"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "ruptures==1.1.10", "apache-otava==0.8.0"], check=True)
    print(f"\n{'':34} {'process':>10} {'ratio':>7} {'processor':>10} {'ratio':>7} {'algorithm':>10} {'memory':>10}  changes")
    output = DATA / "output.json"
    for name, path in (("1,000 metrics x 730 days", write_once("metrics-1.csv", metric_lines())),
                       ("100,000 minutes", minutes(100_000)), ("1,000,000 minutes", minutes(1_000_000))):
        steps = path.with_suffix(".json")
        steps = json.loads(steps.read_text()) if steps.exists() else None
        told = (lambda changes: f"{len(changes):,} told") if steps is None else (lambda changes: found(steps, changes))
        own = measure(scan(program, path), runs, output)
        if own.failed:
            sys.exit(f"the scan of {path} failed")
        changes = told([minute(change["at"]) for change in json.loads(output.read_text())["changes"]])
        print(f"{name}\n{'  shiptrace':34} {own.median:8.2f} s {'':>7} {own.processor:8.2f} s {'':>7} {'':>10} "
              f"{own.megabytes:7.0f} MB  {changes}", flush=True)
        for peer in ("KernelCPD linear", "PELT rbf", "Otava"):
            seen = measure([python, ROOT / "benches" / "peers.py", peer, path, LIMIT], min(runs, 3), output)
            if seen.failed:
                ended = output.read_text().strip() or ("did not end" if seen.median >= LIMIT else "failed")
                print(f"  {peer:32} {ended} (after {seen.median:.0f} s)", flush=True)
                continue
            result = json.loads(output.read_text())
            print(f"  {peer:32} {seen.median:8.2f} s {seen.median / own.median:7.1f} "
                  f"{seen.processor:8.2f} s {seen.processor / own.processor:7.1f} {result['inside']:8.2f} s "
                  f"{seen.megabytes:7.0f} MB  {told(sum(result['changes'], []))}", flush=True)


def minute(moment):
    """The index of a moment in a series of minutes."""
    since = datetime.fromisoformat(moment.replace("Z", "")) - datetime(2022, 1, 1)
    return int(since.total_seconds()) // 60


def main():
    parser = argparse.ArgumentParser(description="Measures shiptrace as whole processes.")
    parser.add_argument("--bin", type=Path, default=ROOT / "target" / "release" / "shiptrace")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--only", default="", metavar="WORD", help="only the cases whose name holds this word")
    parser.add_argument("--growth", action="store_true", help="also how a scan grows with the length of a series")
    parser.add_argument("--peers", action="store_true", help="also ruptures and Apache Otava on the same data")
    parser.add_argument("--json", action="store_true", help="print JSON, for comparing runs")
    arguments = parser.parse_args()
    program = arguments.bin.resolve()
    if not program.is_file():
        sys.exit(f"there is no program at {program}: run `cargo build --release`, or say with --bin where it is")

    results = [(c, measure(c.command, arguments.runs)) for c in cases(program) if arguments.only in c.name]
    if arguments.json:
        print(json.dumps([{"name": c.name, **s._asdict(), "verdict": verdict(c, s)} for c, s in results], indent=1))
    else:
        print(f"{arguments.runs} runs each, warm, {os.cpu_count()} cores\n")
        print(f"{'':42} {'goal':>15} {'best':>10} {'median':>10} {'processor':>10} {'memory':>9}")
        for case, seen in results:
            print(f"{case.name:42} {goal(case):>15} {seen.best * 1000:7.1f} ms {seen.median * 1000:7.1f} ms "
                  f"{seen.processor * 1000:7.1f} ms {seen.megabytes:6.1f} MB  {verdict(case, seen)}")
    if arguments.growth:
        print_growth(program, arguments.runs)
    if arguments.peers:
        print_peers(program, arguments.runs)
    if any(verdict(c, s) in ("FAILED", "miss") for c, s in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
