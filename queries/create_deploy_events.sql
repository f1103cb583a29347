-- Makes the table of deploy events: one row each, cut by day, ordered by app. Only deployed_at must have a value.
CREATE TABLE IF NOT EXISTS `my-project.ops.deploy_events` (
  deployed_at TIMESTAMP NOT NULL OPTIONS (description = 'When it went out'),
  app STRING OPTIONS (description = 'What was deployed'),
  environment STRING OPTIONS (description = 'Where to; production where empty'),
  repo STRING,
  commit STRING,
  branch STRING,
  message STRING OPTIONS (description = 'The first commit message'),
  author STRING,
  status STRING OPTIONS (description = 'success, failure or cancelled'),
  url STRING,
  id STRING OPTIONS (description = 'Rows with one id are one deployment'),
  source STRING OPTIONS (description = 'The system that it came from'),
  kind STRING OPTIONS (description = 'deploy, flag, campaign, incident or experiment')
)
PARTITION BY DATE(deployed_at)
CLUSTER BY app
OPTIONS (description = 'Deploy events, as shiptrace reads them')
