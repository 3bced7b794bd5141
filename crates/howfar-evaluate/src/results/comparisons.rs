//! The part of `results.json` that says what the added faces are worth: beyond the controls, in real people, beside
//! other sets and networks, and as the paper counts; and what each arm saw for it.

use howfar_protocol::{Arm, MixtureRatio, Part, Treatment};
use serde::{Deserialize, Serialize};

/// The best of one recipe, network and generated set against that of the first, paired by face and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// `test` or `unseen`.
    pub part: Part,
    /// The set's name for unseen databases; the real sets' names joined for test people.
    pub set: String,
    /// What is compared, with its chosen k.
    pub name: String,
    /// What it is compared with: the first of the study.
    pub baseline: String,
    /// Accuracy of that: mean over people of each person's mean.
    pub baseline_accuracy_percent: f64,
    /// The difference.
    pub difference_points: f64,
    /// Ends of its 95 % interval; none with one person or one seed.
    pub interval_points: Option<[f64; 2]>,
    /// Two-sided p of the t interval, after Holm over all comparisons on the same faces.
    pub p_holm: f64,
}

/// What the networks of one treatment saw in training: means over seeds and splits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmTraining {
    /// What was trained on.
    #[serde(flatten)]
    pub treatment: Treatment,
    /// Cells.
    pub n_cells: usize,
    /// Training pictures per epoch: real and added.
    pub n_pictures: f64,
    /// Epochs that were run, early stopping in; of `pretrain` those on real faces.
    pub n_epochs: f64,
    /// The epoch whose weights were kept, from 1.
    pub kept_epoch: f64,
    /// Steps of the optimiser; of `pretrain` in both stages.
    pub n_steps: f64,
    /// Pictures in all of these; a picture that comes ten times counts ten times.
    pub n_pictures_seen: f64,
}

/// What the mix gains over the stronger of `repeat` and `augment` at the same k: what longer training and altered
/// copies of real faces do not give.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// `test` or `unseen`.
    pub part: Part,
    /// The set's name for unseen databases; the real sets' names joined for test people.
    pub set: String,
    /// The control that leaves the least.
    pub over: Arm,
    /// Accuracy of the mix less that of the control.
    pub difference_points: f64,
    /// Ends of its 95 % interval; none with one person or one seed.
    pub interval_points: Option<[f64; 2]>,
    /// Whether the mix is clearly ahead of both controls.
    pub is_clear: bool,
}

/// What the added faces are worth in real people, from learning curves of real faces alone and of the mix over fewer of
/// them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// `test` or `unseen`.
    pub part: Part,
    /// The set's name for unseen databases; the real sets' names joined for test people.
    pub set: String,
    /// The k of the mix.
    pub k: MixtureRatio,
    /// Both curves, fewest people first, all of them last.
    pub curve: Vec<LearningPoint>,
    /// How much more accurate real faces alone are with all people than with the fewest.
    pub rise_points: f64,
    /// Ends of its 95 % interval; none with one person or one seed.
    pub rise_interval_points: Option<[f64; 2]>,
    /// Training people that the mix at all people is worth beyond them; below zero where it is worth less than none.
    /// None where that rise is not clear: on a flat curve nothing can be exchanged.
    pub worth_people: Option<f64>,
    /// Ends of its 95 % interval: people and seeds drawn again.
    pub interval_people: Option<[f64; 2]>,
    /// The largest worth that the curves can show: all people less the fewest. A worth or an end there is "at least" so
    /// much.
    pub most_people: f64,
}

/// A number of training people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningPoint {
    /// How many.
    pub n_people: usize,
    /// Accuracy of real faces alone.
    pub real_accuracy_percent: f64,
    /// Accuracy of the mix.
    pub mix_accuracy_percent: f64,
}

/// Test accuracy as the paper counts: k units of generated identities join the test people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperRow {
    /// Which k.
    pub k: MixtureRatio,
    /// Share of the training faces that are right, real and generated.
    pub training_percent: f64,
    /// Share of real test faces that are right: the same faces for every k.
    pub real_test_percent: f64,
    /// Share of generated test faces that are right; none at k = 0.
    pub generated_test_percent: Option<f64>,
    /// Share of both together: the paper's figure.
    pub mixed_test_percent: f64,
    /// What the mixture of test faces alone predicts: (n_real·a_real + n_generated·a_generated)/(n_real + n_generated),
    /// where n are the test faces of this k, a_real is the accuracy of real faces alone on real ones and a_generated
    /// that of one generated unit alone on generated ones.
    pub predicted_percent: f64,
    /// The part of the gain over k = 0, as the paper counts, that this prediction has already; none without a gain.
    pub share_of_test_mix_percent: Option<f64>,
    /// The part of that gain which the generated test faces add to what the same networks gain on real ones; none
    /// without a gain.
    #[serde(default)]
    pub share_of_generated_test_faces_percent: Option<f64>,
}

/// Faces that most networks of `real` got wrong and most of the mix right, or the other way round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// `test` or `unseen`.
    pub part: Part,
    /// The set's name for unseen databases, else empty.
    pub set: String,
    /// Faces that both were asked about.
    pub n_faces: usize,
    /// Wrong with real faces alone, right with the mix.
    pub n_fixed: usize,
    /// Right with real faces alone, wrong with the mix.
    pub n_broken: usize,
    /// Up to eight of the fixed, each of another person: those whose true class gained most probability.
    pub fixed: Vec<ChangedFace>,
    /// Up to eight of the broken: those whose true class lost most.
    pub broken: Vec<ChangedFace>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangedFace {
    /// The face set's name.
    pub set: String,
    /// The face's row in it.
    pub row: u64,
    /// The true class.
    pub label: usize,
    /// The class that real faces alone find most probable on average.
    pub called_before: usize,
    /// The class that the mix finds most probable on average.
    pub called_after: usize,
    /// Networks of real faces alone that are right ...
    pub right_before: usize,
    /// ... and those of the mix.
    pub right_after: usize,
    /// Networks of real faces alone that were asked ...
    pub n_before: usize,
    /// ... and those of the mix.
    pub n_after: usize,
}
