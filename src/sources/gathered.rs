//! What was read of metrics, and how two parts become one ratio.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono_tz::Tz;

use crate::model::{Caveat, Series, nearest_names};

use super::error::HalfRatio;
use super::events::Outcome;
use super::points::{Points, ratio_series};
use super::{MetricSource, Ratio, SourceError};

/// The endings by which columns and metrics say that they are the parts of a ratio.
const NUMERATOR: &str = ".num";
const DENOMINATOR: &str = ".den";

impl Ratio {
    /// The parts of a metric as files name them: `NAME.num` and `NAME.den`.
    pub(super) fn of(metric: &str) -> Self {
        Self { numerator: format!("{metric}{NUMERATOR}"), denominator: format!("{metric}{DENOMINATOR}") }
    }
}

/// The metric of which a name is a part: `NAME` of `NAME.num` and of `NAME.den`.
pub(super) fn whole_of(part: &str) -> Option<&str> {
    let whole = part.strip_suffix(NUMERATOR).or_else(|| part.strip_suffix(DENOMINATOR))?;
    (!whole.is_empty()).then_some(whole)
}

impl MetricSource {
    /// Whether what goes by this name in the source is a denominator.
    pub(super) fn is_denominator(&self, name: &str) -> bool {
        match &self.ratio {
            Some(ratio) => ratio.denominator == name,
            None => whole_of(name).is_some() && name.ends_with(DENOMINATOR) && self.name.as_deref() != Some(name),
        }
    }
}

/// The names by which files may hold the metric that is asked for.
pub(super) fn names_of(metric: &str, source: &MetricSource) -> Vec<String> {
    if let Some(Ratio { numerator, denominator }) = &source.ratio {
        return vec![numerator.clone(), denominator.clone()];
    }
    let mut names = vec![metric.to_owned()];
    // A source that defines the metric by this name means it as it is.
    let whole = if source.name.is_some() { None } else { whole_of(metric) };
    for Ratio { numerator, denominator } in [Some(metric), whole].into_iter().flatten().map(Ratio::of) {
        names.extend([numerator, denominator]);
    }
    names
}

/// The names of metrics without those of parts, for which the ratios stand that they make.
pub(super) fn without_parts(names: &BTreeSet<String>) -> BTreeSet<String> {
    let folded = |name: &String| {
        let whole = whole_of(name).filter(|whole| {
            let Ratio { numerator, denominator } = Ratio::of(whole);
            names.contains(&numerator) && names.contains(&denominator)
        });
        whole.map_or_else(|| name.clone(), str::to_owned)
    };
    names.iter().map(folded).collect()
}

/// A metric as it was read.
pub(super) enum Metric {
    /// Its values.
    Values(Points),
    /// Its numerators and denominators, with the names that they have in the files, and whether it was read as values too.
    Ratio { numerator: Points, denominator: Points, names: Ratio, beside_values: bool },
    /// The series that raw events make.
    Events(Box<Outcome>),
}

impl Metric {
    /// The series, with what was done on the way.
    pub(super) fn into_series(self, name: &str, zone: Tz) -> Result<(Series, Vec<Caveat>), SourceError> {
        let (numerator, denominator, names, beside_values) = match self {
            Self::Values(points) => return points.into_series(name, zone),
            Self::Events(outcome) => return *outcome,
            Self::Ratio { numerator, denominator, names, beside_values } => {
                (numerator, denominator, names, beside_values)
            }
        };
        let (above, below) = (names.numerator.as_str(), names.denominator.as_str());
        let (series, mut caveats) = ratio_series((numerator, above), (denominator, below), name, zone)?;
        if beside_values {
            let text = format!("{name} is given by itself and as {above} and {below}; it was taken from these two.");
            caveats.push(Caveat::new("ratio_beside_values", text));
        }
        Ok((series, caveats))
    }
}

/// The points that were read so far, by the names that files give them.
pub(super) struct Gathered {
    pub(super) zone: Tz,
    pub(super) points: Vec<Points>,
    /// Where those of a name are among them.
    places: HashMap<String, usize>,
    /// The files that were read, and the names in those that do not hold all that is wanted.
    pub(super) files: Vec<String>,
    pub(super) known: BTreeSet<String>,
}

impl Gathered {
    pub(super) fn new(zone: Tz) -> Self {
        Self { zone, points: Vec::new(), places: HashMap::new(), files: Vec::new(), known: BTreeSet::new() }
    }

