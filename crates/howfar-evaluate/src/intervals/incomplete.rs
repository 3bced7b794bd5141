//! How sure a mean is where not every seed judged every person: the split is drawn anew with every seed, so each seed has
//! test people of its own, and some come again.
//!
//! In: a table of people × seeds with gaps. Out: a [`Doubt`] about the mean of what is there. A seed stands for all that
//! differs between two repetitions: who is trained on, weights, orders, generated faces.
//!
//! Let V be the variance of a seed's mean and C the mean covariance of two seeds' means, which people make who are
//! judged by both: C = σ²_people · mean of n_st/(n_s n_t), n_st people being common to both. The variance of the mean
//! over S seeds is then (V − C)/S + C. The spread of the seeds' means estimates V − C without bias; σ²_people is the mean
//! product of a person's deviations from two seeds' means (a moment estimate after Henderson, 1953, method I). Where
//! the seeds' means differ no more than the people within them make them differ (an F test at p < 0.3), V is the pooled
//! variance within seeds over their people, as in `interval.rs`. Degrees of freedom are Satterthwaite's (1946) of both
//! parts. `howfar check-statistics` checks the whole chain with redrawn splits.

use crate::intervals::interval::{Basis, Doubt, Grid};

/// What people and seeds add to the variance of the mean.
pub(super) fn doubt(grid: &Grid, chance_ratio: impl Fn(f64, f64, f64) -> f64) -> Doubt {
    let (n_seeds, means) = (grid.n_seeds() as f64, grid.seed_means());
    if grid.n_seeds() < 2 {
        return Doubt { standard_error: 1.0, degrees_of_freedom: 0.0, basis: Basis::Nothing };
    }
    let Spread { within, n_values, people, n_pairs, shared } = Spread::of(grid, &means);
    let mean = means.iter().sum::<f64>() / n_seeds;
    let between = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (n_seeds - 1.0);
    let (df_between, df_within) = (n_seeds - 1.0, n_values - n_seeds);
    let people = people.clamp(0.0, within.max(0.0));
    let covariance = people * shared;
    let per_seed = n_values / n_seeds;
    let stands_out = df_within <= 0.0
        || per_seed * between > within * chance_ratio(df_between, df_within, df_between.min(df_within));
    let (own, df_own) = match stands_out {
        true => (between / n_seeds, df_between),
        false => ((within / per_seed - covariance).max(0.0) / n_seeds, df_within + df_between),
    };
    let variance = own + covariance;
    let of_squares = own.powi(2) / df_own + covariance.powi(2) / n_pairs.max(1.0);
    let df = if of_squares > 0.0 { (variance.powi(2) / of_squares).max(1.0) } else { df_own };
    Doubt { standard_error: variance.sqrt(), degrees_of_freedom: df, basis: Basis::Crossed }
}

struct Spread {
    /// Pooled variance of the values within a seed.
    within: f64,
    n_values: f64,
    /// Variance that is a person's own, in all seeds.
    people: f64,
    /// People whom two seeds or more judged.
    n_pairs: f64,
    /// Mean over pairs of seeds of the share of common people, n_st/(n_s n_t).
    shared: f64,
}

