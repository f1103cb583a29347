use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use crate::bigquery::parse_bytes;
use crate::cli::CliError;
use crate::cli::config::Reader;

/// What `[bigquery]` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::cli) struct BigQueryConfig {
    pub(in crate::cli) project: Option<String>,
    pub(in crate::cli) location: Option<String>,
    pub(in crate::cli) endpoint: Option<String>,
    pub(in crate::cli) history: Option<Duration>,
    pub(in crate::cli) max_bytes_billed: Option<u64>,
    pub(in crate::cli) max_rows: Option<u64>,
    pub(in crate::cli) timeout: Option<Duration>,
    pub(in crate::cli) price_per_tib: Option<f64>,
    pub(in crate::cli) cache: Option<bool>,
    pub(in crate::cli) cache_age: Option<Duration>,
    pub(in crate::cli) cache_size: Option<u64>,
}

const KEYS: [&str; 11] = [
    "project",
    "location",
    "endpoint",
    "history",
    "max_bytes_billed",
    "max_rows",
    "timeout",
    "price_per_tib",
    "cache",
    "cache_age",
    "cache_size",
];

/// How bytes are written, for a message.
pub(super) const BYTES: &str = "write bytes such as 10GiB, 500MB or 1000000";
/// How lengths of time are written.
pub(super) const LENGTH: &str = "write a length of time such as 90s, 5m or 400d";

impl BigQueryConfig {
    pub(in crate::cli) fn read(reader: &Reader<'_>, table: &Spanned<DeValue<'_>>) -> Result<Self, CliError> {
        let mut config = Self::default();
        for (key, value) in reader.table(table)? {
            match reader.known(key, &KEYS, "bigquery.")? {
                "project" => config.project = Some(reader.string(value)?),
                "location" => config.location = Some(reader.string(value)?),
                "endpoint" => config.endpoint = Some(reader.string(value)?),
                "history" => config.history = Some(length(reader, value)?),
                "max_bytes_billed" => config.max_bytes_billed = Some(bytes(reader, value)?),
                "max_rows" => config.max_rows = Some(whole(reader, value)?),
                "timeout" => config.timeout = Some(length(reader, value)?),
                "price_per_tib" => config.price_per_tib = Some(price(reader, value)?),
                "cache" => {
                    let on = value.get_ref().as_bool().ok_or_else(|| reader.expected(value, "true or false"))?;
                    config.cache = Some(on);
                }
                "cache_age" => config.cache_age = Some(length(reader, value)?),
                _ => config.cache_size = Some(bytes(reader, value)?),
            }
        }
        Ok(config)
    }
}

/// A length of time of at least a second.
pub(super) fn parse_length(text: &str) -> Option<Duration> {
    humantime::parse_duration(text.trim()).ok().filter(|length| *length >= Duration::from_secs(1))
}

fn length(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Result<Duration, CliError> {
    let text = reader.string(value)?;
    let wrong = || reader.wrong(&value.span(), format!("{text:?} is not a length of time"), Some(LENGTH.to_owned()));
    parse_length(&text).ok_or_else(wrong)
}

fn whole(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Result<u64, CliError> {
    let number = match value.get_ref() {
        DeValue::Integer(integer) => u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok(),
        _ => None,
    };
    number.filter(|n| *n > 0).ok_or_else(|| reader.expected(value, "a whole number above 0"))
}

fn bytes(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Result<u64, CliError> {
    if value.get_ref().is_integer() {
        return whole(reader, value);
    }
    let text = reader.string(value)?;
    let wrong = || reader.wrong(&value.span(), format!("{text:?} is no number of bytes"), Some(BYTES.to_owned()));
    parse_bytes(&text).ok_or_else(wrong)
}

fn price(reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Result<f64, CliError> {
    let number = match value.get_ref() {
        DeValue::Float(float) => float.as_str().replace('_', "").parse::<f64>().ok(),
        DeValue::Integer(integer) => integer.as_str().replace('_', "").parse::<f64>().ok(),
        _ => None,
    };
    let fits = |price: &f64| (0.0..=1e6).contains(price);
    number.filter(fits).ok_or_else(|| reader.expected(value, "a price in US dollars"))
}
