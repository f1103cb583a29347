-- Metrics over raw events, several in one scan of the table: a row for each hour or day in which there is any event, with the parts
-- that each metric needs. `bucket` is its start in seconds since 1970. Hours and days are those of @timezone; what is longer is
-- added up from these. `events`, `first` and `last` are of all events, also those that do not count. Of metric 0: events that count (m0), those of them that have a value (n0), and the sum of that value (v0).
SELECT
  /* bucket */
  UNIX_SECONDS(TIMESTAMP_TRUNC(`occurred_at`, DAY, @timezone))
  /* end of bucket */
  AS bucket,
  /* range */
  COUNT(*) AS events,
  MIN(UNIX_SECONDS(`occurred_at`)) AS first,
  MAX(UNIX_SECONDS(`occurred_at`)) AS last,
  /* end of range */
  /* dimensions */
  IFNULL(CAST(`country` AS STRING), '') AS d0,
  /* end of dimensions */
  /* values */
  COUNTIF(`event` = @p1) AS m0,
  COUNTIF(`event` = @p1 AND `amount` IS NOT NULL) AS n0,
  SUM(IF(`event` = @p1, `amount`, NULL)) AS v0
  /* end of values */
FROM
  /* table */
  `my-project.analytics.events`
  /* end of table */
WHERE
  /* time */
  `occurred_at` >= @from AND `occurred_at` < @to
  /* end of time */
GROUP BY
  bucket/* split */, d0/* end of split */
ORDER BY
  bucket
