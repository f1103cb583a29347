//! Many tests at once: which of the changes of many metrics to report, so that few of those reported are false.
//!
//! The tests come in families, one for each metric. A family has a p-value of its own (of *nothing changed in this metric*, the
//! search over its moments taken into account), and its members have theirs. The procedure is that of Benjamini & Bogomolov (2014,
//! *J. R. Stat. Soc. B* 76, 297-318, "Selective inference on multiple families of hypotheses"): at level q
//!
//! 1. the step-up procedure of Benjamini & Hochberg (1995, *J. R. Stat. Soc. B* 57, 289-300) selects R of the m families,
//!    the largest R for which R families have p ≤ R q / m;
//! 2. in each selected family a member is reported where its own p ≤ R q / m.
//!
//! Step 1 keeps the expected share of unchanged metrics among those selected at q. Step 2 pays for the selection: where few families are
//! selected, those are the ones in which noise looked most like a change, and the level in them is lowered by as much. It keeps the
//! expected average, over the selected families, of the error that testing each member at a level keeps at that level: for p-values that
//! take the search over the moments into account, the chance that a selected metric tells of any false change.

/// What is assumed of the tests of different families.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FdrMethod {
    /// That they are independent, or positively dependent in the sense of Benjamini & Yekutieli (2001): Benjamini-Hochberg.
    #[default]
    Bh,
    /// Nothing: Benjamini-Yekutieli.
    ///
    /// The level is divided by `H_m = 1 + 1/2 + ... + 1/m`, in both steps. In the first it makes a Benjamini-Hochberg selection valid under
    /// any dependence (Benjamini & Yekutieli 2001, *Ann. Stat.* 29, theorem 1.3). The second needs it too, because R depends on the very
    /// p-values that it judges: with members tested at `R q'`, the expected average error over the selected families is at most
    /// `Σ_i Σ_r 1/r · P(p_i ≤ r q', R = r)`, in which nothing but `p_i ~ uniform` is known of the joint distribution. That is at most
    /// `m q' H_m`, so at most q for `q' = q / (m H_m)`.
    By,
}

impl FdrMethod {
    /// What the level is divided by for so many families.
    #[must_use]
    pub fn price(self, families: usize) -> f64 {
        match self {
            Self::Bh => 1.0,
            Self::By => (1..=families).map(|i| 1.0 / i as f64).sum::<f64>().max(1.0),
        }
    }
}

/// The tests of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// p-value of *nothing changed in this metric*.
    pub p_value: f64,
    /// p-values of its changes, each with the search over all its moments taken into account; none where nothing stood out.
    pub members: Vec<f64>,
}

/// The q-value of each member of each family: the smallest level at which the selective procedure reports it, at most 1.
///
/// All families that were tested count, also those without members. The members that are reported at level q are those whose q-value is
/// at most q.
///
/// # How
/// R, and the level R q / m, grow with q. So a member p of family i is reported at q, where R families are selected, if and only if
/// q is at least the level at which R families are selected, the level at which family i is, and p m / R; and the smallest such q is
/// the least, over R, of the greatest of the three.
#[must_use]
pub fn selective_q_values(families: &[Family], method: FdrMethod) -> Vec<Vec<f64>> {
    let price = method.price(families.len());
    let p_values: Vec<f64> = families.iter().map(|family| known(family.p_value)).collect();
    let selected_at = benjamini_hochberg(&p_values, families.len());
    let mut levels = selected_at.clone();
    levels.sort_by(f64::total_cmp);
    let of = |(family, own): (&Family, f64)| {
        let q = |p: &f64| (price * reported_at(known(*p), &levels).max(own)).min(1.0);
        family.members.iter().map(q).collect()
    };
    families.iter().zip(selected_at).map(of).collect()
}

/// The least, over R, of the greater of p m / R and the level at which R families are selected, `levels[R - 1]`.
///
/// The first falls with R and the second does not, so the least is where they meet.
fn reported_at(p: f64, levels: &[f64]) -> f64 {
    let cost = |selected: usize| p * (levels.len() as f64 / selected as f64);
    // The first R whose level is the greater of the two, by bisection; one more than there are where none is.
    let (mut low, mut high) = (1, levels.len() + 1);
    while low < high {
        let middle = usize::midpoint(low, high);
        if levels[middle - 1] >= cost(middle) { high = middle } else { low = middle + 1 }
    }
    let greater = |selected: usize| levels.get(selected.wrapping_sub(1)).map(|level| level.max(cost(selected)));
    [low - 1, low].into_iter().filter_map(greater).fold(1.0, f64::min)
}

/// A p-value; one that is not known speaks for nothing.
fn known(p: f64) -> f64 {
    if p.is_nan() { 1.0 } else { p }
}

