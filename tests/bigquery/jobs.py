"""Query jobs: begun, waited for, cancelled, and read page by page."""

import threading
import time
import uuid
from dataclasses import dataclass, field

from . import query
from .errors import STATUS_OF_REASON, ApiError, already_exists, invalid, not_found
from .values import cell

# The service cuts a page at 10 MB at the latest; here a page has at most this many rows.
MOST_ROWS_A_PAGE = 100_000
# The service finds a job without its location only in these.
FOUND_EVERYWHERE = ("US", "EU")
LONGEST_WAIT_SECONDS = 10


@dataclass
class Job:
    """A query that was asked for."""

    project: str
    id: str
    location: str
    configuration: dict
    plan: query.Plan
    user: str = "tester@example.com"
    created: float = field(default_factory=time.time)
    ended: float = None
    rows: list = field(default_factory=list)
    error: ApiError = None
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def finish(self, rows=None, error=None):
        """Ends the job; what ended it first counts."""
        with self.lock:
            if not self.done.is_set():
                self.rows, self.error, self.ended = rows or [], error, time.time()
                self.done.set()

    def reference(self):
        """The jobReference of answers."""
        return {"projectId": self.project, "jobId": self.id, "location": self.location}

    def to_json(self):
        """The Job resource."""
        status = {"state": "DONE" if self.done.is_set() else "RUNNING"}
        if self.error:
            status |= {"errorResult": self.error.in_job(), "errors": [self.error.in_job()]}
        return {"kind": "bigquery#job", "id": f"{self.project}:{self.location}.{self.id}", "user_email": self.user,
                "jobReference": self.reference(), "configuration": self.configuration, "status": status,
                "statistics": self._statistics()}

    def _statistics(self):
        made = {"creationTime": _millis(self.created), "startTime": _millis(self.created),
                "totalBytesProcessed": str(self.plan.bytes)}
        if self.ended:
            made["endTime"] = _millis(self.ended)
        dry = bool(self.configuration.get("dryRun"))
        made["query"] = {"totalBytesProcessed": str(self.plan.bytes), "cacheHit": False,
                         "totalBytesBilled": str(0 if dry else self.plan.billed),
                         "statementType": self.plan.meaning.kind}
        if dry:
            made["query"]["schema"] = {"fields": [one.to_json() for one in self.plan.meaning.columns]}
        return made


def _millis(moment):
    return str(int(moment * 1000))


