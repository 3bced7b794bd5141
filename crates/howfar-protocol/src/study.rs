//! The study file: what a user asks. Unknown keys are errors with a suggestion; defaults are written here and nowhere
//! else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use howfar_face::{Expression, Fault, SubjectId, files};
use howfar_random::Seeds;
use serde::{Deserialize, Serialize};

use crate::study_toml::{networks, recipes, toml_fault};
use crate::{
    Arm, Budget, Choose, ChooseOn, ClaimedMeasure, Curve, MixtureRatio, Network, NetworkChoice, Recipe, Split,
    SplitRequest, Track, TrainingSettings, Treatment,
};

/// A study as its file states it, defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// A name for tables and sentences.
    pub name: String,
    /// The one seed; all streams derive from it.
    #[serde(default = "one")]
    pub seed: u64,
    /// How test faces are counted.
    #[serde(default, skip_serializing_if = "Protocol::is_fixed")]
    pub protocol: Protocol,
    /// One recipe or several.
    #[serde(default = "modern", deserialize_with = "recipes")]
    pub recipe: Vec<Recipe>,
    /// The classes; any names that the sets have.
    #[serde(default = "six")]
    pub expressions: Vec<String>,
    /// The labelled faces.
    pub real: Real,
    /// What to mix in.
    #[serde(default)]
    pub generated: Generated,
    /// Other databases, mixed in by the arm `other-real` in place of generated faces.
    #[serde(default, skip_serializing_if = "Retrieved::is_empty")]
    pub retrieved: Retrieved,
    /// Databases that the model never sees in training.
    #[serde(default)]
    pub unseen: Unseen,
    /// What is varied.
    #[serde(default)]
    pub grid: Grid,
    /// What choice and claims are about; where nothing is said, macro recall if classes are unequal, else accuracy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<ClaimedMeasure>,
    /// The smallest difference that matters, in points: a difference within ± so much is small, and power is for it.
    #[serde(default = "two", skip_serializing_if = "is_two")]
    pub smallest_gain: f64,
    /// Whom k is asked of, and how it is chosen.
    #[serde(default, skip_serializing_if = "Choose::is_default")]
    pub choose: Choose,
    /// What of the recipe is overridden.
    #[serde(default)]
    pub train: TrainOverrides,
    /// Written by `howfar run`: the file it was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

/// How test faces are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Real test people alone, the same for every k.
    #[default]
    Fixed,
    /// That, and beside it the paper's way: k units of generated identities join the test people, and those who choose
    /// the epoch.
    Paper,
}

impl Protocol {
    fn is_fixed(&self) -> bool {
        *self == Self::Fixed
    }
}

/// The labelled faces and how their people are split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Real {
    /// Face sets; relative paths start at the study file's folder.
    pub sets: Vec<PathBuf>,
    /// Who trains, validates and tests.
    #[serde(default)]
    pub split: SplitRequest,
    /// Whether every seed draws who trains, validates and tests anew, so that the sample of training people is part of
    /// the doubt. Where nothing is said: wherever the split is drawn and no generated face descends from labelled
    /// people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redraw: Option<bool>,
}

impl Real {
    /// Whether every seed has a split of its own.
    pub fn is_redrawn(&self) -> bool {
        self.redraw == Some(true)
    }
}

/// The generated faces.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// Face sets; without any only `real` can be trained.
    #[serde(default)]
    pub sets: Vec<PathBuf>,
    /// What k counts.
    #[serde(default)]
    pub unit: Unit,
    /// Whether each set is mixed in alone, and all of them together, so that they can be compared; else they are one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub side_by_side: bool,
}

/// The source that all generated sets are together, where they stand side by side.
pub const TOGETHER: &str = "together";

fn is_false(value: &bool) -> bool {
    !value
}

/// What k counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// k × as many generated identities as real training people, with all their faces.
    #[default]
    Identities,
    /// k × as many generated images of a class as real training ones.
    Images,
}

/// Databases opened once, after k is chosen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unseen {
    /// Face sets.
    #[serde(default)]
    pub sets: Vec<PathBuf>,
}

/// Other databases, whose faces one arm mixes in.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retrieved {
    /// Face sets.
    #[serde(default)]
    pub sets: Vec<PathBuf>,
}

