"""BigQuery's functions in DuckDB, where a plain translation would be wrong without saying so.

Each macro is named after the function that it stands for. Times are TIMESTAMPTZ, local times TIMESTAMP.
"""

MACROS = """
-- Integers and floats: division by zero is an error, and a float becomes the nearest integer.
CREATE MACRO bq_divide(a, b) AS
    CASE WHEN b = 0 THEN error('division by zero: ' || a || ' / ' || b) ELSE CAST(a AS DOUBLE) / CAST(b AS DOUBLE) END;
CREATE MACRO bq_div(a, b) AS CASE WHEN b = 0 THEN error('division by zero: DIV(' || a || ', ' || b || ')') ELSE a // b END;
CREATE MACRO bq_mod(a, b) AS CASE WHEN b = 0 THEN error('division by zero: MOD(' || a || ', ' || b || ')') ELSE a % b END;
CREATE MACRO bq_ieee_divide(a, b) AS CAST(a AS DOUBLE) / CAST(b AS DOUBLE);
CREATE MACRO bq_safe_int64(x) AS CASE
    WHEN typeof(x) IN ('DOUBLE', 'FLOAT') OR typeof(x) LIKE 'DECIMAL%' THEN TRY_CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
    WHEN typeof(x) = 'VARCHAR' AND NOT regexp_full_match(trim(CAST(x AS VARCHAR)), '[+-]?[0-9]+') THEN NULL
    ELSE TRY_CAST(x AS BIGINT) END;
CREATE MACRO bq_int64(x) AS CASE
    WHEN x IS NOT NULL AND bq_safe_int64(x) IS NULL THEN error('Bad int64 value: ' || x) ELSE bq_safe_int64(x) END;
CREATE MACRO bq_string(x) AS CASE
    WHEN typeof(x) = 'DOUBLE' AND TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE) = round(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE))
        AND abs(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE)) < 1e15
        THEN CAST(CAST(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE) AS BIGINT) AS VARCHAR)
    ELSE CAST(x AS VARCHAR) END;

-- Texts to moments: what the service reads, and nothing else that DuckDB would take.
CREATE MACRO bq_moment(s) AS CASE
    WHEN regexp_full_match(s, '\\d{4}-\\d{1,2}-\\d{1,2}')
        THEN TRY_CAST(s || ' 00:00:00+00' AS TIMESTAMPTZ)
    WHEN regexp_full_match(s, '\\d{4}-\\d{1,2}-\\d{1,2}[Tt ]\\d{1,2}:\\d{1,2}:\\d{1,2}(\\.\\d{0,6})?( ?([Zz]|[+-]\\d{1,2}(:?\\d{2})?))?')
        THEN TRY_CAST(regexp_replace(regexp_replace(s, '([+-])(\\d)$', '\\10\\2'), '([+-]\\d{2})(\\d{2})$', '\\1:\\2') AS TIMESTAMPTZ)
    WHEN regexp_full_match(s, '\\d{4}-\\d{1,2}-\\d{1,2}[Tt ]\\d{1,2}:\\d{1,2}:\\d{1,2}(\\.\\d{0,6})? [A-Za-z_]+(/[A-Za-z_+-]+)*')
        THEN TRY_CAST(regexp_extract(s, '^[^ ]*[Tt ][^ ]*') AS TIMESTAMP) AT TIME ZONE regexp_extract(s, '[^ ]+$') END;
CREATE MACRO bq_safe_timestamp(x) AS
    CASE WHEN typeof(x) = 'VARCHAR' THEN bq_moment(CAST(x AS VARCHAR)) ELSE CAST(x AS TIMESTAMPTZ) END;
CREATE MACRO bq_timestamp(x) AS CASE
    WHEN x IS NOT NULL AND bq_safe_timestamp(x) IS NULL THEN error('Invalid timestamp: ''' || x || '''')
    ELSE bq_safe_timestamp(x) END;

-- Local times. One that a clock change skips is read with the offset from before it; of two the first is meant.
CREATE MACRO bq_offset_us(ts, tz) AS epoch_us(ts AT TIME ZONE tz) - epoch_us(ts);
CREATE MACRO bq_utc(local, offset_us) AS make_timestamp(epoch_us(local) - offset_us) AT TIME ZONE 'UTC';
CREATE MACRO bq_before(local, tz) AS bq_utc(local, bq_offset_us(local AT TIME ZONE 'UTC' - INTERVAL 1 DAY, tz));
CREATE MACRO bq_after(local, tz) AS bq_utc(local, bq_offset_us(local AT TIME ZONE 'UTC' + INTERVAL 1 DAY, tz));
CREATE MACRO bq_at_zone(local, tz) AS CASE
    WHEN bq_before(local, tz) AT TIME ZONE tz = local THEN bq_before(local, tz)
    WHEN bq_after(local, tz) AT TIME ZONE tz = local THEN bq_after(local, tz)
    ELSE bq_before(local, tz) END;

CREATE MACRO bq_floor_us(us, width) AS us - ((us % width) + width) % width;
CREATE MACRO bq_trunc_clock(ts, tz, width) AS
    make_timestamp(bq_floor_us(epoch_us(ts) + bq_offset_us(ts, tz), width) - bq_offset_us(ts, tz)) AT TIME ZONE 'UTC';
CREATE MACRO bq_trunc_calendar(ts, tz, part) AS bq_at_zone(date_trunc(part, ts AT TIME ZONE tz), tz);
CREATE MACRO bq_week_start(local, first_day) AS
    date_trunc('day', local) - to_days(CAST((isodow(local) - first_day + 7) % 7 AS INTEGER));
CREATE MACRO bq_trunc_week(ts, tz, first_day) AS bq_at_zone(CAST(bq_week_start(ts AT TIME ZONE tz, first_day) AS TIMESTAMP), tz);

CREATE MACRO bq_timestamp_diff(a, b, width) AS CAST((epoch_us(a) - epoch_us(b)) // width AS BIGINT);
CREATE MACRO bq_unix_seconds(ts) AS CAST(bq_floor_us(epoch_us(ts), 1000000) // 1000000 AS BIGINT);
CREATE MACRO bq_unix_millis(ts) AS CAST(bq_floor_us(epoch_us(ts), 1000) // 1000 AS BIGINT);
CREATE MACRO bq_of_micros(n) AS make_timestamp(CAST(n AS BIGINT)) AT TIME ZONE 'UTC';
CREATE MACRO bq_date(x, tz) AS CAST(bq_timestamp(x) AT TIME ZONE tz AS DATE);
CREATE MACRO bq_format(f, ts, tz) AS strftime(ts AT TIME ZONE tz, f);
CREATE MACRO bq_parse(f, s, tz) AS bq_at_zone(CAST(strptime(s, f) AS TIMESTAMP), tz);
CREATE MACRO bq_safe_parse(f, s, tz) AS bq_at_zone(CAST(try_strptime(s, f) AS TIMESTAMP), tz);
-- A second with any number of digits becomes one with six, as %E*S reads it.
CREATE MACRO bq_six_digits(s) AS CASE
    WHEN regexp_matches(s, ':\\d{2}\\.\\d+') THEN regexp_replace(s, '(:\\d{2}\\.\\d{1,6})\\d*', '\\1')
    ELSE regexp_replace(s, '(:\\d{1,2}:\\d{2})', '\\1.0') END;

-- JSON: of an object or list there is no scalar value; a text that is no JSON has no values.
CREATE MACRO bq_valid_json(j) AS CASE WHEN json_valid(CAST(j AS VARCHAR)) THEN CAST(j AS JSON) END;
CREATE MACRO bq_json_value(j, path) AS CASE
    WHEN json_type(bq_valid_json(j), path) IN ('OBJECT', 'ARRAY', 'NULL') THEN NULL
    ELSE json_extract_string(bq_valid_json(j), path) END;
CREATE MACRO bq_json_query(j, path) AS CASE
    WHEN json_type(bq_valid_json(j), path) = 'NULL' THEN NULL
    ELSE CAST(json_extract(bq_valid_json(j), path) AS VARCHAR) END;
CREATE MACRO bq_json_list(j, path) AS
    CASE WHEN json_type(bq_valid_json(j), path) = 'ARRAY' THEN json_extract(bq_valid_json(j), path || '[*]') END;
CREATE MACRO bq_json_texts(j, path) AS list_transform(bq_json_list(j, path), lambda one: bq_json_value(one, '$'));

CREATE MACRO bq_parse_json(s) AS CAST(s AS JSON);
CREATE MACRO bq_text(b) AS TRY(decode(b));

CREATE MACRO bq_element(list, place) AS CASE
    WHEN place < 0 OR place >= len(list) THEN error('Array index ' || place || ' is out of bounds') ELSE list[place + 1] END;
CREATE MACRO bq_safe_element(list, place) AS CASE WHEN place >= 0 THEN list[place + 1] END;
"""