/// Adjusted p-values by the step-up procedure of Benjamini & Hochberg (1995, *J. R. Stat. Soc. B* 57).
///
/// `tests` is the number of all tests, those that showed nothing and are not listed included. Rejecting what is at most q keeps the
/// expected share of false discoveries at q for independent or positively dependent tests.
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64], tests: usize) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[b].total_cmp(&p_values[a]));
    let tests = tests.max(p_values.len()) as f64;
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least: f64 = 1.0;
    for (from_the_top, &i) in order.iter().enumerate() {
        let rank = (p_values.len() - from_the_top) as f64;
        least = least.min(p_values[i] * tests / rank);
        adjusted[i] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_paper_rejects_four_of_fifteen() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0,
        ];
        let q = benjamini_hochberg(&p, 15);
        assert_eq!(q.iter().filter(|q| **q <= 0.05).count(), 4);
        assert_eq!(benjamini_hochberg(&p[..9], 15)[..9], q[..9]);
    }

    fn family(p_value: f64, members: &[f64]) -> Family {
        Family { p_value, members: members.to_vec() }
    }

    fn close(found: &[Vec<f64>], expected: &[Vec<f64>]) {
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), expected.iter().map(Vec::len).collect::<Vec<_>>());
        let pairs = found.iter().flatten().zip(expected.iter().flatten());
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} is not {expected:?}");
    }

    #[test]
    fn four_metrics_by_hand() {
        // m = 4. One family is selected from q = 0.004 on, two from 0.02 on, three from 0.04 on, all from 0.5 on.
        let families = [
            family(0.001, &[0.001, 0.012, 0.6]),
            family(0.010, &[0.010]),
            family(0.030, &[0.030, 0.049]),
            family(0.500, &[]),
        ];
        // 0.012: one family 0.048, two max(0.024, 0.02). 0.049: three max(0.0653, 0.04). 0.6: four max(0.6, 0.5).
        let expected = [vec![0.004, 0.024, 0.6], vec![0.02], vec![0.04, 0.049 * 4.0 / 3.0], vec![]];
        close(&selective_q_values(&families, FdrMethod::Bh), &expected);
        let price = 1.0 + 0.5 + 1.0 / 3.0 + 0.25;
        let dearer = expected.map(|family| family.iter().map(|q| f64::min(q * price, 1.0)).collect());
        close(&selective_q_values(&families, FdrMethod::By), &dearer);
    }

    #[test]
    fn silent_metrics_make_every_change_dearer_and_one_metric_costs_nothing() {
        let loud = family(0.002, &[0.002, 0.03]);
        let alone = selective_q_values(std::slice::from_ref(&loud), FdrMethod::Bh);
        close(&alone, &[vec![0.002, 0.03]]);
        let silent = std::iter::repeat_n(family(1.0, &[]), 9);
        let among = selective_q_values(&std::iter::once(loud).chain(silent).collect::<Vec<_>>(), FdrMethod::Bh);
        close(&among[..1], &[vec![0.02, 0.3]]);
        assert_eq!(selective_q_values(&[], FdrMethod::By), Vec::<Vec<f64>>::new());
    }

    #[test]
    fn a_member_waits_for_its_family_and_an_unknown_p_value_speaks_for_nothing() {
        let families = [family(0.04, &[0.0]), family(f64::NAN, &[f64::NAN]), family(0.0, &[0.0])];
        close(&selective_q_values(&families, FdrMethod::Bh), &[vec![0.06], vec![1.0], vec![0.0]]);
    }

    /// What the two steps report at a level, as they are told.
    fn reported(families: &[Family], method: FdrMethod, q: f64) -> Vec<Vec<bool>> {
        let m = families.len();
        let level = |selected: usize| selected as f64 * q / method.price(m) / m as f64;
        let passing = |r: usize| families.iter().filter(|f| f.p_value <= level(r)).count();
        let selected = (1..=m).rev().find(|&r| passing(r) >= r).unwrap_or(0);
        let of = |f: &Family| {
            let own = f.p_value <= level(selected);
            f.members.iter().map(|p| selected > 0 && own && *p <= level(selected)).collect()
        };
        families.iter().map(of).collect()
    }

    fn families() -> impl Strategy<Value = Vec<Family>> {
        let p = prop_oneof![0.0..1.0_f64, 0.0..0.05_f64, 0.0..0.001_f64];
        let members = prop::collection::vec(p.clone(), 0..5);
        // The p-value of a family is that of its strongest evidence, which need not be one of the members.
        let one = (p, members).prop_map(|(own, members)| family(members.iter().copied().fold(own, f64::min), &members));
        prop::collection::vec(one, 1..40)
    }

    proptest! {
        #[test]
        fn what_is_reported_at_a_level_is_what_has_a_q_value_of_at_most_that(
            families in families(), q in prop_oneof![0.001..0.999_f64, 0.001..0.1_f64], by in any::<bool>()
        ) {
            let method = if by { FdrMethod::By } else { FdrMethod::Bh };
            let q_values = selective_q_values(&families, method);
            // At a q-value itself the two ways of computing may round to different sides.
            prop_assume!(q_values.iter().flatten().all(|own| (own - q).abs() > 1e-9));
            let at_most: Vec<Vec<bool>> = q_values.iter().map(|own| own.iter().map(|v| *v <= q).collect()).collect();
            prop_assert_eq!(at_most, reported(&families, method, q));
        }

        #[test]
        fn a_greater_p_value_never_has_a_smaller_q_value(families in families(), by in any::<bool>()) {
            let method = if by { FdrMethod::By } else { FdrMethod::Bh };
            for (family, own) in families.iter().zip(selective_q_values(&families, method)) {
                let mut pairs: Vec<(f64, f64)> = family.members.iter().copied().zip(own).collect();
                pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
                prop_assert!(pairs.windows(2).all(|w| w[0].1 <= w[1].1), "{pairs:?}");
                prop_assert!(pairs.iter().all(|(p, q)| p <= q && *q <= 1.0), "{pairs:?}");
            }
        }
    }
}