impl Retrieved {
    fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }
}

/// What is varied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grid {
    /// Units of generated faces; 0 is always there.
    pub k: Vec<MixtureRatio>,
    /// Arms beside `real`.
    pub arms: Vec<Arm>,
    /// For which k the arms other than `real` and `mix` run.
    pub controls: Controls,
    /// Percent of the training people for a learning curve at the chosen k; all of them are always there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people_percent: Vec<u32>,
    /// How much generated faces count in the loss, for the arm `weighted`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<MixtureRatio>,
    /// Repetitions of every cell.
    pub seeds: u32,
    /// Written by `howfar run --until-sure`: `seeds` is the number at this look, and this the number at the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seeds_at_most: Option<u32>,
}

/// For which k the controls run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Controls {
    /// For the chosen k alone; where k = 0 is chosen, for the best k above it.
    #[default]
    Chosen,
    /// For every k.
    All,
}

impl Default for Grid {
    fn default() -> Self {
        let k = [0.0, 1.0, 2.0, 5.0].map(|k| MixtureRatio::new(k).expect("a literal ratio")).to_vec();
        Grid {
            k,
            arms: Arm::USUAL.to_vec(),
            controls: Controls::Chosen,
            people_percent: Vec::new(),
            weights: Vec::new(),
            seeds: 5,
            seeds_at_most: None,
        }
    }
}

/// What of a recipe's settings a study changes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainOverrides {
    /// Another network, or several that stand side by side.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "networks")]
    pub network: Vec<NetworkChoice>,
    /// Another number of epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// Another batch size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Another rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f32>,
    /// Another patience, in epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u32>,
    /// How long cells train, in place of what the recipe says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// The ladder: budgets that are tried, each the k whose steps it is; all k where it is not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<MixtureRatio>,
}

fn one() -> u64 {
    1
}

fn two() -> f64 {
    SMALLEST_GAIN
}

fn is_two(points: &f64) -> bool {
    *points == SMALLEST_GAIN
}

/// Points that matter where a study does not say.
pub const SMALLEST_GAIN: f64 = 2.0;

fn modern() -> Vec<Recipe> {
    vec![Recipe::Modern]
}

fn six() -> Vec<String> {
    Expression::SIX.iter().map(ToString::to_string).collect()
}

