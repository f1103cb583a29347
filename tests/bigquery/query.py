"""A statement from its text to its rows: names looked up, analysed, priced, translated and run."""

import re
from dataclasses import dataclass, field

import duckdb
import sqlglot

from . import analysis, ddl, partition, translate
from .errors import access_denied, invalid, invalid_query, not_translated
from .values import parameter

# The service bills at least this much for a query that reads a table.
LEAST_BILLED = 10 * 1024 * 1024


@dataclass
class Plan:
    """A statement that is ready to run."""

    sql: str
    meaning: analysis.Meaning
    translated: str
    values: dict
    bytes: int
    location: str
    tables: list = field(default_factory=list)

    @property
    def billed(self):
        """The bytes that running it is billed with: whole mebibytes, and at least ten."""
        return max(LEAST_BILLED, -(-self.bytes // 2**20) * 2**20) if self.tables else 0


def plan(catalog, project, request, location=None):
    """Makes a plan of a query request; every error of the statement is found here, as by a dry run."""
    if request.get("useLegacySql", True):
        raise invalid("Legacy SQL is not supported by the test engine; say useLegacySql: false (the API's default is true)")
    sql = request.get("query") or ""
    if not sql.strip():
        raise invalid("Required parameter is missing: query")
    parameters = request.get("queryParameters") or []
    default = (request.get("defaultDataset") or {}).get("datasetId")
    tables = _named_tables(catalog, project, default, sql, location)
    meaning = analysis.meaning(sql, tables, parameters)
    where = location or (catalog.location(tables[0][1].project, tables[0][1].dataset) if tables else "US")
    values = {one["name"]: parameter(one.get("parameterType") or {}, one.get("parameterValue") or {})
              for one in parameters if one.get("name")}
    if not meaning.is_query:
        return Plan(sql, meaning, None, values, 0, where)
    translate.check_functions(meaning)
    tree = translate.parsed(sql)
    translated, used = translate.duckdb_sql(tree, tables, parameters)
    costs = _bytes(catalog, meaning, partition.conditions(tree, tables), parameters, values)
    return Plan(sql, meaning, translated, {name: values[name] for name in used}, costs, where,
                [table for _, table in tables])


def _named_tables(catalog, project, default, sql, location):
    found = []
    for path in analysis.table_paths(sql):
        names = ".".join(path).split(".")
        if len(names) == 1 and default:
            names = [default, *names]
        if len(names) == 1:
            raise invalid_query(f'Table "{names[0]}" must be qualified with a dataset (e.g. dataset.table).')
        if len(names) == 2:
            names = [project, *names]
        if names[-2].upper() == "INFORMATION_SCHEMA" or len(names) > 3:
            raise not_translated(f"the table {'.'.join(names)}")
        found.append((path, _table(catalog, *names, location)))
    return found


def _table(catalog, project, dataset, name, location):
    if project not in catalog.projects:
        raise access_denied(f"Project {project}: User does not have bigquery.tables.getData permission for table "
                            f"{project}:{dataset}.{name}, or perhaps it does not exist.")
    where = location or catalog.projects[project].get(dataset) or "US"
    table = catalog.table(project, dataset, name, where)
    if table.denied:
        raise access_denied(f"Table {table.id}: User does not have permission to query table {table.id}, or perhaps it "
                            f"does not exist.")
    return table


def _bytes(catalog, meaning, conditions, parameters, values):
    """The bytes of the columns that are read, of the partitions that the filters leave."""
    bounds = {}
    for table, found in conditions:
        bounds.setdefault(table, []).append(found)
    total = 0
    for table, columns in meaning.reads.items():
        if table.query:
            total += catalog.bytes_of(table, columns)
            continue
        for found in bounds.get(table, [[]]):
            condition, given = "TRUE", {}
            if found:
                inner = sqlglot.parse_one(f"SELECT 1 WHERE {partition.bytes_condition(table, found)}", read="bigquery")
                translated, used = translate.duckdb_sql(inner, [], parameters)
                condition, given = translated.split(" WHERE ", 1)[1], {name: values[name] for name in used}
            total += catalog.bytes_of(table, columns, condition, given)
    return total


def dry_run(catalog, plan):
    """Lets DuckDB look at the translation without running it: what it cannot bind is the engine's own lack."""
    if plan.meaning.is_query:
        try:
            catalog.connection().execute(f"EXPLAIN {plan.translated}", plan.values)
        except duckdb.Error as error:
            raise _worded(error) from None


def execute(catalog, project, plan):
    """Runs a plan and returns its rows."""
    if not plan.meaning.is_query:
        ddl.run(catalog, project, plan, lambda sql, tables: translate.duckdb_sql(translate.parsed(sql), tables, []),
                lambda sql: _named_tables(catalog, project, None, sql, None))
        return []
    try:
        return catalog.connection().execute(plan.translated, plan.values).fetchall()
    except duckdb.Error as error:
        raise _worded(error) from None


def _worded(error):
    """DuckDB's error as the service's, where it is about the data, and as the engine's own lack where it is not."""
    message = str(error).split("\n")[0]
    if isinstance(error, (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)):
        return not_translated(f"DuckDB: {message}")
    return invalid_query(re.sub(r"^(Invalid Input|Out of Range|Conversion) Error: ", "", message))


