//! Which of the changes that are told have happened, and which are echoes of these: where a rhythm turns a few times, a change is a part of what is
//! usual of its phases, and seems to happen at the same time of other periods the other way. Or it hides the rhythm, whose turns are told as changes then.

use crate::detect::local::EVENT_PARAMETERS;
use crate::detect::{Found, Moved, NEAR, Rhythm, without_rhythms};
use crate::model::ChangeKind;

use super::{Candidate, Scan, mean_phi};

/// Where a rhythm turns more often, a change in one of its turns hardly moves what is usual of a phase.
const MANY_TURNS: usize = 30;
/// More changes than this are not looked at: they would not be those of a few periods.
const MOST: usize = 16;
/// So many changes may hide a rhythm.
const MOST_HIDING: usize = 3;
/// At less than this share of the level before, nothing comes any more.
const ENDS: f64 = 0.02;
/// How often phases of several rhythms are told beside each other.
const ROUNDS: usize = 4;

impl Scan<'_> {
    /// The rhythms that are told once for the whole series, of which changes are a part.
    fn told_once(&self) -> Vec<&Rhythm> {
        let is_told_once = |r: &&Rhythm| {
            let is_told = r.known.as_ref().is_some_and(|known| self.series.is_divided() || known.is_any());
            r.waves == 0 && is_told && !self.turns_often(r)
        };
        self.rhythms.iter().filter(is_told_once).collect()
    }

    fn turns_often(&self, rhythm: &Rhythm) -> bool {
        self.series.len() > MANY_TURNS * rhythm.period
    }

    /// Whether changes are only asked about because they may hide a rhythm.
    pub(super) fn seeks_hidden(&self) -> bool {
        self.known.moves.is_empty() && self.told_once().is_empty()
    }

    /// The changes of level that happened, of those `told`, where these may be a part of what is thought to be usual, or hide it; with the noise that
    /// was found beside them.
    pub(super) fn moves(&self, told: &[Found], kept: &[Candidate]) -> Vec<Moved> {
        let mut rhythms = self.told_once();
        let mut levels: Vec<&Found> = told.iter().filter(|c| c.kind == ChangeKind::Level).collect();
        let seeks = self.seeks_hidden() && !levels.is_empty();
        let hidden = if seeks { Rhythm::hidden(&self.series, &self.rhythms, MANY_TURNS) } else { Vec::new() };
        // What came to light beside changes is told beside them.
        let is_sought = rhythms.is_empty() && !self.known.moves.is_empty();
        if is_sought {
            let is_of_stretch = |r: &&Rhythm| r.waves == 0 && r.known.is_none() && !self.turns_often(r);
            rhythms.extend(self.rhythms.iter().filter(is_of_stretch));
        }
        rhythms.extend(&hidden);
        if rhythms.is_empty() || levels.is_empty() {
            return if is_sought { self.known.moves.clone() } else { Vec::new() };
        }
        levels.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
        levels.truncate(MOST);
        let phi = mean_phi(kept).unwrap_or(0.0);
        // Noise that remembers tells as much as so many values that do not.
        let n = (self.series.len() as f64 * ((1.0 - phi) / (1.0 + phi)).min(1.0)).max(1.0);
        let steps: Vec<usize> = levels.iter().map(|c| c.bucket).collect();
        let moved = |(bucket, size): (usize, f64)| {
            let of = levels.iter().find(|c| c.bucket == bucket)?;
            let size = self.unit * size;
            let by = if self.is_log { of.before * size.exp_m1() } else { size };
            let times = (of.before + by) / of.before;
            let ends = !self.whole.has_negatives() && of.after < ENDS * of.before;
            // What is told knows nothing of the rhythm that is sought.
            let (by, times) = if seeks { (of.after - of.before, of.after / of.before) } else { (by, times) };
            Some(Moved { bucket, by, times: (of.before > 0.0 && times > 0.0 && !ends).then_some(times), ends })
        };
        let beside = BesidePhases { rhythms: &rhythms, weights: self.weights.as_deref(), values: &self.clean };
        let explaining = beside.explaining(&steps, n);
        let first =
            |most: usize| -> Vec<Moved> { beside.sizes(&explaining[..most]).into_iter().filter_map(moved).collect() };
        if !seeks {
            let moves = first(explaining.len());
            // Without them the rhythm would be hidden again.
            return if is_sought && moves.is_empty() { self.known.moves.clone() } else { moves };
        }
        // Where a rhythm is hidden its turns are told as changes: the fewest that bring it to light have happened.
        let others = self.known.others(self.whole);
        let is_hidden = |r: &Rhythm| hidden.iter().any(|hidden| hidden.name == r.name);
        let brings_to_light = |moves: &Vec<Moved>| without_rhythms(&others, moves).rhythms.iter().any(is_hidden);
        (1..=MOST_HIDING.min(explaining.len())).map(first).find(brings_to_light).unwrap_or_default()
    }
}

