use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::detect::{Neighbourhood, scan};
use crate::model::{Deploy, Series, Span};
use crate::simulation::{days, normals};

const DAY: f64 = 86_400.0;

/// The neighbourhood of day 60 of a metric that moves by `size` standard deviations at noon of that day.
fn neighbourhood(size: f64, seed: u64) -> (Series, Neighbourhood) {
    asked_on(60, size, seed)
}

/// The same where another day is asked about.
fn asked_on(day: usize, size: f64, seed: u64) -> (Series, Neighbourhood) {
    let after = |i: usize| if i > 60 { 1.0 } else { 0.5 * f64::from(u8::from(i == 60)) };
    let noise = normals(120, seed).into_iter().enumerate();
    let series = days(noise.map(|(i, z)| 1000.0 + 20.0 * (z + size * after(i))).collect());
    let from = series.moment(day).to_utc();
    let asked = Asked::new(&series, Span { from, to: from + TimeDelta::days(1) }).unwrap();
    let near = near(&series, &scan(&series, 0.05), &asked, 3.0 * DAY).unwrap();
    (series, near)
}

/// The posterior over ordinary deployments at these moments.
fn posterior(series: &Series, near: &Neighbourhood, deployed: &[f64]) -> Posterior {
    let hypotheses: Vec<Hypothesis> = deployed.iter().map(|at| Hypothesis::at(*at)).collect();
    let prior = Prior { hypotheses: &hypotheses, priors: Priors::default(), uncovered: None, hours: None };
    prior.given(&Likelihood::new((series, near), &(f64::NEG_INFINITY..f64::INFINITY), Priors::default().power))
}

/// The probabilities of the deployments.
fn of_deploys(p: &Posterior) -> Vec<f64> {
    p.deploys.iter().map(|b| b.probability).collect()
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
        let p = posterior(&series, &near, &deployed);
        assert!(of_deploys(&p)[2] < 0.01 && p.nothing_happened.probability < 0.01, "seed {seed}: {p:?}");
        first += u32::from(of_deploys(&p)[1] > 0.4 && of_deploys(&p)[1] > 2.0 * of_deploys(&p)[0]);
    }
    assert!(first >= 16, "it is in {first} of 20");
}

#[test]
fn where_deployments_come_in_batches_the_likeliest_is_less_sure() {
    // Two rows at noon of each day, a few minutes apart: of two commits, or of one.
    let hours = |commits_a_day: i64| {
        let deploy = |i: i64| {
            let at = chrono::DateTime::from_timestamp(1_704_110_407 + 86_400 * (i / 2) + 300 * (i % 2), 0).unwrap();
            let commit = format!("{:07}", i * commits_a_day / 2);
            Deploy { commit: Some(commit), ..Deploy::at(at.with_timezone(&chrono_tz::Tz::UTC)) }
        };
        let feed: Vec<Deploy> = (0..80).map(deploy).collect();
        WorkingHours::of(&feed.iter().collect::<Vec<_>>()).unwrap()
    };
    let (series, near) = neighbourhood(8.0, 1);
    let data = Likelihood::new((&series, &near), &(f64::NEG_INFINITY..f64::INFINITY), Priors::default().power);
    let hypotheses = [58, 60].map(|day| Hypothesis::at(noon_of(&series, day) - 600.0));
    let given = |hours: &WorkingHours| {
        let prior = Prior { hypotheses: &hypotheses, priors: Priors::default(), uncovered: None, hours: Some(hours) };
        let p = prior.given(&data);
        let all = of_deploys(&p).iter().sum::<f64>() + p.something_else.probability + p.nothing_happened.probability;
        assert!((all - 1.0).abs() < 1e-9, "{p:?}");
        p
    };
    let (alone, batches) = (given(&hours(1)), given(&hours(2)));
    // Half of something else, whose prior is .4, is then at the deployments, which have .3 each; half of that at the likeliest.
    let odds = |p: &Posterior| p.something_else.probability / p.deploys[1].probability;
    assert!(odds(&batches) > odds(&alone) && odds(&batches) > 0.4 / 4.0 / 0.3, "{batches:?}\n{alone:?}");
    assert!(batches.deploys[1].probability > 0.4, "{batches:?}");
}

#[test]
fn nobody_is_accused_where_nothing_happened() {
    for seed in 0..20 {
        let (series, near) = neighbourhood(0.0, seed);
        let deployed = [58, 59, 60].map(|day| noon_of(&series, day));
        let p = posterior(&series, &near, &deployed);
        assert!(of_deploys(&p).iter().all(|p| *p < 0.5), "seed {seed}: {p:?}");
        assert!(p.something_else.probability + p.nothing_happened.probability > 0.5, "seed {seed}: {p:?}");
    }
}

#[test]
fn where_no_deployment_is_near_something_else_did_it() {
    let (series, near) = neighbourhood(8.0, 1);
    let p = posterior(&series, &near, &[noon_of(&series, 57)]);
    assert!(p.something_else.probability > 0.9, "{p:?}");
    let none = posterior(&series, &near, &[]);
    assert!(none.deploys.is_empty() && none.something_else.probability > 0.99, "{none:?}");
}

