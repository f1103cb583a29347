#!/usr/bin/env python3
"""Daily counts of one event in a time zone out of raw events, beside DuckDB: the same files, the same aggregation, two threads.

    cargo build --release
    python3 benches/events.py [--bin target/release/shiptrace] [--runs 5] [--only csv|parquet] [--rows-csv N] [--rows-parquet N]

Whole processes, start to exit, one of shiptrace and one of DuckDB in turn, after one of each that is not counted. The events are
made by DuckDB once, from a fixed function of the row number, and kept in target/bench/. Exits with 1 where a goal is missed.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from datasets import DATA
from speed import ROOT, measure

VERSION = "2.0.1"
ZONE, EVENT = "Europe/Oslo", "confirmed"
MEMORY = 500  # MB, of shiptrace
# Rows, and the goal as a share of DuckDB's time.
CASES = {"csv": (10_000_000, 0.7), "parquet": (50_000_000, 0.8)}

MAKE = """
import sys, duckdb
kind, rows, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
duckdb.sql("SET TimeZone = 'UTC'; SET threads = 2; SET preserve_insertion_order = true; SET enable_progress_bar = false")
moment = f"make_timestamptz(1704067200000000 + (i * (31536000000000 // {rows})) - (hash(i + 1) % 3600000000)::BIGINT)"
time = moment if kind == "parquet" else f"strftime({moment}, '%Y-%m-%dT%H:%M:%SZ')"
kinds = ["seen", "seen", "clicked", "opened", "opened", "confirmed", "closed", "paid"]
select = f\"\"\"SELECT {time} AS occurred_at, {kinds}[1 + (hash(i) % 8)::BIGINT] AS event, 'user-' || (hash(i + 2) % 1000000) AS user_id,
    ['NO', 'SE', 'DK', 'US'][1 + (hash(i + 3) % 4)::BIGINT] AS country, (hash(i + 4) % 100000) / 100 AS amount,
    ['ios', 'android', 'web'][1 + (hash(i + 5) % 3)::BIGINT] AS platform FROM range({rows}) t(i)\"\"\"
options = "FORMAT parquet" if kind == "parquet" else "FORMAT csv, HEADER true"
duckdb.sql(f"COPY ({select}) TO '{path}' ({options})")
"""

PEER = """
import sys, time, duckdb
kind, path, zone, event = sys.argv[1:]
start = time.perf_counter()
duckdb.sql("SET threads = 2; SET enable_progress_bar = false")
table = f"read_parquet('{path}')" if kind == "parquet" else \\
    f"read_csv('{path}', header = true, columns = {{'occurred_at': 'TIMESTAMPTZ', 'event': 'VARCHAR', " \\
    f"'user_id': 'VARCHAR', 'country': 'VARCHAR', 'amount': 'DOUBLE', 'platform': 'VARCHAR'}})"
rows = duckdb.sql(f"SELECT date_trunc('day', timezone('{zone}', occurred_at)) d, count(*) n FROM {table} "
                  f"WHERE event = '{event}' GROUP BY d ORDER BY d").fetchall()
import json
print(json.dumps({"seconds": time.perf_counter() - start, "buckets": len(rows), "last": [n for _, n in rows[-2:]]}))
"""


def peers():
    """The Python of a virtual environment with DuckDB in it."""
    python = DATA / "duckdb" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", DATA / "duckdb"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"duckdb=={VERSION}"], check=True)
    return python


def made(python, kind, rows):
    """The path of the events, which are written where they are not there yet."""
    path = DATA / f"events-{rows}.{kind}"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        subprocess.run([python, "-c", MAKE, kind, str(rows), draft], check=True)
        draft.replace(path)
    return path


def configured(path):
    """A configuration that defines the metric over these events."""
    config = DATA / f"{path.name}.toml"
    config.write_text(f'timezone = "{ZONE}"\n[metrics.confirmed]\nsource = "{path.name}"\ntime = "occurred_at"\n'
                      f'where = "event = \'{EVENT}\'"\nvalue = "count"\n', encoding="utf-8")
    return config


def compare(program, python, kind, rows, runs):
    """The rows of the table of one kind of file, and whether the goals are met."""
    path = made(python, kind, rows)
    own = [program, "metrics", "--config", configured(path), "--as-of", "2030-01-01", "--format", "json"]
    peer = [python, "-I", "-c", PEER, kind, path, ZONE, EVENT]
    output = DATA / "output.json"
    seen, told = {"shiptrace": [], "DuckDB": []}, {}
    inside = []
    for run in range(runs):
        for name, command in (("shiptrace", own), ("DuckDB", peer)):
            # The first run of each warms up, and is not counted.
            one = measure(command, 1 if run == 0 else 0, output)
            if one.failed:
                sys.exit(f"{name} failed on {path}: {output.read_text()}")
            seen[name].append(one)
            told[name] = json.loads(output.read_text())
        inside.append(told["DuckDB"]["seconds"])
    metric = told["shiptrace"]["metrics"][0]
    # shiptrace gives no value to a last day that the events end in.
    last = told["DuckDB"]["last"][-1 - metric["missing"]]
    alike = (metric["buckets"], metric["last"]) == (told["DuckDB"]["buckets"], last)
    times = {name: median(one.best for one in all_runs) for name, all_runs in seen.items()}
    memory = {name: max(one.megabytes for one in all_runs) for name, all_runs in seen.items()}
    ratio, goal = times["shiptrace"] / times["DuckDB"], CASES[kind][1]
    size = path.stat().st_size / 1e6
    print(f"\n{kind}: {rows:,} events, {size:.0f} MB; {metric['buckets']} days, the results are "
          f"{'the same' if alike else 'NOT THE SAME'}")
    for name in seen:
        every = " ".join(f"{one.best:.2f}" for one in seen[name])
        processor = median(one.processor for one in seen[name])
        print(f"  {name:10} {times[name]:6.2f} s  processor {processor:6.2f} s  {memory[name]:6.0f} MB   ({every})")
    good = alike and ratio <= goal and memory["shiptrace"] <= MEMORY
    print(f"  ratio {ratio:.2f} (goal {goal}); to DuckDB's query alone, without Python's start, {times['shiptrace'] / median(inside):.2f}; "
          f"memory goal {MEMORY} MB: {'ok' if good else 'MISS'}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description="Aggregates raw events beside DuckDB.")
    parser.add_argument("--bin", type=Path, default=ROOT / "target" / "release" / "shiptrace")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=CASES)
    parser.add_argument("--rows-csv", type=int, default=CASES["csv"][0])
    parser.add_argument("--rows-parquet", type=int, default=CASES["parquet"][0])
    parser.add_argument("--make", action="store_true", help="only write the events")
    arguments = parser.parse_args()
    python = peers()
    rows = {"csv": arguments.rows_csv, "parquet": arguments.rows_parquet}
    kinds = [kind for kind in CASES if arguments.only in (None, kind)]
    if arguments.make:
        return [made(python, kind, rows[kind]) for kind in kinds]
    program = arguments.bin.resolve()
    if not program.is_file():
        sys.exit(f"there is no program at {program}: run `cargo build --release`, or say with --bin where it is")
    good = [compare(program, python, kind, rows[kind], arguments.runs) for kind in kinds]
    if not all(good):
        sys.exit(1)


if __name__ == "__main__":
    main()
