//! Looking more than once: seeds are added in rounds, and after each the answer may be settled.
//!
//! In: the doubt about a difference after so many seeds. Out: settled, or go on. Each look spends a part of the 5 % risk of
//! a false alarm, after Lan and DeMets (1983) with O'Brien and Fleming's spending function α(t) = 2 − 2 Φ(z / √t), t the share
//! of the seeds that are there and z the quantile of α/2. A look may spend what α(t) grows by; since the parts sum to 5 %,
//! the risk stays below it whatever ties the looks together (the people are the same in all of them). Little is spent
//! early, so the last look is hardly wider than a single one.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::answer::{Verdict, headline};
use crate::interval::{Basis, Doubt};
use crate::results::{Results, StudyFacts};

/// Risk of a false alarm over all looks.
pub(crate) const RISK: f64 = 0.05;
/// Points in a share of 1.
const POINTS: f64 = 100.0;
/// Fewer seeds than this say too little of how seeds differ.
const FEWEST_SEEDS: u32 = 3;
/// A difference within ± this share is no difference that a user needs: the answer is then settled, too.
pub const SMALL: f64 = 0.02;

/// One look at the study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Seeds that are there.
    pub n_seeds: u32,
    /// Risk that it may spend.
    pub risk: f64,
}

/// What a look shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The mix helps.
    Helps,
    /// It hurts.
    Hurts,
    /// The difference is smaller than [`SMALL`], either way.
    Small,
    /// More seeds are needed.
    Open,
}

impl Settled {
    /// Whether no more seeds are needed.
    pub fn is_settled(self) -> bool {
        self != Self::Open
    }

    pub(crate) fn verdict(self) -> Verdict {
        match self {
            Self::Helps => Verdict::Gain,
            Self::Hurts => Verdict::Loss,
            Self::Small | Self::Open => Verdict::Unclear,
        }
    }
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
    /// Risk of a false alarm that a verdict may take: that of this look where seeds are added until the answer is settled.
    pub fn risk(&self) -> f64 {
        self.look().map_or(RISK, |look| look.risk)
    }

    fn look(&self) -> Option<Look> {
        looks(self.seeds_at_most?).into_iter().find(|look| look.n_seeds == self.n_seeds)
    }
}

/// Whether the first recipe's answer needs no more seeds. Always open where the study does not add any.
pub fn settled(results: &Results) -> Settled {
    let claim = results.recipes.first().and_then(|recipe| headline(&recipe.claims));
    let (Some(look), Some(claim)) = (results.study.look(), claim) else { return Settled::Open };
    let is_known = claim.n_people > 1 && claim.n_seeds > 1;
    let doubt = Doubt {
        standard_error: claim.standard_error_points / POINTS,
        degrees_of_freedom: claim.degrees_of_freedom,
        basis: if is_known { Basis::Crossed } else { Basis::Nothing },
    };
    settle(&doubt, claim.difference_points / POINTS, look)
}

/// What a look shows about a difference with this doubt.
pub fn settle(doubt: &Doubt, mean: f64, look: Look) -> Settled {
    if doubt.basis != Basis::Crossed {
        return Settled::Open;
    }
    let [low, high] = doubt.interval_at(mean, 1.0 - look.risk);
    match () {
        () if low > 0.0 => Settled::Helps,
        () if high < 0.0 => Settled::Hurts,
        () if low > -SMALL && high < SMALL => Settled::Small,
        () => Settled::Open,
    }
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

    #[test]
    fn an_interval_decides_and_one_seed_never_does() {
        let look = Look { n_seeds: 9, risk: 0.05 };
        let doubt = |standard_error, basis| Doubt { standard_error, degrees_of_freedom: 8.0, basis };
        let cases = [
            (0.05, 0.01, Settled::Helps),
            (-0.05, 0.01, Settled::Hurts),
            (0.001, 0.005, Settled::Small),
            (0.01, 0.01, Settled::Open),
        ];
        for (mean, standard_error, expected) in cases {
            assert_eq!(settle(&doubt(standard_error, Basis::Crossed), mean, look), expected, "{mean}");
        }
        assert_eq!(settle(&doubt(0.001, Basis::UnitsAlone), 0.5, look), Settled::Open);
    }
}
