use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

const OSLO: Tz = Tz::Europe__Oslo;

fn unix(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}

/// `n` stamps at the starts of consecutive buckets from the one that holds `from`.
fn ticks(step: Step, zone: Tz, phase: i64, from: &str, n: i64) -> Vec<i64> {
    let ruler = Ruler { phase, ..Ruler::natural(step, zone) };
    let first = ruler.place(unix(from)).0;
    (first..first + n).map(|i| ruler.start(i)).collect()
}

fn step_of(stamps: &[i64], zone: Tz) -> Step {
    Grid::fit(stamps, zone, None).unwrap().step()
}

#[test]
fn local_days_of_23_and_25_hours_are_days() {
    let stamps = ticks(Step::Day, OSLO, 0, "2023-10-01T12:00:00Z", 200);
    let grid = Grid::fit(&stamps, OSLO, None).unwrap();
    assert_eq!(grid.step(), Step::Day);
    assert_eq!(&grid.edges()[..200], &stamps[..]);
    let lengths: Vec<i64> = grid.edges().windows(2).map(|w| (w[1] - w[0]) / HOUR).collect();
    assert!(lengths.contains(&23) && lengths.contains(&25));
}

#[test]
fn days_at_utc_midnight_stay_utc_days_in_another_zone() {
    for zone in [OSLO, Tz::America__New_York, Tz::Asia__Kolkata] {
        let stamps = ticks(Step::Day, Tz::UTC, 0, "2023-01-01T00:00:00Z", 365);
        let grid = Grid::fit(&stamps, zone, None).unwrap();
        assert_eq!(grid.step(), Step::Day);
        assert_eq!(&grid.edges()[..365], &stamps[..], "{zone}");
    }
}

#[test]
fn days_at_midnight_of_a_zone_that_was_not_named_are_days_across_its_clock_change() {
    let stamps = ticks(Step::Day, OSLO, 0, "2023-01-01T00:00:00Z", 365);
    let grid = Grid::fit(&stamps, Tz::UTC, None).unwrap();
    assert_eq!((grid.step(), grid.edges().len()), (Step::Day, 366));
    assert!(stamps.iter().enumerate().all(|(i, &s)| grid.bucket(s) == Some(i)));
}

#[test]
fn days_stamped_at_nine_begin_at_nine() {
    let stamps = ticks(Step::Day, OSLO, 9 * HOUR, "2023-03-01T12:00:00Z", 60);
    let grid = Grid::fit(&stamps, OSLO, None).unwrap();
    assert_eq!((grid.step(), &grid.edges()[..60]), (Step::Day, &stamps[..]));
}

#[test]
fn a_job_that_runs_a_few_seconds_late_gives_days() {
    let mut stamps = ticks(Step::Day, Tz::UTC, 9 * HOUR, "2023-03-01T12:00:00Z", 60);
    for (i, s) in stamps.iter_mut().enumerate() {
        *s += i64::try_from(i * 7 % 50).unwrap();
    }
    let grid = Grid::fit(&stamps, Tz::UTC, None).unwrap();
    assert_eq!((grid.step(), grid.edges()[0]), (Step::Day, unix("2023-03-01T09:00:00Z")));
}

#[test]
fn the_last_second_of_a_day_stands_for_that_day() {
    let stamps = ticks(Step::Day, Tz::UTC, DAY - 1, "2023-03-01T23:59:59Z", 60);
    assert_eq!(Grid::fit(&stamps, Tz::UTC, None).unwrap().edges()[0], unix("2023-03-01T00:00:00Z"));
}

#[test]
fn weekdays_only_are_days_with_gaps() {
    let mut stamps = ticks(Step::Day, OSLO, 0, "2023-01-02T12:00:00Z", 140);
    let mut i = 0;
    stamps.retain(|_| {
        i += 1;
        (i - 1) % 7 < 5
    });
    assert_eq!(step_of(&stamps, OSLO), Step::Day);
}

