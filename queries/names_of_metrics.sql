-- The names of the metrics that a long table holds between @from and @to, each once.
SELECT DISTINCT
  /* columns */
  CAST(`metric` AS STRING) AS c0
  /* end of columns */
FROM
  /* table */
  `my-project.analytics.daily_metrics`
  /* end of table */
WHERE
  /* time */
  `timestamp` >= @from AND `timestamp` < @to
  /* end of time */