/// Whether these are changes of the same buckets, or nearly.
pub(super) fn are_alike(a: &[Moved], b: &[Moved]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.bucket.abs_diff(b.bucket) <= NEAR && a.ends == b.ends)
}

/// A step from a bucket on, less what the phases and the steps before it have in common with it.
struct Explaining {
    bucket: usize,
    regressor: Vec<f64>,
}

/// Values that are explained beside phases of any size.
struct BesidePhases<'a> {
    rhythms: &'a [&'a Rhythm],
    weights: Option<&'a [f64]>,
    values: &'a [f64],
}

impl BesidePhases<'_> {
    /// The steps, of those that may begin in these buckets, that explain the values: forward selection, as long as one is worth a moment and a size (Schwarz
    /// 1978) among `n` independent values.
    fn explaining(&self, buckets: &[usize], n: f64) -> Vec<Explaining> {
        let mut open: Vec<Explaining> = buckets
            .iter()
            .map(|&bucket| Explaining { bucket, regressor: self.less_phases(self.step(bucket)) })
            .collect();
        let least = 1e-6 * self.weights.map_or(self.values.len() as f64, |weights| weights.iter().sum());
        let mut left = self.less_phases(self.values.to_vec());
        let mut chosen = Vec::new();
        let price = 0.5 * EVENT_PARAMETERS * n.ln();
        loop {
            let gain = |step: &Explaining| {
                let size = self.dot(&step.regressor, &step.regressor);
                if size > least { self.dot(&step.regressor, &left).powi(2) / size } else { 0.0 }
            };
            let gains: Vec<f64> = open.iter().map(gain).collect();
            let Some(best) = (0..open.len()).max_by(|a, b| gains[*a].total_cmp(&gains[*b])) else { break };
            let rss = self.dot(&left, &left);
            if gains[best] <= 0.0 || -0.5 * n * (-gains[best] / rss).ln_1p() <= price {
                break;
            }
            let step = open.swap_remove(best);
            // Gram and Schmidt.
            for v in open.iter_mut().map(|other| &mut other.regressor).chain([&mut left]) {
                let share = self.share(&step, v);
                v.iter_mut().zip(&step.regressor).for_each(|(v, f)| *v -= share * f);
            }
            chosen.push(step);
        }
        chosen
    }

    /// How large the steps are beside each other, by the bucket in which they begin, in the order of time.
    fn sizes(&self, chosen: &[Explaining]) -> Vec<(usize, f64)> {
        // The last is beside all others: what it explains is its size, and is taken off before that of the one before is told.
        let mut left = self.less_phases(self.values.to_vec());
        let mut sizes = Vec::new();
        for step in chosen.iter().rev() {
            let size = self.share(step, &left);
            let whole = self.less_phases(self.step(step.bucket));
            left.iter_mut().zip(&whole).for_each(|(v, f)| *v -= size * f);
            sizes.push((step.bucket, size));
        }
        sizes.sort_by_key(|(bucket, _)| *bucket);
        sizes
    }

    fn step(&self, bucket: usize) -> Vec<f64> {
        (0..self.values.len()).map(|i| f64::from(u8::from(i >= bucket))).collect()
    }

    /// By how much of a step values differ.
    fn share(&self, step: &Explaining, values: &[f64]) -> f64 {
        self.dot(&step.regressor, values) / self.dot(&step.regressor, &step.regressor)
    }

    fn dot(&self, a: &[f64], b: &[f64]) -> f64 {
        let weight = |i: usize| self.weights.map_or(1.0, |weights| weights[i]);
        a.iter().zip(b).enumerate().map(|(i, (a, b))| weight(i) * a * b).sum()
    }

    fn less_phases(&self, mut v: Vec<f64>) -> Vec<f64> {
        for _ in 0..if self.rhythms.len() > 1 { ROUNDS } else { 1 } {
            for rhythm in self.rhythms {
                let means = rhythm.means(&v, self.weights);
                v.iter_mut().zip(&rhythm.phases).for_each(|(v, &phase)| *v -= means[phase]);
            }
        }
        v
    }
}
