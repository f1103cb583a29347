#!/usr/bin/env python3
"""Raw events of a seed, with what makes real ones hard: written as CSV, and as Parquet where duckdb is installed.

    python tests/support/events.py FOLDER [--rows 1000000] [--seed 1]

Writes FOLDER/events.csv and FOLDER/events.parquet, the same events in the same order. Times are written in two zones (with the
offset of Oslo and of New York, across the clock change of both) and in UTC. Some rows are late, some come twice, some have no time,
kind, amount or country. `events()` yields them as Python values for who loads them into another engine.
"""

import argparse
import csv
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

COLUMNS = ("occurred_at", "event", "user_id", "amount", "country", "trial")
KINDS, WEIGHTS = ("seen", "clicked", "confirmed", "paid", "it's \"odd\", 100 %"), (50, 25, 15, 9, 1)
COUNTRIES = ("NO", "SE", "DK", "US", "")
ZONES = (ZoneInfo("Europe/Oslo"), ZoneInfo("America/New_York"), timezone.utc)
# From a week before clocks change in New York to some weeks after they change in Oslo.
FIRST, DAYS = datetime(2024, 3, 3, tzinfo=timezone.utc), 60
# At noon of this day confirmations fall by a third.
FALL = datetime(2024, 4, 10, 12, tzinfo=timezone.utc)


def events(rows=1_000_000, seed=1):
    """Tuples in the order of COLUMNS: an aware datetime, texts, a float, a bool; None where there is no value."""
    chance = random.Random(seed)
    step = DAYS * 86_400 / rows
    last = None
    for i in range(rows):
        if last and chance.random() < 0.002:
            yield last
            continue
        moment = FIRST + timedelta(seconds=int(i * step))
        if chance.random() < 0.01:
            moment -= timedelta(seconds=min(chance.randrange(2 * 86_400), int(i * step)))
        kind = chance.choices(KINDS, WEIGHTS)[0]
        if kind == "confirmed" and moment >= FALL and chance.random() < 1 / 3:
            kind = "seen"
        gone = chance.random()
        last = (None if gone < 0.001 else moment.astimezone(ZONES[i % 3]),
                None if 0.001 <= gone < 0.006 else kind,
                f"u{int(chance.paretovariate(0.9)) % 50_000}",
                None if chance.random() < 0.3 else round(chance.lognormvariate(3, 1), 2),
                COUNTRIES[int(chance.random() ** 2 * 5)] or None,
                None if chance.random() < 0.1 else chance.random() < 0.2)
        yield last


def cell(value):
    """A value as CSV has it: RFC 3339 with the offset of its zone, true and false, an empty cell."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value


def write_csv(path, rows=1_000_000, seed=1):
    """Writes the events as CSV."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(map(cell, event) for event in events(rows, seed))


def write_parquet(path, source):
    """Writes the CSV once more as Parquet, with a type for each column."""
    import duckdb

    types = ("TIMESTAMPTZ", "VARCHAR", "VARCHAR", "DOUBLE", "VARCHAR", "BOOLEAN")
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in zip(COLUMNS, types))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
        connection.execute(f"COPY (SELECT * FROM read_csv('{source}', header = true, columns = {{{columns}}})) "
                           f"TO '{path}' (FORMAT parquet)")


def main():
    parser = argparse.ArgumentParser(description="Writes raw events of a seed as CSV and Parquet.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    source = arguments.folder / "events.csv"
    write_csv(source, arguments.rows, arguments.seed)
    write_parquet(arguments.folder / "events.parquet", source)


if __name__ == "__main__":
    main()
