-- Makes the table into which Pub/Sub writes the messages of Cloud Build: a subscription with metadata and without a schema has just
-- these columns. Cut by day, so that a question reads only its days.
CREATE TABLE IF NOT EXISTS `my-project.ops.cloud_builds` (
  subscription_name STRING,
  message_id STRING,
  publish_time TIMESTAMP,
  data STRING OPTIONS (description = 'The build, as JSON'),
  attributes STRING
)
PARTITION BY DATE(publish_time)
OPTIONS (description = 'Messages of the topic cloud-builds')
