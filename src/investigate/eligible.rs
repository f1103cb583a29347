//! Which deployments could have acted.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use crate::model::{Caveat, Curve, Deploy, EventKind, Excluded, nearest_names};

use super::InvestigateError;

/// Deployments that could have acted, those that could not, and what a reader should know.
#[derive(Debug, Default)]
pub(super) struct Eligible {
    pub(super) candidates: Vec<Deploy>,
    pub(super) excluded: Vec<Excluded>,
    pub(super) caveats: Vec<Caveat>,
}

/// What makes a deployment eligible.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    /// Environments that count, in any case; none means production under its usual names.
    pub(super) environments: Option<&'a [String]>,
    /// Only these apps; empty means all.
    pub(super) apps: &'a [String],
}

const PRODUCTION: [&str; 3] = ["prod", "production", "live"];
/// Outcomes of build and deployment systems that mean that nothing new is running.
const FAILED: [&str; 21] = [
    "failed",
    "failure",
    "fail",
    "failing",
    "error",
    "errored",
    "cancelled",
    "canceled",
    "cancelling",
    "canceling",
    "aborted",
    "timeout",
    "timed_out",
    "timedout",
    "expired",
    "rejected",
    "skipped",
    "internal_error",
    "infrastructure_fail",
    "startup_failure",
    "notdeployed",
];

/// Statuses under which nothing new is running yet: where a system tells each step, a later row tells how it ended.
const UNFINISHED: [&str; 10] = [
    "pending",
    "queued",
    "enqueued",
    "scheduled",
    "waiting",
    "not_started",
    "notstarted",
    "building",
    "in_progress",
    "inprogress",
];

impl Rules<'_> {
    /// Sorts the deployments out. The environments are judged over `all`, the whole feed.
    pub(super) fn apply(&self, deploys: Vec<Deploy>, all: &[Deploy]) -> Eligible {
        let mut sorted = Eligible::default();
        let any = all.iter().any(|d| self.counts(d));
        if !any && !all.is_empty() {
            let found: BTreeSet<&str> = all.iter().filter_map(|d| d.environment.as_deref()).collect();
            let found: Vec<String> = found.into_iter().take(5).map(|e| format!("{e:?}")).collect();
            sorted.caveats.push(Caveat::new(
                "environments_unmatched",
                format!(
                    "No deployment went to {}; those to {} were all kept.",
                    self.environments
                        .map_or("an environment named prod, production or live".to_owned(), |e| e.join(" or ")),
                    found.join(", ")
                ),
            ));
        }
        for deploy in deploys {
            match self.reason_against(&deploy, any) {
                Some(reason) => sorted.excluded.push(Excluded { deploy, reason }),
                None => sorted.candidates.push(deploy),
            }
        }
        sorted
    }

    /// The deployments of a feed, in the order of time, that lie between two moments (Unix seconds) and could have acted.
    pub(super) fn eligible<'a>(&self, all: &'a [Deploy], from: f64, to: f64) -> Vec<&'a Deploy> {
        let any = all.iter().any(|d| self.counts(d));
        let slice = &all[all.partition_point(|d| d.unix() < from)..];
        let inside = slice.iter().take_while(|d| d.unix() < to);
        inside.filter(|d| self.reason_against(d, any).is_none()).collect()
    }

    /// The deployments of a feed that pictures of these metrics show: what reached an environment that counts, of whatever app, while a
    /// metric is known or in the window, in Unix seconds.
    pub(super) fn pictured(&self, mut all: Vec<Deploy>, curves: &[Curve], window: Range<f64>) -> Vec<Deploy> {
        let ends = curves.iter().filter_map(|c| Some((*c.series.edges().first()?, *c.series.edges().last()?)));
        let known = ends.fold(window, |w, (from, to)| w.start.min(from as f64)..w.end.max(to as f64));
        let any = all.iter().any(|d| self.counts(d));
        let rules = Rules { apps: &[], ..*self };
        all.retain(|d| known.contains(&d.unix()) && rules.reason_against(d, any).is_none());
        all
    }

    fn reason_against(&self, deploy: &Deploy, environments_matter: bool) -> Option<&'static str> {
        if has_status(deploy, &FAILED) {
            Some("failed")
        } else if has_status(deploy, &UNFINISHED) {
            Some("unfinished")
        } else if environments_matter && !self.counts(deploy) {
            Some("environment")
        } else if !self.is_of_apps(deploy) {
            Some("app")
        } else {
            None
        }
    }

    /// Whether it is of one of the apps asked for. A campaign or an incident need not be of any app, and is then asked for always.
    pub(super) fn is_of_apps(&self, deploy: &Deploy) -> bool {
        let of_none = deploy.app.is_none() && deploy.event() != EventKind::Deploy;
        self.apps.is_empty() || of_none || deploy.app.as_ref().is_some_and(|app| self.apps.contains(app))
    }

    /// Whether the deployment's environment is one that counts.
    pub(super) fn counts(&self, deploy: &Deploy) -> bool {
        if deploy.environment.is_none() && deploy.event() != EventKind::Deploy {
            return true;
        }
        let name = deploy.environment.as_deref().unwrap_or("").trim();
        match self.environments {
            Some(given) => given.iter().any(|e| e.trim().to_lowercase() == name.to_lowercase()),
            None => name.is_empty() || PRODUCTION.iter().any(|usual| name.eq_ignore_ascii_case(usual)),
        }
    }
}