#[test]
fn what_came_days_after_the_asked_one_may_be_of_something_else_as_late_as_of_a_deployment() {
    for seed in 0..6 {
        let (series, near) = asked_on(58, 12.0, seed);
        let window = series.edges()[55] as f64..series.edges()[59] as f64;
        let hypotheses = [57, 58].map(|day| Hypothesis::at(noon_of(&series, day)));
        let prior = Prior { hypotheses: &hypotheses, priors: Priors::default(), uncovered: None, hours: None };
        let p = prior.given(&Likelihood::new((&series, &near), &window, Priors::default().power));
        assert!(p.nothing_happened.probability < 0.01, "seed {seed}: {p:?}");
        assert!(p.something_else.probability > 0.1, "seed {seed}: {p:?}");
    }
}

#[test]
fn without_data_the_posterior_is_the_prior() {
    let hypotheses = [0.0, 1.0, 2.0, 3.0].map(Hypothesis::at);
    let prior = Prior { hypotheses: &hypotheses, priors: Priors::default(), uncovered: None, hours: None };
    let p = prior.alone();
    for belief in p.deploys.iter().chain([&p.something_else, &p.nothing_happened]) {
        assert!((belief.prior - belief.probability).abs() < 1e-12 && belief.log_likelihood_ratio.abs() < 1e-9, "{p:?}");
    }
    assert!((p.nothing_happened.prior - 0.5).abs() < 1e-12);
    assert_eq!(prior.nothing_happened().nothing_happened.probability.to_bits(), 1.0_f64.to_bits());
}

#[test]
fn a_commit_that_went_out_six_times_has_the_prior_of_one() {
    let share = |n: usize| Hypothesis { share: 1.0 / n as f64, ..Hypothesis::at(0.0) };
    let hypotheses: Vec<Hypothesis> = [vec![share(6); 6], vec![share(1)]].concat();
    let p = Prior { hypotheses: &hypotheses, priors: Priors::default(), uncovered: None, hours: None }.alone();
    let six: f64 = of_deploys(&p)[..6].iter().sum();
    assert!((six - of_deploys(&p)[6]).abs() < 1e-12, "{p:?}");
}

#[test]
fn a_campaign_takes_of_what_something_else_had_and_most_of_a_spike() {
    let campaign = Hypothesis { origin: Origin::Recorded, ..Hypothesis::at(0.0) };
    let hypotheses = [Hypothesis::at(0.0), campaign];
    let p = |hypotheses: &[Hypothesis]| {
        Prior { hypotheses, priors: Priors::default(), uncovered: None, hours: None }.alone()
    };
    let (with, without) = (p(&hypotheses), p(&hypotheses[..1]));
    assert!((with.deploys[0].prior - without.deploys[0].prior).abs() < 1e-12);
    let taken = with.deploys[1].prior + with.something_else.prior;
    assert!((taken - without.something_else.prior).abs() < 1e-12, "{with:?} {without:?}");
}

#[test]
fn what_the_feed_does_not_cover_is_given_to_something_else() {
    let hypotheses = [Hypothesis::at(0.0), Hypothesis { factor: 0.5, ..Hypothesis::at(0.0) }];
    let p = |uncovered| Prior { hypotheses: &hypotheses, priors: Priors::default(), uncovered, hours: None }.alone();
    let (whole, half) = (p(None), p(Some((0.0..1.0, 0.5))));
    assert!(half.something_else.prior > whole.something_else.prior + 0.1, "{half:?}");
    assert!(
        half.deploys[0].prior < 0.6 * whole.deploys[0].prior && half.deploys[0].prior > 0.4 * whole.deploys[0].prior
    );
    let missing =
        Prior { hypotheses: &[], priors: Priors::default(), uncovered: Some((0.0..1.0, 1.0)), hours: None }.alone();
    assert!((missing.something_else.prior - 0.5).abs() < 1e-12, "{missing:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn probabilities_add_up_whenever_deployments_went_out(
        offsets in prop::collection::vec(-20.0 * DAY..20.0 * DAY, 0..40), size in -10.0..10.0_f64, seed in 0..100_u64
    ) {
        let (series, near) = neighbourhood(size, seed);
        let deployed: Vec<f64> = offsets.iter().map(|o| noon_of(&series, 60) + o).collect();
        let p = posterior(&series, &near, &deployed);
        let all: Vec<f64> = of_deploys(&p).into_iter().chain([p.something_else.probability, p.nothing_happened.probability]).collect();
        prop_assert!(all.iter().all(|p| (0.0..=1.0).contains(p)), "{:?}", all);
        prop_assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_order_of_deployments_does_not_matter(offsets in prop::collection::vec(-3.0 * DAY..DAY, 2..12), seed in 0..100_u64) {
        let (series, near) = neighbourhood(4.0, seed);
        let deployed: Vec<f64> = offsets.iter().map(|o| noon_of(&series, 60) + o).collect();
        let backwards: Vec<f64> = deployed.iter().rev().copied().collect();
        let (p, q) = (posterior(&series, &near, &deployed), posterior(&series, &near, &backwards));
        for (a, b) in of_deploys(&p).iter().zip(of_deploys(&q).iter().rev()) {
            prop_assert!((a - b).abs() < 1e-12);
        }
    }
}
