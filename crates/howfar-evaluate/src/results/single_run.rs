//! The part of `results.json` that says what each seed reached, and what a paper with one run for every k would have
//! claimed on the same faces.

use howfar_protocol::{MixtureRatio, Part, Treatment};
use serde::{Deserialize, Serialize};

/// The accuracies of one treatment on some judged faces, seed by seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeedAccuracies {
    /// What was trained on.
    #[serde(flatten)]
    pub treatment: Treatment,
    /// `test` or `unseen`.
    pub part: Part,
    /// The set's name for unseen databases, else empty.
    pub set: String,
    /// Seeds that all splits have, from 0.
    pub seeds: Vec<u32>,
    /// Of each, the share of faces that are right, in percent; over all folds where the study has folds.
    pub accuracy_percent: Vec<f64>,
}

/// What papers with one run for every k would have claimed on some faces: k is chosen on these very faces, and the gain
/// is that over the same seed's k = 0. Shares are of all draws of one seed for every k, each on its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SingleRun {
    /// `test` or `unseen`.
    pub part: Part,
    /// The set's name for unseen databases, else empty.
    pub set: String,
    /// Seeds that were drawn from.
    pub n_seeds: usize,
    /// One entry for every k above 0.
    pub at: Vec<SingleRunAt>,
    /// Share of papers that would have reported no gain, in percent.
    pub none_percent: f64,
    /// Mean gain that would have been reported, in points; none where no paper would have reported one.
    pub claimed_points: Option<f64>,
    /// The middle 90 % of reported gains.
    pub claimed_range_points: Option<[f64; 2]>,
    /// Mean of what all seeds together find at the reported k.
    pub true_points: Option<f64>,
    /// Claimed less true: what one run and the choice on the judged faces add.
    pub optimism_points: Option<f64>,
    /// All of it in one sentence.
    pub sentence: String,
}

/// One k among those that papers would have reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SingleRunAt {
    /// Which k.
    pub k: MixtureRatio,
    /// Share of papers that would have reported it, in percent.
    pub reported_percent: f64,
    /// Mean gain that they would have reported, in points.
    pub claimed_points: Option<f64>,
    /// Gain over k = 0, mean over all seeds: what the study finds.
    pub true_points: f64,
}
