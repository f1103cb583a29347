use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Days, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::bigquery::{CacheSettings, Settings, parse_bytes};
use crate::cli::CliError;
use crate::cli::arguments::BigQueryArguments;
use crate::cli::environment::Environment;
use crate::model::{Span, moment_at};

use super::BigQueryConfig;
use super::config::{BYTES, LENGTH, parse_length};

/// How long before the date asked about data is read: a year, and some weeks to see what is usual.
const HISTORY: Duration = Duration::from_hours(400 * 24);
/// Nothing before 1970 is asked for.
const LONGEST_HISTORY: Duration = Duration::from_hours(24 * 366 * 100);

/// How BigQuery is asked: flags win over the environment, which wins over the configuration.
pub(in crate::cli) fn settings(
    flags: &BigQueryArguments,
    environment: &Environment,
    config: &BigQueryConfig,
) -> Result<Settings, CliError> {
    let mut settings = Settings::new(environment.variables().clone());
    let text = |flag: &Option<String>, name| flag.clone().or_else(|| environment.option(name).map(str::to_owned));
    settings.project = text(&flags.project, "PROJECT").or_else(|| config.project.clone());
    settings.location = text(&flags.location, "LOCATION").or_else(|| config.location.clone());
    settings.endpoint = environment.option("BIGQUERY_ENDPOINT").map(str::to_owned).or_else(|| config.endpoint.clone());
    let given = option("--max-bytes-billed", text(&flags.max_bytes_billed, "MAX_BYTES_BILLED"), parse_bytes, BYTES)?;
    settings.max_bytes_billed = given.or(config.max_bytes_billed).unwrap_or(Settings::MAX_BYTES_BILLED);
    settings.max_rows = flags.max_rows.or(config.max_rows).unwrap_or(Settings::MAX_ROWS);
    let given = option("--timeout", text(&flags.timeout, "TIMEOUT"), parse_length, LENGTH)?;
    settings.timeout = given.or(config.timeout).unwrap_or(Settings::TIMEOUT);
    settings.price_per_tib = config.price_per_tib.unwrap_or(Settings::PRICE_PER_TIB);
    settings.cache = if flags.no_cache || config.cache == Some(false) { None } else { cache(environment, config) };
    Ok(settings)
}

/// Where results are kept; nowhere where the system names no folder.
fn cache(environment: &Environment, config: &BigQueryConfig) -> Option<CacheSettings> {
    let named = environment.get("XDG_CACHE_HOME").map(Path::new).filter(|folder| folder.is_absolute());
    let folder = named.map(Path::to_path_buf).or_else(|| {
        let local = environment.get("LOCALAPPDATA").filter(|_| cfg!(windows)).map(|data| Path::new(data).to_path_buf());
        local.or_else(|| environment.get("HOME").map(|home| Path::new(home).join(".cache")))
    })?;
    Some(CacheSettings {
        folder: folder.join("shiptrace").join("bigquery"),
        age: config.cache_age.unwrap_or(CacheSettings::AGE),
        size: config.cache_size.unwrap_or(CacheSettings::SIZE),
    })
}

/// The stretch of time that is asked about: from some time before the first moment of the question, to the end of the day that is now.
pub(in crate::cli) fn span(
    flags: &BigQueryArguments,
    environment: &Environment,
    config: &BigQueryConfig,
    (asked, now, zone): (Option<DateTime<Utc>>, DateTime<Utc>, Tz),
) -> Result<Span, CliError> {
    let text = flags.history.clone().or_else(|| environment.option("HISTORY").map(str::to_owned));
    let given = option("--history", text, parse_length, LENGTH)?;
    let history = given.or(config.history).unwrap_or(HISTORY).min(LONGEST_HISTORY);
    let first = asked.map_or(now, |asked| asked.min(now));
    let history = TimeDelta::from_std(history).unwrap_or(TimeDelta::zero());
    let from = midnight(first.checked_sub_signed(history).unwrap_or(first), zone, 0);
    Ok(Span { from: from.max(DateTime::UNIX_EPOCH), to: midnight(now, zone, 1) })
}

/// The start of the local day of a moment, or of a later one.
fn midnight(moment: DateTime<Utc>, zone: Tz, later: u64) -> DateTime<Utc> {
    let date = moment.with_timezone(&zone).date_naive();
    let date = date.checked_add_days(Days::new(later)).unwrap_or(date);
    date.and_hms_opt(0, 0, 0).map_or(moment, |local| moment_at(zone, local).to_utc())
}

fn option<T>(
    name: &str,
    text: Option<String>,
    parse: fn(&str) -> Option<T>,
    hint: &str,
) -> Result<Option<T>, CliError> {
    let Some(text) = text else { return Ok(None) };
    parse(&text).map(Some).ok_or_else(|| CliError::option(name, &text, "cannot be read", hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_local_days_are_asked_about() {
        let moment = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let (first, second) = ("2024-02-14T10:00:00+01:00", "2024-07-14T10:00:00+02:00");
        let zone = Tz::Europe__Oslo;
        assert_eq!(midnight(moment(first), zone, 0), moment("2024-02-14T00:00:00+01:00"));
        assert_eq!(midnight(moment(second), zone, 1), moment("2024-07-15T00:00:00+02:00"));
    }
}
