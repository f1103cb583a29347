//! What is believed of each deployment before the metric is looked at, and the ranks afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::attribute::{
    Case, History, Hypothesis, LagLaw, Likelihood, Member, Origin, OtherEnd, Part, Posterior, Prior, Priors,
    WorkingHours, brought, groups, relevance,
};
use crate::detect::{Neighbourhood, Scanned};
use crate::model::{Deploy, Given, PriorPart, Reckoned, Reckoning, Series, Suspect, grouped};

use super::Setting;
use super::feed::Coverage;
use super::undoings::{Link, links};

/// The deployments that could have acted, as hypotheses.
#[derive(Debug)]
pub(super) struct Candidates {
    pub(super) deploys: Vec<Deploy>,
    members: Vec<Member>,
    parts: Vec<Vec<Part>>,
    links: Vec<Option<Link>>,
    /// What each brought, where it was several commits.
    brought: Vec<Option<String>>,
    pub(super) hypotheses: Vec<Hypothesis>,
    hours: Option<WorkingHours>,
}

impl Candidates {
    /// Of the deployments of a window, in the order of time. `history` are those around it, which may revert them or be reverted by them.
    pub(super) fn new(deploys: Vec<Deploy>, history: &[&Deploy], metric: &str, setting: &Setting) -> Self {
        let members = groups(&deploys);
        let links = links(&deploys, history);
        let of = |(deploy, link): (&Deploy, &Option<Link>)| {
            relevance(deploy, metric).into_iter().chain(link.as_ref().and_then(Link::part)).collect()
        };
        let parts: Vec<Vec<Part>> = deploys.iter().zip(&links).map(of).collect();
        let hypothesis = |((deploy, member), parts): ((&Deploy, &Member), &Vec<Part>)| Hypothesis {
            at: deploy.unix(),
            origin: Origin::from(deploy.event()),
            share: member.share,
            factor: parts.iter().map(|part| part.factor).product(),
            lag: lag(deploy, setting),
        };
        let hypotheses = deploys.iter().zip(&members).zip(&parts).map(hypothesis).collect();
        let brought = deploys.iter().map(|deploy| brought(deploy, metric)).collect();
        let hours = WorkingHours::of(history);
        Self { deploys, members, parts, links, brought, hypotheses, hours }
    }

    /// All that is believed beforehand.
    pub(super) fn prior(&self, setting: &Setting, coverage: &Coverage) -> Prior<'_> {
        let priors = Priors::from(&setting.beliefs);
        Prior {
            hypotheses: &self.hypotheses,
            priors,
            uncovered: coverage.uncovered.clone(),
            hours: self.hours.as_ref(),
        }
    }

    /// The other ends of those that were undone or undo another.
    pub(super) fn ends(&self) -> Vec<OtherEnd> {
        let end = |(i, link): (usize, &Option<Link>)| link.as_ref().map(|link| link.end(i));
        self.links.iter().enumerate().filter_map(end).collect()
    }

    /// How well the data is explained by an effect from each moment on, reverts included.
    pub(super) fn likelihood(
        &self,
        setting: &Setting,
        (near, series, scanned): (&Neighbourhood, &Series, &Scanned),
        window: &Range<f64>,
    ) -> Likelihood {
        let power = Priors::from(&setting.beliefs).power;
        Likelihood::new((series, near), window, power).with_ends(near, series, scanned, &self.ends(), power)
    }

    /// The moments of the deployments, Unix seconds.
    pub(super) fn moments(&self) -> Vec<f64> {
        self.hypotheses.iter().map(|h| h.at).collect()
    }

    /// Ranks the deployments by their probability; equal ones by how late they went out.
    pub(super) fn ranked(&self, posterior: &Posterior, case: Option<&Case<'_>>) -> Vec<Suspect> {
        let ranks = |value: &dyn Fn(usize) -> f64| {
            let mut order: Vec<usize> = (0..self.deploys.len()).collect();
            order.sort_by(|&a, &b| {
                value(b)
                    .total_cmp(&value(a))
                    .then_with(|| self.deploys[b].deployed_at.cmp(&self.deploys[a].deployed_at))
            });
            order
        };
        let order = ranks(&|i| posterior.deploys[i].probability);
        let mut by_data = vec![0; self.deploys.len()];
        let without_priors = ranks(&|i| posterior.deploys[i].log_likelihood_ratio);
        without_priors.into_iter().enumerate().for_each(|(place, i)| by_data[i] = place + 1);
        order
            .into_iter()
            .enumerate()
            .map(|(place, i)| self.suspect(i, (place + 1, by_data[i]), posterior, case))
            .collect()
    }

    fn suspect(
        &self,
        i: usize,
        (rank, rank_without_priors): (usize, usize),
        posterior: &Posterior,
        case: Option<&Case<'_>>,
    ) -> Suspect {
        let belief = posterior.deploys[i];
        #[allow(clippy::cast_possible_truncation)]
        let lag = |case: &Case<'_>| (case.found.onset - self.deploys[i].unix()).round() as i64;
        let reasons = |case: &Case<'_>| {
            let told = case.reasons(i, belief.fit);
            let link = self.links[i].as_ref().map(|link| link.reason(belief.other_end));
            let parts = self.parts[i].iter().map(|part| part.reason.clone()).filter(|reason| !reason.is_empty());
            told.into_iter().chain(link).chain(parts).chain(self.brought[i].clone()).collect()
        };
        Suspect {
            rank,
            probability: belief.probability,
            lag_seconds: case.map(lag),
            group: self.members[i].group.clone(),
            prior: belief.prior,
            prior_parts: self.prior_parts(i, posterior),
            log_likelihood_ratio: finite(belief.log_likelihood_ratio),
            fit: case.map(|_| belief.fit),
            rank_without_priors,
            reasons: case.map_or_else(Vec::new, reasons),
            deploy: self.deploys[i].clone(),
        }
    }

    /// The factors of a prior: that something happened and was an average event, how much of one it is, and what sets it apart.
    fn prior_parts(&self, i: usize, posterior: &Posterior) -> Vec<PriorPart> {
        let origin = self.hypotheses[i].origin;
        let average = PriorPart {
            name: if origin == Origin::Change { "average_deployment" } else { "average_event" },
            factor: posterior.average[usize::from(origin == Origin::Recorded)],
        };
        let share = PriorPart { name: "share_of_commit", factor: self.members[i].share };
        let own = self.parts[i].iter().map(|part| PriorPart { name: part.name, factor: part.factor });
        [average].into_iter().chain((share.factor < 1.0).then_some(share)).chain(own).collect()
    }
}

