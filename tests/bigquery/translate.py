"""BigQuery's SQL to DuckDB's: sqlglot does the grammar, this file what sqlglot would get wrong without a word.

A statement comes here only after Google's analyser has accepted it. What is not known to mean the same in DuckDB is
refused: every function that the analyser found has to be in FUNCTIONS.
"""

import sqlglot
from sqlglot import exp

from .errors import invalid_query, not_translated
from .rewrites import rewrite
from .values import DUCKDB_NAMES, SCHEMA_NAMES, quoted

# The functions, by the analyser's names, that are known to be translated with their meaning.
FUNCTIONS = set("""
$add $subtract $multiply $divide $unary_minus $equal $not_equal $less $less_or_equal $greater $greater_or_equal
$and $or $not $is_null $is_true $is_false $is_not_distinct_from $is_distinct_from $in $in_array $between $like
$case_no_value $case_with_value $concat_op $count_star $array_at_offset $safe_array_at_offset $make_array
$extract $extract_date $extract_time $extract_datetime
if ifnull nullif coalesce greatest least error
count countif sum avg min max any_value approx_count_distinct logical_and logical_or string_agg array_agg
stddev stddev_samp stddev_pop variance var_samp var_pop corr
row_number rank dense_rank lag lead first_value last_value
abs sign round floor ceil trunc sqrt pow power exp ln log10 div mod safe_divide ieee_divide is_nan is_inf
concat lower upper trim ltrim rtrim length char_length strpos substr substring starts_with ends_with replace split
regexp_contains regexp_extract regexp_replace reverse
json_value json_query json_value_array json_query_array json_extract_scalar parse_json safe_convert_bytes_to_string
timestamp timestamp_trunc timestamp_add timestamp_sub timestamp_diff timestamp_micros timestamp_millis timestamp_seconds
unix_micros unix_millis unix_seconds format_timestamp parse_timestamp current_timestamp
date date_trunc date_add date_sub date_diff current_date datetime datetime_trunc datetime_add datetime_sub datetime_diff
generate_array generate_date_array generate_timestamp_array array_length
""".split())


def parsed(sql):
    """The statement as sqlglot's tree. Exactly one is taken."""
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="bigquery") if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        raise not_translated(str(error).split("\n")[0]) from None
    if len(trees) != 1:
        raise invalid_query("The request holds more than one statement; scripts are not taken here")
    return trees[0]


def check_functions(meaning):
    """Refuses a statement with a function whose translation nobody has checked."""
    unknown = sorted(meaning.functions - FUNCTIONS)
    if unknown:
        raise not_translated(f"the function {', '.join(unknown).upper()}")


def duckdb_sql(tree, tables, parameters):
    """The statement in DuckDB's SQL, and the names of the parameters that it uses."""
    tree = tree.copy()
    _offsets(tree)
    rewrite(tree)
    _stored_tables(tree, tables)
    types = {one["name"].lower(): (one["name"], one.get("parameterType") or {}) for one in parameters if one.get("name")}
    tree = tree.transform(lambda node: _typed(node, types) if isinstance(node, exp.Parameter) else node)
    try:
        sql = tree.sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        raise not_translated(str(error)) from None
    return sql, sorted({node.name for node in tree.find_all(exp.Parameter)})


def path_of(table):
    """The names of a table as the statement writes them, joined."""
    return ".".join(part.name for part in table.parts)


def _stored_tables(tree, tables):
    """Puts the stored table in the place of each table that the statement names."""
    by_path = {".".join(path): table for path, table in tables}
    pseudo = any(column.name.upper() in ("_PARTITIONTIME", "_PARTITIONDATE") for column in tree.find_all(exp.Column))
    for node in list(tree.find_all(exp.Table)):
        table = by_path.get(path_of(node))
        if table is None:
            continue  # a common table expression, or a function
        if table.ingestion_time and pseudo and any(True for _ in tree.find_all(exp.Star)):
            raise not_translated("* beside the pseudo column _PARTITIONTIME")
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
        _put(node, table, alias, pseudo)


def _put(node, table, alias, pseudo):
    columns = [quoted(one.name) for one in table.columns]
    if table.ingestion_time and pseudo:
        columns += ['"_PARTITIONTIME"', 'CAST("_PARTITIONTIME" AS DATE) AS "_PARTITIONDATE"']
    inner = sqlglot.parse_one(f"SELECT {', '.join(columns)} FROM {table.stored()}", read="duckdb")
    source = exp.Subquery(this=inner, alias=alias.copy(), joins=node.args.get("joins") or [])
    node.replace(source)


def _typed(node, types):
    name, kind = types[node.name.lower()]
    repeated = str(kind.get("type", "")).upper() == "ARRAY"
    inner = str((kind.get("arrayType") or {} if repeated else kind).get("type", "")).upper()
    duckdb = DUCKDB_NAMES[SCHEMA_NAMES[inner]] + ("[]" if repeated else "")
    return exp.Cast(this=exp.Parameter(this=exp.Var(this=name)), to=exp.DataType.build(duckdb, dialect="duckdb"))


def _offsets(tree):
    """UNNEST WITH OFFSET counts from 0; DuckDB's ordinality from 1."""
    for unnest in list(tree.find_all(exp.Unnest)):
        offset = unnest.args.get("offset")
        if offset is None:
            continue
        name = offset.name if isinstance(offset, exp.Identifier) else "offset"
        select = unnest.find_ancestor(exp.Select)
        if any(column.name == name and column.table for column in select.find_all(exp.Column)):
            raise not_translated("an offset of UNNEST named with its table")
        counted = f"{name}_from_one"
        unnest.set("offset", exp.to_identifier(counted))
        for column in list(select.find_all(exp.Column)):
            if column.name == name and not column.find_ancestor(exp.Order):
                less = exp.Paren(this=exp.Sub(this=exp.column(counted), expression=exp.Literal.number(1)))
                column.replace(exp.alias_(less, name) if isinstance(column.parent, exp.Select) else less)
