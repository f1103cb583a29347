"""Types and values: how BigQuery's REST API, DuckDB and ZetaSQL each write them."""

import base64
import datetime
import decimal
import json
from dataclasses import dataclass, field

from .errors import invalid

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)

# The names that a schema is answered with, by every name that a request may use.
SCHEMA_NAMES = {
    "STRING": "STRING", "BYTES": "BYTES", "INTEGER": "INTEGER", "INT64": "INTEGER", "FLOAT": "FLOAT", "FLOAT64": "FLOAT",
    "BOOLEAN": "BOOLEAN", "BOOL": "BOOLEAN", "TIMESTAMP": "TIMESTAMP", "DATE": "DATE", "DATETIME": "DATETIME",
    "TIME": "TIME", "NUMERIC": "NUMERIC", "JSON": "JSON", "RECORD": "RECORD", "STRUCT": "RECORD",
}
DUCKDB_NAMES = {
    "STRING": "VARCHAR", "BYTES": "BLOB", "INTEGER": "BIGINT", "FLOAT": "DOUBLE", "BOOLEAN": "BOOLEAN",
    "TIMESTAMP": "TIMESTAMPTZ", "DATE": "DATE", "DATETIME": "TIMESTAMP", "TIME": "TIME", "NUMERIC": "DECIMAL(38,9)",
    "JSON": "JSON",
}
# Bytes that a value is billed with; texts are billed by their length.
WIDTHS = {"INTEGER": 8, "FLOAT": 8, "BOOLEAN": 1, "TIMESTAMP": 8, "DATE": 8, "DATETIME": 8, "TIME": 8, "NUMERIC": 16}


@dataclass
class Column:
    """A column of a table or of a result."""

    name: str
    type: str
    mode: str = "NULLABLE"
    fields: list = field(default_factory=list)
    description: str = ""

    @classmethod
    def from_json(cls, given):
        """A column as a request describes it."""
        kind = SCHEMA_NAMES.get(str(given.get("type", "")).upper())
        if kind is None or not given.get("name"):
            raise invalid(f"Invalid value for type: {given.get('type')} is not a valid value")
        inner = [cls.from_json(one) for one in given.get("fields", [])]
        return cls(given["name"], kind, (given.get("mode") or "NULLABLE").upper(), inner, given.get("description", ""))

    def to_json(self):
        """The column as an answer describes it."""
        more = {"fields": [one.to_json() for one in self.fields]} if self.fields else {}
        more |= {"description": self.description} if self.description else {}
        return {"name": self.name, "type": self.type, "mode": self.mode, **more}

    def duckdb_type(self):
        """The type of the column in DuckDB."""
        if self.type == "RECORD":
            inner = "STRUCT(" + ", ".join(f"{quoted(one.name)} {one.duckdb_type()}" for one in self.fields) + ")"
        else:
            inner = DUCKDB_NAMES[self.type]
        return inner + ("[]" if self.mode == "REPEATED" else "")


def quoted(name):
    """A name as DuckDB takes it."""
    return '"' + name.replace('"', '""') + '"'


def micros(moment):
    """Microseconds since 1970 of a moment with a zone."""
    return (moment.astimezone(UTC) - EPOCH) // datetime.timedelta(microseconds=1)


def cell(value, column, int64_timestamps):
    """A value as `{"v": ...}`: texts, as the service sends them."""
    if column.mode == "REPEATED":
        single = Column(column.name, column.type, "NULLABLE", column.fields)
        return {"v": [cell(one, single, int64_timestamps) for one in value or []]}
    if value is None:
        return {"v": None}
    if column.type == "RECORD":
        return {"v": {"f": [cell(one, inner, int64_timestamps) for one, inner in zip(value.values(), column.fields)]}}
    return {"v": _text(value, column.type, int64_timestamps)}


def _text(value, kind, int64_timestamps):
    if kind == "TIMESTAMP":
        count = micros(value)
        return str(count) if int64_timestamps else _scientific(count / 1e6)
    if kind == "FLOAT":
        return _float(value)
    if kind == "BOOLEAN":
        return "true" if value else "false"
    if kind == "BYTES":
        return base64.b64encode(value).decode()
    if kind in ("DATETIME", "DATE", "TIME"):
        return value.isoformat()
    if kind == "NUMERIC":
        return format(decimal.Decimal(value).normalize(), "f")
    return str(value)


def _scientific(seconds):
    """Seconds as the service writes a timestamp where no integers were asked for: 1.7747424E9."""
    mantissa, exponent = f"{seconds:.15E}".split("E")
    digits = mantissa.rstrip("0")
    return f"{digits}0E{int(exponent)}" if digits.endswith(".") else f"{digits}E{int(exponent)}"


def _float(value):
    value = float(value)
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value).replace("e+", "E").replace("e-", "E-")


def parameter(kind, given):
    """A query parameter as Python and DuckDB take it. `kind` and `given` are parameterType and parameterValue."""
    name = str(kind.get("type", "")).upper()
    if name == "ARRAY":
        return [parameter(kind.get("arrayType") or {}, one) for one in given.get("arrayValues") or []]
    text = given.get("value")
    if text is None:
        return None
    try:
        return _READERS[SCHEMA_NAMES[name]](text)
    except (KeyError, ValueError, TypeError, ArithmeticError):
        raise invalid(f"Invalid value for type {name}: {text!r}") from None


def timestamp(text):
    """A moment as the service reads it: a zone, or UTC."""
    text = str(text).strip().replace(" UTC", "+00:00")
    if len(text) > 3 and text[-3] in "+-" and text[-2:].isdigit():
        text += ":00"
    read = datetime.datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def boolean(text):
    """`true` or `false`."""
    return {"true": True, "false": False}[str(text).lower()]


def _json(text):
    json.loads(text)
    return text


_READERS = {
    "STRING": str, "INTEGER": int, "FLOAT": float, "BOOLEAN": boolean, "TIMESTAMP": timestamp, "JSON": _json,
    "DATE": datetime.date.fromisoformat, "DATETIME": datetime.datetime.fromisoformat,
    "TIME": datetime.time.fromisoformat, "NUMERIC": decimal.Decimal, "BYTES": base64.b64decode,
}