/// The suspects of the first `top` groups, each with all of its deployments, in the order of their ranks.
pub(super) fn of_first_groups(suspects: Vec<Suspect>, top: usize) -> Vec<Suspect> {
    let kept: BTreeSet<usize> = grouped(&suspects).into_iter().take(top).flatten().map(|s| s.rank).collect();
    suspects.into_iter().filter(|s| kept.contains(&s.rank)).collect()
}

/// The deployments that could have acted over the whole history, and where the windows of its dates may lie.
pub(super) fn history(eligible: &[&Deploy], setting: &Setting, window: Range<f64>, known: Range<f64>) -> History {
    let mut laws = vec![Priors::from(&setting.beliefs).lag_law()];
    let mut place_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (app, mean) in &setting.beliefs.lags {
        place_of.insert(app, laws.len());
        laws.push(LagLaw::with_mean(*mean));
    }
    let law = |deploy: &Deploy| deploy.app.as_deref().and_then(|app| place_of.get(app)).copied().unwrap_or(0);
    History { deployed: eligible.iter().map(|d| (d.unix(), law(d))).collect(), laws, window, known }
}

/// How long deployments of this app take to act.
fn lag(deploy: &Deploy, setting: &Setting) -> LagLaw {
    let said = deploy.app.as_ref().and_then(|app| setting.beliefs.lags.get(app));
    said.map_or_else(|| Priors::from(&setting.beliefs).lag_law(), |mean| LagLaw::with_mean(*mean))
}

/// The arithmetic of what is no deployment, and the priors with where they come from.
pub(super) fn reckoning(posterior: &Posterior, setting: &Setting, coverage: &Coverage) -> Reckoning {
    let reckoned = |belief: &crate::attribute::Belief| Reckoned {
        prior: belief.prior,
        log_likelihood_ratio: finite(belief.log_likelihood_ratio),
    };
    let (given, priors) = (&setting.beliefs, Priors::from(&setting.beliefs));
    let past = given.past_questions.unwrap_or_default();
    let source = |said: Option<f64>, learned_of: u64| match (said, learned_of) {
        (Some(_), _) => setting.config.clone(),
        (None, 0) => "default".to_owned(),
        (None, count) => format!("{}, of {count} past questions", setting.config),
    };
    Reckoning {
        something_else: reckoned(&posterior.something_else),
        nothing_happened: reckoned(&posterior.nothing_happened),
        uncovered: coverage.uncovered.as_ref().map_or(0.0, |(_, share)| *share),
        priors: vec![
            Given {
                name: "nothing_happened",
                value: priors.nothing_happened,
                source: source(given.nothing_happened, past.count()),
            },
            Given {
                name: "not_a_deployment",
                value: priors.not_a_deployment,
                source: source(given.not_a_deployment, past.happened()),
            },
            Given {
                name: "spike_not_a_deployment",
                value: priors.spike_not_a_deployment,
                source: source(given.spike_not_a_deployment, 0),
            },
        ],
        days_late: given.days_late.clone(),
        lags: given.lags.clone(),
        lag: given.lag,
    }
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}
