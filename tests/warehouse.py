#!/usr/bin/env python3
"""`why`, `scan`, `deploys` and `metrics` end to end from BigQuery: the test engine runs the SQL that shiptrace sends."""

import csv
import datetime
import json
import os
import re
import time
import unittest
import uuid

from google.api_core.exceptions import NotFound
from google.cloud import bigquery as client

from bigquery import analysis
from support.program import ROOT, Programs
from support.warehouse import BUILDS, DEPLOYS, METRICS, NOW, SAMPLE, Warehouse, messages, sample_deploys

WHY = ("why", "confirmed_interactions", "--on", "2023-11-24", "--as-of", NOW)
FILES = ("--no-config", "--metrics", SAMPLE / "interactions.csv", "--deploys", SAMPLE / "deploys.csv")
TABLES = ("--no-config", "--metrics", f"bigquery:{METRICS}", "--deploys", f"bigquery:{DEPLOYS}")


def instant(text):
    """A moment of an answer."""
    return datetime.datetime.fromisoformat(text)


def suspects(answer):
    """What an answer says of each suspect, without where it was read and the fraction of the second."""
    left_out = ("source", "deployed_at", "url")
    return [(one["rank"], round(one["probability"], 6), {key: value for key, value in one["deploy"].items() if key not in left_out})
            for one in answer["suspects"]]


class Answers(Warehouse):
    def test_why_says_of_tables_what_it_says_of_files(self):
        files, tables = self.answer(*WHY, *FILES), self.answer(*WHY, *TABLES, "--history", "200d")
        self.assertEqual(tables["change"], files["change"])
        self.assertEqual(tables["suspects"], files["suspects"])
        self.assertEqual(tables["none"], files["none"])
        self.assertEqual(tables["series"], files["series"])

    def test_scan_says_of_tables_what_it_says_of_files(self):
        scan = ("scan", "--as-of", NOW)
        files, tables = self.answer(*scan, *FILES), self.answer(*scan, *TABLES, "--history", "200d")
        self.assertGreater(len(files["changes"]), 0)
        self.assertEqual(tables["changes"], files["changes"])

    def test_deployments_are_read_out_of_raw_cloud_build_messages(self):
        read = self.answer("deploys", "--no-config", "--deploys", f"bigquery:{BUILDS}", "--as-of", NOW, "--history", "200d")["deploys"]
        wanted = {deploy["id"]: deploy for deploy in sample_deploys()}
        files = self.answer("deploys", "--no-config", "--deploys", SAMPLE / "deploys.csv", "--as-of", NOW)["deploys"]
        self.assertEqual([deploy["id"] for deploy in read], [deploy["id"] for deploy in files])
        for deploy in read:
            given = wanted[deploy["id"]]
            # The moment is that of the build's end, not of its message.
            self.assertEqual(instant(deploy["deployed_at"]).replace(microsecond=0), instant(given["deployed_at"]))
            self.assertNotEqual(instant(deploy["deployed_at"]).microsecond, 500_000)
            for key in ("app", "environment", "repo", "commit", "branch", "author", "message"):
                self.assertEqual(deploy[key] or "", given[key], key)

    def test_why_finds_the_culprit_from_raw_cloud_build_messages(self):
        builds = ("--no-config", "--metrics", f"bigquery:{METRICS}", "--deploys", f"bigquery:{BUILDS}", "--history", "200d")
        files, answer = self.answer(*WHY, *FILES), self.answer(*WHY, *builds)
        self.assertEqual(answer["change"], files["change"])
        self.assertEqual([one[2]["id"] for one in suspects(answer)][:3], [one[2]["id"] for one in suspects(files)][:3])
        self.assertEqual(answer["suspects"][0]["deploy"]["message"].split("\n")[0],
                         "Require a confirmed domain before an interaction counts")
        self.assertEqual(sorted(one["reason"] for one in answer["excluded"]), sorted(one["reason"] for one in files["excluded"]))

    def test_scan_reads_raw_cloud_build_messages(self):
        builds = ("--no-config", "--metrics", f"bigquery:{METRICS}", "--deploys", f"bigquery:{BUILDS}", "--history", "200d")
        files, answer = self.answer("scan", "--as-of", NOW, *FILES), self.answer("scan", "--as-of", NOW, *builds)
        self.assertEqual([(one["metric"], one["at"]) for one in answer["changes"]],
                         [(one["metric"], one["at"]) for one in files["changes"]])

    def test_metrics_lists_those_of_a_table(self):
        read = self.answer("metrics", "--no-config", "--metrics", f"bigquery:{METRICS}", "--as-of", NOW, "--history", "200d")
        files = self.answer("metrics", "--no-config", "--metrics", SAMPLE / "interactions.csv")
        self.assertEqual([one["metric"] for one in read["metrics"]], [one["metric"] for one in files["metrics"]])


