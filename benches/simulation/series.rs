//! Made-up metrics of which the truth is known.

use chrono_tz::Tz;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Binomial, Distribution, Gamma, Poisson, StandardNormal, StudentT};
use shiptrace::model::{Series, Step as Bucket};

/// What the noise of a metric is like. Sizes of changes are in its marginal standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Noise {
    /// A first-order autoregression with Gaussian innovations.
    Gaussian { phi: f64 },
    /// Independent, Student's t with three degrees of freedom.
    Heavy,
    /// Counts of mean 50 with twice the variance of Poisson's law: gamma-Poisson.
    Counts,
    /// Shares of 10 % in about 200 trials, whose number follows the rhythm and scatters.
    Ratio,
}

/// A sort of metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Kind {
    pub(crate) hourly: bool,
    pub(crate) rhythm: bool,
    pub(crate) trend: bool,
    pub(crate) noise: Noise,
}

/// A step: after this many buckets (a fraction lies inside one) the level moves by so many standard deviations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) after: f64,
    pub(crate) size: f64,
}

/// Level of continuous metrics, and their standard deviation.
const LEVEL: f64 = 1000.0;
const SD: f64 = 20.0;
/// Mean of counts.
const COUNT: f64 = 50.0;
/// Share and mean number of trials of ratios.
const SHARE: f64 = 0.1;
const TRIALS: f64 = 200.0;
/// A trend moves the level by so many standard deviations over the whole stretch.
const TREND: f64 = 4.0;
/// The week in standard deviations, Monday first.
const WEEK: [f64; 7] = [0.0, 0.6, 0.9, 0.6, 0.0, -3.6, -4.5];

