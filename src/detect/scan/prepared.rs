//! What is searched for changes: a series without its rhythms, and without what stands out of them.

use std::borrow::Cow;
use std::cmp::Reverse;

use rayon::prelude::*;

use crate::detect::days::Days;
use crate::detect::rare::Rare;
use crate::detect::rhythm::are_likelier;
use crate::detect::segmentation::standardised;
use crate::detect::{Adjusted, Divided, Moved, Rhythm, Scatter, Spike, find_spikes, outlyingness, without_rhythms};
use crate::model::{Series, Step};
use crate::stats::STRETCH;

use super::{FEWEST, Known, Scan};

/// A run that stands out by this share of what is far out is set aside.
const FAR_OUT: f64 = 1.0;
/// And by this one it is tested whether it is a spike: four standard deviations of white noise.
const DOUBTFUL: f64 = 0.5;

impl<'a> Scan<'a> {
    /// Prepares the search, beside what is `known`; rhythms and spikes alone where nothing can be searched.
    pub(super) fn new(series: &'a Series, alpha: f64, known: &Known) -> Result<Self, (Vec<Rhythm>, Vec<Spike>)> {
        let spells = known.runs();
        let whole = series;
        let others = known.others(series);
        let Beside { mut adjusted, mut scatter, mut out, mut spikes } = Beside::new(&others, &known.moves);
        // So do some hours that are as far out.
        if !spikes.is_empty() && Rhythm::may_have_more(series, &adjusted.rhythms) {
            let beside = Beside::new(&others.without(&buckets_of(&spikes)), &known.moves);
            if beside.adjusted.rhythms.len() > adjusted.rhythms.len() {
                spikes.extend(beside.spikes);
                spikes.sort_by_key(|run| run.from);
                (adjusted, scatter, out) = (beside.adjusted, beside.scatter, beside.out);
            }
        }
        let mut doubtful = standing_out(&out, DOUBTFUL);
        let touches = |run: &Spike| spikes.iter().any(|spike| run.from <= spike.to && spike.from <= run.to);
        doubtful.retain(|run| !touches(run));
        let square = |run: &Spike| {
            out.iter()
                .flatten()
                .map(|out| out[run.from..run.to].iter().filter(|d| !d.is_nan()).map(|d| d * d).sum())
                .fold(0.0, f64::max)
        };
        doubtful.sort_by(|a, b| square(b).total_cmp(&square(a)));
        let standing = spikes.iter().chain(&doubtful).map(|run| (*run, square(run))).collect();
        let weights = scatter[1].weights();
        let has_runs = !(spikes.is_empty() && spells.is_empty());
        let clean = cleaned(adjusted.for_search(), &spikes, has_runs, weights.as_deref());
        let is_log = adjusted.logs.is_some();
        // The shortest rhythm is the day, which tells most of how the noise changes.
        if let Some(day) = adjusted.rhythms.first_mut().filter(|_| series.step() < Step::Hours(1)) {
            let on_level = &scatter[usize::from(adjusted.divided.is_some())];
            let by_phase = [Some(on_level.by_phase(day)), is_log.then(|| scatter[1].by_phase(day))];
            day.known.iter_mut().for_each(|known| known.scatter.clone_from(&by_phase));
        }
        let mut set_aside = [buckets_of(&spikes), buckets_of(&spells)].concat();
        set_aside.sort_unstable();
        // What is divided, by its rhythms or by trials, scatters by what it was divided by.
        let expected = adjusted.divided.as_ref().map(Divided::denominators);
        let denominators = expected.as_deref().or(series.denominators()).or(weights.as_deref());
        let days = Days::told(series, &adjusted.rhythms, adjusted.for_search(), denominators, &set_aside);
        let mut rhythms = adjusted.rhythms;
        rhythms.extend(Rhythm::unseen(series, &rhythms, known.moves_with_year));
        let series = adjusted.divided.map_or(Cow::Borrowed(series), |divided| {
            // They were divided by, and bring nothing more.
            rhythms.iter_mut().filter_map(|r| r.known.as_mut()).for_each(|known| known.level.fill(0.0));
            // Spells included, which were left out to tell the rhythms.
            let values = divided.quotients(series.values());
            Cow::Owned(series.divided_by(divided.denominators(), values))
        });
        let Some((clean, unit)) = clean else { return Err((rhythms, [spikes, spells].concat())) };
        Ok(Self {
            whole,
            series,
            alpha,
            rhythms,
            spikes,
            standing,
            known: known.clone(),
            set_aside,
            days,
            clean,
            weights,
            unit,
            is_log,
        })
    }
}

