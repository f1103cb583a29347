//! Adding and normalising probabilities that are known by their logarithms.

/// log Σ exp(xᵢ) without overflow; minus infinity for nothing.
#[must_use]
pub fn log_sum_exp(logs: &[f64]) -> f64 {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    top + logs.iter().map(|x| (x - top).exp()).sum::<f64>().ln()
}

/// log of the mean of what is known by its logarithms; minus infinity for nothing.
#[must_use]
pub fn log_mean(logs: &[f64]) -> f64 {
    log_sum_exp(logs) - (logs.len().max(1) as f64).ln()
}

/// Probabilities that are proportional to exp(xᵢ) and add up to 1; uniform where all are minus infinity.
#[must_use]
pub fn normalise(logs: &[f64]) -> Vec<f64> {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return vec![1.0 / logs.len().max(1) as f64; logs.len()];
    }
    let weights: Vec<f64> = logs.iter().map(|x| (x - top).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}

/// The place on `grid` (ascending) below which the share `p` of the probabilities lies.
///
/// The mass of a place is thought to be spread evenly between the middles towards its neighbours; at the ends as far out as in.
#[must_use]
pub fn weighted_quantile(grid: &[f64], probabilities: &[f64], p: f64) -> f64 {
    let mut below = 0.0;
    for (i, (_, &mass)) in grid.iter().zip(probabilities).enumerate() {
        if below + mass >= p && mass > 0.0 {
            let (from, to) = cell(grid, i);
            return from + (to - from) * ((p - below) / mass).clamp(0.0, 1.0);
        }
        below += mass;
    }
    grid.last().copied().unwrap_or(f64::NAN)
}

/// The stretch that place `i` of an ascending grid stands for: from the middle towards the one before to the middle towards the next.
#[must_use]
pub fn cell(grid: &[f64], i: usize) -> (f64, f64) {
    let at = grid[i];
    let before = i.checked_sub(1).map(|j| (at - grid[j]) / 2.0);
    let after = grid.get(i + 1).map(|next| (next - at) / 2.0);
    (at - before.or(after).unwrap_or(0.0), at + after.or(before).unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_logarithms_neither_overflow_nor_vanish() {
        let p = normalise(&[-1e5, -1e5 + 2.0_f64.ln(), f64::NEG_INFINITY]);
        assert!((p[0] - 1.0 / 3.0).abs() < 1e-9 && (p[1] - 2.0 / 3.0).abs() < 1e-9 && p[2] == 0.0);
    }

    #[test]
    fn the_median_of_an_even_spread_is_its_middle() {
        assert!((weighted_quantile(&[0.0, 1.0, 2.0, 3.0], &[0.25; 4], 0.5) - 1.5).abs() < 1e-9);
    }
}
