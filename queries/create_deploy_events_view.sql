-- Makes a view that shows the messages of Cloud Build as deploy events, for other programs. shiptrace reads the messages without it, and
-- then only those of the time it asks about; a view reads them all, because the newest message of a build may be of any day.
CREATE OR REPLACE VIEW `my-project.ops.deploy_events_of_cloud_build`
OPTIONS (description = 'Deploy events out of messages of Cloud Build')
AS
WITH
  messages AS (
    SELECT
      SAFE.PARSE_JSON(`data`) AS build,
      `publish_time`
    FROM
      `my-project.ops.cloud_builds`
  ),
  builds AS (
    SELECT
      build,
      JSON_VALUE(build, '$.id') AS id,
      JSON_VALUE(build, '$.status') AS status,
      COALESCE(
        SAFE_CAST(REGEXP_REPLACE(JSON_VALUE(build, '$.finishTime'), r'(\.\d{6})\d+', r'\1') AS TIMESTAMP),
        SAFE_CAST(REGEXP_REPLACE(JSON_VALUE(build, '$.startTime'), r'(\.\d{6})\d+', r'\1') AS TIMESTAMP),
        SAFE_CAST(REGEXP_REPLACE(JSON_VALUE(build, '$.createTime'), r'(\.\d{6})\d+', r'\1') AS TIMESTAMP),
        `publish_time`
      ) AS deployed_at
    FROM messages
    WHERE JSON_VALUE(build, '$.id') IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (PARTITION BY JSON_VALUE(build, '$.id') ORDER BY `publish_time` DESC) = 1
  )
SELECT
  deployed_at,
  COALESCE(
    JSON_VALUE(build, '$.substitutions._APP'),
    JSON_VALUE(build, '$.substitutions.TRIGGER_NAME'),
    JSON_VALUE(build, '$.substitutions.REPO_NAME')
  ) AS app,
  JSON_VALUE(build, '$.substitutions._ENVIRONMENT') AS environment,
  COALESCE(
    JSON_VALUE(build, '$.substitutions.REPO_FULL_NAME'),
    JSON_VALUE(build, '$.substitutions.REPO_NAME')
  ) AS repo,
  COALESCE(
    JSON_VALUE(build, '$.substitutions.COMMIT_SHA'),
    JSON_VALUE(build, '$.sourceProvenance.resolvedRepoSource.commitSha')
  ) AS commit,
  COALESCE(
    JSON_VALUE(build, '$.substitutions.BRANCH_NAME'),
    JSON_VALUE(build, '$.substitutions.TAG_NAME')
  ) AS branch,
  JSON_VALUE(build, '$.substitutions._COMMIT_MSG') AS message,
  COALESCE(
    JSON_VALUE(build, '$.substitutions._AUTHOR'),
    JSON_VALUE(build, '$.substitutions._OWNER')
  ) AS author,
  CASE status WHEN 'SUCCESS' THEN 'success' WHEN 'CANCELLED' THEN 'cancelled' ELSE 'failure' END AS status,
  JSON_VALUE(build, '$.logUrl') AS url,
  id,
  'cloud-build' AS source
FROM builds
WHERE status IN ('SUCCESS', 'FAILURE', 'INTERNAL_ERROR', 'TIMEOUT', 'CANCELLED', 'EXPIRED')
