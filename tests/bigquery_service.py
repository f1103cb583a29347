#!/usr/bin/env python3
"""Whether the BigQuery test engine keeps to the REST API: jobs, pages, prices, inserts, tables, tokens and faults, asked by
Google's own client where it can ask for them."""

import datetime
import json
import time
import unittest
import urllib.error
import urllib.request

from google.api_core.exceptions import Conflict, GoogleAPICallError, NotFound
from google.cloud import bigquery as client
from google.oauth2 import service_account

from bigquery.cases import EVENTS, SPAN
from bigquery.faults import KINDS
from bigquery_engine import Engine, given

COUNT = "SELECT x FROM UNNEST(GENERATE_ARRAY(1, 25)) AS x ORDER BY x"


class Jobs(Engine):
    def test_pages_hold_every_row_once(self):
        pages = self.client.query(COUNT).result(page_size=10).pages
        self.assertEqual([[row.x for row in page] for page in pages],
                         [list(range(1, 11)), list(range(11, 21)), list(range(21, 26))])

    def test_a_job_that_is_not_done_has_no_rows_and_says_so(self):
        self.service.jobs.slowness_seconds = 0.5
        begun = self.ask("POST", "/queries", {"query": COUNT, "useLegacySql": False, "timeoutMs": 50})
        self.assertEqual((begun["jobComplete"], "rows" in begun, "schema" in begun), (False, False, False))
        again = self.ask("GET", f"/queries/{begun['jobReference']['jobId']}?timeoutMs=2000&maxResults=3")
        self.assertEqual((again["jobComplete"], len(again["rows"]), again["totalRows"]), (True, 3, "25"))

    def test_a_dry_run_tells_columns_and_bytes_and_makes_no_job(self):
        job = self.client.query(f"SELECT ts, value FROM {EVENTS}", client.QueryJobConfig(dry_run=True))
        # Six rows of a moment of 8 bytes; one of the six values is missing.
        self.assertEqual((job.total_bytes_processed, [field.name for field in job.schema]), (6 * 8 + 5 * 8, ["ts", "value"]))
        self.assertEqual(len(self.service.jobs.all), self.jobs_before)

    def test_a_filter_on_the_partition_column_reads_whole_partitions_only(self):
        sql = f"SELECT n FROM {EVENTS} WHERE ts >= @from AND ts < @to"
        job = self.client.query(sql, client.QueryJobConfig(dry_run=True, query_parameters=given(SPAN)))
        self.assertEqual(job.total_bytes_processed, 5 * 8 * 2)  # the row of 30 March lies in no partition that is read

    def test_more_bytes_than_the_limit_are_refused_with_what_is_needed(self):
        config = client.QueryJobConfig(maximum_bytes_billed=1)
        job = self.client.query(f"SELECT value FROM {EVENTS}", config, job_retry=None)
        error = self.ask("GET", f"/queries/{job.job_id}", status=400)["error"]
        self.assertEqual((error["errors"][0]["reason"], error["message"]),
                         ("bytesBilledLimitExceeded", "Query exceeded limit for bytes billed: 1. 10485760 or higher required."))

    def test_a_job_id_that_was_used_is_refused(self):
        self.client.query("SELECT 1", job_id="once", job_retry=None).result()
        with self.assertRaises(Conflict):
            self.client.query("SELECT 1", job_id="once", retry=None, job_retry=None)

    def test_a_job_lies_where_its_data_lies_and_is_found_only_there(self):
        job = self.client.query("SELECT COUNT(*) FROM `test-proj.europe.events`")
        self.assertEqual((list(job.result())[0][0], job.location), (0, "EU"))
        with self.assertRaises(NotFound):
            self.client.get_job(job.job_id, location="US")
        error = self.refused_at("US", "SELECT COUNT(*) FROM `test-proj.europe.events`")
        self.assertIn("Not found: Dataset test-proj:europe was not found in location US", error.message)

    def test_a_cancelled_job_ends_with_an_error(self):
        self.service.jobs.slowness_seconds = 30
        job = self.client.query(COUNT, job_retry=None)
        self.client.cancel_job(job.job_id, location="US")
        self.assertEqual(self.client.get_job(job.job_id, location="US").error_result["reason"], "stopped")

    def test_a_job_past_its_timeout_is_stopped(self):
        self.service.jobs.slowness_seconds = 30
        began = time.monotonic()
        with self.assertRaises(GoogleAPICallError) as caught:
            self.client.query(COUNT, client.QueryJobConfig(job_timeout_ms=200), job_retry=None).result(retry=None)
        self.assertIn("timed out", str(caught.exception))
        self.assertLess(time.monotonic() - began, 10)

    def test_labels_are_kept_and_wrong_ones_refused(self):
        self.assertEqual(self.client.query("SELECT 1", client.QueryJobConfig(labels={"tool": "x-1"})).labels, {"tool": "x-1"})
        self.refused(400, "SELECT 1", labels={"tool": "Not Lower"})

    def test_an_error_may_come_with_the_job_too(self):
        self.service.jobs.errors_in_job = True
        job = self.client.query("SELECT nope", retry=None, job_retry=None)
        self.assertEqual(job.error_result["reason"], "invalidQuery")
        with self.assertRaises(GoogleAPICallError) as caught:
            job.result(retry=None)
        self.assertEqual(caught.exception.code, 400)

    def test_legacy_sql_is_refused_because_it_is_what_the_api_takes_unless_told(self):
        self.assertEqual(self.ask("POST", "/queries", {"query": "SELECT 1"}, status=400)["error"]["errors"][0]["reason"], "invalid")

    def setUp(self):
        super().setUp()
        self.jobs_before = len(self.service.jobs.all)

    def refused_at(self, location, sql):
        with self.assertRaises(GoogleAPICallError) as caught:
            self.client.query(sql, location=location, retry=None, job_retry=None).result(retry=None)
        return caught.exception


