//! A quick look at a stretch: whether it is worth a closer one.

use crate::stats::{Neighbours, max_tail};

/// The step that explains most of a stretch, by least squares alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Screened {
    /// The place of the first value after the step.
    pub(super) at: usize,
    /// How often unchanged noise would show a step this strong anywhere in the stretch. Rather too low: it is a filter.
    pub(super) p_value: f64,
}

/// Rounds in which the autocorrelation is estimated under the best step of the last.
const ROUNDS: usize = 3;
/// Fewest values before a step.
const LEAST_BEFORE: usize = 3;

/// The strongest step in values without gaps, about a level or about a straight line, or with these weights about a level, whichever is the most
/// surprising.
///
/// `repeats` says for how many stretches like this the search is made. None where nothing varies or the stretch is too short.
pub(super) fn screen(values: &[f64], weights: Option<&[f64]>, repeats: f64) -> Option<Screened> {
    let about_level = best_step(values, repeats);
    let about_line = best_step(&detrended(values, |_| 1.0), repeats);
    let weighted = weights.and_then(|weights| best_weighted_step(values, weights, repeats));
    [about_level, about_line, weighted].into_iter().flatten().min_by(|a, b| a.p_value.total_cmp(&b.p_value))
}

/// Values less their line of weighted least squares.
pub(super) fn detrended(values: &[f64], weight: impl Fn(usize) -> f64) -> Vec<f64> {
    let (mut total, mut first, mut mean) = (0.0, 0.0, 0.0);
    for (i, v) in values.iter().enumerate() {
        let w = weight(i);
        total += w;
        first += w * i as f64;
        mean += w * v;
    }
    let (middle, mean) = (first / total, mean / total);
    let (mut cross, mut square) = (0.0, 0.0);
    for (i, v) in values.iter().enumerate() {
        let t = i as f64 - middle;
        cross += weight(i) * t * (v - mean);
        square += weight(i) * t * t;
    }
    let slope = if square > 0.0 { cross / square } else { 0.0 };
    values.iter().enumerate().map(|(i, v)| v - mean - slope * (i as f64 - middle)).collect()
}

fn best_step(values: &[f64], repeats: f64) -> Option<Screened> {
    let n = values.len();
    if n < 2 * LEAST_BEFORE {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let centred: Vec<f64> = values.iter().map(|v| v - mean).collect();
    let mut phi = 0.0;
    let mut best = strongest(&centred, phi)?;
    for _ in 1..ROUNDS {
        phi = autocorrelation_beside(&centred, best.0);
        best = strongest(&centred, phi)?;
    }
    // Of white noise the statistics of neighbouring steps correlate by √(k(n − k − 1) / ((k + 1)(n − k))).
    let m = n as f64;
    let neighbours = |k: usize| {
        let k = k as f64;
        Neighbours::from((k * (m - k - 1.0) / ((k + 1.0) * (m - k))).sqrt())
    };
    let p_value = max_tail(best.1, (LEAST_BEFORE..n - 1).map(neighbours), repeats);
    Some(Screened { at: best.0, p_value })
}

/// The strongest step of values that scatter as shares of so many trials, as white noise; none where nothing varies. What has no trials does not
/// count.
fn best_weighted_step(values: &[f64], trials: &[f64], repeats: f64) -> Option<Screened> {
    let weights: Vec<f64> = trials.iter().map(|n| if *n > 0.0 { *n } else { 0.0 }).collect();
    let total: f64 = weights.iter().sum();
    let mean = values.iter().zip(&weights).map(|(v, w)| w * v).sum::<f64>() / total;
    let about = |from: f64| values.iter().zip(&weights).map(|(v, w)| w * (v - from).powi(2)).sum::<f64>();
    let square = about(mean);
    if !(square > 1e-12 * about(0.0) && square.is_finite()) {
        return None;
    }
    let (mut after, mut cross, mut best) = (0.0, 0.0, (0, 0.0));
    let mut sizes = Vec::with_capacity(values.len());
    for k in (LEAST_BEFORE..values.len()).rev() {
        after += weights[k];
        cross += weights[k] * (values[k] - mean);
        if after.min(total - after) > 1e-9 * total {
            sizes.push(after);
            let gain = cross * cross * total / (after * (total - after));
            if gain > best.1 {
                best = (k, gain);
            }
        }
    }
    let explained = (best.1 / square).min(1.0 - 1e-12);
    let correlation = |w: &[f64]| (w[0] * (total - w[1]) / (w[1] * (total - w[0]))).sqrt();
    let neighbours = sizes.windows(2).map(|w| correlation(w).into());
    let z = (-(values.len() as f64 - 3.0) * (-explained).ln_1p()).max(0.0).sqrt();
    Some(Screened { at: best.0.max(LEAST_BEFORE), p_value: max_tail(z, neighbours, repeats) })
}

/// Lag-one autocorrelation of what two levels leave.
fn autocorrelation_beside(values: &[f64], at: usize) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len().max(1) as f64;
    let (before, after) = (mean(&values[..at]), mean(&values[at..]));
    autocorrelation(values.iter().enumerate().map(|(i, v)| v - if i < at { before } else { after }))
}

