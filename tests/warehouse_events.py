#!/usr/bin/env python3
"""A metric is defined once over raw events, and is the same from CSV, Parquet and BigQuery: every kind of value, in two zones,
across clock changes, with missing values, late rows and duplicates."""

import datetime
import json
import math
import subprocess
import sys
import unittest
import zoneinfo
from pathlib import Path
from tempfile import TemporaryDirectory

from bigquery.analysis import structure
from support import events
from support.warehouse import Warehouse

ROWS = 1_000_000
TABLE = "test-proj.shop.events"
NOW = "2024-05-03T00:00:00Z"
ON = "2024-04-10"
COLUMNS = [("occurred_at", "TIMESTAMP"), ("event", "STRING"), ("user_id", "STRING"), ("amount", "FLOAT64"), ("country", "STRING"),
           ("trial", "BOOL")]
ZONES = ("Europe/Oslo", "America/New_York")
DEFINITIONS = {
    "confirmed": {"where": "event = 'confirmed'", "value": "count"},
    "amount": {"where": "event = 'confirmed' AND amount IS NOT NULL", "value": "sum(amount)"},
    "mean_amount": {"value": "mean(amount)"},
    "persons": {"where": "event = 'confirmed'", "value": "distinct(user_id)"},
    "rate": {"where": "event in ('clicked', 'confirmed')", "value": "ratio(event = 'confirmed')"},
    "conditions": {"where": "(country in ('NO', 'DK') or country is null) and not (amount between 5 and 20) and user_id like 'u1%'",
                   "value": "count"},
}
DEPLOYS = """id,deployed_at,app,environment,status,message
a,2024-04-08T08:00:00Z,web,production,success,Move a button
b,2024-04-10T11:50:00Z,web,production,success,Confirm only with a second factor
c,2024-04-10T19:00:00Z,api,production,success,Log more
"""


