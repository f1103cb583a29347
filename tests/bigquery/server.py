#!/usr/bin/env python3
"""Runs the test engine by hand: see README.md.

    $(tests/support/environment) tests/bigquery/server.py --port 9050 --load events.csv=test-proj.prod.events
"""

import argparse
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bigquery.faults import KINDS  # noqa: E402
from bigquery.service import BigQuery, wait_for_ever  # noqa: E402

DUCKDB_TO_SCHEMA = {
    "VARCHAR": "STRING", "BIGINT": "INTEGER", "INTEGER": "INTEGER", "DOUBLE": "FLOAT", "BOOLEAN": "BOOLEAN", "DATE": "DATE",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "TIMESTAMP": "TIMESTAMP", "JSON": "JSON", "BLOB": "BYTES",
}


def load(service, given, partition):
    """Loads FILE=PROJECT.DATASET.TABLE: the columns are those that DuckDB finds in the file."""
    file, _, path = given.rpartition("=")
    reader = "read_parquet" if file.endswith(".parquet") else "read_json" if file.endswith("json") else "read_csv"
    relation = f"{reader}('{file.replace(chr(39), chr(39) * 2)}')"
    described = service.catalog.connection().execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    columns = [(name, DUCKDB_TO_SCHEMA.get(str(kind), "STRING")) for name, kind, *_ in described]
    service.create_table(path, columns, partition if any(name == partition for name, _ in columns) else None)
    service.load(path, relation)
    print(f"{path}: {len(service.rows(path, '1'))} rows, {', '.join(f'{name} {kind}' for name, kind in columns)}")


def main():
    parser = argparse.ArgumentParser(description="A BigQuery for tests, on loopback.")
    parser.add_argument("--port", type=int, default=9050)
    parser.add_argument("--project", default="test-proj")
    parser.add_argument("--load", action="append", default=[], metavar="FILE=PROJECT.DATASET.TABLE")
    parser.add_argument("--partition", metavar="COLUMN", help="partition the loaded tables by this column, by day")
    parser.add_argument("--slow", type=float, default=0, metavar="SECONDS", help="how long a query takes at least")
    parser.add_argument("--fault", action="append", default=[], metavar="KIND[:TIMES[:PATH]]", help=f"one of {', '.join(KINDS)}")
    parser.add_argument("--fault-share", type=float, default=0, help="the share of requests that fail in retryable ways")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with BigQuery(given.port, given.project) as service:
        for one in given.load:
            load(service, one, given.partition)
        service.jobs.slowness_seconds = given.slow
        for one in given.fault:
            kind, times, path = (one.split(":") + ["1", ""])[:3]
            service.faults.next(kind, int(times), path)
        service.faults.randomly(given.fault_share, given.seed)
        print(f"BIGQUERY_EMULATOR_HOST={service.host}", flush=True)
        wait_for_ever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
