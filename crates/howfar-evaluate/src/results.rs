//! The contents of `results.json`: every number that a report prints.
//!
//! Percentages run from 0 to 100 and are called so in their names; differences are in percentage points.

pub(crate) mod audit;
pub(crate) mod caveat;
pub(crate) mod choice;
pub(crate) mod comparisons;
pub(crate) mod details;
pub(crate) mod law;
pub(crate) mod power;
pub(crate) mod single_run;

use std::collections::BTreeMap;

use howfar_protocol::{
    ClaimedMeasure, MixtureRatio, Part, Recipe, Role, SMALLEST_GAIN, TrainingSettings, Treatment, baseline_keys,
};
use serde::{Deserialize, Serialize};

use crate::choosing::verdict::Verdict;
use crate::counting::measure::{ClassFigures, Figures};
use crate::results::audit::Finding;
use crate::results::caveat::Caveat;
pub use crate::results::choice::{Candidate, Choice, WayTried};
use crate::results::comparisons::{ArmTraining, Between, Changed, Credit, Exchange, PaperRow};
use crate::results::details::Details;
use crate::results::law::Law;
pub use crate::results::power::{Power, PowerAsFound};
use crate::results::single_run::{SeedAccuracies, SingleRun};

/// `results.json`. The same bytes however often the study was stopped: no times, no machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// Always `howfar results`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// The answer of the first recipe in one sentence, with its doubt: the last line a user sees.
    pub answer: String,
    /// What was studied.
    pub study: StudyFacts,
    /// One entry a recipe.
    pub recipes: Vec<RecipeResults>,
    /// What a reader should know, with advice.
    pub caveats: Vec<Caveat>,
    /// Where a study has several recipes, networks or generated sets side by side: each against the first, at its own
    /// chosen k.
    #[serde(default)]
    pub between: Vec<Between>,
    /// What the audits of the faces found; their caveats stand in `caveats`, too.
    #[serde(default)]
    pub audits: Vec<Finding>,
}

impl Results {
    /// Name and version of the format.
    pub const FORMAT: (&'static str, u32) = ("howfar results", 4);
    /// The oldest version that is read.
    pub const OLDEST: u32 = 2;
}

/// What was studied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyFacts {
    /// Its name.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Class names, in the order of every matrix.
    pub classes: Vec<String>,
    /// What k counts: `identities` or `images`.
    pub unit: String,
    /// All k of the grid, with 0.
    pub k: Vec<MixtureRatio>,
    /// Repetitions of every cell.
    pub n_seeds: u32,
    /// Where seeds are added until the answer is settled: their number at the last look.
    #[serde(default)]
    pub seeds_at_most: Option<u32>,
    /// What choice and claims are about.
    #[serde(default)]
    pub measure: ClaimedMeasure,
    /// The smallest difference that matters.
    #[serde(default = "smallest_gain")]
    pub smallest_gain_points: f64,
    /// Splits (folds, or 1).
    pub n_splits: u32,
    /// Whether every seed draws the split anew, so that the sample of training people is part of the doubt.
    #[serde(default)]
    pub is_redrawn: bool,
    /// People on each side of the (first) split.
    pub people: BTreeMap<String, usize>,
    /// The face sets.
    pub sets: Vec<SetFacts>,
    /// The kernels' instruction set.
    pub instruction_set: String,
    /// The program's version.
    pub howfar_version: String,
}

fn smallest_gain() -> f64 {
    SMALLEST_GAIN
}

impl StudyFacts {
    /// The smallest difference that matters, as a share.
    pub(crate) fn smallest_gain(&self) -> f64 {
        self.smallest_gain_points / 100.0
    }

    /// The sets of a role, in the study's order.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = &SetFacts> + Clone {
        self.sets.iter().filter(move |set| set.role == role)
    }
}

/// One face set of the study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetFacts {
    /// What it is to the study.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// The databases that its people are of, as their names say.
    #[serde(default)]
    pub databases: Vec<String>,
    /// Faces in the classes of the study.
    pub n_faces: usize,
    /// Distinct people or identities.
    pub n_people: usize,
    /// Of these, those that are a photograph of nobody known, each counted as somebody else.
    pub n_without_person: usize,
    /// Faces per class.
    pub per_class: Vec<usize>,
    /// `real`, `drawn`, `generated`, joined by commas where mixed.
    pub provenance: String,
    /// Detection, alignment, size and filter in words.
    pub preprocessing: String,
    /// Terms of the databases.
    pub licences: Vec<String>,
    /// Identity of its content.
    pub content_sha256: String,
}

