#!/usr/bin/env python3
"""Google's analyser takes every statement that shiptrace ships in queries/ and every one that it makes, and the test engine runs them."""

import re
import unittest

from bigquery import analysis
from bigquery.catalog import Table
from bigquery.errors import ApiError
from bigquery.service import BigQuery
from bigquery.values import Column
from support.program import ROOT

QUERIES = sorted((ROOT / "queries").glob("*.sql"))
SNAPSHOTS = sorted((ROOT / "src" / "sources" / "bigquery" / "snapshots").glob("*.snap"))
PARAMETER = re.compile(r"^-- @(\w+) (\S+) ", re.M)

# The tables that queries/ and the snapshots name, with the columns that they are said to have.
EVENTS = [("occurred_at", "TIMESTAMP"), ("day", "DATE"), ("local", "DATETIME"), ("event", "STRING"), ("user", "STRING"),
          ("country", "STRING"), ("amount", "FLOAT64"), ("items", "INT64"), ("is_new", "BOOL"), ("labels", "JSON")]
DEPLOYS = [("deployed_at", "TIMESTAMP"), *((name, "STRING") for name in (
    "app", "environment", "repo", "commit", "branch", "message", "author", "status", "url", "id", "source", "kind")),
           ("changed_at", "TIMESTAMP"), ("version", "INT64"), ("extra", "STRING")]
TABLES = {
    "my-project.analytics.events": EVENTS,
    "my-project.analytics.daily_metrics": [("timestamp", "TIMESTAMP"), ("metric", "STRING"), ("value", "FLOAT64")],
    "my-project.ops.deploy_events": DEPLOYS,
    "my-project.ops.cloud_builds": [("subscription_name", "STRING"), ("message_id", "STRING"), ("publish_time", "TIMESTAMP"),
                                    ("data", "STRING"), ("attributes", "STRING")],
}
# Snapshots call every other table p.d.t, and mean another one each time.
OTHERS = {"deploy_events": [*DEPLOYS, ("labels", "JSON")], "ready_values": [("timestamp", "DATETIME"), ("metric", "STRING"),
                                                                              ("value", "FLOAT64")]}
USUAL = {"from": "TIMESTAMP", "to": "TIMESTAMP", "timezone": "STRING", "apps": "ARRAY<STRING>", "names": "ARRAY<STRING>"}


def parameters(kinds):
    """Parameters as a request has them, without values."""
    made = []
    for name, kind in kinds.items():
        inner = re.fullmatch(r"ARRAY<(\w+)>", kind)
        made.append({"name": name, "parameterType": {"type": "ARRAY", "arrayType": {"type": inner[1]}} if inner else {"type": kind}})
    return made


def table(path, columns, **more):
    """A table that is only there to be named."""
    return Table(*path.split("."), [Column.from_json({"name": name, "type": kind}) for name, kind in columns], **more)


def analysed(sql, kinds, others=()):
    """What the analyser makes of a statement; an error names what it does not take."""
    found = []
    for path in analysis.table_paths(sql):
        name = ".".join(path)
        columns = TABLES.get(name) or others
        found.append((path, table(name, columns, partition={"type": "DAY"})))
    return analysis.meaning(sql, found, parameters(kinds))


def example_values(sql):
    """Parameters of a statement of queries/: the usual ones, and @p1, @p2 ... as texts."""
    return {**USUAL, **{name: "STRING" for name in re.findall(r"@(p\d+)", sql)}}


def statement_of(snapshot):
    """A statement out of a snapshot, with the types of its parameters; None where it holds something else."""
    content = snapshot.read_text(encoding="utf-8").split("---\n", 2)[-1]
    kinds = dict(PARAMETER.findall(content))
    return (content, kinds) if kinds else None


class Statements(unittest.TestCase):
    def test_there_are_statements_to_look_at(self):
        self.assertGreaterEqual(len(QUERIES), 9)
        self.assertGreaterEqual(len([one for one in SNAPSHOTS if statement_of(one)]), 5)

    def test_each_statement_of_queries_is_one_and_says_what_it_is_for(self):
        for path in QUERIES:
            with self.subTest(path.name):
                sql = path.read_text(encoding="utf-8")
                self.assertTrue(sql.startswith("-- "), "a comment comes first that says what the statement is for")
                analysed(sql, example_values(sql))

    def test_each_statement_in_the_snapshots_is_taken(self):
        for path in SNAPSHOTS:
            found = statement_of(path)
            if found:
                with self.subTest(path.name):
                    others = next((columns for name, columns in OTHERS.items() if name in path.name), EVENTS)
                    self.assertTrue(analysed(*found, others).is_query)

    def test_each_bucket_of_each_step_is_taken(self):
        path = next(one for one in SNAPSHOTS if "exact_buckets" in one.name)
        lines = path.read_text(encoding="utf-8").split("---\n", 2)[-1].strip().split("\n")
        self.assertGreater(len(lines), 5)
        for line in lines:
            step, expression = line.split(": ", 1)
            with self.subTest(step):
                sql = f"SELECT {expression} AS bucket FROM `my-project.analytics.events`"
                self.assertEqual(analysed(sql, USUAL).columns[0].type, "INTEGER")

    def test_a_wrong_statement_would_be_seen(self):
        for sql in ("SELECT nope FROM `my-project.analytics.events`", "SELECT COUNTIF(event) FROM `my-project.analytics.events`",
                    "SELECT @other", "SELECT 1 FROM `my-project.analytics.events` WHERE occurred_at > DATE '2024-01-01'"):
            with self.subTest(sql), self.assertRaises(ApiError):
                analysed(sql, USUAL)


class Running(unittest.TestCase):
    """The tables and the view of queries/ are made, in the order in which one needs the other, and every query runs."""

    def test_tables_are_made_and_every_query_runs_on_them(self):
        with BigQuery(project="my-project") as service:
            for dataset in ("ops", "analytics"):
                service.catalog.create_dataset("my-project", dataset)
            service.create_table("my-project.analytics.events", EVENTS, partition="occurred_at", requires_filter=True)
            creates = [path for path in QUERIES if path.name.startswith("create_")]
            for path in sorted(creates, key=lambda path: "view" in path.name):
                self.run_on(service, path)
            for path in QUERIES:
                if path not in creates:
                    with self.subTest(path.name):
                        self.assertEqual(self.run_on(service, path), [])
            made = service.catalog.table("my-project", "analytics", "daily_metrics")
            self.assertEqual((made.partition["field"], made.requires_filter, made.clustering), ("timestamp", True, ["metric"]))

    def run_on(self, service, path):
        sql = path.read_text(encoding="utf-8")
        values = {"TIMESTAMP": {"value": "2024-01-01T00:00:00Z"}, "STRING": {"value": "UTC"}, "ARRAY<STRING>": {"arrayValues": []}}
        kinds = {name: kind for name, kind in example_values(sql).items() if f"@{name}" in sql}
        given = [{**one, "parameterValue": values[kinds[one["name"]]]} for one in parameters(kinds)]
        job = service.jobs.insert("my-project", {"query": {"query": sql, "useLegacySql": False, "queryParameters": given}}, {})
        self.assertTrue(job.done.wait(60))
        self.assertIsNone(job.error, f"{path.name}: {job.error}")
        return job.rows


if __name__ == "__main__":
    unittest.main(verbosity=2)
