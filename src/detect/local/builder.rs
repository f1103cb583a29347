//! Building the regression of a stretch: its columns, how strongly each is believed, and the noise beside the best event.

use std::ops::Range;

use crate::model::Series;
use crate::stats::{Design, EventRegression, Memory, Precision, Score, log_sum_exp, long_run_freedom};

use super::noise::{Noise, Surroundings};
use super::{EVENT_PARAMETERS, Local, Rival, SLOPE, SLOPE_RIDGES, Scope};
use crate::detect::days::{Days, WEEKDAYS};
use crate::detect::event::best_by_least_squares;
use crate::detect::{Moments, Rhythm, Shape};

/// How often the noise is estimated anew under the best event.
const ROUNDS: usize = 2;
/// Prior precisions of seasonal effects of up to four standard deviations of the noise.
const RHYTHM_RIDGES: [f64; 4] = [0.06, 0.4, 3.0, Design::HELD];
/// The prior precision of what may have any size, such as a change elsewhere in the stretch. What a prior does not expect would count as noise.
const WIDE: f64 = 1e-6;
/// The noise is known well enough when its autocorrelation moves by less.
const SETTLED: f64 = 0.01;

/// What the steps of building a [`Local`] share.
pub(super) struct Builder<'a> {
    pub(super) series: &'a Series,
    /// Those that are told from the stretch itself.
    pub(super) rhythms: Vec<&'a Rhythm>,
    pub(super) scope: &'a Scope<'a>,
    pub(super) places: &'a [usize],
    pub(super) surroundings: &'a Surroundings<'a>,
}

/// What each column of a design is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Level,
    Slope,
    Rhythm(usize),
    /// What a day of the week brings, in which all its hours share.
    Weekday,
    /// What a day brings by itself.
    Day,
    /// A change elsewhere in the stretch.
    Other,
}

/// How well a strength of belief in one part explains a stretch, by log marginal likelihoods.
#[derive(Debug, Clone)]
struct Tried {
    strength: f64,
    /// The prior precisions of all columns.
    ridge: Vec<f64>,
    /// Without an event.
    without: f64,
    /// With the event, less what it costs.
    beside: f64,
}

impl Tried {
    /// With or without the event.
    fn log_likelihood(&self) -> f64 {
        log_sum_exp(&[self.without, self.beside])
    }
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

/// How strongly each part of an explanation is believed.
struct Belief {
    /// The prior precisions of all columns.
    ridge: Vec<f64>,
    /// How strongly a slope may be believed.
    slope_ridges: Vec<f64>,
    rival: Option<Rival>,
    /// log marginal likelihood, with or without an event.
    log_likelihood: f64,
}

/// A stretch on one scale, and its parts.
struct Parted {
    /// The observations less their mean.
    y: Vec<f64>,
    centre: f64,
    design: Design,
    parts: Vec<Part>,
    noise: Noise,
    belief: Belief,
}

/// A first explanation of a stretch on one scale.
pub(super) struct Begun {
    pub(super) log: bool,
    parted: Parted,
    regression: EventRegression,
    best: KnownEvent,
    /// log marginal likelihood, the event included.
    pub(super) evidence: f64,
}

impl Builder<'_> {
    /// A first explanation of `y`: how strongly each part is believed, and a first view of the noise.
    pub(super) fn begin(&self, y: &[f64], log: bool) -> Option<Begun> {
        let parted = self.parted(y, log, (&self.scope.focus, self.shapes()), None)?;
        let Parted { y, design, noise, .. } = &parted;
        let precision = self.precision(noise);
        let scaling = precision.log_scaling();
        let regression = EventRegression::new(y, design, precision)?;
        let best = self.likeliest_event(&regression, &self.scope.focus, self.shapes());
        let footprint = regression.footprint(&best.f, best.observation.min(y.len()));
        let left = footprint.taken_from(&regression.innovations, best.effect);
        let evidence = scaling + noise.student.log_likelihood(&left, 0.0, 0.0).0;
        Some(Begun { log, parted, regression, best, evidence })
    }

