#!/usr/bin/env python3
"""Measures what the hard HTML report costs: five years of hours, 5,000 deployments of 40 apps, messages of 4,000 characters.

    cargo build --release
    python3 benches/report.py [--bin target/release/shiptrace] [--runs 7]

The same question is answered as JSON and as the report; the difference is what writing the report costs. Whole processes, the
quickest of the runs. Exits with 1 where the goal is missed.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from datasets import hour_lines, long_message_lines, write_once

ROOT = Path(__file__).resolve().parent.parent
GOAL_SECONDS = 0.5


def quickest(command, runs):
    """Seconds on the clock of the quickest run."""
    took = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - start)
    return min(took)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=ROOT / "target" / "release" / "shiptrace")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    hours, deploys = write_once("hours.csv", hour_lines()), write_once("long-messages.csv", long_message_lines())
    why = [options.bin.resolve(), "why", "signups", "--on", "2023-06-15", "--as-of", "2025-01-01", "--no-config",
           "--metrics", hours, "--deploys", deploys]
    with tempfile.TemporaryDirectory() as folder:
        seconds = {}
        for name in ("answer.json", "report.html", "chart.svg"):
            path = Path(folder) / name
            seconds[name] = quickest([*why, "-o", path], options.runs)
            print(f"{name:12} {1000 * seconds[name]:8.1f} ms {path.stat().st_size / 1e6:8.2f} MB")
    cost = seconds["report.html"] - seconds["answer.json"]
    kept = cost <= GOAL_SECONDS and seconds["report.html"] <= GOAL_SECONDS
    print(f"written in   {1000 * cost:8.1f} ms; the goal, also of the whole process, is {1000 * GOAL_SECONDS:.0f} ms: {'ok' if kept else 'miss'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
