"""Which partitions a statement reads: what a required partition filter asks for, and what the bytes are counted from."""

from sqlglot import exp

from .errors import invalid_query
from .translate import path_of

# A bound inside a partition still reads the whole partition.
ROUNDED = {exp.GT: ">=", exp.GTE: ">=", exp.LT: "<=", exp.LTE: "<=", exp.EQ: "="}
TURNED = {exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE, exp.EQ: exp.EQ}
# Functions of the partition column that the service still prunes by.
SEEN_THROUGH = (exp.Date, exp.Cast, exp.TimestampTrunc, exp.Timestamp, exp.TsOrDsToDate, exp.Paren)


def conditions(tree, tables):
    """For each partitioned table that is read, the bounds on its partition: (table, [(column node, operator, other)]).

    A required filter that is missing is an error, worded as the service words it.
    """
    by_path = {".".join(path): table for path, table in tables}
    found = []
    for node in tree.find_all(exp.Table):
        table = by_path.get(path_of(node))
        if table is None or not table.partition:
            continue
        select = node.find_ancestor(exp.Select)
        bounds = _bounds(select, node.alias or table.name, table.partition_column) if select else []
        if table.requires_filter and not bounds:
            raise invalid_query(
                f"Cannot query over table '{table.project}.{table.dataset}.{table.name}' without a filter over column(s) "
                f"{_columns(table)} that can be used for partition elimination")
        found.append((table, bounds))
    return found


def _columns(table):
    if table.ingestion_time:
        return "'_PARTITION_LOAD_TIME', '_PARTITIONDATE', '_PARTITIONTIME'"
    return f"'{table.partition_column}'"


def _bounds(select, alias, column):
    where = select.args.get("where")
    if where is None:
        return []
    names = {column.upper()} | ({"_PARTITIONDATE"} if column == "_PARTITIONTIME" else set())
    found = []
    for part in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        found += _bound(part.unnest(), alias, names)
    return found


def _bound(part, alias, names):
    if isinstance(part, exp.Between) and _is_column(part.this, alias, names) and _constant(part.args["low"], part.args["high"]):
        return [(part.this, exp.GTE, part.args["low"]), (part.this, exp.LTE, part.args["high"])]
    if type(part) not in ROUNDED:
        return []
    for side, other, kind in ((part.left, part.right, type(part)), (part.right, part.left, TURNED[type(part)])):
        if _is_column(side, alias, names) and _constant(other):
            return [(side, kind, other)]
    return []


def _is_column(node, alias, names):
    while isinstance(node, SEEN_THROUGH):
        node = node.this
    return isinstance(node, exp.Column) and node.name.upper() in names and node.table in ("", alias)


def _constant(*nodes):
    return not any(node.find(exp.Column) or node.find(exp.Subquery) for node in nodes)


def bytes_condition(table, bounds):
    """The bounds as one condition in BigQuery's SQL on whole partitions; TRUE where there are none."""
    unit = table.partition.get("type", "DAY")
    kind = (table.column(table.partition_column) or table).__dict__.get("type", "TIMESTAMP")
    function = {"TIMESTAMP": "TIMESTAMP_TRUNC", "DATE": "DATE_TRUNC", "DATETIME": "DATETIME_TRUNC"}[kind]
    parts = []
    for side, operator, other in bounds:
        left, right = side.sql("bigquery"), other.sql("bigquery")
        if isinstance(side, exp.Column) and side.name.upper() != "_PARTITIONDATE":
            left, right = f"{function}({side.name}, {unit})", f"{function}({right}, {unit})"
        parts.append(f"{left} {ROUNDED[operator]} {right}")
    return " AND ".join(parts) or "TRUE"
