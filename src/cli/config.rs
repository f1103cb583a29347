//! `shiptrace.toml`.

mod collect;
mod senders;

use std::collections::BTreeMap;
use std::fs;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::{Beliefs, Better, Deploy, PastQuestions, Step, nearest_names};
use crate::sources::Ratio;
use crate::sources::definition::Definition;

use super::CliError;
use super::bigquery::BigQueryConfig;
pub(super) use collect::CollectConfig;
pub(super) use senders::SendersConfig;

mod definition;

/// What the configuration says. Paths in it are relative to `folder`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Config {
    /// The file, for messages.
    pub(super) file: String,
    /// The folder that holds it.
    pub(super) folder: PathBuf,
    pub(super) timezone: Option<String>,
    pub(super) window: Option<String>,
    pub(super) commit_url: Option<String>,
    pub(super) environments: Option<Vec<String>>,
    pub(super) deploys: Vec<String>,
    pub(super) deploy_columns: BTreeMap<String, String>,
    /// A file with a query of the user's own, in place of a source.
    pub(super) deploys_query: Option<String>,
    pub(super) metrics: BTreeMap<String, MetricConfig>,
    pub(super) bigquery: BigQueryConfig,
    pub(super) beliefs: Beliefs,
    pub(super) collect: CollectConfig,
}

/// What `[metrics.NAME]` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct MetricConfig {
    pub(super) source: Vec<String>,
    /// A file with a query of the user's own, in place of a source.
    pub(super) query: Option<String>,
    pub(super) columns: BTreeMap<String, String>,
    pub(super) apps: Vec<String>,
    pub(super) better: Option<Better>,
    pub(super) unit: Option<String>,
    pub(super) every: Option<Step>,
    pub(super) ratio: Option<Ratio>,
    /// What the metric is of the raw events in its source, where it is defined so.
    pub(super) definition: Option<Definition>,
}

const TOP: [&str; 10] =
    ["timezone", "window", "commit_url", "environments", "deploys", "metrics", "priors", "apps", "collect", "bigquery"];
const DEPLOYS: [&str; 4] = ["source", "query", "columns", "environments"];
const PRIORS: [&str; 6] =
    ["nothing_happened", "not_a_deployment", "spike_not_a_deployment", "past_questions", "days_late", "lag"];
const PAST: [&str; 3] = ["deployment", "something_else", "nothing"];
const APP: [&str; 1] = ["lag"];
const METRIC: [&str; 13] = [
    "source",
    "query",
    "columns",
    "apps",
    "better",
    "unit",
    "every",
    "numerator",
    "denominator",
    "time",
    "where",
    "value",
    "by",
];
const METRIC_COLUMNS: [&str; 3] = ["timestamp", "metric", "value"];

/// The name under which the configuration is looked for.
const NAME: &str = "shiptrace.toml";

impl Config {
    /// The nearest configuration in a folder or its parents; none where there is none.
    pub(super) fn find(folder: &Path) -> Option<PathBuf> {
        folder.ancestors().map(|f| f.join(NAME)).find(|file| file.is_file())
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// Where the file cannot be read, is no TOML, or has an unknown key or a value of another type.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|e| CliError::ConfigUnreadable { file: file.clone(), reason: e.to_string() })?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(Self { folder, ..Self::parse(&file, &text)? })
    }

    fn parse(file: &str, text: &str) -> Result<Self, CliError> {
        let reader = Reader { file, text };
        let root = DeTable::parse(text).map_err(|e| {
            let place = e.span().unwrap_or_default();
            reader.wrong(&place, e.message().to_owned(), None)
        })?;
        let mut config = Self { file: file.to_owned(), ..Self::default() };
        for (key, value) in root.get_ref() {
            match reader.known(key, &TOP, "")? {
                "timezone" => config.timezone = Some(reader.string(value)?),
                "window" => config.window = Some(reader.string(value)?),
                "commit_url" => config.commit_url = Some(reader.string(value)?),
                "environments" => config.environments = Some(reader.strings(value)?),
                "deploys" => config.read_deploys(&reader, value)?,
                "priors" => config.read_priors(&reader, value)?,
                "apps" => config.read_apps(&reader, value)?,
                "collect" => config.collect = CollectConfig::read(&reader, value)?,
                "bigquery" => config.bigquery = BigQueryConfig::read(&reader, value)?,
                _ => {
                    for (name, metric) in reader.table(value)? {
                        let metric = MetricConfig::read(&reader, metric, name.get_ref())?;
                        config.metrics.insert(name.get_ref().to_string(), metric);
                    }
                }
            }
        }
        Ok(config)
    }

