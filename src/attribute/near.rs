//! The neighbourhood of the asked date, ready for the question who did it.

use std::ops::Range;

use crate::detect::{
    Found, Local, LocalError, Moments, NEAR, Neighbourhood, Rhythm, Scanned, Scope, Search, ShapeScores, Spike,
};
use crate::model::{ChangeKind, Series, Step};

use super::Asked;

/// Buckets on either side of the asked date that explain what is usual: eight weeks of days, twenty days of hours.
#[must_use]
pub fn stretch(step: Step) -> usize {
    match step {
        Step::Minutes(n) => 3 * 1440 / n as usize,
        Step::Hours(n) => 20 * 24 / n as usize,
        Step::Day => 56,
        Step::Week => 26,
        Step::Months(_) => 24,
    }
}

/// Log weight of the date by which a change is farther from it than another.
const FARTHER: f64 = 1.0;
/// Where the end of a spike before the date fits it less than this, all was as before for so long that nobody asks about it.
const OVER: f64 = -1.0;

/// Three buckets or three days, whichever is more: how far from the date `why` searches, in seconds.
fn search_reach(step: Step) -> f64 {
    (3.0 * step.seconds()).max(3.0 * 86_400.0)
}

/// Looks at the neighbourhood of a date in detail.
///
/// `window` is how long before the date deployments are candidates, in seconds. Moments reach from the earliest candidate to the end of
/// the neighbourhood; the search that p-values take into account is the neighbourhood alone.
///
/// # Errors
/// Where too few buckets have a value, or all of them have one value.
pub fn near(series: &Series, scanned: &Scanned, asked: &Asked, window: f64) -> Result<Neighbourhood, LocalError> {
    near_one(series, scanned, (asked, asked), window)
}

/// The same where `asked` says when something may have happened, and which of several changes is looked at is told by the date that is `meant`.
///
/// # Errors
/// As of [`near`].
pub fn near_one(
    series: &Series,
    scanned: &Scanned,
    (asked, meant): (&Asked, &Asked),
    window: f64,
) -> Result<Neighbourhood, LocalError> {
    let series = scanned.analysed(series);
    let reach = search_reach(series.step());
    let searched = asked.buckets(series, reach);
    let plausible = asked.buckets(series, reach.max(window)).start..searched.end;
    let half = stretch(series.step());
    let centre = asked.buckets(series, 0.0);
    let range = centre.start.saturating_sub(half).min(plausible.start)..(centre.end + half).min(series.len());
    let Elsewhere { changes, spikes, outage } = Elsewhere::new(series, scanned, meant, &plausible);
    let scope = Scope {
        range,
        focus: plausible.clone(),
        others: &changes,
        without: &spikes,
        phi: None,
        days: scanned.days.as_ref(),
        uneven: false,
        is_sure: false,
    };
    // Who asks saw something happen, and a stretch as short hardly bends with the year.
    let rhythms = scanned.rhythms.iter().filter(|r| r.is_likely()).cloned();
    let rhythms: Vec<Rhythm> = rhythms.chain(Rhythm::weekend(series, &scanned.rhythms)).collect();
    let local = Local::new(series, &rhythms, &scope)?;
    let moments = local.on_scale(Moments::new(series, local.places(), plausible));
    let scores = ShapeScores::new(&local, &moments);
    let among: Vec<usize> = (0..moments.len()).filter(|&i| searched.contains(&moments.bucket[i])).collect();
    let first = |b: usize| local.places().partition_point(|&p| p < b);
    let search = Search::new(&local, first(searched.start)..first(searched.end), 1.0);
    let log_weights = moments.unix.iter().map(|&m| asked.log_weight(m)).collect();
    let remembering = local.remembering(series, &moments, &scores);
    Ok(Neighbourhood { local, remembering, moments, scores, among, log_weights, search, outage })
}

/// What is not asked about: what happened elsewhere, and what happened by the date but surely farther from it than something else that is
/// supported.
///
/// Of a change that is surely where its 99 % interval is: two changes of which one may have begun when the other did may be one. A run of
/// spikes is judged as a whole.
struct Elsewhere {
    /// First buckets of changes, ascending.
    changes: Vec<usize>,
    /// Buckets in spikes, ascending.
    spikes: Vec<usize>,
    /// The outage that is asked about, if it is one: its end is among the changes.
    outage: Option<Range<usize>>,
}

