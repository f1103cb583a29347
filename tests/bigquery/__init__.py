"""A BigQuery of our own for tests: see README.md."""
