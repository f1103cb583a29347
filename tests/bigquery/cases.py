"""Queries with the results that BigQuery's documentation and a pencil say they have.

Each case is a name, the SQL, its parameters (name, type, value) and the rows. In place of rows, `Error` is the status
and a part of the message that the query is refused with. `EVENTS` and `BUILDS` are filled by `fill`.
"""

import datetime
import json
from dataclasses import dataclass

from .values import UTC

EVENTS, BUILDS, LOADED = "`test-proj.shop.events`", "`test-proj.shop.builds`", "`test-proj.shop.loaded`"


@dataclass
class Error:
    """A refusal."""

    status: int
    message: str


def at(text):
    """A moment in UTC."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text):
    """A date."""
    return datetime.date.fromisoformat(text)


def local(text):
    """A local time."""
    return datetime.datetime.fromisoformat(text)


# The clock in Oslo went from 02:00 to 03:00 on 2026-03-29, at 01:00 UTC, and back from 03:00 to 02:00 on 2026-10-25.
ROWS = [
    ("2026-03-27 23:00:00+00", "ann", "signup", 1.5, True, 10, ["x", "y"]),     # Oslo 28 March 00:00
    ("2026-03-28 22:59:59.999999+00", "bob", "signup", 2.5, False, 20, ["y"]),  # Oslo 28 March, the last microsecond
    ("2026-03-28 23:00:00+00", "ann", "signup", 4.0, True, 30, []),             # Oslo 29 March 00:00
    ("2026-03-29 21:59:59+00", "cyd", "signup", None, True, 40, ["z"]),         # Oslo 29 March 23:59:59, summer time
    ("2026-03-29 22:00:00+00", "ann", "error", 8.0, None, 50, ["x"]),           # Oslo 30 March 00:00
    ("2026-03-30 12:34:56.789012+00", None, "error", 16.0, False, 9007199254740993, ["x", "z"]),
]
OSLO_DAYS = [at("2026-03-27 23:00:00"), at("2026-03-28 23:00:00"), at("2026-03-29 22:00:00")]
BUILD_ROWS = [
    ("1", "2026-03-29 00:31:00+00", {"id": "b1", "status": "WORKING", "substitutions": {"_APP": "web"}}),
    ("2", "2026-03-29 00:41:00+00", {"id": "b1", "status": "SUCCESS", "finishTime": "2026-03-29T00:40:00.123456789Z",
                                     "substitutions": {"_APP": "web", "a.b": "dotted"}, "tags": ["prod", "eu"], "n": 1.50}),
    ("3", "2026-03-29 00:42:00+00", {"id": "b2", "status": "FAILURE", "finishTime": "garbage", "images": [{"name": "i"}]}),
]


def fill(service):
    """Creates and fills the tables of the cases."""
    columns = [("ts", "TIMESTAMP", "REQUIRED"), ("person", "STRING"), ("metric", "STRING"), ("value", "FLOAT64"), ("ok", "BOOL"),
               ("n", "INT64"), ("tags", "STRING", "REPEATED")]
    service.create_table("test-proj.shop.events", columns, partition="ts")
    service.create_table("test-proj.shop.builds", [("message_id", "STRING"), ("publish_time", "TIMESTAMP"), ("data", "STRING"),
                                                   ("attributes", "JSON")])
    service.create_table("test-proj.shop.filtered", columns, partition="ts", requires_filter=True)
    service.create_table("test-proj.shop.loaded", [("n", "INT64")], partition="", requires_filter=True)
    service.create_table("test-proj.shop.secret", [("n", "INT64")], denied=True)
    service.create_table("test-proj.europe.events", [("n", "INT64")], location="EU")
    names = ["ts", "person", "metric", "value", "ok", "n", "tags"]
    database = service.catalog.database
    for row in ROWS:
        for table in ("events", "filtered"):
            database.execute(f'INSERT INTO "test-proj.shop".{table} ({", ".join(names)}) VALUES (?, ?, ?, ?, ?, ?, ?)', list(row))
    for number, moment, data in BUILD_ROWS:
        text = json.dumps(data)
        database.execute('INSERT INTO "test-proj.shop".builds VALUES (?, ?, ?, ?)', [number, moment, text, text])
    database.execute("""INSERT INTO "test-proj.shop".loaded VALUES (1, '2026-03-28 00:00:00+00'), (2, '2026-03-29 00:00:00+00')""")


SPAN = [("from", "TIMESTAMP", at("2026-03-27 23:00:00")), ("to", "TIMESTAMP", at("2026-03-29 22:00:00"))]
ZONE = [("timezone", "STRING", "Europe/Oslo")]


def one(expression, *values):
    """A case of a few expressions and nothing else."""
    return f"SELECT {expression}", [], [values]


CASES = {
    # Days, weeks and hours in a zone.
    "half_open_span": (f"SELECT COUNT(*) FROM {EVENTS} WHERE ts >= @from AND ts < @to", SPAN, [(4,)]),
    "day_in_zone": (f"SELECT TIMESTAMP_TRUNC(ts, DAY, @timezone) AS day, COUNT(*) AS n FROM {EVENTS} GROUP BY day ORDER BY day",
                    ZONE, [(OSLO_DAYS[0], 2), (OSLO_DAYS[1], 2), (OSLO_DAYS[2], 2)]),
    "day_in_utc": (f"SELECT TIMESTAMP_TRUNC(ts, DAY) AS d, COUNT(*) FROM {EVENTS} GROUP BY 1 ORDER BY 1", [],
                   [(at("2026-03-27 00:00:00"), 1), (at("2026-03-28 00:00:00"), 2), (at("2026-03-29 00:00:00"), 2),
                    (at("2026-03-30 00:00:00"), 1)]),
    "micros_of_day": (f"SELECT UNIX_MICROS(TIMESTAMP_TRUNC(ts, DAY, 'Europe/Oslo')) d, COUNT(*) c FROM {EVENTS} "
                      f"WHERE metric = 'error' GROUP BY d", [], [(1774821600000000, 2)]),
    "hour_twice": one("TIMESTAMP_TRUNC(TIMESTAMP '2026-10-25 00:30:00+00', HOUR, 'Europe/Oslo'), "
                      "TIMESTAMP_TRUNC(TIMESTAMP '2026-10-25 01:30:00+00', HOUR, 'Europe/Oslo')",
                      at("2026-10-25 00:00:00"), at("2026-10-25 01:00:00")),
    "hour_of_a_zone_with_quarters": one("TIMESTAMP_TRUNC(TIMESTAMP '2026-01-01 01:20:00+00', HOUR, 'Asia/Kathmandu')",
                                        at("2026-01-01 01:15:00")),
    "minute": one("TIMESTAMP_TRUNC(TIMESTAMP '2026-01-01 01:20:59.9+00', MINUTE)", at("2026-01-01 01:20:00")),
    "week_from_sunday": one("TIMESTAMP_TRUNC(TIMESTAMP '2026-03-28 12:00:00+00', WEEK)", at("2026-03-22 00:00:00")),
    "week_from_monday_in_zone": one("TIMESTAMP_TRUNC(TIMESTAMP '2026-03-29 22:30:00+00', WEEK(MONDAY), 'Europe/Oslo')",
                                    at("2026-03-29 22:00:00")),
    "iso_week": one("TIMESTAMP_TRUNC(TIMESTAMP '2026-03-29 23:00:00+00', ISOWEEK)", at("2026-03-23 00:00:00")),
    "month_in_zone": one("TIMESTAMP_TRUNC(TIMESTAMP '2026-03-31 22:30:00+00', MONTH, 'Europe/Oslo')", at("2026-03-31 22:00:00")),
    "quarter_and_year": one("TIMESTAMP_TRUNC(TIMESTAMP '2026-05-05 01:00:00+00', QUARTER), "
                            "TIMESTAMP_TRUNC(TIMESTAMP '2026-05-05 01:00:00+00', YEAR)", at("2026-04-01 00:00:00"),
                            at("2026-01-01 00:00:00")),
    "midnight_that_is_skipped": one("TIMESTAMP_TRUNC(TIMESTAMP '2018-11-04 12:00:00+00', DAY, 'America/Sao_Paulo')",
                                    at("2018-11-04 03:00:00")),
    "midnight_that_comes_twice": one("TIMESTAMP_TRUNC(TIMESTAMP '2026-11-01 12:00:00+00', DAY, 'America/Havana')",
                                     at("2026-11-01 04:00:00")),
    "date_in_zone": (f"SELECT DATE(ts, @timezone) d, COUNT(*) c FROM {EVENTS} GROUP BY d ORDER BY d", ZONE,
                     [(day("2026-03-28"), 2), (day("2026-03-29"), 2), (day("2026-03-30"), 2)]),
    "date_trunc": one("DATE_TRUNC(DATE '2026-03-29', WEEK), DATE_TRUNC(DATE '2026-03-29', ISOWEEK), "
                      "DATE_TRUNC(DATE '2026-03-29', MONTH)", day("2026-03-29"), day("2026-03-23"), day("2026-03-01")),
    "datetime_in_zone": one("DATETIME(TIMESTAMP '2026-03-29 01:30:00+00', 'Europe/Oslo'), DATETIME_TRUNC(DATETIME "
                            "'2026-03-29 13:45:10', HOUR)", local("2026-03-29 03:30:00"), local("2026-03-29 13:00:00")),

    # Moments from texts, numbers and local times.
    "timestamp_of_local_time": one("TIMESTAMP('2026-07-01 00:00:00', 'Europe/Oslo'), TIMESTAMP(DATE '2026-03-29', 'Europe/Oslo'), "
                                   "TIMESTAMP(DATETIME '2026-01-01 10:00:00')", at("2026-06-30 22:00:00"),
                                   at("2026-03-28 23:00:00"), at("2026-01-01 10:00:00")),
    "local_time_that_is_skipped": one("TIMESTAMP('2026-03-29 02:30:00', 'Europe/Oslo')", at("2026-03-29 01:30:00")),
    "local_time_that_comes_twice": one("TIMESTAMP('2026-10-25 02:30:00', 'Europe/Oslo')", at("2026-10-25 00:30:00")),
    "literal_with_zone": one("TIMESTAMP '2026-07-01 12:00:00 Europe/Oslo', TIMESTAMP '2026-07-01 12:00:00+02:00', "
                             "TIMESTAMP '2026-07-01'", at("2026-07-01 10:00:00"), at("2026-07-01 10:00:00"),
                             at("2026-07-01 00:00:00")),
    "nine_digits_are_no_timestamp": one("SAFE_CAST('2026-03-29T00:40:00.123456789Z' AS TIMESTAMP), "
                                        "SAFE_CAST('2026-03-29T00:40:00.123456Z' AS TIMESTAMP), SAFE_CAST('soon' AS TIMESTAMP)",
                                        None, at("2026-03-29 00:40:00.123456"), None),
    "nine_digits_parsed": one("PARSE_TIMESTAMP('%Y-%m-%dT%H:%M:%E*SZ', '2026-03-29T00:40:00.123456789Z'), "
                              "PARSE_TIMESTAMP('%Y-%m-%dT%H:%M:%E*SZ', '2026-03-29T00:40:00Z')",
                              at("2026-03-29 00:40:00.123456"), at("2026-03-29 00:40:00")),
    "nine_digits_cut": one(r"SAFE_CAST(REGEXP_REPLACE('2026-03-29T00:40:00.123456789Z', r'(\.\d{6})\d+', r'\1') AS TIMESTAMP)",
                           at("2026-03-29 00:40:00.123456")),
    "parsed_in_zone": one("PARSE_TIMESTAMP('%Y-%m-%d %H:%M', '2026-07-01 01:30', 'Europe/Oslo'), "
                          "SAFE.PARSE_TIMESTAMP('%Y-%m-%d', 'never')", at("2026-06-30 23:30:00"), None),
    "formatted_in_zone": one("FORMAT_TIMESTAMP('%F %T', TIMESTAMP '2026-03-29 01:30:00+00', 'Europe/Oslo'), "
                             "FORMAT_DATE('%Y/%m', DATE '2026-03-29')", "2026-03-29 03:30:00", "2026/03"),
    "from_unix": one("TIMESTAMP_SECONDS(1774742400), TIMESTAMP_MILLIS(1774742400500), TIMESTAMP_MICROS(1774742400500001)",
                     at("2026-03-29 00:00:00"), at("2026-03-29 00:00:00.5"), at("2026-03-29 00:00:00.500001")),
    "to_unix": one("UNIX_SECONDS(TIMESTAMP '1969-12-31 23:59:59.5+00'), UNIX_MILLIS(TIMESTAMP '2026-03-29 00:00:00.5+00'), "
                   "UNIX_MICROS(TIMESTAMP '2026-03-29 00:00:00.000001+00')", -1, 1774742400500, 1774742400000001),
    "difference_is_cut": one("TIMESTAMP_DIFF(TIMESTAMP '2026-03-29 08:01:00+00', TIMESTAMP '2026-03-29 10:00:00+00', HOUR), "
                             "TIMESTAMP_DIFF(TIMESTAMP '2026-03-29 23:00:00+00', TIMESTAMP '2026-03-28 23:30:00+00', DAY), "
                             "DATE_DIFF(DATE '2026-03-29', DATE '2026-03-01', DAY)", -1, 0, 28),
    "added": one("TIMESTAMP_ADD(TIMESTAMP '2026-03-28 23:30:00+00', INTERVAL 1 DAY), TIMESTAMP_SUB(TIMESTAMP "
                 "'2026-03-29 00:00:00+00', INTERVAL 90 MINUTE), DATE_ADD(DATE '2026-01-31', INTERVAL 1 MONTH)",
                 at("2026-03-29 23:30:00"), at("2026-03-28 22:30:00"), day("2026-02-28")),
    "extracted": one("EXTRACT(DAYOFWEEK FROM DATE '2026-03-29'), EXTRACT(HOUR FROM TIMESTAMP '2026-03-29 01:30:00+00' AT TIME "
                     "ZONE 'Europe/Oslo'), EXTRACT(ISOWEEK FROM DATE '2026-01-01'), EXTRACT(YEAR FROM DATE '2026-01-01')",
                     1, 3, 1, 2026),
    "casts_of_moments": one("CAST(TIMESTAMP '2026-03-29 23:30:00+00' AS DATE), CAST('2026-03-29' AS DATE), "
                            "CAST(TIMESTAMP '2026-03-29 23:30:00+00' AS STRING)", day("2026-03-29"), day("2026-03-29"),
                            "2026-03-29 23:30:00+00"),

    # Aggregates.
    "aggregates": (f"SELECT COUNT(*), COUNT(value), SUM(value), AVG(value), MIN(n), COUNT(DISTINCT person) FROM {EVENTS}", [],
                   [(6, 5, 32.0, 6.4, 10, 3)]),
    "several_metrics_in_one_scan": (
        f"SELECT COUNTIF(metric = @a) a, COUNTIF(metric = @b AND ok) b, SUM(IF(metric = @a, value, NULL)) s FROM {EVENTS}",
        [("a", "STRING", "signup"), ("b", "STRING", "error")], [(4, 0, 8.0)]),
    "countif_of_null_is_not_counted": (f"SELECT COUNTIF(ok), COUNTIF(NOT ok) FROM {EVENTS}", [], [(3, 2)]),
    "countif_of_no_rows": (f"SELECT COUNTIF(ok), SUM(value), COUNT(*) FROM {EVENTS} WHERE metric = 'none'", [], [(0, None, 0)]),
    "approximate_distinct": (f"SELECT APPROX_COUNT_DISTINCT(person) FROM {EVENTS}", [], [(3,)]),
    "distinct_of_days": (f"SELECT TIMESTAMP_TRUNC(ts, DAY, 'Europe/Oslo') d, COUNT(DISTINCT person) FROM {EVENTS} GROUP BY 1 "
                         f"ORDER BY 1", [], [(OSLO_DAYS[0], 2), (OSLO_DAYS[1], 2), (OSLO_DAYS[2], 1)]),
    "logical": (f"SELECT LOGICAL_OR(ok), LOGICAL_AND(ok), MAX(metric), STRING_AGG(DISTINCT person, ',' ORDER BY person) "
                f"FROM {EVENTS}", [], [(True, False, "signup", "ann,bob,cyd")]),
    "having": (f"SELECT metric, COUNT(*) c FROM {EVENTS} GROUP BY metric HAVING c > 2", [], [("signup", 4)]),
    "nulls_come_first": (f"SELECT value FROM {EVENTS} ORDER BY value LIMIT 2", [], [(None,), (1.5,)]),
    "windows": (f"SELECT n, LAG(n) OVER (ORDER BY ts) FROM {EVENTS} ORDER BY ts LIMIT 2", [], [(10, None), (20, 10)]),
    "big_integer": (f"SELECT MAX(n) FROM {EVENTS}", [], [(9007199254740993,)]),

    # Numbers.
    "division": one("7 / 2, SAFE_DIVIDE(1, 0), SAFE_DIVIDE(1, 4), DIV(-7, 2), MOD(-7, 3)", 3.5, None, 0.25, -3, -1),
    "ieee_division": one("IEEE_DIVIDE(1, 0), IS_NAN(IEEE_DIVIDE(0, 0))", float("inf"), True),
    "rounded": one("CAST(2.5 AS INT64), CAST(-2.5 AS INT64), ROUND(2.45, 1), SAFE_CAST('1.5' AS INT64), CAST('12' AS INT64)",
                   3, -3, 2.5, None, 12),
    "float_as_text": one("CAST(1.0 AS STRING), CAST(0.5 AS STRING), CAST(TRUE AS STRING)", "1", "0.5", "true"),
    "conditions": one("IF(NULL, 1, 2), IFNULL(NULL, 3), NULLIF(1, 1), COALESCE(NULL, 'x'), CASE WHEN FALSE THEN 1 END, "
                      "GREATEST(1, 2)", 2, 3, None, "x", None, 2),

    # Conditions of a metric.
    "in_list_and_null": (f"SELECT COUNTIF(person IN ('ann', 'bob')), COUNTIF(person NOT IN ('ann')), COUNTIF(person IS NULL) "
                         f"FROM {EVENTS}", [], [(4, 2, 1)]),
    "in_array_parameter": (f"SELECT COUNT(*) FROM {EVENTS} WHERE person IN UNNEST(@names)",
                           [("names", "ARRAY<STRING>", ["ann", "cyd"])], [(4,)]),
    "in_empty_array": (f"SELECT COUNT(*) FROM {EVENTS} WHERE person IN UNNEST(@names)", [("names", "ARRAY<STRING>", [])], [(0,)]),
    "like": one(r"'a_b' LIKE r'a\_b', 'axb' LIKE r'a\_b', 'axb' LIKE 'a_b', 'Ab' LIKE 'a%', 'a' || 'b' NOT LIKE '%c'",
                True, False, True, False, True),
    "between": (f"SELECT COUNT(*) FROM {EVENTS} WHERE n BETWEEN 20 AND 40 AND NOT (value > 3)", [], [(1,)]),
    "parameters_of_all_types": ("SELECT @i + 1, @f, @b, @s, @d, @t", [
        ("i", "INT64", 2**62), ("f", "FLOAT64", 0.1), ("b", "BOOL", True), ("s", "STRING", "'; DROP TABLE x --\n`\\"),
        ("d", "DATE", day("2026-03-29")), ("t", "TIMESTAMP", at("2026-03-29 01:02:03.000004"))],
        [(2**62 + 1, 0.1, True, "'; DROP TABLE x --\n`\\", day("2026-03-29"), at("2026-03-29 01:02:03.000004"))]),
    "null_parameter": (f"SELECT COUNT(*) FROM {EVENTS} WHERE @m IS NULL OR metric = @m", [("m", "STRING", None)], [(6,)]),
    "texts": (r'''SELECT "it's", 'x' || "y", r'\d', 'a\nb', LOWER('ÅB'), LENGTH('åé'), SUBSTR('abc', 2), STARTS_WITH('abc', 'ab')''',
              [], [("it's", "xy", "\\d", "a\nb", "åb", 2, "bc", True)]),
    "patterns": one(r"REGEXP_EXTRACT('refs/heads/release/1', r'refs/heads/(.+)'), REGEXP_CONTAINS('v1', r'^v\d$'), "
                    r"REGEXP_REPLACE('a1b2', r'\d', ''), SPLIT('a/b', '/')[SAFE_OFFSET(1)], SPLIT('a/b', '/')[SAFE_OFFSET(5)]",
                    "release/1", True, "ab", "b", None),

    # Lists.
    "unnest": (f"SELECT tag, COUNT(*) c FROM {EVENTS}, UNNEST(tags) AS tag GROUP BY tag ORDER BY tag", [],
               [("x", 3), ("y", 2), ("z", 2)]),
    "unnest_with_offset": ("SELECT x, place FROM UNNEST(['p', 'q']) AS x WITH OFFSET AS place ORDER BY place", [],
                           [("p", 0), ("q", 1)]),
    "array_parameter_with_offset": ("SELECT s, i FROM UNNEST(@a) AS s WITH OFFSET AS i WHERE i > 0 ORDER BY s",
                                    [("a", "ARRAY<STRING>", ["c", "b", "a"])], [("a", 2), ("b", 1)]),
    "days_generated": ("SELECT d FROM UNNEST(GENERATE_DATE_ARRAY(DATE '2026-03-28', DATE '2026-03-30')) d ORDER BY d", [],
                       [(day("2026-03-28"),), (day("2026-03-29"),), (day("2026-03-30"),)]),
    "hours_generated": ("SELECT COUNT(*) FROM UNNEST(GENERATE_TIMESTAMP_ARRAY(@from, @to, INTERVAL 1 HOUR)) t", SPAN, [(48,)]),
    "structs": one("STRUCT(1 AS a, 'x' AS b), [1, 2]", {"a": 1, "b": "x"}, [1, 2]),
    "all_columns_but": ("WITH t AS (SELECT 1 AS a, 2 AS b, 3 AS c) SELECT * EXCEPT (b) REPLACE (c * 2 AS c) FROM t", [], [(1, 6)]),

    # Raw Cloud Build messages.
    "newest_message": (f"SELECT JSON_VALUE(data, '$.id') id, JSON_VALUE(data, '$.status') s FROM {BUILDS} WHERE TRUE QUALIFY "
                       f"ROW_NUMBER() OVER (PARTITION BY JSON_VALUE(data, '$.id') ORDER BY publish_time DESC) = 1 ORDER BY id",
                       [], [("b1", "SUCCESS"), ("b2", "FAILURE")]),
    "json_values": (f"SELECT JSON_VALUE(data, '$.substitutions._APP'), JSON_VALUE(data, '$.substitutions.\"a.b\"'), "
                    f"JSON_VALUE(data, '$.none'), JSON_VALUE(data, '$.substitutions'), JSON_VALUE(data, '$.tags[1]') "
                    f"FROM {BUILDS} WHERE message_id = '2'", [], [("web", "dotted", None, None, "eu")]),
    "json_column": (f"SELECT JSON_VALUE(attributes, '$.id'), JSON_VALUE(PARSE_JSON(data), '$.status') FROM {BUILDS} "
                    f"WHERE message_id = '3'", [], [("b2", "FAILURE")]),
    "json_lists": (f"SELECT tag FROM {BUILDS}, UNNEST(JSON_VALUE_ARRAY(data, '$.tags')) tag WHERE message_id = '2' ORDER BY tag",
                   [], [("eu",), ("prod",)]),
    "json_of_objects": (f"SELECT JSON_VALUE(i, '$.name') FROM {BUILDS}, UNNEST(JSON_QUERY_ARRAY(data, '$.images')) i", [], [("i",)]),
    "json_that_is_none": one("JSON_VALUE('{half', '$.a'), JSON_VALUE('{\"a\": null}', '$.a')", None, None),
    "bytes_as_text": one("SAFE_CONVERT_BYTES_TO_STRING(b'abc')", "abc"),

    # Tables.
    "ingestion_time": (f"SELECT n, _PARTITIONTIME FROM {LOADED} WHERE _PARTITIONTIME >= @from", [
        ("from", "TIMESTAMP", at("2026-03-29 00:00:00"))], [(2, at("2026-03-29 00:00:00"))]),
    "filtered_table": ("SELECT COUNT(*) FROM `test-proj.shop.filtered` AS e WHERE e.ts >= @from AND e.ts < @to", SPAN, [(4,)]),
    "join": (f"SELECT a.n, b.n FROM {EVENTS} a JOIN {EVENTS} b ON a.person = b.person AND a.ts < b.ts ORDER BY 1, 2", [],
             [(10, 30), (10, 50), (30, 50)]),
    "union": (f"SELECT 'a' k, COUNT(*) c FROM {EVENTS} UNION ALL SELECT 'b', COUNT(*) FROM {BUILDS} ORDER BY k", [],
              [("a", 6), ("b", 3)]),

    "names_in_quotes_of_their_own": ("SELECT COUNT(*) FROM `test-proj`.`shop`.events, test-proj.shop.builds", [], [(18,)]),

    # What is refused.
    "no_such_column": (f"SELECT\n  metrc FROM {EVENTS}", [], Error(400, "Unrecognized name: metrc; Did you mean metric? at [2:3]")),
    "no_such_table": ("SELECT 1 FROM `test-proj.shop.evnts`", [],
                      Error(404, "Not found: Table test-proj:shop.evnts was not found in location US")),
    "no_such_dataset": ("SELECT 1 FROM `test-proj.shp.events`", [],
                        Error(404, "Not found: Dataset test-proj:shp was not found in location US")),
    "no_such_project": ("SELECT 1 FROM `else.shop.events`", [], Error(403, "Access Denied: Project else")),
    "denied": ("SELECT n FROM `test-proj.shop.secret`", [], Error(403, "does not have permission to query table")),
    "syntax": ("SELEC 1", [], Error(400, 'Syntax error: Unexpected identifier "SELEC" at [1:1]')),
    "two_statements": ("SELECT 1; SELECT 2", [], Error(400, "at [1:11]")),
    "wrong_type": (f"SELECT COUNT(*) FROM {EVENTS} WHERE ts >= DATE '2026-03-01'", [],
                   Error(400, "No matching signature for operator >= for argument types: TIMESTAMP, DATE")),
    "text_compared_with_number": (f"SELECT COUNT(*) FROM {EVENTS} WHERE metric = 1", [], Error(400, "No matching signature")),
    "not_grouped": (f"SELECT metric, COUNT(*) FROM {EVENTS}", [], Error(400, "neither grouped nor aggregated")),
    "no_such_parameter": ("SELECT @gone", [], Error(400, "Query parameter 'gone' not found at [1:8]")),
    "no_such_function": ("SELECT FROB(1)", [], Error(400, "Function not found: FROB at [1:8]")),
    "divided_by_zero": (f"SELECT 1 / (n - n) FROM {EVENTS}", [], Error(400, "division by zero")),
    "not_a_moment": ("SELECT CAST(CONCAT('so', 'on') AS TIMESTAMP)", [], Error(400, "Invalid timestamp: 'soon'")),
    "no_such_zone": (f"SELECT TIMESTAMP_TRUNC(ts, DAY, @timezone) FROM {EVENTS}", [("timezone", "STRING", "Europe/Olso")],
                     Error(400, "Europe/Olso")),
    "no_partition_filter": ("SELECT COUNT(*) FROM `test-proj.shop.filtered` WHERE n > 1", [],
                            Error(400, "Cannot query over table 'test-proj.shop.filtered' without a filter over column(s) 'ts'")),
    "filter_in_an_or": ("SELECT COUNT(*) FROM `test-proj.shop.filtered` WHERE ts > @from OR n > 1", SPAN[:1],
                        Error(400, "without a filter over column(s) 'ts'")),
    "no_ingestion_filter": (f"SELECT COUNT(*) FROM {LOADED}", [], Error(400, "'_PARTITIONTIME'")),
    "unknown_to_the_engine": ("SELECT FARM_FINGERPRINT('x')", [], Error(400, "The test engine cannot run this: the function "
                                                                             "FARM_FINGERPRINT")),
}