#[test]
fn weeks_may_begin_on_any_weekday() {
    for day in 0..7 {
        let stamps = ticks(Step::Week, OSLO, day * DAY, "2023-01-04T12:00:00Z", 60);
        let grid = Grid::fit(&stamps, OSLO, None).unwrap();
        assert_eq!((grid.step(), &grid.edges()[..60]), (Step::Week, &stamps[..]), "{day}");
    }
}

#[test]
fn months_quarters_and_years_have_their_real_lengths() {
    for n in [1, 3, 12] {
        let stamps = ticks(Step::Months(n), OSLO, 0, "2015-01-15T00:00:00Z", 9);
        let grid = Grid::fit(&stamps, OSLO, None).unwrap();
        assert_eq!((grid.step(), &grid.edges()[..9]), (Step::Months(n), &stamps[..]));
    }
}

#[test]
fn quarters_may_begin_in_february() {
    let stamps: Vec<i64> = ["2022-02-01", "2022-05-01", "2022-08-01", "2022-11-01", "2023-02-01"]
        .map(|d| unix(&format!("{d}T00:00:00Z")))
        .to_vec();
    let grid = Grid::fit(&stamps, Tz::UTC, None).unwrap();
    assert_eq!((grid.step(), &grid.edges()[..5]), (Step::Months(3), &stamps[..]));
}

#[test]
fn the_first_of_the_month_in_another_zone_is_a_month() {
    let stamps = ticks(Step::Months(1), OSLO, 0, "2022-01-15T00:00:00Z", 24);
    let grid = Grid::fit(&stamps, Tz::UTC, None).unwrap();
    assert_eq!((grid.step(), grid.edges().len()), (Step::Months(1), 25));
    assert!(stamps.iter().enumerate().all(|(i, &s)| grid.bucket(s) == Some(i)));
}

#[test]
fn the_last_day_of_a_month_stands_for_that_month() {
    let stamps: Vec<i64> =
        ["2023-01-31", "2023-02-28", "2023-03-31", "2023-04-30"].map(|d| unix(&format!("{d}T00:00:00Z"))).to_vec();
    let grid = Grid::fit(&stamps, Tz::UTC, None).unwrap();
    assert_eq!((grid.step(), grid.edges()[0]), (Step::Months(1), unix("2023-01-01T00:00:00Z")));
}

#[test]
fn hours_are_elapsed_time_across_a_clock_change() {
    let stamps: Vec<i64> = (0..72).map(|i| unix("2023-10-28T00:00:00Z") + i * HOUR).collect();
    let grid = Grid::fit(&stamps, OSLO, None).unwrap();
    assert_eq!((grid.step(), grid.edges().len()), (Step::Hours(1), 73));
    assert!(grid.edges().windows(2).all(|w| w[1] - w[0] == HOUR));
}

#[test]
fn six_local_hours_are_found_across_a_clock_change() {
    let stamps = ticks(Step::Hours(6), OSLO, 0, "2023-10-01T00:00:00Z", 240);
    let grid = Grid::fit(&stamps, OSLO, None).unwrap();
    assert_eq!((grid.step(), &grid.edges()[..240]), (Step::Hours(6), &stamps[..]));
}

#[test]
fn raw_events_are_irregular() {
    let stamps: Vec<i64> = (0..300_i64).map(|i| unix("2023-10-01T00:00:00Z") + i * 977 + (i * i * 31) % 613).collect();
    assert!(matches!(Grid::fit(&stamps, Tz::UTC, None), Err(GridError::Irregular { .. })));
    assert_eq!(Grid::fit(&stamps, Tz::UTC, Some(Step::Day)).unwrap().step(), Step::Day);
}

