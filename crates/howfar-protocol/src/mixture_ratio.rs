//! k, the mixture ratio: how many generated units for each labelled one.

use std::fmt;

use howfar_face::Fault;
use serde::{Deserialize, Serialize};

/// k: units of generated faces. 0 means real data only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct MixtureRatio(f64);

impl MixtureRatio {
    /// Real data only.
    pub const ZERO: Self = MixtureRatio(0.0);
    /// As many generated units as real ones.
    pub const ONE: Self = MixtureRatio(1.0);

    /// A finite number from 0 up.
    pub fn new(k: f64) -> Result<Self, Fault> {
        if k.is_finite() && k >= 0.0 {
            // Adding 0 turns -0 into 0, which would print with a sign.
            return Ok(MixtureRatio(k + 0.0));
        }
        Err(Fault::usage("k", "not a mixture ratio")
            .found(k)
            .expected("a finite number from 0 up; 0 means real data only"))
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }

    /// Units for so many real ones, rounded.
    pub fn units(self, n_real: usize) -> usize {
        (self.0 * n_real as f64).round() as usize
    }
}

impl Eq for MixtureRatio {}

impl PartialOrd for MixtureRatio {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MixtureRatio {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl fmt::Display for MixtureRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl TryFrom<f64> for MixtureRatio {
    type Error = Fault;

    fn try_from(k: f64) -> Result<Self, Fault> {
        Self::new(k)
    }
}

impl From<MixtureRatio> for f64 {
    fn from(k: MixtureRatio) -> f64 {
        k.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_numbers_from_0_up_are_ratios() {
        for k in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(MixtureRatio::new(k).is_err(), "{k}");
        }
        assert_eq!(MixtureRatio::new(0.5).unwrap().to_string(), "0.5");
        assert_eq!(MixtureRatio::new(-0.0).unwrap().to_string(), "0");
    }
}
