#!/usr/bin/env python3
"""Time and memory that shiptrace itself needs for 1,000,000 rows that come from BigQuery page by page.

    cargo build --release && python3 benches/bigquery_paging.py

The service is one of our own that answers with pages made beforehand, so that its time is next to nothing; what is measured is the
processor time (user and system) and the peak memory of the process of shiptrace. Five runs, the median is told.
"""

import argparse
import http.server
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROWS, PAGE, METRICS = 1_000_000, 50_000, 10
START = 1_704_067_200  # 2024-01-01
GOAL_SECONDS, GOAL_MEGABYTES = 3.0, 300
SCHEMA = {"fields": [{"name": "c0", "type": "INTEGER"}, {"name": "c1", "type": "FLOAT"}, {"name": "c2", "type": "STRING"}]}
TABLE = {"type": "TABLE", "location": "US", "schema": {"fields": [
    {"name": "timestamp", "type": "TIMESTAMP"}, {"name": "metric", "type": "STRING"}, {"name": "value", "type": "FLOAT"}]}}
DRY = {"jobReference": {"location": "US"},
       "statistics": {"query": {"statementType": "SELECT", "totalBytesProcessed": str(ROWS * 30), "schema": SCHEMA}}}


def pages():
    """The bodies of all pages: minutes of some metrics, in no order of the metrics."""
    made = []
    for first in range(0, ROWS, PAGE):
        rows = []
        for i in range(first, first + PAGE):
            minute, metric = divmod(i, METRICS)
            micros = (START + 60 * minute) * 1_000_000
            rows.append({"f": [{"v": str(micros)}, {"v": f"{1000 + (i * 7919) % 997 / 10:.4f}"}, {"v": f"metric_{metric}"}]})
        body = {"kind": "bigquery#getQueryResultsResponse", "schema": SCHEMA, "jobComplete": True, "totalRows": str(ROWS), "rows": rows}
        if first + PAGE < ROWS:
            body["pageToken"] = str(first // PAGE + 1)
        made.append(json.dumps(body).encode())
    return made


def service(bodies):
    """Serves the pages on a free loopback port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            """Nothing."""

        def send(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            if "/tables/" in self.path:
                return self.send(json.dumps(TABLE).encode())
            token = self.path.partition("pageToken=")[2].partition("&")[0]
            return self.send(bodies[int(token or 0)])

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send(json.dumps(DRY).encode())

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"127.0.0.1:{server.server_address[1]}"


def run(program, host, folder):
    """Processor seconds, seconds by the clock and peak megabytes of one run, and what it said."""
    words = [program, "metrics", "--no-config", "--no-cache", "--quiet", "--metrics", "bigquery:my-project.prod.series",
             "--as-of", "2024-06-01", "--format", "json"]
    environment = {**os.environ, "BIGQUERY_EMULATOR_HOST": host}
    began = time.monotonic()
    process = subprocess.Popen(words, env=environment, cwd=folder, stdout=subprocess.PIPE)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"shiptrace ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024, json.loads(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    parser.add_argument("--program", default=str((target / "release" / "shiptrace").resolve()))
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    bodies = pages()
    host = service(bodies)
    with tempfile.TemporaryDirectory() as folder:
        results = [run(given.program, host, folder) for _ in range(given.runs)]
    held = sum(one["buckets"] - one["missing"] for one in results[0][3]["metrics"])
    processor, clock, memory = (statistics.median(one[i] for one in results) for i in range(3))
    print(f"{ROWS:,} rows in {len(bodies)} pages ({sum(map(len, bodies)) / 1e6:.0f} MB of JSON), {held:,} values held")
    print(f"processor time  {processor:.2f} s (goal at most {GOAL_SECONDS:.0f} s)")
    print(f"by the clock    {clock:.2f} s, the service's time included")
    print(f"peak memory     {memory:.0f} MB (goal at most {GOAL_MEGABYTES} MB)")
    return held != ROWS or processor > GOAL_SECONDS or memory > GOAL_MEGABYTES


if __name__ == "__main__":
    raise SystemExit(main())
