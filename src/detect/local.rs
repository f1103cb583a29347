//! The neighbourhood of a moment in detail: one regression that explains it without any event.

use std::ops::Range;

use chrono::Timelike;

use crate::model::{Series, Step};
use crate::stats::{
    Design, EventRegression, Fit, Memory, Precision, Score, StudentNoise, lag_one_autocorrelation, log_sum_exp,
};

use super::event::best_by_least_squares;
use super::rhythm::KnownEffects;
use super::{Moments, Rhythm, Shape};

/// A stretch of a series, explained by level, slope, rhythms and earlier or later changes, under autocorrelated noise with outliers.
#[derive(Debug, Clone)]
pub struct Local {
    places: Vec<usize>,
    others: Vec<usize>,
    /// The observations on the analysed scale, less `centre`: what is far from zero would lose its digits.
    y: Vec<f64>,
    centre: f64,
    log: bool,
    design: Design,
    regression: EventRegression,
    noise: Noise,
    memory: Memory,
    step: f64,
    rival: Option<Rival>,
}

/// A slope that explains without an event what an event explains without it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rival {
    /// How strongly the slope is believed: its ridge.
    ridge: f64,
    /// How much likelier the data is with the event instead: log Bayes factor.
    log_bayes: f64,
}

/// What is known of the noise.
#[derive(Debug, Clone)]
struct Noise {
    /// Autocorrelation from bucket to bucket.
    phi: f64,
    /// Standard deviation of each innovation relative to the others: nights are quieter than days, or noisier.
    spread: Vec<f64>,
    /// How much each innovation counts in a least-squares fit.
    weights: Vec<f64>,
    /// The tails.
    student: StudentNoise,
}

/// Why a stretch cannot be analysed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// Too few buckets with a value.
    #[error("{0} buckets with a value are too few")]
    TooFew(usize),
    /// All values are equal, so there is no noise to compare with.
    #[error("all values are equal")]
    Constant,
}

/// What a [`Local`] is to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope<'a> {
    /// The buckets of the stretch.
    pub range: Range<usize>,
    /// The buckets in which the event may have started.
    pub focus: Range<usize>,
    /// First buckets of other changes, ascending; those inside the range are taken into the explanation.
    pub others: &'a [usize],
    /// Buckets to leave out, ascending: spikes that are not what is looked at.
    pub without: &'a [usize],
    /// The autocorrelation of the noise, where it is known from more data than this.
    pub phi: Option<f64>,
    /// Whether the scatter may change in the course of the stretch.
    pub uneven: bool,
}

/// Fewest observations that tell the scatter of a time of day.
const LEAST_PER_GROUP: f64 = 5.0;
/// Observations that tell the scatter of one part of a stretch.
const BLOCK: usize = 60;
/// An event whose moment was sought costs as many degrees of freedom as this many parameters (Hall, Osborn & Sakkas 2013).
pub(super) const EVENT_PARAMETERS: f64 = 3.0;
/// How often the noise is estimated anew under the best event.
const ROUNDS: usize = 2;
/// Prior precision of a seasonal effect that may be as large as four standard deviations of the noise.
const RHYTHM_RIDGES: [f64; 4] = [0.06, 0.4, 3.0, Design::HELD];
/// The same for the change of the level that a slope brings over half the stretch.
const SLOPE_RIDGES: [f64; 4] = [0.0, 0.25, 4.0, Design::HELD];
/// The same for a change elsewhere in the stretch: it may have any size.
const OTHER_RIDGE: f64 = 1e-3;
/// The noise is known well enough when its autocorrelation moves by less.
const SETTLED: f64 = 0.01;
/// Rounds of reweighted least squares for what is usual without an event.
const NULL_ROUNDS: usize = 3;
/// The column of the slope.
const SLOPE: usize = 1;
/// Fewest observations that can be analysed.
const FEWEST: usize = 8;

