//! When people change things.

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;

use crate::model::Moment;

/// How often people deploy at each hour of a working day and of a weekend, relative to the mean over the week; what nobody recorded is done by
/// people as well.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkingHours {
    zone: Tz,
    /// Of working days and of weekends, at each hour.
    rate: [[f64; 24]; 2],
}

/// Fewer deployments tell nothing of the hours.
const FEWEST: u32 = 30;
/// The share of other causes that is the work of people: an assumption, even odds with what may happen at any time.
const OF_PEOPLE: f64 = 0.5;
/// Weights of an hour and of those beside it.
const KERNEL: [(usize, f64); 5] = [(22, 1.0), (23, 2.0), (0, 3.0), (1, 2.0), (2, 1.0)];

impl WorkingHours {
    /// Of the deployments at these moments; none where they are too few.
    #[must_use]
    pub fn of<'a>(deployed: impl IntoIterator<Item = &'a Moment>) -> Option<Self> {
        let mut counts = [[0.0; 24]; 2];
        let (mut zone, mut all) = (Tz::UTC, 0_u32);
        for at in deployed {
            counts[usize::from(is_weekend(at))][at.hour() as usize] += 1.0;
            zone = at.timezone();
            all += 1;
        }
        let days = [5.0, 2.0];
        let mean = f64::from(all) / (7.0 * 24.0);
        let total: f64 = KERNEL.iter().map(|(_, weight)| weight).sum();
        let rate = |kind: usize, hour: usize| {
            let smooth = KERNEL.iter().map(|(off, weight)| weight * counts[kind][(hour + off) % 24]).sum::<f64>();
            smooth / total / days[kind] / mean
        };
        let rate = [0, 1].map(|kind| std::array::from_fn(|hour| rate(kind, hour)));
        (all >= FEWEST).then_some(Self { zone, rate })
    }

    /// log density of other causes at these moments (Unix seconds), relative to their mean.
    pub(super) fn log_density(&self, moments: &[f64]) -> Vec<f64> {
        let rates: Vec<f64> = moments.iter().map(|&at| self.rate_at(at)).collect();
        let mean = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
        let of_people = if mean > 0.0 { OF_PEOPLE / mean } else { 0.0 };
        let any_time = if mean > 0.0 { 1.0 - OF_PEOPLE } else { 1.0 };
        rates.into_iter().map(|rate| (any_time + of_people * rate).ln()).collect()
    }

    #[allow(clippy::cast_possible_truncation)]
    fn rate_at(&self, unix: f64) -> f64 {
        let at = DateTime::from_timestamp(unix as i64, 0).unwrap_or_default().with_timezone(&self.zone);
        self.rate[usize::from(is_weekend(&at))][at.hour() as usize]
    }
}

fn is_weekend(at: &Moment) -> bool {
    at.weekday().num_days_from_monday() >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deployments at noon of each day of four weeks from Monday 2024-01-01 on that is no weekend.
    fn at_noon() -> Vec<Moment> {
        let day = |i: i64| DateTime::from_timestamp(1_704_110_400 + 86_400 * i, 0).unwrap().with_timezone(&Tz::UTC);
        (0..56).map(day).filter(|at| !is_weekend(at)).collect()
    }

    #[test]
    fn causes_are_likelier_when_people_work_and_possible_at_any_time() {
        let hours = WorkingHours::of(&at_noon()).unwrap();
        let moments: Vec<f64> = (0..168).map(|i| 1_704_067_200.0 + 3600.0 * f64::from(i)).collect();
        let density: Vec<f64> = hours.log_density(&moments).iter().map(|log| log.exp()).collect();
        assert!((density.iter().sum::<f64>() / 168.0 - 1.0).abs() < 1e-9);
        assert!(density[12] > 5.0 && (density[3] - 0.5).abs() < 1e-9 && (density[5 * 24 + 12] - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_few_deployments_tell_no_hours() {
        assert_eq!(WorkingHours::of(&at_noon()[..10]), None);
    }
}