/// All figures of one recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeResults {
    /// Which recipe; none where a table of predictions does not say how its models were trained.
    pub recipe: Option<Recipe>,
    /// Its settings with the study's overrides; they name the network. Likewise none.
    pub settings: Option<TrainingSettings>,
    /// What such a table calls the model, in place of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Which generated set was mixed in, where several stand side by side.
    #[serde(default)]
    pub source: Option<String>,
    /// Parameters of its network; 0 where nothing is known of it.
    pub n_parameters: usize,
    /// The answer in one sentence, with its doubt.
    pub answer: String,
    /// What that answer says: the verdict of its first difference. `--until-sure` stops by it.
    pub verdict: Verdict,
    /// How k was chosen; none without generated faces.
    pub choice: Option<Choice>,
    /// Differences to what stands at k = 0 (labelled faces alone, trained as long as serves them best) at the chosen k
    /// (or the best k above 0 where 0 is chosen), test people first.
    pub claims: Vec<Claim>,
    /// The same differences to labelled faces alone for their own steps, where those are other steps.
    #[serde(default)]
    pub over_own_steps: Vec<Claim>,
    /// Differences between the mix and each control at the same k.
    pub controls: Vec<Claim>,
    /// What may be credited to the added faces themselves, on test people and each unseen database; empty without the
    /// controls `repeat` and `augment`.
    #[serde(default)]
    pub credit: Vec<Credit>,
    /// What the added faces are worth in real people; empty without a learning curve.
    #[serde(default)]
    pub exchange: Vec<Exchange>,
    /// Test accuracy counted as the paper does; empty with the usual protocol.
    #[serde(default)]
    pub as_the_paper_counts: Vec<PaperRow>,
    /// Which faces the mix puts right and wrong at the same k; empty without generated faces.
    #[serde(default)]
    pub changed: Vec<Changed>,
    /// What stands behind the difference at that k, test people first; empty without generated faces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Details>,
    /// How far more faces help, on test people and each unseen database; empty with fewer than two k above 0.
    #[serde(default)]
    pub how_far: Vec<HowFar>,
    /// What each seed reached, for every treatment on test people and each unseen database; empty in older files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_seed: Vec<SeedAccuracies>,
    /// What a single run for every k would have claimed; empty with fewer than two seeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub single_run: Vec<SingleRun>,
    /// How accuracy goes on beyond the largest k, on test people and each unseen database; empty without a mix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub law: Vec<Law>,
    /// What would settle the difference on the faces of the answer; none where it cannot be said.
    #[serde(default)]
    pub power: Option<Power>,
    /// One row for every treatment and part.
    pub table: Vec<TableRow>,
    /// What the networks of every treatment saw in training.
    pub training: Vec<ArmTraining>,
    /// Confusion and per-class figures for real only, generated only and the mix, on test people and unseen sets.
    pub confusions: Vec<Confusion>,
}

impl RecipeResults {
    /// `modern, compact`, or what a table calls its model, and the generated set where several stand side by side.
    pub fn name(&self) -> String {
        let trained = [Some(self.recipe_words().to_owned()), self.network_words(), self.source.clone()];
        trained.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The recipe's name, `program` where one trains, or what a table calls its model.
    pub fn recipe_words(&self) -> &str {
        let of_settings = |recipe| Some(self.settings.as_ref()?.network.recipe_words(recipe));
        self.recipe.and_then(of_settings).or(self.model.as_deref()).unwrap_or("unknown")
    }

    /// The network, and the weights that it begins with; none where nothing is known of it.
    pub fn network_words(&self) -> Option<String> {
        self.settings.as_ref().map(TrainingSettings::network_words)
    }
}

/// A paired difference with its doubt: in accuracy, or in what else the study claims ([`StudyFacts::measure`]), which
/// then stands wherever this says accuracy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// `test` or `unseen`.
    pub part: Part,
    /// The set's name for unseen databases; the real sets' names joined for test people.
    pub set: String,
    /// What is credited.
    #[serde(flatten)]
    pub treatment: Treatment,
    /// What it is compared with; keys begin with `baseline_`.
    #[serde(flatten, with = "baseline_keys")]
    pub baseline: Treatment,
    /// Accuracy of the baseline: mean over people of each person's mean.
    pub baseline_accuracy_percent: f64,
    /// Accuracy of the arm, likewise.
    pub accuracy_percent: f64,
    /// Their difference.
    pub difference_points: f64,
    /// What it shows, at the risk of 5 % or of this look; open, too, where it is a gain at a k that validation people
    /// did not choose.
    pub verdict: Verdict,
    /// Ends of the 95 % interval (people × seeds crossed, Satterthwaite, t quantile), cut to what the baseline allows;
    /// none where there is one person or one seed.
    pub interval_points: Option<[f64; 2]>,
    /// Standard error of the difference; where the budget of the baseline was chosen among several, that choice is in
    /// it.
    pub standard_error_points: f64,
    /// Satterthwaite degrees of freedom.
    pub degrees_of_freedom: f64,
    /// Two-sided sign-flip test over people.
    pub p_people: f64,
    /// Two-sided sign-flip test over seeds.
    pub p_seeds: f64,
    /// Two-sided p of the t interval.
    pub p: f64,
    /// The same after Holm over the unseen databases.
    pub p_holm: f64,
    /// The larger p of two one-sided t tests, "+2 points or more" and "−2 points or less", after Holm over the unseen
    /// databases.
    pub p_equivalent: f64,
    /// People in the difference.
    pub n_people: usize,
    /// Faces in the difference.
    pub n_faces: usize,
    /// Seeds in the difference.
    pub n_seeds: usize,
}

