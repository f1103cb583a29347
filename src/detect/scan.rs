//! Every change of a series.

mod moves;
mod prepared;
mod runs;

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use crate::model::{ChangeKind, Series, Step};

use super::days::Days;
use super::describe::{Found, Neighbourhood};
use super::local::Scope;
use super::screen::screen;
use super::segmentation::may_move;
use super::spells::{SHORTEST, Spell};
use super::{Local, Moments, Moved, Rhythm, Search, Shape, ShapeScores, Spike, Tested, segment};
use moves::are_alike;
use runs::Run;

/// All that was found in a series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scanned {
    /// Its rhythms, with one that it may have and is too short to show ([`Rhythm::is_seen`]).
    pub rhythms: Vec<Rhythm>,
    /// First buckets of the segments between the supported changes of level and trend.
    pub breaks: Vec<usize>,
    /// Runs of buckets that stand out.
    pub spikes: Vec<Spike>,
    /// The supported changes, in the order of time.
    pub changes: Vec<Found>,
    /// How often an unchanged series would show evidence as strong as the strongest here, at any moment.
    pub p_value: f64,
    /// The series divided by what its rhythms multiply, where that was searched because it has zeros and no logarithms. What is expected of each
    /// bucket is its denominator.
    pub divided: Option<Series>,
    strongest: Option<Candidate>,
    /// The changes of level beside which the rhythms were told.
    moves: Vec<Moved>,
    /// What each day brings by itself, where days differ.
    pub days: Option<Days>,
}

impl Scanned {
    /// What was searched: the series, or what is left of it divided by what its rhythms multiply.
    #[must_use]
    pub fn analysed<'a>(&'a self, series: &'a Series) -> &'a Series {
        self.divided.as_ref().unwrap_or(series)
    }

    /// What was known of the series, the longer ones of the runs that stand out included.
    fn known(&self) -> Known {
        let long = self.spikes.iter().copied().filter(|run| run.len() >= SHORTEST);
        Known {
            spells: long.map(|run| Spell { run, p_value: 1.0 }).collect(),
            moves: self.moves.clone(),
            moves_with_year: self.rhythms.iter().any(|r| r.odds.is_some() && r.is_likely()),
        }
    }
}

/// What earlier passes found, beside which rhythms are told.
#[derive(Debug, Clone, Default, PartialEq)]
struct Known {
    /// In the order in which they were found.
    spells: Vec<Spell>,
    /// In the order of time.
    moves: Vec<Moved>,
    /// Whether a part of the series moves with a year that was not seen twice.
    moves_with_year: bool,
}

/// Fewest buckets with a value in which a change is looked for.
pub const FEWEST: usize = 8;
/// Buckets on either side of a break that are looked at in detail.
const REACH: usize = 400;
/// Least number of buckets on either side, also when neighbouring breaks are nearer.
const LEAST_REACH: usize = 20;
/// Buckets on either side of a break to which the search may have misplaced it.
pub const NEAR: usize = 5;
/// What the search of the segments pays for being the second look at a series. The first pays nothing: a segmentation proposes a break in
/// about one unchanged series of a hundred, so that hardly any of the level is spent before.
const SECOND_LOOK: f64 = 1.5;
/// A stretch is looked at closely where a quick look leaves a p-value below this.
const CLOSER_LOOK: f64 = 0.2;
/// Fewer buckets than this do not tell the level before a change.
const LEAST_BEFORE: usize = 3;
/// From this statistic on a change is so clear that it began within [`FOCUS`] buckets of where it was found.
const CLEAR: f64 = 12.0;
/// Buckets on either side of a clear change in which it may have begun.
const FOCUS: usize = 25;
/// How often breaks are placed anew between each other.
const MOVES: usize = 4;
/// Passes, each beside what those before it found.
const PASSES: usize = 4;
/// Of the spells that one pass finds, those that are not as deep as this share of the deepest wait for the next: where an hour of the week is told from
/// three weeks, a day at zero seems to be a third as deep in the others.
const AS_DEEP: f64 = 0.5;
/// Where so many weeks tell the rhythms, a spell in one of them hardly moves these, and one pass is enough.
const MANY_WEEKS: usize = 52;

