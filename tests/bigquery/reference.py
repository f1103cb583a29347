"""Google's reference implementation of the same SQL, slow and for small tables: a second judge of the engine's answers."""

import datetime
import decimal

from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as messages

from . import analysis, zeta
from .values import EPOCH, SCHEMA_NAMES, micros, parameter

DAY_ZERO = EPOCH.date()


def evaluate(catalog, sql, parameters=(), project="test-proj"):
    """The rows of a query, as Python values, over the tables of a catalogue; the analyser's errors where it has any."""
    tables = []
    for path in analysis.table_paths(sql):
        names = ".".join(path).split(".")
        tables.append((path, catalog.table(*([project] * (3 - len(names)) + names))))
    meaning = analysis.meaning(sql, tables, parameters)
    request = messages.PrepareQueryRequest(sql=sql, simple_catalog=analysis.catalog_of(tables).to_proto(),
                                           options=zeta.options(analysis.parameter_types(parameters)).to_proto())
    for path, table in tables:
        _fill(request.table_content[".".join(path)], catalog, table)
    client = zeta.service().wasm_client
    with zeta.LOCK:
        prepared = client.call_grpc_func("ZetaSqlLocalService_PrepareQuery", request, messages.PrepareQueryResponse)
        ask = messages.EvaluateQueryRequest(prepared_query_id=prepared.prepared.prepared_query_id)
        for one in parameters:
            given = ask.params.add(name=one["name"].lower())
            kind = one["parameterType"]
            value = parameter(kind, one.get("parameterValue") or {})
            _write(given.value, value, (kind.get("arrayType") or kind)["type"])
        done = client.call_grpc_func("ZetaSqlLocalService_EvaluateQuery", ask, messages.EvaluateQueryResponse)
    return [tuple(_read(cell, column) for cell, column in zip(row.cell, meaning.columns))
            for row in done.content.table_data.row]


def _fill(content, catalog, table):
    names = [one.name for one in table.columns]
    pseudo = [("_PARTITIONTIME", "TIMESTAMP"), ("_PARTITIONDATE", "DATE")] if table.ingestion_time else []
    columns = ", ".join(f'"{name}"' for name in names)
    if pseudo:
        columns += ', "_PARTITIONTIME", CAST("_PARTITIONTIME" AS DATE)'
    kinds = [one.type for one in table.columns] + [kind for _, kind in pseudo]
    for row in catalog.connection().execute(f"SELECT {columns} FROM {table.stored()}").fetchall():
        made = content.table_data.row.add()
        for value, kind in zip(row, kinds):
            _write(made.cell.add(), value, kind)


def _write(cell, value, kind):
    """Puts a Python value into a message of the reference implementation; None leaves it empty, which is NULL."""
    kind = SCHEMA_NAMES[kind.upper()]
    if value is None:
        return
    if isinstance(value, list):
        cell.array_value.SetInParent()
        for one in value:
            _write(cell.array_value.element.add(), one, kind)
    elif kind == "TIMESTAMP":
        cell.timestamp_value.seconds, rest = divmod(micros(value), 1_000_000)
        cell.timestamp_value.nanos = rest * 1000
        cell.timestamp_value.SetInParent()
    elif kind == "DATE":
        cell.date_value = (value - DAY_ZERO).days
    else:
        field = {"STRING": "string_value", "INTEGER": "int64_value", "FLOAT": "double_value", "BOOLEAN": "bool_value",
                 "BYTES": "bytes_value", "JSON": "json_value"}[kind]
        setattr(cell, field, value)


def _read(cell, column):
    if column.mode == "REPEATED":
        single = type(column)(column.name, column.type, "NULLABLE", column.fields)
        return [_read(one, single) for one in cell.array_value.element]
    which = cell.WhichOneof("value")
    if which is None:
        return None
    if column.type == "RECORD":
        return {inner.name: _read(one, inner) for one, inner in zip(cell.struct_value.field, column.fields)}
    value = getattr(cell, which)
    if column.type == "TIMESTAMP":
        return EPOCH + datetime.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
    if column.type == "DATE":
        return DAY_ZERO + datetime.timedelta(days=value)
    if column.type == "DATETIME":
        return _datetime(value)
    if column.type == "NUMERIC":
        return decimal.Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-9)
    return value


def _datetime(value):
    """Year, month, day, hour, minute and second, packed into the bits of a number."""
    bits = value.bit_field_datetime_seconds
    parts = (bits >> 26, bits >> 22 & 15, bits >> 17 & 31, bits >> 12 & 31, bits >> 6 & 63, bits & 63)
    return datetime.datetime(*parts, value.nanos // 1000)
