"""What the receiver acknowledged is there, whatever happens to it; and it reaches BigQuery."""

import json
import os
import random
import sqlite3
import subprocess
import threading
import time
import unittest
from contextlib import closing

from bigquery.service import BigQuery
from support import receiver as senders
from support.load import send
from support.program import Programs
from support.push import ACCOUNT, AUDIENCE, KeyServer, Signer, push
from support.receiver import JSON, Receiver, payload

SECRET = "secret-of-github-0123456789"
TABLE = "test-proj.ops.deploy_events"
# As queries/create_deploy_events.sql makes the table.
KINDS = {"deployed_at": "TIMESTAMP", "changed_at": "TIMESTAMP", "version": "INTEGER"}
COLUMNS = [(name, KINDS.get(name, "STRING")) for name in (
    "deployed_at", "app", "environment", "repo", "commit", "branch", "message", "author", "status", "url", "id", "source",
    "kind", "changed_at", "version", "extra")]
# Events in the load that is interrupted; a run by hand may ask for another number.
EVENTS = int(os.environ.get("RECEIVER_EVENTS", "20000"))
# How long BigQuery fails; a run by hand may ask for a minute.
OUTAGE_SECONDS = float(os.environ.get("RECEIVER_OUTAGE_SECONDS", "4"))


def github_events(count, size=0):
    """Requests with a deployment each, numbered."""
    message = json.loads(payload("github", "deployment_status.json"))
    for number in range(count):
        message["deployment"]["id"] = 1_000_000 + number
        message["deployment"]["description"] = "x" * size
        body = json.dumps(message).encode()
        yield "/v1/github", {**JSON, **senders.github(SECRET, body)[1]}, body


def numbers_of(ids):
    """The numbers of the deployments that these ids name."""
    return [int("".join(c for c in text.rpartition(":")[2].rpartition("/")[2] if c.isdigit())) - 1_000_000 for text in ids]


class Stored(Programs):
    """The database of a receiver."""

    def receiver(self, *arguments, **options):
        receiver = Receiver(self.folder, *arguments, secrets={"github": SECRET}, **options)
        self.addCleanup(receiver.__exit__)
        return receiver.__enter__()

    def stored(self, file="deploys.db"):
        with closing(sqlite3.connect(self.folder / file)) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            return numbers_of(id for id, in database.execute("SELECT id FROM deploys"))

    def holds_each_once(self, acknowledged, stored):
        self.assertEqual(len(stored), len(set(stored)), "a deployment is there twice")
        self.assertEqual(acknowledged - set(stored), set(), "acknowledged, and not there")