/// Lag-one autocorrelation about zero.
pub(super) fn autocorrelation(residuals: impl Iterator<Item = f64>) -> f64 {
    let (mut last, mut cross, mut square) = (0.0, 0.0, 0.0);
    for x in residuals {
        cross += x * last;
        square += x * x;
        last = x;
    }
    if square > 0.0 { (cross / square).clamp(-0.5, 0.95) } else { 0.0 }
}

/// Place and standardised statistic of the strongest step under a first-order autoregression.
///
/// On the innovations e₀ = x₀√(1 − φ²), eₜ = xₜ − φxₜ₋₁ a level is (√(1 − φ²), 1 − φ, …) and a step at k is 1 at k and 1 − φ after.
fn strongest(values: &[f64], phi: f64) -> Option<(usize, f64)> {
    let n = values.len();
    let first = (1.0 - phi * phi).sqrt();
    let later = 1.0 - phi;
    let innovation = |i: usize| if i == 0 { first * values[0] } else { values[i] - phi * values[i - 1] };
    let (mut total, mut square) = (0.0, 0.0);
    for i in 1..n {
        let e = innovation(i);
        total += e;
        square += e * e;
    }
    square += innovation(0).powi(2);
    let level_cross = first * innovation(0) + later * total;
    let level_square = first * first + later * later * (n - 1) as f64;
    let rss = square - level_cross * level_cross / level_square;
    if !(rss > 1e-12 * square && rss.is_finite()) {
        return None;
    }
    let (mut best, mut after) = ((0, 0.0, 0.0), 0.0);
    for k in (LEAST_BEFORE..n).rev() {
        let e = innovation(k);
        let m = (n - 1 - k) as f64;
        let both = later + later * later * m;
        let cross = e + later * after - both * level_cross / level_square;
        let size = 1.0 + later * later * m - both * both / level_square;
        let gain = if size > 1e-9 { cross * cross / size } else { 0.0 };
        if gain > best.1 {
            best = (k, gain, cross);
        }
        after += e;
    }
    let freedom = n as f64 - 3.0;
    let explained = (best.1 / rss).min(1.0 - 1e-12);
    Some((best.0.max(LEAST_BEFORE), (-freedom * (-explained).ln_1p()).sqrt().copysign(best.2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::normals;

    #[test]
    fn a_step_is_found_and_noise_is_mostly_not_surprising() {
        let mut values = normals(200, 3);
        values[140..].iter_mut().for_each(|v| *v += 2.0);
        let found = screen(&values, None, 1.0).unwrap();
        assert!(found.at.abs_diff(140) <= 3 && found.p_value < 1e-6, "{found:?}");
        let quiet =
            (0..100).filter(|&seed| screen(&normals(200, seed), None, 1.0).is_some_and(|s| s.p_value > 0.25)).count();
        assert!(quiet >= 50, "{quiet}");
    }

    #[test]
    fn nothing_is_found_where_nothing_varies() {
        assert_eq!(screen(&[3.0; 40], None, 1.0), None);
        assert_eq!(screen(&[1.0, 2.0], None, 1.0), None);
    }
}
