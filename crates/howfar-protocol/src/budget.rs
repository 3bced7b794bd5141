//! How long cells train, and what may stand at each k of the curve of accuracy against k.
//!
//! In: a study's `train.budget`, its ladder, its k. Out: a [`Curve`]. A budget is a number of steps, told by the k
//! whose mix takes so many. Labelled faces alone that train too briefly flatter the mix, and those that train too
//! long do as well; so the budget is asked of validation people, as k is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Arm, MixtureRatio, Track, Treatment};

/// How long the points of the curve train.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Budget {
    /// Labelled faces alone for the steps that serve them best, among those of the ladder; the mix for its own.
    Fair,
    /// Both for the steps that serve them best.
    Best,
    /// All for the steps of the largest k.
    Steps,
    /// All for their own: as many passes over whatever they are given.
    Epochs,
}

/// What may stand at each k; validation people choose among several.
pub type Curve = BTreeMap<MixtureRatio, Vec<Treatment>>;

impl Budget {
    /// The word that stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fair => "fair",
            Self::Best => "best",
            Self::Steps => "steps",
            Self::Epochs => "epochs",
        }
    }

    /// The curve of a track over `all_k`, which hold 0; `ladder` are the budgets that are tried.
    pub fn curve(self, track: &Track, all_k: &[MixtureRatio], ladder: &[MixtureRatio]) -> Curve {
        let largest = all_k.iter().copied().max().unwrap_or(MixtureRatio::ZERO);
        let ways = |k: MixtureRatio| -> Vec<Treatment> {
            let at = |budget: MixtureRatio| match k == MixtureRatio::ZERO {
                true => Treatment::labelled_for_steps_of(budget, track.source.as_deref()),
                false => track.treatment(Arm::MIX, k).for_steps_of(budget),
            };
            match self {
                Self::Steps => vec![at(largest)],
                Self::Fair if k > MixtureRatio::ZERO => vec![at(k)],
                Self::Epochs => vec![at(k)],
                Self::Fair | Self::Best => {
                    let mut ways = vec![at(k)];
                    ways.extend(ladder.iter().filter(|budget| **budget != k).map(|budget| at(*budget)));
                    ways
                }
            }
        };
        all_k.iter().map(|k| (*k, ways(*k))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Network, Recipe};

    fn words(budget: Budget) -> Vec<String> {
        let track = Track { recipe: Recipe::Modern, network: Network::Compact.into(), start: None, source: None };
        let k = [0.0, 1.0, 5.0].map(|k| MixtureRatio::new(k).unwrap());
        let ways = |ways: &Vec<Treatment>| ways.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
        budget.curve(&track, &k, &k).values().map(ways).collect()
    }

    #[test]
    fn every_budget_says_what_may_stand_at_each_k() {
        assert_eq!(words(Budget::Epochs), ["real only", "mix, k = 1", "mix, k = 5"]);
        let real = "real only | repeat, k = 1 | repeat, k = 5";
        assert_eq!(words(Budget::Fair), [real, "mix, k = 1", "mix, k = 5"]);
        let steps_of_5 = "mix, k = 1, for the steps of k = 5";
        assert_eq!(words(Budget::Steps), ["repeat, k = 5", steps_of_5, "mix, k = 5"]);
        let best = words(Budget::Best);
        assert_eq!(best[0], real);
        assert_eq!(best[1], format!("mix, k = 1 | mix, k = 1, for the steps of k = 0 | {steps_of_5}"));
    }
}
