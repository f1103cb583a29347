//! Which messages are deployments of which app: what `[collect]` in the configuration says.

use chrono_tz::Tz;
use glob::{MatchOptions, Pattern};

use super::event::Event;

/// How messages become deployments of the apps that people know.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapping {
    /// New names of environments; the first that fits counts. They come before the rules, which see the new names.
    pub environments: Vec<Rename>,
    /// Rules; the first that fits counts. An event that none fits is kept as its message has it.
    pub rules: Vec<Rule>,
    /// Where messages of [`super::Provider::Generic`] have their fields.
    pub generic: Generic,
    /// In which zone times without an offset are read.
    pub zone: Tz,
}

/// A new name for environments.
#[derive(Debug, Clone, PartialEq)]
pub struct Rename {
    /// The names that it is for.
    pub from: Pattern,
    /// The new name.
    pub to: String,
}

/// A rule of `[[collect.apps]]`. It fits where each of its patterns does; of several for one field one is enough.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rule {
    /// Who sent it.
    pub provider: Vec<Pattern>,
    /// The repository.
    pub repo: Vec<Pattern>,
    /// The workflow, trigger or pipeline.
    pub workflow: Vec<Pattern>,
    /// The environment.
    pub environment: Vec<Pattern>,
    /// The branch or tag.
    pub branch: Vec<Pattern>,
    /// The app, as the message names it.
    pub name: Vec<Pattern>,
    /// The name of the app; none leaves it as it is.
    pub app: Option<String>,
    /// Whether what fits is no deployment at all.
    pub ignore: bool,
    /// Where it stands in the configuration.
    pub line: usize,
}

/// Where a message of no known provider has the fields of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Generic {
    /// What the column `source` says; `generic` where it is empty.
    pub source: String,
    /// Column, and where its value is: the first that is there counts. A column that is not named is looked for under its own name.
    pub fields: Vec<(String, Vec<Pick>)>,
    /// Words for a deployment that is still under way.
    pub in_progress: Vec<String>,
    /// Words for one that went out.
    pub succeeded: Vec<String>,
    /// Words for one that did not.
    pub failed: Vec<String>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// A place in the message (RFC 6901).
    Pointer(String),
    /// The same for each message.
    Fixed(String),
}

impl Mapping {
    /// The event under the names that people know; the reason where a rule says that it is no deployment.
    ///
    /// # Errors
    /// Where a rule says `ignore`: the reason.
    pub(super) fn apply(&self, mut event: Event) -> Result<Event, String> {
        if let Some(name) = &event.deploy.environment
            && let Some(rename) = self.environments.iter().find(|r| fits(&r.from, name))
        {
            event.deploy.environment = Some(rename.to.clone());
        }
        let Some(rule) = self.rules.iter().find(|rule| rule.fits(&event)) else { return Ok(event) };
        if rule.ignore {
            return Err(format!("by the rule in line {} of the configuration", rule.line));
        }
        if let Some(app) = &rule.app {
            event.deploy.app = Some(app.clone());
        }
        Ok(event)
    }
}

impl Rule {
    fn fits(&self, event: &Event) -> bool {
        let deploy = &event.deploy;
        let workflow = deploy.extra.get("workflow").cloned();
        [
            (&self.provider, &deploy.source),
            (&self.repo, &deploy.repo),
            (&self.workflow, &workflow),
            (&self.environment, &deploy.environment),
            (&self.branch, &deploy.branch),
            (&self.name, &deploy.app),
        ]
        .into_iter()
        // What a message does not tell is an empty text, which `*` fits.
        .all(|(patterns, value)| {
            patterns.is_empty() || patterns.iter().any(|p| fits(p, value.as_deref().unwrap_or("")))
        })
    }
}

/// Case does not matter, and `*` goes over slashes: a branch is `release/1.2`.
fn fits(pattern: &Pattern, text: &str) -> bool {
    let options =
        MatchOptions { case_sensitive: false, require_literal_separator: false, require_literal_leading_dot: false };
    pattern.matches_with(text, options)
}