/// Whether the status is one of these, which say that nothing new is running.
///
/// An incident or an experiment that failed, or is not over, has happened all the same.
fn has_status(deploy: &Deploy, statuses: &[&str]) -> bool {
    if !matches!(deploy.event(), EventKind::Deploy | EventKind::Flag) {
        return false;
    }
    let status = deploy.status.as_deref().unwrap_or("").trim().as_bytes();
    let same = |(of, known): (&u8, &u8)| match of {
        b' ' | b'-' => *known == b'_',
        _ => of.eq_ignore_ascii_case(known),
    };
    statuses.iter().any(|one| one.len() == status.len() && status.iter().zip(one.as_bytes()).all(same))
}

/// Checks that each app asked for has a deployment somewhere in the feed.
pub(super) fn check_apps(asked: &[String], all: &[Deploy]) -> Result<(), InvestigateError> {
    if asked.is_empty() {
        return Ok(());
    }
    let known: HashSet<&str> = all.iter().filter_map(|d| d.app.as_deref()).collect();
    match asked.iter().find(|app| !known.contains(app.as_str())) {
        Some(app) if !all.is_empty() => Err(InvestigateError::UnknownApp {
            app: app.clone(),
            nearest: nearest_names(app, known.iter().copied(), 3),
            known: known.len(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn deploy(app: &str, environment: Option<&str>, status: &str) -> Deploy {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap().with_timezone(&chrono_tz::UTC);
        Deploy {
            app: Some(app.to_owned()),
            environment: environment.map(str::to_owned),
            status: Some(status.to_owned()),
            ..Deploy::at(at)
        }
    }

    #[test]
    fn failed_and_staging_and_other_apps_are_left_out_with_the_reason() {
        let all = vec![
            deploy("web", Some("Production"), "SUCCESS"),
            deploy("web", Some("production"), "Timed Out"),
            deploy("web", Some("staging"), "success"),
            deploy("api", None, "success"),
            deploy("web", None, "In progress"),
        ];
        let rules = Rules { environments: None, apps: &["web".to_owned()] };
        let sorted = rules.apply(all.clone(), &all);
        assert_eq!(sorted.candidates.len(), 1);
        let reasons: Vec<&str> = sorted.excluded.iter().map(|e| e.reason).collect();
        assert_eq!(reasons, ["failed", "environment", "app", "unfinished"]);
        assert!(sorted.caveats.is_empty());
    }

    #[test]
    fn where_no_environment_is_production_all_are_kept_with_a_caveat() {
        let all = vec![deploy("web", Some("eu-1"), ""), deploy("web", Some("us-1"), "")];
        let sorted = Rules { environments: None, apps: &[] }.apply(all.clone(), &all);
        assert_eq!(sorted.candidates.len(), 2);
        assert_eq!(sorted.caveats[0].code, "environments_unmatched");
    }

    #[test]
    fn an_unknown_app_is_an_error_that_names_the_nearest() {
        let all = vec![deploy("checkout-web", None, ""), deploy("api", None, "")];
        let error = check_apps(&["chekout-web".to_owned()], &all).unwrap_err();
        assert!(error.hint().unwrap().contains("checkout-web"));
        assert!(check_apps(&["anything".to_owned()], &[]).is_ok());
    }
}
