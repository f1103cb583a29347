//! Turns flags, environment and configuration into one request.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::bigquery::{Client, Listener, Settings, TableName};
use crate::collect::Mapping;
use crate::investigate::{self, Setting};
use crate::model::MetricSettings;
use crate::sources::{
    BigQuerySource, DeploySource, Locator, MetricSource, Place, Planned, Session, SourceError, check_readable, total_of,
};

use super::arguments::{DataArguments, DeployArguments, OutputArguments};
use super::bigquery::{Told, print_plan, settings, span};
use super::config::{Config, MetricConfig, SendersConfig};
use super::environment::Environment;
use super::{CliError, Outcome, when};

/// What holds for every command: flags win over the environment, which wins over the configuration.
#[derive(Debug)]
pub(super) struct Resolved<'a> {
    environment: &'a Environment,
    config: Config,
    data: &'a DataArguments,
    /// Who is told what BigQuery does.
    listener: Arc<dyn Listener>,
    /// What is asked of BigQuery, once something is.
    session: OnceCell<Arc<Session>>,
    /// The zone of local days and of all times.
    pub(super) zone: Tz,
}

/// How long before a change deployments are looked for, where nothing was said.
const WINDOW: &str = "3d";

impl<'a> Resolved<'a> {
    pub(super) fn new(
        data: &'a DataArguments,
        output: &OutputArguments,
        environment: &'a Environment,
    ) -> Result<Self, CliError> {
        let config = configuration(data, environment)?;
        let zone = match (&data.timezone, environment.option("TIMEZONE"), &config.timezone) {
            (Some(text), ..) => when::zone("--timezone", text)?,
            (None, Some(text), _) => when::zone("SHIPTRACE_TIMEZONE", text)?,
            (None, None, Some(text)) => when::zone("timezone in the configuration", text)?,
            (None, None, None) => Tz::UTC,
        };
        let listener = Arc::new(Told::new(output.quiet, environment.watched, output.ascii));
        Ok(Self { environment, config, data, listener, session: OnceCell::new(), zone })
    }

    /// Links to commits.
    pub(super) fn commit_url(&self) -> Option<String> {
        self.config.commit_url.clone()
    }

    /// Which messages are deployments of which app.
    pub(super) fn mapping(&self) -> Mapping {
        Mapping { zone: self.zone, ..self.config.collect.mapping.clone() }
    }

    /// How `BigQuery` is asked.
    pub(super) fn bigquery(&self) -> Result<Settings, CliError> {
        settings(&self.data.bigquery, self.environment, &self.config.bigquery)
    }

    /// How senders prove to the receiver who they are.
    pub(super) fn senders(&self) -> &SendersConfig {
        &self.config.collect.senders
    }

    /// A path of the configuration.
    pub(super) fn beside_config(&self, path: &str) -> PathBuf {
        beneath(&self.config.folder, Path::new(path))
    }

    /// The store that the configuration names.
    pub(super) fn into(&self) -> Option<String> {
        let path = self.config.collect.into.as_ref()?;
        if path.starts_with("bigquery:") {
            return Some(path.clone());
        }
        Some(beneath(&self.config.folder, Path::new(path)).display().to_string())
    }

    pub(super) fn window(&self, flag: Option<&str>) -> Result<TimeDelta, CliError> {
        match (flag, self.environment.option("WINDOW"), &self.config.window) {
            (Some(text), ..) => when::window("--window", text),
            (None, Some(text), _) => when::window("SHIPTRACE_WINDOW", text),
            (None, None, Some(text)) => when::window("window in the configuration", text),
            (None, None, None) => when::window("--window", WINDOW),
        }
    }

    /// The moment taken as now.
    fn as_of(&self) -> Result<DateTime<Utc>, CliError> {
        let as_of = self.data.as_of.as_deref().or_else(|| self.environment.option("AS_OF"));
        as_of.map_or(Ok(self.environment.now), |text| when::as_of(text, self.zone))
    }

