"""Errors as BigQuery's REST API words them."""

STATUS_NAMES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
    413: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL", 502: "UNAVAILABLE",
    503: "UNAVAILABLE",
}

# What a job that failed answers when its results are asked for. The service documents the status of each reason.
STATUS_OF_REASON = {
    "accessDenied": 403, "backendError": 500, "bytesBilledLimitExceeded": 400, "duplicate": 409, "internalError": 500,
    "invalid": 400, "invalidQuery": 400, "notFound": 404, "quotaExceeded": 403, "rateLimitExceeded": 403,
    "resourcesExceeded": 400, "stopped": 499, "timeout": 400,
}


class ApiError(Exception):
    """What a request is refused with: an HTTP status, BigQuery's reason and a message."""

    def __init__(self, status, reason, message, location=None, location_type="parameter"):
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message
        self.location, self.location_type = location, location_type

    def body(self):
        """The JSON body of the HTTP answer."""
        entry = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            entry |= {"location": self.location, "locationType": self.location_type}
        return {"error": {"code": self.status, "message": self.message, "errors": [entry],
                          "status": STATUS_NAMES.get(self.status, "UNKNOWN")}}

    def in_job(self):
        """The `errorResult` of a job that failed with it."""
        location = {"location": "query"} if self.reason == "invalidQuery" else {}
        return {"reason": self.reason, **location, "message": self.message}


def invalid_query(message):
    """A statement that BigQuery refuses."""
    return ApiError(400, "invalidQuery", message, "q")


def not_translated(what):
    """A statement that BigQuery takes and this engine cannot run. Never a 5xx: a client would try again."""
    return ApiError(400, "invalidQuery", f"The test engine cannot run this: {what}", "q")


def invalid(message):
    """A request with a wrong argument."""
    return ApiError(400, "invalid", message)


def not_found(what):
    """A thing that is not there; `what` is as in `Table p:d.t`."""
    return ApiError(404, "notFound", f"Not found: {what}")


def already_exists(what):
    """A thing that is there already."""
    return ApiError(409, "duplicate", f"Already Exists: {what}")


def access_denied(what):
    """A thing that this caller may not use."""
    return ApiError(403, "accessDenied", f"Access Denied: {what}")