class Tables(Engine):
    def table(self, name, *columns, **more):
        self.service.create_table(f"test-proj.shop.{name}", columns, **more)
        return f"test-proj.shop.{name}"

    def test_rows_are_inserted_once_for_an_insert_id(self):
        path = self.table("inserted", ("id", "STRING", "REQUIRED"), ("at", "TIMESTAMP"), ("tags", "STRING", "REPEATED"),
                          ("more", "JSON"))
        rows = [{"id": "a", "at": "2026-03-29T00:30:00Z", "tags": ["x"], "more": '{"k": 1}'}, {"id": "b"}]
        for _ in range(3):
            self.assertEqual(self.client.insert_rows_json(path, rows, row_ids=["1", "2"]), [])
        moment = datetime.datetime(2026, 3, 29, 0, 30, tzinfo=datetime.timezone.utc)
        self.assertEqual(sorted(self.service.rows(path, "id, \"at\", tags, more")),
                         [("a", moment, ["x"], '{"k": 1}'), ("b", None, None, None)])

    def test_one_bad_row_stops_the_others_and_each_is_told(self):
        path = self.table("strict", ("id", "STRING", "REQUIRED"), ("n", "INT64"), ("at", "TIMESTAMP"))
        bad = [{"id": "a"}, {"id": "b", "nosuch": 1}, {"n": 1}, {"id": "d", "n": "x"}, {"id": "e", "at": "soon"}]
        errors = {one["index"]: one["errors"][0] for one in self.client.insert_rows_json(path, bad)}
        self.assertEqual({index: one["reason"] for index, one in errors.items()},
                         {0: "stopped", 1: "invalid", 2: "invalid", 3: "invalid", 4: "invalid"})
        self.assertEqual((errors[1]["message"], errors[1]["location"]), ("no such field: nosuch.", "nosuch"))
        self.assertIn("Could not parse 'soon' as a timestamp", errors[4]["message"])
        self.assertEqual(self.service.rows(path), [])
        self.client.insert_rows_json(path, bad, skip_invalid_rows=True)
        self.assertEqual(self.service.rows(path, "id"), [("a",)])

    def test_a_table_is_created_described_and_not_created_twice(self):
        table = client.Table("test-proj.shop.made", [client.SchemaField("ts", "TIMESTAMP", "REQUIRED"), client.SchemaField("n", "INT64")])
        table.time_partitioning, table.clustering_fields = client.TimePartitioning(field="ts"), ["n"]
        table.require_partition_filter = True
        self.client.create_table(table)
        read = self.client.get_table("test-proj.shop.made")
        self.assertEqual((read.schema[0].mode, read.schema[1].field_type, read.time_partitioning.field, read.num_rows,
                          read.require_partition_filter, read.location), ("REQUIRED", "INTEGER", "ts", 0, True, "US"))
        with self.assertRaises(Conflict):
            self.client.create_table(table)
        with self.assertRaises(NotFound) as caught:
            self.client.get_table("test-proj.shop.nope")
        self.assertIn("Not found: Table test-proj:shop.nope", caught.exception.message)

    def test_tables_and_views_are_created_by_statements(self):
        self.rows("CREATE SCHEMA IF NOT EXISTS `test-proj`.ops OPTIONS (location = 'US')")
        for _ in range(2):
            self.rows("CREATE TABLE IF NOT EXISTS `test-proj.ops.seen` (seen_at TIMESTAMP NOT NULL OPTIONS (description = 'when'), "
                      "app STRING, n INT64) PARTITION BY TIMESTAMP_TRUNC(seen_at, DAY) CLUSTER BY app "
                      "OPTIONS (require_partition_filter = TRUE)")
        read = self.client.get_table("test-proj.ops.seen")
        self.assertEqual((read.time_partitioning.field, read.time_partitioning.type_, read.clustering_fields,
                          read.schema[0].description, read.schema[0].mode), ("seen_at", "DAY", ["app"], "when", "REQUIRED"))
        self.client.insert_rows_json("test-proj.ops.seen", [{"seen_at": "2026-03-29T00:30:00Z", "app": "web", "n": 2}])
        self.rows("CREATE OR REPLACE VIEW `test-proj.ops.doubled` AS SELECT seen_at, app, n * 2 AS n FROM `test-proj.ops.seen` "
                  "WHERE seen_at >= TIMESTAMP '2026-01-01'")
        self.assertEqual(self.rows("SELECT app, n FROM `test-proj.ops.doubled`"), [("web", 4)])
        self.assertEqual(self.client.get_table("test-proj.ops.doubled").table_type, "VIEW")


