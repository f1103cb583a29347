//! Deployments with their probabilities, likeliest first.

use std::collections::HashMap;

use crate::attribute::{Case, Posterior};
use crate::model::{Deploy, Suspect};

/// Ranks the candidates by their probability; equal ones by how late they went out.
pub(super) fn ranked(candidates: &[Deploy], posterior: &Posterior, case: Option<&Case<'_>>) -> Vec<Suspect> {
    let groups = groups(candidates);
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|&a, &b| {
        let by_probability = posterior.deploys[b].total_cmp(&posterior.deploys[a]);
        by_probability.then_with(|| candidates[b].deployed_at.cmp(&candidates[a].deployed_at))
    });
    #[allow(clippy::cast_possible_truncation)]
    let lag = |i: usize| case.map(|c| (c.found.onset - candidates[i].unix()).round() as i64);
    let suspect = |(place, i): (usize, usize)| Suspect {
        rank: place + 1,
        probability: posterior.deploys[i],
        lag_seconds: lag(i),
        group: groups[i].clone(),
        reasons: case.map_or_else(Vec::new, |c| c.reasons(i)),
        deploy: candidates[i].clone(),
    };
    order.into_iter().enumerate().map(suspect).collect()
}

/// For each candidate the name of the group it shares with others: those of one commit to one app.
fn groups(candidates: &[Deploy]) -> Vec<Option<String>> {
    let key = |d: &Deploy| {
        let commit = d.commit.as_deref().filter(|c| !c.is_empty())?;
        Some(format!("{}@{commit}", d.app.as_deref().unwrap_or("")))
    };
    let mut counts: HashMap<String, usize> = HashMap::new();
    for name in candidates.iter().filter_map(key) {
        *counts.entry(name).or_default() += 1;
    }
    candidates.iter().map(|d| key(d).filter(|name| counts[name] > 1)).collect()
}
