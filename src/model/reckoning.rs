use serde::Serialize;

/// A named factor of a prior.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PriorPart {
    /// What it stands for, in `snake_case`.
    pub name: &'static str,
    /// What the prior is multiplied by.
    pub factor: f64,
}

/// What was believed of one hypothesis, and what the data says of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reckoned {
    /// Probability before the metric was looked at.
    pub prior: f64,
    /// log of how much likelier the data is under it than if nothing happened; none where it cannot be at all.
    pub log_likelihood_ratio: Option<f64>,
}

/// Where a number that was believed beforehand comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Given {
    /// Its key in the configuration.
    pub name: &'static str,
    /// The number.
    pub value: f64,
    /// `default`, or the configuration file, which may also say of how many past questions it was learned.
    pub source: String,
}

/// The arithmetic of an answer, but for what stands with the suspects: posterior = prior x likelihood ratio, made to add up to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reckoning {
    /// Of *something else*, deployments that are missing from the feed included.
    pub something_else: Reckoned,
    /// Of *nothing happened*, to which all ratios are relative.
    pub nothing_happened: Reckoned,
    /// The share of the window in which the feed has a gap, for which *something else* was made likelier.
    pub uncovered: f64,
    /// The priors, and where each comes from.
    pub priors: Vec<Given>,
    /// How many days late the dates of earlier questions were, and how many of them; empty where that was not said.
    pub days_late: std::collections::BTreeMap<i64, u32>,
    /// The mean time from a deployment to its effect in seconds, of the apps for which it was said.
    pub lags: std::collections::BTreeMap<String, f64>,
    /// The same of all other apps and of what was not recorded; none where that was not said.
    pub lag: Option<f64>,
}

/// How many deployments a random date of the history has in its window, and how often one of them would fit by chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BaseRate {
    /// Dates looked at.
    pub dates: usize,
    /// Median number of deployments in the window of a date.
    pub deployments_median: f64,
    /// Share of the dates with at least one deployment in the window, 0..1.
    pub share_of_dates_with_any: f64,
    /// The placebo test; none where there is nothing to compare.
    pub placebo: Option<Placebo>,
}

/// How often deployments that cannot have done it fit as well as the best one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Placebo {
    /// Other dates whose deployments were tried.
    pub tried: usize,
    /// Those of which one fits at least as well.
    pub as_good: usize,
}
