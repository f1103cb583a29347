"""The REST API of BigQuery, version 2: from a request to an answer."""

import re

from . import insert
from .catalog import Table
from .errors import ApiError, invalid, not_found
from .values import Column

MANY = 10_000


class Routes:
    """What each address of the API does."""

    def __init__(self, catalog, jobs):
        self.catalog, self.jobs = catalog, jobs
        self.seen = {}  # (table, insertId) -> when it came
        self.table = [(method, re.compile(pattern), handler) for method, pattern, handler in (
            ("GET", r"", self.list_projects),
            ("POST", r"/([^/]+)/queries", self.query),
            ("GET", r"/([^/]+)/queries/([^/]+)", self.results),
            ("POST", r"/([^/]+)/jobs", self.insert_job),
            ("GET", r"/([^/]+)/jobs/([^/]+)", self.get_job),
            ("POST", r"/([^/]+)/jobs/([^/]+)/cancel", self.cancel_job),
            ("GET", r"/([^/]+)/datasets", self.list_datasets),
            ("POST", r"/([^/]+)/datasets", self.insert_dataset),
            ("GET", r"/([^/]+)/datasets/([^/]+)", self.get_dataset),
            ("DELETE", r"/([^/]+)/datasets/([^/]+)", self.delete_dataset),
            ("GET", r"/([^/]+)/datasets/([^/]+)/tables", self.list_tables),
            ("POST", r"/([^/]+)/datasets/([^/]+)/tables", self.insert_table),
            ("GET", r"/([^/]+)/datasets/([^/]+)/tables/([^/]+)", self.get_table),
            ("DELETE", r"/([^/]+)/datasets/([^/]+)/tables/([^/]+)", self.delete_table),
            ("POST", r"/([^/]+)/datasets/([^/]+)/tables/([^/]+)/insertAll", self.insert_rows),
        )]

    def answer(self, method, path, options, body, length):
        """The status and JSON of a request; `path` is what follows `/projects`."""
        for wanted, pattern, handler in self.table:
            found = pattern.fullmatch(path)
            if found and wanted == method:
                try:
                    return handler(*found.groups(), options=options, body=body, length=length)
                except (TypeError, ValueError, AttributeError, KeyError) as error:
                    raise invalid(f"Invalid JSON payload received: {error}") from error
        raise ApiError(404, "notFound", f"The test engine has no {method} {path}")

    def list_projects(self, **_):
        """projects.list"""
        projects = [{"kind": "bigquery#project", "id": name, "projectReference": {"projectId": name}}
                    for name in sorted(self.catalog.projects)]
        return 200, {"kind": "bigquery#projectList", "projects": projects, "totalItems": len(projects)}

    def query(self, project, *, body, **_):
        """jobs.query"""
        self._known(project)
        configuration = {"query": {key: value for key, value in body.items() if key not in ("kind", "labels", "dryRun")},
                         "labels": body.get("labels") or {}, "dryRun": bool(body.get("dryRun"))}
        if body.get("jobTimeoutMs"):
            configuration["jobTimeoutMs"] = body["jobTimeoutMs"]
        job = self.jobs.insert(project, configuration, {"location": body.get("location")}, body.get("jobTimeoutMs"))
        if body.get("dryRun"):
            fields = [one.to_json() for one in job.plan.meaning.columns]
            return 200, {"kind": "bigquery#queryResponse", "schema": {"fields": fields}, "jobComplete": True, "cacheHit": False,
                         "jobReference": {"projectId": project, "location": job.location},
                         "totalBytesProcessed": str(job.plan.bytes)}
        return 200, self.jobs.results(job, "bigquery#queryResponse", body.get("timeoutMs"), most=body.get("maxResults"),
                                      int64=_int64(body.get("formatOptions") or {}))

    def results(self, project, job_id, *, options, **_):
        """jobs.getQueryResults"""
        job = self.jobs.get(project, job_id, options.get("location"))
        dotted = {key.removeprefix("formatOptions."): value for key, value in options.items()}
        return 200, self.jobs.results(job, "bigquery#getQueryResultsResponse", options.get("timeoutMs"),
                                      options.get("startIndex"), options.get("pageToken"), options.get("maxResults"),
                                      _int64(dotted))

    def insert_job(self, project, *, body, **_):
        """jobs.insert"""
        self._known(project)
        configuration = body.get("configuration") or {}
        reference = body.get("jobReference") or {}
        return 200, self.jobs.insert(project, configuration, reference, configuration.get("jobTimeoutMs")).to_json()

    def get_job(self, project, job_id, *, options, **_):
        """jobs.get"""
        return 200, self.jobs.get(project, job_id, options.get("location")).to_json()

    def cancel_job(self, project, job_id, *, options, **_):
        """jobs.cancel"""
        job = self.jobs.cancel(project, job_id, options.get("location"))
        return 200, {"kind": "bigquery#jobCancelResponse", "job": job.to_json()}

    def list_datasets(self, project, **_):
        """datasets.list"""
        found = [self._dataset(project, name) for name in sorted(self.catalog.datasets(project))]
        return 200, {"kind": "bigquery#datasetList", **({"datasets": found} if found else {})}

    def insert_dataset(self, project, *, body, **_):
        """datasets.insert"""
        name = body["datasetReference"]["datasetId"]
        self.catalog.create_dataset(project, name, body.get("location") or "US")
        return 200, self._dataset(project, name)

    def get_dataset(self, project, dataset, **_):
        """datasets.get"""
        self.catalog.location(project, dataset)
        return 200, self._dataset(project, dataset)

    def delete_dataset(self, project, dataset, *, options, **_):
        """datasets.delete"""
        if options.get("deleteContents") != "true" and any(key[:2] == (project, dataset) for key in self.catalog.tables):
            raise ApiError(400, "resourceInUse", f"Dataset {project}:{dataset} is still in use")
        self.catalog.delete_dataset(project, dataset)
        return 204, None

    def list_tables(self, project, dataset, **_):
        """tables.list"""
        self.catalog.location(project, dataset)
        found = [self._table(table, brief=True) for key, table in sorted(self.catalog.tables.items())
                 if key[:2] == (project, dataset)]
        return 200, {"kind": "bigquery#tableList", "totalItems": len(found), **({"tables": found[:MANY]} if found else {})}

    def insert_table(self, project, dataset, *, body, **_):
        """tables.insert"""
        if body.get("view"):
            raise invalid("Views are created by CREATE VIEW in the test engine")
        partition = body.get("timePartitioning")
        table = Table(project, dataset, body["tableReference"]["tableId"],
                      [Column.from_json(one) for one in (body.get("schema") or {}).get("fields") or []],
                      {"type": "DAY", **partition} if partition else None,
                      bool(body.get("requirePartitionFilter") or (partition or {}).get("requirePartitionFilter")),
                      (body.get("clustering") or {}).get("fields") or [])
        self.catalog.create_table(table)
        return 200, self._table(table)

    def get_table(self, project, dataset, name, **_):
        """tables.get"""
        if project not in self.catalog.projects:
            raise ApiError(403, "accessDenied", f"Access Denied: Project {project}: User does not have bigquery.tables.get "
                                                f"permission for table {project}:{dataset}.{name}.")
        table = self.catalog.table(project, dataset, name)
        if table.denied:
            raise ApiError(403, "accessDenied", f"Access Denied: Table {table.id}: Permission bigquery.tables.get denied on "
                                                f"table {table.id} (or it may not exist).")
        return 200, self._table(table)

    def delete_table(self, project, dataset, name, **_):
        """tables.delete"""
        self.catalog.delete_table(project, dataset, name)
        return 204, None

    def insert_rows(self, project, dataset, name, *, body, length, **_):
        """tabledata.insertAll"""
        table = self.catalog.table(project, dataset, name)
        if table.query:
            raise invalid(f"Cannot add rows to a view: {table.id}")
        return 200, insert.insert_all(self.catalog, self.seen, table, body, length)

    def _known(self, project):
        if project not in self.catalog.projects:
            raise not_found(f"Project {project}")

    def _dataset(self, project, name):
        return {"kind": "bigquery#dataset", "id": f"{project}:{name}", "location": self.catalog.location(project, name),
                "datasetReference": {"projectId": project, "datasetId": name}}

    def _table(self, table, brief=False):
        reference = {"projectId": table.project, "datasetId": table.dataset, "tableId": table.name}
        made = {"kind": "bigquery#table", "id": table.id, "tableReference": reference, "creationTime": str(table.created),
                "type": "VIEW" if table.query else "TABLE"}
        if table.partition:
            made |= {"timePartitioning": table.partition, "requirePartitionFilter": table.requires_filter}
        if table.clustering:
            made["clustering"] = {"fields": table.clustering}
        if brief:
            return made
        made |= {"schema": {"fields": [one.to_json() for one in table.columns]},
                 "location": self.catalog.location(table.project, table.dataset)}
        if table.query:
            return made | {"view": {"query": table.query, "useLegacySql": False}}
        names = {one.name for one in table.columns}
        return made | {"numRows": str(self.catalog.rows(table)), "numBytes": str(self.catalog.bytes_of(table, names))}


def _int64(options):
    return str(options.get("useInt64Timestamp", "")).lower() == "true"
