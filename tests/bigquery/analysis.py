"""What a statement means: Google's analyser tells its columns, the tables and columns that it reads, and its errors."""

import re
from dataclasses import dataclass, field

from zetasql import types
from zetasql.api import TypeFactory
from zetasql.core.exceptions import ServerError

from . import zeta
from .errors import invalid_query, not_translated
from .values import SCHEMA_NAMES, Column


@dataclass
class Meaning:
    """A statement that the analyser has accepted."""

    statement: object
    kind: str
    columns: list
    functions: set
    reads: dict = field(default_factory=dict)  # table -> names of the columns that it reads of it

    @property
    def is_query(self):
        """Whether it answers with rows."""
        return self.kind == "SELECT"


KINDS = {
    "ResolvedQueryStmt": "SELECT", "ResolvedCreateTableStmt": "CREATE_TABLE", "ResolvedCreateViewStmt": "CREATE_VIEW",
    "ResolvedCreateSchemaStmt": "CREATE_SCHEMA",
}


def table_paths(sql):
    """The tables that a statement names, each as the list of its names as they are written."""
    with zeta.LOCK:
        try:
            found = zeta.service().extract_table_names_from_statement(sql_statement=sql, options=zeta.language())
        except ServerError as error:
            raise invalid_query(worded(error)) from None
    return [list(one.table_name_segment) for one in found.table_name]


def meaning(sql, tables, parameters):
    """Analyses a statement. `tables` are (path as written, table), `parameters` as a request gives them."""
    options = types.AnalyzerOptions(language_options=zeta.language())
    options.error_message_mode = types.ErrorMessageMode.ERROR_MESSAGE_ONE_LINE
    options.prune_unused_columns = True
    options.query_parameters = [
        types.AnalyzerOptions.QueryParameter(name=one.get("name"), type=_parameter_type(one.get("parameterType") or {}))
        for one in parameters if one.get("name")
    ]
    with zeta.LOCK:
        try:
            answer = zeta.service().analyze(sql_statement=sql, options=options, simple_catalog=_catalog(tables))
        except ServerError as error:
            raise invalid_query(worded(error)) from None
    return _understood(answer.resolved_statement, tables)


def _understood(statement, tables):
    kind = KINDS.get(type(statement).__name__)
    if kind is None:
        raise not_translated(f"a statement of the kind {type(statement).__name__}")
    by_id = {number: table for number, (_, table) in enumerate(tables, start=1)}
    reads, functions = {}, set()
    for node in nodes(statement):
        name = type(node).__name__
        if name == "ResolvedTableScan":
            read = reads.setdefault(by_id[node.table.serialization_id], set())
            read.update(column.name for column in node.column_list or [])
        elif name == "FunctionRef":
            functions.add(node.name.removeprefix("ZetaSQL:"))
    columns = [column_of(one.name, one.column.type, number)
               for number, one in enumerate(getattr(statement, "output_column_list", None) or [])]
    return Meaning(statement, kind, columns, functions, reads)


def nodes(node):
    """A node of the analyser's tree and all below it."""
    if isinstance(node, (list, tuple)):
        for one in node:
            yield from nodes(one)
    elif hasattr(node, "__dataclass_fields__"):
        yield node
        for name in node.__dataclass_fields__:
            yield from nodes(getattr(node, name, None))


def column_of(name, kind, number=0):
    """A column of the analyser. One without a name is called f0_, f1_ ... as in the service."""
    name = f"f{number}_" if name.startswith("$") else name
    if kind.type_kind == types.TypeKind.TYPE_ARRAY:
        inner = column_of(name, kind.array_type.element_type, number)
        return Column(name, inner.type, "REPEATED", inner.fields)
    if kind.type_kind == types.TypeKind.TYPE_STRUCT:
        fields = [column_of(one.field_name or f"_field_{place}", one.field_type)
                  for place, one in enumerate(kind.struct_type.field, start=1)]
        return Column(name, "RECORD", "NULLABLE", fields)
    if kind.type_kind not in zeta.NAMES:
        raise not_translated(f"a column of the type {kind.type_kind}")
    return Column(name, zeta.NAMES[kind.type_kind])


def worded(error):
    """The analyser's message as the service words it: `... at [2:5]`, with no name of a column made up by it."""
    text = re.sub(r"^Code: \d+, Message: ", "", error.raw_error, flags=re.S).strip()
    return re.sub(r"\[at (\d+):(\d+)\]", r"at [\1:\2]", text)


def _parameter_type(kind):
    name = str(kind.get("type", "")).upper()
    if name == "ARRAY":
        return TypeFactory.create_array_type(_parameter_type(kind.get("arrayType") or {}))
    if name not in SCHEMA_NAMES or SCHEMA_NAMES[name] not in zeta.KINDS:
        raise invalid_query(f"Unsupported type of a query parameter: {name or 'none'}")
    return TypeFactory.create_simple_type(zeta.KINDS[SCHEMA_NAMES[name]])


def _type_of(column):
    if column.type == "RECORD":
        inner = TypeFactory.create_struct_type([(one.name, _type_of(one)) for one in column.fields])
    else:
        inner = TypeFactory.create_simple_type(zeta.KINDS[column.type])
    return TypeFactory.create_array_type(inner) if column.mode == "REPEATED" else inner


def _catalog(tables):
    """A catalogue in which each path, as the statement writes it, leads to its table."""
    root = types.SimpleCatalog(name="root", table=[], catalog=[])
    root.builtin_function_options = types.ZetaSQLBuiltinFunctionOptions(language_options=zeta.language())
    for number, (path, table) in enumerate(tables, start=1):
        place = root
        for name in path[:-1]:
            inner = next((one for one in place.catalog if one.name == name), None)
            if inner is None:
                inner = types.SimpleCatalog(name=name, table=[], catalog=[])
                place.catalog.append(inner)
            place = inner
        place.table.append(_table(path[-1], number, table))
    return root


def _table(name, number, table):
    columns = [types.SimpleColumn(name=one.name, type=_type_of(one)) for one in table.columns]
    if table.ingestion_time:
        for pseudo, kind in (("_PARTITIONTIME", types.TypeKind.TYPE_TIMESTAMP), ("_PARTITIONDATE", types.TypeKind.TYPE_DATE)):
            columns.append(types.SimpleColumn(name=pseudo, type=TypeFactory.create_simple_type(kind), is_pseudo_column=True))
    return types.SimpleTable(name=name, serialization_id=number, column=columns)
