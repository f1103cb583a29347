//! A metric as it is drawn: its points, when its changes began, and its levels.

use crate::model::{Change, ChangeKind, Curve, Series, Verdict};
use crate::report::phrase::effect;
use crate::report::text;

/// A metric with its changes.
pub(in crate::report) struct Panel<'a> {
    /// The metric's name as it may be shown.
    pub(in crate::report) name: String,
    /// The unit as it may be shown; may be empty.
    pub(in crate::report) unit: String,
    /// The points.
    pub(in crate::report) series: &'a Series,
    /// When its changes began, in the order of time.
    pub(in crate::report) bands: Vec<Band>,
    /// Its levels before and after.
    pub(in crate::report) slopes: Vec<Slope>,
    /// Whether the bands reach down through everything, to the deployments.
    pub(in crate::report) through: bool,
}

/// The interval in which a change began.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Band {
    pub(in crate::report) from: i64,
    pub(in crate::report) to: i64,
    /// The likeliest moment.
    pub(in crate::report) onset: i64,
    /// Whether it is good news.
    pub(in crate::report) verdict: Verdict,
    /// The size in a few characters.
    pub(in crate::report) effect: String,
    /// Whether it is the change that the answer is about.
    pub(in crate::report) meant: bool,
}

/// A straight piece of a metric's level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Slope {
    pub(in crate::report) from: (i64, f64),
    pub(in crate::report) to: (i64, f64),
}

impl Panel<'_> {
    /// The middle of each bucket, and its value.
    pub(in crate::report) fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let edges = self.series.edges().windows(2);
        edges.zip(self.series.values()).map(|(edge, value)| (f64::midpoint(edge[0] as f64, edge[1] as f64), *value))
    }

    /// The values that can be seen in a stretch, levels included.
    pub(in crate::report) fn seen(&self, (from, to): (i64, i64)) -> impl Iterator<Item = f64> + '_ {
        let within = move |at: f64| at >= from as f64 && at <= to as f64;
        let points = self.points().filter(move |(at, _)| within(*at)).map(|(_, value)| value);
        let overlaps = move |slope: &&Slope| slope.from.0 <= to && slope.to.0 >= from;
        points.chain(self.slopes.iter().filter(overlaps).flat_map(|slope| [slope.from.1, slope.to.1]))
    }
}

/// A metric with the change that is meant, and others that bound its levels.
pub(super) fn panel<'a>(curve: &'a Curve, change: Option<&Change>, others: &[Change]) -> Panel<'a> {
    let mut bands: Vec<Band> = others.iter().map(|c| band(c, false)).chain(change.map(|c| band(c, true))).collect();
    bands.sort_by_key(|b| b.onset);
    let lasting: Vec<i64> =
        others.iter().filter(|c| c.kind != ChangeKind::Spike).map(|c| c.onset.timestamp()).collect();
    let (start, end) = ends(&curve.series);
    let slopes = change.map(|change| {
        let onset = change.onset.timestamp();
        let from = lasting.iter().copied().filter(|at| *at < onset).max().unwrap_or(start);
        let to = lasting.iter().copied().filter(|at| *at > onset).min().unwrap_or(end);
        [slope_before(change, from), slope_after(change, to), slope_back(change, to)].into_iter().flatten().collect()
    });
    framed(curve, bands, slopes.unwrap_or_default())
}

/// A metric with all of its changes, none of which is meant more than the others.
pub(super) fn panel_of_all<'a>(curve: &'a Curve, changes: &[&Change]) -> Panel<'a> {
    let mut changes = changes.to_vec();
    changes.sort_by_key(|c| c.onset);
    let (start, end) = ends(&curve.series);
    let lasting: Vec<&Change> = changes.iter().copied().filter(|c| c.kind != ChangeKind::Spike).collect();
    let first = lasting.first().and_then(|c| slope_before(c, start));
    let ends = lasting.iter().skip(1).map(|c| c.onset.timestamp()).chain([end]);
    let slopes = first.into_iter().chain(lasting.iter().zip(ends).filter_map(|(c, to)| slope_after(c, to))).collect();
    framed(curve, changes.iter().map(|c| band(c, true)).collect(), slopes)
}

fn framed(curve: &Curve, bands: Vec<Band>, slopes: Vec<Slope>) -> Panel<'_> {
    Panel {
        name: text::visible(curve.series.name()),
        unit: curve.unit.as_deref().map(text::visible).unwrap_or_default(),
        series: &curve.series,
        bands,
        slopes,
        through: false,
    }
}

fn ends(series: &Series) -> (i64, i64) {
    (series.edges().first().copied().unwrap_or_default(), series.edges().last().copied().unwrap_or_default())
}

fn band(change: &Change, meant: bool) -> Band {
    Band {
        from: change.interval.from.timestamp(),
        to: change.interval.to.timestamp(),
        onset: change.onset.timestamp(),
        verdict: change.verdict,
        effect: effect(change),
        meant,
    }
}

fn slope_before(change: &Change, from: i64) -> Option<Slope> {
    let (onset, level) = (change.onset.timestamp(), change.before?);
    // The level of a trend is that at its kink, and that of a spike what its own hours let expect: neither is that of all before.
    let from = match change.kind {
        ChangeKind::Level => from.min(onset),
        ChangeKind::Trend => return None,
        ChangeKind::Spike => (onset - (over(change) - onset)).max(from.min(onset)),
    };
    Some(Slope { from: (from, level), to: (onset, level) })
}

fn slope_after(change: &Change, end: i64) -> Option<Slope> {
    let (onset, before, after) = (change.onset.timestamp(), change.before?, change.after?);
    let end = end.max(onset);
    Some(match change.kind {
        ChangeKind::Level => Slope { from: (onset, after), to: (end, after) },
        ChangeKind::Trend => Slope { from: (onset, before), to: (end, after) },
        ChangeKind::Spike => Slope { from: (onset, after), to: (over(change), after) },
    })
}

/// Where a spike went back to, for as long as it was.
fn slope_back(change: &Change, end: i64) -> Option<Slope> {
    let from = over(change);
    let length = from - change.onset.timestamp();
    let level = change.before.filter(|_| change.kind == ChangeKind::Spike)?;
    Some(Slope { from: (from, level), to: ((from + length).min(end.max(from)), level) })
}

/// When a spike was over; of one of which that is not known, when it began.
fn over(change: &Change) -> i64 {
    let onset = change.onset.timestamp();
    change.until.as_ref().map_or(onset, chrono::DateTime::timestamp).max(onset)
}
