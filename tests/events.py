#!/usr/bin/env python3
"""Raw events with all that is hard about them: every kind of value is the same from CSV and from Parquet, and what a plain count in
Python says.

SHIPTRACE names the program, SHIPTRACE_TEST_EVENTS how many events there are: 300,000, or the million that a release build reads as fast.
Parquet is written by DuckDB, which the environment of tests/run has.
"""

import json
import os
import subprocess
import tempfile
import unittest
from collections import Counter, defaultdict
from pathlib import Path
from zoneinfo import ZoneInfo

from support.events import events, write_csv, write_parquet

ROWS = int(os.environ.get("SHIPTRACE_TEST_EVENTS", "300000"))
ZONE = "Europe/Oslo"
# The kinds of value, each with a condition.
KINDS = {
    "confirmed": ("count", "event = 'confirmed'"),
    "revenue": ("sum(amount)", "event IN ('paid', 'confirmed') AND country IS NOT NULL"),
    "basket": ("mean(amount)", "amount >= 1"),
    "users": ("distinct(user_id)", "NOT trial OR event != 'seen'"),
    "conversion": ("ratio(event = 'confirmed')", "event LIKE 'c%'"),
    "odd": ("count", "event = 'it\\'s \"odd\", 100 %'"),
}


def configuration(source, every):
    tables = "".join(f"[metrics.{name}]\nsource = \"{source}\"\ntime = \"occurred_at\"\nvalue = \"{value}\"\n"
                     f"where = {json.dumps(where)}\nevery = \"{every}\"\n"
                     for name, (value, where) in KINDS.items())
    return f"timezone = \"{ZONE}\"\n{tables}"


class RawEvents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keep = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.keep.name)
        write_csv(cls.folder / "events.csv", ROWS)
        write_parquet(cls.folder / "events.parquet", cls.folder / "events.csv")

    @classmethod
    def tearDownClass(cls):
        cls.keep.cleanup()

    def run_program(self, source, every, *arguments):
        config = self.folder / f"{source}-{every}.toml"
        config.write_text(configuration(source, every), encoding="utf-8")
        words = [os.environ["SHIPTRACE"], *arguments, "--config", config, "--as-of", "2025-01-01", "--format", "json"]
        run = subprocess.run(list(map(str, words)), cwd=self.folder, capture_output=True, encoding="utf-8")
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_every_kind_of_value_has_the_same_answer_from_csv_and_from_parquet(self):
        for every in ("1d", "1h"):
            lists = [self.run_program(f"events.{ending}", every, "metrics") for ending in ("csv", "parquet")]
            self.assertAlike(*lists, "metrics")
            self.assertEqual([metric["metric"] for metric in lists[0]["metrics"]], sorted(KINDS))
            for name in KINDS if every == "1d" else ("confirmed",):
                answers = [self.run_program(f"events.{ending}", every, "why", name, "--on", "2024-04-10")
                           for ending in ("csv", "parquet")]
                for answer in answers:
                    del answer["next"], answer["command"]  # they name the configuration
                self.assertAlike(*answers)

    def assertAlike(self, one, other, at="answer"):
        """The same to 1e-9: sums of floats differ in their last digits where they are added in another order."""
        if isinstance(one, dict):
            self.assertEqual(one.keys(), other.keys(), at)
            for key in one:
                self.assertAlike(one[key], other[key], f"{at}.{key}")
        elif isinstance(one, list):
            self.assertEqual(len(one), len(other), at)
            for i, pair in enumerate(zip(one, other)):
                self.assertAlike(*pair, f"{at}[{i}]")
        elif isinstance(one, float) and isinstance(other, float):
            self.assertAlmostEqual(one, other, delta=1e-9 * max(1, abs(one)), msg=at)
        elif at.endswith(".text"):
            # A caveat may quote such a sum.
            self.assertEqual(one.split(":")[0], other.split(":")[0], at)
        else:
            self.assertEqual(one, other, at)

    def test_the_last_whole_day_is_what_a_plain_count_says(self):
        zone, days = ZoneInfo(ZONE), defaultdict(lambda: defaultdict(list))
        for moment, kind, user, amount, country, trial in events(ROWS):
            if moment is not None:
                days[moment.astimezone(zone).date()]["rows"].append((kind, user, amount, country, trial))
        last = max(days)
        rows = days[last]["rows"]
        found = {m["metric"]: m for m in self.run_program("events.csv", "1d", "metrics")["metrics"]}
        if any(caveat["code"] == "partial_bucket" for caveat in self.run_program("events.csv", "1d", "metrics")["caveats"]):
            rows = days[sorted(days)[-2]]["rows"]
        kinds = Counter(row[0] for row in rows)
        self.assertEqual(found["confirmed"]["buckets"], len(days))
        self.assertEqual(found["confirmed"]["last"], kinds["confirmed"])
        self.assertEqual(found["odd"]["last"], kinds["it's \"odd\", 100 %"])
        share = kinds["confirmed"] / (kinds["confirmed"] + kinds["clicked"])
        self.assertAlmostEqual(found["conversion"]["last"], share, delta=1e-15)
        amounts = [amount for _, _, amount, _, _ in rows if amount is not None and amount >= 1]
        self.assertAlmostEqual(found["basket"]["last"], sum(amounts) / len(amounts), delta=1e-10)
        revenue = [amount or 0 for kind, _, amount, country, _ in rows if kind in ("paid", "confirmed") and country]
        self.assertAlmostEqual(found["revenue"]["last"], sum(revenue), delta=1e-12 * sum(revenue) * 10)
        users = {user for kind, user, _, _, trial in rows if trial is False or (kind is not None and kind != "seen")}
        self.assertEqual(found["users"]["last"], len(users))

    def test_a_fall_of_a_third_is_found_at_its_hour(self):
        answer = self.run_program("events.parquet", "1h", "why", "confirmed", "--on", "2024-04-10")
        self.assertIn(answer["change"]["at"], [f"2024-04-10T{hour}:00:00+02:00" for hour in (13, 14, 15)])
        self.assertAlmostEqual(answer["change"]["relative"], -1 / 3, delta=0.03)


if __name__ == "__main__":
    unittest.main()