pub(crate) fn generator(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// Values in buckets from Monday 2024-01-01 UTC on.
pub(crate) fn series(step: Bucket, values: Vec<f64>, trials: Option<Vec<f64>>) -> Series {
    let seconds = step.seconds() as i64;
    let edges = (0..=values.len() as i64).map(|i| 1_704_067_200 + seconds * i).collect();
    let series = Series::new("m", Tz::UTC, step, edges, values).expect("regular");
    match trials {
        Some(trials) => series.with_denominators(trials),
        None => series,
    }
}

/// What the steps add to bucket `i`.
fn moved(steps: &[Step], i: usize) -> f64 {
    steps.iter().map(|s| s.size * (i as f64 + 1.0 - s.after).clamp(0.0, 1.0)).sum()
}

/// A continuous metric; what is usual of it with its noise, and the steps, are in standard deviations.
pub(crate) fn continuous(step: Bucket, noise: &[f64], steps: &[Step]) -> Series {
    let values = noise.iter().enumerate().map(|(i, z)| LEVEL + SD * (z + moved(steps, i))).collect();
    series(step, values, None)
}

impl Kind {
    pub(crate) fn step(self) -> Bucket {
        if self.hourly { Bucket::Hours(1) } else { Bucket::Day }
    }

    pub(crate) fn name(self) -> String {
        let noise = match self.noise {
            Noise::Gaussian { phi } => format!("AR {phi}"),
            Noise::Heavy => "heavy tails".into(),
            Noise::Counts => "counts".into(),
            Noise::Ratio => "ratio".into(),
        };
        let mut name = format!("{}, {noise}", if self.hourly { "hourly" } else { "daily" });
        if self.rhythm {
            name += if self.hourly { ", day and week" } else { ", week" };
        }
        if self.trend {
            name += ", trend";
        }
        name
    }

    /// The size of a standard deviation of the noise, as a share of the usual level.
    fn unit(self) -> f64 {
        match self.noise {
            Noise::Gaussian { .. } | Noise::Heavy => SD / LEVEL,
            Noise::Counts => (2.0 * COUNT).sqrt() / COUNT,
            Noise::Ratio => (SHARE * (1.0 - SHARE) / TRIALS).sqrt() / SHARE,
        }
    }

    /// What is usual in bucket `i` of `n`, in standard deviations about the level.
    fn usual(self, i: usize, n: usize) -> f64 {
        let (day, hour) = if self.hourly { (i / 24, i % 24) } else { (i, 12) };
        let mut usual = 0.0;
        if self.rhythm {
            usual += WEEK[day % 7]
                + if self.hourly { 3.0 * ((hour as f64 - 14.0) / 12.0 * std::f64::consts::PI).cos() } else { 0.0 };
        }
        if self.trend {
            usual += TREND * (i as f64 / n as f64 - 0.5);
        }
        usual
    }

    /// The step as a share of the level before it, of a metric of `n` buckets: what `scan` tells, whose level before is the mean of a cycle of
    /// the longest rhythm, and of seven buckets at least.
    pub(crate) fn relative(self, step: Step, n: usize) -> f64 {
        let unit = match self.noise {
            Noise::Gaussian { .. } | Noise::Heavy => {
                let cycle = if self.hourly && self.rhythm { 7 * 24 } else { 7 };
                let from = (step.after as usize).saturating_sub(cycle);
                let usual = (from..from + cycle).map(|i| self.usual(i, n)).sum::<f64>() / cycle as f64;
                SD / (LEVEL + SD * usual)
            }
            Noise::Counts | Noise::Ratio => self.unit(),
        };
        step.size * unit
    }

    /// A metric of `n` buckets with these steps.
    pub(crate) fn draw(self, n: usize, steps: &[Step], rng: &mut StdRng) -> Series {
        let moved = |i: usize| moved(steps, i);
        let usual: Vec<f64> = (0..n).map(|i| self.usual(i, n)).collect();
        match self.noise {
            Noise::Gaussian { phi } => {
                let noise = autoregression(n, phi, rng);
                let noise: Vec<f64> = usual.iter().zip(noise).map(|(u, z)| u + z).collect();
                continuous(self.step(), &noise, steps)
            }
            Noise::Heavy => {
                let student = StudentT::new(3.0).expect("valid");
                let scale = 1.0 / 3.0_f64.sqrt();
                let noise: Vec<f64> = usual.iter().map(|u| u + scale * student.sample(rng)).collect();
                continuous(self.step(), &noise, steps)
            }
            Noise::Counts => {
                // The rhythm of counts multiplies: a tenth of it in logarithms.
                let gamma = Gamma::new(COUNT, 1.0 / COUNT).expect("valid");
                let mean = |i: usize| COUNT * (0.1 * usual[i]).exp() * (1.0 + self.unit() * moved(i));
                let values = (0..n).map(|i| poisson(mean(i) * gamma.sample(rng), rng)).collect();
                series(self.step(), values, None)
            }
            Noise::Ratio => {
                let share = |i: usize| (SHARE * (1.0 + self.unit() * moved(i))).clamp(0.0, 1.0);
                let trials: Vec<f64> = usual.iter().map(|u| poisson(TRIALS * (0.1 * u).exp(), rng).max(1.0)).collect();
                let hits = |i: usize, rng: &mut StdRng| {
                    Binomial::new(trials[i] as u64, share(i)).expect("valid").sample(rng) as f64
                };
                let values = (0..n).map(|i| hits(i, rng) / trials[i]).collect();
                series(self.step(), values, Some(trials))
            }
        }
    }
}

/// A stationary first-order autoregression of variance 1.
pub(crate) fn autoregression(n: usize, phi: f64, rng: &mut StdRng) -> Vec<f64> {
    let scale = (1.0 - phi * phi).sqrt();
    let mut last: f64 = rng.sample(StandardNormal);
    let mut out = Vec::with_capacity(n);
    for _ in 0..n {
        out.push(last);
        last = phi * last + scale * rng.sample::<f64, _>(StandardNormal);
    }
    out
}

pub(crate) fn poisson(mean: f64, rng: &mut impl Rng) -> f64 {
    if mean > 0.0 { Poisson::new(mean).map_or(0.0, |law| law.sample(rng)) } else { 0.0 }
}