/// Finds the changes of a series that are supported at level `alpha` after the search over all of its moments.
///
/// The segmentation proposes breaks, and each is tested in detail between its neighbours. Then each segment is searched once more as a
/// whole, for what is too small or too young for the segmentation, and for spells. Where there are some, all is done once more beside the deepest of
/// them, because they are a part of what their hours of the week were thought to be; beside changes of level, where few days tell what is usual or these hide a rhythm; and
/// with a year of which a part was seen.
#[must_use]
pub fn scan(series: &Series, alpha: f64) -> Scanned {
    let mut known = Known::default();
    let (mut scanned, mut further) = once(series, alpha, &known);
    for pass in 1..PASSES {
        // A spell may hide a rhythm; where there is none without it either, nothing more comes to light.
        if has_many_weeks(series) || (pass > 1 && !scanned.rhythms.iter().any(Rhythm::is_seen)) {
            further.spells.clear();
        }
        let is_settled = further.spells.is_empty() && are_alike(&further.moves, &known.moves);
        if is_settled && (known.moves_with_year || !further.moves_with_year) {
            break;
        }
        known.spells.append(&mut further.spells);
        known.moves = further.moves;
        // What a spell or a hidden week bends may have passed for a year.
        known.moves_with_year |= is_settled && further.moves_with_year;
        (scanned, further) = once(series, alpha, &known);
    }
    scanned
}

/// One pass, beside what is known; what is found, and beside what further the next pass is.
fn once(series: &Series, alpha: f64, known: &Known) -> (Scanned, Known) {
    let none = |(rhythms, spikes)| (Scanned { rhythms, spikes, p_value: 1.0, ..Scanned::default() }, Known::default());
    Scan::new(series, alpha, known).map_or_else(none, Scan::run)
}

fn has_many_weeks(series: &Series) -> bool {
    series.step().seconds() * series.len() as f64 > (MANY_WEEKS * 7) as f64 * Step::Day.seconds()
}

/// The change for which there is most evidence, supported or not; none where nothing can be tested.
#[must_use]
pub fn strongest(series: &Series, scanned: &Scanned) -> Option<Found> {
    let supported = scanned.changes.iter().min_by(|a, b| a.p_value.total_cmp(&b.p_value)).cloned();
    supported.or_else(|| {
        let candidate = scanned.strongest?;
        Scan::new(series, 1.0, &scanned.known()).ok()?.look(&[candidate.bucket], 0, None)?.found
    })
}

/// The change of level that begins at a known moment (Unix seconds), in figures; none where it cannot be told.
#[must_use]
pub fn effect_at(series: &Series, scanned: &Scanned, moment: f64) -> Option<Found> {
    let bucket = series.edges().partition_point(|&e| e as f64 <= moment).checked_sub(1)?;
    let same =
        |c: &&Found| c.bucket.abs_diff(bucket) <= NEAR || (c.outer_interval.0..c.outer_interval.1).contains(&moment);
    let known: Vec<usize> = scanned.changes.iter().filter(same).map(|c| c.bucket).collect();
    let is_other = |b: &usize| known.iter().all(|k| k.abs_diff(*b) > NEAR);
    let mut breaks: Vec<usize> = scanned.breaks.iter().copied().filter(is_other).collect();
    let i = breaks.partition_point(|b| *b < bucket);
    breaks.insert(i, bucket);
    let scan = Scan::new(series, 1.0, &scanned.known()).ok()?;
    let around = scan.around(&breaks, i);
    let local = scan.local(&scan.scope(around.range.clone(), &around.others, bucket..bucket + 1))?;
    let search = scan.search_of(&local, &around.range, 1.0);
    scan.neighbourhood(local, bucket..bucket + 1, search).change_from(series, &scan.rhythms, moment)
}

/// A change that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    bucket: usize,
    p_value: f64,
    /// The autocorrelation that the noise has beside it.
    phi: f64,
    /// Whether the stretch about it moves with a year that was not seen twice.
    moves_with_year: bool,
}

/// The strongest evidence of an event in a stretch, and the bucket in which it would have begun.
struct Evidence {
    local: Local,
    search: Search,
    bucket: usize,
    tested: Tested,
}