    /// The setting of a question about these metrics; about all with `None`. Paths that cannot be read are found here.
    ///
    /// `asked` is the first moment that the question is about, where it names one.
    pub(super) fn setting(
        &self,
        deploys: &DeployArguments,
        metrics: Option<&[String]>,
        asked: Option<DateTime<Utc>>,
    ) -> Result<Setting, CliError> {
        let mut setting = Setting {
            deploys: self.deploys()?,
            metrics: self.metrics(metrics)?,
            settings: self.settings(),
            beliefs: self.config.beliefs.clone(),
            config: self.config.file.clone(),
            zone: self.zone,
            as_of: self.as_of()?,
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
        let apps = setting.apps.clone().unwrap_or_default();
        let of_deploys = setting.deploys.iter_mut().map(|s| &mut s.locator);
        for locator in of_deploys.chain(setting.metrics.iter_mut().map(|s| &mut s.locator)) {
            if let Locator::BigQuery(source) = locator {
                *source = source.clone().connected(self.session(asked, &apps)?);
            }
        }
        Ok(setting)
    }

    /// What is asked of BigQuery in this run.
    fn session(&self, asked: Option<DateTime<Utc>>, apps: &[String]) -> Result<Arc<Session>, CliError> {
        if let Some(session) = self.session.get() {
            return Ok(Arc::clone(session));
        }
        let (flags, config) = (&self.data.bigquery, &self.config.bigquery);
        let span = span(flags, self.environment, config, (asked, self.as_of()?, self.zone))?;
        let client = Arc::new(self.client()?);
        let session = Session::new(client, span, self.zone, apps.to_vec());
        let session = if flags.dry_run { session.planning() } else { session };
        Ok(Arc::clone(self.session.get_or_init(|| Arc::new(session))))
    }

    /// A client as flags, environment and configuration say. It has not asked anything yet.
    pub(super) fn client(&self) -> Result<Client, CliError> {
        let settings = settings(&self.data.bigquery, self.environment, &self.config.bigquery)?;
        Ok(Client::new(settings, Arc::clone(&self.listener)).map_err(SourceError::from)?)
    }

    /// The configuration, in words.
    pub(super) fn described(&self) -> String {
        let file = if self.config.file.is_empty() { "none" } else { &self.config.file };
        format!("{file} (time zone {})", self.zone.name())
    }

    /// Whose credentials would be used, and which project would run the queries, for this table.
    pub(super) fn identity(&self, table: Option<&TableName>) -> Result<(String, String), CliError> {
        let client = self.client()?;
        let both = client.identity().and_then(|identity| Ok((identity, client.project(table)?)));
        Ok(both.map_err(SourceError::from)?)
    }

    /// The queries that were not run.
    pub(super) fn planned(&self) -> Vec<Planned> {
        self.session.get().map(|session| session.planned()).unwrap_or_default()
    }

    /// Where only the queries are wanted: what a question about this setting would ask, written out. None where it is to be asked.
    pub(super) fn dry_run(
        &self,
        setting: &Setting,
        metrics: Option<&[String]>,
        format: Option<&str>,
    ) -> Option<Result<Outcome, CliError>> {
        let planned = || {
            investigate::plan(setting, metrics)?;
            print_plan(&self.planned(), format)?;
            Ok(Outcome::Answered)
        };
        self.data.bigquery.dry_run.then(planned)
    }

    fn deploys(&self) -> Result<Vec<DeploySource>, CliError> {
        if let Some(given) = self.given(&self.data.deploys, "DEPLOYS")? {
            return Ok(given.into_iter().map(|locator| DeploySource { locator, columns: BTreeMap::new() }).collect());
        }
        let source = |text: &String| {
            Ok(DeploySource { locator: self.configured(text)?, columns: self.config.deploy_columns.clone() })
        };
        let query = self
            .config
            .deploys_query
            .as_deref()
            .map(|file| DeploySource { locator: self.query_file(file), columns: self.config.deploy_columns.clone() });
        self.config.deploys.iter().map(source).chain(query.map(Ok)).collect()
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
        let mut sources: Vec<MetricSource> = metric.source.iter().map(source).collect::<Result<_, CliError>>()?;
        if let Some(file) = &metric.query {
            sources.push(MetricSource {
                locator: self.query_file(file),
                columns: metric.columns.clone(),
                name: Some(name.to_owned()),
                ratio: metric.ratio.clone(),
                every: metric.every,
                definition: metric.definition.clone(),
            });
        }
        Ok(sources)
    }

    /// A file with a query of the user's own.
    fn query_file(&self, file: &str) -> Locator {
        Locator::BigQuery(BigQuerySource::new(Place::File(beneath(&self.config.folder, Path::new(file)))))
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
            Locator::Database(path) => Locator::Database(beneath(&self.config.folder, &path)),
            other => other,
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
