//! How far a published accuracy is from what a study's seeds give for the same treatment on the same faces.
//!
//! In: the accuracies of the seeds and the published one. Out: a [`ClaimCheck`]: as one run, by the prediction interval
//! of one further normal value, mean ± t · sd · √(1 + 1/S) with S − 1 degrees of freedom (Hahn and Meeker, 1991,
//! chapter 4); as the best of N runs, by drawing N of the seeds again and again (exactly: the i-th smallest of S seeds
//! is not exceeded with (i/S)ᴺ), and by the level that the best of N further runs stays below with 97.5 % at least
//! (Bonferroni: the prediction bound at 1 − 0.025/N). The seeds differ in training alone: what other people, other
//! pictures or another preparation of the same database would change is in none of it.

use serde::Serialize;

use crate::counting::numbers::{PERCENT, mean_of};
use crate::intervals::interval::{t_quantile, t_upper_tail};
use crate::results::single_run::SeedAccuracies;

/// Chance that a further run lies above its interval, and as much that it lies below.
const TAIL: f64 = 0.025;
/// Percent nearer than this are equal: shares with 53 bits.
const ROUNDING: f64 = 1e-9;

/// A published accuracy beside a study's seeds. Accuracies are in percent, differences in points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClaimCheck {
    /// What was published.
    pub published_percent: f64,
    /// Seeds of the study.
    pub n_seeds: usize,
    /// Their mean.
    pub mean_percent: f64,
    /// Their standard deviation.
    pub sd_points: f64,
    /// The lowest and the highest of them.
    pub range_percent: [f64; 2],
    /// Published less mean.
    pub difference_points: f64,
    /// Where one further run lies with 95 %.
    pub one_run_percent: [f64; 2],
    /// Whether the published accuracy lies there.
    pub is_within_one_run: bool,
    /// Seeds that reach it.
    pub n_seeds_reach: usize,
    /// Probability that one further run reaches it, in percent, by the t distribution.
    pub one_run_reaches_percent: f64,
    /// The same as the best of several runs.
    pub best_of: BestOf,
}

/// The best of several runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BestOf {
    /// How many.
    pub n_runs: u32,
    /// Mean of the best of so many seeds, drawn again.
    pub mean_percent: f64,
    /// Its 2.5th and 97.5th percentile.
    pub range_percent: [f64; 2],
    /// How often it reaches the published accuracy, in percent.
    pub reaches_percent: f64,
    /// What the best of so many further runs does not exceed with 97.5 % at least.
    pub at_most_percent: f64,
    /// Whether the published accuracy is above that.
    pub is_above: bool,
}

/// Compares a published accuracy, in percent, with one run and with the best of `n_runs`; none with fewer than two
/// seeds, which say nothing of their spread.
pub fn check_claim(seeds: &SeedAccuracies, published_percent: f64, n_runs: u32) -> Option<ClaimCheck> {
    let mut sorted = seeds.accuracy_percent.clone();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n < 2 {
        return None;
    }
    let (mean, df) = (mean_of(&sorted), (n - 1) as f64);
    let sd = (sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / df).sqrt();
    let scale = sd * (1.0 + 1.0 / n as f64).sqrt();
    let half = t_quantile(1.0 - TAIL, df) * scale;
    let difference = published_percent - mean;
    Some(ClaimCheck {
        published_percent,
        n_seeds: n,
        mean_percent: mean,
        sd_points: sd,
        range_percent: [sorted[0], sorted[n - 1]],
        difference_points: difference,
        one_run_percent: [mean - half, mean + half].map(|end| end.clamp(0.0, PERCENT)),
        is_within_one_run: difference.abs() <= half + ROUNDING,
        n_seeds_reach: reaching(&sorted, published_percent),
        one_run_reaches_percent: PERCENT * tail(difference, scale, df),
        best_of: best_of(
            &sorted,
            published_percent,
            n_runs,
            mean + t_quantile(1.0 - TAIL / f64::from(n_runs), df) * scale,
        ),
    })
}