impl Study {
    /// Reads and checks a study file; paths of sets become relative to its folder.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let mut study = Self::parse(&files::read_text(path)?, &path.display().to_string())?;
        let folder = path.parent().unwrap_or(Path::new(""));
        study.paths().for_each(|named| *named = folder.join(&named));
        study.file = Some(path.to_owned());
        Ok(study)
    }

    /// The same with paths that hold from any folder.
    pub fn with_absolute_paths(&self) -> Result<Self, Fault> {
        let mut study = self.clone();
        for path in study.paths() {
            *path = std::path::absolute(&path).map_err(|e| Fault::io(path, "find", &e))?;
        }
        Ok(study)
    }

    /// Every path in it.
    fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let sets = [&mut self.real.sets, &mut self.generated.sets, self.choose.on.sets_mut(), &mut self.unseen.sets];
        let retrieved = self.retrieved.sets.iter_mut();
        let weights = self.train.network.iter_mut().filter_map(|network| network.weights.as_mut());
        sets.into_iter()
            .flatten()
            .chain(retrieved)
            .chain(&mut self.real.split.file)
            .chain(weights)
            .chain(&mut self.file)
    }

    /// Parses a study file's text; `place` names it in errors.
    pub fn parse(text: &str, place: &str) -> Result<Self, Fault> {
        let mut study: Study = toml::from_str(text).map_err(|e| toml_fault(text, place, &e))?;
        let grid = &mut study.grid;
        grid.k.push(MixtureRatio::ZERO);
        grid.k.sort();
        grid.k.dedup();
        grid.people_percent.sort_unstable();
        grid.people_percent.dedup();
        grid.weights.sort();
        grid.weights.dedup();
        // What an arm needs is given for its sake.
        let needed = [(Arm::WEIGHTED, !grid.weights.is_empty()), (Arm::OTHER_REAL, !study.retrieved.is_empty())];
        for (arm, _) in needed.into_iter().filter(|(_, is_given)| *is_given) {
            if !grid.arms.contains(&arm) {
                grid.arms.push(arm);
            }
        }
        let sets = study.generated.sets.clone();
        let study = study.with_generated(sets);
        study.check(place)?;
        Ok(study)
    }

    /// The same with these generated sets; without any only `real` can be trained.
    pub fn with_generated(mut self, sets: Vec<PathBuf>) -> Self {
        if sets.is_empty() {
            self.grid.k.retain(|k| *k == MixtureRatio::ZERO);
            self.grid.arms.clear();
        }
        self.generated.sets = sets;
        self
    }

    fn check(&self, place: &str) -> Result<(), Fault> {
        let empty = [
            ("real.sets", self.real.sets.is_empty()),
            ("recipe", self.recipe.is_empty()),
            ("grid.seeds", self.grid.seeds == 0),
            ("train.epochs", self.train.epochs == Some(0)),
            ("train.batch", self.train.batch == Some(0)),
            ("train.patience", self.train.patience == Some(0)),
        ];
        if let Some((key, _)) = empty.iter().find(|(_, empty)| *empty) {
            return Err(Fault::usage(place, format!("{key} is empty or 0")).expected("at least one"));
        }
        if !(self.smallest_gain > 0.0 && self.smallest_gain <= 50.0) {
            return Err(Fault::usage(place, "smallest_gain is no difference that could matter")
                .found(self.smallest_gain)
                .expected("points above 0, such as 2"));
        }
        if let Some(rate) = self.train.learning_rate.filter(|rate| !(rate.is_finite() && *rate > 0.0)) {
            return Err(Fault::usage(place, "train.learning_rate is not a rate")
                .found(rate)
                .expected("a number above 0"));
        }
        if self.real.is_redrawn() && !self.may_redraw() {
            return Err(Fault::usage(place, "real.redraw draws the split anew, and this one is not drawn")
                .found("folds, a file, or protocol = \"paper\"")
                .expected("counts or fractions, or no split at all")
                .hint("leave out redraw: folds judge everybody already"));
        }
        if self.file.is_some() {
            return Err(Fault::usage(place, "unknown field `file`").hint("`howfar run` writes it into plan.json"));
        }
        let distinct: BTreeSet<&String> = self.expressions.iter().collect();
        if self.expressions.len() < 2 || distinct.len() < self.expressions.len() {
            return Err(Fault::usage(place, "expressions must be at least two different names")
                .found(format!("{:?}", self.expressions)));
        }
        if let Some(percent) = self.grid.people_percent.iter().find(|percent| !(1..100).contains(*percent)) {
            return Err(Fault::usage(place, "grid.people_percent must be percents of the training people")
                .found(percent)
                .expected("whole numbers from 1 to 99; all people are there anyway"));
        }
        let largest = self.grid.k.last().copied().unwrap_or(MixtureRatio::ZERO);
        if let Some(budget) = self.train.budgets.iter().find(|budget| **budget > largest) {
            return Err(Fault::usage(place, "train.budgets are told by the k whose steps they are")
                .found(budget)
                .expected(format!("numbers from 0 to the largest k, {largest}")));
        }
        for (arm, key, is_there) in [
            (Arm::WEIGHTED, "grid.weights", !self.grid.weights.is_empty()),
            (Arm::OTHER_REAL, "retrieved.sets", !self.retrieved.is_empty()),
        ] {
            if self.grid.arms.contains(&arm) && !is_there {
                return Err(Fault::usage(place, format!("the arm {} needs {key}", arm.name)).expected(
                    if arm == Arm::WEIGHTED { "weights = [0.25, 0.5]" } else { "sets = [\"faces/another\"]" },
                ));
            }
        }
        if let Some(weight) = self.grid.weights.iter().find(|w| !(w.value() > 0.0 && w.value() < 1.0)) {
            return Err(Fault::usage(place, "grid.weights say how much less generated faces count")
                .found(weight)
                .expected("numbers above 0 and below 1; at 1 it is the mix, at 0 there are none"));
        }
        self.choose.check(place, self.real.sets.len())?;
        let mut named = BTreeSet::new();
        if let Some(again) = self.train.network.iter().find(|choice| !named.insert(choice.name())) {
            return Err(Fault::usage(place, "two networks of train.network go by the same name in tables")
                .found(again.name())
                .expected("each network once, and weights with names of their own"));
        }
        if self.protocol == Protocol::Paper && self.generated.unit != Unit::Identities {
            return Err(Fault::usage(place, "the paper's protocol counts identities")
                .found("unit = \"images\"")
                .expected("unit = \"identities\""));
        }
        self.real.split.check(place)
    }

    /// What an arm is trained on at a k: once for each weight where it takes one.
    pub(crate) fn treatments(&self, arm: Arm, k: MixtureRatio, source: Option<&str>) -> Vec<Treatment> {
        let plain = Treatment::new(arm, k, source);
        if arm != Arm::WEIGHTED {
            return vec![plain];
        }
        self.grid.weights.iter().map(|weight| plain.clone().weighing(*weight)).collect()
    }

    /// The largest k that any cell trains on: as the paper counts, one unit of generated faces is always among them.
    pub fn largest_k(&self) -> MixtureRatio {
        let of_grid = self.grid.k.last().copied().unwrap_or(MixtureRatio::ZERO);
        if self.protocol == Protocol::Paper && !self.generated.sets.is_empty() {
            of_grid.max(MixtureRatio::ONE)
        } else {
            of_grid
        }
    }

    /// How long the cells of a recipe train: as long as serves labelled faces alone best; the paper's for so many
    /// epochs.
    pub fn budget(&self, recipe: Recipe) -> Budget {
        let of_recipe = if recipe == Recipe::Paper { Budget::Epochs } else { Budget::Fair };
        self.train.budget.unwrap_or(of_recipe)
    }

    /// What may stand at each k of a track's curve.
    pub fn curve(&self, track: &Track) -> Curve {
        let ladder = if self.train.budgets.is_empty() { &self.grid.k } else { &self.train.budgets };
        self.budget(track.recipe).curve(track, &self.grid.k, ladder)
    }

    /// The networks that are trained by a recipe.
    pub fn networks(&self, recipe: Recipe) -> Vec<NetworkChoice> {
        if self.train.network.is_empty() { vec![recipe.settings().network.into()] } else { self.train.network.clone() }
    }

    /// What has an answer of its own: every recipe with every network and, side by side, every generated set.
    /// `generated` are the names of those.
    pub fn tracks(&self, generated: &[String]) -> Vec<Track> {
        let sources: Vec<Option<String>> = if self.generated.side_by_side && generated.len() > 1 {
            generated.iter().cloned().chain([TOGETHER.to_owned()]).map(Some).collect()
        } else {
            vec![None]
        };
        let mut tracks = Vec::new();
        for recipe in &self.recipe {
            for choice in self.networks(*recipe) {
                let of_source = |source: &Option<String>| Track {
                    recipe: *recipe,
                    network: choice.network,
                    start: choice.start(),
                    source: source.clone(),
                };
                tracks.extend(sources.iter().map(of_source));
            }
        }
        tracks
    }

    /// The settings of a recipe and network with this study's overrides.
    pub fn settings(&self, recipe: Recipe, network: Network) -> TrainingSettings {
        let defaults = recipe.settings();
        let own = &self.train;
        TrainingSettings {
            network,
            epochs: own.epochs.unwrap_or(defaults.epochs),
            batch: own.batch.unwrap_or(defaults.batch),
            learning_rate: own.learning_rate.unwrap_or(defaults.learning_rate),
            patience: own.patience.or(defaults.patience),
            ..defaults
        }
    }

    /// A study of a plan of version 2 with what was no question then: one split, drawn by the paper's shares where none
    /// were given, epochs as budgets, k chosen on validation people, accuracy.
    pub(crate) fn meant_in_version_2(mut self) -> Self {
        let split = &mut self.real.split;
        if *split == SplitRequest::default() {
            *split = SplitRequest { train: Some(0.76), validation: Some(0.07), test: Some(0.17), ..split.clone() };
        }
        self.real.redraw = Some(false);
        self.train.budget = Some(Budget::Epochs);
        self.choose.on = ChooseOn::Validation;
        self.measure = Some(ClaimedMeasure::Accuracy);
        self
    }

    /// Whether the split can be drawn anew with every seed: it is drawn at all, and the study is not the paper's.
    pub fn may_redraw(&self) -> bool {
        let SplitRequest { folds, file, .. } = &self.real.split;
        folds.is_none() && file.is_none() && self.protocol == Protocol::Fixed
    }

    /// The splits of the real people: one, one per fold, or one per seed.
    pub fn splits(&self, people: &BTreeSet<SubjectId>) -> Result<Vec<Split>, Fault> {
        let request = &self.real.split;
        let seeds = Seeds::new(self.seed);
        if let Some(file) = &request.file {
            return Ok(vec![Split::from_file(file, people)?]);
        }
        if let Some(n_folds) = request.folds {
            let fold = |fold_idx| Split::by_fold(people, n_folds as usize, fold_idx as usize, seeds);
            return (0..n_folds).map(fold).collect();
        }
        if self.real.is_redrawn() {
            return (0..self.grid.seeds).map(|seed_idx| self.redrawn(people, seed_idx)).collect();
        }
        Ok(vec![self.drawn(people, seeds)?])
    }

    /// The split of a seed. Where no sizes are given, fifths of the people take turns: in five seeds everybody tests
    /// once.
    fn redrawn(&self, people: &BTreeSet<SubjectId>, seed_idx: u32) -> Result<Split, Fault> {
        let seeds = |name, i| Seeds::new(self.seed).child(name, u64::from(i));
        let is_given = self.real.split != SplitRequest::default();
        if is_given || people.len() < N_TURNS as usize {
            return self.drawn(people, seeds("split of seed", seed_idx));
        }
        let (round, turn) = (seed_idx / N_TURNS, seed_idx % N_TURNS);
        Split::by_fold(people, N_TURNS as usize, turn as usize, seeds("split of round", round))
    }

    fn drawn(&self, people: &BTreeSet<SubjectId>, seeds: Seeds) -> Result<Split, Fault> {
        let sizes = [self.real.split.train, self.real.split.validation, self.real.split.test];
        let shares: [f64; 3] = std::array::from_fn(|i| sizes[i].unwrap_or(SHARES[i]));
        if shares.iter().all(|s| *s < 1.0) {
            return Split::by_fractions(people, shares, seeds);
        }
        Split::by_counts(people, shares.map(|s| s as usize), seeds)
    }
}

