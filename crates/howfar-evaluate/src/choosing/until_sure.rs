//! Looking more than once: seeds are added in rounds, and after each the answer may be settled.
//!
//! In: how many seeds there may be, and the results of a look. Out: the looks with the risk of each; settled, or go on.
//! Each look spends a part of the 5 % risk of a false alarm, after Lan and DeMets (1983) with O'Brien and Fleming's
//! spending function α(t) = 2 − 2 Φ(z / √t), t the share of the seeds that are there and z the quantile of α/2. A look
//! may spend what α(t) grows by; since the parts sum to 5 %, the risk stays below it whatever ties the looks together
//! (the people are the same in all of them). Little is spent early, so the last look is hardly wider than a single one.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::choosing::verdict::Verdict;
use crate::results::{Results, StudyFacts};

/// Risk of a false alarm over all looks.
pub(crate) const RISK: f64 = 0.05;
/// Fewer seeds than this say too little of how seeds differ.
const FEWEST_SEEDS: u32 = 3;

/// One look at the study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Seeds that are there.
    pub n_seeds: u32,
    /// Risk that it may spend.
    pub risk: f64,
}

/// The looks at a study of at most `n_seeds`: after a third, two thirds and all of them, at least three at the first.
pub fn looks(n_seeds: u32) -> Vec<Look> {
    let mut at: Vec<u32> = [n_seeds.div_ceil(3), 2 * n_seeds / 3, n_seeds].to_vec();
    at.retain(|n| *n >= FEWEST_SEEDS || *n == n_seeds);
    at.dedup();
    let spent = |n: u32| spending(f64::from(n) / f64::from(n_seeds));
    let before = |i: usize| if i == 0 { 0.0 } else { spent(at[i - 1]) };
    at.iter().enumerate().map(|(i, n)| Look { n_seeds: *n, risk: spent(*n) - before(i) }).collect()
}

impl StudyFacts {
    /// Risk of a false alarm that a verdict may take: that of this look where seeds are added until the answer is
    /// settled.
    pub fn risk(&self) -> f64 {
        self.look().map_or(RISK, |look| look.risk)
    }

    fn look(&self) -> Option<Look> {
        looks(self.seeds_at_most?).into_iter().find(|look| look.n_seeds == self.n_seeds)
    }
}

/// What the first recipe's answer says. Open where the study adds no seeds: nothing is settled by looking on.
pub fn settled(results: &Results) -> Verdict {
    let first = results.recipes.first().filter(|_| results.study.look().is_some());
    first.map_or(Verdict::Open, |recipe| recipe.verdict)
}

/// O'Brien and Fleming's spending function.
fn spending(share: f64) -> f64 {
    let normal = Normal::new(0.0, 1.0).expect("a deviation above 0");
    let z = normal.inverse_cdf(1.0 - RISK / 2.0);
    2.0 - 2.0 * normal.cdf(z / share.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_spend_five_percent_together_and_most_of_it_last() {
        for n_seeds in 1..=60 {
            let looks = looks(n_seeds);
            let spent: f64 = looks.iter().map(|look| look.risk).sum();
            assert!((spent - 0.05).abs() < 1e-9, "{n_seeds}: {looks:?}");
            assert_eq!(looks.last().map(|look| look.n_seeds), Some(n_seeds));
            assert!(looks.windows(2).all(|two| two[0].risk < two[1].risk && two[0].n_seeds < two[1].n_seeds));
        }
        let at: Vec<u32> = looks(12).iter().map(|look| look.n_seeds).collect();
        assert_eq!(at, [4, 8, 12]);
        // scipy.stats.norm (SciPy 1.17) in the same formula.
        assert!((looks(12)[0].risk - 0.000_686_4).abs() < 1e-6 && (looks(12)[1].risk - 0.015_686).abs() < 1e-5);
    }
}
