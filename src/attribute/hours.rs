//! When people change things.

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;

use crate::model::{Deploy, Moment};

/// How often people deploy at each hour of a working day and of a weekend, relative to the mean over the week, and how often several things at
/// once; what nobody recorded is done by people as well.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkingHours {
    zone: Tz,
    /// Of working days and of weekends, at each hour.
    rate: [[f64; 24]; 2],
    /// The share of deployments that go out along with another.
    along: f64,
}

/// Fewer deployments tell nothing of the hours.
const FEWEST: u32 = 30;
/// The share of other causes that is the work of people: an assumption, even odds with what may happen at any time.
const OF_PEOPLE: f64 = 0.5;
/// What goes out within so many seconds goes out at once.
const AT_ONCE: f64 = 600.0;
/// At this distance, in seconds, others are there by chance.
const APART: f64 = 2700.0;
/// Weights of an hour and of those beside it.
const KERNEL: [(usize, f64); 5] = [(22, 1.0), (23, 2.0), (0, 3.0), (1, 2.0), (2, 1.0)];

impl WorkingHours {
    /// Of deployments, given in the order of time; none where they are too few.
    #[must_use]
    pub fn of(deployed: &[&Deploy]) -> Option<Self> {
        let mut counts = [[0.0; 24]; 2];
        let (mut zone, mut all) = (Tz::UTC, 0_u32);
        for at in deployed.iter().map(|deploy| &deploy.deployed_at) {
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
        (all >= FEWEST).then(|| Self { zone, rate, along: along(deployed) })
    }

    /// The share of other causes that came along with a recorded deployment.
    pub(super) fn along_with_recorded(&self) -> f64 {
        OF_PEOPLE * self.along
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

/// The share of deployments that go out within ten minutes of another commit, less the share that has one as long a time three quarters of an hour before or
/// after: by chance there would be as many (the excess of the pair correlation of a clustered point process, Ripley 1977).
fn along(deployed: &[&Deploy]) -> f64 {
    let at: Vec<f64> = deployed.iter().map(|deploy| deploy.unix()).collect();
    let has = |i: usize, from: f64, to: f64| {
        let inside = at.partition_point(|t| *t < at[i] + from)..at.partition_point(|t| *t <= at[i] + to);
        inside.into_iter().any(|j| j != i && (deployed[j].commit.is_none() || deployed[j].commit != deployed[i].commit))
    };
    let at_once = (0..at.len()).filter(|&i| has(i, -AT_ONCE, AT_ONCE)).count();
    let half = AT_ONCE / 2.0;
    let apart = |i: &usize| [-APART, APART].iter().any(|d| has(*i, d - half, d + half));
    let by_chance = (0..at.len()).filter(apart).count();
    at_once.saturating_sub(by_chance) as f64 / at.len().max(1) as f64
}

fn is_weekend(at: &Moment) -> bool {
    at.weekday().num_days_from_monday() >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deploy(unix: i64, commit: &str) -> Deploy {
        let at = DateTime::from_timestamp(unix, 0).unwrap().with_timezone(&Tz::UTC);
        Deploy { commit: Some(commit.to_owned()), ..Deploy::at(at) }
    }

    /// Deployments at noon of each day of four weeks from Monday 2024-01-01 on that is no weekend.
    fn at_noon() -> Vec<Deploy> {
        let day = |i: i64| deploy(1_704_110_400 + 86_400 * i, &format!("{i:07}"));
        (0..56).map(day).filter(|deploy| !is_weekend(&deploy.deployed_at)).collect()
    }

    fn of(deploys: &[Deploy]) -> Option<WorkingHours> {
        WorkingHours::of(&deploys.iter().collect::<Vec<_>>())
    }

    #[test]
    fn causes_are_likelier_when_people_work_and_possible_at_any_time() {
        let hours = of(&at_noon()).unwrap();
        let moments: Vec<f64> = (0..168).map(|i| 1_704_067_200.0 + 3600.0 * f64::from(i)).collect();
        let density: Vec<f64> = hours.log_density(&moments).iter().map(|log| log.exp()).collect();
        assert!((density.iter().sum::<f64>() / 168.0 - 1.0).abs() < 1e-9);
        assert!(density[12] > 5.0 && (density[3] - 0.5).abs() < 1e-9 && (density[5 * 24 + 12] - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_few_deployments_tell_no_hours() {
        assert_eq!(of(&at_noon()[..10]), None);
    }

    #[test]
    fn what_goes_out_at_once_is_told_from_what_goes_out_often() {
        let noon = 1_704_110_400;
        assert!(of(&at_noon()).unwrap().along.abs() < 1e-12);
        // Two commits a day, five minutes apart; the same where both are one commit; one every twenty minutes.
        let pairs = |same: bool| -> Vec<Deploy> {
            let name = |i: i64| format!("{:07}", if same { i / 2 } else { i });
            (0..80).map(|i| deploy(noon + 86_400 * (i / 2) + 300 * (i % 2), &name(i))).collect()
        };
        assert!((of(&pairs(false)).unwrap().along - 1.0).abs() < 1e-12);
        assert!(of(&pairs(true)).unwrap().along.abs() < 1e-12);
        let often: Vec<Deploy> = (0..80).map(|i| deploy(noon + 450 * i, &format!("{i:07}"))).collect();
        assert!(of(&often).unwrap().along.abs() < 1e-12);
    }
}
