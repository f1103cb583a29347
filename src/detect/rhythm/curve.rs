//! The day of buckets below an hour: what a phase brings is told from a few values, and those beside it mostly bring about the same.

use crate::stats::{mad_sd, running_median};

/// Widths of running medians that are tried, in phases.
const WIDTHS: [usize; 4] = [1, 5, 15, 45];
/// None is wider than this share of a day: two hours.
const WIDEST: usize = 12;
/// A day of more phases than this is told as a curve.
const HOURS: usize = 24;
/// Of more days than this each phase is known by itself.
const MANY_DAYS: usize = 30;

/// Whether so many phases, seen so often, are told as a curve.
pub(super) fn is_curve(name: &str, phases: usize, buckets: usize) -> bool {
    name == "day" && phases > HOURS && buckets <= MANY_DAYS * phases
}

/// What phases bring, as a curve: the running median of what each brings by itself (Tukey 1977), as wide as each half of the days tells the other best
/// (cross-validation, Stone 1974), but for phases that stand out of it by more than the greatest of as many does by chance (the universal threshold of
/// Donoho & Johnstone 1994), as a job does that runs each night.
///
/// `by_half` holds what phases bring in every other day, `miss` how far the values of a half, by its number, are from what phases bring. A phase of which nothing is known
/// is missing.
pub(super) fn curve(mut whole: Vec<f64>, mut by_half: [Vec<f64>; 2], miss: impl Fn(usize, &[f64]) -> f64) -> Vec<f64> {
    for phases in by_half.iter_mut().chain([&mut whole]) {
        fill(phases);
    }
    let misses = |width: usize| miss(0, &smoothed(&by_half[1], width)) + miss(1, &smoothed(&by_half[0], width));
    let widths = WIDTHS.into_iter().filter(|width| WIDEST * width <= whole.len() || *width == 1);
    let best = widths.map(|width| (width, misses(width))).min_by(|a, b| a.1.total_cmp(&b.1));
    let smooth = smoothed(&whole, best.map_or(1, |(width, _)| width));
    let apart: Vec<f64> = whole.iter().zip(&smooth).map(|(whole, smooth)| whole - smooth).collect();
    let far = (2.0 * (whole.len() as f64).ln()).sqrt() * mad_sd(&apart, 0.0);
    smooth.iter().zip(&apart).map(|(smooth, apart)| if apart.abs() > far { smooth + apart } else { *smooth }).collect()
}

/// Gives phases of which nothing is known what the one before brings.
fn fill(phases: &mut [f64]) {
    let mut last = phases.iter().rev().find(|v| !v.is_nan()).copied().unwrap_or(0.0);
    for phase in phases {
        if phase.is_nan() {
            *phase = last;
        }
        last = *phase;
    }
}

/// The running median of the phases of a day, which begins where it ends.
fn smoothed(phases: &[f64], width: usize) -> Vec<f64> {
    let (n, half) = (phases.len(), width / 2);
    let turned: Vec<f64> = (n - half..2 * n + half).map(|i| phases[i % n]).collect();
    match width {
        5 => running_median::<5>(&turned),
        15 => running_median::<15>(&turned),
        45 => running_median::<45>(&turned),
        _ => phases.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::normals;

    #[test]
    fn a_smooth_day_is_told_better_than_by_each_phase_and_a_job_in_it_stays() {
        let truth = |i: usize| {
            let job = if i == 40 { 30.0 } else { 0.0 };
            10.0 * (i as f64 / 288.0 * std::f64::consts::TAU).sin() + job
        };
        let days: Vec<Vec<f64>> =
            (0..2).map(|seed| normals(288, seed).iter().enumerate().map(|(i, z)| truth(i) + z).collect()).collect();
        let mean: Vec<f64> = days[0].iter().zip(&days[1]).map(|(a, b)| f64::midpoint(*a, *b)).collect();
        let miss = |half: usize, told: &[f64]| days[half].iter().zip(told).map(|(v, t)| (v - t).abs()).sum();
        let told = curve(mean.clone(), [days[0].clone(), days[1].clone()], miss);
        let error = |told: &[f64]| {
            let square: f64 = (0..288).filter(|i| *i != 40).map(|i| (told[i] - truth(i)).powi(2)).sum();
            (square / 287.0).sqrt()
        };
        assert!(error(&told) < 0.6 * error(&mean), "{} of {}", error(&told), error(&mean));
        assert!((told[40] - truth(40)).abs() < 3.0, "{} instead of {}", told[40], truth(40));
    }
}
