"""CREATE SCHEMA, CREATE TABLE and CREATE VIEW, as Google's analyser has understood them."""

from zetasql import types

from . import analysis
from .catalog import Table
from .errors import ApiError, invalid_query, not_translated

UNITS = {"timestamp_trunc", "date_trunc", "datetime_trunc"}


def run(catalog, project, plan, translate, look_up):
    """Runs a statement that creates something. `translate` and `look_up` are of query.py, for the query of a view."""
    statement = plan.meaning.statement
    options = {one.name: _literal(one.value) for one in statement.option_list or []}
    names = ".".join(statement.name_path).split(".")
    if plan.meaning.kind == "CREATE_SCHEMA":
        return _once(statement, lambda: catalog.create_dataset(*_full(project, names, 2), options.get("location", "US")))
    where = _full(project, names, 3)
    if statement.create_mode == types.CreateMode.CREATE_OR_REPLACE and where in catalog.tables:
        catalog.delete_table(*where)
    if plan.meaning.kind == "CREATE_VIEW":
        query = statement.sql
        translated, _ = translate(query, look_up(query))
        view = Table(*where, plan.meaning.columns, query=query)
        return _once(statement, lambda: catalog.create_view(view, translated))
    return _once(statement, lambda: catalog.create_table(_table(statement, where, options)))


def _full(project, names, count):
    if len(names) == count - 1:
        names = [project, *names]
    if len(names) != count:
        raise invalid_query(f"Invalid name: {'.'.join(names)}")
    return tuple(names)


def _once(statement, create):
    try:
        create()
    except ApiError as error:
        if error.status != 409 or statement.create_mode != types.CreateMode.CREATE_IF_NOT_EXISTS:
            raise


def _table(statement, where, options):
    columns = []
    for one in statement.column_definition_list:
        column = analysis.column_of(one.name, one.type)
        notes = one.annotations
        if notes and notes.not_null and column.mode == "NULLABLE":
            column.mode = "REQUIRED"
        found = {option.name: _literal(option.value) for option in (notes.option_list if notes else None) or []}
        column.description = found.get("description", "")
        columns.append(column)
    return Table(*where, columns, partition=_partition(statement), requires_filter=bool(options.get("require_partition_filter")),
                 clustering=[one.column.name for one in statement.cluster_by_list or []])


def _partition(statement):
    parts = statement.partition_by_list or []
    if not parts:
        return None
    functions = [node.name.removeprefix("ZetaSQL:") for node in analysis.nodes(parts) if type(node).__name__ == "FunctionRef"]
    names = [node.column.name for node in analysis.nodes(parts) if type(node).__name__ == "ResolvedColumnRef"]
    if len(names) != 1 or len(functions) > 1:
        raise invalid_query("PARTITION BY expression must be DATE(<timestamp_column>), TIMESTAMP_TRUNC(<timestamp_column>, "
                            "DAY/HOUR/MONTH/YEAR) or a DATE column")
    unit = "DAY"
    if functions and functions[0] in UNITS:
        enums = [node.value.enum_value for node in analysis.nodes(parts) if getattr(node, "enum_value", None) is None
                 and type(node).__name__ == "ValueWithType" and node.value.enum_value is not None]
        unit = {1: "YEAR", 2: "MONTH", 3: "DAY", 6: "HOUR"}.get(enums[0] if enums else 3)
        if unit is None:
            raise not_translated("partitions of this length")
    field = {} if names[0].upper() == "_PARTITIONTIME" else {"field": names[0]}
    return {"type": unit, **field}


def _literal(node):
    value = node.value.value
    for name in ("bool_value", "string_value", "int64_value", "double_value"):
        if getattr(value, name) is not None:
            return getattr(value, name)
    return None
