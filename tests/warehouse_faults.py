#!/usr/bin/env python3
"""What goes wrong with BigQuery, each with its exit code and a message that helps; and what goes wrong for a while only, of
which nobody hears."""

import json
import os
import signal
import subprocess
import time
import unittest

from support.program import BINARY
from support.warehouse import DEPLOYS, METRICS, NOW, Warehouse

WHY = ("why", "confirmed_interactions", "--on", "2023-11-24", "--as-of", NOW, "--no-config", "--no-cache", "--quiet")
SOURCES = ("--metrics", f"bigquery:{METRICS}", "--deploys", f"bigquery:{DEPLOYS}")


class Errors(Warehouse):
    def error(self, code, *arguments, says=(), **options):
        """The message of a command that must fail; it must say these and end soon."""
        began = time.monotonic()
        error = self.fails(code, *arguments, **options)
        self.assertLess(time.monotonic() - began, 60)
        for text in says:
            self.assertIn(text, error)
        self.assertNotRegex(error, r"panicked|RUST_BACKTRACE|reqwest|Some\(|Err\(")
        return error

    def metrics(self, path, *more, **options):
        """The arguments of a question about the metrics of a table."""
        return (*WHY, "--metrics", f"bigquery:{path}", "--deploys", f"bigquery:{DEPLOYS}", *more)

    def test_no_such_project(self):
        self.error(3, *self.metrics("no-such-proj.shop.metrics"), says=["no-such-proj"])

    def test_no_such_dataset(self):
        self.error(2, *self.metrics("test-proj.shp.metrics"), says=["shp"])

    def test_no_such_table(self):
        self.error(2, *self.metrics("test-proj.shop.metrcs"), says=["metrcs"])

    def test_no_permission_to_read_a_table(self):
        self.service.create_table("test-proj.shop.secret", [("timestamp", "TIMESTAMP"), ("value", "FLOAT64")], denied=True)
        self.error(3, *self.metrics("test-proj.shop.secret"), says=["test-proj:shop.secret", "roles/bigquery.dataViewer"])

    def test_no_permission_to_run_queries(self):
        self.service.faults.next("403", times=99, path="/jobs$")
        self.error(3, *WHY, *SOURCES, says=["bigquery.jobs.create"])

    def test_no_such_column(self):
        config = self.write("shiptrace.toml", f"""
            [metrics.confirmed_interactions]
            source = "bigquery:{METRICS}"
            columns = {{ value = "amount" }}
            [deploys]
            source = "bigquery:{DEPLOYS}"
        """)
        why = [one for one in WHY if one != "--no-config"]
        self.error(2, *why, "--config", config, says=["amount"])

    def test_a_column_of_the_wrong_type(self):
        self.service.create_table("test-proj.shop.texts", [("timestamp", "BOOL"), ("metric", "STRING"), ("value", "FLOAT64")])
        self.error(2, *self.metrics("test-proj.shop.texts"), says=["timestamp"])

    def test_a_query_of_the_user_without_the_partition_filter(self):
        self.write("mine.sql", f"SELECT timestamp, value FROM `{METRICS}`")
        config = self.write("shiptrace.toml", f"""
            [metrics.confirmed_interactions]
            query = "mine.sql"
            [deploys]
            source = "bigquery:{DEPLOYS}"
            [bigquery]
            project = "test-proj"
        """)
        why = [one for one in WHY if one != "--no-config"]
        self.error(2, *why, "--config", config, says=["mine.sql", "timestamp"])

    def test_a_query_of_the_user_with_an_unknown_column(self):
        self.write("mine.sql", f"SELECT timestamp,\n  valu FROM `{METRICS}` WHERE timestamp >= @from AND timestamp < @to")
        config = self.write("shiptrace.toml", f"""
            [metrics.confirmed_interactions]
            query = "mine.sql"
            [bigquery]
            project = "test-proj"
        """)
        why = [one for one in WHY if one != "--no-config"]
        self.error(2, *why, "--config", config, "--deploys", f"bigquery:{DEPLOYS}", says=["mine.sql", '"valu"'])

    def test_quota(self):
        self.service.faults.next("quotaExceeded", times=99)
        self.error(3, *WHY, *SOURCES, says=["uota"])
        self.assertLess(len(self.service.requests), 4)

    def test_too_many_rows(self):
        self.error(2, *WHY, *SOURCES, "--max-rows", "10", says=["--max-rows"])

    def test_a_slow_job_past_the_timeout_is_cancelled(self):
        self.service.jobs.slowness_seconds = 60
        self.error(3, *WHY, *SOURCES, "--timeout", "2s", says=["--timeout"])
        self.assertTrue(all(job.done.wait(5) for job in self.service.jobs.all.values()))

    def test_a_wrong_statement_told_by_its_job_is_no_less_an_error(self):
        self.service.jobs.job_error = ("invalidQuery", "Resources exceeded during query execution")
        self.error(2, *WHY, *SOURCES, says=["Resources exceeded"])

    def test_a_job_that_the_service_itself_broke_is_run_again(self):
        wanted = self.answer(*WHY, *SOURCES)
        self.service.jobs.job_error = ("backendError", "Error encountered during execution. Retrying may solve the problem.")
        self.assertEqual(self.answer(*WHY, *SOURCES), wanted)

    def test_nobody_listens(self):
        self.error(3, *WHY, *SOURCES, "--timeout", "3s", env={"BIGQUERY_EMULATOR_HOST": "127.0.0.1:9"}, says=["127.0.0.1:9"])

    def test_faults_that_never_end_are_told_at_last(self):
        for kind, word in {"401": "credentials", "429": "", "500": "", "503": "", "cut": "", "cut_body": "", "truncated": "",
                           "html": ""}.items():
            with self.subTest(kind):
                self.service.faults.clear()
                self.service.faults.next(kind, times=999)
                error = self.error(3, *WHY, *SOURCES, "--timeout", "4s", says=[word])
                self.assertNotIn("<html", error)
                self.assertNotIn("DOCTYPE", error)

    def test_ctrl_c_cancels_the_job(self):
        self.service.jobs.slowness_seconds = 60
        before = set(self.service.jobs.all)
        with subprocess.Popen([BINARY, *WHY, *SOURCES], env=self.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            deadline = time.monotonic() + 30
            while set(self.service.jobs.all) == before and time.monotonic() < deadline:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=20), 130)
        begun = [job for key, job in self.service.jobs.all.items() if key not in before]
        self.assertTrue(begun)
        self.assertTrue(all(job.done.wait(5) and job.error.reason == "stopped" for job in begun))


