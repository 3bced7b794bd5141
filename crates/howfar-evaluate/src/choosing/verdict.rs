//! What a difference shows: one rule for the answer, the results, the report, the stopping of `--until-sure` and the
//! simulated studies.
//!
//! In: a difference, its two p values (corrected where several databases were asked) and the risk that may be taken.
//! Out: a [`Verdict`]. That a difference is small is a finding of its own, with a test of its own: two one-sided t
//! tests, of "2 points above or more" and of "2 points below or more", each at that risk (Schuirmann, 1987).

use howfar_protocol::MixtureRatio;
use serde::{Deserialize, Serialize};

/// A difference within ± this share is none that a user needs, where a study does not say.
pub const SMALL: f64 = howfar_protocol::SMALLEST_GAIN / 100.0;

/// What a difference shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is above zero.
    Helps,
    /// It is below zero.
    Hurts,
    /// It is not significantly different from zero, and it is smaller than two points ([`SMALL`]) either way.
    Equivalent,
    /// None of these is shown.
    Open,
}

impl Verdict {
    /// Of a difference with the p of "it is zero" and that of "it is `SMALL` or more, either way".
    pub(crate) fn of(difference: f64, p: f64, p_equivalent: f64, risk: f64) -> Self {
        match () {
            () if p < risk && difference > 0.0 => Self::Helps,
            () if p < risk && difference < 0.0 => Self::Hurts,
            () if p_equivalent < risk => Self::Equivalent,
            () => Self::Open,
        }
    }

    /// What may be claimed of a difference that shows this. Where validation people chose k = 0, a gain at another k is
    /// not claimed: that k was the best of those above 0, and its luck on validation people is in part that of its
    /// networks. In simulated studies without any gain such a one came up in up to one of twenty (`howfar
    /// study check-statistics`).
    pub(crate) fn where_chosen(self, chosen: MixtureRatio) -> Self {
        if self == Self::Helps && chosen == MixtureRatio::ZERO { Self::Open } else { self }
    }

    /// Whether no more seeds are needed.
    pub fn is_settled(self) -> bool {
        self != Self::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_p_decides_and_a_gain_counts_before_it_is_called_small() {
        let cases = [
            (0.05, 0.001, 0.9, Verdict::Helps),
            (-0.05, 0.001, 0.9, Verdict::Hurts),
            (0.01, 0.001, 0.001, Verdict::Helps),
            (0.001, 0.5, 0.001, Verdict::Equivalent),
            (0.03, 0.06, 0.7, Verdict::Open),
        ];
        for (difference, p, p_equivalent, expected) in cases {
            assert_eq!(Verdict::of(difference, p, p_equivalent, 0.05), expected, "{difference}");
        }
        assert_eq!(Verdict::of(0.05, 0.001, 0.9, 0.0007), Verdict::Open, "a look has less risk to take");
    }

    #[test]
    fn a_gain_at_a_k_that_was_not_chosen_is_not_claimed() {
        assert_eq!(Verdict::Helps.where_chosen(MixtureRatio::ZERO), Verdict::Open);
        assert_eq!(Verdict::Hurts.where_chosen(MixtureRatio::ZERO), Verdict::Hurts);
        assert_eq!(Verdict::Helps.where_chosen(MixtureRatio::ONE), Verdict::Helps);
    }
}
