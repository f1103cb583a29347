"""shiptrace against the BigQuery test engine: tables of the sample data, and raw Cloud Build messages of its deployments."""

import csv
import datetime
import json

from bigquery.service import BigQuery

from .program import ROOT, Programs

METRICS, DEPLOYS, BUILDS = "test-proj.shop.metrics", "test-proj.ops.deploy_events", "test-proj.ops.cloud_builds"
NOW = "2023-12-01T00:00:00Z"
SAMPLE = ROOT / "sample-data"
DEPLOY_COLUMNS = ["id", "deployed_at", "app", "environment", "repo", "commit", "branch", "author", "status", "url", "message"]


class Warehouse(Programs):
    """A test with a BigQuery of its own for all tests of its class; faults and requests are forgotten between tests."""

    require_token = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = BigQuery().__enter__()
        cls.addClassCleanup(cls.service.__exit__)
        sample_tables(cls.service)

    def setUp(self):
        super().setUp()
        self.service.reset()

    def environment(self, **more):
        """As in every test, and where the engine is."""
        return super().environment(**{"BIGQUERY_EMULATOR_HOST": self.service.host, **more})

    def answer(self, *arguments, **options):
        """The JSON of a command that must succeed."""
        return json.loads(self.succeeds(*arguments, "--format", "json", **options))


def sample_tables(service):
    """The sample data as tables: ready metrics, deploy events, and the messages that Pub/Sub would have written of these."""
    service.create_table(METRICS, [("timestamp", "TIMESTAMP"), ("metric", "STRING"), ("value", "FLOAT64")], partition="timestamp",
                         requires_filter=True)
    service.load(METRICS, f"read_csv('{SAMPLE / 'interactions.csv'}')")
    kinds = {"deployed_at": "TIMESTAMP"}
    service.create_table(DEPLOYS, [(name, kinds.get(name, "STRING")) for name in DEPLOY_COLUMNS], partition="deployed_at",
                         requires_filter=True)
    service.load(DEPLOYS, f"read_csv('{SAMPLE / 'deploys.csv'}', all_varchar = true)")
    service.create_table(BUILDS, [("data", "STRING"), ("message_id", "STRING"), ("publish_time", "TIMESTAMP"),
                                  ("attributes", "JSON"), ("subscription_name", "STRING")], partition="publish_time")
    rows = [row for deploy in sample_deploys() for row in messages(deploy)]
    rows.append(["{ half a message", "bad", "2023-11-23T00:00:00Z", None, "s"])
    service.catalog.database.executemany(f"INSERT INTO {service.catalog.table(*BUILDS.split('.')).stored()} VALUES (?, ?, ?, ?, ?)",
                                         rows)


def sample_deploys():
    """The deployments of the sample data."""
    with open(SAMPLE / "deploys.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def messages(deploy):
    """The messages of a build: begun, over, and over once more, for they come at least once, the last one out of order."""
    status = {"success": "SUCCESS"}.get(deploy["status"], "FAILURE")
    moment = datetime.datetime.fromisoformat(deploy["deployed_at"]).astimezone(datetime.timezone.utc)
    begun = (moment - datetime.timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%S")
    second = moment.strftime("%Y-%m-%dT%H:%M:%S")
    build = {"id": deploy["id"], "projectId": "test-proj", "createTime": f"{begun}Z", "logUrl": deploy["url"],
             "substitutions": {"_APP": deploy["app"], "_ENVIRONMENT": deploy["environment"], "_COMMIT_MSG": deploy["message"],
                               "_AUTHOR": deploy["author"], "REPO_FULL_NAME": deploy["repo"], "COMMIT_SHA": deploy["commit"],
                               "BRANCH_NAME": deploy["branch"]}}
    # The service writes nine digits of a second.
    over = build | {"status": status, "finishTime": f"{second}.123456789Z"}
    later = f"{second}.5Z"
    attributes = json.dumps({"buildId": deploy["id"], "status": status})
    return [[json.dumps(over), f"{deploy['id']}-2", later, attributes, "s"],
            [json.dumps(build | {"status": "WORKING"}), f"{deploy['id']}-1", f"{second}Z", attributes, "s"],
            [json.dumps(over), f"{deploy['id']}-2", later, attributes, "s"]]