class Patience(Warehouse):
    def test_each_fault_that_passes_is_not_noticed(self):
        wanted = self.answer(*WHY, *SOURCES)
        for kind in ("429", "500", "503", "rateLimitExceeded", "cut", "cut_body", "html"):
            for after in (False, True):
                with self.subTest(kind, after=after):
                    self.service.reset()
                    self.service.faults.next(kind, times=2, after=after)
                    self.assertEqual(self.answer(*WHY, *SOURCES), wanted)
                    self.assertEqual(self.service.faults.given, 2)

    def test_what_cannot_succeed_is_not_tried_again(self):
        self.fails(2, *WHY, "--metrics", "bigquery:test-proj.shop.none", "--deploys", f"bigquery:{DEPLOYS}")
        refused = [(one.method, one.path) for one in self.service.requests if one.status not in (200, 204)]
        self.assertEqual(len(refused), 1, refused)

    def test_with_three_in_ten_requests_failing_no_row_is_lost_or_doubled(self):
        patient = (*WHY, *SOURCES, "--timeout", "4m")
        wanted = self.answer(*patient)
        failed = 0
        for seed in range(4):
            with self.subTest(seed):
                self.service.reset()
                self.service.faults.randomly(0.3, seed)
                self.assertEqual(self.answer(*patient), wanted)
                failed += self.service.faults.given
        self.assertGreater(failed, 8)


