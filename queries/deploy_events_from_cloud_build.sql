-- Deploy events out of the messages of Cloud Build, as Pub/Sub writes them into a table: one row for each build that is over, from its
-- newest message. Messages come at least once and in any order. A message that is no JSON is left out.
-- Its times have nine digits of a second; the type TIMESTAMP takes six at most, and more are no time.
-- The app is what the substitution _APP says, else the trigger, else the repository.
WITH
  messages AS (
    SELECT
      /* data */
      SAFE.PARSE_JSON(`data`) AS build,
      /* end of data */
      `publish_time`
    FROM
      /* table */
      `my-project.ops.cloud_builds`
      /* end of table */
    WHERE
      /* time */
      `publish_time` >= @from AND `publish_time` < @to
      /* end of time */
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
