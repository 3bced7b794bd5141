//! The crossed bootstrap: people and seeds are drawn again, with replacement, each on its own (Owen, 2007).
//!
//! In: a table of people × seeds. Out: what a statistic could have been. Intervals of means stand on the t quantile of
//! `interval.rs`, which covers better; the bootstrap serves figures that have no formula: places on a curve, exchange
//! rates.

use howfar_random::{Stream, below};

use crate::intervals::interval::Grid;

/// Times that people and seeds are drawn again.
pub(crate) const N_DRAWS: usize = 2000;

/// How often each row and each column was drawn.
#[derive(Debug, Clone)]
pub(crate) struct Draw {
    pub(crate) units: Vec<f64>,
    pub(crate) seeds: Vec<f64>,
}

impl Draw {
    /// Draws as many rows and columns as there are.
    pub(crate) fn new(n_units: usize, n_seeds: usize, stream: &mut Stream) -> Self {
        let mut counts = |n: usize| {
            let mut counts = vec![0.0; n];
            for _ in 0..n {
                counts[below(n, stream)] += 1.0;
            }
            counts
        };
        Draw { units: counts(n_units), seeds: counts(n_seeds) }
    }

    /// The mean of a table with these weights: of a table with gaps, of what is there.
    pub(crate) fn mean(&self, grid: &Grid) -> f64 {
        if grid.has_gaps() {
            return self.mean_there(grid);
        }
        let row = |unit: usize| self.seeds.iter().enumerate().map(|(seed, w)| w * grid.value(unit, seed)).sum::<f64>();
        let sum: f64 = self.units.iter().enumerate().filter(|(_, w)| **w > 0.0).map(|(unit, w)| w * row(unit)).sum();
        sum / (self.units.len() * self.seeds.len()) as f64
    }
}

impl Draw {
    fn mean_there(&self, grid: &Grid) -> f64 {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (unit, of_unit) in self.units.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            for (seed, of_seed) in self.seeds.iter().enumerate() {
                let value = grid.value(unit, seed);
                if !value.is_nan() {
                    sum += of_unit * of_seed * value;
                    weight += of_unit * of_seed;
                }
            }
        }
        // Of few people and seeds a draw may hold none who were judged.
        if weight > 0.0 { sum / weight } else { grid.mean() }
    }
}

/// The 2.5th and 97.5th percentile of the mean over drawn people and seeds.
pub fn percentile_interval(grid: &Grid, stream: &mut Stream) -> [f64; 2] {
    let mut means: Vec<f64> =
        (0..N_DRAWS).map(|_| Draw::new(grid.n_units(), grid.n_seeds(), stream).mean(grid)).collect();
    interval_of(&mut means)
}

/// The middle 95 % of values, by linear interpolation between order statistics (NumPy's default).
pub(crate) fn interval_of(values: &mut [f64]) -> [f64; 2] {
    values.sort_by(f64::total_cmp);
    [0.025, 0.975].map(|share| quantile(values, share))
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, rest) = (at.floor() as usize, at.fract());
    let above = sorted[(below + 1).min(sorted.len() - 1)];
    sorted[below] + rest * (above - sorted[below])
}