class Check(Warehouse):
    def test_check_tells_what_would_be_used_and_what_a_question_scans(self):
        out = self.succeeds("check", *TABLES, "--as-of", NOW)
        for text in (self.service.host, "test-proj", "KiB", "confirmed_interactions", str(len(self.answer(
                "deploys", *TABLES, "--as-of", NOW)["deploys"]))):
            self.assertIn(text, out)

    def test_check_tells_what_is_missing_and_what_to_do(self):
        done = self.shiptrace("check", "--no-config", "--metrics", "bigquery:test-proj.shop.nope", "--as-of", NOW)
        self.assertEqual(done.code, 2, done.err)
        self.assertIn("test-proj:shop.nope", done.out + done.err)
        self.assertIn("bq ls", done.out + done.err)


class Money(Warehouse):
    def test_each_query_is_priced_bounded_labelled_and_filtered(self):
        done = self.shiptrace(*WHY, *TABLES)
        self.assertEqual(done.code, 0, done.err)
        jobs = [one.body["configuration"] for one in self.service.asked("/jobs", "POST")]
        self.assertGreater(len(jobs), 1)
        for job in jobs:
            names = {one["name"] for one in job["query"].get("queryParameters", [])}
            self.assertTrue({"from", "to"} <= names, names)
            self.assertFalse(job["query"]["useLegacySql"])
            if not job.get("dryRun"):
                self.assertEqual(int(job["query"]["maximumBytesBilled"]), 10 << 30)
                self.assertTrue(job["labels"])
        self.assertTrue(any(job.get("dryRun") for job in jobs))

    def test_too_expensive_a_query_is_not_run_and_the_error_says_what_is_needed(self):
        error = self.fails(2, *WHY, *TABLES, "--max-bytes-billed", "1000")
        self.assertIn("--max-bytes-billed 10485760", error)
        self.assertFalse(any(not one.body["configuration"].get("dryRun") for one in self.service.asked("/jobs", "POST")))

    def test_a_dry_run_prints_sql_that_googles_analyser_takes_and_asks_for_no_rows(self):
        out = self.succeeds(*WHY, *TABLES, "--dry-run")
        self.assertIn("SELECT", out)
        self.assertFalse(any(not one.body["configuration"].get("dryRun") for one in self.service.asked("/jobs", "POST")))

    def test_the_second_question_is_answered_from_the_cache(self):
        first = self.answer(*WHY, *TABLES)
        self.service.requests.clear()
        self.assertEqual(self.answer(*WHY, *TABLES), first)
        self.assertFalse(any(not one.body["configuration"].get("dryRun") for one in self.service.asked("/jobs", "POST")))
        self.service.requests.clear()
        again = self.answer(*WHY, *TABLES, "--no-cache")
        self.assertEqual((again["change"], again["suspects"]), (first["change"], first["suspects"]))
        self.assertTrue(any(not one.body["configuration"].get("dryRun") for one in self.service.asked("/jobs", "POST")))


HOSTILE = ["x' OR '1'='1", "x`; DROP TABLE `test-proj.ops.deploy_events`; --", "x\" OR TRUE --", "x\\' OR 1=1 --", "*/ OR TRUE /*",
           "@from", "日本 \u202e\x1b[31m", "x\nUNION ALL SELECT 1"]


class Hostile(Warehouse):
    def shapes(self):
        """The statements that were sent, each with the kinds of its parts in the order in which Google's parser finds them."""
        return sorted({shape(one.body["configuration"]["query"]["query"]) for one in self.service.asked("/jobs", "POST")})

    def test_a_hostile_metric_is_a_value_and_no_part_of_the_statement(self):
        self.shiptrace("why", "unknown", "--on", "2023-11-24", "--as-of", NOW, *TABLES, "--no-cache")
        usual = self.shapes()
        for text in HOSTILE:
            with self.subTest(text):
                self.service.requests.clear()
                done = self.shiptrace("why", text, "--on", "2023-11-24", "--as-of", NOW, *TABLES, "--no-cache")
                self.assertEqual(done.code, 2, done.err)
                self.assertNotIn("\x1b[31m", done.err)
                self.assertTrue(set(self.shapes()) <= set(usual))
        self.assertEqual(len(self.service.rows(DEPLOYS, "1")), len(sample_deploys()))

    def test_a_hostile_app_is_a_value(self):
        self.shiptrace(*WHY, *TABLES, "--app", "web", "--no-cache")
        usual = self.shapes()
        for text in HOSTILE:
            with self.subTest(text):
                self.service.requests.clear()
                done = self.shiptrace(*WHY, *TABLES, "--app", text, "--no-cache")
                self.assertIn(done.code, (0, 2), done.err)
                self.assertTrue(set(self.shapes()) <= set(usual))

    def test_a_hostile_table_or_project_is_refused_before_anything_is_sent(self):
        for text in [*HOSTILE, "p.d.t`; --", "test-proj.shop.metrics` WHERE TRUE --", "test-proj.shop", "test-proj.shop.*"]:
            with self.subTest(text):
                self.service.requests.clear()
                error = self.fails(2, *WHY, "--no-config", "--metrics", f"bigquery:{text}", "--deploys", f"bigquery:{DEPLOYS}")
                self.assertNotIn("\x1b[31m", error)
                self.assertEqual([one.path for one in self.service.requests if "/jobs" in one.path], [])

    def test_hostile_column_names_are_quoted_or_refused(self):
        for text in HOSTILE:
            with self.subTest(text):
                config = self.write("shiptrace.toml", f"""
                    [deploys]
                    source = "bigquery:{DEPLOYS}"
                    columns = {{ app = {json.dumps(text)} }}
                    [metrics.m]
                    source = "bigquery:{METRICS}"
                """)
                self.service.requests.clear()
                done = self.shiptrace("deploys", "--config", config, "--as-of", NOW)
                self.assertEqual(done.code, 2, done.err)
                self.assertNotIn("\x1b[31m", done.err)