class Survives(Stored):
    """Kills and full disks."""

    def test_what_was_acknowledged_before_a_kill_is_there_once_and_a_redelivery_adds_only_the_rest(self):
        requests = list(github_events(EVENTS))
        receiver = self.receiver("--quiet")
        acknowledged, random_kills = set(), random.Random(7)
        while len(acknowledged) < EVENTS:
            places = [place for place in range(EVENTS) if place not in acknowledged]
            # Some of those that are there already come again, as senders do that did not hear the answer.
            again = random_kills.sample(sorted(acknowledged), min(200, len(acknowledged)))
            places = again + places
            kill_at = random_kills.randrange(EVENTS // 8, EVENTS // 3)
            kill = lambda answers, at=kill_at: answers == at and receiver.process.kill()
            done = send(receiver.port, [requests[place] for place in places], connections=64, after=kill)
            acknowledged |= {places[at] for at in done.acknowledged()}
            if receiver.process.poll() is None and len(done.statuses) == len(places):
                receiver.kill()
            receiver.process.wait(30)
            self.holds_each_once(acknowledged, self.stored())
            receiver.start()
        self.assertEqual(sorted(self.stored()), list(range(EVENTS)))
        done = send(receiver.port, requests[:500], connections=64)
        self.assertEqual(receiver.metric('messages_total{provider="github",outcome="unchanged"}'), 500)
        self.assertEqual(len(done.acknowledged()), 500)
        self.assertEqual(len(self.stored()), EVENTS)

    def full_disk(self, receiver, mend):
        """Sends until the disk is full, mends it, and sends the rest."""
        requests = list(github_events(4000))
        done = send(receiver.port, requests, connections=64)
        refused = {place for place, status in done.statuses.items() if status == 507}
        self.assertGreater(len(refused), 100)
        self.assertEqual(len(done.statuses), 4000, "a connection was cut off")
        self.assertEqual(set(done.statuses.values()), {200, 507})
        self.assertEqual(receiver.request("GET", "/healthz")[0], 200)
        stored = self.stored(receiver.into)
        self.holds_each_once(done.acknowledged(), stored)
        self.assertEqual(set(stored) & refused, set(), "refused, and there")
        mend()
        again = send(receiver.port, [requests[place] for place in sorted(refused)], connections=64)
        self.assertEqual(set(again.statuses.values()), {200})
        self.assertEqual(sorted(self.stored(receiver.into)), list(range(4000)))

    def test_where_the_quota_is_used_up_events_are_refused_and_none_is_lost(self):
        receiver = self.receiver("--quiet", "--max-store", "1000000")

        def mend():
            self.assertEqual(receiver.stop(), 0)
            receiver.arguments[receiver.arguments.index("1000000")] = "100000000"
            receiver.start()

        self.full_disk(receiver, mend)

    @unittest.skipUnless(os.geteuid() == 0, "only root may mount a small file system")
    def test_where_the_disk_is_full_events_are_refused_and_none_is_lost(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", disk], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        receiver = self.receiver("--quiet", into="disk/deploys.db")
        more = ["mount", "-o", "remount,size=100m", disk]
        self.full_disk(receiver, lambda: subprocess.run(more, check=True))
        receiver.stop()


class Sent(Stored):
    """The way through the outbox to BigQuery."""

    def setUp(self):
        super().setUp()
        self.service = BigQuery()
        self.service.__enter__()
        self.addCleanup(self.service.__exit__)
        self.service.create_table(TABLE, COLUMNS, partition="deployed_at")
        self.emulator = {"BIGQUERY_EMULATOR_HOST": self.service.host, "GOOGLE_CLOUD_PROJECT": "test-proj"}

    def in_bigquery(self, columns="id"):
        return [row[0] if columns == "id" else row for row in self.service.rows(TABLE, columns)]

    def wait_until(self, condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.1)
        self.assertTrue(condition())

    def test_while_bigquery_fails_events_are_taken_and_all_reach_it_afterwards(self):
        requests = list(github_events(3000))
        self.service.faults.randomly(1.0, 1)
        receiver = self.receiver(into=f"bigquery:{TABLE}", env=self.emulator)
        began = time.monotonic()
        done = send(receiver.port, requests[:1500], connections=64)
        self.assertEqual(len(done.acknowledged()), 1500)
        self.assertEqual(receiver.metric("outbox_deployments"), 1500)
        # In the middle of it the machine fails, too.
        receiver.kill()
        receiver.start()
        done = send(receiver.port, requests[1500:], connections=64)
        self.assertEqual(len(done.acknowledged()), 1500)
        time.sleep(max(0.0, OUTAGE_SECONDS - (time.monotonic() - began)))
        self.assertEqual(self.in_bigquery(), [])
        self.service.faults.randomly(0.3, 1)
        self.wait_until(lambda: receiver.metric("outbox_deployments") == 0, 180)
        self.assertEqual(sorted(set(numbers_of(self.in_bigquery()))), list(range(3000)))
        latest = self.service.rows(TABLE, "count(DISTINCT source || id), count(*)")[0]
        self.assertEqual(latest[0], 3000)
        self.assertNotIn(SECRET, receiver.log())

    def test_each_state_is_sent_and_the_latest_is_read(self):
        receiver = self.receiver(into=f"bigquery:{TABLE}", env=self.emulator)
        message = json.loads(payload("github", "deployment_status.json"))
        for state, at in (("failure", "2024-03-05T13:06:40Z"), ("success", "2024-03-05T13:09:00Z")):
            message["deployment_status"] |= {"state": state, "created_at": at, "updated_at": at}
            receiver.post("github", senders.github(SECRET, json.dumps(message).encode()))
            self.wait_until(lambda: receiver.metric("outbox_deployments") == 0)
        states = self.service.rows(TABLE, "status, version")
        self.assertEqual([version for _, version in sorted(states, key=lambda row: row[1])], [1, 2])
        out = self.succeeds("deploys", "--deploys", f"bigquery:{TABLE}", "--format", "json", "--as-of", "2024-04-01",
                            env=self.emulator)
        self.assertEqual([one["status"] for one in json.loads(out)["deploys"]], ["success"])

    def test_a_row_that_bigquery_refuses_stays_and_holds_up_no_other(self):
        self.service.create_table("test-proj.ops.strict", [*COLUMNS, ("owner", "STRING", "REQUIRED")])
        receiver = self.receiver(into="bigquery:test-proj.ops.strict", env=self.emulator)
        self.assertEqual(len(send(receiver.port, list(github_events(3)), 1).acknowledged()), 3)
        self.wait_until(lambda: "refused 3 deployments" in receiver.log())
        self.assertEqual(receiver.metric("outbox_deployments"), 3)
        self.assertEqual(receiver.log().count("outbox:"), 1)

    def test_a_table_that_lacks_a_column_is_told_and_the_event_waits(self):
        self.service.create_table("test-proj.ops.poor", [("deployed_at", "TIMESTAMP"), ("id", "STRING")])
        receiver = self.receiver(into="bigquery:test-proj.ops.poor", env=self.emulator)
        requests = list(github_events(1))
        self.assertEqual(len(send(receiver.port, requests, 1).acknowledged()), 1)
        self.wait_until(lambda: '"source"' in receiver.log())
        self.assertEqual(receiver.metric("outbox_deployments"), 1)

    def test_a_push_of_cloud_build_becomes_the_answer_to_why(self):
        signer = Signer()
        build = json.loads(payload("cloud-build", "build.json"))
        build |= {"finishTime": "2024-02-10T09:00:00Z", "status": "SUCCESS"}
        build["substitutions"] |= {"_APP": "web", "_COMMIT_MSG": "Ask for consent first", "_AUTHOR": "Cy"}
        days = [(f"2024-{1 + day // 31:02d}-{1 + day % 31:02d}", 1000 + (day * 7919) % 40) for day in range(31)]
        days += [(f"2024-02-{day:02d}", (1000 if day < 11 else 660) + (day * 7919) % 40 - (170 if day == 10 else 0))
                 for day in range(1, 29)]
        lines = "".join(f"{day},m,{value}\n" for day, value in days)
        self.write("metrics.csv", "timestamp,metric,value\n" + lines)
        with KeyServer(signer) as keys:
            receiver = self.receiver("--push-audience", AUDIENCE, "--push-account", ACCOUNT, "--push-keys", keys.url,
                                     into=f"bigquery:{TABLE}", env=self.emulator)
            status, answer = receiver.post("cloud-build", push(build, signer.token()))
            self.assertEqual((status, answer["new"]), (200, 1), answer)
            self.wait_until(lambda: receiver.metric("outbox_deployments") == 0)
            for deploys in ("deploys.db", f"bigquery:{TABLE}"):
                with self.subTest(deploys):
                    out = self.succeeds("why", "m", "--on", "2024-02-10", "--metrics", "metrics.csv", "--deploys", deploys,
                                        "--as-of", "2024-03-01", "--format", "json", env=self.emulator)
                    first = json.loads(out)["suspects"][0]["deploy"]
                    self.assertEqual((first["app"], first["message"], first["source"]),
                                     ("web", "Ask for consent first", "cloud-build"))


if __name__ == "__main__":
    unittest.main()
