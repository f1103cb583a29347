//! The keys of a metric over raw events.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::cli::CliError;
use crate::sources::definition::{Condition, Definition, Value as MetricValue, ValueError};

use super::Reader;

/// Keys that define a metric over raw events.
const RAW: [&str; 4] = ["time", "where", "value", "by"];
/// Keys that only a ready series has.
const READY: [&str; 3] = ["columns", "numerator", "denominator"];

impl Reader<'_> {
    /// What a metric is of raw events; none where no key says so.
    pub(super) fn definition(&self, table: &DeTable<'_>, prefix: &str) -> Result<Option<Definition>, CliError> {
        let find = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name);
        let Some((first, _)) = RAW.iter().find_map(|name| find(name)) else { return Ok(None) };
        if let Some((key, _)) = READY.iter().find_map(|name| find(name)) {
            let problem = format!("{prefix}{} beside {prefix}{}", key.get_ref(), first.get_ref());
            let hint = format!(
                "{} belong to a ready series; {} define a metric over raw events",
                READY.join(", "),
                RAW.join(", ")
            );
            return Err(self.wrong(&key.span(), problem, Some(hint)));
        }
        let Some((_, time)) = find("time") else {
            let problem = format!("{prefix}{} without a time", first.get_ref());
            let hint = "name the column that holds the time of an event: time = \"...\"".to_owned();
            return Err(self.wrong(&first.span(), problem, Some(hint)));
        };
        let value = find("value").map_or(Ok(MetricValue::Count), |(_, value)| self.value(value, prefix))?;
        let condition = find("where").map(|(_, condition)| self.condition(condition, prefix)).transpose()?;
        let by = find("by").map_or(Ok(Vec::new()), |(_, by)| self.strings(by))?;
        Ok(Some(Definition { time: self.string(time)?, condition, value, by }))
    }

    fn value(&self, value: &Spanned<DeValue<'_>>, prefix: &str) -> Result<MetricValue, CliError> {
        let text = self.string(value)?;
        MetricValue::parse(&text).map_err(|error| {
            let hint = match &error {
                ValueError::Condition(inner) => Some(inner.hint().to_owned()),
                _ => None,
            };
            self.wrong(&value.span(), format!("{prefix}value: {error}"), hint)
        })
    }

    fn condition(&self, value: &Spanned<DeValue<'_>>, prefix: &str) -> Result<Condition, CliError> {
        let text = self.string(value)?;
        Condition::parse(&text).map_err(|error| {
            self.wrong(&value.span(), format!("{prefix}where: {error}"), Some(error.hint().to_owned()))
        })
    }
}
