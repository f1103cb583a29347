use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::detect::{Neighbourhood, scan};
use crate::model::{Series, Span};
use crate::simulation::{days, normals};

const DAY: f64 = 86_400.0;

/// The neighbourhood of day 60 of a metric that moves by `size` standard deviations at noon of that day.
fn neighbourhood(size: f64, seed: u64) -> (Series, Neighbourhood) {
    let after = |i: usize| if i > 60 { 1.0 } else { 0.5 * f64::from(u8::from(i == 60)) };
    let noise = normals(120, seed).into_iter().enumerate();
    let series = days(noise.map(|(i, z)| 1000.0 + 20.0 * (z + size * after(i))).collect());
    let from = series.moment(60).to_utc();
    let asked = Asked::new(&series, Span { from, to: from + TimeDelta::days(1) }).unwrap();
    let near = near(&series, &scan(&series, 0.05), &asked, 3.0 * DAY).unwrap();
    (series, near)
}

fn noon_of(series: &Series, day: usize) -> f64 {
    series.edges()[day] as f64 + DAY / 2.0
}

#[test]
fn the_deployment_just_before_the_change_is_likelier_than_those_a_day_off() {
    let mut first = 0;
    for seed in 0..20 {
        let (series, near) = neighbourhood(8.0, seed);
        let deployed = [59, 60, 61].map(|day| noon_of(&series, day) - 600.0);
        let p = posterior(&near, &deployed, &Priors::default());
        assert!(p.deploys[2] < 0.01 && p.nothing_happened < 0.01, "seed {seed}: {p:?}");
        first += u32::from(p.deploys[1] > 0.4 && p.deploys[1] > 2.0 * p.deploys[0]);
    }
    assert!(first >= 16, "it is in {first} of 20");
}

#[test]
fn nobody_is_accused_where_nothing_happened() {
    for seed in 0..20 {
        let (series, near) = neighbourhood(0.0, seed);
        let deployed = [58, 59, 60].map(|day| noon_of(&series, day));
        let p = posterior(&near, &deployed, &Priors::default());
        assert!(p.deploys.iter().all(|p| *p < 0.5), "seed {seed}: {p:?}");
        assert!(p.something_else + p.nothing_happened > 0.5, "seed {seed}: {p:?}");
    }
}

#[test]
fn where_no_deployment_is_near_something_else_did_it() {
    let (series, near) = neighbourhood(8.0, 1);
    let p = posterior(&near, &[noon_of(&series, 57)], &Priors::default());
    assert!(p.something_else > 0.9, "{p:?}");
    let none = posterior(&near, &[], &Priors::default());
    assert!(none.deploys.is_empty() && none.something_else > 0.99, "{none:?}");
}

#[test]
fn without_data_the_posterior_is_the_prior() {
    let p = Posterior::prior(4, &Priors::default());
    assert!((p.deploys.iter().sum::<f64>() + p.something_else + p.nothing_happened - 1.0).abs() < 1e-12);
    assert!(p.deploys.iter().all(|x| (x - p.deploys[0]).abs() < 1e-12));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn probabilities_add_up_whenever_deployments_went_out(
        offsets in prop::collection::vec(-20.0 * DAY..20.0 * DAY, 0..40), size in -10.0..10.0_f64, seed in 0..100_u64
    ) {
        let (series, near) = neighbourhood(size, seed);
        let deployed: Vec<f64> = offsets.iter().map(|o| noon_of(&series, 60) + o).collect();
        let p = posterior(&near, &deployed, &Priors::default());
        let all: Vec<f64> = p.deploys.iter().copied().chain([p.something_else, p.nothing_happened]).collect();
        prop_assert!(all.iter().all(|p| (0.0..=1.0).contains(p)), "{:?}", all);
        prop_assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_order_of_deployments_does_not_matter(offsets in prop::collection::vec(-3.0 * DAY..DAY, 2..12), seed in 0..100_u64) {
        let (series, near) = neighbourhood(4.0, seed);
        let deployed: Vec<f64> = offsets.iter().map(|o| noon_of(&series, 60) + o).collect();
        let backwards: Vec<f64> = deployed.iter().rev().copied().collect();
        let (p, q) = (posterior(&near, &deployed, &Priors::default()), posterior(&near, &backwards, &Priors::default()));
        for (a, b) in p.deploys.iter().zip(q.deploys.iter().rev()) {
            prop_assert!((a - b).abs() < 1e-12);
        }
    }
}
