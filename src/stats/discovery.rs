//! Many tests at once.

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
}
