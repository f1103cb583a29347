"""Projects, datasets and tables, kept in DuckDB: a schema there is `project.dataset`."""

import threading
import time
from dataclasses import dataclass, field

import duckdb

from .errors import already_exists, invalid, not_found
from .values import WIDTHS, Column, quoted


@dataclass(eq=False)
class Table:
    """A table or view."""

    project: str
    dataset: str
    name: str
    columns: list
    partition: dict = None  # timePartitioning, with the type DAY, HOUR, MONTH or YEAR
    requires_filter: bool = False
    clustering: list = field(default_factory=list)
    query: str = None  # of a view
    denied: bool = False  # nobody may read it
    created: int = field(default_factory=lambda: int(time.time() * 1000))

    @property
    def ingestion_time(self):
        """Whether it is partitioned by the moment that a row came in, in the pseudo column _PARTITIONTIME."""
        return bool(self.partition) and not self.partition.get("field")

    @property
    def partition_column(self):
        """The column that a filter has to be on, or None."""
        return (self.partition.get("field") or "_PARTITIONTIME") if self.partition else None

    @property
    def id(self):
        """As errors name it."""
        return f"{self.project}:{self.dataset}.{self.name}"

    def stored(self):
        """The table in DuckDB."""
        return f"{quoted(f'{self.project}.{self.dataset}')}.{quoted(self.name)}"

    def column(self, name):
        """A column by its name, in any case, or None."""
        return next((one for one in self.columns if one.name.lower() == name.lower()), None)


class Catalog:
    """All that is stored."""

    def __init__(self):
        self.lock = threading.RLock()
        self.projects = {}  # project -> dataset -> its location
        self.tables = {}  # (project, dataset, table) -> Table
        self.database = duckdb.connect()
        self.database.execute("SET TimeZone = 'UTC'")

    def connection(self):
        """A connection for one thread."""
        cursor = self.database.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        return cursor

    def datasets(self, project):
        """The datasets of a project by name; an error where there is no such project."""
        if project not in self.projects:
            raise not_found(f"Project {project}")
        return self.projects[project]

    def location(self, project, dataset, asked=None):
        """Where a dataset lies; an error where it is not, or not there where it was asked for."""
        found = self.datasets(project).get(dataset)
        if found is None or (asked and asked.upper() != found.upper()):
            where = f" was not found in location {asked}" if asked else ""
            raise not_found(f"Dataset {project}:{dataset}{where}")
        return found

    def table(self, project, dataset, name, asked=None):
        """A table; an error where it is not."""
        where = self.location(project, dataset, asked)
        table = self.tables.get((project, dataset, name))
        if table is None:
            raise not_found(f"Table {project}:{dataset}.{name}" + (f" was not found in location {where}" if asked else ""))
        return table

    def create_dataset(self, project, dataset, location="US"):
        """A new dataset."""
        with self.lock:
            datasets = self.datasets(project)
            if dataset in datasets:
                raise already_exists(f"Dataset {project}:{dataset}")
            self.database.execute(f"CREATE SCHEMA {quoted(f'{project}.{dataset}')}")
            datasets[dataset] = location

    def delete_dataset(self, project, dataset):
        """Removes a dataset with all that is in it."""
        with self.lock:
            self.location(project, dataset)
            self.database.execute(f"DROP SCHEMA {quoted(f'{project}.{dataset}')} CASCADE")
            del self.projects[project][dataset]
            for key in [key for key in self.tables if key[:2] == (project, dataset)]:
                del self.tables[key]

    def create_table(self, table):
        """A new table."""
        with self.lock:
            self._check_new(table)
            columns = [f"{quoted(one.name)} {one.duckdb_type()}" for one in table.columns]
            if table.ingestion_time:
                columns.append("\"_PARTITIONTIME\" TIMESTAMPTZ")
            self.database.execute(f"CREATE TABLE {table.stored()} ({', '.join(columns)})")
            self.tables[table.project, table.dataset, table.name] = table

    def create_view(self, table, translated):
        """A new view over a query in DuckDB's SQL."""
        with self.lock:
            self._check_new(table)
            self.database.execute(f"CREATE VIEW {table.stored()} AS {translated}")
            self.tables[table.project, table.dataset, table.name] = table

    def _check_new(self, table):
        self.location(table.project, table.dataset)
        if (table.project, table.dataset, table.name) in self.tables:
            raise already_exists(f"Table {table.id}")
        names = [one.name.lower() for one in table.columns]
        if not names or len(set(names)) < len(names):
            raise invalid("Schema has no fields or two fields with one name")

    def delete_table(self, project, dataset, name):
        """Removes a table or view."""
        with self.lock:
            table = self.table(project, dataset, name)
            self.database.execute(f"DROP {'VIEW' if table.query else 'TABLE'} {table.stored()}")
            del self.tables[project, dataset, name]

    def load(self, table, relation):
        """Fills a table from any relation of DuckDB, as `read_parquet('events.parquet')`, by the names of its columns."""
        names = ", ".join(quoted(one.name) for one in table.columns)
        values = ", ".join(f"CAST({quoted(one.name)} AS {one.duckdb_type()})" for one in table.columns)
        with self.lock:
            self.database.execute(f"INSERT INTO {table.stored()} ({names}) SELECT {values} FROM {relation}")

    def rows(self, table):
        """How many rows a table has."""
        return self.connection().execute(f"SELECT count(*) FROM {table.stored()}").fetchone()[0]

    def bytes_of(self, table, columns, condition="TRUE", values=None):
        """The bytes that reading some columns of the rows that fulfil a condition is billed with."""
        parts = [width_of(table.column(name)) for name in sorted(columns) if table.column(name)]
        summed = " + ".join(parts) or "0"
        query = f"SELECT coalesce(sum({summed}), 0) FROM {table.stored()} WHERE {condition}"
        return int(self.connection().execute(query, values or {}).fetchone()[0])


def width_of(column: Column):
    """An expression of DuckDB for the bytes of a value."""
    if column.mode == "REPEATED" or column.type in ("RECORD", "JSON", "BYTES"):
        return f"coalesce(length(CAST({quoted(column.name)} AS VARCHAR)), 0)"
    if column.type == "STRING":
        return f"CASE WHEN {quoted(column.name)} IS NULL THEN 0 ELSE 2 + strlen({quoted(column.name)}) END"
    return f"CASE WHEN {quoted(column.name)} IS NULL THEN 0 ELSE {WIDTHS[column.type]} END"
