//! Days that go over into each other: midnights and noons, and straight lines between them.

use super::Place;
use super::between::Believed;

/// The greatest autocorrelation of half days.
const MOST: f64 = 0.97;
/// How often the autocorrelation of half days is told more closely.
const HALVINGS: usize = 30;

/// The half day of a bucket, and where in it the bucket begins.
pub(super) fn half_day(place: &Place) -> (usize, f64) {
    let is_later = place.share >= 0.5;
    (2 * place.day + usize::from(is_later), 2.0 * place.share - if is_later { 1.0 } else { 0.0 })
}

/// The autoregression of midnights and noons whose means of days vary, and hang together, as these do: days that are two apart differ by (1 + φ) times the mean square of
/// those in a row.
pub(super) fn of_half_days(means: Believed) -> Believed {
    let is_less = |phi: f64| {
        let [variance, covariance] = moments_of_means(phi);
        covariance * (1.0 - phi * phi) < means.phi * (variance - covariance)
    };
    let halved = |(low, high): (f64, f64), _| {
        let middle = f64::midpoint(low, high);
        if is_less(middle) { (middle, high) } else { (low, middle) }
    };
    let (phi, _) = (0..HALVINGS).fold((0.0, MOST), halved);
    Believed { variance: means.variance / moments_of_means(phi)[0], phi }
}

/// The variance of means of days, and the covariance of those in a row, where midnights and noons have variance 1. A mean is a quarter of each midnight and a half of noon.
fn moments_of_means(phi: f64) -> [f64; 2] {
    let shares = [0.25, 0.5, 0.25];
    let at = |later: i32| -> f64 {
        let pairs = (0..).zip(shares).flat_map(|(i, a)| (0..).zip(shares).map(move |(j, b)| (i, a, j, b)));
        pairs.map(|(i, a, j, b): (i32, f64, i32, f64)| a * b * phi.powi((j + later - i).abs())).sum()
    };
    [at(0), at(2)]
}
