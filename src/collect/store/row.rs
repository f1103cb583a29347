//! A row of the table `deploys`, and the event that it tells.

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use rusqlite::{Row, ToSql};

use crate::model::Deploy;

use super::super::Event;

/// The columns that hold an event, in the order of [`values`] and [`event`].
pub(super) const COLUMNS: &str = "source, id, deployed_at, app, environment, repo, \"commit\", branch, message, author, status, url, \
    kind, extra, changed_at";

/// How many columns that is.
pub(super) const WIDTH: usize = 15;

/// A time as the tables hold it: UTC, and always of the same width from year 0 to 9999, so that times sort as texts.
pub(super) fn told(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The cells of an event, in the order of [`COLUMNS`].
pub(super) fn values(event: &Event) -> [Box<dyn ToSql>; WIDTH] {
    let deploy = &event.deploy;
    let text = |text: &Option<String>| -> Box<dyn ToSql> { Box::new(text.clone().filter(|text| !text.is_empty())) };
    let (source, id) = event.key();
    [
        Box::new(source.to_owned()),
        Box::new(id.to_owned()),
        Box::new(told(deploy.deployed_at.to_utc())),
        text(&deploy.app),
        text(&deploy.environment),
        text(&deploy.repo),
        text(&deploy.commit),
        text(&deploy.branch),
        text(&deploy.message),
        text(&deploy.author),
        text(&deploy.status),
        text(&deploy.url),
        text(&deploy.kind),
        Box::new(serde_json::to_string(&deploy.extra).unwrap_or_else(|_| "{}".to_owned())),
        Box::new(told(event.changed_at)),
    ]
}

/// The event of a row whose first columns are [`COLUMNS`].
pub(super) fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let extra: String = row.get(13)?;
    let deploy = Deploy {
        source: Some(row.get(0)?),
        id: Some(row.get(1)?),
        deployed_at: time(row, 2)?.with_timezone(&Tz::UTC),
        app: row.get(3)?,
        environment: row.get(4)?,
        repo: row.get(5)?,
        commit: row.get(6)?,
        branch: row.get(7)?,
        message: row.get(8)?,
        author: row.get(9)?,
        status: row.get(10)?,
        url: row.get(11)?,
        kind: row.get(12)?,
        extra: serde_json::from_str(&extra).map_err(|e| broken(13, e))?,
    };
    Ok(Event { deploy, changed_at: time(row, 14)? })
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    let text: String = row.get(column)?;
    DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).map_err(|e| broken(column, e))
}

/// A cell that somebody else changed to something that it cannot be.
fn broken(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}