/// A stretch between changes.
struct Segment {
    range: Range<usize>,
    /// The autocorrelation of its noise, where that is known.
    phi: Option<f64>,
}

/// A break and its neighbours.
#[derive(Debug, Clone, PartialEq)]
struct Around {
    before: usize,
    after: usize,
    range: Range<usize>,
    /// Other breaks in the range.
    others: Vec<usize>,
}

impl Around {
    /// Whether the neighbours are the same, up to where the search may have misplaced them.
    fn is_like(&self, other: &Self) -> bool {
        let same = |a: &usize, b: &usize| a.abs_diff(*b) <= NEAR;
        same(&self.before, &other.before)
            && same(&self.after, &other.after)
            && self.others.len() == other.others.len()
            && self.others.iter().zip(&other.others).all(|(a, b)| same(a, b))
    }
}

/// A candidate, and what it looks like beside these neighbours.
struct Looked {
    candidate: Candidate,
    beside: Around,
    /// None where it is not supported.
    found: Option<Found>,
    /// Where else between its neighbours it is much likelier to have begun, and the log Bayes factor.
    elsewhere: Option<(usize, f64)>,
}

struct Scan<'a> {
    /// As it was given.
    whole: &'a Series,
    /// Divided by what its rhythms multiply, where that is searched.
    series: Cow<'a, Series>,
    alpha: f64,
    rhythms: Vec<Rhythm>,
    spikes: Vec<Spike>,
    /// These, and then runs as short that may be spikes, those first that stand out most; each with how far out its buckets are, the sum of their squares.
    standing: Vec<(Spike, f64)>,
    /// What earlier passes found.
    known: Known,
    /// Buckets in spikes and spells, ascending.
    set_aside: Vec<usize>,
    /// What each day brings by itself, where days differ.
    days: Option<Days>,
    /// Values without rhythms, spikes and gaps.
    clean: Vec<f64>,
    /// The inverse variance of the noise of each, where they scatter unlike each other.
    weights: Option<Vec<f64>>,
    /// Their standard deviation before they were standardised, and whether they are logarithms.
    unit: f64,
    is_log: bool,
}