def shape(sql):
    """The structure of a statement: its nodes, without names and values."""
    return analysis.structure(sql)


class OwnQueries(Warehouse):
    def test_a_query_file_of_the_user_is_run_with_our_parameters(self):
        self.write("mine.sql", f"SELECT timestamp, value FROM `{METRICS}` WHERE timestamp >= @from AND timestamp < @to "
                               f"AND metric = 'signups'")
        config = self.write("shiptrace.toml", f"""
            [deploys]
            source = "bigquery:{DEPLOYS}"
            [metrics.signups]
            query = "mine.sql"
            [bigquery]
            project = "test-proj"
        """)
        answer = self.answer("why", "signups", "--on", "2023-11-24", "--config", config, "--as-of", NOW, "--history", "200d")
        files = self.answer("why", "signups", "--on", "2023-11-24", "--as-of", NOW, *FILES)
        self.assertEqual(answer["change"], files["change"])
        self.assertEqual(answer["suspects"], files["suspects"])


PROJECT = os.environ.get("SHIPTRACE_TEST_BIGQUERY_PROJECT")
if PROJECT:  # nobody asks the real service who has not said so; then it is no test that was skipped

    class RealService(Programs):
        """The real service: needs credentials that Google's tools find, makes a dataset of its own and deletes it. It costs cents."""

        @classmethod
        def setUpClass(cls):
            super().setUpClass()
            cls.client = client.Client(project=PROJECT)
            cls.dataset = f"{PROJECT}.shiptrace_test_{uuid.uuid4().hex[:12]}"
            cls.client.create_dataset(cls.dataset)
            cls.addClassCleanup(cls.client.delete_dataset, cls.dataset, delete_contents=True)
            for name in ("daily_metrics", "cloud_builds"):
                sql = (ROOT / "queries" / f"create_{name}.sql").read_text(encoding="utf-8")
                cls.client.query_and_wait(re.sub(r"`my-project\.\w+\.", f"`{cls.dataset}.", sql))
            with open(SAMPLE / "interactions.csv", encoding="utf-8", newline="") as file:
                metrics = [{**row, "timestamp": f"{row['timestamp']}T00:00:00Z"} for row in csv.DictReader(file)]
            names = ("data", "message_id", "publish_time", "attributes", "subscription_name")
            builds = [dict(zip(names, row)) for deploy in sample_deploys() for row in messages(deploy)]
            cls.insert("daily_metrics", metrics)
            cls.insert("cloud_builds", builds)

        @classmethod
        def insert(cls, name, rows):
            """Inserts rows; a table that was just made is not known everywhere for a while."""
            for attempt in range(30):
                try:
                    errors = [one for at in range(0, len(rows), 500)
                              for one in cls.client.insert_rows_json(f"{cls.dataset}.{name}", rows[at:at + 500])]
                    assert not errors, errors[:3]
                    return
                except NotFound:
                    time.sleep(2 + attempt)
            raise AssertionError(f"{name} was never found")

        def environment(self, **more):
            """The credentials of whoever runs the test, and their home, where these may lie."""
            theirs = {name: value for name, value in os.environ.items()
                      if name.startswith(("GOOGLE_", "CLOUDSDK_", "BIGQUERY_")) or name == "HOME"}
            return super().environment(**{**theirs, "SHIPTRACE_PROJECT": PROJECT, **more})

        def test_why_says_of_the_real_service_what_it_says_of_files(self):
            tables = ("--no-config", "--metrics", f"bigquery:{self.dataset}.daily_metrics", "--deploys",
                      f"bigquery:{self.dataset}.cloud_builds", "--history", "200d", "--no-cache")
            files = json.loads(self.succeeds(*WHY, *FILES, "--format", "json"))
            answer = json.loads(self.succeeds(*WHY, *tables, "--format", "json"))
            self.assertEqual(answer["change"], files["change"])
            self.assertEqual([one["deploy"]["id"] for one in answer["suspects"]][:3],
                             [one["deploy"]["id"] for one in files["suspects"]][:3])


if __name__ == "__main__":
    unittest.main(verbosity=2)