class Access(Engine):
    def test_tokens_of_the_accounts_are_taken_and_others_are_not(self):
        self.service.require_token = True
        file = self.service.identity.service_account_file(self.service.url)
        scopes = ["https://www.googleapis.com/auth/bigquery"]
        signed = service_account.Credentials.from_service_account_info(file, scopes=scopes)
        asking = client.Client(project="test-proj", credentials=signed, client_options={"api_endpoint": self.service.url})
        self.assertEqual([tuple(row) for row in asking.query_and_wait("SELECT 1")], [(1,)])
        self.assertEqual(self.ask("GET", "/datasets", status=401)["error"]["status"], "UNAUTHENTICATED")

    def test_every_fault_reaches_the_client_and_then_is_over(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.service.faults.next(kind, path="/queries$")
                with self.assertRaises(Exception):
                    self.rows("SELECT 1")
                self.assertEqual(self.rows("SELECT 1"), [(1,)])

    def test_a_fault_after_the_deed_loses_the_answer_alone(self):
        self.service.create_table("test-proj.shop.lost", [("n", "INT64")])
        self.service.faults.next("cut", path="insertAll", after=True)
        self.assertEqual(self.client.insert_rows_json("test-proj.shop.lost", [{"n": 1}], row_ids=["1"]), [])
        self.assertEqual(self.service.rows("test-proj.shop.lost"), [(1,)])
        self.assertEqual(len(self.service.asked("insertAll")), 2)

    def test_what_the_engine_lacks_is_no_server_error(self):
        for method, path in (("GET", "/routines"), ("PUT", "/jobs"), ("POST", "/jobs"), ("PATCH", "/datasets/shop")):
            with self.subTest(path):
                self.assertIn("error", self.ask(method, path, {"configuration": {"load": {}}}, status=(400, 404)))


def ask(self, method, path, body=None, status=200):
    """A request without any client, and its JSON."""
    request = urllib.request.Request(f"{self.service.url}/bigquery/v2/projects/test-proj{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request) as answer:
            code, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        code, text = error.code, error.read()
    self.assertIn(code, status if isinstance(status, tuple) else (status,), text)
    return json.loads(text)


Engine.ask = ask
if __name__ == "__main__":
    unittest.main(verbosity=2)
