//! When people change things.

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;

use super::groups::commit;
use crate::model::{Deploy, Moment};

/// How often people deploy at each hour of a working day and of a weekend, relative to the mean over the week, and how often several things at
/// once; what nobody recorded is done by people as well.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkingHours {
    zone: Tz,
    /// Of working days and of weekends, at each hour.
    rate: [[f64; 24]; 2],
    /// The share of deployments that go out along with another commit.
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

    /// The share of other causes that are the work of people along with a recorded deployment.
    pub(super) fn along_with_recorded(&self) -> f64 {
        OF_PEOPLE * self.along
    }

    /// log density of other causes at these moments (Unix seconds), of which a share of people's is `elsewhere`; the mean density is 1 less that.
    pub(super) fn log_density(&self, moments: &[f64], elsewhere: f64) -> Vec<f64> {
        let rates: Vec<f64> = moments.iter().map(|&at| self.rate_at(at)).collect();
        let mean = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
        let of_people = if mean > 0.0 { OF_PEOPLE - elsewhere } else { 0.0 };
        let any_time = 1.0 - elsewhere - of_people;
        let of_people = if mean > 0.0 { of_people / mean } else { 0.0 };
        rates.into_iter().map(|rate| (any_time + of_people * rate).ln()).collect()
    }

    #[allow(clippy::cast_possible_truncation)]
    fn rate_at(&self, unix: f64) -> f64 {
        let at = DateTime::from_timestamp(unix as i64, 0).unwrap_or_default().with_timezone(&self.zone);
        self.rate[usize::from(is_weekend(&at))][at.hour() as usize]
    }
}

/// The share b of commits that go out along with another one.
///
/// Of all a share p has another within ten minutes, and a share q one as long a time three quarters of an hour before or after, as chance brings it. What comes along and
/// what is there by chance are independent, 1 − p = (1 − b) (1 − q). Times that are known to ten minutes at best tell nothing.
fn along(deployed: &[&Deploy]) -> f64 {
    let commits: Vec<(f64, &str)> = deployed.iter().filter_map(|d| Some((d.unix(), commit(d)?))).collect();
    if commits.iter().all(|(at, _)| at % AT_ONCE == 0.0) {
        return 0.0;
    }
    let place = |moment: f64| commits.partition_point(|(at, _)| *at < moment);
    let is_near = |(at, this): &(f64, &str), far: f64, reach: f64| {
        commits[place(at + far - reach)..place(at + far + reach)].iter().any(|(_, other)| other != this)
    };
    let share = |test: &dyn Fn(&(f64, &str)) -> bool| {
        commits.iter().filter(|commit| test(commit)).count() as f64 / commits.len() as f64
    };
    let at_once = share(&|commit| is_near(commit, 0.0, AT_ONCE));
    let by_chance = share(&|commit| [-APART, APART].iter().any(|far| is_near(commit, *far, AT_ONCE / 2.0)));
    if by_chance < 1.0 { ((at_once - by_chance) / (1.0 - by_chance)).max(0.0) } else { 0.0 }
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
        let density: Vec<f64> = hours.log_density(&moments, 0.0).iter().map(|log| log.exp()).collect();
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
        let every = |seconds: i64, commit: fn(i64) -> i64| -> Vec<Deploy> {
            (0..80).map(|i| deploy(noon + 7 + seconds * i, &format!("{:07}", commit(i)))).collect()
        };
        let pairs = |commit: fn(i64) -> i64, rounded: i64| -> Vec<Deploy> {
            let at = |i: i64| (noon + 7 + 86_400 * (i / 2) + 300 * (i % 2)) / rounded * rounded;
            (0..80).map(|i| deploy(at(i), &format!("{:07}", commit(i)))).collect()
        };
        let along = |deploys: Vec<Deploy>| of(&deploys).unwrap().along;
        // Two a day, five minutes apart; the same where both are one commit, or are known to the hour.
        assert!((along(pairs(|i| i, 1)) - 1.0).abs() < 1e-12);
        assert!(along(pairs(|i| i / 2, 1)).abs() < 1e-12 && along(pairs(|i| i, 3600)).abs() < 1e-12);
        // One every eight minutes always has others near, and at any distance.
        assert!(along(every(480, |i| i)).abs() < 1e-12);
    }
}