    fn read_deploys(&mut self, reader: &Reader<'_>, table: &Spanned<DeValue<'_>>) -> Result<(), CliError> {
        for (key, value) in reader.table(table)? {
            match reader.known(key, &DEPLOYS, "deploys.")? {
                "source" => self.deploys = reader.strings(value)?,
                "query" => self.deploys_query = Some(reader.string(value)?),
                "columns" => self.deploy_columns = reader.columns(value, &Deploy::COLUMNS, "deploys.columns.")?,
                _ => self.environments = Some(reader.strings(value)?),
            }
        }
        Ok(())
    }
}

impl Config {
    fn read_priors(&mut self, reader: &Reader<'_>, table: &Spanned<DeValue<'_>>) -> Result<(), CliError> {
        for (key, value) in reader.table(table)? {
            let name = reader.known(key, &PRIORS, "priors.")?;
            let given = || reader.probability(value, &format!("priors.{name}")).map(Some);
            match name {
                "nothing_happened" => self.beliefs.nothing_happened = given()?,
                "not_a_deployment" => self.beliefs.not_a_deployment = given()?,
                "spike_not_a_deployment" => self.beliefs.spike_not_a_deployment = given()?,
                "past_questions" => self.beliefs.past_questions = Some(reader.past_questions(value)?),
                "days_late" => self.beliefs.days_late = reader.days_late(value)?,
                _ => self.beliefs.lag = Some(reader.lag(value, "priors.lag")?),
            }
        }
        Ok(())
    }

    fn read_apps(&mut self, reader: &Reader<'_>, table: &Spanned<DeValue<'_>>) -> Result<(), CliError> {
        for (app, settings) in reader.table(table)? {
            let prefix = format!("apps.{}.", app.get_ref());
            for (key, value) in reader.table(settings)? {
                reader.known(key, &APP, &prefix)?;
                self.beliefs.lags.insert(app.get_ref().to_string(), reader.lag(value, &format!("{prefix}lag"))?);
            }
        }
        Ok(())
    }
}

impl MetricConfig {
    fn read(reader: &Reader<'_>, table: &Spanned<DeValue<'_>>, name: &str) -> Result<Self, CliError> {
        let mut metric = Self::default();
        let prefix = format!("metrics.{name}.");
        metric.ratio = reader.ratio(reader.table(table)?, &prefix)?;
        metric.definition = reader.definition(reader.table(table)?, &prefix)?;
        for (key, value) in reader.table(table)? {
            match reader.known(key, &METRIC, &prefix)? {
                "source" => metric.source = reader.strings(value)?,
                "query" => metric.query = Some(reader.string(value)?),
                "columns" => metric.columns = reader.columns(value, &METRIC_COLUMNS, &format!("{prefix}columns."))?,
                "apps" => metric.apps = reader.strings(value)?,
                "unit" => metric.unit = Some(reader.string(value)?),
                "better" => metric.better = Some(reader.better(value)?),
                "every" => metric.every = Some(reader.step(value)?),
                // Read above, together.
                _ => {}
            }
        }
        Ok(metric)
    }
}

/// Reads values and says where what is wrong stands.
pub(super) struct Reader<'a> {
    file: &'a str,
    text: &'a str,
}