impl Spread {
    fn of(grid: &Grid, means: &[f64]) -> Self {
        let n_of_seed: Vec<f64> = (0..grid.n_seeds()).map(|seed| grid.column(seed).count() as f64).collect();
        let n_values: f64 = n_of_seed.iter().sum();
        let (mut squares, mut products, mut n_products, mut n_pairs, mut common) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for unit in 0..grid.n_units() {
            let seeds = (0..grid.n_seeds()).filter(|seed| !grid.value(unit, *seed).is_nan());
            let deviations: Vec<(usize, f64)> =
                seeds.map(|seed| (seed, grid.value(unit, seed) - means[seed])).collect();
            squares += deviations.iter().map(|(_, d)| d * d).sum::<f64>();
            for (i, (s, a)) in deviations.iter().enumerate() {
                for (t, b) in &deviations[..i] {
                    products += a * b;
                    n_products += 1.0;
                    common += 1.0 / (n_of_seed[*s] * n_of_seed[*t]);
                }
            }
            n_pairs += f64::from(u8::from(deviations.len() > 1));
        }
        let n_seeds = grid.n_seeds() as f64;
        let per_df = |sum: f64, df: f64| if df > 0.0 { sum / df } else { 0.0 };
        Spread {
            within: per_df(squares, n_values - n_seeds),
            n_values,
            people: per_df(products, n_products),
            n_pairs,
            shared: common / (n_seeds * (n_seeds - 1.0) / 2.0),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
mod tests {
    use howfar_random::{Seeds, Stream, normal};

    use super::*;
    use crate::intervals::interval::Doubt;

    /// Of `n` people every seed judges a fifth in turn (`turns`) or any fifth; people, seeds and the rest differ so much.
    fn grid(n: usize, n_seeds: usize, [people, seeds, rest]: [f64; 3], turns: bool, stream: &mut Stream) -> Grid {
        let mut draw = |size: f64| size * f64::from(normal(stream));
        let of_seed: Vec<f64> = (0..n_seeds).map(|_| draw(seeds)).collect();
        let row = |unit: usize, draw: &mut dyn FnMut(f64) -> f64| -> Vec<f64> {
            let own = draw(people);
            let judged = |seed: usize, draw: &mut dyn FnMut(f64) -> f64| match turns {
                true => (unit + seed).is_multiple_of(5),
                false => draw(1.0) > 0.84,
            };
            let value = |seed: usize| if judged(seed, draw) { own + of_seed[seed] + draw(rest) } else { f64::NAN };
            (0..n_seeds).map(value).collect()
        };
        let rows: Vec<Vec<f64>> = (0..n).map(|unit| row(unit, &mut draw)).collect();
        let rows: Vec<Vec<f64>> = rows.into_iter().filter(|row| row.iter().any(|v| !v.is_nan())).collect();
        Grid::new(&rows).unwrap()
    }

    #[test]
    fn intervals_cover_whether_people_seeds_or_the_rest_differ() {
        let cases = [
            (60, 5, [0.1, 0.0, 0.1], true),
            (60, 5, [0.1, 0.03, 0.1], false),
            (60, 10, [0.2, 0.03, 0.1], true),
            (120, 5, [0.1, 0.05, 0.1], false),
            (60, 20, [0.1, 0.02, 0.1], false),
            (120, 10, [0.2, 0.0, 0.1], false),
        ];
        for (case, (n, n_seeds, sizes, turns)) in cases.into_iter().enumerate() {
            let n_studies = 1000;
            let is_covered = |study: u64| {
                let mut stream = Seeds::new(7).stream("incomplete", &[case as u64, study]);
                let grid = grid(n, n_seeds, sizes, turns, &mut stream);
                let [low, high] = Doubt::of(&grid).interval(grid.mean());
                low <= 0.0 && 0.0 <= high
            };
            let covered = (0..n_studies).filter(|study| is_covered(*study)).count() as f64 / n_studies as f64;
            assert!((0.925..=0.985).contains(&covered), "{n} {n_seeds} {sizes:?} {turns}: {covered}");
        }
    }

    #[test]
    fn seeds_that_judge_other_people_each_are_as_many_samples() {
        // With nobody judged twice, the interval is that of the seeds' means alone: values of scipy.stats.sem.
        let nan = f64::NAN;
        let rows =
            [[0.1, nan, nan], [0.1, nan, nan], [nan, 0.4, nan], [nan, 0.4, nan], [nan, nan, 0.7], [nan, nan, 0.7]];
        let doubt = Doubt::of(&Grid::new(&rows.map(Vec::from)).unwrap());
        assert!((doubt.standard_error - 0.173_205).abs() < 1e-6, "{doubt:?}");
        assert!((doubt.degrees_of_freedom - 2.0).abs() < 1e-9, "{doubt:?}");
    }
}
