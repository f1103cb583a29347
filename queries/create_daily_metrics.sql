-- Makes a table of ready values, one row for each metric and moment, cut by day, ordered by metric. A question reads only its days.
CREATE TABLE IF NOT EXISTS `my-project.analytics.daily_metrics` (
  timestamp TIMESTAMP NOT NULL OPTIONS (description = 'The start of the bucket'),
  metric STRING NOT NULL,
  value FLOAT64
)
PARTITION BY DATE(timestamp)
CLUSTER BY metric
OPTIONS (description = 'Ready values of metrics, as shiptrace reads them', require_partition_filter = TRUE)