    /// The points of a name, to be added to, and their place. `file` is where it was found.
    pub(super) fn of(&mut self, name: &str, source: &MetricSource, file: &str) -> (usize, &mut Points) {
        let place = self.places.get(name).copied().unwrap_or_else(|| {
            self.places.insert(name.to_owned(), self.points.len());
            self.points.push(Points { every: source.every, file: file.to_owned(), ..Points::default() });
            self.points.len() - 1
        });
        (place, &mut self.points[place])
    }

    /// The points of a name, which are no longer here then.
    fn remove(&mut self, name: &str) -> Option<Points> {
        self.places.remove(name).map(|place| std::mem::take(&mut self.points[place]))
    }

    /// Whether all that the metric is made of was found.
    pub(super) fn holds(&self, metric: &str, ratio: Option<&Ratio>) -> bool {
        let pair = ratio.cloned().unwrap_or_else(|| Ratio::of(metric));
        let parts = [&pair.numerator, &pair.denominator].map(|part| self.places.contains_key(part));
        match (ratio, parts) {
            (_, [true, true]) => true,
            // What goes by the name of a part is perhaps no metric.
            (None, [false, false]) => whole_of(metric).is_none() && self.places.contains_key(metric),
            _ => false,
        }
    }

    /// Every metric, in the order of their names.
    pub(super) fn into_metrics(mut self) -> Result<BTreeMap<String, Metric>, SourceError> {
        let whole = |name: &String| whole_of(name).map_or_else(|| name.clone(), str::to_owned);
        let names: BTreeSet<String> = self.places.keys().map(whole).collect();
        self.known = self.places.keys().cloned().collect();
        let mut metrics = BTreeMap::new();
        for name in names {
            if let Some(metric) = self.take(&name, None)? {
                metrics.insert(name, metric);
            }
        }
        Ok(metrics)
    }

    /// One metric of sources that define none; none where there is none of this name, or it is the part of a ratio.
    pub(super) fn pick(&mut self, name: &str) -> Result<Option<Metric>, SourceError> {
        let is_there = |part: &String| self.places.contains_key(part);
        let of_ratio = |whole: &&str| {
            let Ratio { numerator, denominator } = Ratio::of(whole);
            is_there(&numerator) || is_there(&denominator)
        };
        match whole_of(name).filter(of_ratio) {
            Some(whole) => self.take(whole, None).map(|_| None),
            None => self.take(name, None),
        }
    }

    /// One metric; none where there is none of this name.
    ///
    /// `ratio` names its parts where they are not called after it.
    pub(super) fn take(&mut self, name: &str, ratio: Option<&Ratio>) -> Result<Option<Metric>, SourceError> {
        let pair = ratio.cloned().unwrap_or_else(|| Ratio::of(name));
        let parts = [&pair.numerator, &pair.denominator].map(|part| self.remove(part));
        match (ratio, parts) {
            (_, [Some(numerator), Some(denominator)]) => {
                let beside_values = ratio.is_none() && self.remove(name).is_some();
                Ok(Some(Metric::Ratio { numerator, denominator, names: pair, beside_values }))
            }
            (None, [None, None]) => Ok(self.remove(name).map(Metric::Values)),
            (_, [numerator, denominator]) => Err(self.half(name, &pair, numerator, denominator)),
        }
    }

    /// The error of a source that does not hold the metric that it defines.
    pub(super) fn without(&self, metric: &str) -> SourceError {
        let found = self.known.iter().filter(|name| *name != metric).cloned().collect();
        SourceError::NotInSource { file: self.files.join(", "), metric: metric.to_owned(), found }
    }

    /// The error of a ratio of which a part is not there.
    fn half(&self, metric: &str, pair: &Ratio, numerator: Option<Points>, denominator: Option<Points>) -> SourceError {
        let (part, missing, other) = match numerator {
            None => ("numerator", &pair.numerator, &pair.denominator),
            Some(_) => ("denominator", &pair.denominator, &pair.numerator),
        };
        let there = numerator.or(denominator);
        let known = self.known.iter().map(String::as_str).filter(|name| name != other);
        SourceError::HalfRatio(Box::new(HalfRatio {
            file: there.as_ref().map_or_else(|| self.files.join(", "), |points| points.file.clone()),
            metric: metric.to_owned(),
            found: there.map(|_| other.clone()),
            part,
            missing: missing.clone(),
            nearest: nearest_names(missing, known, 1).pop(),
        }))
    }
}