impl Local {
    /// Explains a stretch of a series.
    ///
    /// The scale (log where all values are positive, no other of the series is negative, and that fits better: Box & Cox 1964 at λ = 0 and 1), how strongly rhythms and
    /// slope are believed (by marginal likelihood, the event averaged over the focus), and the noise are found from the data, the noise
    /// under the best event: its autocorrelation (Cochrane & Orcutt 1949), its spread at each time of day and its tails.
    ///
    /// # Errors
    /// Where fewer than eight buckets have a value, or all values are equal.
    pub fn new(series: &Series, rhythms: &[Rhythm], scope: &Scope<'_>) -> Result<Self, LocalError> {
        let places: Vec<usize> = scope
            .range
            .clone()
            .filter(|i| !series.values()[*i].is_nan() && scope.without.binary_search(i).is_err())
            .collect();
        if places.len() < FEWEST {
            return Err(LocalError::TooFew(places.len()));
        }
        let values: Vec<f64> = places.iter().map(|&i| series.values()[i]).collect();
        if values.iter().all(|v| v.to_bits() == values[0].to_bits()) {
            return Err(LocalError::Constant);
        }
        let starts = Moments::starts(series, &places, scope.focus.clone());
        let times_of_day = times_of_day(series, &places);
        let known: Vec<&Rhythm> = rhythms.iter().filter(|r| r.known.is_some()).collect();
        let rhythms = rhythms.iter().filter(|r| r.known.is_none() || r.waves > 0).collect();
        let less_known = |y: &dyn Fn(f64) -> f64, of: fn(&KnownEffects) -> Option<&[f64]>| -> Vec<f64> {
            let effect = |r: &&Rhythm, p: usize| r.known.as_ref().and_then(of).map_or(0.0, |e| e[r.phases[p]]);
            let rest = |(v, &p): (&f64, &usize)| y(*v) - known.iter().map(|r| effect(r, p)).sum::<f64>();
            values.iter().zip(&places).map(rest).collect()
        };
        let builder = Builder { series, rhythms, scope, places: &places, starts: &starts, times_of_day };
        // A stretch that happens to lie above zero has the scale of the others.
        let has_logs = !series.has_negatives()
            && values.iter().all(|v| *v > 0.0)
            && known.iter().all(|r| r.known.as_ref().is_none_or(|k| k.log.is_some()));
        let on_level = || builder.begin(&less_known(&|v| v, |k| Some(&k.level)), false);
        let on_logs = || has_logs.then(|| builder.begin(&less_known(&f64::ln, |k| k.log.as_deref()), true)).flatten();
        let (level, logs) = rayon::join(on_level, on_logs);
        let level = level.ok_or(LocalError::Constant)?;
        let jacobian: f64 = if has_logs { values.iter().map(|v| v.ln()).sum() } else { 0.0 };
        let begun = logs.filter(|log| log.evidence - jacobian > level.evidence).unwrap_or(level);
        builder.finish(begun).ok_or(LocalError::Constant)
    }

    /// The buckets of the observations.
    #[must_use]
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// First buckets of the other changes that are taken for given.
    #[must_use]
    pub fn others(&self) -> &[usize] {
        &self.others
    }

    /// Whether the analysis is on the log scale, so that effects multiply.
    #[must_use]
    pub fn is_log(&self) -> bool {
        self.log
    }

    /// The moments with the shares as they count on the analysed scale.
    ///
    /// A bucket of which the share s has changed by the factor exp(δ) stands at 1 + s (exp(δ) − 1), whose logarithm is not sδ.
    #[must_use]
    pub fn on_scale(&self, moments: Moments) -> Moments {
        let share = moments.share.iter().map(|s| self.share_on_scale(*s)).collect();
        Moments { share, ..moments }
    }

    /// The share of a bucket that has changed, as it counts on the analysed scale.
    #[must_use]
    pub fn share_on_scale(&self, share: f64) -> f64 {
        if !self.log || self.step.abs() < 1e-6 {
            return share;
        }
        (share * self.step.exp_m1()).ln_1p() / self.step
    }

