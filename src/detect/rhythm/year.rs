//! The days of a year: its time, and holidays that repeat.

use super::{DAYS_OF_YEAR, Effects, Rhythm, WEEKS, running_mean};
use crate::stats::{mad_sd, median, running_median};

/// A holiday stands out by more than so many standard deviations in each of two years, and in each of three or more: so rarely by chance.
const HOLIDAY_OF_TWO: f64 = 4.0;
const HOLIDAY: f64 = 2.5;
/// Days about a holiday that tell what is usual then: eight weeks, of which the holidays about a new year are less than half.
const BESIDE_HOLIDAY: usize = 57;

impl Rhythm {
    /// For each day of the year the effect of its time of the year, and of a holiday that repeats.
    ///
    /// The time of the year is a week, by the median over all years, smoothed with those beside it.
    pub(super) fn days_of_year(&self, values: &[f64]) -> Effects {
        let holidays = self.holidays(&above_weeks(values));
        let others: Vec<f64> = values.iter().zip(&self.phases).map(|(v, &phase)| v - holidays[phase]).collect();
        let trend = running_mean(&others, self.period);
        let week = |phase: usize| (phase / 31 * 61 / 2 + phase % 31).min(DAYS_OF_YEAR - 1) / 7 % WEEKS;
        let mut above: Vec<Vec<f64>> = vec![Vec::new(); WEEKS];
        for ((v, t), &phase) in others.iter().zip(&trend).zip(&self.phases).filter(|((v, _), _)| !v.is_nan()) {
            above[week(phase)].push(v - t);
        }
        let weeks: Vec<f64> = above.iter().map(|v| if v.is_empty() { 0.0 } else { median(v) }).collect();
        let mean = weeks.iter().sum::<f64>() / WEEKS as f64;
        let beside = |w: usize| [w + WEEKS - 1, w, w + 1].iter().map(|w| weeks[w % WEEKS]).sum::<f64>() / 3.0 - mean;
        let times: Vec<f64> = (0..WEEKS).map(beside).collect();
        let all = holidays.iter().enumerate().map(|(phase, holiday)| times[week(phase)] + holiday).collect();
        Effects { all, known: holidays }
    }

    /// What each day of the year brings as a holiday: one stands out of the weeks beside it, which days are so much `above`, to the same side in each
    /// of two years or more.
    pub(super) fn holidays(&self, above: &[f64]) -> Vec<f64> {
        let sd = mad_sd(above, 0.0);
        let mut days: Vec<Vec<f64>> = vec![Vec::new(); self.count];
        for (above, &phase) in above.iter().zip(&self.phases).filter(|(above, _)| !above.is_nan()) {
            days[phase].push(*above);
        }
        let stands_out = |v: &[f64]| {
            let far = sd * if v.len() > 2 { HOLIDAY } else { HOLIDAY_OF_TWO };
            v.len() >= 2 && (v.iter().all(|v| *v > far) || v.iter().all(|v| *v < -far))
        };
        days.iter().map(|day| if stands_out(day) { median(day) } else { 0.0 }).collect()
    }
}

/// By how much each day is above the median of the weeks about it; missing where the day is, or where there are not as many.
pub(super) fn above_weeks(values: &[f64]) -> Vec<f64> {
    let present: Vec<usize> = (0..values.len()).filter(|&i| !values[i].is_nan()).collect();
    let usual = running_median::<BESIDE_HOLIDAY>(&present.iter().map(|&i| values[i]).collect::<Vec<f64>>());
    let mut above = vec![f64::NAN; values.len()];
    if !usual.is_empty() {
        for (k, i) in present.into_iter().enumerate() {
            above[i] = values[i] - usual[k.saturating_sub(BESIDE_HOLIDAY / 2).min(usual.len() - 1)];
        }
    }
    above
}

/// Whether two days a year apart are as far `above` or below their weeks as holidays, to the same side: a quick look, without a calendar.
pub(super) fn may_have_holidays(above: &[f64]) -> bool {
    let far = HOLIDAY * mad_sd(above, 0.0);
    let is_out = |a: f64, b: f64| (a > far && b > far) || (a < -far && b < -far);
    let a_year_on = |lag: usize| above.iter().zip(above.iter().skip(lag)).any(|(a, b)| is_out(*a, *b));
    a_year_on(DAYS_OF_YEAR) || a_year_on(DAYS_OF_YEAR + 1)
}
