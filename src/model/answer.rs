use std::collections::BTreeMap;

use serde::Serialize;

use super::{BaseRate, Better, Caveat, Deploy, Moment, Picture, PriorPart, Reckoning, Step};

/// What a command found out. Reports are functions of this type; JSON is this type.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of `why`.
    Why(Box<WhyAnswer>),
    /// Of `scan`.
    Scan(Box<Scan>),
    /// Of `deploys`.
    Deploys(DeployList),
    /// Of `metrics`.
    Metrics(MetricList),
}

impl Answer {
    /// The deployments that it tells of.
    #[must_use]
    pub fn deploys(&self) -> Vec<&Deploy> {
        match self {
            Self::Why(answer) => {
                let suspects = answer.suspects.iter().map(|suspect| &suspect.deploy);
                suspects.chain(answer.excluded.iter().map(|excluded| &excluded.deploy)).collect()
            }
            Self::Scan(scan) => scan.changes.iter().flat_map(|c| &c.suspects).map(|s| &s.deploy).collect(),
            Self::Deploys(list) => list.deploys.iter().collect(),
            Self::Metrics(_) => Vec::new(),
        }
    }
}

/// The answer to *why did this metric change on that day?*
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyAnswer {
    /// `shiptrace/answer/1`.
    pub schema: &'static str,
    /// What was asked.
    pub question: Question,
    /// The metric that was looked at.
    pub series: SeriesSummary,
    /// The moment taken as now.
    pub as_of: Moment,
    /// The change that is meant; none where none is supported.
    pub change: Option<Change>,
    /// The strongest sign of a change near the date, supported or not; none where nothing could be tested.
    pub evidence: Option<Evidence>,
    /// Every deployment that could have acted, likeliest first.
    pub suspects: Vec<Suspect>,
    /// Probability that none of the suspects did it.
    pub none_of_these: f64,
    /// The parts of `none_of_these`.
    pub none: NoneParts,
    /// The priors and likelihoods behind the probabilities.
    pub reckoning: Reckoning,
    /// The further metrics that were weighed together with this one, in the order asked for.
    pub with: Vec<WithMetric>,
    /// What a random date of the history would show; none where there is no other date to compare with.
    pub base_rate: Option<BaseRate>,
    /// Deployments of the window that could not have acted, and why.
    pub excluded: Vec<Excluded>,
    /// Other supported changes of the metric, in the order of time.
    pub other_changes: Vec<Change>,
    /// What a reader should know about the data.
    pub caveats: Vec<Caveat>,
    /// The command that gives this answer again, quoted for a POSIX shell; empty where the answer came from no command.
    pub command: String,
    /// What to run next.
    pub next: Vec<NextStep>,
    /// What pictures draw beside the figures.
    #[serde(skip)]
    pub picture: Picture,
}

/// A further metric that was weighed together with the one asked about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WithMetric {
    /// The metric's name.
    pub metric: String,
    /// Its change near the date; none where none is supported.
    pub change: Option<Change>,
    /// Whether that may have begun at one moment with the change that was asked about.
    pub together: bool,
    /// The strongest sign of a change of it near the date; none where nothing could be tested.
    pub evidence: Option<Evidence>,
    /// How much of what it says is news, 0..1: what it shares in its noise with the metric asked about counts once. 0 where it could not be
    /// looked at.
    pub weight: f64,
}

/// What `why` was asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    /// The metric's name.
    pub metric: String,
    /// The date, time or range as it was written.
    pub on: String,
    /// The apps asked for; empty means all.
    pub apps: Vec<String>,
    /// How long before the change deployments are looked for, in seconds.
    pub window_seconds: i64,
    /// The zone of local days and of all times in the answer.
    pub timezone: String,
}

/// The metric that was looked at, in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesSummary {
    /// Start of the first bucket.
    pub from: Moment,
    /// End of the last bucket.
    pub to: Moment,
    /// Length of a bucket.
    pub granularity: Step,
    /// Number of buckets, missing ones included.
    pub buckets: usize,
    /// Number of buckets without a value.
    pub missing: usize,
    /// Rhythms that the metric was found to have: `day`, `week`, `year`.
    pub seasonality: Vec<&'static str>,
    /// Which direction is good news, where that was said.
    pub better: Option<Better>,
    /// Unit for people.
    pub unit: Option<String>,
}