impl Elsewhere {
    fn new(series: &Series, scanned: &Scanned, asked: &Asked, plausible: &Range<usize>) -> Self {
        let edge = |b: usize| series.edges()[b] as f64;
        let weight = |b: usize| asked.log_weight(edge(b));
        let fit = |run: Range<usize>| asked.greatest_log_weight((edge(run.start), edge(run.end)));
        let run_of = |c: &Found| c.bucket..(c.bucket + c.length.unwrap_or(1)).min(series.len());
        let is_over = |run: Range<usize>| edge(run.end) < asked.from && asked.log_weight(edge(run.end)) < OVER;
        let may_be_meant = |c: &&Found| c.kind == ChangeKind::Spike && !is_over(run_of(c));
        let long = |c: &Found| c.length.filter(|&length| c.kind == ChangeKind::Spike && length > Spike::LONGEST);
        // Of a long run the end is meant where it fits the date so much better: who asks about that day saw the metric come back.
        let end_of = |c: &Found| {
            let end = c.bucket + long(c)?;
            (end < series.len() && weight(end) > weight(c.bucket) + FARTHER).then_some(end)
        };
        let spikes = scanned.changes.iter().filter(may_be_meant).map(|c| end_of(c).unwrap_or(c.bucket));
        let inside = scanned.breaks.iter().copied().chain(spikes).filter(|b| plausible.contains(b));
        let meant = inside.max_by(|a, b| weight(*a).total_cmp(&weight(*b)));
        let is_elsewhere = |b: usize, at_best: f64| {
            let is_farther = |m: usize| b.abs_diff(m) > NEAR && at_best < weight(m) - FARTHER;
            !plausible.contains(&b) || meant.is_some_and(is_farther)
        };
        let at_best = |b: usize| {
            let lasting =
                scanned.changes.iter().filter(|c| c.kind != ChangeKind::Spike && c.bucket.abs_diff(b) <= NEAR);
            let known = lasting.min_by_key(|c| c.bucket.abs_diff(b));
            known.map_or(weight(b), |c| asked.greatest_log_weight(c.outer_interval))
        };
        let mut changes: Vec<usize> = scanned.breaks.iter().copied().filter(|&b| is_elsewhere(b, at_best(b))).collect();
        let is_meant = |c: &&Found| meant == Some(c.bucket);
        let outage = scanned.changes.iter().find(is_meant).and_then(|c| Some(c.bucket..c.bucket + long(c)?));
        changes.extend(outage.iter().map(|outage| outage.end));
        changes.extend(scanned.changes.iter().filter(|c| meant.is_some() && end_of(c) == meant).map(|c| c.bucket));
        changes.sort_unstable();
        changes.dedup();
        let is_run_elsewhere = |s: &&Spike| {
            let nearest = meant.map_or(s.from, |m| m.clamp(s.from, s.to - 1));
            let is_outside = s.to <= plausible.start || s.from >= plausible.end;
            is_outside || is_over(s.from..s.to) || is_elsewhere(nearest, fit(s.from..s.to))
        };
        let runs = scanned.spikes.iter().filter(is_run_elsewhere);
        let mut spikes: Vec<usize> = runs.flat_map(|s| s.from..s.to).collect();
        spikes.sort_unstable();
        Self { changes, spikes, outage }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::detect::scan;
    use crate::model::Span;
    use crate::simulation::{hours, normals};

    #[test]
    fn the_hour_is_told_at_a_weekend_that_has_hours_of_its_own() {
        // Saturday, 20 January 2024, 14:00.
        let step = 19 * 24 + 14;
        let usual = |i: usize| {
            let (hour, weekend) = (i % 24, (i / 24) % 7 >= 5);
            let busy = if weekend { (12..22).contains(&hour) } else { (8..17).contains(&hour) };
            100.0 + if busy { 12.0 } else { 0.0 }
        };
        let told = |seed: u64| {
            let noise = normals(35 * 24, seed).into_iter().enumerate();
            let series = hours(noise.map(|(i, z)| usual(i) + 2.0 * z + if i >= step { 5.0 } else { 0.0 }).collect());
            let from = series.moment(19 * 24).to_utc();
            let asked = Asked::new(&series, Span { from, to: from + TimeDelta::days(1) }).unwrap();
            let near = near(&series, &scan(&series, 0.05), &asked, 3.0 * 86_400.0).unwrap();
            let logs = near.scores.log_bayes_of(ChangeKind::Level);
            let likeliest = (0..logs.len()).max_by(|a, b| logs[*a].total_cmp(&logs[*b])).unwrap();
            (near.moments.unix[likeliest] - series.edges()[step] as f64).abs() <= 2.0 * 3600.0
        };
        let found = (0..20).filter(|seed| told(*seed)).count();
        assert!(found >= 16, "it is told in {found} of 20");
    }

    #[test]
    fn an_outage_of_some_hours_is_told_with_its_length_and_the_level_of_its_hours() {
        // Orders of the day, none by night, that stay away from ten to four.
        let from = 19 * 24 + 10;
        let usual = |i: usize| 60.0 - 55.0 * ((i % 24) as f64 / 24.0 * std::f64::consts::TAU).cos();
        for seed in 0..6 {
            let noise = normals(28 * 24, seed).into_iter().enumerate();
            let left = |i: usize| if (from..from + 6).contains(&i) { 0.0 } else { 1.0 };
            let series = hours(noise.map(|(i, z)| left(i) * (usual(i) + 3.0 * z).round().max(0.0)).collect());
            let day = series.moment(19 * 24).to_utc();
            let asked = Asked::new(&series, Span { from: day, to: day + TimeDelta::days(1) }).unwrap();
            let scanned = scan(&series, 0.05);
            let near = near(&series, &scanned, &asked, 3.0 * 86_400.0).unwrap();
            let found = near.change(&series, &scanned.rhythms, 0.05).unwrap();
            let length = found.length.unwrap_or(0);
            assert!(found.kind == ChangeKind::Spike && length.abs_diff(6) <= 1, "seed {seed}: {found:?}");
            assert!(found.bucket.abs_diff(from) <= 1, "seed {seed}: {found:?}");
            // What was expected from ten to four, and not the mean of a day.
            assert!(found.before > 90.0 && found.after.abs() < 10.0, "seed {seed}: {found:?}");
        }
    }

    #[test]
    fn a_day_that_lost_most_of_itself_lost_it_from_early_on() {
        for (left, latest) in [(0.0, 0.1), (0.15, 0.25), (0.6, 0.7)] {
            let noise = normals(90, 3).into_iter().enumerate();
            let value = |(i, z): (usize, f64)| (1000.0 + 20.0 * z) * if i == 60 { left } else { 1.0 };
            let series = crate::simulation::days(noise.map(value).collect());
            let from = series.moment(60).to_utc();
            let asked = Asked::new(&series, Span { from, to: from + TimeDelta::days(1) }).unwrap();
            let near = near(&series, &scan(&series, 0.05), &asked, 3.0 * 86_400.0).unwrap();
            let found = near.change(&series, &[], 0.05).unwrap();
            let share = |moment: f64| (moment - series.edges()[60] as f64) / 86_400.0;
            let (first, last) = (share(found.interval.0), share(found.interval.1));
            assert_eq!((found.kind, found.bucket), (ChangeKind::Spike, 60), "{left}: {found:?}");
            assert!(first < 0.1 && last <= latest && last >= 0.5 * left, "{left}: from {first} to {last}");
        }
    }

    #[test]
    fn an_outage_that_was_over_for_long_is_not_what_was_asked_about() {
        // Six hours at half, more than two days before the date, on which nothing happened.
        let outage = 16 * 24 + 8;
        for seed in 0..6 {
            let noise = normals(35 * 24, seed).into_iter().enumerate();
            let left = |i: usize| if (outage..outage + 6).contains(&i) { 50.0 } else { 100.0 };
            let series = hours(noise.map(|(i, z)| left(i) + 3.0 * z).collect());
            let scanned = scan(&series, 0.05);
            let is_it = |c: &Found| c.kind == ChangeKind::Spike && c.bucket.abs_diff(outage) <= 1;
            assert!(scanned.changes.iter().any(is_it), "seed {seed}");
            let change_on = |day: i64| {
                let from = series.moment(0).to_utc() + TimeDelta::days(day);
                let asked = Asked::new(&series, Span { from, to: from + TimeDelta::days(1) }).unwrap();
                near(&series, &scanned, &asked, 3.0 * 86_400.0).unwrap().change(&series, &[], 0.05)
            };
            assert_eq!(change_on(19), None, "seed {seed}");
            assert!(change_on(17).is_some_and(|c| is_it(&c)), "seed {seed}");
        }
    }

    #[test]
    fn who_asks_about_the_day_on_which_a_spell_ended_asks_about_its_end() {
        // 44 hours at half, from the 17th to the 19th.
        let (from, to) = (16 * 24 + 11, 18 * 24 + 7);
        for seed in 0..6 {
            let noise = normals(35 * 24, seed).into_iter().enumerate();
            let left = |i: usize| if (from..to).contains(&i) { 50.0 } else { 100.0 };
            let series = hours(noise.map(|(i, z)| left(i) + 3.0 * z).collect());
            let scanned = scan(&series, 0.05);
            let change_on = |hour: usize, length: i64| {
                let from = series.moment(hour).to_utc();
                let asked = Asked::new(&series, Span { from, to: from + TimeDelta::hours(length) }).unwrap();
                near(&series, &scanned, &asked, 3.0 * 86_400.0).unwrap().change(&series, &[], 0.05).unwrap()
            };
            for found in [change_on(18 * 24, 24), change_on(to, 0)] {
                assert!(found.bucket.abs_diff(to) <= 1 && found.after > found.before, "seed {seed}: {found:?}");
            }
            for found in [change_on(16 * 24, 24), change_on(17 * 24, 24)] {
                assert!(found.bucket.abs_diff(from) <= 1 && found.after < found.before, "seed {seed}: {found:?}");
            }
        }
    }

    #[test]
    fn a_fall_of_some_hours_ago_is_told_by_what_was_expected_of_these_hours() {
        // Orders of the day, none by night, that fall by half at eleven.
        let from = 27 * 24 + 11;
        let usual = |i: usize| 200.0 * (1.0 - 0.95 * ((i % 24) as f64 / 24.0 * std::f64::consts::TAU).cos());
        let mut held = 0;
        for (seed, hours_since) in (0..12).zip([3, 4, 5, 6, 7, 8].into_iter().cycle()) {
            let noise = normals(from + hours_since, seed).into_iter().enumerate();
            let value = |(i, z): (usize, f64)| usual(i) * (1.0 + 0.03 * z) * if i >= from { 0.5 } else { 1.0 };
            let series = hours(noise.map(value).collect());
            let day = series.moment(27 * 24).to_utc();
            let asked = Asked::new(&series, Span { from: day, to: day + TimeDelta::days(1) }).unwrap();
            let scanned = scan(&series, 0.05);
            let near = near(&series, &scanned, &asked, 3.0 * 86_400.0).unwrap();
            let found = near.change(scanned.analysed(&series), &scanned.rhythms, 0.05).unwrap();
            let (relative, (low, high)) = (found.relative.unwrap(), found.relative_interval.unwrap());
            assert!((relative + 0.5).abs() < 0.1, "{hours_since} hours, seed {seed}: {found:?}");
            held += usize::from((low..=high).contains(&-0.5));
        }
        assert!(held >= 10, "the interval holds the truth in {held} of 12");
    }

    #[test]
    fn what_changed_farther_from_the_date_is_not_what_was_asked_about() {
        // An outage of two hours and a large fall on the 17th, a small one on the 20th.
        let (outage, large, small) = (16 * 24 + 8, 16 * 24 + 15, 19 * 24 + 14);
        for seed in 0..10 {
            let noise = normals(35 * 24, seed).into_iter().enumerate();
            let moved = |i: usize| {
                let falls = if i >= large { -12.0 } else { 0.0 } + if i >= small { -4.0 } else { 0.0 };
                falls + if (outage..outage + 2).contains(&i) { -90.0 } else { 0.0 }
            };
            let series = hours(noise.map(|(i, z)| 100.0 + 2.0 * z + moved(i)).collect());
            let from = series.moment(19 * 24).to_utc();
            let asked = Asked::new(&series, Span { from, to: from + TimeDelta::days(1) }).unwrap();
            let near = near(&series, &scan(&series, 0.05), &asked, 3.0 * 86_400.0).unwrap();
            let found = near.change(&series, &[], 0.05).unwrap();
            assert!(found.bucket.abs_diff(small) <= 4 && found.after < found.before, "seed {seed}: {found:?}");
        }
    }
}
