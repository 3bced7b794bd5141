//! The part of `results.json` that says how many people or seeds a difference would take.
//!
//! In: a claim's spread. Out: [`Power`].

use serde::{Deserialize, Serialize};

/// What it would take to tell a difference from zero with a probability of 80 %, corrected as the claim is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// The difference that is meant: the smallest that matters.
    pub difference_points: f64,
    /// More seeds with the same people; none where seeds alone do not do it.
    pub more_seeds: Option<usize>,
    /// More people with the same seeds; none where people alone do not do it, or with folds.
    pub more_people: Option<usize>,
    /// The same for the difference that was found, where it is larger: optimistic, because what was found is in part
    /// luck (Hoenig and Heisey, 2001).
    #[serde(default)]
    pub if_as_found: Option<PowerAsFound>,
}

/// What it would take if the difference were as large as it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerAsFound {
    /// That difference, without its sign.
    pub difference_points: f64,
    /// More seeds; none where seeds alone do not do it.
    pub more_seeds: Option<usize>,
    /// More people; none where people alone do not do it, or with folds.
    pub more_people: Option<usize>,
}
