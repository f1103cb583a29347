"""Raw events for tests, the same ones from the same seed: as CSV, as Parquet and as a relation of DuckDB.

They hold what real ones hold: two ways to write a moment (UTC, and local with an offset), the days on which the clocks of Oslo and
New York change, missing values, rows that come late and in any order, rows that come twice, and a change at CHANGE.
"""

import duckdb

FROM, DAYS, CHANGE = "2023-09-20 00:00:00", 70, "2023-11-15 12:00:00"
COLUMNS = [("occurred_at", "TIMESTAMP"), ("event", "STRING"), ("country", "STRING"), ("person", "STRING"), ("amount", "FLOAT64"),
           ("weight", "INT64"), ("ok", "BOOL")]

# A number from 0 to 999,999 for each row and purpose, which no version of a random generator changes.
EVENTS = """
CREATE MACRO draw(i, purpose) AS CAST(('0x' || substr(md5(i || '-' || purpose || '-{seed}'), 1, 8)) AS BIGINT) % 1000000;
CREATE TABLE events AS
WITH drawn AS (
    SELECT i, TIMESTAMP '{start}' + to_microseconds(
        (draw(i, 'day') % {days}) * 86400000000 + draw(i, 'second') % 86400 * 1000000 + draw(i, 'micro')) AS moment
    FROM range({rows}) AS t(i)
), told AS (
    SELECT i, moment,
        CASE WHEN draw(i, 'event') < CASE WHEN moment >= TIMESTAMP '{change}' THEN 110000 ELSE 150000 END THEN 'confirmed'
             WHEN draw(i, 'event') < 200000 THEN 'failed' ELSE 'viewed' END AS event,
        CASE WHEN draw(i, 'country') < 20000 THEN NULL ELSE ['NO', 'US', 'DE', 'JP', 'BR'][1 + draw(i, 'country') % 5] END AS country,
        CASE WHEN draw(i, 'anonymous') < 10000 THEN NULL ELSE 'p' || (draw(i, 'person') % 20000) END AS person,
        CASE WHEN draw(i, 'amount') < 100000 THEN NULL
             ELSE (draw(i, 'amount') - 200000) / 997.0 * CASE WHEN moment >= TIMESTAMP '{change}' THEN 0.9 ELSE 1.0 END END AS amount,
        CASE WHEN draw(i, 'weight') < 5000 THEN NULL ELSE draw(i, 'weight') % 100 END AS weight,
        CASE WHEN draw(i, 'ok') < 30000 THEN NULL ELSE draw(i, 'ok') % 100 < 92 END AS ok,
        draw(i, 'order') AS place, draw(i, 'zone') % 2 AS writes_local
    FROM drawn
)
SELECT * FROM told UNION ALL SELECT * REPLACE (1000000 + place AS place) FROM told WHERE draw(i, 'twice') < 5000;
"""
LOCAL = """CASE WHEN writes_local = 0 THEN strftime(moment, '%Y-%m-%dT%H:%M:%S.%fZ')
    ELSE strftime(moment + to_hours(oslo), '%Y-%m-%dT%H:%M:%S.%f') || '+0' || oslo || ':00' END"""


def write(folder, rows, seed=7):
    """Writes events.csv and events.parquet into a folder and returns their paths."""
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'; SET threads = 2; SET enable_progress_bar = false")
    database.execute(EVENTS.format(seed=seed, start=FROM, days=DAYS, rows=rows, change=CHANGE))
    columns = ", ".join(name for name, _ in COLUMNS[1:])
    csv, parquet = folder / "events.csv", folder / "events.parquet"
    summer = "CASE WHEN moment < TIMESTAMP '2023-10-29 01:00:00' THEN 2 ELSE 1 END AS oslo"
    database.execute(f"COPY (SELECT {LOCAL} AS occurred_at, {columns} FROM (SELECT *, {summer} FROM events) ORDER BY place, i) "
                     f"TO '{csv}' (HEADER)")
    database.execute(f"COPY (SELECT moment AT TIME ZONE 'UTC' AS occurred_at, {columns} FROM events ORDER BY place, i) TO '{parquet}'")
    database.close()
    return csv, parquet


def load(service, path, parquet, **more):
    """Puts the events into a table of the BigQuery test engine."""
    service.create_table(path, COLUMNS, partition="occurred_at", **more)
    service.load(path, f"read_parquet('{parquet}')")