class Jobs:
    """All jobs of the engine."""

    def __init__(self, catalog):
        self.catalog = catalog
        self.all = {}
        self.lock = threading.Lock()
        # How long a query takes at least, and whether a wrong statement is told by its job instead of at once.
        self.slowness_seconds = 0
        self.errors_in_job = False
        self.job_error = None  # (reason, message) that the next job ends with

    def insert(self, project, configuration, reference, timeout_ms=None):
        """jobs.insert: a job that runs, or, for a dry run, one that is done."""
        request = configuration.get("query")
        if request is None:
            raise invalid("Only query jobs are taken by the test engine")
        location = reference.get("location")
        job_id = reference.get("jobId") or f"job_{uuid.uuid4().hex}"
        if (project, job_id) in self.all:
            raise already_exists(f"Job {project}:{location or 'US'}.{job_id}")
        _check_labels(configuration.get("labels"))
        try:
            plan = query.plan(self.catalog, project, request, location)
        except ApiError as error:
            if not self.errors_in_job or configuration.get("dryRun"):
                raise
            plan = query.Plan(request.get("query", ""), query.analysis.Meaning(None, "SELECT", [], set()), None, {}, 0,
                              location or "US")
            return self._kept(Job(project, job_id, plan.location, configuration, plan), error=error)
        job = Job(project, job_id, plan.location, {"jobType": "QUERY", **configuration}, plan)
        if configuration.get("dryRun"):
            query.dry_run(self.catalog, plan)
            job.finish()
            return job
        self._kept(job)
        threading.Thread(target=self._run, args=(job, request, timeout_ms), daemon=True).start()
        return job

    def _kept(self, job, error=None):
        with self.lock:
            self.all[job.project, job.id] = job
        if error:
            job.finish(error=error)
        return job

    def _run(self, job, request, timeout_ms):
        limit = request.get("maximumBytesBilled")
        if limit is not None and job.plan.billed > int(limit):
            job.finish(error=ApiError(400, "bytesBilledLimitExceeded",
                                      f"Query exceeded limit for bytes billed: {limit}. {job.plan.billed} or higher required."))
            return
        if self.job_error:
            (reason, message), self.job_error = self.job_error, None
            job.finish(error=ApiError(STATUS_OF_REASON.get(reason, 400), reason, message))
            return
        seconds = self.slowness_seconds
        if timeout_ms and seconds > int(timeout_ms) / 1000:
            job.done.wait(int(timeout_ms) / 1000)
            job.finish(error=ApiError(499, "stopped", f"Job execution was cancelled: Job timed out after {int(timeout_ms)} ms"))
            return
        job.done.wait(seconds)
        if job.done.is_set():
            return
        try:
            job.finish(rows=query.execute(self.catalog, job.project, job.plan))
        except ApiError as error:
            job.finish(error=error)

    def get(self, project, job_id, location=None):
        """A job. As in the service it is found by its location, or without one in US and EU."""
        job = self.all.get((project, job_id))
        named = f"Job {project}:{f'{location}.' if location else ''}{job_id}"
        if job is None or (location or "US").upper() != job.location.upper() and (
                location or job.location.upper() not in FOUND_EVERYWHERE):
            raise not_found(named)
        return job

    def cancel(self, project, job_id, location=None):
        """jobs.cancel."""
        job = self.get(project, job_id, location)
        job.finish(error=ApiError(499, "stopped", "Job execution was cancelled: User requested cancellation"))
        return job

    def results(self, job, kind, wait_ms=None, start=None, page_token=None, most=None, int64=False):
        """getQueryResults: a page of rows, the error of a failed job, or that it is not done yet."""
        job.done.wait(min(int(wait_ms if wait_ms is not None else 10_000) / 1000, LONGEST_WAIT_SECONDS))
        answer = {"kind": kind, "jobReference": job.reference(), "jobComplete": job.done.is_set()}
        if not job.done.is_set():
            return answer
        if job.error:
            raise ApiError(job.error.status, job.error.reason, job.error.message, job.error.location)
        first = _place(job, page_token) if page_token else int(start or 0)
        last = min(len(job.rows), first + min(MOST_ROWS_A_PAGE if most is None else int(most), MOST_ROWS_A_PAGE))
        columns = job.plan.meaning.columns
        answer |= {"schema": {"fields": [one.to_json() for one in columns]}, "totalRows": str(len(job.rows)),
                   "totalBytesProcessed": str(job.plan.bytes), "cacheHit": False}
        if last > first:
            answer["rows"] = [{"f": [cell(value, column, int64) for value, column in zip(row, columns)]}
                              for row in job.rows[first:last]]
        if last < len(job.rows):
            answer["pageToken"] = f"{job.id[-6:]}.{last}"
        return answer


def _place(job, token):
    name, _, place = str(token).partition(".")
    if name != job.id[-6:] or not place.isdigit():
        raise invalid(f"Invalid page token: {token}")
    return int(place)


def _check_labels(labels):
    for key, value in (labels or {}).items():
        text = f"{key}{value}"
        if not key or len(key) > 63 or len(value) > 63 or text != text.lower() or not key[0].isalpha() or not all(
                letter.isalnum() or letter in "_-" for letter in text):
            raise invalid(f"Label {key!r}: {value!r} is not allowed: at most 63 lower-case letters, digits, _ and -")
