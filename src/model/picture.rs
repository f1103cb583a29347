use super::{Deploy, Series};

/// What pictures of an answer draw beside its figures.
///
/// It is no part of the JSON: the points are those of the metric's own source, and the deployments those of `shiptrace deploys`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// The metrics: of `why` the one asked about, then those of `--with`, whole; of `scan` and `metrics` all that were looked at.
    pub curves: Vec<Curve>,
    /// The deployments of the whole feed that reached an environment that counts, of all apps, in the order of time.
    pub deploys: Vec<Deploy>,
}

impl Picture {
    /// The curve of the metric of this name.
    #[must_use]
    pub fn curve(&self, metric: &str) -> Option<&Curve> {
        self.curves.iter().find(|curve| curve.series.name() == metric)
    }
}

/// A metric as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Its points.
    pub series: Series,
    /// Unit for people.
    pub unit: Option<String>,
}
