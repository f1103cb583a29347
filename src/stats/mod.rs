//! The statistics: pure functions over slices, each citing where it comes from.

mod autoregression;
mod excursion;
mod regression;
mod robust;
mod weights;

pub use autoregression::{Precision, lag_one_autocorrelation};
pub use excursion::{max_tail, overshoot, t_to_z};
pub use regression::{Design, EventRegression, Fit, Score, Steps};
pub use robust::{mad_sd, median, quantile, running_median};
pub use weights::{log_sum_exp, normalise, weighted_quantile};