impl Reader<'_> {
    fn line(&self, place: &Range<usize>) -> usize {
        self.text.get(..place.start).unwrap_or(self.text).matches('\n').count() + 1
    }

    pub(super) fn wrong(&self, place: &Range<usize>, problem: String, hint: Option<String>) -> CliError {
        CliError::Config { file: self.file.to_owned(), line: self.line(place), problem, hint }
    }

    pub(super) fn expected(&self, value: &Spanned<DeValue<'_>>, what: &str) -> CliError {
        let found = value.get_ref().type_str();
        self.wrong(&value.span(), format!("expected {what}, found {found}"), None)
    }

    /// The key as one of those known; else an error that names the nearest.
    pub(super) fn known<'k>(
        &self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        known: &[&'k str],
        prefix: &str,
    ) -> Result<&'k str, CliError> {
        let name = key.get_ref().as_ref();
        if let Some(found) = known.iter().find(|k| **k == name) {
            return Ok(found);
        }
        let all = known.join(", ");
        let nearest = nearest_names(name, known.iter().copied(), 1).pop();
        let told = nearest.as_ref().map(|n| format!("; the nearest is {n}")).unwrap_or_default();
        let hint = Some(format!("the keys here: {all}"));
        Err(self.wrong(&key.span(), format!("unknown key {prefix}{name}{told}"), hint))
    }

    pub(super) fn table<'v, 'i>(&self, value: &'v Spanned<DeValue<'i>>) -> Result<&'v DeTable<'i>, CliError> {
        value.get_ref().as_table().ok_or_else(|| self.expected(value, "a table"))
    }

    pub(super) fn string(&self, value: &Spanned<DeValue<'_>>) -> Result<String, CliError> {
        value.get_ref().as_str().map(str::to_owned).ok_or_else(|| self.expected(value, "a string"))
    }

    /// A list of strings; one string is a list of one.
    fn strings(&self, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, CliError> {
        match value.get_ref().as_array() {
            Some(array) => array.iter().map(|item| self.string(item)).collect(),
            None => self
                .string(value)
                .map(|one| vec![one])
                .map_err(|_| self.expected(value, "a string or a list of strings")),
        }
    }

    fn columns(
        &self,
        value: &Spanned<DeValue<'_>>,
        known: &[&str],
        prefix: &str,
    ) -> Result<BTreeMap<String, String>, CliError> {
        let table = self.table(value)?.iter();
        table.map(|(key, value)| Ok((self.known(key, known, prefix)?.to_owned(), self.string(value)?))).collect()
    }

    /// The two parts of a ratio; none where neither is named.
    fn ratio(&self, table: &DeTable<'_>, prefix: &str) -> Result<Option<Ratio>, CliError> {
        let part = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name);
        let ((key, above), (_, below)) = match (part("numerator"), part("denominator")) {
            (None, None) => return Ok(None),
            (Some(above), Some(below)) => (above, below),
            (Some((key, _)), None) | (None, Some((key, _))) => {
                let other = if key.get_ref() == "numerator" { "denominator" } else { "numerator" };
                let problem = format!("{prefix}{} without a {other}", key.get_ref());
                return Err(self.wrong(&key.span(), problem, Some(format!("name both: {other} = \"...\""))));
            }
        };
        let ratio = Ratio { numerator: self.string(above)?, denominator: self.string(below)? };
        if ratio.numerator == ratio.denominator {
            let problem = format!("{prefix}numerator and denominator are both {:?}", ratio.numerator);
            return Err(self.wrong(&key.span(), problem, Some("name two columns, or two metrics".to_owned())));
        }
        Ok(Some(ratio))
    }

    /// A probability that data can still change: between 0 and 1, and neither of them.
    fn probability(&self, value: &Spanned<DeValue<'_>>, key: &str) -> Result<f64, CliError> {
        let number = match value.get_ref() {
            DeValue::Float(float) => float.as_str().replace('_', "").parse::<f64>().ok(),
            DeValue::Integer(integer) => i32::from_str_radix(integer.as_str(), integer.radix()).ok().map(f64::from),
            _ => return Err(self.expected(value, "a probability")),
        };
        number.filter(|p| *p > 0.0 && *p < 1.0).ok_or_else(|| {
            let hint = "write a probability between 0 and 1; at 0 or 1 no data could change it";
            self.wrong(&value.span(), format!("{key} does not lie between 0 and 1"), Some(hint.to_owned()))
        })
    }

    /// How many questions of the past ended with each answer.
    fn past_questions(&self, table: &Spanned<DeValue<'_>>) -> Result<PastQuestions, CliError> {
        let mut past = PastQuestions::default();
        for (key, value) in self.table(table)? {
            let name = self.known(key, &PAST, "priors.past_questions.")?;
            let count = self.questions(value, &format!("priors.past_questions.{name}"))?;
            match name {
                "deployment" => past.deployment = count,
                "something_else" => past.something_else = count,
                _ => past.nothing = count,
            }
        }
        Ok(past)
    }

    /// A number of earlier questions.
    fn questions(&self, value: &Spanned<DeValue<'_>>, key: &str) -> Result<u32, CliError> {
        let DeValue::Integer(integer) = value.get_ref() else {
            return Err(self.expected(value, "a number of questions"));
        };
        u32::from_str_radix(integer.as_str(), integer.radix()).map_err(|_| {
            let hint = "write how many of your questions it was, 0 or more";
            self.wrong(&value.span(), format!("{key} is no such number"), Some(hint.to_owned()))
        })
    }

    /// How many days after the change the dates of earlier questions were, with how many questions that was.
    fn days_late(&self, table: &Spanned<DeValue<'_>>) -> Result<BTreeMap<i64, u32>, CliError> {
        let mut days_late = BTreeMap::new();
        for (key, value) in self.table(table)? {
            let name = key.get_ref();
            let days = name.parse::<i64>().ok().filter(|days| LATE.contains(days)).ok_or_else(|| {
                let hint = "write for how many questions the date was so many days after the change had begun: { 0 = 14, 1 = 12 }";
                let problem = format!("priors.days_late.{name} is no number of days from {} to {}", LATE.start(), LATE.end());
                self.wrong(&key.span(), problem, Some(hint.to_owned()))
            })?;
            days_late.insert(days, self.questions(value, &format!("priors.days_late.{name}"))?);
        }
        Ok(days_late)
    }

    /// A lag in seconds.
    fn lag(&self, value: &Spanned<DeValue<'_>>, key: &str) -> Result<f64, CliError> {
        let text = self.string(value)?;
        let length = humantime::parse_duration(text.trim()).ok().map(|length| length.as_secs_f64());
        length.filter(|seconds| (1.0..=LONGEST_LAG).contains(seconds)).ok_or_else(|| {
            let hint = "write how long deployments take to act in the mean, such as 20m, 4h, 1h 30m or 2d (a second to 90 days)";
            self.wrong(&value.span(), format!("{key} = {text:?} is not such a length of time"), Some(hint.to_owned()))
        })
    }

    fn better(&self, value: &Spanned<DeValue<'_>>) -> Result<Better, CliError> {
        match self.string(value)?.as_str() {
            "up" => Ok(Better::Up),
            "down" => Ok(Better::Down),
            _ => Err(self.wrong(&value.span(), "better must be \"up\" or \"down\"".to_owned(), None)),
        }
    }

    fn step(&self, value: &Spanned<DeValue<'_>>) -> Result<Step, CliError> {
        let text = self.string(value)?;
        step(&text).ok_or_else(|| {
            let problem = format!("every = {text:?} is not a step");
            let hint = "write 1m to 30m (a divisor of an hour), 1h to 12h (a divisor of a day), 1d, 1w, 1mo, 3mo or 1y";
            self.wrong(&value.span(), problem, Some(hint.to_owned()))
        })
    }
}