/// The curve over k on some faces. Its statements hold together with 95 %; they describe, k̂ was chosen before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HowFar {
    /// `test` or `unseen`.
    pub part: Part,
    /// The set's name for unseen databases; the real sets' names joined for test people.
    pub set: String,
    /// Differences to k = 0, one entry for every k above 0.
    pub curve: Vec<CurvePoint>,
    /// The most accurate k, 0 included.
    pub best: MixtureRatio,
    /// The smallest k that is not significantly different from it.
    pub smallest: MixtureRatio,
    /// All k that are not significantly different from it.
    pub indistinguishable: Vec<MixtureRatio>,
    /// How often each k is the best when people and seeds are drawn again, in percent.
    pub best_shares_percent: Vec<(MixtureRatio, f64)>,
    /// From the best k to the largest, where that is another.
    pub fall: Option<Fall>,
}

/// A k of a curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    /// Which k.
    pub k: MixtureRatio,
    /// Accuracy less that at k = 0.
    pub difference_points: f64,
    /// Ends of the simultaneous 95 % band.
    pub band_points: [f64; 2],
}

/// How much accuracy the last k has less than the best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fall {
    /// The best k.
    pub from: MixtureRatio,
    /// The largest k.
    pub to: MixtureRatio,
    /// Accuracy at the largest less that at the best.
    pub difference_points: f64,
    /// Ends of its interval, simultaneous over all pairs of k.
    pub interval_points: [f64; 2],
    /// Whether the interval excludes zero.
    pub is_clear: bool,
}

/// Figures of one treatment on one part, over seeds and splits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableRow {
    /// What was trained on.
    #[serde(flatten)]
    pub treatment: Treatment,
    /// Which faces.
    pub part: Part,
    /// The set's name for unseen databases, else empty.
    pub set: String,
    /// Every measure, mean over cells.
    #[serde(flatten)]
    pub figures: Figures,
    /// The measure that the study claims; none in results of an older version, which claimed accuracy.
    #[serde(default)]
    pub claimed_percent: Option<f64>,
    /// Standard deviation of the claimed measure over cells, in points; none with one cell.
    pub accuracy_sd_points: Option<f64>,
    /// 95 % interval of the mean of the claimed measure (people × seeds crossed; with one of either, the other
    /// alone), for the curve; none with one of both.
    pub accuracy_interval_percent: Option<[f64; 2]>,
    /// Faces per cell.
    pub n_faces: usize,
    /// Cells.
    pub n_cells: usize,
    /// Training pictures per epoch: real and added.
    pub n_training_pictures: usize,
}

impl TableRow {
    /// The measure that the study claims, in percent.
    pub fn claimed(&self) -> f64 {
        self.claimed_percent.unwrap_or_else(|| self.figures.accuracy())
    }
}

/// A confusion matrix summed over seeds and splits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// What was trained on.
    #[serde(flatten)]
    pub treatment: Treatment,
    /// Which faces.
    pub part: Part,
    /// The set's name for unseen databases, else empty.
    pub set: String,
    /// Rows are true classes, columns predicted ones.
    pub counts: Vec<Vec<u64>>,
    /// Each row in percent of its sum.
    pub percent: Vec<Vec<f64>>,
    /// One entry per class.
    pub per_class: Vec<ClassFigures>,
}
