//! The statistics: pure functions over slices, each citing where it comes from.

mod autoregression;
mod design;
mod discovery;
mod excursion;
mod memory;
mod regression;
mod robust;
mod share;
mod shrinkage;
mod skewness;
mod student;
mod tail;
mod weights;

pub use autoregression::{Precision, freedom_of_run, lag_one_autocorrelation, long_run_freedom};
pub use design::Design;
pub use discovery::{Family, FdrMethod, benjamini_hochberg, selective_q_values};
pub use excursion::{Neighbours, max_tail, max_tail_of_runs, overshoot};
pub use memory::Memory;
pub use regression::{EventRegression, Explained, Fit, Footprint, Score, Steps, Sweep};
pub use robust::{
    MAD_TO_SD, STRETCH, constant_unit, mad_sd, median, quantile, resolution, running_median, spread, usual_value,
};
pub use share::normal_of_share;
pub use shrinkage::shrunk_to_mean;
pub use skewness::{normal_of_skewed, without_skewness};
pub use student::{StudentNoise, normal_of_t, small_sample_factor};
pub use tail::{normal_of_tail, normal_of_tails};
pub use weights::{cell, log_mean, log_sum_exp, normalise, weighted_quantile};
