-- Deploy events of a table, one row each, between @from and @to. The columns are those that the table has.
SELECT
  /* columns */
  UNIX_MICROS(`deployed_at`) AS c0,
  `app` AS c1,
  `environment` AS c2,
  `repo` AS c3,
  `commit` AS c4,
  `branch` AS c5,
  `message` AS c6,
  `author` AS c7,
  `status` AS c8,
  `url` AS c9,
  `id` AS c10,
  `source` AS c11
  /* end of columns */
FROM
  /* table */
  `my-project.ops.deploy_events`
  /* end of table */
WHERE
  /* time */
  `deployed_at` >= @from AND `deployed_at` < @to
  /* end of time */
