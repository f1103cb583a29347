"""Faults on demand: the next requests of a kind fail, or a random share of all."""

import random
import re
import threading
from dataclasses import dataclass

from .errors import ApiError

PROXY_PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1>proxy</body></html>"

ERRORS = {
    "401": ApiError(401, "authError", "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
                                      "cookie or other valid authentication credential.", "Authorization", "header"),
    "403": ApiError(403, "accessDenied", "Access Denied: Project test-proj: User does not have bigquery.jobs.create permission "
                                         "in project test-proj."),
    "429": ApiError(429, "rateLimitExceeded", "Exceeded rate limits: too many requests."),
    "500": ApiError(500, "internalError", "An internal error occurred and the request could not be completed."),
    "503": ApiError(503, "backendError", "Error encountered during execution. Retrying may solve the problem."),
    "rateLimitExceeded": ApiError(403, "rateLimitExceeded", "Exceeded rate limits: too many api requests per user per method "
                                                            "for this user_method."),
    "quotaExceeded": ApiError(403, "quotaExceeded", "Quota exceeded: Your project exceeded quota for free query bytes scanned."),
}
# `cut` closes the connection without an answer, `cut_body` in the middle of it; `truncated` is half the JSON in an
# answer that is whole as HTTP; `html` is a proxy's page.
KINDS = [*ERRORS, "cut", "cut_body", "truncated", "html"]
# What a client may try again: the request may or may not have been carried out.
RETRYABLE = ["429", "500", "503", "rateLimitExceeded", "cut", "cut_body", "html"]


@dataclass
class Fault:
    """What the next requests fail with. `after` lets the request be carried out and loses only its answer."""

    kind: str
    times: int = 1
    path: str = ""  # a pattern that is found in the path; empty is every path of the API
    method: str = ""
    after: bool = False


class Faults:
    """Which requests fail."""

    def __init__(self):
        self.lock = threading.Lock()
        self.clear()

    def clear(self):
        """No more faults."""
        self.planned, self.share, self.random, self.given = [], 0.0, random.Random(0), 0

    def next(self, kind, times=1, path="", method="", after=False):
        """The next `times` requests whose path and method fit fail."""
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}; there are {', '.join(KINDS)}")
        with self.lock:
            self.planned.append(Fault(kind, times, path, method, after))

    def randomly(self, share, seed):
        """A share of all requests fails in retryable ways, half of these after they were carried out."""
        with self.lock:
            self.share, self.random = share, random.Random(seed)

    def pick(self, method, path):
        """The fault of a request, or None."""
        with self.lock:
            for fault in self.planned:
                if fault.times > 0 and fault.method in ("", method) and re.search(fault.path, path):
                    fault.times -= 1
                    self.given += 1
                    return fault
            if self.random.random() < self.share:
                self.given += 1
                return Fault(self.random.choice(RETRYABLE), after=self.random.random() < 0.5)
        return None
