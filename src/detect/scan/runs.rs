//! Runs of buckets that stand out, after which all is as before: spikes and spells in detail.

use std::ops::Range;

use rayon::prelude::*;

use crate::detect::describe::{Found, Neighbourhood};
use crate::detect::local::Scope;
use crate::detect::search::Runs;
use crate::detect::spells::{SHORTEST, Spell, likeliest_spell};
use crate::detect::{Local, Moments, Moved, Shape, Spike};
use crate::model::{ChangeKind, Step};

use super::{Candidate, Evidence, Scan, Segment, apart, outside, segments};

/// Buckets on either side of a run, where there are as many, by which it is told how wild the noise is.
const REACH: usize = 250;
/// No run has more buckets: two days of hours.
const LONGEST: usize = 48;
/// Least number of buckets of the longest run that is searched for: of days a fortnight.
const LEAST_LONGEST: usize = 14;
/// So many spells of a segment, and runs of a series that may be spikes, are looked at closely in vain.
const IN_VAIN: usize = 4;
/// A run is looked at closely where a quick look leaves a p-value below this, before the share of the level that runs have: a tenth of it.
const LOOK_AT_RUN: f64 = 0.02;
/// Two changes of which this share of the first is left, or less, are one run.
const BACK: f64 = 0.25;
/// Of a run that was searched for as one, more than this may not be left.
const STAYS: f64 = 0.5;

/// No more than one of so many buckets of a stretch, or of a level in it, is left out because it stands out more than another.
const MOST_OUT: usize = 20;

/// A run of buckets, and what it looks like.
pub(super) type Run = (Spike, Found);

