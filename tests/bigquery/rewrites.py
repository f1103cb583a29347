"""Nodes of sqlglot's tree that DuckDB would understand otherwise than BigQuery: each becomes a macro of macros.py."""

from sqlglot import exp

from .errors import not_translated

WIDTHS_US = {
    "MICROSECOND": 1, "MILLISECOND": 1_000, "SECOND": 1_000_000, "MINUTE": 60_000_000, "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
}
CALENDAR = {"DAY", "MONTH", "QUARTER", "YEAR"}
WEEKDAYS = {"MONDAY": 1, "TUESDAY": 2, "WEDNESDAY": 3, "THURSDAY": 4, "FRIDAY": 5, "SATURDAY": 6, "SUNDAY": 7}
EXTRACTED = {"MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "QUARTER", "YEAR", "DAYOFYEAR",
             "ISOWEEK", "ISOYEAR", "DAYOFWEEK"}

# What strftime and strptime of DuckDB write alike, and what has to be spelled out.
FORMATS = set("aAbBdHIjmMpSyYu%")
SPELLED_OUT = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M", "%E6S": "%S.%f", "%E3S": "%S.%g", "%e": "%-d"}


def rewrite(tree):
    """Rewrites a tree in place, leaves first, so that what is replaced holds what was already rewritten."""
    for node in reversed(list(tree.walk(bfs=True))):
        made = rewritten(node)
        if made is not node:
            node.replace(made)


def rewritten(node):
    """The node, or what stands for it in DuckDB."""
    rule = RULES.get(type(node))
    made = rule(node) if rule else node
    if isinstance(made, exp.Anonymous) and not made.name.lower().startswith("bq_") and made.name.lower() not in KEPT:
        raise not_translated(f"the function {made.name}")
    return made


def call(name, *arguments):
    """A call of a macro."""
    return exp.Anonymous(this=name, expressions=[one.copy() if one.parent else one for one in arguments])


def text(value):
    """A text literal."""
    return exp.Literal.string(value)


def number(value):
    """A number literal."""
    return exp.Literal.number(value)


def _unit(node):
    unit = node.args.get("unit")
    return (unit.sql("bigquery") if unit is not None else "DAY").upper().strip("'")


def _zone(node):
    return node.args.get("zone") or text("UTC")


def _week_start(unit):
    """The first day of the week that a unit means, or None where it is no week."""
    if unit in ("WEEK", "ISOWEEK"):
        return WEEKDAYS["SUNDAY" if unit == "WEEK" else "MONDAY"]
    if unit.startswith("WEEK(") and unit[5:-1] in WEEKDAYS:
        return WEEKDAYS[unit[5:-1]]
    return None


def _timestamp_trunc(node):
    unit, first = _unit(node), _week_start(_unit(node))
    if first:
        return call("bq_trunc_week", node.this, _zone(node), number(first))
    if unit in CALENDAR:
        return call("bq_trunc_calendar", node.this, _zone(node), text(unit.lower()))
    if unit in WIDTHS_US:
        return call("bq_trunc_clock", node.this, _zone(node), number(WIDTHS_US[unit]))
    raise not_translated(f"TIMESTAMP_TRUNC to {unit}")


def _date_trunc(node):
    unit, first = _unit(node), _week_start(_unit(node))
    if first:
        return exp.cast(call("bq_week_start", node.this, number(first)), "DATE")
    if unit in CALENDAR:
        return exp.cast(call("date_trunc", text(unit.lower()), node.this), "DATE")
    raise not_translated(f"DATE_TRUNC to {unit}")


def _datetime_trunc(node):
    unit = _unit(node)
    if unit in CALENDAR or unit in WIDTHS_US:
        return call("date_trunc", text(unit.lower()), node.this)
    raise not_translated(f"DATETIME_TRUNC to {unit}")


def _timestamp_diff(node):
    if _unit(node) not in WIDTHS_US:
        raise not_translated(f"TIMESTAMP_DIFF in {_unit(node)}")
    return call("bq_timestamp_diff", node.this, node.expression, number(WIDTHS_US[_unit(node)]))


def _unix_to_time(node):
    scale = node.args.get("scale")
    factor = {"": 1_000_000, "3": 1_000, "6": 1}.get(scale.name if scale else "")
    if factor is None:
        raise not_translated("a Unix time of this scale")
    return call("bq_of_micros", exp.Mul(this=exp.Paren(this=node.this.copy()), expression=number(factor)))


def _timestamp(node):
    if node.args.get("zone"):
        local = exp.cast(node.this.copy(), exp.DataType.build("TIMESTAMP", dialect="duckdb"))
        return call("bq_at_zone", local, node.args["zone"])
    return call("bq_timestamp", node.this)


def _date(node):
    if node.expressions:
        raise not_translated("this form of DATE")
    return call("bq_date", node.this, node.args.get("zone") or text("UTC"))


def _datetime(node):
    zone = node.args.get("zone") or node.args.get("expression")
    if zone is None:
        return exp.cast(node.this.copy(), exp.DataType.build("TIMESTAMP", dialect="duckdb"))
    moment = exp.AtTimeZone(this=call("bq_timestamp", node.this), zone=zone.copy())
    return exp.cast(moment, exp.DataType.build("TIMESTAMP", dialect="duckdb"))


def spelled(literal):
    """A format of FORMAT_ and PARSE_TIMESTAMP in DuckDB's letters."""
    if not isinstance(literal, exp.Literal):
        raise not_translated("a format that is not a literal")
    out, rest = "", literal.name
    while rest:
        long = next((key for key in SPELLED_OUT if rest.startswith(key)), None)
        if long:
            out, rest = out + SPELLED_OUT[long], rest[len(long):]
        elif rest[0] == "%" and (len(rest) < 2 or rest[1] not in FORMATS):
            raise not_translated(f"the format {literal.name}")
        else:
            width = 2 if rest[0] == "%" else 1
            out, rest = out + rest[:width], rest[width:]
    return text(out)


