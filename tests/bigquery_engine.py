#!/usr/bin/env python3
"""Whether the BigQuery test engine answers as BigQuery does: asked by Google's own client, judged by hand-computed results
and by Google's reference implementation of the SQL."""

import unittest

from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as client

from bigquery import reference
from bigquery.cases import CASES, Error, fill
from bigquery.service import BigQuery

# The reference implementation estimates nothing, and it takes the rows of a table only by a name of one part.
NOT_FOR_REFERENCE = {"approximate_distinct", "names_in_quotes_of_their_own"}


def given(parameters):
    """Parameters as Google's client takes them."""
    return [client.ArrayQueryParameter(name, kind[6:-1], value) if kind.startswith("ARRAY<")
            else client.ScalarQueryParameter(name, kind, value) for name, kind, value in parameters]


def same(got, wanted):
    """Whether rows are the same, in type too; floats to nine digits."""
    if isinstance(wanted, float) and isinstance(got, float):
        return got == wanted or abs(got - wanted) < 1e-9
    if isinstance(wanted, (list, tuple)) and isinstance(got, (list, tuple)):
        return len(got) == len(wanted) and all(map(same, got, wanted))
    return got == wanted and isinstance(got, bool) == isinstance(wanted, bool)


class Engine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = BigQuery().__enter__()
        cls.addClassCleanup(cls.service.__exit__)
        fill(cls.service)
        cls.client = client.Client(project="test-proj", credentials=AnonymousCredentials(),
                                   client_options={"api_endpoint": cls.service.url})

    def setUp(self):
        self.service.reset()

    def rows(self, sql, parameters=(), **more):
        """The rows of a query, through Google's client, which tries nothing twice here."""
        config = client.QueryJobConfig(query_parameters=given(parameters), **more)
        return [tuple(row.values()) for row in self.client.query_and_wait(sql, job_config=config, retry=None, job_retry=None)]

    def refused(self, status, sql, parameters=(), **more):
        """The error of a query that has to be refused with this status."""
        config = client.QueryJobConfig(query_parameters=given(parameters), **more)
        with self.assertRaises(GoogleAPICallError) as caught:
            list(self.client.query(sql, job_config=config, retry=None, job_retry=None).result(retry=None))
        self.assertEqual(caught.exception.code, status, caught.exception)
        return caught.exception


def case(name):
    """A test of one case."""
    sql, parameters, wanted = CASES[name]

    def test(self):
        if isinstance(wanted, Error):
            self.assertIn(wanted.message, self.refused(wanted.status, sql, parameters).message)
            return
        got = self.rows(sql, parameters)
        self.assertTrue(same(got, wanted), f"got {got}, not {wanted}")
        if name not in NOT_FOR_REFERENCE:
            sent = [one.to_api_repr() for one in given(parameters)]
            judged = reference.evaluate(self.service.catalog, sql, sent)
            self.assertTrue(same(judged, wanted), f"the reference implementation says {judged}, not {wanted}")
    return test


class Cases(Engine):
    """Every case of bigquery/cases.py is a test."""


for name in CASES:
    setattr(Cases, f"test_{name}", case(name))


if __name__ == "__main__":
    unittest.main(verbosity=2)
