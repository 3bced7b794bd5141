//! A cell: one training run of a study, and the name it goes by.

use std::fmt;

use howfar_face::Fault;
use howfar_face::checksum::Hasher;
use serde::{Deserialize, Serialize};

use crate::settings::network_words;
use crate::{Network, Recipe, TrainingSettings};

/// Raised with every change that moves a number of a run: cells of an older version are computed anew.
pub const NUMERICS_VERSION: u32 = 5;

/// What a training set is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// Real training faces alone: k = 0.
    Real,
    /// Real faces and k units of generated ones.
    Mix,
    /// k units of generated faces alone.
    GeneratedOnly,
    /// Real faces alone, repeated to the steps of `mix` k: was it just longer training?
    Repeat,
    /// Real faces and as many altered copies of them as `mix` k has generated faces: was it just more pictures?
    Augment,
    /// `mix` k with real faces as every second picture: was it the weight of real faces?
    FixedShare,
    /// k units of generated faces first, then real faces alone: is mixing the right way to use them?
    Pretrain,
    /// `mix` k without the generated faces whose label the `real` network of the same split and seed does not see: was it
    /// wrong labels?
    Curated,
}

impl Arm {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Real,
        Self::Mix,
        Self::GeneratedOnly,
        Self::Repeat,
        Self::Augment,
        Self::FixedShare,
        Self::Pretrain,
        Self::Curated,
    ];
    /// Those that a study runs beside `real` where it does not say.
    pub const USUAL: [Self; 4] = [Self::Mix, Self::GeneratedOnly, Self::Repeat, Self::Augment];

    /// The word that stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Mix => "mix",
            Self::GeneratedOnly => "generated-only",
            Self::Repeat => "repeat",
            Self::Augment => "augment",
            Self::FixedShare => "fixed-share",
            Self::Pretrain => "pretrain",
            Self::Curated => "curated",
        }
    }
}

/// k: units of generated faces. 0 means real data only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct MixtureRatio(f64);

impl MixtureRatio {
    /// Real data only.
    pub const ZERO: Self = MixtureRatio(0.0);
    /// As many generated units as real ones.
    pub const ONE: Self = MixtureRatio(1.0);

    /// A finite number from 0 up.
    pub fn new(k: f64) -> Result<Self, Fault> {
        if k.is_finite() && k >= 0.0 {
            // Adding 0 turns -0 into 0, which would print with a sign.
            return Ok(MixtureRatio(k + 0.0));
        }
        Err(Fault::usage("k", "not a mixture ratio")
            .found(k)
            .expected("a finite number from 0 up; 0 means real data only"))
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }

    /// Units for so many real ones, rounded.
    pub fn units(self, n_real: usize) -> usize {
        (self.0 * n_real as f64).round() as usize
    }
}

impl Eq for MixtureRatio {}

impl PartialOrd for MixtureRatio {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MixtureRatio {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl fmt::Display for MixtureRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl TryFrom<f64> for MixtureRatio {
    type Error = Fault;

    fn try_from(k: f64) -> Result<Self, Fault> {
        Self::new(k)
    }
}

impl From<MixtureRatio> for f64 {
    fn from(k: MixtureRatio) -> f64 {
        k.0
    }
}

/// What has an answer of its own in a study. The cells of a track differ in arm, k, people, split and seed; those of the
/// `real` arm are of every track of their recipe and network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// How its cells are trained.
    pub recipe: Recipe,
    /// What is trained.
    pub network: Network,
    /// The name of the weights that training begins with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Which generated set is mixed in, where several stand side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Track {
    /// Whether a cell belongs to it.
    pub fn has(&self, cell: &Cell) -> bool {
        let of_source = cell.source.is_none() || cell.source == self.source;
        let start = cell.settings.start.as_ref().map(|start| &start.name);
        (cell.recipe, cell.settings.network, start) == (self.recipe, self.network, self.start.as_ref()) && of_source
    }

    /// `vgg16`, or `vgg16 from NAME` where training begins with weights.
    pub fn network_words(&self) -> String {
        network_words(self.network, self.start.as_deref())
    }
}

/// One training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The recipe its settings come from.
    pub recipe: Recipe,
    /// What it trains on.
    pub arm: Arm,
    /// How many units.
    pub k: MixtureRatio,
    /// Which generated set, where several stand side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// So many percent of the real training people; all where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_percent: Option<u32>,
    /// Which split (0 without folds).
    pub split_idx: u32,
    /// Which repetition: weights, orders, choice of generated faces.
    pub seed_idx: u32,
    /// How it trains.
    pub settings: TrainingSettings,
    /// Hash of everything else that decides its training: classes, sides of people, content of the sets it uses.
    pub inputs_sha256: String,
    /// The unseen sets that its network is asked about ([`SetInput::id`]). They decide no training: one more of them
    /// is predicted with the kept network.
    ///
    /// [`SetInput::id`]: crate::SetInput::id
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judges: Vec<String>,
}

impl Cell {
    /// A readable name that ends in a hash of all that decides the training, and of nothing else: the folder of the run.
    pub fn name(&self) -> String {
        let Cell { recipe, arm, k, split_idx, seed_idx, .. } = self;
        let people = self.people_percent.map(|percent| format!("-people{percent}")).unwrap_or_default();
        let hash = self.sha256();
        format!("{}-{}-k{k}{people}-split{split_idx}-seed{seed_idx}-{}", recipe.name(), arm.name(), &hash[..12])
    }

    /// Every field is named here, so that a new one cannot be forgotten. What only calls things by a name (recipe, source, start)
    /// is left out: settings and contents say what they are. Splits are told apart by the sides of people, in `inputs_sha256`.
    fn sha256(&self) -> String {
        let Cell { recipe: _, arm, k, source: _, people_percent, split_idx: _, seed_idx, .. } = self;
        let Cell { settings, inputs_sha256, judges: _, .. } = self;
        let start = settings.start.as_ref().map(|start| &start.sha256);
        let settings = TrainingSettings { start: None, ..settings.clone() };
        let decisions = (arm, k, people_percent, seed_idx, start, settings, inputs_sha256);
        let mut hash = Hasher::default();
        hash.update_text(&serde_json::to_string(&decisions).expect("a cell is plain data"));
        hash.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_numbers_from_0_up_are_ratios() {
        for k in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(MixtureRatio::new(k).is_err(), "{k}");
        }
        assert_eq!(MixtureRatio::new(0.5).unwrap().to_string(), "0.5");
        assert_eq!(MixtureRatio::new(-0.0).unwrap().to_string(), "0");
    }

    #[test]
    fn the_name_changes_with_every_input() {
        let cell = Cell {
            recipe: Recipe::Modern,
            arm: Arm::Mix,
            k: MixtureRatio::new(2.0).unwrap(),
            source: None,
            people_percent: None,
            split_idx: 0,
            seed_idx: 3,
            settings: Recipe::Modern.settings(),
            inputs_sha256: "a".into(),
            judges: Vec::new(),
        };
        assert!(cell.name().starts_with("modern-mix-k2-split0-seed3-"));
        let mut other = cell.clone();
        other.settings.epochs += 1;
        assert_ne!(other.name(), cell.name());
        other = Cell { inputs_sha256: "b".into(), ..cell.clone() };
        assert_ne!(other.name(), cell.name());
    }
}
