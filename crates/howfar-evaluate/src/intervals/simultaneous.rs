//! Several differences at once, one chance of a false alarm: how much wider each interval must be.
//!
//! In: tables of people × seeds, one a contrast, of the same people and seeds. Out: the confidence that each single
//! interval must have so that all of them hold together with 95 %. The contrasts of a curve go up and down together, so
//! this is less than Bonferroni asks: the largest |z| is simulated with the contrasts' own ties by Gaussian multipliers
//! on the people's and the seeds' deviations (Chernozhukov, Chetverikov and Kato, 2013), and its 95th percentile names
//! the confidence.

use howfar_random::{Stream, normal};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::intervals::interval::Grid;

/// Joint confidence.
const CONFIDENCE: f64 = 0.95;
/// Draws of the multipliers.
const N_DRAWS: usize = 4000;

/// Confidence of each interval, at least 95 %.
pub(crate) fn single_confidence(grids: &[Grid], stream: &mut Stream) -> f64 {
    let contrasts: Vec<Contrast> = grids.iter().filter_map(Contrast::of).collect();
    let Some(first) = contrasts.first().filter(|_| contrasts.len() > 1) else { return CONFIDENCE };
    let mut largest: Vec<f64> = (0..N_DRAWS)
        .map(|_| {
            let mut draw = |n: usize| (0..n).map(|_| f64::from(normal(stream))).collect::<Vec<f64>>();
            let (units, seeds) = (draw(first.units.len()), draw(first.seeds.len()));
            contrasts.iter().map(|contrast| contrast.z(&units, &seeds).abs()).fold(0.0, f64::max)
        })
        .collect();
    largest.sort_by(f64::total_cmp);
    let critical = largest[(CONFIDENCE * N_DRAWS as f64) as usize];
    let normal = Normal::new(0.0, 1.0).expect("a deviation above 0");
    (2.0 * normal.cdf(critical) - 1.0).max(CONFIDENCE)
}

/// Deviations of a contrast's people and seeds, so scaled that their multiplied sum has variance 1.
struct Contrast {
    units: Vec<f64>,
    seeds: Vec<f64>,
}

impl Contrast {
    /// None where the contrast does not vary: it cannot give an alarm.
    fn of(grid: &Grid) -> Option<Self> {
        let mean = grid.mean();
        let scaled = |means: Vec<f64>| {
            let n = means.len() as f64;
            let scale = if n > 1.0 { (n * (n - 1.0)).sqrt() } else { f64::INFINITY };
            means.into_iter().map(|value| (value - mean) / scale).collect::<Vec<f64>>()
        };
        let (mut units, mut seeds) = (scaled(grid.unit_means()), scaled(grid.seed_means()));
        let length = units.iter().chain(&seeds).map(|v| v * v).sum::<f64>().sqrt();
        if length < 1e-12 {
            return None;
        }
        units.iter_mut().chain(&mut seeds).for_each(|v| *v /= length);
        Some(Contrast { units, seeds })
    }

    fn z(&self, units: &[f64], seeds: &[f64]) -> f64 {
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        product(&self.units, units) + product(&self.seeds, seeds)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
mod tests {
    use super::*;
    use howfar_random::Seeds;

    fn grid(seed: u64, shared: f64) -> Grid {
        let mut common = Seeds::new(0).stream("common", &[]);
        let mut own = Seeds::new(seed).stream("own", &[]);
        let mut value = || shared * f64::from(normal(&mut common)) + (1.0 - shared) * f64::from(normal(&mut own));
        Grid::new(&(0..30).map(|_| (0..5).map(|_| value()).collect()).collect::<Vec<Vec<f64>>>()).unwrap()
    }

    #[test]
    fn ties_between_contrasts_decide_how_much_wider_intervals_become() {
        let confidence = |grids: &[Grid]| single_confidence(grids, &mut Seeds::new(1).stream("band", &[]));
        assert_eq!(confidence(&[grid(1, 0.0)]), 0.95);
        let same: Vec<Grid> = (0..9).map(|_| grid(1, 0.0)).collect();
        assert!((confidence(&same) - 0.95).abs() < 0.012, "{}", confidence(&same));
        // Nine contrasts without ties: Šidák's 0.95^(1/9) = 0.9943.
        let apart: Vec<Grid> = (0..9).map(|seed| grid(seed, 0.0)).collect();
        assert!((confidence(&apart) - 0.9943).abs() < 0.002, "{}", confidence(&apart));
        let tied: Vec<Grid> = (0..9).map(|seed| grid(seed, 0.8)).collect();
        assert!((0.953..0.99).contains(&confidence(&tied)), "{}", confidence(&tied));
    }
}
