//! The study file: what a user asks. Unknown keys are errors with a suggestion; defaults are written here and nowhere
//! else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use howfar_face::{Expression, Fault, files};
use serde::{Deserialize, Serialize};

use crate::role::Role;
use crate::study_toml::{networks, recipes, toml_fault};
use crate::{
    Arm, Augmentation, Budget, Choose, ChooseOn, ClaimedMeasure, HandedAs, MixtureRatio, Networks, Recipe, SplitRequest,
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
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub side_by_side: bool,
}

/// The source that all generated sets are together, where they stand side by side.
pub const TOGETHER: &str = "together";

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
    pub(crate) fn is_empty(&self) -> bool {
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
    #[serde(default, skip_serializing_if = "is_empty", deserialize_with = "networks")]
    pub network: Networks,
    /// A program that trains in place of a network, or beside those that are named, with its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The program's name in tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Files whose content decides what the program computes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<PathBuf>,
    /// Commands whose output decides it as well: versions of libraries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<Vec<String>>,
    /// Variables of the program's environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// How faces are handed to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faces: Option<HandedAs>,
    /// Minutes after which a cell of it is ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_min: Option<f64>,
    /// GPUs of a cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<u32>,
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
    /// Other changes to training pictures, in place of all of the recipe's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<Augmentation>,
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

fn is_empty(networks: &Networks) -> bool {
    networks.is_empty()
}

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

    /// The folders of the sets of a role.
    pub fn sets_of(&self, role: Role) -> &[PathBuf] {
        match role {
            Role::Labelled => &self.real.sets,
            Role::Generated => &self.generated.sets,
            Role::Retrieved => &self.retrieved.sets,
            Role::Choosing => self.choose.on.sets(),
            Role::Unseen => &self.unseen.sets,
        }
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
            .chain(&mut self.train.inputs)
            .chain(&mut self.file)
    }

    /// Parses a study file's text; `place` names it in errors.
    pub fn parse(text: &str, place: &str) -> Result<Self, Fault> {
        let mut study: Study = toml::from_str(text).map_err(|e| toml_fault(text, place, &e))?;
        study.take_feature_head(place)?;
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Network, Track};

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
    fn a_classifier_on_features_is_a_program_and_stands_beside_networks() {
        let head = "{ name = \"mlp\", features = \"nets/dinov2.onnx\", range = \"-1..1\" }";
        let parse = |network: &str| Study::parse(&format!("{MINIMAL}\n[train]\nnetwork = {network}\n"), "study.toml");
        let alone = parse(head).unwrap();
        let command = "command = [\"howfar\", \"train-features\", \"--features\", \"nets/dinov2.onnx\", \"--head\", \
            \"mlp\", \"--features-range\", \"-1..1\"]\ninputs = [\"nets/dinov2.onnx\"]\nbudget = \"epochs\"";
        let meant = Study::parse(&format!("{MINIMAL}\n[train]\n{command}\n"), "study.toml").unwrap();
        assert_eq!(alone, meant, "the table is short for the command");
        let beside = parse(&format!("[\"compact\", {head}]")).unwrap();
        let words: Vec<String> = beside.tracks(&[]).iter().map(Track::network_words).collect();
        assert_eq!(words, ["compact", "dinov2"]);
        assert_eq!(beside.train.budget, None);
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
            (
                "another head",
                "[train]\nnetwork = { name = \"tree\", features = \"a.onnx\" }\n",
                "line 8: a network is one of",
                "features = ",
            ),
            (
                "two heads",
                "[train]\nnetwork = [{ name = \"linear\", features = \"a\" }, { name = \"mlp\", features = \"a\" }]\n",
                "line 8: train.network names two classifiers",
                "expected  one",
            ),
            (
                "a head and a program",
                "[train]\ncommand = [\"sh\", \"t.sh\"]\nnetwork = { name = \"linear\", features = \"a\" }\n",
                "train.command for a program",
                "a study has one program",
            ),
            ("a recipe's number", "[train]\nnetwork = 3\n", "line 8: a network is one of", "network = 3"),
            ("all people", "[grid]\npeople_percent = [50, 100]\n", "found     100", "whole numbers from 1 to 99"),
            ("no rate", "[train]\nlearning_rate = 0.0\n", "train.learning_rate is not a rate", "found     0"),
            ("a rate below 0", "[train]\nlearning_rate = -1e-3\n", "is not a rate", "a number above 0"),
            ("a rate that is none", "[train]\nlearning_rate = nan\n", "is not a rate", "found     NaN"),
            (
                "half of the grays",
                "[train.augmentation]\nclipping = 0.5\n",
                "augmentation.clipping is out of range",
                "0 to 0.49",
            ),
            ("an unknown change", "[train.augmentation]\nblurr = 1\n", "unknown field `blurr`", "did you mean `blur`?"),
            ("no patience", "[train]\npatience = 0\n", "train.patience is empty or 0", "at least one"),
            ("no seeds", "[grid]\nseeds = 0\n", "grid.seeds is empty or 0", "at least one"),
            ("too many seeds", "[grid]\nseeds = 4000000000\n", "more than anybody trains", "1 to 10000"),
        ];
        for (name, addition, what, answer) in cases {
            let fault = Study::parse(&format!("{MINIMAL}\n{addition}"), "study.toml").unwrap_err();
            let text = fault.to_string();
            assert!(text.contains(what) && text.contains(answer), "{name}: {text}");
            assert_eq!(fault.kind().exit_code(), 2, "{name}");
        }
    }

    #[test]
    fn seeds_of_an_edited_plan_are_looked_at_before_any_split_is_drawn() {
        for seeds in [0, 4_000_000_000] {
            let mut study = Study::parse(MINIMAL, "study.toml").unwrap();
            study.grid.seeds = seeds;
            let fault = study.splits(&Default::default()).unwrap_err().to_string();
            assert!(fault.contains("more than anybody trains"), "{fault}");
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
