//! How sure a mean is where not every seed judged every person: the split is drawn anew with every seed, so each seed
//! has test people of its own, and some come again.
//!
//! In: a table of people × seeds with gaps. Out: the standard error of the mean of what is there. A seed stands for
//! all that differs between two repetitions: who is trained on, weights, orders, generated faces.
//!
//! Let V be the variance of a seed's mean and C the mean covariance of two seeds' means, which people make who are
//! judged by both: C = σ²_people · mean of n_st/(n_s n_t), n_st people being common to both. The variance of the mean
//! over S seeds is then (V − C)/S + C. The spread of the seeds' means estimates V − C without bias; σ²_people is the
//! mean product of a person's deviations from two seeds' means (a moment estimate after Henderson, 1953, method I).
//! Where the seeds' means differ no more than the people within them make them differ (an F test at p < 0.3), V is
//! the pooled variance within seeds over their people, as in `interval.rs`. Degrees of freedom are Satterthwaite's
//! (1946) of both parts. `howfar study check-statistics` checks the whole chain with redrawn splits.

use crate::intervals::grid::Grid;

/// The standard error of the mean and its degrees of freedom; none from one seed.
pub(super) fn standard_error(grid: &Grid, chance_ratio: impl Fn(f64, f64, f64) -> f64) -> Option<(f64, f64)> {
    let (n_seeds, means) = (grid.n_seeds() as f64, grid.seed_means());
    if grid.n_seeds() < 2 {
        return None;
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
    Some((variance.sqrt(), df))
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
