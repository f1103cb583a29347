#!/usr/bin/env python3
"""Measures shiptrace as whole processes, start to exit: time on the clock and greatest memory.

    cargo build --release
    python3 benches/speed.py [--bin target/release/shiptrace] [--runs 10] [--only WORD]

Python's standard library only. Data sets are written to target/bench/ once, from a seed. Exits with 1 where a goal is
missed or a command fails. README.md says how to read the table.
"""

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Optional

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "target" / "bench"
METRICS, DAYS, DEPLOYS = 1000, 730, 50_000
ASKED, STEP_DAY = "requests_0420", 530  # 2023-06-15
YEARS, STEP_HOUR = 5, 30_278  # 14:00 on the same day
HOURS_FROM = datetime(2020, 1, 1)

# Runs a command N times and prints seconds and kilobytes. It is a process of its own because Linux counts what the
# parent held at the fork as the child's memory: so this parent is kept as small as Python can be.
STOPWATCH = """
import os, sys, time
runs, command = int(sys.argv[1]), sys.argv[2:]
null = os.open(os.devnull, os.O_RDWR)
for _ in range(runs):
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ,
                            file_actions=[(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)])
    _, status, usage = os.wait4(child, 0)
    print(time.perf_counter() - start, usage.ru_maxrss, status)
"""


class Case(NamedTuple):
    name: str
    command: list
    seconds: Optional[float] = None  # goals; None where the figure is for information
    megabytes: Optional[float] = None


class Seen(NamedTuple):
    best: float
    median: float
    megabytes: float
    failed: bool


def measure(command, runs):
    """One warm-up run, then `runs` measured ones."""
    lines = subprocess.run([sys.executable, "-I", "-S", "-c", STOPWATCH, str(runs + 1), *map(str, command)], cwd=ROOT,
                           check=True, stdout=subprocess.PIPE, encoding="ascii").stdout.splitlines()[1:]
    seconds, kilobytes, statuses = zip(*((float(a), int(b), int(c)) for a, b, c in map(str.split, lines)))
    unit = 1e6 if sys.platform == "darwin" else 1e3  # macOS counts bytes
    return Seen(min(seconds), statistics.median(seconds), max(kilobytes) / unit, any(statuses))


def write_once(name, lines):
    """The path of a data set, which is written where it is not there yet."""
    path = DATA / name
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        with open(draft, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        draft.replace(path)
    return path


def metric_lines():
    """A long CSV of some 25 MB; every tenth metric has a step, the asked one on 2023-06-15."""
    chance = random.Random(1)
    levels = [chance.uniform(500, 9000) for _ in range(METRICS)]
    steps = {m: chance.randrange(100, DAYS - 100) for m in range(0, METRICS, 10)}
    steps[int(ASKED[-4:])] = STEP_DAY
    week = (1.05, 1.07, 1.06, 1.04, 1.0, 0.88, 0.9)
    yield "timestamp,metric,value\n"
    for d in range(DAYS):
        day = datetime(2022, 1, 1) + timedelta(days=d)
        for m, level in enumerate(levels):
            moved = 0.85 if d >= steps.get(m, DAYS) else 1
            value = level * week[day.weekday()] * moved * chance.gauss(1, 0.03)
            yield f"{day:%Y-%m-%d},requests_{m:04},{value:.2f}\n"


def hour_lines():
    """Five years of hours of one metric: a day, a week, noise that remembers, and a step within the hour STEP_HOUR."""
    chance = random.Random(3)
    noise = 0.0
    yield "timestamp,metric,value\n"
    for hour in range(YEARS * 8766):
        moment = HOURS_FROM + timedelta(hours=hour)
        day = 1 + 0.6 * math.sin((moment.hour - 8) / 24 * math.tau)
        week = 1 if moment.weekday() < 5 else 0.7
        noise = 0.5 * noise + chance.gauss(0, 0.04)
        moved = 1 - 0.15 * min(1.0, max(0.0, hour - STEP_HOUR + 0.4))
        yield f"{moment:%Y-%m-%dT%H:%M:%SZ},signups,{1000 * day * week * moved * math.exp(noise):.2f}\n"


def deploy_lines(start, days):
    """Deployments of 40 apps over the days of the metrics."""
    chance = random.Random(2)
    spread = sorted(chance.randrange(days * 86_400) for _ in range(DEPLOYS))
    yield "id,deployed_at,app,environment,repo,commit,author,status,message\n"
    for i, second in enumerate(spread):
        moment = start + timedelta(seconds=second)
        app = f"app-{chance.randrange(40):02}"
        yield (f"d{i},{moment:%Y-%m-%dT%H:%M:%SZ},{app},production,acme/{app},{chance.getrandbits(160):040x},"
               f"person-{chance.randrange(60)},success,\"Change {i} of {app}, as planned\n\nSee ticket {i % 997}.\"\n")


def cases(program):
    sample = (program,)
    metrics = write_once("metrics-1.csv", metric_lines())
    deploys = write_once("deploys-1.csv", deploy_lines(datetime(2022, 1, 1), DAYS))
    hours = write_once("hours-1.csv", hour_lines())
    five_years = write_once("deploys-5-years-1.csv", deploy_lines(HOURS_FROM, YEARS * 365))
    few = ROOT / "sample-data" / "deploys.csv"
    big = ("--no-config", "--metrics", metrics, "--deploys")
    why = ("why", ASKED, "--on", "2023-06-15")
    of_hours = ("why", "signups", "--on", "2023-06-15", "--no-config", "--metrics", hours, "--deploys", five_years)
    read = "import csv,sys\nfor row in csv.reader(open(sys.argv[1], newline='')): pass"
    return [
        Case("floor: a process that does nothing", ["true"]),
        Case("why, sample data", [*sample, "why", "confirmed_interactions", "--on", "2023-11-24"], 0.040, 100),
        Case("why, 1,000 metrics x 730 days", [program, *why, *big, few], 0.5),
        Case("scan of all of these", [program, "scan", *big, few]),
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


def main():
    parser = argparse.ArgumentParser(description="Measures shiptrace as whole processes.")
    parser.add_argument("--bin", type=Path, default=ROOT / "target" / "release" / "shiptrace")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--only", default="", metavar="WORD", help="only the cases whose name holds this word")
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
        print(f"{'':42} {'goal':>15} {'best':>10} {'median':>10} {'memory':>9}")
        for case, seen in results:
            print(f"{case.name:42} {goal(case):>15} {seen.best * 1000:7.1f} ms {seen.median * 1000:7.1f} ms "
                  f"{seen.megabytes:6.1f} MB  {verdict(case, seen)}")
    if any(verdict(c, s) in ("FAILED", "miss") for c, s in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