    /// How much likelier `y` is with these rhythms than with the `fewer` of another: log Bayes factor, with or without a lasting event anywhere in the
    /// stretch.
    ///
    /// Each value counts as much for both: by weights of its own an explanation would take a jump that it leaves for an outlier.
    pub(super) fn log_bayes_factor(&self, fewer: &Self, y: &[f64], log: bool) -> Option<f64> {
        let parted = |builder: &Self, weights: Option<&[f64]>| {
            builder.parted(y, log, (&self.scope.range, &Shape::LASTING), weights)
        };
        let without = parted(fewer, None)?;
        let with = parted(self, Some(&without.noise.weights))?;
        Some(with.belief.log_likelihood - without.belief.log_likelihood)
    }

    /// The parts of `y`, beside the event that explains most of these shapes and this focus, or without it; with the weights of its observations where they are known.
    fn parted(
        &self,
        y: &[f64],
        log: bool,
        (focus, shapes): (&Range<usize>, &[Shape]),
        weights: Option<&[f64]>,
    ) -> Option<Parted> {
        let centre = y.iter().sum::<f64>() / y.len() as f64;
        let y: Vec<f64> = y.iter().map(|y| y - centre).collect();
        let (mut design, parts) = self.design(|place| !self.is_apart(place));
        let white = Noise::white(y.len());
        let regression = EventRegression::new(&y, &design, self.precision(&white))?;
        let event = self.likeliest_event(&regression, focus, shapes);
        let rounding = self.surroundings.rounding(log);
        let noise = self.noise_under(&event, &regression, (&design, &parts), (log, centre), &white, &rounding);
        let noise = Noise { weights: weights.map_or(noise.weights, <[f64]>::to_vec), ..noise };
        let belief = self.choose(&y, &event, &noise, &design, &parts);
        design.ridge.clone_from(&belief.ridge);
        Some(Parted { y, centre, design, parts, noise, belief })
    }

    /// Estimates the noise anew under the best event until it settles.
    pub(super) fn finish(&self, begun: Begun) -> Option<Local> {
        let Begun { log, parted, mut regression, mut best, .. } = begun;
        let Parted { y, centre, design, parts, mut noise, belief } = parted;
        let Belief { slope_ridges, rival, .. } = belief;
        let rounding = self.surroundings.rounding(log);
        for _ in 0..ROUNDS {
            let last = noise.phi;
            noise = self.noise_under(&best, &regression, (&design, &parts), (log, centre), &noise, &rounding);
            regression = EventRegression::new(&y, &design, self.precision(&noise))?;
            best = self.likeliest_event(&regression, &self.scope.focus, self.shapes());
            if (noise.phi - last).abs() < SETTLED {
                break;
            }
        }
        let step = if best.shape == Shape::Step { best.effect } else { 0.0 };
        let freedom = long_run_freedom(self.places.len(), noise.phi);
        let freedom = self.days().map_or(freedom, |days| days.freedom_beside(freedom, noise.phi)).max(1.0);
        let usual = self.places.iter().any(|&place| self.is_apart(place)).then(|| self.design(|_| true).0);
        Some(Local {
            places: self.places.to_vec(),
            others: self.scope.others.to_vec(),
            explained: self.others_inside(),
            y,
            centre,
            log,
            may_be_counts: self.may_be_counts(log),
            design,
            usual,
            regression,
            noise,
            memory: Memory::default(),
            step,
            unit: self.surroundings.unit(),
            rare: self.surroundings.rare().cloned(),
            slope_ridges,
            rival,
            moves_with_year: self.rhythms.iter().any(|r| r.odds.is_some()),
            freedom,
        })
    }

