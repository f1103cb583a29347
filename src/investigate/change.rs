//! A change in figures as part of an answer.

use crate::detect::{EFFECT_LEVEL, Found, MOMENT_LEVEL, Neighbourhood};
use crate::model::{
    Better, Caveat, Change, Direction, Evidence, Interval, Moment, MomentInterval, PValueScope, Series, SeriesSummary,
    Verdict,
};

/// A change that was found, as an answer tells it.
pub(super) fn change(series: &Series, found: &Found, better: Option<Better>, scope: PValueScope) -> Change {
    let direction = if found.after >= found.before { Direction::Up } else { Direction::Down };
    Change {
        at: series.moment(found.bucket),
        granularity: series.step(),
        onset: moment(series, found.onset),
        interval: MomentInterval {
            from: moment(series, found.interval.0),
            to: moment(series, found.interval.1),
            level: MOMENT_LEVEL,
        },
        kind: found.kind,
        until: found.length.map(|length| series.moment((found.bucket + length).min(series.len()))),
        young: found.young,
        direction,
        verdict: verdict(direction, better),
        before: finite(found.before),
        after: finite(found.after),
        difference: finite(found.after - found.before),
        relative: found.relative.and_then(finite),
        relative_interval: found
            .relative_interval
            .filter(|(from, to)| from.is_finite() && to.is_finite())
            .map(|(from, to)| Interval { from, to, level: EFFECT_LEVEL }),
        p_value: found.p_value,
        p_value_scope: scope,
    }
}

/// The strongest sign of a change in a neighbourhood, supported or not.
pub(super) fn evidence(series: &Series, near: &Neighbourhood) -> Option<Evidence> {
    let strongest = near.strongest()?;
    Some(Evidence {
        at: series.moment(near.moments.bucket[strongest.moment]),
        direction: if strongest.z >= 0.0 { Direction::Up } else { Direction::Down },
        p_value: strongest.p_value,
    })
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

fn verdict(direction: Direction, better: Option<Better>) -> Verdict {
    match (direction, better) {
        (_, None) => Verdict::Unknown,
        (Direction::Up, Some(Better::Up)) | (Direction::Down, Some(Better::Down)) => Verdict::Better,
        _ => Verdict::Worse,
    }
}

/// Unix seconds as a moment, to the second.
#[allow(clippy::cast_possible_truncation)]
pub(super) fn moment(series: &Series, unix: f64) -> Moment {
    series.moment_of(unix.round() as i64)
}

/// The metric in figures.
pub(super) fn summary(
    series: &Series,
    seasonality: Vec<&'static str>,
    better: Option<Better>,
    unit: Option<String>,
) -> SeriesSummary {
    SeriesSummary {
        from: series.moment(0),
        to: series.moment(series.len()),
        granularity: series.step(),
        buckets: series.len(),
        missing: series.missing(),
        seasonality,
        better,
        unit,
    }
}

/// What a reader should know of the values themselves.
pub(super) fn value_caveats(series: &Series) -> Vec<Caveat> {
    let mut caveats = Vec::new();
    let known: Vec<f64> = series.values().iter().copied().filter(|v| !v.is_nan()).collect();
    let negative = known.iter().filter(|v| **v < 0.0).count();
    if negative > 0 && known.iter().all(|v| v.fract() == 0.0) {
        caveats.push(Caveat::new(
            "negative_values",
            format!("{} has {negative} negative counts; they were taken as they are.", series.name()),
        ));
    }
    if let Some(first) = known.first().filter(|first| known.iter().all(|v| v.to_bits() == first.to_bits())) {
        caveats.push(Caveat::new(
            "constant",
            format!("All values of {} are {first}: there is no noise to compare a change with.", series.name()),
        ));
    }
    caveats
}