impl Scan<'_> {
    /// What is found, and beside what the next pass is: the deepest of the spells that no earlier pass found, the changes of level that echo in the rhythms or hide
    /// one, and whether a part moves with the year.
    fn run(self) -> (Scanned, Known) {
        let (looked, mut all) = self.tested(segment(&self.clean, self.weights.as_deref()));
        let mut kept: Vec<Candidate> = looked.iter().map(|l| l.candidate).collect();
        let known: Vec<usize> = kept.iter().map(|c| c.bucket).collect();
        let between = segments(&kept, self.series.len()).into_par_iter();
        let further: Vec<Candidate> = between.flat_map_iter(|s| self.search(s, &known)).collect();
        all.extend(&further);
        kept.extend(further.iter().filter(|c| c.p_value <= self.alpha));
        let mut kept = distinct(kept);
        let (further, ends) = self.spells_between(&kept);
        all.extend(&ends);
        kept.extend(ends);
        let kept = distinct(kept);
        let breaks: Vec<usize> = kept.iter().map(|c| c.bucket).collect();
        let changes: Vec<Found> =
            (0..kept.len()).into_par_iter().filter_map(|i| self.described(&breaks, i, &kept[i], &looked)).collect();
        let (mut changes, of_two) = self.transients(changes, &breaks);
        let is_end = |b: &usize| of_two.iter().any(|(run, _)| b.abs_diff(run.from).min(b.abs_diff(run.to)) <= NEAR);
        let mut lasting: Vec<usize> = breaks.iter().copied().filter(|b| !is_end(b)).collect();
        let (spells, spikes) = self.runs_beside(&breaks, further);
        let tested = spells.iter().chain(&spikes).map(|(_, told)| told.p_value);
        let p_value = all.iter().map(|c| c.p_value).chain(tested).fold(1.0, f64::min);
        let told = spells.into_iter().chain(of_two).chain(spikes);
        let runs = apart(told.filter(|(_, told)| told.p_value <= self.alpha));
        changes.extend(runs.iter().map(|(_, told)| told.clone()));
        changes.sort_by_key(|c| c.bucket);
        changes.dedup_by(|next, last| {
            let same = next.bucket == last.bucket && next.kind == last.kind;
            if same && next.p_value < last.p_value {
                std::mem::swap(next, last);
            }
            same
        });
        let is_of_before =
            |run: &Spike| self.spikes.contains(run) || self.known.spells.iter().any(|known| known.run == *run);
        // What the series ends with is a change, and no run.
        let (last, runs): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(|(_, told)| told.kind != ChangeKind::Spike);
        lasting.extend(last.iter().map(|(_, told)| told.bucket));
        lasting.sort_unstable();
        let further: Vec<Run> = runs.into_iter().filter(|(run, _)| !is_of_before(run)).collect();
        let known = self.known.spells.iter().map(|spell| spell.run);
        let runs = self.spikes.iter().copied().chain(known).chain(further.iter().map(|(run, _)| *run));
        let runs = runs.filter(|run| last.iter().all(|(last, _)| last != run)).collect();
        let moves_with_year = all.iter().any(|c| c.moves_with_year);
        let strongest = all.into_iter().min_by(|a, b| a.p_value.total_cmp(&b.p_value));
        let happened = self.moves(&changes, &kept);
        // What stands out beside the turns of a rhythm that comes to light may be a part of it.
        let is_outdated = !happened.is_empty() && self.seeks_hidden();
        let divided = if let Cow::Owned(series) = self.series { Some(series) } else { None };
        let scanned = Scanned {
            rhythms: self.rhythms,
            breaks: lasting,
            spikes: runs,
            changes,
            p_value,
            divided,
            strongest,
            moves: self.known.moves,
            days: self.days,
        };
        let spells: Vec<Run> = further.into_iter().filter(|(run, _)| run.len() >= SHORTEST && !is_outdated).collect();
        (scanned, Known { spells: deepest(&spells), moves: happened, moves_with_year })
    }

    /// The proposed breaks that are supported, each beside the others, and all candidates that were tested.
    ///
    /// Backward elimination: of neighbours that are not supported the weakest goes first, and those beside it are tested anew.
    fn tested(&self, mut breaks: Vec<usize>) -> (Vec<Looked>, Vec<Candidate>) {
        let look = |breaks: &[usize], which: Vec<usize>| -> Vec<Option<Looked>> {
            // Each look takes long, and a few neighbours may be all that is looked at.
            which.into_par_iter().with_max_len(1).map(|i| self.look(breaks, i, None)).collect()
        };
        let mut looked = look(&breaks, (0..breaks.len()).collect());
        let mut dropped = Vec::new();
        let mut moves = MOVES;
        loop {
            let p = looked.iter().map(|l| l.as_ref().map_or(1.0, |l| l.candidate.p_value));
            let gone = peaks(&p.map(|p| if p > self.alpha { p } else { 0.0 }).collect::<Vec<_>>());
            if gone.is_empty() {
                if moves == 0 || !self.repartition(&mut breaks, &mut looked) {
                    break;
                }
                moves -= 1;
            }
            for i in gone.into_iter().rev() {
                breaks.remove(i);
                dropped.extend(looked.remove(i).map(|l| l.candidate));
            }
            let is_stale = |i: &usize| looked[*i].as_ref().is_none_or(|l| l.beside != self.around(&breaks, *i));
            let stale: Vec<usize> = (0..breaks.len()).filter(is_stale).collect();
            let anew = look(&breaks, stale.clone());
            stale.into_iter().zip(anew).for_each(|(i, l)| looked[i] = l);
        }
        let looked: Vec<Looked> = looked.into_iter().flatten().collect();
        dropped.extend(looked.iter().map(|l| l.candidate));
        (looked, dropped)
    }

    /// Moves breaks to where between their neighbours they are much likelier, of neighbours the one that gains most; false where there is none.
    ///
    /// Breaks that were found one after the other were placed while the others were not known, and are placed anew between them (Bai 1997).
    fn repartition(&self, breaks: &mut [usize], looked: &mut [Option<Looked>]) -> bool {
        let moved = |l: &Looked| {
            let (bucket, gain) = l.elsewhere?;
            let Around { before, after, .. } = l.beside;
            if bucket <= before || bucket >= after {
                return None;
            }
            let from = l.candidate.bucket.clamp(before + 1, after - 1);
            let weights = self.weights.as_ref().map(|weights| &weights[before..after]);
            may_move(&self.clean[before..after], weights, from - before, bucket - before).then_some((bucket, gain))
        };
        let moves: Vec<Option<(usize, f64)>> = looked.iter().map(|l| l.as_ref().and_then(moved)).collect();
        let most = peaks(&moves.iter().map(|m| m.map_or(0.0, |(_, gain)| gain)).collect::<Vec<_>>());
        let going: Vec<(usize, usize)> = most.into_iter().filter_map(|i| Some((i, moves[i]?.0))).collect();
        for &(i, bucket) in &going {
            breaks[i] = bucket;
            looked[i] = None;
        }
        !going.is_empty()
    }

    /// Looks closely at one break between its neighbours: the evidence for it, and where it is supported, what it looks like.
    ///
    /// Where a `p_value` is known already it is taken.
    fn look(&self, breaks: &[usize], i: usize, p_value: Option<f64>) -> Option<Looked> {
        let around = self.around(breaks, i);
        let at = breaks[i];
        let margin = |length: usize| NEAR.min(length / 4);
        let wide = around.range.start.max(around.before + margin(at - around.before))
            ..around.range.end.min(around.after - margin(around.after - at)).max(at + 1);
        let near = at.saturating_sub(NEAR).max(wide.start)..(at + NEAR + 1).min(wide.end);
        let scope = |focus: &Range<usize>| self.scope(around.range.clone(), &around.others, focus.clone());
        let Evidence { local, search, bucket, tested } = self.evidence(&scope(&near), 1.0, &Shape::LASTING)?;
        let p_value = p_value.unwrap_or(tested.p_value);
        let candidate = Candidate { bucket, p_value, phi: local.phi(), moves_with_year: local.moves_with_year() };
        if p_value > self.alpha {
            return Some(Looked { candidate, beside: around, found: None, elsewhere: None });
        }
        let is_clear = tested.z.abs() > CLEAR;
        let focus = if is_clear { self.about_observed(at, &wide) } else { wide };
        let local = if is_clear && !local.may_scatter_by_level() {
            local
        } else {
            self.local(&Scope { is_sure: true, ..scope(&focus) })?
        };
        let neighbourhood = self.neighbourhood(local, focus, search);
        let elsewhere = neighbourhood.level_elsewhere(&near);
        let found = neighbourhood.change_at(&self.series, &self.rhythms, near, p_value);
        Some(Looked { candidate, beside: around, found, elsewhere })
    }

    /// The buckets within [`FOCUS`] observed ones of a clear change: in a gap it may have begun anywhere.
    fn about_observed(&self, at: usize, within: &Range<usize>) -> Range<usize> {
        let is_observed = |i: &usize| !self.series.values()[*i].is_nan();
        let from = (within.start..at).rev().filter(is_observed).nth(FOCUS - 1).unwrap_or(within.start);
        let to = (at..within.end).filter(is_observed).nth(FOCUS - 1).map_or(within.end, |last| last + 1);
        from..to
    }

    /// What a change looks like beside those that were kept in the end.
    fn described(&self, breaks: &[usize], i: usize, kept: &Candidate, looked: &[Looked]) -> Option<Found> {
        let known = looked.iter().find(|l| l.candidate.bucket == kept.bucket);
        if let Some(known) = known.filter(|l| l.beside.is_like(&self.around(breaks, i))) {
            return known.found.clone();
        }
        self.look(breaks, i, Some(kept.p_value))?.found
    }

    /// Searches a segment for one change after the other, beside the changes that are `known` already, ascending.
    fn search(&self, segment: Segment, known: &[usize]) -> Vec<Candidate> {
        let (mut found, mut open) = (Vec::new(), vec![segment]);
        let mut known = known.to_vec();
        while let Some(segment) = open.pop() {
            let Some(candidate) = self.strongest_in(&segment, &known) else { continue };
            found.push(candidate);
            if candidate.p_value <= self.alpha {
                known.insert(known.partition_point(|b| *b < candidate.bucket), candidate.bucket);
                // Parts of a stretch have its noise: told from ever shorter parts, autocorrelation would seem ever less.
                let Range { start, end } = segment.range;
                let phi = Some(candidate.phi);
                open.extend([start..candidate.bucket, candidate.bucket..end].map(|range| Segment { range, phi }));
            }
        }
        found
    }

    /// The strongest step in a segment, where a quick look does not rule out that there is one.
    fn strongest_in(&self, segment: &Segment, known: &[usize]) -> Option<Candidate> {
        let Segment { range: Range { start, end }, phi } = segment;
        let n = self.series.len();
        // The bucket in which a neighbouring change began belongs to neither side.
        let from = start + usize::from(*start > 0);
        if from + FEWEST > *end {
            return None;
        }
        let until = if *end < n { end - 1 } else { n };
        let repeats = SECOND_LOOK * n as f64 / (end - from) as f64;
        let weights = self.series.denominators().or(self.weights.as_deref());
        let quick = screen(&self.clean[from..*end], weights.map(|weights| &weights[from..*end]), repeats)?;
        if quick.p_value > CLOSER_LOOK {
            return Some(Candidate {
                bucket: from + quick.at,
                p_value: quick.p_value,
                phi: phi.unwrap_or(0.0),
                moves_with_year: false,
            });
        }
        // A segment too short to tell the rhythms is looked at with what lies beside it.
        let lack = self.two_periods().saturating_sub(end - from);
        let (range, focus) = (from.saturating_sub(lack)..(end + lack).min(n), from + LEAST_BEFORE..until);
        // Hundreds of places are tested here, and the wildest of them lie where the scatter is large.
        let scope = Scope { uneven: true, phi: *phi, ..self.scope(range, known, focus) };
        let Evidence { local, bucket, tested, .. } = self.evidence(&scope, SECOND_LOOK, &[Shape::Step])?;
        Some(Candidate { bucket, p_value: tested.p_value, phi: local.phi(), moves_with_year: local.moves_with_year() })
    }

    /// The strongest of these shapes at the starts of the buckets of the focus, in so many looks at the series.
    fn evidence(&self, scope: &Scope<'_>, looks: f64, shapes: &[Shape]) -> Option<Evidence> {
        let local = self.local(scope)?;
        let starts = local.on_scale(Moments::starts(&self.series, local.places(), scope.focus.clone()));
        let search = self.search_of(&local, &scope.range, looks);
        let tested = search.strongest(&local, &starts, &starts.all(), shapes)?;
        Some(Evidence { bucket: starts.bucket[tested.moment], local, search, tested })
    }

    /// A stretch beside its spikes.
    fn scope<'b>(&'b self, range: Range<usize>, others: &'b [usize], focus: Range<usize>) -> Scope<'b> {
        let without = self.set_aside_in(&range);
        Scope { range, focus, others, without, phi: None, days: self.days.as_ref(), uneven: false, is_sure: false }
    }

    /// The buckets of a range that are in spikes and spells.
    fn set_aside_in(&self, range: &Range<usize>) -> &[usize] {
        let inside = |b: usize| self.set_aside.partition_point(|s| *s < b);
        &self.set_aside[inside(range.start)..inside(range.end)]
    }

    fn local(&self, scope: &Scope<'_>) -> Option<Local> {
        Local::new(&self.series, &self.rhythms, scope).ok()
    }

    /// The search over the whole series, of which the range is a sample.
    fn search_of(&self, local: &Local, range: &Range<usize>, looks: f64) -> Search {
        let stretches = self.series.len() as f64 / range.len() as f64;
        Search::new(local, 0..local.places().len(), looks * stretches)
    }

    fn neighbourhood(&self, local: Local, focus: Range<usize>, search: Search) -> Neighbourhood {
        let moments = local.on_scale(Moments::new(&self.series, local.places(), focus));
        let scores = ShapeScores::new(&local, &moments);
        let (among, log_weights) = (moments.all(), vec![0.0; moments.len()]);
        Neighbourhood { local, remembering: None, moments, scores, among, log_weights, search, outage: None }
    }

    /// Buckets that tell the rhythms which a stretch has to tell by itself; in fewer a weekend would be a change.
    fn two_periods(&self) -> usize {
        let told = self.rhythms.iter().filter(|r| r.known.is_none() && r.waves == 0);
        told.map(|r| 2 * r.period).max().unwrap_or(0)
    }

    fn around(&self, breaks: &[usize], i: usize) -> Around {
        let n = self.series.len();
        let at = breaks[i];
        let before = if i == 0 { 0 } else { breaks[i - 1] };
        let after = breaks.get(i + 1).copied().unwrap_or(n);
        let least = self.two_periods().clamp(LEAST_REACH, REACH);
        let from = before.min(at.saturating_sub(least)).max(at.saturating_sub(REACH));
        let to = after.max(at + least).min(at + REACH).min(n);
        let inside = |b: usize| breaks.partition_point(|x| *x < b);
        let others = breaks[inside(from)..inside(to)].iter().copied().filter(|b| *b != at).collect();
        Around { before, after, range: from..to, others }
    }
}