    /// What an event may look like: single buckets would explain most of what comes rarely.
    fn shapes(&self) -> &'static [Shape] {
        if self.surroundings.rare().is_some() { &[Shape::Step] } else { &Shape::ALL }
    }

    /// The event of these shapes that explains most of those that begin in the focus.
    fn likeliest_event(&self, regression: &EventRegression, focus: &Range<usize>, shapes: &[Shape]) -> KnownEvent {
        let starts = Moments::starts(self.series, self.places, focus.clone());
        self.refined(regression, self.best_event(regression, &starts, shapes), focus)
    }

    fn precision(&self, noise: &Noise) -> Precision {
        Precision::new(self.places, noise.phi, &noise.spread, &noise.weights)
    }

    /// First buckets of the changes elsewhere in the stretch: the last columns of the design.
    fn others_inside(&self) -> Vec<usize> {
        let range = &self.scope.range;
        let is_inside = |b: &&usize| range.contains(*b) && **b > range.start;
        self.scope.others.iter().filter(is_inside).copied().collect()
    }

    /// Whether an observation is zero and stands apart from all that are not.
    fn is_apart(&self, place: usize) -> bool {
        self.series.is_apart(self.series.values()[place])
    }

    /// What each day brings by itself, where days differ: nothing of what comes rarely.
    fn days(&self) -> Option<&Days> {
        self.scope.days.filter(|_| self.surroundings.rare().is_none())
    }

    /// The design, and what each of its columns is. Where it `tells` them slope and rhythms move what is observed.
    fn design(&self, tells: impl Fn(usize) -> bool) -> (Design, Vec<Part>) {
        let range = &self.scope.range;
        let (middle, half) = (f64::midpoint(range.start as f64, range.end as f64), (range.len() as f64 / 2.0).max(1.0));
        let others = self.others_inside();
        let mut parts = vec![Part::Level, Part::Slope];
        let mut ridge = vec![0.0; parts.len()];
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
        // Beside days that differ as a whole, what the hours of a weekday share is told by 7 days, and not by 28 quarters of them.
        let week = self.rhythms.iter().find(|r| self.days().is_some() && r.name == "week");
        let first_weekday = parts.len();
        parts.extend(week.map_or(Vec::new(), |_| vec![Part::Weekday; WEEKDAYS]));
        ridge.resize(parts.len(), RHYTHM_RIDGES[0]);
        let weekday = |p: usize| week.map(|week| first_weekday + week.phases[p] * WEEKDAYS / week.count);
        let days = self.days();
        let (first_day, reached) = (parts.len(), days.map_or(0..0, |days| days.reached(self.places)));
        parts.extend(vec![Part::Day; reached.len()]);
        let (of_days, ties) = days.map_or_else(Default::default, |days| days.prior(reached.len()));
        ridge.extend(of_days);
        let first_other = parts.len();
        let mut searched = vec![1.0; first_other];
        for _ in &others {
            parts.push(Part::Other);
            ridge.push(WIDE);
            searched.push(EVENT_PARAMETERS);
        }
        // What the rhythms bring in the mean, by which a level is known.
        let told: Vec<usize> = self.places.iter().copied().filter(|&p| tells(p)).collect();
        let mut mean = vec![0.0; first_other];
        for (rhythm, column) in self.rhythms.iter().zip(&columns).filter(|(rhythm, _)| rhythm.waves == 0) {
            for &p in &told {
                mean[column[rhythm.phases[p]]] += 1.0 / told.len() as f64;
            }
        }
        told.iter().filter_map(|&p| weekday(p)).for_each(|column| mean[column] += 1.0 / told.len() as f64);
        let mean: Vec<(usize, f64)> = mean.into_iter().enumerate().filter(|(_, share)| *share > 0.0).collect();
        let mut design = Design::with_rows(ridge, searched);
        design.ties = ties.into_iter().map(|(k, tie)| (first_day + k, tie)).collect();
        // Where nothing is told the slope and waves stand still: if they returned to their middle, what they bring could pass for a step.
        let mut stands_at = told.first().copied();
        let slope = |place: f64| std::iter::once((SLOPE, (place - middle) / half));
        let waves_at = |place: usize| {
            let waving = self.rhythms.iter().zip(&waves);
            waving
                .flat_map(move |(rhythm, &first)| rhythm.waves_at(place).enumerate().map(move |(k, x)| (first + k, x)))
        };
        for &p in self.places {
            let after = others.iter().enumerate().filter(|(_, b)| p >= **b).map(|(i, _)| (first_other + i, 1.0));
            let level = std::iter::once((0, 1.0));
            if !tells(p) {
                let stands = slope(stands_at.map_or(middle, |p| p as f64));
                let waves = stands_at.into_iter().flat_map(waves_at);
                design.push(level.chain(stands).chain(mean.iter().copied()).chain(waves).chain(after));
                continue;
            }
            stands_at = Some(p);
            let phased = self.rhythms.iter().zip(&columns).filter(|(rhythm, _)| rhythm.waves == 0);
            let phases = phased.map(|(rhythm, column)| (column[rhythm.phases[p]], 1.0));
            let phases = phases.chain(weekday(p).map(|column| (column, 1.0)));
            let of_day = days.into_iter().flat_map(|days| days.row(p, reached.start)).map(|(k, x)| (first_day + k, x));
            design.push(level.chain(slope(p as f64)).chain(phases).chain(waves_at(p)).chain(of_day).chain(after));
        }
        (design, parts)
    }

    /// Tries each strength of belief in turn, and keeps what the marginal likelihood prefers, with and without the event (which costs its
    /// parameters: Schwarz 1978). The slope that would explain most without the event is its rival, where it is believed more.
    fn choose(&self, y: &[f64], event: &KnownEvent, noise: &Noise, design: &Design, parts: &[Part]) -> Belief {
        let precision = self.precision(noise);
        let less: Vec<f64> = y.iter().zip(&event.f).map(|(y, f)| y - event.effect * f).collect();
        let cost = 0.5 * EVENT_PARAMETERS * (y.len() as f64).ln();
        let series = [y, &less];
        let evidence = design.evidence(&precision, &series);
        let is_day = |part: &Part| *part == Part::Day;
        let wide = design.ridge.iter().zip(parts).map(|(r, part)| if is_day(part) { *r } else { r.min(WIDE) });
        let beside = &evidence(&wide.collect::<Vec<f64>>())[1];
        let mut ridge = design.ridge.clone();
        let mut try_all = |part: Part, ridges: &[f64]| {
            let of = |&strength: &f64| {
                let believed = parts.iter().zip(&ridge).map(|(p, now)| if *p == part { strength } else { *now });
                let believed: Vec<f64> = believed.collect();
                let of = evidence(&believed);
                Tried { strength, ridge: believed, without: of[0].log_likelihood, beside: of[1].log_likelihood - cost }
            };
            let tried: Vec<Tried> = ridges.iter().map(of).collect();
            let best = tried.iter().max_by(|a, b| a.log_likelihood().total_cmp(&b.log_likelihood())).cloned();
            if let Some(best) = &best {
                ridge.clone_from(&best.ridge);
            }
            (tried, best)
        };
        // Effects that seem so large that the usual belief in them would count what is there as noise are believed to be as large as they seem.
        let strengths = |part: Part, usual: &[f64], large: f64| -> Vec<f64> {
            let effects = parts.iter().zip(&beside.coefficients).filter(|(p, _)| **p == part);
            let (sum, count) = effects.fold((0.0, 0.0), |(sum, n), (_, effect)| (sum + effect * effect, n + 1.0));
            let as_large = (beside.variance * count / sum).max(WIDE);
            (as_large < large).then_some(as_large).into_iter().chain(usual.iter().copied()).collect()
        };
        for r in 0..self.rhythms.len() {
            let rhythm = Part::Rhythm(r);
            try_all(rhythm, &strengths(rhythm, &RHYTHM_RIDGES, RHYTHM_RIDGES[0]));
        }
        if parts.contains(&Part::Weekday) {
            try_all(Part::Weekday, &strengths(Part::Weekday, &RHYTHM_RIDGES, RHYTHM_RIDGES[0]));
        }
        // A slope explains much of what an event does, and noise that remembers wanders as slopes do: it is one that would make the noise seem twice
        // as large, in units of its stationary variance.
        let large = SLOPE_RIDGES[0] * (1.0 - noise.phi * noise.phi) / y.len() as f64;
        let slope_ridges = if self.surroundings.rare().is_some() {
            // What comes rarely is told from growth by its own likelihood.
            vec![Design::HELD]
        } else {
            strengths(Part::Slope, &SLOPE_RIDGES, large)
        };
        let (slopes, best) = try_all(Part::Slope, &slope_ridges);
        let rival = best.as_ref().zip(slopes.iter().max_by(|a, b| a.without.total_cmp(&b.without)));
        let rival = rival.filter(|(best, rival)| rival.strength < best.strength);
        let rival = rival.map(|(best, rival)| Rival { ridge: rival.strength, log_bayes: best.beside - rival.without });
        let scaling = precision.log_scaling();
        let log_likelihood = scaling + best.map_or(f64::NEG_INFINITY, |best| best.log_likelihood());
        Belief { ridge, slope_ridges, rival, log_likelihood }
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
    fn refined(&self, regression: &EventRegression, event: KnownEvent, focus: &Range<usize>) -> KnownEvent {
        let Some(&place) = self.places.get(event.observation).filter(|_| event.shape == Shape::Step) else {
            return event;
        };
        let inside = place.saturating_sub(1).max(focus.start)..(place + 1).min(focus.end);
        let fine = self.best_event(regression, &Moments::new(self.series, self.places, inside), &[Shape::Step]);
        if fine.effect == 0.0 { event } else { fine }
    }

    /// Whether what happens multiplies, on the log scale or in proportion to a denominator.
    fn multiplies(&self, log: bool) -> bool {
        log || self.series.denominators().is_some()
    }

    /// Whether values may be counts, which scatter more where their level is higher.
    fn may_be_counts(&self, log: bool) -> bool {
        !log && !self.series.has_negatives()
    }

    /// The noise that an event leaves.
    fn noise_under(
        &self,
        event: &KnownEvent,
        regression: &EventRegression,
        (design, parts): (&Design, &[Part]),
        (log, centre): (bool, f64),
        last: &Noise,
        rounding: &[f64],
    ) -> Noise {
        let residuals = regression.residuals(&event.f, event.effect);
        let explained = || regression.explained(&event.f, event.score, self.places, EVENT_PARAMETERS);
        // What adds to a level does not follow the rhythms: hours at zero would say that nothing moved.
        let usual = self.multiplies(log).then(|| {
            let mut rhythms = regression.coefficients(&event.f, event.effect);
            let others =
                parts.iter().zip(&mut rhythms).filter(|(part, _)| !matches!(part, Part::Rhythm(_) | Part::Weekday));
            others.for_each(|(_, coefficient)| *coefficient = 0.0);
            design.explained_by(&rhythms)
        });
        let levels = self.may_be_counts(log).then(|| {
            let explained = design.explained_by(&regression.coefficients(&event.f, event.effect));
            // While the event is tested, what it touches scatters as if it were none.
            let next = self.scope.others.iter().find(|b| self.places.get(event.observation).is_some_and(|p| *b > p));
            let until = next.map_or(self.places.len(), |b| self.places.partition_point(|p| p < b));
            let is_open = |j: usize| !self.scope.is_sure && (event.observation..until).contains(&j);
            let level = |j: usize| centre + explained[j] + if is_open(j) { 0.0 } else { event.effect * event.f[j] };
            (0..explained.len()).map(level).collect::<Vec<f64>>()
        });
        self.surroundings.noise(&residuals, explained, last, (log, rounding), (usual.as_deref(), levels.as_deref()))
    }
}