class Credentials(Warehouse):
    """Not through BIGQUERY_EMULATOR_HOST, which wants no credentials: the API asks for tokens here."""

    def environment(self, **more):
        made = super().environment(SHIPTRACE_BIGQUERY_ENDPOINT=f"{self.service.url}/bigquery/v2", **more)
        del made["BIGQUERY_EMULATOR_HOST"]
        return made

    def setUp(self):
        super().setUp()
        self.service.require_token = True
        self.identity = self.service.identity
        self.identity.tokens.clear()

    def credentials(self, content):
        """The environment with a credentials file."""
        return {"GOOGLE_APPLICATION_CREDENTIALS": self.write("credentials.json", json.dumps(content))}

    def refused(self, content, *says):
        """The error with these credentials; no secret is in it."""
        done = self.shiptrace(*WHY, *SOURCES, "--timeout", "10s", env=self.credentials(content) if content else None)
        self.assertEqual(done.code, 3, done.err)
        for secret in self.identity.secrets():
            self.assertNotIn(secret, done.err + done.out)
        for text in says:
            self.assertIn(text, done.err)
        return done.err

    def taken(self, content, source):
        """Credentials that work, and give tokens of this source."""
        env = self.credentials(content) if content else {"GCE_METADATA_HOST": self.service.host}
        answer = self.answer(*WHY, *SOURCES, env=env)
        self.assertIsNotNone(answer["change"])
        self.assertIn(source, set(self.identity.tokens.values()))

    def test_a_service_account_key(self):
        self.taken(self.identity.service_account_file(self.service.url), "service_account")

    def test_the_users_own_login(self):
        self.taken(self.identity.authorized_user_file(self.service.url), "authorized_user")

    def test_the_users_own_login_where_gcloud_leaves_it(self):
        content = self.identity.authorized_user_file(self.service.url)
        self.write(".config/gcloud/application_default_credentials.json", json.dumps(content))
        self.assertIsNotNone(self.answer(*WHY, *SOURCES)["change"])

    def test_the_metadata_server(self):
        self.taken(None, "metadata")

    def test_workload_identity_from_a_file(self):
        token = self.write("token", self.identity.subject_token)
        self.taken(self.identity.external_account_file(self.service.url, {"file": str(token)}), "external_account")

    def test_workload_identity_from_an_address_through_a_service_account(self):
        source = {"url": f"{self.service.url}/subject-token", "format": {"type": "json", "subject_token_field_name": "id_token"}}
        self.taken(self.identity.external_account_file(self.service.url, source, impersonate=True), "impersonated")

    def test_a_token_that_has_ended_is_renewed(self):
        # Google's tokens live an hour; a 401 in the middle means that this one does no more.
        self.service.faults.next("401", path="/jobs")
        self.taken(self.identity.service_account_file(self.service.url), "service_account")
        self.assertGreater(len(self.identity.tokens), 1)

    def test_no_credentials_at_all(self):
        self.refused(None, "gcloud auth application-default login")

    def test_a_login_that_was_revoked(self):
        content = self.identity.authorized_user_file(self.service.url) | {"refresh_token": "1//old-refresh-token"}
        error = self.refused(content, "gcloud auth application-default login")
        self.assertNotIn("old-refresh-token", error)

    def test_a_key_that_was_replaced(self):
        other = type(self.identity)()
        content = self.identity.service_account_file(self.service.url) | {"private_key": other.private_key()}
        error = self.refused(content)
        for line in other.private_key().split("\n")[1:-2]:
            self.assertNotIn(line, error)

    def test_a_subject_token_that_is_not_taken(self):
        token = self.write("token", "eyJ-stolen")
        error = self.refused(self.identity.external_account_file(self.service.url, {"file": str(token)}))
        self.assertNotIn("eyJ-stolen", error)

    def test_a_credentials_file_that_is_broken(self):
        for content in ('{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\nc2VjcmV0', "[]", "", '{"type": "new"}'):
            with self.subTest(content):
                path = self.write("credentials.json", content)
                done = self.shiptrace(*WHY, *SOURCES, env={"GOOGLE_APPLICATION_CREDENTIALS": path})
                self.assertIn(done.code, (2, 3), done.err)
                self.assertIn("credentials.json", done.err)
                self.assertNotIn("c2VjcmV0", done.err)

    def test_no_secret_is_written_anywhere(self):
        env = self.credentials(self.identity.service_account_file(self.service.url))
        loud = [one for one in WHY if one not in ("--quiet", "--no-cache")]
        done = self.shiptrace(*loud, *SOURCES, env=env)
        self.assertEqual(done.code, 0, done.err)
        self.assertGreater(len(self.identity.tokens), 0)
        written = [path.read_bytes() for path in (self.folder / "cache").rglob("*") if path.is_file()]
        for secret in self.identity.secrets():
            self.assertNotIn(secret, done.out + done.err)
            self.assertFalse(any(secret.encode() in content for content in written))
        for path in (self.folder / "cache").rglob("*"):
            if path.is_file() and os.name == "posix":
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
