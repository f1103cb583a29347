//! Sums of amounts that fall in a part of the time by chance.

/// Newton's method ends after so many steps; it needs some six.
const STEPS: usize = 60;
/// And where a step is smaller.
const CLOSE: f64 = 1e-9;
/// Nearer to the middle the two approximations of the tail are one.
const MIDDLE: f64 = 0.3;
/// No tail is looked at that is further out than this, in logits of an amount of mean size.
const FURTHEST: f64 = 100.0;

/// The standard normal number that is as far out as this `sum` of the amounts that fall in a part of the time, where each does by itself with the
/// probability `share`. Amounts come as sizes and how many there are of each.
///
/// The saddlepoint approximation of the tail (Lugannani & Rice 1980, *Adv. Appl. Probab.* 12), as the modified signed root r* = r + log(u/r)/r of
/// Barndorff-Nielsen (1986), with K(t) = Σ log(1 − p + p exp(t aᵢ)), t where K'(t) is the sum, r² = 2 (t K'(t) − K(t)) and u = t √K''(t). It knows how
/// skewed the sum is, and how rarely all of a few amounts fall there. Half of a `unit`, by which sums differ, is taken off (continuity correction).
///
/// 0 where there are no amounts, or the share is none or all.
#[must_use]
pub fn normal_of_share(amounts: &[(f64, f64)], share: f64, sum: f64, unit: f64) -> f64 {
    let (count, total) = amounts.iter().fold((0.0, 0.0), |(n, total), (a, c)| (n + c, total + c * a.abs()));
    let size = total / count;
    if !(share > 0.0 && share < 1.0 && size > 0.0 && size.is_finite()) {
        return 0.0;
    }
    let law = Law { amounts: amounts.iter().map(|(a, c)| (a / size, *c)).collect(), share };
    let away = sum / size - law.at(0.0)[1];
    let least = 0.5 * unit / size;
    if away.abs() <= least {
        return 0.0;
    }
    let target = sum / size - least.copysign(away);
    // K' rises: Newton's method between the places that enclose the target, and half way between these where it leads outside.
    let (mut low, mut high) = if away > 0.0 { (0.0, FURTHEST) } else { (-FURTHEST, 0.0) };
    let mut t = 0.0;
    for _ in 0..STEPS {
        let [_, mean, variance] = law.at(t);
        if mean < target {
            low = t;
        } else {
            high = t;
        }
        let next = t + (target - mean) / variance;
        let next = if next > low && next < high { next } else { f64::midpoint(low, high) };
        let moved = (next - t).abs();
        t = next;
        if moved < CLOSE {
            break;
        }
    }
    let [cumulant, _, variance] = law.at(t);
    let root = (2.0 * (t * target - cumulant)).max(0.0).sqrt();
    let wald = t.abs() * variance.sqrt();
    let modified = if root > MIDDLE && wald > 0.0 { root + (wald / root).ln() / root } else { root };
    modified.max(0.0).copysign(away)
}

/// Amounts, and how many there are of each, of which each falls in a part of the time with the same probability.
struct Law {
    amounts: Vec<(f64, f64)>,
    share: f64,
}

impl Law {
    /// The cumulant function of the sum, and its first two derivatives.
    fn at(&self, t: f64) -> [f64; 3] {
        let none = 1.0 - self.share;
        let mut out = [0.0; 3];
        for &(a, count) in &self.amounts {
            let logit = t * a;
            // log(q + p eᶻ), which does not overflow.
            let log = logit.max(0.0) + (none * (-logit.max(0.0)).exp() + self.share * logit.min(0.0).exp()).ln();
            let falls = self.share / (self.share + none * (-logit).exp());
            out[0] += count * log;
            out[1] += count * falls * a;
            out[2] += count * falls * (1.0 - falls) * a * a;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};

    use super::*;

    #[test]
    fn of_amounts_that_are_all_alike_it_is_the_binomial_law() {
        let cases = [(40, 0.25, 22), (40, 0.25, 2), (12, 0.05, 5), (9, 0.05, 9), (30, 0.2, 0), (300, 0.5, 200)];
        for (count, share, falls) in cases {
            let z = normal_of_share(&[(7.0, count as f64)], share, 7.0 * falls as f64, 7.0);
            let law = Binomial::new(share, count).unwrap();
            let tail = if z > 0.0 { law.sf(falls - 1) } else { law.cdf(falls) };
            let exact = -Normal::standard().inverse_cdf(tail);
            assert!(z.abs() < exact + 0.05 && z.abs() > exact - 0.3, "{falls} of {count}: {z} for {exact}");
        }
    }

    #[test]
    fn of_few_amounts_it_is_as_rare_as_it_is_among_all_ways_to_fall() {
        let amounts: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 6.0, 9.0];
        let falls = |set: u32| (0..6).map(move |i| set >> i & 1 == 1);
        let sum = |set: u32| falls(set).zip(amounts).map(|(falls, a)| if falls { a } else { 0.0 }).sum::<f64>();
        let chance = |set: u32| falls(set).map(|falls| if falls { 0.2 } else { 0.8 }).product::<f64>();
        for x in [13.0, 17.0, 21.0] {
            let tail: f64 = (0..64).filter(|set| sum(*set) >= x).map(chance).sum();
            let told = normal_of_share(&amounts.map(|a| (a, 1.0)), 0.2, x, 1.0);
            let exact = -Normal::standard().inverse_cdf(tail);
            assert!((told - exact).abs() < 0.2, "{x}: {told} for {exact}");
        }
    }

    #[test]
    fn of_many_amounts_it_is_the_usual_number_and_of_nothing_none() {
        let amounts: Vec<(f64, f64)> = (1..=500).map(|i| (1.0 + f64::from(i % 7), 1.0)).collect();
        let (total, square) = amounts.iter().fold((0.0, 0.0), |(s, q), (a, _)| (s + a, q + a * a));
        for z in [-3.0, -1.0, 0.5, 2.0, 4.0] {
            let told = normal_of_share(&amounts, 0.5, 0.5 * total + z * (0.25_f64 * square).sqrt(), 0.0);
            assert!((told - z).abs() < 0.05, "{told} for {z}");
        }
        let none = [normal_of_share(&[], 0.5, 1.0, 1.0), normal_of_share(&[(1.0, 5.0)], 0.0, 0.0, 1.0)];
        assert!(none.iter().all(|z| z.abs() < f64::EPSILON), "{none:?}");
        // More than there is, as where most of what came was taken back.
        assert!(normal_of_share(&[(1.0, 3.0), (-2.0, 1.0)], 0.3, 9.0, 0.0).is_finite());
    }
}
