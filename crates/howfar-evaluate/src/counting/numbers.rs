//! Shares, percents and means, as every figure takes them.

/// Percent, or points, in a share of 1.
pub const PERCENT: f64 = 100.0;

/// Mean of values that are there; not a number without any.
pub(crate) fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