/// The runs of which none shares a bucket with one before it, neither where it was looked for nor as it is told.
fn apart(runs: impl Iterator<Item = Run>) -> Vec<Run> {
    let extent = |(run, told): &Run| {
        let end = told.bucket + told.length.unwrap_or(1);
        Spike { from: run.from.min(told.bucket), to: run.to.max(end) }
    };
    let mut out: Vec<Run> = Vec::new();
    for run in runs {
        if !out.iter().any(|other| extent(other).overlaps(extent(&run))) {
            out.push(run);
        }
    }
    out
}

/// The spells among these that are about as deep as the deepest.
fn deepest(spells: &[Run]) -> Vec<Spell> {
    let depth = |(_, told): &Run| (told.after - told.before).abs();
    let most = spells.iter().map(depth).fold(0.0, f64::max);
    let deep = spells.iter().filter(|spell| depth(spell) >= AS_DEEP * most);
    deep.map(|(run, told)| Spell { run: *run, p_value: told.p_value }).collect()
}

/// The segments between changes, long ones in pieces that overlap by half, all with the noise that was found beside the changes.
fn segments(changes: &[Candidate], n: usize) -> Vec<Segment> {
    let phi = mean_phi(changes);
    let mut edges: Vec<usize> = changes.iter().map(|c| c.bucket).chain([0, n]).collect();
    edges.sort_unstable();
    let pieces = |from: usize, to: usize| {
        let count = (to - from).div_ceil(REACH).max(2) - 1;
        (0..count).map(move |k| from + k * REACH..if k + 1 == count { to } else { from + (k + 2) * REACH })
    };
    edges.windows(2).flat_map(|w| pieces(w[0], w[1])).map(|range| Segment { range, phi }).collect()
}