/// Seeds at or above a level.
fn reaching(sorted: &[f64], level: f64) -> usize {
    sorted.iter().filter(|value| **value >= level - ROUNDING).count()
}

/// Probability that a further value exceeds the mean by so much.
fn tail(difference: f64, scale: f64, df: f64) -> f64 {
    if scale < ROUNDING {
        return if difference > ROUNDING { 0.0 } else { 1.0 };
    }
    let above = t_upper_tail(difference.abs() / scale, df);
    if difference >= 0.0 { above } else { 1.0 - above }
}

fn best_of(sorted: &[f64], published: f64, n_runs: u32, bound: f64) -> BestOf {
    let n = sorted.len() as f64;
    // The best is not above the i-th smallest, i from 0.
    let not_above = |i: usize| ((i + 1) as f64 / n).powf(f64::from(n_runs));
    let is_it = |i: usize| not_above(i) - (i as f64 / n).powf(f64::from(n_runs));
    let quantile = |share: f64| {
        let at = (0..sorted.len()).find(|i| not_above(*i) >= share - ROUNDING);
        sorted[at.unwrap_or(sorted.len() - 1)]
    };
    let n_below = sorted.len() - reaching(sorted, published);
    BestOf {
        n_runs,
        mean_percent: sorted.iter().enumerate().map(|(i, value)| is_it(i) * value).sum(),
        range_percent: [quantile(TAIL), quantile(1.0 - TAIL)],
        reaches_percent: PERCENT * (1.0 - (n_below as f64 / n).powf(f64::from(n_runs))),
        at_most_percent: bound.min(PERCENT),
        is_above: published > bound + ROUNDING,
    }
}

#[cfg(test)]
mod tests {
    use howfar_protocol::{Part, Treatment};

    use super::*;

    fn seeds(accuracy_percent: &[f64]) -> SeedAccuracies {
        SeedAccuracies {
            treatment: Treatment::BASELINE,
            part: Part::Test,
            set: String::new(),
            seeds: (0..).take(accuracy_percent.len()).collect(),
            accuracy_percent: accuracy_percent.to_vec(),
        }
    }

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }

    #[test]
    fn one_run_and_the_best_of_several_are_scipys() {
        // numpy and scipy.stats.t of 44, 46, 47, 48, 50: mean, std(ddof=1), t.ppf(.975, 4), t.sf.
        let check = check_claim(&seeds(&[46.0, 44.0, 50.0, 47.0, 48.0]), 53.0, 3).unwrap();
        near(check.mean_percent, 47.0);
        near(check.sd_points, 5.0_f64.sqrt());
        near(check.one_run_percent[1], 53.800_873_8);
        near(check.one_run_reaches_percent, 3.524_199_8);
        assert!(check.is_within_one_run && check.n_seeds_reach == 0 && check.best_of.reaches_percent == 0.0);
        // Of 125 draws of three seeds 61 have the highest as their best, 37 the next, 19, 7, 1.
        let expected = (61.0 * 50.0 + 37.0 * 48.0 + 19.0 * 47.0 + 7.0 * 46.0 + 44.0) / 125.0;
        near(check.best_of.mean_percent, expected);
        assert_eq!(check.best_of.range_percent, [46.0, 50.0]);
        near(check_claim(&seeds(&[46.0, 44.0, 50.0, 47.0, 48.0]), 48.0, 3).unwrap().best_of.reaches_percent, 78.4);
        assert!(check.best_of.at_most_percent > check.one_run_percent[1] && !check.best_of.is_above);
    }

    #[test]
    fn without_any_spread_everything_else_is_outside_and_one_seed_says_nothing() {
        let same = seeds(&[50.0, 50.0]);
        assert!(check_claim(&same, 50.0, 2).unwrap().is_within_one_run);
        let above = check_claim(&same, 51.0, 2).unwrap();
        assert!(!above.is_within_one_run && above.best_of.is_above && above.one_run_reaches_percent == 0.0);
        assert_eq!(check_claim(&seeds(&[50.0]), 51.0, 2), None);
    }
}
