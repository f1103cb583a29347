//! Runs of buckets that stand out, after which all is as before: spikes and spells in detail.

use std::borrow::Cow;
use std::ops::Range;

use crate::detect::describe::{Found, Neighbourhood};
use crate::detect::local::Scope;
use crate::detect::search::Runs;
use crate::detect::spells::{SHORTEST, Spell, likeliest_spell};
use crate::detect::{Local, Moments, Shape, Spike};
use crate::model::{ChangeKind, Step};

use super::{CLOSER_LOOK, Evidence, Scan, Segment, outside};

/// Buckets on either side of a run by which it is told how wild the noise is.
const REACH: usize = 250;
/// No run has more buckets: two days of hours.
const LONGEST: usize = 48;
/// So many spells of a segment are looked at closely in vain.
const IN_VAIN: usize = 4;
/// A level that is back within this share of a jump is the one before it.
const BACK: f64 = 0.25;

impl Scan<'_> {
    /// Looks at one run in detail.
    pub(super) fn test_run(&self, run: Spike, breaks: &[usize]) -> Option<Found> {
        if run.len() < SHORTEST { self.test_spike(run, breaks) } else { self.test_spell(run, breaks) }
    }

    /// Looks at one spike in detail.
    fn test_spike(&self, spike: Spike, breaks: &[usize]) -> Option<Found> {
        let range = self.about(spike);
        // Its first buckets may stand out too little to be seen by themselves.
        let focus = (spike.from + 1).saturating_sub(Spike::LONGEST)..spike.from + 1;
        let others = outside(breaks, &focus);
        // Other spikes stay: where there are several, the noise has heavy tails, and each of them is less surprising.
        let scope = Scope { without: &[], ..self.scope(range, &others, focus.clone()) };
        let Evidence { local, search, tested, .. } = self.evidence(&scope, 1.0, &Shape::PULSES)?;
        self.neighbourhood(local, focus.clone(), search).spike_at(&self.series, &self.rhythms, focus, tested.p_value)
    }

    /// Looks at one spell in detail: a level that was left, and came back.
    fn test_spell(&self, run: Spike, breaks: &[usize]) -> Option<Found> {
        let (local, focus) = (self.beside_end(run, breaks)?, begin(run));
        let starts = local.on_scale(Moments::starts(&self.series, local.places(), focus.clone()));
        let search = self.search_of(&local, &self.about(run), 1.0);
        let runs = Runs {
            lengths: SHORTEST..=longest_run(self.series.step()),
            buckets: self.series.len(),
            turns: self.is_divided().then(|| self.turns()),
        };
        let tested = search.strongest_run(&local, &starts, run.len(), &runs)?;
        let near = self.neighbourhood(local, focus.clone(), search);
        let near = Neighbourhood { outage: Some(run.from..run.to), ..near };
        near.change_at(&self.series, &self.rhythms, focus, tested.p_value)
    }

    /// The stretch about a run, of which the end is explained, and the begin is looked at.
    fn beside_end(&self, run: Spike, breaks: &[usize]) -> Option<Local> {
        let focus = begin(run);
        let mut others = outside(breaks, &(focus.start..run.to + 1));
        others.push(run.to);
        others.sort_unstable();
        let is_of_run = |b: &usize| (run.from..run.to).contains(b);
        let without: Vec<usize> = self.set_aside.iter().filter(|b| !is_of_run(b)).copied().collect();
        self.local(&Scope { without: &without, ..self.scope(self.about(run), &others, focus) })
    }

    /// Whether the level at the end of a run is back where it was.
    fn comes_back(&self, run: Spike, breaks: &[usize]) -> bool {
        let Some(local) = self.beside_end(run, breaks) else { return false };
        let k = local.places().partition_point(|&p| p < run.from);
        let f = Shape::Step.regressor(local.places(), k, 1.0);
        let Some(fit) = local.regression().score(&f, k).fit(local.regression()) else { return false };
        let back = local.step_of_other(run.to, &f, fit.effect).unwrap_or(0.0);
        (fit.effect + back).abs() <= BACK * fit.effect.abs()
    }

    /// Takes a change and the next one, by which the level comes back soon, for one spike; and the buckets of these, from the edges that are nearest to
    /// where the two began.
    pub(super) fn transients(&self, changes: Vec<Found>, breaks: &[usize]) -> (Vec<Found>, Vec<(Spike, Found)>) {
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
            (is_level(last) && is_level(next) && is_short && self.comes_back(run, breaks)).then_some(run)
        };
        let (mut out, mut runs): (Vec<Found>, Vec<(Spike, Found)>) = (Vec::new(), Vec::new());
        for next in changes {
            if let Some((last, run)) = out.last_mut().and_then(|last| run_of(last, &next).map(|run| (last, run))) {
                last.kind = ChangeKind::Spike;
                last.length = Some(next.bucket - last.bucket);
                last.young = false;
                last.p_value = last.p_value.min(next.p_value);
                runs.push((run, last.clone()));
            } else {
                out.push(next);
            }
        }
        (out, runs)
    }

    /// The supported spells of a segment, beside the changes.
    pub(super) fn spells_in(&self, segment: &Segment, breaks: &[usize]) -> Vec<(Spike, Found)> {
        let (longest, n) = (longest_run(self.series.step()), self.series.len());
        // What it was divided by is known to the weights.
        let denominators = if self.is_divided() { None } else { self.series.denominators() };
        let weights = denominators.or(self.weights.as_deref());
        let (mut found, mut open, mut in_vain) = (Vec::new(), vec![segment.range.clone()], 0);
        while let Some(Range { start, end }) = open.pop().filter(|_| in_vain < IN_VAIN) {
            // The bucket in which a neighbouring change began belongs to neither side.
            let part = start + usize::from(start > 0)..end;
            let Some(values) = self.clean.get(part.clone()) else { continue };
            let quick = likeliest_spell(values, weights.map(|weights| &weights[part.clone()]), longest, n);
            let Some(Spell { run, .. }) = quick.filter(|quick| quick.p_value <= CLOSER_LOOK) else { continue };
            let run = Spike { from: part.start + run.from, to: part.start + run.to };
            match self.test_run(run, breaks).filter(|told| told.p_value <= self.alpha) {
                Some(told) if !self.is_known(run) => found.push((run, told)),
                _ => in_vain += 1,
            }
            open.extend([start..run.from, run.to..end]);
        }
        found
    }

    /// Whether the series was divided by what its rhythms let expect.
    fn is_divided(&self) -> bool {
        matches!(self.series, Cow::Owned(_))
    }

    /// How often the longest rhythm turns.
    fn turns(&self) -> f64 {
        let longest = self.rhythms.iter().map(|r| r.period).max().unwrap_or(1);
        self.series.len() as f64 / longest as f64
    }

    /// Whether an earlier pass found a spell in some of these buckets.
    pub(super) fn is_known(&self, run: Spike) -> bool {
        self.spells.iter().any(|spell| spell.run.overlaps(run))
    }

    /// The stretch by which a run is judged.
    fn about(&self, run: Spike) -> Range<usize> {
        run.from.saturating_sub(REACH)..(run.to + REACH).min(self.series.len())
    }
}

/// Buckets after which a level that comes back was a spell, and no spike any more: two days, but from three to [`LONGEST`].
fn longest_run(step: Step) -> usize {
    step.per_day().map_or(0, |n| 2 * n as usize).clamp(Spike::LONGEST, LONGEST)
}

/// The buckets in which a run may have begun.
fn begin(run: Spike) -> Range<usize> {
    run.from.saturating_sub(1)..run.from + 1
}