impl Known {
    fn runs(&self) -> Vec<Spike> {
        self.spells.iter().map(|spell| spell.run).collect()
    }

    /// The series without its spells: a day at zero hides the rhythm of the others.
    pub(super) fn others<'a>(&self, series: &'a Series) -> Cow<'a, Series> {
        if self.spells.is_empty() {
            return Cow::Borrowed(series);
        }
        Cow::Owned(series.without(&buckets_of(&self.runs())))
    }
}

/// A series without its rhythms, and the runs that are far out of what is left.
struct Beside {
    adjusted: Adjusted,
    scatter: [Scatter; 2],
    /// How far each value stands out, on each scale.
    out: Vec<[Vec<f64>; 2]>,
    spikes: Vec<Spike>,
}

impl Beside {
    fn new(series: &Series, moves: &[Moved]) -> Self {
        let adjusted = without_rhythms(series, moves);
        let scatter = adjusted.scatter(series);
        let rare = match &adjusted.divided {
            Some(divided) => Rare::told_by(&divided.values, divided.denominators()),
            None if adjusted.rhythms.is_empty() && series.denominators().is_none() => Rare::told(series.values()),
            None => None,
        };
        if let Some(rare) = rare {
            let out = rare.out();
            let out = vec![[out.clone(), out]];
            // Its wildest bucket is not the whole of a run.
            let mut runs = find_spikes(&out[0], FAR_OUT).concat();
            runs.sort_by_key(|run| Reverse(run.len()));
            let spikes = with_zeros(apart(runs), series);
            return Self { adjusted, scatter, out, spikes };
        }
        // After a rise the noise may be as many times greater, or as its square root. What is far out on the metric's own scale alone is not set aside,
        // and tested where that is the likelier one.
        let values = adjusted.for_search();
        let is_log = adjusted.rhythms.is_empty() && series.has_logs();
        let further: Option<Vec<f64>> = if is_log {
            Some(values.par_iter().with_min_len(STRETCH).map(|v| series.log(*v)).collect())
        } else if !series.has_logs()
            && !series.has_negatives()
            && (adjusted.rhythms.is_empty() || adjusted.divided.is_some())
        {
            Some(values.iter().map(|v| v.clamp(0.0, f64::INFINITY).sqrt()).collect())
        } else {
            None
        };
        let of_further = || {
            let values = further.as_ref()?;
            let scatter = Some(Scatter::even(values)).filter(Scatter::is_known)?;
            Some(outlyingness(values, &scatter))
        };
        let (mut out, of_further) = rayon::join(|| outlying(&adjusted, &scatter), of_further);
        let own = out.len();
        out.extend(of_further);
        let spikes = with_zeros(standing_out(&out, FAR_OUT), series);
        let are_likelier = |logs: Vec<f64>| are_likelier(&logs, Series::mean_log(series.values()), series.values());
        if !(is_log && further.is_some_and(are_likelier)) {
            out.truncate(own);
        }
        Self { adjusted, scatter, out, spikes }
    }
}

/// How far each value stands out of what rhythms leave: on the metric's own scale and, where rhythms multiply, without what they multiply as well.
fn outlying(adjusted: &Adjusted, scatter: &[Scatter; 2]) -> Vec<[Vec<f64>; 2]> {
    let multiply = adjusted.logs.is_some() || adjusted.divided.is_some();
    let without = multiply.then(|| outlyingness(adjusted.for_search(), &scatter[1]));
    std::iter::once(outlyingness(&adjusted.rest, &scatter[0])).chain(without).collect()
}

