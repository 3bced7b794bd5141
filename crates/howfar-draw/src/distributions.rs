//! What a style says of a number that differs from face to face: a range, or a mean with a spread.
//!
//! In: a stream. Out: a number. Both are values of style files.

use howfar_random::{Stream, between, clipped_normal};
use serde::{Deserialize, Serialize};

/// Evenly spread between two ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Uniform(pub f32, pub f32);

impl Uniform {
    /// Draws a number.
    pub(crate) fn sample(self, stream: &mut Stream) -> f32 {
        between(stream, self.0, self.1)
    }
}

/// Normal around a mean; draws beyond 2.2 standard deviations are moved to that limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TruncatedNormal {
    /// Of the whole distribution, which is symmetric.
    pub mean: f32,
    /// Standard deviation before the cut.
    pub sd: f32,
}

impl TruncatedNormal {
    /// Draws a number.
    pub(crate) fn sample(self, stream: &mut Stream) -> f32 {
        self.mean + self.sd * clipped_normal(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_random::Seeds;

    #[test]
    fn numbers_have_their_mean_and_spread_and_keep_their_limits() {
        let mut stream = Seeds::new(9).stream("numbers", &[]);
        let normal = TruncatedNormal { mean: 2.0, sd: 0.5 };
        let draws: Vec<f32> = (0..20_000).map(|_| normal.sample(&mut stream)).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let sd = (draws.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / draws.len() as f32).sqrt();
        assert!((mean - 2.0).abs() < 0.02 && (sd - 0.5).abs() < 0.03, "{mean} {sd}");
        assert!(draws.iter().all(|x| (x - 2.0).abs() <= 1.1001));
        assert!((0..1000).map(|_| Uniform(-1.0, 3.0).sample(&mut stream)).all(|x| (-1.0..3.0).contains(&x)));
    }
}
