//! The part of `results.json` that says how accuracy goes on beyond the k that were tried.

use std::collections::BTreeMap;

use howfar_protocol::{MixtureRatio, Part};
use serde::{Deserialize, Serialize};

/// How accuracy follows labelled people and generated units on some faces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// `test` or `unseen`.
    pub part: Part,
    /// The set's name for unseen databases, else empty.
    pub set: String,
    /// What follows, or why nothing does, in words.
    pub sentence: String,
    /// The law; none where there are too few k or none fits.
    pub fitted: Option<FittedLaw>,
}

/// A law that fits, and what it says. Bands hold 95 % of the laws that go with the cells, over people and seeds drawn
/// again and over all forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedLaw {
    /// The form that foretells the largest k best from the others.
    pub form: String,
    /// Its formula, for the error e in shares: x is training people and z generated units, both over all training
    /// people.
    pub formula: String,
    /// Its parameters by least squares.
    pub parameters: BTreeMap<String, f64>,
    /// Squared residuals over their squared standard errors.
    pub chi_square: f64,
    /// Cells' means less parameters; 0 where there are as many or more parameters, which nothing can speak against.
    pub degrees_of_freedom: usize,
    /// Probability of so large a chi-square if the form is true; none without a degree of freedom.
    pub p: Option<f64>,
    /// Every form that was tried.
    pub forms: Vec<LawForm>,
    /// All training people.
    pub n_people: usize,
    /// The largest k that was tried.
    pub largest: MixtureRatio,
    /// What was measured with all training people.
    pub measured: Vec<LawPoint>,
    /// Accuracy over k from 0 to twice the largest, with its band.
    pub curve: Vec<LawPoint>,
    /// What twice the largest k would change.
    pub doubled: LawGain,
    /// What more training people would change at the compared k; none where all cells have the same number.
    pub more_people: Option<MorePeople>,
    /// From which k on less than one point remains.
    pub enough: Option<Enough>,
    /// Lines of equal accuracy over people and units; empty where all cells have the same number of people.
    pub equal: Vec<EqualAccuracy>,
    /// Further cells that would tell most about `doubled`, the best for its cost first.
    pub next: Vec<NextCells>,
}

/// A form that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawForm {
    /// Its name.
    pub form: String,
    /// Parameters.
    pub n_parameters: usize,
    /// Root mean square error where the largest k, and the two largest, are foretold from the others, in points.
    pub held_out_error_points: Option<f64>,
    /// Squared residuals over their squared standard errors, all cells in.
    pub chi_square: f64,
}

/// An accuracy at some k, with all training people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawPoint {
    /// Which k.
    pub k: f64,
    /// Mean over people of each person's mean; of the law, the middle of the band's laws.
    pub accuracy_percent: f64,
    /// Ends of the 95 % band of the law; of what was measured, of its interval.
    pub band_percent: [f64; 2],
}

/// A change of accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawGain {
    /// In points.
    pub points: f64,
    /// Ends of its 95 % band.
    pub band_points: [f64; 2],
}

/// What more training people would change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MorePeople {
    /// How many more.
    pub n_people: usize,
    /// With as many generated units as at this k.
    pub k: MixtureRatio,
    /// The change.
    pub gain: LawGain,
}

/// From which k on less than one point remains to be won up to the furthest k that the law is followed to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enough {
    /// Which k: the middle of the band's laws.
    pub k: f64,
    /// Ends of its 95 % band.
    pub band_k: [f64; 2],
    /// The furthest k.
    pub furthest_k: f64,
}

/// Where accuracy is the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EqualAccuracy {
    /// Which accuracy.
    pub accuracy_percent: f64,
    /// Training people and generated units, units rising.
    pub people_and_units: Vec<[f64; 2]>,
}

/// Further cells, and what they would tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextCells {
    /// Which.
    pub what: String,
    /// The line of the study file's `[grid]` that asks for them.
    pub lines: String,
    /// Why they tell something.
    pub reason: String,
    /// Their training, in runs of labelled faces alone: a run at k trains on 1 + k times as many faces.
    pub cost_runs: f64,
    /// Width of the band of what twice the largest k changes, in points.
    pub band_width_points: f64,
    /// About how wide it would be then; none where they say nothing of it.
    pub then_points: Option<f64>,
}