def near(one, other, share):
    """Whether two parts of answers are the same; floats may differ by a share, since sums of floats depend on their order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(near(one[key], other[key], share) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(near(*pair, share) for pair in zip(one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=share, abs_tol=1e-12)
    return one == other


class Definitions(Warehouse):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        subprocess.run([sys.executable, Path(events.__file__), folder.name, "--rows", str(ROWS)], check=True)
        cls.csv, cls.parquet = Path(folder.name) / "events.csv", Path(folder.name) / "events.parquet"
        cls.service.create_table(TABLE, COLUMNS, partition="occurred_at", requires_filter=True)
        cls.service.load(TABLE, f"read_parquet('{cls.parquet}')")
        cls.sources = {"csv": str(cls.csv), "parquet": str(cls.parquet), "bigquery": f"bigquery:{TABLE}"}

    def config(self, source, definitions):
        """A configuration with these metrics over this source."""
        self.write("deploys.csv", DEPLOYS)
        lines = ["[deploys]", 'source = "deploys.csv"']
        for name, keys in definitions.items():
            lines.append(f"[metrics.{name}]")
            keys = {"source": source, "time": "occurred_at", "every": "1d", **keys}
            lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        return self.write("shiptrace.toml", "\n".join(lines) + "\n")

    def asked(self, command, source, definitions, zone, *more):
        config = self.config(self.sources[source], definitions)
        answer = self.answer(*command, "--config", config, "--timezone", zone, "--as-of", NOW, "--history", "200d", "--no-cache", *more)
        return json.loads(json.dumps(answer).replace(self.sources[source], "SOURCE"))

    def test_scan_says_the_same_of_csv_parquet_and_bigquery_in_two_zones(self):
        for zone in ZONES:
            answers = {source: self.asked(("scan",), source, DEFINITIONS, zone, "--since", "2024-03-05", "--fdr", "0.5")
                       for source in self.sources}
            with self.subTest(zone):
                self.assertGreaterEqual({one["metric"] for one in answers["parquet"]["changes"]}, {"confirmed", "rate", "amount"})
                self.same(answers)

    def test_metrics_says_the_same_of_every_kind_of_value(self):
        answers = {source: self.asked(("metrics",), source, DEFINITIONS, ZONES[0]) for source in self.sources}
        self.assertEqual(len(answers["parquet"]["metrics"]), len(DEFINITIONS))
        self.same(answers)

    def test_why_says_the_same_and_finds_the_culprit(self):
        for name in ("confirmed", "rate"):
            answers = {source: self.asked(("why", name, "--on", ON), source, {name: DEFINITIONS[name]}, ZONES[0])
                       for source in self.sources}
            with self.subTest(name):
                self.same(answers)
                if name == "confirmed":
                    self.assertEqual(answers["parquet"]["suspects"][0]["deploy"]["id"], "b")
                # Counts and ratios are the same to the last digit.
                for source in ("csv", "bigquery"):
                    self.assertEqual(answers[source]["change"], answers["parquet"]["change"])

    def same(self, answers, share=1e-9):
        """All sources give one answer. BigQuery is asked about a stretch of time only, and so does not see events without one."""
        for answer in answers.values():
            answer["caveats"] = [one["code"] for one in answer["caveats"]
                                 if one["code"] not in ("bounded_history", "events_without_time")]
        for source in ("csv", "bigquery"):
            if not near(answers[source], answers["parquet"], share):
                self.assertEqual(answers[source], answers["parquet"], source)

    def test_the_buckets_that_come_from_bigquery_are_those_of_the_local_days(self):
        before = set(self.service.jobs.all)
        for zone in ZONES:
            with self.subTest(zone):
                self.asked(("why", "confirmed", "--on", ON), "bigquery", {"confirmed": DEFINITIONS["confirmed"]}, zone)
                job = next(job for key, job in self.service.jobs.all.items() if key not in before)
                before = set(self.service.jobs.all)
                names = [column.name for column in job.plan.meaning.columns]
                got = {row[names.index("bucket")]: row[names.index("m0")] for row in job.rows}
                wanted = self.service.catalog.connection().execute(f"""
                    SELECT (occurred_at AT TIME ZONE '{zone}')::DATE AS day, count(*) FILTER (event = 'confirmed')
                    FROM read_parquet('{self.parquet}') WHERE occurred_at >= $from AND occurred_at < $to GROUP BY day""",
                    {name: job.plan.values[name] for name in ("from", "to")}).fetchall()
                days = {start(day, zone): count for day, count in wanted}
                self.assertEqual(got, days)
                self.assertGreater(len(days), 50)

    def test_hours_and_weeks_are_the_same_too(self):
        for every, on in (("1h", f"{ON}T13:00"), ("1w", ON)):
            definitions = {"confirmed": {**DEFINITIONS["confirmed"], "every": every}, "rate": {**DEFINITIONS["rate"], "every": every}}
            for name in definitions:
                answers = {source: self.asked(("why", name, "--on", on), source, {name: definitions[name]}, ZONES[0])
                           for source in ("parquet", "bigquery")}
                with self.subTest(every, name=name):
                    self.assertEqual(answers["bigquery"]["change"], answers["parquet"]["change"])
                    self.assertTrue(near(answers["bigquery"]["suspects"], answers["parquet"]["suspects"], 1e-9))

    def test_several_metrics_are_one_scan_of_the_table(self):
        before = len(self.service.jobs.all)
        self.asked(("scan",), "bigquery", DEFINITIONS, ZONES[0])
        self.assertLessEqual(len(self.service.jobs.all) - before, 2)

    def test_a_hostile_condition_is_parameters_or_an_error_and_never_a_part_of_the_statement(self):
        hostile = ["event = 'x'' OR ''1''=''1'", "event = 'x\\' OR 1=1 --'", "event = '`; DROP TABLE events; --'", "event = '@from'"]
        refused = ["event = 'x'; DROP TABLE events", "event = (SELECT 1)", "TRUE) OR (TRUE", "event = SESSION_USER()", "1=1 -- ", "event ="]
        shapes = set()
        for text in hostile:
            self.service.requests.clear()
            self.shiptrace("why", "m", "--on", ON, "--config", self.config(f"bigquery:{TABLE}", {"m": {
                "where": text, "value": "count"}}), "--as-of", NOW, "--no-cache")
            shapes |= {structure(one.body["configuration"]["query"]["query"]) for one in self.service.asked("/jobs", "POST")}
        self.assertEqual(len(shapes), 1, shapes)
        for text in refused:
            with self.subTest(text):
                self.service.requests.clear()
                self.fails(2, "why", "m", "--on", ON, "--config", self.config(f"bigquery:{TABLE}", {"m": {
                    "where": text, "value": "count"}}), "--as-of", NOW, "--no-cache")
                self.assertEqual(self.service.asked("/jobs", "POST"), [])


def start(day, zone):
    """The first second of a local day, as seconds since 1970."""
    return int(datetime.datetime.combine(day, datetime.time(), zoneinfo.ZoneInfo(zone)).timestamp())


if __name__ == "__main__":
    unittest.main(verbosity=2)