def _extract(node):
    part = node.this.name.upper()
    if part not in EXTRACTED:
        raise not_translated(f"EXTRACT of {part}")
    if part == "DAYOFWEEK":
        inner = exp.Extract(this=exp.Var(this="ISODOW"), expression=node.expression.copy())
        return exp.Paren(this=exp.Add(this=exp.Mod(this=inner, expression=number(7)), expression=number(1)))
    duckdb = {"ISOWEEK": "WEEK", "DAYOFYEAR": "DOY"}.get(part, part)
    if part in ("SECOND", "MILLISECOND", "MICROSECOND") and part != "SECOND":
        raise not_translated(f"EXTRACT of {part}")
    node.set("this", exp.Var(this=duckdb))
    return node


def _cast(node):
    safe = isinstance(node, exp.TryCast)
    kind = node.to.this
    prefix = "bq_safe_" if safe else "bq_"
    if kind == exp.DataType.Type.BIGINT:
        return call(prefix + "int64", node.this)
    if kind == exp.DataType.Type.TIMESTAMPTZ:
        return call(prefix + "timestamp", node.this)
    if kind == exp.DataType.Type.TEXT and not isinstance(node.this, exp.Literal):
        return call("bq_string", node.this)
    return node


def _divide(node):
    return call("bq_divide", node.this, node.expression)


def _like(node):
    return exp.Escape(this=node.copy(), expression=text("\\"))


def _bracket(node):
    if len(node.expressions) != 1:
        return node
    name = "bq_safe_element" if node.args.get("safe") else "bq_element"
    if node.args.get("offset") not in (0, None):
        raise not_translated("ORDINAL")
    return call(name, node.this, node.expressions[0])


def _array_agg(node):
    if node.find(exp.Limit) or isinstance(node.parent, (exp.IgnoreNulls, exp.RespectNulls)):
        raise not_translated("ARRAY_AGG with LIMIT or IGNORE NULLS")
    return node


def _count_if(node):
    return exp.Count(this=exp.Case(ifs=[exp.If(this=node.this.copy(), true=number(1))]))


def _safe(node):
    inner = node.this
    if isinstance(inner, exp.Anonymous) and inner.name == "bq_parse":
        return call("bq_safe_parse", *inner.expressions)
    raise not_translated(f"SAFE. before {inner.sql('duckdb')}")


def _format(node):
    if isinstance(node.this, exp.TsOrDsToDate):
        local = exp.cast(node.this.this.copy(), exp.DataType.build("TIMESTAMP", dialect="duckdb"))
        return call("strftime", local, spelled(node.args["format"]))
    moment = node.this.this if isinstance(node.this, exp.TsOrDsToTimestamp) else node.this
    return call("bq_format", spelled(node.args["format"]), moment, _zone(node))


def _parse(node):
    given, form = node.this, node.args["format"]
    if isinstance(form, exp.Literal) and "%E*S" in form.name:
        given, form = call("bq_six_digits", given), text(form.name.replace("%E*S", "%E6S"))
    return call("bq_parse", spelled(form), given, _zone(node))


def _json(name):
    def rule(node):
        return call(name, node.this, text(_path(node.expression)))
    return rule


def _path(path):
    """A JSON path in DuckDB's spelling, each key in quotes."""
    written = "$"
    for step in path.expressions if isinstance(path, exp.JSONPath) else []:
        if isinstance(step, exp.JSONPathKey) and isinstance(step.this, str) and '"' not in step.this:
            written += f'."{step.this}"'
        elif isinstance(step, exp.JSONPathSubscript) and isinstance(step.this, int):
            written += f"[{step.this}]"
        elif not isinstance(step, exp.JSONPathRoot):
            raise not_translated("a JSON path with more than keys and places")
    return written


KEPT = {"date_trunc", "error", "strftime"}
RULES = {
    exp.TimestampTrunc: _timestamp_trunc, exp.DateTrunc: _date_trunc, exp.DatetimeTrunc: _datetime_trunc,
    exp.TimestampDiff: _timestamp_diff, exp.UnixToTime: _unix_to_time, exp.Timestamp: _timestamp, exp.Date: _date,
    exp.Datetime: _datetime, exp.TsOrDsToDatetime: _datetime, exp.Extract: _extract, exp.Cast: _cast, exp.TryCast: _cast,
    exp.UnixSeconds: lambda node: call("bq_unix_seconds", node.this),
    exp.UnixMillis: lambda node: call("bq_unix_millis", node.this),
    exp.TimeToStr: _format, exp.StrToTime: _parse,
    exp.Div: _divide, exp.IntDiv: lambda node: call("bq_div", node.this, node.expression),
    exp.Mod: lambda node: call("bq_mod", node.this, node.expression),
    exp.Like: _like, exp.Bracket: _bracket, exp.ArrayAgg: _array_agg, exp.CountIf: _count_if, exp.SafeFunc: _safe,
    exp.JSONExtractScalar: _json("bq_json_value"), exp.JSONExtract: _json("bq_json_query"),
    exp.JSONExtractArray: _json("bq_json_list"), exp.JSONValueArray: _json("bq_json_texts"),
    exp.ParseJSON: lambda node: call("bq_parse_json", node.this),
    exp.SafeConvertBytesToString: lambda node: call("bq_text", node.this),
    exp.Anonymous: lambda node: call("bq_ieee_divide", *node.expressions) if node.name.upper() == "IEEE_DIVIDE" else node,
}
