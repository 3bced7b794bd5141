//! Values by people (or folds) and seeds: what every interval is computed from.
//!
//! In: rows of equal length. Out: a [`Grid`] with its means and mean squares. Knows no interval.

/// A table of values: one row a unit (a person, or a fold), one column a seed. A value that is not a number is not
/// there: where the split is drawn anew, not every seed judges every person.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    n_units: usize,
    n_seeds: usize,
    /// Row after row.
    values: Vec<f64>,
    has_gaps: bool,
}

impl Grid {
    /// Rows of equal length, at least one with at least one value; else nothing.
    pub fn new(rows: &[Vec<f64>]) -> Option<Self> {
        let n_seeds = rows.first()?.len();
        let is_table = n_seeds > 0 && rows.iter().all(|row| row.len() == n_seeds);
        let has_gaps = rows.iter().flatten().any(|value| value.is_nan());
        is_table.then(|| Grid { n_units: rows.len(), n_seeds, values: rows.concat(), has_gaps })
    }

    /// Rows.
    pub fn n_units(&self) -> usize {
        self.n_units
    }

    /// Columns.
    pub fn n_seeds(&self) -> usize {
        self.n_seeds
    }

    /// The value of a row and a column.
    pub(crate) fn value(&self, unit: usize, seed: usize) -> f64 {
        self.values[unit * self.n_seeds + seed]
    }

    /// The differences to a table of the same size.
    pub(crate) fn less(&self, other: &Self) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(a, b)| a - b).collect();
        Grid { values, has_gaps: self.has_gaps || other.has_gaps, ..*self }
    }

    /// Whether some values are not there.
    pub(crate) fn has_gaps(&self) -> bool {
        self.has_gaps
    }

    /// Mean of all values; with gaps the mean over seeds of each seed's mean.
    pub fn mean(&self) -> f64 {
        if self.has_gaps() { mean_there(self.seed_means()) } else { mean_there(self.values.iter().copied()) }
    }

    /// Mean of each row over its seeds.
    pub fn unit_means(&self) -> Vec<f64> {
        self.values.chunks(self.n_seeds).map(|row| mean_there(row.iter().copied())).collect()
    }

    /// The values of a column that are there.
    pub(crate) fn column(&self, seed: usize) -> impl Iterator<Item = f64> {
        self.values.iter().skip(seed).step_by(self.n_seeds).copied().filter(|value| !value.is_nan())
    }

    /// Mean of each column over its units.
    pub fn seed_means(&self) -> Vec<f64> {
        (0..self.n_seeds).map(|seed| mean_there(self.column(seed))).collect()
    }

    /// Mean squares of units, seeds and residual; 0 where there are no degrees of freedom.
    pub fn mean_squares(&self) -> MeanSquares {
        let (mean, units, seeds) = (self.mean(), self.unit_means(), self.seed_means());
        let (n_units, n_seeds) = (self.n_units as f64, self.n_seeds as f64);
        let spread = |means: &[f64]| means.iter().map(|m| (m - mean).powi(2)).sum::<f64>();
        let residual = |(i, value): (usize, &f64)| value - units[i / self.n_seeds] - seeds[i % self.n_seeds] + mean;
        let residuals: f64 = self.values.iter().enumerate().map(|cell| residual(cell).powi(2)).sum();
        let per_df = |squares: f64, df: f64| if df > 0.0 { squares / df } else { 0.0 };
        MeanSquares {
            units: per_df(n_seeds * spread(&units), n_units - 1.0),
            seeds: per_df(n_units * spread(&seeds), n_seeds - 1.0),
            residual: per_df(residuals, (n_units - 1.0) * (n_seeds - 1.0)),
        }
    }
}

/// The mean of the values that are there.
fn mean_there(values: impl IntoIterator<Item = f64>) -> f64 {
    let there = values.into_iter().filter(|value| !value.is_nan());
    let (sum, n) = there.fold((0.0, 0_usize), |(sum, n), value| (sum + value, n + 1));
    sum / n as f64
}

/// Mean squares of a two-way layout without replication.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanSquares {
    /// Between units (people or folds).
    pub units: f64,
    /// Between seeds.
    pub seeds: f64,
    /// What neither explains.
    pub residual: f64,
}
