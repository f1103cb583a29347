//! Turns flags, environment and configuration into one request.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::investigate::Setting;
use crate::model::MetricSettings;
use crate::sources::{DeploySource, Locator, MetricSource, check_readable, total_of};

use super::arguments::{DataArguments, DeployArguments};
use super::config::{Config, MetricConfig};
use super::environment::Environment;
use super::{CliError, when};

/// What holds for every command: flags win over the environment, which wins over the configuration.
#[derive(Debug)]
pub(super) struct Resolved<'a> {
    environment: &'a Environment,
    config: Config,
    data: &'a DataArguments,
    /// The zone of local days and of all times.
    pub(super) zone: Tz,
}

/// How long before a change deployments are looked for, where nothing was said.
const WINDOW: &str = "3d";

impl<'a> Resolved<'a> {
    pub(super) fn new(data: &'a DataArguments, environment: &'a Environment) -> Result<Self, CliError> {
        let config = configuration(data, environment)?;
        let zone = match (&data.timezone, environment.option("TIMEZONE"), &config.timezone) {
            (Some(text), ..) => when::zone("--timezone", text)?,
            (None, Some(text), _) => when::zone("SHIPTRACE_TIMEZONE", text)?,
            (None, None, Some(text)) => when::zone("timezone in the configuration", text)?,
            (None, None, None) => Tz::UTC,
        };
        Ok(Self { environment, config, data, zone })
    }

    /// Links to commits.
    pub(super) fn commit_url(&self) -> Option<String> {
        self.config.commit_url.clone()
    }

    pub(super) fn window(&self, flag: Option<&str>) -> Result<TimeDelta, CliError> {
        match (flag, self.environment.option("WINDOW"), &self.config.window) {
            (Some(text), ..) => when::window("--window", text),
            (None, Some(text), _) => when::window("SHIPTRACE_WINDOW", text),
            (None, None, Some(text)) => when::window("window in the configuration", text),
            (None, None, None) => when::window("--window", WINDOW),
        }
    }

    /// The setting of a question about these metrics; about all with `None`. Paths that cannot be read are found here.
    pub(super) fn setting(&self, deploys: &DeployArguments, metrics: Option<&[String]>) -> Result<Setting, CliError> {
        let as_of = self.data.as_of.as_deref().or_else(|| self.environment.option("AS_OF"));
        let setting = Setting {
            deploys: self.deploys()?,
            metrics: self.metrics(metrics)?,
            settings: self.settings(),
            beliefs: self.config.beliefs.clone(),
            config: self.config.file.clone(),
            zone: self.zone,
            as_of: as_of.map_or(Ok(self.environment.now), |text| when::as_of(text, self.zone))?,
            environments: match &deploys.environment[..] {
                [] => self.config.environments.clone(),
                given => Some(given.to_vec()),
            },
            apps: apps(&deploys.app),
        };
        let locators = || setting.deploys.iter().map(|s| &s.locator).chain(setting.metrics.iter().map(|s| &s.locator));
        if locators().filter(|l| **l == Locator::Stdin).count() > 1 {
            return Err(CliError::option(
                "--metrics, --deploys",
                "-",
                "standard input can be read only once",
                "give the other as a file",
            ));
        }
        locators().try_for_each(check_readable)?;
        Ok(setting)
    }

    fn deploys(&self) -> Result<Vec<DeploySource>, CliError> {
        if let Some(given) = self.given(&self.data.deploys, "DEPLOYS")? {
            return Ok(given.into_iter().map(|locator| DeploySource { locator, columns: BTreeMap::new() }).collect());
        }
        let source = |text: &String| {
            Ok(DeploySource { locator: self.configured(text)?, columns: self.config.deploy_columns.clone() })
        };
        self.config.deploys.iter().map(source).collect()
    }

    fn metrics(&self, wanted: Option<&[String]>) -> Result<Vec<MetricSource>, CliError> {
        if let Some(given) = self.given(&self.data.metrics, "METRICS")? {
            let source = |locator| MetricSource {
                locator,
                columns: BTreeMap::new(),
                name: None,
                ratio: None,
                every: None,
                definition: None,
            };
            return Ok(given.into_iter().map(source).collect());
        }
        if wanted.is_some_and(<[String]>::is_empty) {
            return Ok(Vec::new());
        }
        let mut sources = Vec::new();
        for (name, metric) in &self.config.metrics {
            let split = metric.definition.as_ref().is_some_and(|definition| !definition.by.is_empty());
            let is_it = |asked: &String| asked == name || (split && total_of(asked) == Some(name));
            if wanted.is_none_or(|names| names.iter().any(is_it)) {
                sources.extend(self.sources_of(name, metric)?);
            }
        }
        // A name that is not configured shall be told from those that are.
        if sources.is_empty() && wanted.is_some() && !self.config.metrics.is_empty() {
            return self.metrics(None);
        }
        Ok(sources)
    }

    fn sources_of(&self, name: &str, metric: &MetricConfig) -> Result<Vec<MetricSource>, CliError> {
        let source = |text: &String| {
            Ok(MetricSource {
                locator: self.configured(text)?,
                columns: metric.columns.clone(),
                name: Some(name.to_owned()),
                ratio: metric.ratio.clone(),
                every: metric.every,
                definition: metric.definition.clone(),
            })
        };
        metric.source.iter().map(source).collect()
    }

    fn settings(&self) -> BTreeMap<String, MetricSettings> {
        let settings =
            |m: &MetricConfig| MetricSettings { apps: m.apps.clone(), better: m.better, unit: m.unit.clone() };
        self.config.metrics.iter().map(|(name, m)| (name.clone(), settings(m))).collect()
    }

    /// The locators of a flag, or of the variable that stands for it.
    fn given(&self, flags: &[String], variable: &str) -> Result<Option<Vec<Locator>>, CliError> {
        let texts: Vec<&str> = match (flags, self.environment.option(variable)) {
            ([], None) => return Ok(None),
            ([], Some(text)) => vec![text],
            (flags, _) => flags.iter().map(String::as_str).collect(),
        };
        Ok(Some(texts.into_iter().map(Locator::parse).collect::<Result<_, _>>()?))
    }

    /// A locator of the configuration, whose paths are relative to its folder.
    fn configured(&self, text: &str) -> Result<Locator, CliError> {
        Ok(match Locator::parse(text)? {
            Locator::Path(path) => Locator::Path(beneath(&self.config.folder, &path)),
            Locator::Stdin => Locator::Stdin,
        })
    }
}

/// A path relative to a folder; the working folder itself is not written out.
fn beneath(folder: &Path, path: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() { path.to_path_buf() } else { folder.join(path) }
}

/// The apps asked for: none where nothing was said, an empty list where all were.
fn apps(given: &[String]) -> Option<Vec<String>> {
    if given.is_empty() {
        return None;
    }
    let all = given.iter().any(|app| app == "*");
    Some(if all { Vec::new() } else { given.to_vec() })
}

fn configuration(data: &DataArguments, environment: &Environment) -> Result<Config, CliError> {
    if data.no_config {
        return Ok(Config::default());
    }
    if let Some(file) = data.config.as_deref().or_else(|| environment.option("CONFIG")) {
        return Config::read(Path::new(file));
    }
    match Config::find(&environment.folder) {
        Some(found) => {
            // In the working folder itself the short name reads better in messages.
            let short = found.strip_prefix(&environment.folder).map(Path::to_path_buf);
            Config::read(&short.unwrap_or(found))
        }
        None => Ok(Config::default()),
    }
}
