"""tabledata.insertAll: rows checked one by one, and each insertId once."""

import datetime
import json
import time

from .errors import ApiError, invalid
from .values import UTC, boolean, quoted, timestamp

# The service remembers an insertId for about a minute, as best it can.
REMEMBERED_SECONDS = 60
MOST_ROWS = 50_000
MOST_BYTES = 10 * 1024 * 1024


class BadValue(Exception):
    """Why a row is not taken."""

    def __init__(self, location, message):
        super().__init__(message)
        self.entry = {"reason": "invalid", "location": location, "debugInfo": "", "message": message}


def insert_all(catalog, seen, table, body, length):
    """Inserts the rows of a request and answers with the errors of single rows. `seen` is when each insertId came."""
    rows = body.get("rows") or []
    if length > MOST_BYTES:
        raise ApiError(413, "uploadTooLarge", f"Request payload size exceeds the limit: {MOST_BYTES} bytes.")
    if not rows:
        raise invalid("No rows present in the request.")
    if len(rows) > MOST_ROWS:
        raise invalid(f"Too many rows present in the request, limit: {MOST_ROWS} row count: {len(rows)}.")
    good, errors = [], []
    for index, row in enumerate(rows):
        try:
            good.append((row.get("insertId"), checked(table, row.get("json") or {}, body.get("ignoreUnknownValues"))))
        except BadValue as error:
            errors.append({"index": index, "errors": [error.entry]})
    if errors and not body.get("skipInvalidRows"):
        bad = {one["index"] for one in errors}
        stopped = [{"reason": "stopped", "location": "", "debugInfo": "", "message": ""}]
        errors += [{"index": index, "errors": stopped} for index in range(len(rows)) if index not in bad]
        good = []
    with catalog.lock:
        _write(catalog, table, _new(seen, table, good))
    answer = {"kind": "bigquery#tableDataInsertAllResponse"}
    return answer | ({"insertErrors": sorted(errors, key=lambda one: one["index"])} if errors else {})


def checked(table, given, ignore_unknown=False):
    """The values of a row, as texts that DuckDB casts, in the order of the columns."""
    for name in given:
        if table.column(name) is None and not ignore_unknown:
            raise BadValue(name, f"no such field: {name}.")
    lower = {name.lower(): value for name, value in given.items()}
    return [_checked(column, lower.get(column.name.lower())) for column in table.columns]


def _checked(column, value):
    if value is None:
        if column.mode == "REQUIRED":
            raise BadValue(column.name, f"Missing required field: {column.name}.")
        return None
    if column.mode == "REPEATED":
        if not isinstance(value, list):
            raise BadValue(column.name, f"Field {column.name} is repeated and takes a list.")
        return [_one(column, one) for one in value]
    if isinstance(value, list):
        raise BadValue(column.name, f"Array specified for non-repeated field: {column.name}.")
    return _one(column, value)


def _one(column, value):
    if isinstance(value, (dict, list)) or column.type == "RECORD":
        raise BadValue(column.name, f"This field: {column.name} is not a record.")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return _CHECKS.get(column.type, lambda _, same: same)(value, text)
    except (ValueError, KeyError, OverflowError):
        raise BadValue(column.name, _COMPLAINTS.get(column.type, "Bad value: {}").format(text)) from None


def _timestamp(value, text):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.datetime.fromtimestamp(value, UTC).isoformat()
    return timestamp(text).isoformat()


def _integer(value, text):
    if isinstance(value, bool) or not -(2**63) <= int(text) < 2**63:
        raise ValueError
    return str(int(text))


def _float(value, text):
    if isinstance(value, bool):
        raise ValueError
    return repr(float(text))


def _json(value, text):
    if not isinstance(value, str):
        raise ValueError
    json.loads(text)
    return text


_CHECKS = {
    "INTEGER": _integer,
    "FLOAT": _float,
    "BOOLEAN": lambda value, text: str(boolean(text)).lower(),
    "TIMESTAMP": _timestamp,
    "DATE": lambda value, text: datetime.date.fromisoformat(text).isoformat(),
    "DATETIME": lambda value, text: datetime.datetime.fromisoformat(text).replace(tzinfo=None).isoformat(),
    "JSON": _json,
}
_COMPLAINTS = {
    "INTEGER": "Cannot convert value to integer (bad value): {}",
    "FLOAT": "Cannot convert value to floating point (bad value): {}",
    "BOOLEAN": "Cannot convert value to boolean (bad value): {}",
    "TIMESTAMP": "Could not parse '{}' as a timestamp. Required format is YYYY-MM-DD HH:MM[:SS[.SSSSSS]] or "
                 "YYYY/MM/DD HH:MM[:SS[.SSSSSS]]",
    "DATE": "Invalid date: '{}'",
    "DATETIME": "Invalid datetime string \"{}\"",
    "JSON": "Invalid JSON: {}",
}


def _new(seen, table, rows):
    """The rows whose insertId has not been seen in the last minute."""
    now, fresh = time.monotonic(), []
    for insert_id, values in rows:
        key = (table.id, insert_id)
        if insert_id and now - seen.get(key, -REMEMBERED_SECONDS) < REMEMBERED_SECONDS:
            continue
        seen[key] = now
        fresh.append(values)
    return fresh


def _write(catalog, table, rows):
    if not rows:
        return
    columns, values, given = [], [], {}
    for number, column in enumerate(table.columns):
        given[f"c{number}"] = [row[number] for row in rows]
        repeated = "[]" if column.mode == "REPEATED" else ""
        columns.append(quoted(column.name))
        values.append(f"CAST(unnest(CAST($c{number} AS VARCHAR{repeated}[])) AS {column.duckdb_type()})")
    if table.ingestion_time:
        columns.append("\"_PARTITIONTIME\"")
        values.append(f"date_trunc('{table.partition.get('type', 'DAY')}', now())")
    catalog.connection().execute(
        f"INSERT INTO {table.stored()} ({', '.join(columns)}) SELECT {', '.join(values)}", given)