/// The runs that stand out on each scale by this share of what is far out, each value by itself or together: a weekend of a higher level does so on the
/// first alone, a quiet night on the second. Of two runs that overlap the longer counts.
fn standing_out(out: &[[Vec<f64>; 2]], share: f64) -> Vec<Spike> {
    let mut found = find_spikes(&out[0], share);
    for out in &out[1..] {
        for (found, too) in found.iter_mut().zip(find_spikes(out, share)) {
            let longest = |run: &Spike| {
                let other = too.iter().copied().filter(|other| other.overlaps(*run)).max_by_key(|other| other.len())?;
                Some(if other.len() > run.len() { other } else { *run })
            };
            *found = found.iter().filter_map(longest).collect();
        }
    }
    // The surer ones first.
    apart(found.concat())
}

/// The runs of which none overlaps one before it, in the order of time.
fn apart(runs: Vec<Spike>) -> Vec<Spike> {
    let mut all: Vec<Spike> = Vec::new();
    for run in runs {
        if !all.iter().any(|other| other.overlaps(run)) {
            all.push(run);
        }
    }
    all.sort_by_key(|run| run.from);
    all
}

/// These runs, and the short ones of zeros that stand apart from all other values, however much those scatter.
fn with_zeros(mut runs: Vec<Spike>, series: &Series) -> Vec<Spike> {
    let is_apart = |i: &usize| series.is_apart(series.values()[*i]);
    if !(0..series.len()).any(|i| is_apart(&i)) {
        return runs;
    }
    // A gap within a run of zeros ends it no more than it ends the outage.
    let present: Vec<usize> = (0..series.len()).filter(|&i| !series.values()[i].is_nan()).collect();
    let zeros = present.chunk_by(|a, b| is_apart(a) == is_apart(b)).filter(|run| is_apart(&run[0]));
    let zeros = zeros.map(|run| Spike { from: run[0], to: run[run.len() - 1] + 1 });
    let further: Vec<Spike> =
        zeros.filter(|run| run.len() <= Spike::LONGEST + 1 && !runs.iter().any(|other| other.overlaps(*run))).collect();
    runs.extend(further);
    runs.sort_by_key(|run| run.from);
    runs
}

fn buckets_of(runs: &[Spike]) -> Vec<usize> {
    runs.iter().flat_map(|run| run.from..run.to).collect()
}

/// Values for the search: spikes replaced, gaps bridged by straight lines, mean 0 and variance 1, and their standard deviation before; none where nothing varies, but zeros beside a run that stands
/// out of a constant.
fn cleaned(adjusted: &[f64], spikes: &[Spike], has_runs: bool, weights: Option<&[f64]>) -> Option<(Vec<f64>, f64)> {
    let mut values = adjusted.to_vec();
    for s in spikes {
        values[s.from..s.to].fill(f64::NAN);
    }
    if values.iter().filter(|v| !v.is_nan()).count() < FEWEST {
        return None;
    }
    bridge(&mut values);
    standardised(&values, weights).or_else(|| has_runs.then(|| (vec![0.0; values.len()], 0.0)))
}

/// Replaces missing values by the line between their neighbours, at the ends by the nearest value.
fn bridge(values: &mut [f64]) {
    let known: Vec<usize> = (0..values.len()).filter(|&i| !values[i].is_nan()).collect();
    let (Some(&first), Some(&last)) = (known.first(), known.last()) else { return };
    let (head, tail) = (values[first], values[last]);
    values[..first].fill(head);
    values[last + 1..].fill(tail);
    for pair in known.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (x, y) = (values[a], values[b]);
        for (i, v) in values.iter_mut().enumerate().take(b).skip(a + 1) {
            *v = x + (y - x) * (i - a) as f64 / (b - a) as f64;
        }
    }
}