impl Scan<'_> {
    /// Looks at one run in detail, beside these buckets. One that the series ends with may last, however long it is.
    fn test_run(&self, run: Spike, breaks: &[usize], beside: &[usize]) -> Option<Found> {
        if run.len() < SHORTEST || self.is_at_end(run) {
            self.test_spike(run, breaks, beside)
        } else {
            self.test_spell(run, breaks, beside)
        }
    }

    /// Looks at one spike in detail, beside these buckets. One that the series ends with may last, and is told as a change of level.
    ///
    /// A change was placed where the values that were left are: one beside a spike may have begun with it or after it, and then it is one in both cases.
    fn test_spike(&self, spike: Spike, breaks: &[usize], beside: &[usize]) -> Option<Found> {
        let is_near = |b: &usize| (spike.from.saturating_sub(1)..=spike.to).contains(b);
        let (near, far): (Vec<usize>, Vec<usize>) = breaks.iter().partition(|b| is_near(b));
        let with = |change: Option<usize>| {
            let mut breaks: Vec<usize> = far.iter().copied().chain(change).collect();
            breaks.sort_unstable();
            self.test_spike_between(spike, &breaks, beside)
        };
        if near.is_empty() {
            return with(None);
        }
        if self.is_at_end(spike) {
            // It is the change that is found already.
            return None;
        }
        // It is one wherever the change began, or none.
        let placed: Option<Vec<Found>> = (spike.from..=spike.to).map(|change| with(Some(change))).collect();
        placed?.into_iter().max_by(|a, b| a.p_value.total_cmp(&b.p_value))
    }

    /// The same between changes that are surely where they are.
    fn test_spike_between(&self, spike: Spike, breaks: &[usize], beside: &[usize]) -> Option<Found> {
        let range = self.about(spike);
        // Its first buckets may stand out too little to be seen by themselves; those before a change are not of it.
        let change = breaks.iter().rev().find(|b| **b <= spike.from).copied().unwrap_or(0);
        let focus = (spike.from + 1).saturating_sub(Spike::LONGEST).max(change)..spike.from + 1;
        // Other spikes stay: where there are several, the noise has heavy tails, and each of them is less surprising. A spell is explained, and a
        // constant has no other noise.
        let is_constant = self.clean.iter().all(|v| *v == 0.0);
        let spikes = self.spikes.iter().copied().filter(|_| is_constant);
        let runs = self.known.spells.iter().map(|spell| spell.run).chain(spikes).filter(|run| !run.overlaps(spike));
        let mut without: Vec<usize> = runs.flat_map(|run| run.from..run.to).chain(beside.iter().copied()).collect();
        without.sort_unstable();
        let scope = Scope { without: &without, ..self.scope(range, breaks, focus.clone()) };
        let lasts = self.is_at_end(spike);
        let shapes: &[Shape] = if lasts { &[Shape::Step] } else { &Shape::PULSES };
        let Evidence { local, search, tested, .. } = self.evidence(&scope, 1.0, shapes)?;
        let near = self.neighbourhood(local, focus.clone(), search);
        let tell = if lasts { Neighbourhood::change_at } else { Neighbourhood::spike_at };
        tell(&near, &self.series, &self.rhythms, focus, tested.p_value)
    }

    /// Whether no value comes after a run.
    fn is_at_end(&self, run: Spike) -> bool {
        self.series.values()[run.to..].iter().all(|v| v.is_nan())
    }

    /// Looks at one spell in detail, beside these buckets: a level that was left; none where it did not come back.
    fn test_spell(&self, run: Spike, breaks: &[usize], beside: &[usize]) -> Option<Found> {
        let (local, focus) = (self.beside_end(run, breaks, beside)?, begin(run));
        let starts = local.on_scale(Moments::starts(&self.series, local.places(), focus.clone()));
        let search = self.search_of(&local, &self.about(run), 1.0);
        let runs = Runs {
            lengths: SHORTEST..=longest_spell(self.series.step()),
            buckets: self.series.len(),
            turns: self.series.is_divided().then(|| self.turns()),
        };
        let tested = search.strongest_run(&local, &starts, run.len(), &runs)?;
        if left_after(&local, run)? > STAYS {
            return None;
        }
        let near = self.neighbourhood(local, focus.clone(), search);
        let near = Neighbourhood { outage: Some(run.from..run.to), ..near };
        near.change_at(&self.series, &self.rhythms, focus, tested.p_value)
    }

    /// The stretch about a run and beside these buckets, of which the end is explained, and the begin is looked at.
    fn beside_end(&self, run: Spike, breaks: &[usize], beside: &[usize]) -> Option<Local> {
        let focus = begin(run);
        // Where nothing was observed after it, as by night, its end is told to be anywhere until the next value.
        let values = self.series.values();
        let next = (run.to..values.len()).find(|&i| !values[i].is_nan()).unwrap_or(run.to);
        let mut others = outside(breaks, &(focus.start..next + 1));
        others.push(run.to);
        others.sort_unstable();
        let scope = self.scope(self.about(run), &others, focus);
        let is_of_run = |b: &usize| (run.from..run.to).contains(b);
        let mut without: Vec<usize> = scope.without.iter().filter(|b| !is_of_run(b)).chain(beside).copied().collect();
        without.sort_unstable();
        self.local(&Scope { without: &without, ..scope })
    }

    /// Takes a change and the next one, by which the level comes back soon, for one spike; and the buckets of these, from the edges that are nearest to
    /// where the two began.
    pub(super) fn transients(&self, changes: Vec<Found>, breaks: &[usize]) -> (Vec<Found>, Vec<Run>) {
        let longest = longest_run(self.series.step());
        let edge = |i: usize| self.series.edges()[i.min(self.series.len())] as f64;
        let nearest = |moment: f64| {
            let next = self.series.edges().partition_point(|&e| (e as f64) < moment).max(1);
            let is_before = moment - edge(next - 1) < edge(next) - moment;
            if is_before { next - 1 } else { next.min(self.series.len()) }
        };
        let is_level = |c: &Found| c.kind == ChangeKind::Level;
        let run_of = |last: &Found, next: &Found| {
            let run = Spike { from: nearest(last.onset), to: nearest(next.onset) };
            let is_short = next.bucket - last.bucket <= longest && run.from < run.to;
            let is_opposite = (last.after - last.before) * (next.after - next.before) < 0.0;
            let comes_back = || left_after(&self.beside_end(run, breaks, &[])?, run).map(|left| left <= BACK);
            (is_level(last) && is_level(next) && is_short && is_opposite && comes_back()?).then_some(run)
        };
        let (mut out, mut of_two): (Vec<Found>, Vec<Run>) = (Vec::new(), Vec::new());
        for next in changes {
            let run = out.last().and_then(|last| run_of(last, &next));
            match run.and_then(|run| Some((run, out.pop()?))) {
                Some((run, change)) => {
                    // What begins and ends within a bucket takes one.
                    let length = Some((next.bucket - change.bucket).max(1));
                    let p_value = change.p_value.min(next.p_value);
                    of_two.push((run, Found { kind: ChangeKind::Spike, length, young: false, p_value, ..change }));
                }
                None => out.push(next),
            }
        }
        (out, of_two)
    }

    /// The supported spells between changes; of longer ones the begins and ends, which are two changes each.
    pub(super) fn spells_between(&self, changes: &[Candidate]) -> (Vec<Run>, Vec<Candidate>) {
        let breaks: Vec<usize> = changes.iter().map(|c| c.bucket).collect();
        let between = segments(changes, self.series.len()).into_par_iter();
        let found: Vec<Run> = between.flat_map_iter(|segment| self.spells_in(segment, &breaks)).collect();
        let longest = longest_run(self.series.step());
        let (short, mut long): (Vec<Run>, Vec<Run>) = found.into_iter().partition(|(run, _)| run.len() <= longest);
        // As two are told, a false one counts twice.
        let twice = |told: &Found| 2.0 * told.p_value;
        long.retain(|(run, told)| {
            let spikes = self.set_aside_in(&(run.from..run.to));
            twice(told) <= self.alpha && self.is_more_than(*run, spikes, &breaks)
        });
        // Pieces of a long segment overlap, and a run may be found in two of them.
        long.sort_by(|a, b| a.1.p_value.total_cmp(&b.1.p_value));
        let ends = |(run, told): &Run| {
            // Nothing is searched beside them any more.
            let of = |bucket: usize| Candidate { bucket, p_value: twice(told), phi: 0.0, moves_with_year: false };
            // What the observations end with has no end.
            let end = (told.kind == ChangeKind::Spike).then(|| of(run.to));
            std::iter::once(of(run.from)).chain(end)
        };
        let ends = apart(long.into_iter()).iter().flat_map(ends).collect();
        (short, ends)
    }

    /// The spells, those first that earlier passes found and then the `further` ones, and the spikes; those that are not supported as well.
    pub(super) fn runs_beside(&self, breaks: &[usize], mut further: Vec<Run>) -> (Vec<Run>, Vec<Run>) {
        // A spell was found with the p-value that it had as a part of what is expected.
        let known = self.known.spells.par_iter().filter_map(|Spell { run, p_value }| {
            Some((*run, Found { p_value: *p_value, ..self.test_run(*run, breaks, &[])? }))
        });
        let mut spells: Vec<Run> = known.collect();
        further.sort_by(|a: &Run, b| a.1.p_value.total_cmp(&b.1.p_value));
        spells.append(&mut further);
        let spikes = self.spikes_beside(breaks);
        spells.retain(|(spell, _)| self.is_more_than(*spell, &self.spikes_inside(*spell, &spikes), breaks));
        (spells, spikes)
    }

    /// The buckets of the supported spikes inside of a spell.
    fn spikes_inside(&self, spell: Spike, spikes: &[Run]) -> Vec<usize> {
        let is_inside = |(run, told): &&Run| {
            told.p_value <= self.alpha && run.len() < SHORTEST && spell.from <= run.from && run.to <= spell.to
        };
        spikes.iter().filter(is_inside).flat_map(|(run, _)| run.from..run.to).collect()
    }

    /// Whether a spell is supported beside the spikes inside of it as well: else it is one of these.
    fn is_more_than(&self, spell: Spike, inside: &[usize], breaks: &[usize]) -> bool {
        let is_supported = || Some(self.test_spell(spell, breaks, inside)?.p_value <= self.alpha);
        spell.len() < SHORTEST || inside.is_empty() || is_supported().unwrap_or(false)
    }

    /// The runs that are far out, those that are not supported as well, and the supported ones of those that may be spikes. The search for changes of level
    /// has seen what of these may last.
    ///
    /// Of several that stand out in a stretch each would pass for the tails of the noise to the others (masking). So each is tested without those that stand out more, and where it is
    /// supported, these are as well (outward testing: Hawkins 1980, *Identification of Outliers*; Rosner 1983, *Technometrics* 25).
    fn spikes_beside(&self, breaks: &[usize]) -> Vec<Run> {
        let far = self.spikes.len();
        let is_open = |run: &Spike| !self.is_known(*run) && !self.is_at_end(*run);
        let doubtful = self.standing[far..].iter().filter(|(run, _)| is_open(run));
        let all: Vec<(Spike, f64)> = self.standing[..far].iter().chain(doubtful).copied().collect();
        let stands_out_more = |k: usize, i: usize| (all[k].1, i) > (all[i].1, k);
        let mut by_time: Vec<usize> = (0..all.len()).collect();
        by_time.sort_by_key(|&k| all[k].0.from);
        // Those of the stretch about a run that are one of these.
        let beside = |i: usize, is_one: &dyn Fn(usize) -> bool| -> Vec<usize> {
            let stretch = self.about(all[i].0);
            let first = by_time.partition_point(|&k| all[k].0.from < stretch.start);
            let inside = by_time[first..].iter().copied().take_while(|&k| all[k].0.to <= stretch.end);
            inside.filter(|&k| k != i && is_one(k)).collect()
        };
        let test = |i: usize, without: &[usize]| {
            let run = all[i].0;
            let mut buckets: Vec<usize> = without.iter().flat_map(|&k| all[k].0.from..all[k].0.to).collect();
            // So many, of the stretch or of its level, are what the noise is like.
            for range in [self.about(run), level_of(run, breaks, self.series.len())] {
                if buckets.iter().filter(|b| range.contains(b)).count() > range.len() / MOST_OUT {
                    buckets.retain(|b| !range.contains(b));
                }
            }
            self.test_run(run, breaks, &buckets)
        };
        let first = |i: usize| test(i, &beside(i, &|k| stands_out_more(k, i)));
        let is_supported = |told: &Option<Found>| told.as_ref().is_some_and(|told| told.p_value <= self.alpha);
        let mut tested: Vec<Option<Found>> = (0..far).into_par_iter().map(first).collect();
        let mut in_vain = 0;
        // The clearest is looked at first.
        while in_vain < IN_VAIN && tested.len() < all.len() {
            tested.push(first(tested.len()));
            in_vain += usize::from(!is_supported(&tested[tested.len() - 1]));
        }
        let is_found = |k: usize| tested.get(k).is_some_and(is_supported);
        let stands = |i: usize| is_found(i) || !beside(i, &|k| is_found(k) && stands_out_more(i, k)).is_empty();
        let standing: Vec<bool> = (0..tested.len()).map(stands).collect();
        let told = |i: usize| {
            let others = beside(i, &|k| standing.get(k).is_some_and(|stands| *stands));
            let is_told = !standing[i] || others.iter().all(|&k| stands_out_more(k, i));
            let told = if is_told { tested[i].clone() } else { test(i, &others) };
            told.filter(|told| i < far || told.p_value <= self.alpha).map(|told| (all[i].0, told))
        };
        (0..tested.len()).into_par_iter().filter_map(told).collect()
    }

    /// The supported spells of a segment, beside the changes: the clearest is looked at first.
    fn spells_in(&self, segment: Segment, breaks: &[usize]) -> Vec<Run> {
        let (longest, n) = (longest_spell(self.series.step()), self.series.len());
        // What it was divided by is known to the weights.
        let denominators = if self.series.is_divided() { None } else { self.series.denominators() };
        let weights = denominators.or(self.weights.as_deref());
        let quick = |range: Range<usize>| {
            // The bucket in which a neighbouring change began belongs to neither side.
            let from = range.start + usize::from(range.start > 0);
            let values = self.clean.get(from..range.end)?;
            let found = likeliest_spell(values, weights.map(|weights| &weights[from..range.end]), longest, n)?;
            let run = Spike { from: from + found.run.from, to: from + found.run.to };
            (found.p_value <= LOOK_AT_RUN).then_some((range, Spell { run, ..found }))
        };
        let (mut found, mut in_vain) = (Vec::new(), 0);
        let mut open: Vec<(Range<usize>, Spell)> = quick(segment.range).into_iter().collect();
        while in_vain < IN_VAIN {
            let clearest = (0..open.len()).min_by(|a, b| open[*a].1.p_value.total_cmp(&open[*b].1.p_value));
            let Some((range, Spell { run, .. })) = clearest.map(|i| open.swap_remove(i)) else { break };
            if !self.is_known(run) {
                match self.test_run(run, breaks, &[]).filter(|told| told.p_value <= self.alpha) {
                    Some(told) => found.push((run, told)),
                    None => in_vain += 1,
                }
            }
            open.extend(quick(range.start..run.from));
            open.extend(quick(run.to..range.end));
        }
        found
    }

    /// How often the longest rhythm turns, as long as anything comes.
    fn turns(&self) -> f64 {
        let longest = self.rhythms.iter().filter(|r| r.is_seen()).map(|r| r.period).max().unwrap_or(1);
        let ended = Moved::ended(&self.known.moves, self.series.len());
        (self.series.len() - ended) as f64 / longest as f64
    }

    /// Whether an earlier pass found a spell in some of these buckets.
    fn is_known(&self, run: Spike) -> bool {
        self.known.spells.iter().any(|spell| spell.run.overlaps(run))
    }

    /// The stretch by which a run is judged: near an end of the series it reaches as much further to the other side.
    fn about(&self, run: Spike) -> Range<usize> {
        let n = self.series.len();
        let from = run.from.saturating_sub(REACH).min(n.saturating_sub(run.len() + 2 * REACH));
        from..(run.to + REACH).max(run.len() + 2 * REACH).min(n)
    }
}