/// The autocorrelation of the noise beside changes, in the mean; none where there are none.
fn mean_phi(changes: &[Candidate]) -> Option<f64> {
    let sum: f64 = changes.iter().map(|c| c.phi).sum();
    (!changes.is_empty()).then(|| sum / changes.len() as f64)
}

/// The candidates in the order of time; of those within a few buckets of each other the strongest.
fn distinct(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|a, b| a.bucket.cmp(&b.bucket).then(a.p_value.total_cmp(&b.p_value)));
    candidates.dedup_by(|next, last| {
        let same = next.bucket - last.bucket <= 2;
        if same && next.p_value < last.p_value {
            *last = *next;
        }
        same
    });
    candidates
}

/// Where a value above 0 is greater than those beside it; of equal neighbours the first.
fn peaks(values: &[f64]) -> Vec<usize> {
    let at = |i: usize| values.get(i).copied().unwrap_or(0.0);
    let is_peak = |i: &usize| at(*i) > 0.0 && (*i == 0 || at(*i) > at(*i - 1)) && at(*i) >= at(*i + 1);
    (0..values.len()).filter(is_peak).collect()
}

/// The breaks that lie outside of these buckets.
fn outside(breaks: &[usize], buckets: &Range<usize>) -> Vec<usize> {
    breaks.iter().copied().filter(|b| !buckets.contains(b)).collect()
}