    /// The share of a bucket that has changed, from the share by which it moved on the analysed scale.
    #[must_use]
    pub fn share_of_bucket(&self, moved: f64) -> f64 {
        if self.log && self.step.abs() >= 1e-6 { (moved * self.step).exp_m1() / self.step.exp_m1() } else { moved }
    }

    /// The regression without an event.
    #[must_use]
    pub fn regression(&self) -> &EventRegression {
        &self.regression
    }

    /// The autocorrelation of the noise from bucket to bucket.
    #[must_use]
    pub fn phi(&self) -> f64 {
        self.noise.phi
    }

    /// The estimated effect of an event under a regression of this stretch, and its standard error.
    ///
    /// Of Student's t a weighted sum of squares tells less than it seems to: the information is (ν + 1)/(ν + 3) of that of Gaussian noise
    /// (Lange, Little & Taylor 1989).
    #[must_use]
    pub fn fit(&self, regression: &EventRegression, score: Score) -> Option<Fit> {
        let fit = score.fit(regression)?;
        let nu = self.noise.student.freedom();
        Some(Fit { standard_error: fit.standard_error * ((nu + 3.0) / (nu + 1.0)).sqrt(), ..fit })
    }

    /// The innovations that are left without an event, where all that stands out is noise: by reweighted least squares, with tails as heavy
    /// as it takes.
    ///
    /// The autocorrelation is that beside the event: an outlier of several buckets would seem to be one.
    #[must_use]
    pub fn innovations_without_event(&self) -> Vec<f64> {
        let Noise { phi, spread, .. } = &self.noise;
        let mut innovations = self.regression.innovations.clone();
        for _ in 0..NULL_ROUNDS {
            let weights = StudentNoise::fitted(&innovations).weights(&innovations);
            let precision = Precision::new(&self.places, *phi, spread, &weights);
            let Some(regression) = EventRegression::new(&self.y, &self.design, precision) else { break };
            innovations = regression.innovations;
        }
        innovations
    }

    /// The regression under each strength of belief in a slope, with its log marginal likelihood without an event: a slope and a step explain
    /// much of the same, and an effect that forgot that one of them was chosen would seem too certain.
    #[must_use]
    pub fn slopes(&self) -> Vec<(EventRegression, f64)> {
        let precision = self.regression.precision();
        let series = [self.y.as_slice()];
        let evidence = self.design.evidence(precision, &series);
        let under = |slope: &f64| {
            let mut ridge = self.design.ridge.clone();
            ridge[SLOPE] = *slope;
            Some((self.regression.with_ridge(SLOPE, *slope)?, evidence(&ridge)[0]))
        };
        SLOPE_RIDGES[1..].iter().filter_map(under).collect()
    }

    /// The stretch explained by a slope instead of an event, where that was thought possible, and the log Bayes factor of the event against
    /// it.
    #[must_use]
    pub fn with_slope(&self) -> Option<(Self, f64)> {
        let Rival { ridge, log_bayes } = self.rival?;
        let mut design = self.design.clone();
        design.ridge[SLOPE] = ridge;
        let regression = self.regression.with_ridge(SLOPE, ridge)?;
        Some((Self { design, regression, rival: None, ..self.clone() }, log_bayes))
    }

    /// How much likelier the data is without an event where its noise is that which it then seems to have, instead of that beside the event:
    /// log marginal likelihood ratio.
    ///
    /// What an event explains may as well be noise that remembers for longer.
    pub(super) fn wandering(&self) -> f64 {
        let none = vec![0.0; self.y.len()];
        let residuals = self.regression.residuals(&none, 0.0);
        let explained = self.regression.explained(&none, Score { cross: 0.0, size: 0.0 }, &self.places, 0.0);
        let phi = lag_one_autocorrelation(&residuals, &self.places, explained);
        let wandering = Precision::new(&self.places, phi, &self.noise.spread, &self.noise.weights);
        let series = [self.y.as_slice()];
        let log = |q: &Precision| q.log_scaling() + self.design.evidence(q, &series)(&self.design.ridge)[0];
        (log(&wandering) - log(self.regression.precision())).max(0.0)
    }

