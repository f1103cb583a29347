"""The engine as a whole: an HTTP server on loopback, and what a test does with it.

    with BigQuery() as service:
        service.create_table("test-proj.prod.events", [("ts", "TIMESTAMP"), ("n", "INTEGER")], partition="ts")
        service.load("test-proj.prod.events", "read_parquet('events.parquet')")
        ... BIGQUERY_EMULATOR_HOST=service.host ...
"""

import gzip
import http.server
import json
import socket
import threading
import time
import urllib.parse
from dataclasses import dataclass

from .catalog import Catalog, Table
from .errors import ApiError, invalid
from .faults import ERRORS, PROXY_PAGE, Faults
from .identity import Identity, Refused
from .jobs import Jobs
from .macros import MACROS
from .routes import Routes
from .values import Column

API = "/bigquery/v2/projects"


@dataclass
class Request:
    """A request that came in, for tests to look at."""

    method: str
    path: str
    options: dict
    headers: dict
    body: object
    status: object = None  # of the answer, or the kind of the fault that was sent in its place


class BigQuery:
    """A running engine. `requests` holds what was asked, `faults` what shall fail."""

    def __init__(self, port=0, project="test-proj", require_token=False):
        self.catalog = Catalog()
        self.catalog.database.execute(MACROS)
        self.catalog.projects[project] = {}
        self.jobs = Jobs(self.catalog)
        self.routes = Routes(self.catalog, self.jobs)
        self.faults, self.identity = Faults(), Identity()
        self.require_token, self.requests = require_token, []
        self.server = _Server(("127.0.0.1", port), _Handler)
        self.server.service = self
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.host}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def create_table(self, path, columns, partition=None, location="US", **more):
        """A table `project.dataset.table`, with its dataset. Columns are (name, type) or (name, type, mode); `partition`
        is the name of a column, or "" for the moment that rows came in."""
        project, dataset, name = path.split(".")
        self.catalog.projects.setdefault(project, {})
        if dataset not in self.catalog.projects[project]:
            self.catalog.create_dataset(project, dataset, location)
        made = [Column.from_json({"name": one[0], "type": one[1], "mode": one[2] if len(one) > 2 else None}) for one in columns]
        partitioning = None if partition is None else {"type": "DAY", **({"field": partition} if partition else {})}
        table = Table(project, dataset, name, made, partitioning, **more)
        self.catalog.create_table(table)
        return table

    def load(self, path, relation):
        """Fills a table from a relation of DuckDB."""
        self.catalog.load(self.catalog.table(*path.split(".")), relation)

    def rows(self, path, columns="*"):
        """What a table holds, as Python values."""
        table = self.catalog.table(*path.split("."))
        return self.catalog.connection().execute(f"SELECT {columns} FROM {table.stored()}").fetchall()

    def asked(self, pattern, method=None):
        """The requests whose path ends with a text."""
        return [one for one in self.requests if one.path.endswith(pattern) and method in (None, one.method)]

    def reset(self):
        """Forgets requests, faults and slowness; keeps the tables."""
        self.requests.clear()
        self.faults.clear()
        self.jobs.slowness_seconds, self.jobs.errors_in_job, self.jobs.job_error = 0, False, None
        self.require_token = False


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        """Nothing: tests look at `requests`."""

    def _handle(self):
        service = self.server.service
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        request = Request(self.command, url.path, dict(urllib.parse.parse_qsl(url.query)), dict(self.headers), None)
        service.requests.append(request)
        fault = service.faults.pick(self.command, url.path)
        if fault and not fault.after:
            request.status = fault.kind
            return self._fail(fault.kind, None)
        status, headers, body = self._answer(service, request, raw)
        request.status = fault.kind if fault else status
        return self._fail(fault.kind, body) if fault else self._send(status, headers, body)

    do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = _handle

    def _answer(self, service, request, raw):
        try:
            if self.headers.get("Content-Encoding") == "gzip":
                raw = gzip.decompress(raw)
            if not request.path.startswith(API):
                found = service.identity.answer(self.command, self.path, self.headers, raw)
                return found or (404, {}, {"error": {"code": 404, "message": f"No such path: {request.path}"}})
            self._check_token(service)
            request.body = _json(raw)
            path = urllib.parse.unquote(request.path.removeprefix(API)).rstrip("/")
            status, body = service.routes.answer(self.command, path, request.options, request.body, len(raw))
            return status, {}, body
        except ApiError as error:
            return error.status, {}, error.body()
        except Refused as error:
            return error.status, {}, error.body

    def _check_token(self, service):
        given = self.headers.get("Authorization")
        if not service.require_token or (given and service.identity.valid(given)):
            return
        if given:
            raise ERRORS["401"]
        raise ApiError(401, "required", "Request is missing required authentication credential. Expected OAuth 2 access token, "
                                        "login cookie or other valid authentication credential.", "Authorization", "header")

    def _send(self, status, headers, body, content=None):
        if content is None:
            content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        kind = "text/plain" if isinstance(body, str) else "application/json; charset=UTF-8"
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _fail(self, kind, body):
        if kind in ERRORS:
            return self._send(ERRORS[kind].status, {}, ERRORS[kind].body())
        if kind == "html":
            return self._send(502, {"Content-Type": "text/html"}, None, PROXY_PAGE)
        content = json.dumps(body if body is not None else {"kind": "bigquery#queryResponse", "jobComplete": True}).encode()
        if kind == "truncated":
            return self._send(200, {}, None, content[:len(content) // 2])
        if kind == "cut_body":
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:len(content) // 2])
            self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
        return None


def _json(raw):
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise invalid("Invalid JSON payload received.") from None
    if not isinstance(body, dict):
        raise invalid("Invalid JSON payload received. Root element must be a message.")
    return body


def wait_for_ever():
    """Keeps a server that was started by hand."""
    while True:
        time.sleep(3600)