/// The buckets between the changes about a run.
fn level_of(run: Spike, breaks: &[usize], n: usize) -> Range<usize> {
    let next = breaks.partition_point(|b| *b <= run.from);
    let from = next.checked_sub(1).map_or(0, |last| breaks[last]);
    from..breaks.get(next).copied().unwrap_or(n)
}

/// Buckets of the longest run after which a level comes back, and did not just change twice: two days, but from [`SHORTEST`] to [`LONGEST`]. No segment of a
/// long series is as short.
fn longest_run(step: Step) -> usize {
    step.per_day().map_or(0, |n| 2 * n as usize).clamp(SHORTEST, LONGEST)
}

/// Buckets of the longest run that is searched for as one: one search for two changes finds what two for one each do not.
fn longest_spell(step: Step) -> usize {
    longest_run(step).max(LEAST_LONGEST)
}

/// The share of its effect that is left after a run of which the end is explained.
fn left_after(local: &Local, run: Spike) -> Option<f64> {
    let k = local.places().partition_point(|&p| p < run.from);
    let f = Shape::Step.regressor(local.places(), k, 1.0);
    let fit = local.regression().score(&f, k).fit(local.regression())?;
    let back = local.step_of_other(run.to, &f, fit.effect).unwrap_or(0.0);
    Some(((fit.effect + back) / fit.effect).abs())
}

/// The buckets in which a run may have begun.
fn begin(run: Spike) -> Range<usize> {
    run.from.saturating_sub(1)..run.from + 1
}
