//! Many figures that are told together.

/// How far each value is from the mean of all, drawn to 0 by as much as values scatter by chance alone (empirical Bayes, Efron & Morris 1975).
///
/// `by_chance` is the variance that each has by chance. All are 0 where nothing is left of the variance between them.
#[must_use]
pub fn shrunk_to_mean(values: &[f64], by_chance: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let seen = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    let real = (seen - by_chance.iter().sum::<f64>() / n).max(0.0);
    let share = |chance: &f64| if real > 0.0 { real / (real + chance) } else { 0.0 };
    values.iter().zip(by_chance).map(|(v, chance)| (v - mean) * share(chance)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scatters_by_chance_is_drawn_to_the_mean_and_what_differs_is_kept() {
        assert_eq!(shrunk_to_mean(&[1.0, 1.2, 0.8], &[0.1; 3]), [0.0; 3]);
        let kept = shrunk_to_mean(&[1.0, 5.0, 9.0], &[0.1, 0.1, 16.0]);
        assert!(kept[0] < -3.9 && kept[1].abs() < 1e-12 && kept[2] < 2.5, "{kept:?}");
    }
}