/// What sort of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// The level moved and stayed.
    Level,
    /// The slope changed.
    Trend,
    /// A few buckets stand out, and the metric went back.
    Spike,
}

/// Which way the metric went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// It rose.
    Up,
    /// It fell.
    Down,
}

/// Whether a change is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It moved the way that is good news.
    Better,
    /// It moved the other way.
    Worse,
    /// Nothing says which way is good.
    Unknown,
}

/// The moments among which the strongest evidence was sought, which its p-value takes into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PValueScope {
    /// Those near the asked date.
    Near,
    /// All of the series.
    Series,
}

/// An interval of numbers with its nominal coverage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// Nominal coverage, 0..1.
    pub level: f64,
}

/// An interval of moments with its nominal coverage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MomentInterval {
    /// Earlier end.
    pub from: Moment,
    /// Later end.
    pub to: Moment,
    /// Nominal coverage, 0..1.
    pub level: f64,
}

/// A change of a metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Start of the first bucket that moved, also partly.
    pub at: Moment,
    /// The step of the metric.
    pub granularity: Step,
    /// Median moment at which it began.
    pub onset: Moment,
    /// Interval of the moment at which it began.
    pub interval: MomentInterval,
    /// What sort of change it is.
    pub kind: ChangeKind,
    /// When a spike was over: the end of its last bucket; none of what lasts.
    pub until: Option<Moment>,
    /// Whether fewer than five buckets have passed since, so that the kind may still turn out another.
    pub young: bool,
    /// Which way it went.
    pub direction: Direction,
    /// Whether that is good news.
    pub verdict: Verdict,
    /// Level before, per bucket, in the metric's unit; of a trend, the level at the kink.
    pub before: Option<f64>,
    /// Level after; of a trend, the level at the end of its course, which is that of the data or the next change; of a spike, the level during it.
    pub after: Option<f64>,
    /// `after - before`.
    pub difference: Option<f64>,
    /// `difference / before`; none where that is undefined.
    pub relative: Option<f64>,
    /// Interval of `relative`.
    pub relative_interval: Option<Interval>,
    /// How often unchanged data would show evidence this strong anywhere in the scope.
    pub p_value: f64,
    /// What the p-value takes into account.
    pub p_value_scope: PValueScope,
}

/// The strongest sign of a change, supported or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// Start of the bucket where it stands.
    pub at: Moment,
    /// Which way the metric would have gone.
    pub direction: Direction,
    /// How often unchanged data would show evidence this strong near the date.
    pub p_value: f64,
}

/// A deployment that could have acted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suspect {
    /// 1 is the likeliest.
    pub rank: usize,
    /// Probability that this deployment did it.
    pub probability: f64,
    /// Onset of the change less the deployment's moment, in seconds; may be negative; none without a change.
    pub lag_seconds: Option<i64>,
    /// Shared by deployments of one commit, and by those of one app within minutes.
    pub group: Option<String>,
    /// Probability before the metric was looked at.
    pub prior: f64,
    /// The factors of the prior.
    pub prior_parts: Vec<PriorPart>,
    /// log of how much likelier the data is if this deployment did it than if nothing happened; none where it cannot have.
    pub log_likelihood_ratio: Option<f64>,
    /// How well it fits next to a deployment at the best possible moment, 0..1; none where there is nothing to fit.
    pub fit: Option<f64>,
    /// Its rank by the data alone, as if all priors were one.
    pub rank_without_priors: usize,
    /// Reasons that a person can check.
    pub reasons: Vec<String>,
    /// The deployment.
    pub deploy: Deploy,
}

/// The ways in which no suspect did it. They add up to `none_of_these`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct NoneParts {
    /// The metric changed, for another reason.
    pub something_else: f64,
    /// The metric did not change: what is seen is noise.
    pub nothing_happened: f64,
}

impl NoneParts {
    /// The probability that no suspect did it. Parts that add up to a rounding more than 1 are 1.
    #[must_use]
    pub fn total(self) -> f64 {
        (self.something_else + self.nothing_happened).min(1.0)
    }
}

/// A deployment that could not have acted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Excluded {
    /// The deployment.
    pub deploy: Deploy,
    /// Why it could not: `failed`, `environment`, `app`.
    pub reason: &'static str,
}