    /// What the innovations remember of earlier ones.
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The same with a noise of this memory and these tails.
    pub(super) fn with_memory(&self, memory: Memory, student: StudentNoise) -> Self {
        Self { memory, noise: Noise { student, ..self.noise.clone() }, ..self.clone() }
    }

    /// The tails of the noise.
    #[must_use]
    pub fn student(&self) -> StudentNoise {
        self.noise.student
    }

    /// What is expected in each observed bucket without the event, given that the event had this effect; on the analysed scale.
    #[must_use]
    pub fn baseline(&self, f: &[f64], effect: f64) -> Vec<f64> {
        let explained = self.design.explained_by(&self.regression.coefficients(f, effect));
        explained.into_iter().map(|x| self.centre + x).collect()
    }

    /// An observation on the analysed scale.
    #[must_use]
    pub fn observation(&self, j: usize) -> f64 {
        self.centre + self.y[j]
    }
}

/// What the steps of building a [`Local`] share.
struct Builder<'a> {
    series: &'a Series,
    /// Those that are told from the stretch itself.
    rhythms: Vec<&'a Rhythm>,
    scope: &'a Scope<'a>,
    places: &'a [usize],
    /// The starts of the buckets of the focus.
    starts: &'a Moments,
    /// The time of day of each observation, for buckets below a day; else all 0.
    times_of_day: Vec<usize>,
}

/// What each column of a design is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Level,
    Slope,
    Rhythm(usize),
    /// A change elsewhere in the stretch.
    Other,
}

/// An event of which the regressor and the effect are known.
struct KnownEvent {
    shape: Shape,
    /// The first observation that it touches.
    observation: usize,
    f: Vec<f64>,
    score: Score,
    effect: f64,
}

/// A first explanation of a stretch on one scale.
struct Begun {
    y: Vec<f64>,
    centre: f64,
    log: bool,
    design: Design,
    noise: Noise,
    regression: EventRegression,
    best: KnownEvent,
    rival: Option<Rival>,
    /// log marginal likelihood, the event included.
    evidence: f64,
}

