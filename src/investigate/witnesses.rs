//! Further metrics near the date, as witnesses of what moved the one asked about.

use crate::attribute::{Asked, Companion, Seen, near};
use crate::detect::{Found, Neighbourhood, Scanned, scan};
use crate::model::{Better, Caveat, Curve, PValueScope, Series, WithMetric};
use crate::sources::read_metric;

use super::change::{change, evidence, value_caveats};
use super::{InvestigateError, Setting, WhyRequest, load};

/// A further metric near the date.
pub(super) struct Witness {
    series: Series,
    scanned: Scanned,
    near: Option<Neighbourhood>,
    found: Option<Found>,
    better: Option<Better>,
}

impl Witness {
    /// Reads the metric of this name and looks at it near the date. Where the date lies outside of its data it has nothing to say.
    pub(super) fn new(request: &WhyRequest, name: &str, alpha: f64) -> Result<(Self, Vec<Caveat>), InvestigateError> {
        let setting = &request.setting;
        let loaded = read_metric(&setting.metrics, name, setting.zone)?;
        let (series, unfinished) = load::finished(&loaded.value, setting.as_of);
        let caveats = loaded.caveats.into_iter().chain(unfinished).chain(value_caveats(&series)).collect();
        let scanned = scan(&series, alpha);
        let window = request.window.num_seconds() as f64;
        let asked = Asked::new(&series, request.on.span);
        let asked = asked.map(|asked| asked.taught(&setting.beliefs.days_late));
        let near = asked.and_then(|asked| near(&series, &scanned, &asked, window).ok());
        let analysed = scanned.analysed(&series);
        let found = near.as_ref().and_then(|near| near.change(analysed, &scanned.rhythms, alpha));
        let found = found.map(|found| found.as_scanned(&scanned));
        let better = setting.known(name).better;
        Ok((Self { series, scanned, near, found, better }, caveats))
    }

    /// What it says of the moments at which the cause may have acted, after those that were `heard`, which it joins; none where it has nothing
    /// to say.
    pub(super) fn companion<'a>(&'a self, heard: &mut Vec<Seen<'a>>, power: f64) -> Option<Companion> {
        let seen = (&self.series, self.near.as_ref()?);
        let companion = Companion::new(seen, &self.scanned, heard, power);
        heard.push(seen);
        Some(companion)
    }

    /// The metric as it is drawn.
    pub(super) fn curve(self, setting: &Setting) -> Curve {
        let unit = setting.known(self.series.name()).unit;
        Curve { series: self.series, unit }
    }

    /// The metric in an answer about a change that was found, if one was.
    pub(super) fn told(&self, main: Option<&Found>, weight: Option<f64>) -> WithMetric {
        let at_once =
            |own: &Found| main.is_some_and(|m| own.interval.0 <= m.interval.1 && m.interval.0 <= own.interval.1);
        WithMetric {
            metric: self.series.name().to_owned(),
            change: self.found.as_ref().map(|f| change(&self.series, f, self.better, PValueScope::Near)),
            together: self.found.as_ref().is_some_and(at_once),
            evidence: self.near.as_ref().and_then(|near| evidence(&self.series, near)),
            weight: weight.unwrap_or(0.0),
        }
    }
}