/// A command that carries on from an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextStep {
    /// What it is good for, in a few words.
    pub purpose: String,
    /// The command line, quoted for a POSIX shell.
    pub command: String,
}

/// Every change of every metric: the answer of `scan`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scan {
    /// `shiptrace/scan/1`.
    pub schema: &'static str,
    /// What was asked.
    pub question: ScanQuestion,
    /// The moment taken as now.
    pub as_of: Moment,
    /// The changes, in the order of time, then of the metrics' names.
    pub changes: Vec<MetricChange>,
    /// What a reader should know about the data.
    pub caveats: Vec<Caveat>,
    /// The command that gives this answer again, quoted for a POSIX shell; empty where the answer came from no command.
    pub command: String,
    /// What pictures draw beside the figures.
    #[serde(skip)]
    pub picture: Picture,
}

impl Scan {
    /// The changes by event, in the order of the events.
    #[must_use]
    pub fn events(&self) -> Vec<Vec<&MetricChange>> {
        let mut events: BTreeMap<usize, Vec<&MetricChange>> = BTreeMap::new();
        for change in &self.changes {
            events.entry(change.event).or_default().push(change);
        }
        events.into_values().collect()
    }
}

/// What `scan` was asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScanQuestion {
    /// The metrics that were looked at, in the order of their names.
    pub metrics: Vec<String>,
    /// The apps asked for; empty means all.
    pub apps: Vec<String>,
    /// How long before a change deployments are looked for, in seconds.
    pub window_seconds: i64,
    /// The zone of local days and of all times in the answer.
    pub timezone: String,
    /// The share of false changes that is accepted.
    pub fdr: f64,
    /// `bh` for metrics that are independent or positively dependent, `by` for any.
    pub fdr_method: &'static str,
    /// Only changes at or after this moment were asked for.
    pub since: Option<Moment>,
    /// Only changes before this moment were asked for.
    pub until: Option<Moment>,
    /// Only changes of at least this relative effect were asked for.
    pub min_effect: Option<f64>,
}

/// A change found by `scan`, with its suspects.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricChange {
    /// The metric's name.
    pub metric: String,
    /// The event to which the change belongs, numbered from 1 in the order of time: changes of several metrics whose `interval`s have a
    /// moment in common, at most one of each metric.
    pub event: usize,
    /// The change.
    #[serde(flatten)]
    pub change: Change,
    /// The smallest `fdr` at which it would be told: its p-value after the search over metrics (Benjamini-Bogomolov).
    pub q_value: f64,
    /// The likeliest suspects.
    pub suspects: Vec<Suspect>,
    /// Probability that none of all suspects, shown or not, did it.
    pub none_of_these: f64,
    /// The parts of `none_of_these`.
    pub none: NoneParts,
}

/// The answer of `deploys`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeployList {
    /// `shiptrace/deploys/1`.
    pub schema: &'static str,
    /// The zone of all times in the answer.
    pub timezone: String,
    /// The deployments, in the order of time.
    pub deploys: Vec<Deploy>,
    /// What a reader should know about the data.
    pub caveats: Vec<Caveat>,
}

/// The answer of `metrics`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricList {
    /// `shiptrace/metrics/1`.
    pub schema: &'static str,
    /// The zone of all times in the answer.
    pub timezone: String,
    /// The metrics, in the order of their names.
    pub metrics: Vec<MetricSummary>,
    /// What a reader should know about the data.
    pub caveats: Vec<Caveat>,
    /// What pictures draw beside the figures.
    #[serde(skip)]
    pub picture: Picture,
}

/// A metric that can be asked about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricSummary {
    /// The metric's name.
    pub metric: String,
    /// Start of the first bucket.
    pub from: Moment,
    /// End of the last bucket.
    pub to: Moment,
    /// Length of a bucket.
    pub granularity: Step,
    /// Number of buckets, missing ones included.
    pub buckets: usize,
    /// Number of buckets without a value.
    pub missing: usize,
    /// The last value that is not missing.
    pub last: Option<f64>,
    /// Whether it is a ratio that knows its denominators.
    pub ratio: bool,
    /// Apps that can move it, where that was said.
    pub apps: Vec<String>,
    /// Which direction is good news, where that was said.
    pub better: Option<Better>,
    /// Unit for people.
    pub unit: Option<String>,
}