impl Builder<'_> {
    /// A first explanation of `y`: how strongly each part is believed, and a first view of the noise.
    fn begin(&self, y: &[f64], log: bool) -> Option<Begun> {
        let centre = y.iter().sum::<f64>() / y.len() as f64;
        let y: Vec<f64> = y.iter().map(|y| y - centre).collect();
        let (mut design, parts) = self.design();
        let ones = vec![1.0; y.len()];
        let white = Noise { phi: 0.0, spread: ones.clone(), weights: ones, student: StudentNoise::GAUSSIAN };
        let regression = EventRegression::new(&y, &design, self.precision(&white))?;
        let event = self.likeliest_event(&regression);
        let noise = self.noise_under(&event, &regression, &white);
        let rival = self.choose(&y, &event, &noise, &mut design, &parts);
        let precision = self.precision(&noise);
        let scaling = precision.log_scaling();
        let regression = EventRegression::new(&y, &design, precision)?;
        let best = self.likeliest_event(&regression);
        let footprint = regression.footprint(&best.f, best.observation.min(y.len()));
        let left: Vec<f64> =
            regression.innovations.iter().zip(&footprint.innovations).map(|(e, u)| e - best.effect * u).collect();
        let evidence = scaling + noise.student.log_likelihood(&left, 0.0, 0.0).0;
        Some(Begun { y, centre, log, design, noise, regression, best, rival, evidence })
    }

    /// Estimates the noise anew under the best event until it settles.
    fn finish(&self, begun: Begun) -> Option<Local> {
        let Begun { y, centre, log, design, mut noise, mut regression, mut best, rival, .. } = begun;
        for _ in 0..ROUNDS {
            let last = noise.phi;
            noise = self.noise_under(&best, &regression, &noise);
            regression = EventRegression::new(&y, &design, self.precision(&noise))?;
            best = self.likeliest_event(&regression);
            if (noise.phi - last).abs() < SETTLED {
                break;
            }
        }
        let step = if best.shape == Shape::Step { best.effect } else { 0.0 };
        Some(Local {
            places: self.places.to_vec(),
            others: self.scope.others.to_vec(),
            y,
            centre,
            log,
            design,
            regression,
            noise,
            memory: Memory::default(),
            step,
            rival,
        })
    }

    /// The event that explains most.
    fn likeliest_event(&self, regression: &EventRegression) -> KnownEvent {
        self.refined(regression, self.best_event(regression, self.starts, &Shape::ALL))
    }

    fn precision(&self, noise: &Noise) -> Precision {
        Precision::new(self.places, noise.phi, &noise.spread, &noise.weights)
    }

    /// The design, and what each of its columns is.
    fn design(&self) -> (Design, Vec<Part>) {
        let range = &self.scope.range;
        let (middle, half) = (f64::midpoint(range.start as f64, range.end as f64), (range.len() as f64 / 2.0).max(1.0));
        let inside = |b: &&usize| range.contains(*b) && **b > range.start;
        let others: Vec<usize> = self.scope.others.iter().filter(inside).copied().collect();
        let mut parts = vec![Part::Level, Part::Slope];
        let mut ridge = vec![0.0, SLOPE_RIDGES[0]];
        // Phases of a rhythm that occur in the stretch, by the column that each has.
        let mut columns = Vec::new();
        // The first column of the waves of each.
        let mut waves = Vec::new();
        for (r, rhythm) in self.rhythms.iter().enumerate() {
            let mut column = vec![usize::MAX; rhythm.count];
            let first_wave = parts.len();
            parts.extend(vec![Part::Rhythm(r); 2 * rhythm.waves]);
            ridge.resize(parts.len(), RHYTHM_RIDGES[0]);
            waves.push(first_wave);
            for &p in self.places.iter().filter(|_| rhythm.waves == 0) {
                if column[rhythm.phases[p]] == usize::MAX {
                    column[rhythm.phases[p]] = parts.len();
                    parts.push(Part::Rhythm(r));
                    ridge.push(RHYTHM_RIDGES[0]);
                }
            }
            columns.push(column);
        }
        let first_other = parts.len();
        let mut searched = vec![1.0; first_other];
        for _ in &others {
            parts.push(Part::Other);
            ridge.push(OTHER_RIDGE);
            searched.push(EVENT_PARAMETERS);
        }
        let mut design = Design::with_rows(ridge, searched);
        for &p in self.places {
            let usual = [(0, 1.0), (1, (p as f64 - middle) / half)];
            let phased = self.rhythms.iter().zip(&columns).filter(|(rhythm, _)| rhythm.waves == 0);
            let phases = phased.map(|(rhythm, column)| (column[rhythm.phases[p]], 1.0));
            let waving = self.rhythms.iter().zip(&waves);
            let waves =
                waving.flat_map(|(rhythm, &first)| rhythm.waves_at(p).enumerate().map(move |(k, x)| (first + k, x)));
            let after = others.iter().enumerate().filter(|(_, b)| p >= **b).map(|(i, _)| (first_other + i, 1.0));
            design.push(usual.into_iter().chain(phases).chain(waves).chain(after));
        }
        (design, parts)
    }

    /// Tries each strength of belief in turn, and keeps what the marginal likelihood prefers, with and without the event (which costs its
    /// parameters: Schwarz 1978). The slope that would explain most without the event is its rival, where it is believed more.
    fn choose(
        &self,
        y: &[f64],
        event: &KnownEvent,
        noise: &Noise,
        design: &mut Design,
        parts: &[Part],
    ) -> Option<Rival> {
        let precision = self.precision(noise);
        let less: Vec<f64> = y.iter().zip(&event.f).map(|(y, f)| y - event.effect * f).collect();
        let cost = 0.5 * EVENT_PARAMETERS * (y.len() as f64).ln();
        let series = [y, &less];
        let evidence = design.evidence(&precision, &series);
        let mut ridge = design.ridge.clone();
        let mut try_all = |part: Part, ridges: &[f64]| {
            let with = |r: f64| -> Vec<f64> {
                parts.iter().zip(&ridge).map(|(p, now)| if *p == part { r } else { *now }).collect()
            };
            let value = |ridge: &[f64]| {
                let of = evidence(ridge);
                log_sum_exp(&[of[0], of[1] - cost])
            };
            let best = ridges.iter().map(|&r| with(r)).max_by(|a, b| value(a).total_cmp(&value(b)));
            ridge = best.unwrap_or_else(|| ridge.clone());
        };
        (0..self.rhythms.len()).for_each(|r| try_all(Part::Rhythm(r), &RHYTHM_RIDGES));
        try_all(Part::Slope, &SLOPE_RIDGES[1..]);
        let with_event = evidence(&ridge)[1] - cost;
        let without = |slope: f64| {
            let mut ridge = ridge.clone();
            ridge[SLOPE] = slope;
            (slope, evidence(&ridge)[0])
        };
        let (slope, most) = SLOPE_RIDGES[1..].iter().map(|&slope| without(slope)).max_by(|a, b| a.1.total_cmp(&b.1))?;
        let rival = Rival { ridge: slope, log_bayes: with_event - most };
        let is_rival = slope < ridge[SLOPE];
        drop(evidence);
        design.ridge = ridge;
        is_rival.then_some(rival)
    }

    /// The best event of these shapes and moments; none at all where nothing can be told.
    fn best_event(&self, regression: &EventRegression, moments: &Moments, shapes: &[Shape]) -> KnownEvent {
        let Some((shape, i, score)) = best_by_least_squares(regression, self.places, moments, shapes) else {
            return self.no_event();
        };
        let Some(fit) = score.fit(regression) else { return self.no_event() };
        let share = if shape == Shape::Step { moments.share[i] } else { 1.0 };
        let observation = moments.observation[i];
        let f = shape.regressor(self.places, observation, share);
        KnownEvent { shape, observation, f, score, effect: fit.effect }
    }

    fn no_event(&self) -> KnownEvent {
        KnownEvent {
            shape: Shape::Step,
            observation: self.places.len(),
            f: vec![0.0; self.places.len()],
            score: Score { cross: 0.0, size: 0.0 },
            effect: 0.0,
        }
    }

    /// A step that begins inside a bucket, where that explains more than the start of one.
    fn refined(&self, regression: &EventRegression, event: KnownEvent) -> KnownEvent {
        let Some(&place) = self.places.get(event.observation).filter(|_| event.shape == Shape::Step) else {
            return event;
        };
        let inside = place.saturating_sub(1).max(self.scope.focus.start)..(place + 1).min(self.scope.focus.end);
        let fine = self.best_event(regression, &Moments::new(self.series, self.places, inside), &[Shape::Step]);
        if fine.effect == 0.0 { event } else { fine }
    }

    /// The noise that an event leaves.
    fn noise_under(&self, event: &KnownEvent, regression: &EventRegression, last: &Noise) -> Noise {
        let residuals = regression.residuals(&event.f, event.effect);
        let estimate = || {
            let explained = regression.explained(&event.f, event.score, self.places, EVENT_PARAMETERS);
            lag_one_autocorrelation(&residuals, self.places, explained)
        };
        let phi = self.scope.phi.unwrap_or_else(estimate);
        let ones = vec![1.0; residuals.len()];
        let raw = Precision::new(self.places, phi, &ones, &last.weights).innovations(&residuals);
        let by_denominator = self.by_denominator(&raw);
        let less: Vec<f64> = raw.iter().zip(&by_denominator).map(|(e, s)| e / s).collect();
        let by_time = Self::spread(&less, last.student, &self.times_of_day);
        let even: Vec<f64> = less.iter().zip(&by_time).map(|(e, s)| e / s).collect();
        let by_block = Self::spread(&even, last.student, &self.blocks());
        let spread: Vec<f64> =
            by_denominator.iter().zip(by_time.iter().zip(&by_block)).map(|(a, (b, c))| a * b * c).collect();
        let innovations: Vec<f64> = raw.iter().zip(&spread).map(|(e, s)| e / s).collect();
        let student = StudentNoise::fitted(&innovations);
        Noise { phi, spread, weights: student.weights(&innovations), student }
    }

    /// The standard deviation of each innovation by its denominator, as of a binomial share: 1/√n relative to the others. One for all where
    /// there is no denominator, or where the innovations are likelier without it, because something else makes most of the scatter.
    fn by_denominator(&self, innovations: &[f64]) -> Vec<f64> {
        let ones = vec![1.0; innovations.len()];
        let Some(all) = self.series.denominators() else { return ones };
        let mean = self.places.iter().map(|&p| all[p].ln()).sum::<f64>() / self.places.len() as f64;
        let spread: Vec<f64> = self.places.iter().map(|&p| (0.5 * (mean - all[p].ln())).exp()).collect();
        // About a geometric mean the logarithms of the spread add up to 0, and likelihoods compare as they are.
        let less: Vec<f64> = innovations.iter().zip(&spread).map(|(e, s)| e / s).collect();
        let likelihood = |e: &[f64]| StudentNoise::fitted(e).log_likelihood(e, 0.0, 0.0).0;
        if likelihood(&less) > likelihood(innovations) { spread } else { ones }
    }

    /// The part of the stretch in which each observation lies, where the scatter may differ between parts.
    fn blocks(&self) -> Vec<usize> {
        let n = self.places.len();
        let count = if self.scope.uneven { (n / BLOCK).max(1) } else { 1 };
        (0..n).map(|j| j * count / n).collect()
    }

    /// The standard deviation of the innovations in each group, such as a time of day, relative to that of all.
    ///
    /// The logarithms of the variances are drawn to their mean by as much as they scatter by chance alone (empirical Bayes, Efron & Morris
    /// 1975): of noise that is the same all day nothing is left but 1.
    fn spread(innovations: &[f64], student: StudentNoise, groups: &[usize]) -> Vec<f64> {
        let weights = student.weights(innovations);
        let mut sums = vec![(0.0, 0.0); groups.iter().max().map_or(1, |m| m + 1)];
        for ((e, w), &group) in innovations.iter().zip(&weights).zip(groups) {
            sums[group].0 += w * e * e;
            sums[group].1 += 1.0;
        }
        let known: Vec<(f64, f64)> = sums.iter().map(|(sum, n)| ((sum / n).ln(), *n)).collect();
        let told: Vec<&(f64, f64)> = known.iter().filter(|(log, n)| log.is_finite() && *n >= LEAST_PER_GROUP).collect();
        if told.len() < 2 {
            return vec![1.0; innovations.len()];
        }
        let count = told.len() as f64;
        let mean = told.iter().map(|(log, _)| log).sum::<f64>() / count;
        let seen = told.iter().map(|(log, _)| (log - mean).powi(2)).sum::<f64>() / (count - 1.0);
        // The logarithm of a variance of n observations has variance 2/n, and more where tails are heavy.
        let by_chance = |n: f64| 2.0 / n * (student.freedom() + 3.0) / student.freedom();
        let real = (seen - told.iter().map(|(_, n)| by_chance(*n)).sum::<f64>() / count).max(0.0);
        let sd = |&group: &usize| match known[group] {
            (log, n) if log.is_finite() && n >= LEAST_PER_GROUP => {
                (0.5 * (log - mean) * real / (real + by_chance(n))).exp()
            }
            _ => 1.0,
        };
        groups.iter().map(sd).collect()
    }
}

/// The hour of the day of each observation for buckets below a day, else 0 for all.
fn times_of_day(series: &Series, places: &[usize]) -> Vec<usize> {
    let hour = |p: &usize| if series.step() < Step::Day { series.moment(*p).hour() as usize } else { 0 };
    places.iter().map(hour).collect()
}
