//! What would settle an open answer: how many more seeds, or how many more people.
//!
//! In: the table of a difference, the smallest that matters. Out: a [`Power`]. The variance of the mean is made of a
//! part that people, one that seeds and one that both together bring down (method of moments); more of one leaves the
//! other's part. "Settled" means that the difference would be told from zero at the claim's risk with a probability
//! of about 80 %: if it is as small as may matter, and, which is optimistic, if it is as large as it looks.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::counting::numbers::PERCENT;
use crate::intervals::interval::{Doubt, Grid, MeanSquares, t_quantile};
use crate::results::{Power, PowerAsFound};

/// Probability of seeing it.
const POWER: f64 = 0.8;
/// More people or seeds than this are not advised.
const MOST: usize = 1000;

/// What it takes to see the smallest difference that matters, a share, and the one that was found; `risk` is what the
/// claim may take after its corrections. None from a table with one row or one column.
pub(crate) fn power(grid: &Grid, rows_are_people: bool, smallest: f64, risk: f64) -> Option<Power> {
    let (n_units, n_seeds) = (grid.n_units(), grid.n_seeds());
    if n_units < 2 || n_seeds < 2 {
        return None;
    }
    let parts = Parts::of(grid);
    let more = |target: f64| {
        let is_seen = |n_units: usize, n_seeds: usize| {
            let normal = Normal::new(0.0, 1.0).expect("a deviation above 0");
            let df = (n_units.min(n_seeds) - 1) as f64;
            let needed = t_quantile(1.0 - risk / 2.0, df) + normal.inverse_cdf(POWER);
            needed * parts.variance(n_units, n_seeds).sqrt() <= target
        };
        let more_seeds = (1..=MOST).find(|more| is_seen(n_units, n_seeds + more));
        (more_seeds, (1..=MOST).find(|more| is_seen(n_units + more, n_seeds)).filter(|_| rows_are_people))
    };
    let found = grid.mean().abs();
    let as_found = || {
        let (more_seeds, more_people) = more(found);
        PowerAsFound { difference_points: PERCENT * found, more_seeds, more_people }
    };
    let (more_seeds, more_people) = more(smallest);
    let if_as_found = (found > smallest).then(as_found);
    Some(Power { difference_points: PERCENT * smallest, more_seeds, more_people, if_as_found })
}

/// Variance components of one value.
struct Parts {
    units: f64,
    seeds: f64,
    residual: f64,
}

impl Parts {
    fn of(grid: &Grid) -> Self {
        if grid.has_gaps() {
            return Self::of_gaps(grid);
        }
        let MeanSquares { units, seeds, residual } = grid.mean_squares();
        Parts {
            units: ((units - residual) / grid.n_seeds() as f64).max(0.0),
            seeds: ((seeds - residual) / grid.n_units() as f64).max(0.0),
            residual,
        }
    }

    /// Of a table with gaps: what people and seeds bring down cannot be told apart from few common people, so all of it
    /// stands with the seeds, who bring their own test people.
    fn of_gaps(grid: &Grid) -> Self {
        let variance = Doubt::of(grid).standard_error.powi(2);
        Parts { units: 0.0, seeds: variance * grid.n_seeds() as f64, residual: 0.0 }
    }

    /// Of the mean over so many people and seeds.
    fn variance(&self, n_units: usize, n_seeds: usize) -> f64 {
        let (n_units, n_seeds) = (n_units as f64, n_seeds as f64);
        self.units / n_units + self.seeds / n_seeds + self.residual / (n_units * n_seeds)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
mod tests {
    use super::*;

    /// People differ by ±`people`, seeds by ±`seeds`, both around `mean`.
    fn grid(mean: f64, people: f64, seeds: f64) -> Grid {
        let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let row = |p: usize| (0..6).map(|s| mean + people * sign(p) + seeds * sign(s)).collect::<Vec<f64>>();
        Grid::new(&(0..20).map(row).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn what_is_advised_is_what_the_doubt_comes_from() {
        let power = |grid: Grid, rows_are_people| power(&grid, rows_are_people, 0.03, 0.05).unwrap();
        let of_people = power(grid(0.03, 0.2, 0.0), true);
        assert_eq!((of_people.more_seeds, of_people.more_people.is_some()), (None, true), "{of_people:?}");
        let of_seeds = power(grid(0.03, 0.0, 0.05), true);
        assert!(of_seeds.more_seeds.is_some() && of_seeds.more_people.is_none(), "{of_seeds:?}");
        assert_eq!(power(grid(0.03, 0.2, 0.0), false).more_people, None);
        assert_eq!(power(grid(0.001, 0.2, 0.0), true).if_as_found, None, "less was found than matters");
    }

    #[test]
    fn what_was_found_takes_less_than_what_matters_and_a_correction_more() {
        let grid = grid(0.06, 0.0, 0.05);
        let plain = power(&grid, true, 0.02, 0.05).unwrap();
        let as_found = plain.if_as_found.unwrap();
        assert!(as_found.more_seeds.unwrap() < plain.more_seeds.unwrap());
        assert!(power(&grid, true, 0.02, 0.01).unwrap().more_seeds.unwrap() > plain.more_seeds.unwrap());
    }
}
