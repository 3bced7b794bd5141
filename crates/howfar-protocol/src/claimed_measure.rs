//! What a study speaks of when it says that something gets better.

use serde::{Deserialize, Serialize};

/// The measure of the choice, the claims, the controls, the curve and the exchange rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimedMeasure {
    /// The share of right faces of each person, mean over people.
    #[default]
    Accuracy,
    /// Balanced accuracy: every class counts as much as every other, however many faces it has.
    MacroRecall,
}

impl ClaimedMeasure {
    /// What a study claims that does not say: macro recall where a set that is trained on or judges has more than twice
    /// as many faces of one class as of another.
    pub fn usual<'c>(faces_per_class: impl IntoIterator<Item = &'c [usize]>) -> Self {
        let is_unequal = |counts: &[usize]| {
            let there = counts.iter().copied().filter(|n| *n > 0);
            there.clone().max().unwrap_or(0) > UNEQUAL * there.min().unwrap_or(0)
        };
        if faces_per_class.into_iter().any(is_unequal) { Self::MacroRecall } else { Self::Accuracy }
    }
}

/// Classes are unequal where the largest has more than so many times the faces of the smallest that has any.
const UNEQUAL: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unequal_classes_ask_for_macro_recall() {
        let usual = |counts: [usize; 3]| ClaimedMeasure::usual([&counts[..]]);
        assert_eq!(usual([10, 10, 20]), ClaimedMeasure::Accuracy);
        assert_eq!(usual([10, 10, 21]), ClaimedMeasure::MacroRecall);
        assert_eq!(usual([10, 0, 10]), ClaimedMeasure::Accuracy, "a class that is not there is another matter");
    }
}
