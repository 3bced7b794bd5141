//! How a study file asks for a split: counts, fractions, folds or a file.
//!
//! In: the words of `split = { … }`. Out: a checked request; `study.rs` makes the splits.

use std::path::PathBuf;

use howfar_face::Fault;
use serde::{Deserialize, Serialize};

/// Counts or fractions of people, or folds, or a file. Exactly one of the three ways.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitRequest {
    /// Training people: a count, or a fraction below 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<f64>,
    /// Validation people: a count, or a fraction below 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<f64>,
    /// Test people: a count, or a fraction below 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<f64>,
    /// Every person tests once in so many splits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<u32>,
    /// A CSV with the columns `subject,part`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

impl SplitRequest {
    pub(crate) fn check(&self, place: &str) -> Result<(), Fault> {
        let sizes = [self.train, self.validation, self.test];
        let given: Vec<f64> = sizes.into_iter().flatten().collect();
        let ways = [!given.is_empty(), self.folds.is_some(), self.file.is_some()];
        let fault = |what: &str| {
            Fault::usage(place, what)
                .found(format!("split = {}", serde_json::to_string(self).unwrap_or_default()))
                .expected(
                    "{ train = 109, validation = 10, test = 25 }, fractions below 1, { folds = 10 } or { file = \
                    \"split.csv\" }",
                )
        };
        if ways.iter().filter(|w| **w).count() > 1 {
            return Err(fault("the split is given in two ways"));
        }
        let fractions = given.iter().filter(|s| **s < 1.0).count();
        let counts = given.iter().filter(|s| **s >= 1.0 && s.fract() == 0.0).count();
        let complete = given.is_empty() || given.len() == 3;
        let positive = given.iter().all(|s| *s > 0.0 && s.is_finite());
        let fits = given.iter().sum::<f64>() <= 1.0 + 1e-9 || fractions == 0;
        if !complete || !positive || !fits || (fractions < given.len() && counts < given.len()) {
            return Err(fault("the split is neither three counts nor three fractions that sum to at most 1"));
        }
        Ok(())
    }
}
