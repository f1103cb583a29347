-- Rows of a table that holds ready values: a moment, and the columns that are asked for, one row as it is.
-- Only between @from and @to, and where the table is long only of the metrics that are asked for.
SELECT
  /* columns */
  UNIX_MICROS(`timestamp`) AS c0,
  `value` AS c1,
  `metric` AS c2
  /* end of columns */
FROM
  /* table */
  `my-project.analytics.daily_metrics`
  /* end of table */
WHERE
  /* time */
  `timestamp` >= @from AND `timestamp` < @to
  /* end of time */
  /* names */
  AND CAST(`metric` AS STRING) IN UNNEST(@names)
  /* end of names */