/// Who trains, validates and tests where a study does not say: enough to choose k by, and to judge with.
const SHARES: [f64; 3] = [0.6, 0.2, 0.2];
/// Parts of the people that take turns to test where the split is drawn anew: as large as the last of [`SHARES`].
const N_TURNS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = "name = \"a\"\n[real]\nsets = [\"faces\"]\n[generated]\nsets = [\"more\"]\n";

    #[test]
    fn defaults_are_filled_in() {
        let study = Study::parse(MINIMAL, "study.toml").unwrap();
        assert_eq!(study.recipe, [Recipe::Modern]);
        assert_eq!(study.grid.k.iter().map(|k| k.value()).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 5.0]);
        assert_eq!(study.settings(Recipe::Paper, Network::Compact).batch, 64);
    }

    #[test]
    fn as_the_paper_counts_one_unit_of_generated_faces_is_always_trained_on() {
        let study =
            |k| Study::parse(&format!("protocol = \"paper\"\n{MINIMAL}\n[grid]\nk = [{k}]\n"), "study.toml").unwrap();
        assert_eq!((study("0.5").largest_k(), study("3").largest_k().value()), (MixtureRatio::ONE, 3.0));
        let fixed = Study::parse(&format!("{MINIMAL}\n[grid]\nk = [0.5]\n"), "study.toml").unwrap();
        assert_eq!(fixed.largest_k().value(), 0.5);
    }

    #[test]
    fn recipes_networks_and_generated_sets_have_tracks_of_their_own() {
        let text =
            format!("recipe = [\"paper\", \"modern\"]\n{MINIMAL}\n[train]\nnetwork = [\"compact\", \"vgg16\"]\n");
        let mut study = Study::parse(&text, "study.toml").unwrap();
        let sets = ["a".to_owned(), "b".to_owned()];
        assert_eq!(study.tracks(&sets).len(), 4);
        study.generated.side_by_side = true;
        let tracks = study.tracks(&sets);
        assert_eq!(tracks.len(), 12, "each set alone and all together");
        assert_eq!(tracks[2].source.as_deref(), Some(TOGETHER));
        assert_eq!(study.tracks(&sets[..1]).len(), 4, "a single set has nothing beside it");
    }

    #[test]
    fn a_network_stands_beside_itself_with_weights_to_begin_with() {
        let list = "[\"vgg16\", { name = \"vgg16\", weights = \"w/imagenet.safetensors\" }]";
        let study = Study::parse(&format!("{MINIMAL}\n[train]\nnetwork = {list}\n"), "study.toml").unwrap();
        let words: Vec<String> = study.tracks(&[]).iter().map(Track::network_words).collect();
        assert_eq!(words, ["vgg16", "vgg16 from imagenet"]);
        let written = toml::to_string(&study.train).unwrap();
        assert!(written.contains("w/imagenet.safetensors"), "{written}");
        let twice = format!("{MINIMAL}\n[train]\nnetwork = [\"compact\", \"compact\"]\n");
        assert!(Study::parse(&twice, "study.toml").unwrap_err().to_string().contains("same name in tables"));
    }

    #[test]
    fn mistakes_are_explained() {
        let cases = [
            ("unknown key", "[train]\nepoch = 3\n", "line 8: unknown field `epoch`", "did you mean `epochs`?"),
            ("k negative", "[grid]\nk = [0, -1]\n", "line 8: k: not a mixture ratio", "finite numbers from 0 up"),
            ("k a word", "[grid]\nk = [\"many\"]\n", "line 8: invalid type", "found     k = [\"many\"]"),
            ("a word for a number", "[train]\nepochs = \"many\"\n", "line 8: invalid type", "expected  u32"),
            ("unknown arm", "[grid]\narms = [\"mixed\"]\n", "line 8: unknown variant `mixed`", "did you mean `mix`?"),
            ("unknown network", "[train]\nnetwork = [\"vgg\"]\n", "line 8: a network is one of", "\"vgg16\""),
            (
                "weights unsaid",
                "[train]\nnetwork = { name = \"vgg16\" }\n",
                "line 8: a network is one of",
                "weights = ",
            ),
            ("a recipe's number", "[train]\nnetwork = 3\n", "line 8: a network is one of", "network = 3"),
            ("all people", "[grid]\npeople_percent = [50, 100]\n", "found     100", "whole numbers from 1 to 99"),
            ("no rate", "[train]\nlearning_rate = 0.0\n", "train.learning_rate is not a rate", "found     0"),
            ("a rate below 0", "[train]\nlearning_rate = -1e-3\n", "is not a rate", "a number above 0"),
            ("a rate that is none", "[train]\nlearning_rate = nan\n", "is not a rate", "found     NaN"),
            ("no patience", "[train]\npatience = 0\n", "train.patience is empty or 0", "at least one"),
            ("no seeds", "[grid]\nseeds = 0\n", "grid.seeds is empty or 0", "at least one"),
        ];
        for (name, addition, what, answer) in cases {
            let fault = Study::parse(&format!("{MINIMAL}\n{addition}"), "study.toml").unwrap_err();
            let text = fault.to_string();
            assert!(text.contains(what) && text.contains(answer), "{name}: {text}");
            assert_eq!(fault.kind().exit_code(), 2, "{name}");
        }
    }

    #[test]
    fn a_missing_table_is_named_with_where_to_get_one() {
        let text = Study::parse("name = \"a\"\n", "study.toml").unwrap_err().to_string();
        assert!(text.contains("missing field `real`") && text.contains("expected  `real`"), "{text}");
        assert!(text.contains("`howfar init` writes a whole study file"), "{text}");
    }

    #[test]
    fn a_split_is_given_in_one_way() {
        let cases = ["{ train = 0.5, folds = 3 }", "{ train = 0.5 }", "{ train = 10, validation = 0.5, test = 2 }"];
        for split in cases {
            let text = format!("name = \"a\"\n[real]\nsets = [\"faces\"]\nsplit = {split}\n");
            assert!(Study::parse(&text, "study.toml").is_err(), "{split}");
        }
    }
}