#[test]
fn an_absurd_span_names_the_lonely_stamp_and_allocates_nothing() {
    let mut stamps = ticks(Step::Day, Tz::UTC, 0, "2023-03-01T00:00:00Z", 300);
    let last = unix("9999-12-31T00:00:00Z");
    stamps.push(last);
    assert!(matches!(Grid::fit(&stamps, Tz::UTC, None), Err(GridError::TooLong { at, .. }) if at == last));
    stamps.pop();
    let first = unix("0001-01-01T00:00:00Z");
    stamps.insert(0, first);
    assert!(matches!(Grid::fit(&stamps, Tz::UTC, None), Err(GridError::TooLong { at, .. }) if at == first));
    let extremes = [i64::MIN + 1, 0, i64::MAX];
    assert!(matches!(Grid::fit(&extremes, Tz::UTC, Some(Step::Day)), Err(GridError::TooLong { .. })));
}

#[test]
fn one_stamp_is_enough_only_where_the_step_is_set() {
    let stamp = [unix("2023-03-01T15:00:00Z")];
    assert_eq!(Grid::fit(&stamp, Tz::UTC, None), Err(GridError::TooFew { found: 1 }));
    assert_eq!(Grid::fit(&[], Tz::UTC, Some(Step::Day)), Err(GridError::TooFew { found: 0 }));
    assert_eq!(Grid::fit(&stamp, Tz::UTC, Some(Step::Day)).unwrap().edges().len(), 2);
}

#[test]
fn two_stamps_a_day_apart_are_days() {
    assert_eq!(step_of(&ticks(Step::Day, OSLO, 0, "2023-12-31T12:00:00Z", 2), OSLO), Step::Day);
}

#[test]
fn a_time_that_clocks_skip_is_the_first_moment_after() {
    let at = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    let moment = |text| moment_at(OSLO, at(text)).to_rfc3339();
    assert_eq!(moment("2023-03-26 02:30"), "2023-03-26T01:00:00+00:00");
    assert_eq!(moment("2023-10-29 02:30"), "2023-10-29T00:30:00+00:00");
    assert_eq!(moment_at(Tz::Pacific__Apia, at("2011-12-30 12:00")).to_rfc3339(), "2011-12-30T10:00:00+00:00");
}

fn steps() -> impl Strategy<Value = Step> {
    prop::sample::select(STEPS.to_vec())
}

fn zones() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![Tz::UTC, OSLO, Tz::America__New_York, Tz::Asia__Kolkata, Tz::Australia__Lord_Howe])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn regular_data_with_gaps_gives_its_own_step_and_edges(
        step in steps(), zone in zones(), from in 900_000_000_i64..1_700_000_000, kept in prop::collection::vec(0..10_u8, 40..120),
    ) {
        let ruler = Ruler::natural(step, zone);
        let first = ruler.place(from).0;
        let all: Vec<i64> = (first..).zip(&kept).map(|(i, _)| ruler.start(i)).collect();
        let stamps: Vec<i64> = all.iter().zip(&kept).filter(|(_, k)| **k > 1).map(|(s, _)| *s).collect();
        prop_assume!(stamps.len() > 25 && all.windows(2).all(|w| w[0] < w[1]));
        let grid = Grid::fit(&stamps, zone, None).unwrap();
        prop_assert_eq!(grid.step(), step);
        for s in &stamps {
            prop_assert_eq!(grid.bucket(*s).map(|i| grid.edges()[i]), Some(*s));
        }
    }

    #[test]
    fn any_stamps_give_an_error_or_buckets_that_hold_them_all(
        mut stamps in prop::collection::vec(-70_000_000_000_i64..260_000_000_000, 0..60), zone in zones(), every in prop::option::of(steps()),
    ) {
        stamps.sort_unstable();
        stamps.dedup();
        if let Ok(grid) = Grid::fit(&stamps, zone, every) {
            prop_assert!(grid.edges().windows(2).all(|w| w[0] < w[1]));
            prop_assert!(stamps.iter().all(|&s| grid.bucket(s).is_some()));
        }
    }
}