/// Days by which a date may be late. Beyond the window of the deployments nobody is suspected.
const LATE: RangeInclusive<i64> = -7..=7;
/// Nobody could tell an effect after a longer time from anything else.
const LONGEST_LAG: f64 = 90.0 * 86_400.0;

/// The length of a bucket as people write it.
fn step(text: &str) -> Option<Step> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let n: u32 = text[..digits].parse().ok().filter(|n| *n > 0)?;
    let divides = |whole: u32| whole.is_multiple_of(n) && n < whole;
    match &text[digits..] {
        "m" | "min" if n == 60 => Some(Step::Hours(1)),
        "m" | "min" if divides(60) => Some(Step::Minutes(n)),
        "h" if n == 24 => Some(Step::Day),
        "h" if divides(24) => Some(Step::Hours(n)),
        "d" if n == 1 => Some(Step::Day),
        "d" if n == 7 => Some(Step::Week),
        "w" if n == 1 => Some(Step::Week),
        "mo" if n == 12 || divides(12) => Some(Step::Months(n)),
        "q" if n == 1 => Some(Step::Months(3)),
        "y" if n == 1 => Some(Step::Months(12)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> CliError {
        Config::parse("shiptrace.toml", text).unwrap_err()
    }

    #[test]
    fn every_key_of_a_configuration_is_read() {
        let text = r#"
            timezone = "Europe/Oslo"
            window = "2d"
            environments = ["eu", "us"]
            [deploys]
            source = "a.csv"
            columns = { deployed_at = "finished" }
            [metrics."sign ups"]
            source = ["b.csv", "c.csv"]
            apps = ["web"]
            better = "down"
            unit = "EUR"
            every = "15m"
        "#;
        let config = Config::parse("f", text).unwrap();
        assert_eq!(config.timezone.as_deref(), Some("Europe/Oslo"));
        assert_eq!(config.environments.unwrap(), ["eu", "us"]);
        assert_eq!(config.deploy_columns["deployed_at"], "finished");
        let metric = &config.metrics["sign ups"];
        assert_eq!(metric.source, ["b.csv", "c.csv"]);
        assert_eq!((metric.better, metric.every), (Some(Better::Down), Some(Step::Minutes(15))));
    }

    #[test]
    fn what_is_believed_beforehand_is_read_and_checked() {
        let text = "[priors]\nnot_a_deployment = 0.25\nnothing_happened = 1e-1\n[apps.phone]\nlag = \"2d\"\n[apps.\"a b\"]\nlag = \"1h 30m\"\n";
        let beliefs = Config::parse("f", text).unwrap().beliefs;
        assert_eq!((beliefs.not_a_deployment, beliefs.nothing_happened), (Some(0.25), Some(0.1)));
        assert_eq!(beliefs.lags.values().copied().collect::<Vec<_>>(), [5400.0, 172_800.0]);
        let told = |text: &str| error(text).to_string();
        assert_eq!(
            told("\n[priors]\nnothing_happened = 1.5\n"),
            "shiptrace.toml, line 3: priors.nothing_happened does not lie between 0 and 1"
        );
        for wrong in ["0", "1", "-0.1", "nan", "inf", "\"0.5\""] {
            assert!(told(&format!("[priors]\nnot_a_deployment = {wrong}\n")).contains("line 2: "), "{wrong}");
        }
        assert!(told("[priors]\nnothing = 0.5\n").contains("the nearest is nothing_happened"));
        let past = "[priors]\npast_questions = { deployment = 18, nothing = 1_0 }\n";
        let read = Config::parse("f", past).unwrap().beliefs.past_questions;
        assert_eq!(read, Some(PastQuestions { deployment: 18, something_else: 0, nothing: 10 }));
        for wrong in ["-1", "0.5", "\"3\"", "99999999999"] {
            let text = format!("[priors.past_questions]\nnothing = {wrong}\n");
            assert!(told(&text).starts_with("shiptrace.toml, line 2: "), "{}", told(&text));
        }
        assert!(told("[priors]\npast_questions = { other = 1 }\n").contains("priors.past_questions.other"));
        let late = Config::parse("f", "[priors]\ndays_late = { 0 = 14, 1 = 1_2, -1 = 0 }\n").unwrap().beliefs.days_late;
        assert_eq!(late.into_iter().collect::<Vec<_>>(), [(-1, 0), (0, 14), (1, 12)]);
        for wrong in ["9 = 1", "a = 1", "\"\" = 1", "1 = -1", "1 = 0.5"] {
            let text = format!("[priors]\ndays_late = {{ {wrong} }}\n");
            assert!(told(&text).starts_with("shiptrace.toml, line 2: "), "{}", told(&text));
        }
        for wrong in ["soon", "0s", "-2d", "400d", ""] {
            assert!(told(&format!("[apps.web]\nlag = \"{wrong}\"\n")).contains("line 2: apps.web.lag"), "{wrong}");
            assert!(told(&format!("[priors]\nlag = \"{wrong}\"\n")).contains("line 2: priors.lag"), "{wrong}");
        }
        assert!(told("[apps.web]\nlags = \"2d\"\n").contains("apps.web.lags; the nearest is lag"));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest() {
        let told = error("window = \"3d\"\n[metrics.m]\nbeter = \"up\"\n").to_string();
        assert_eq!(told, "shiptrace.toml, line 3: unknown key metrics.m.beter; the nearest is better");
    }

    #[test]
    fn a_ratio_has_two_parts() {
        let read = |text: &str| Config::parse("f", text).unwrap().metrics["m"].ratio.clone();
        let ratio = read("[metrics.m]\nnumerator = \"orders\"\ndenominator = \"visits\"\n");
        assert_eq!(ratio, Some(Ratio { numerator: "orders".to_owned(), denominator: "visits".to_owned() }));
        assert_eq!(read("[metrics.m]\nunit = \"EUR\"\n"), None);
        let told = error("[metrics.m]\nunit = \"EUR\"\ndenominator = \"visits\"\n").to_string();
        assert_eq!(told, "f, line 3: metrics.m.denominator without a numerator".replace("f,", "shiptrace.toml,"));
        assert!(error("[metrics.m]\nnumerator = \"a\"\ndenominator = \"a\"\n").to_string().contains("are both \"a\""));
    }

    #[test]
    fn a_value_of_another_type_and_broken_toml_are_named_with_their_line() {
        assert!(
            error("\nwindow = 3\n").to_string().starts_with("shiptrace.toml, line 2: expected a string, found integer")
        );
        assert!(error("a = \n").to_string().starts_with("shiptrace.toml, line 1: "));
        assert!(error("[metrics.m]\nevery = \"7m\"\n").to_string().contains("every = \"7m\" is not a step"));
    }
}
