//! A cell: one training run of a study, and the name it goes by.

use howfar_face::checksum::Hasher;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::settings::network_words;
use crate::{Arm, Learner, MixtureRatio, Part, Recipe, TrainingSettings, Treatment};

/// Raised with every change that moves a number of a run: cells of an older version are computed anew.
pub const NUMERICS_VERSION: u32 = 5;

/// What has an answer of its own in a study. The cells of a track differ in what they are trained on, split and seed;
/// those of the baseline are of every track of their recipe and network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// How its cells are trained.
    pub recipe: Recipe,
    /// What is trained.
    pub network: Learner,
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
        let source = &cell.treatment.source;
        let of_source = source.is_none() || *source == self.source;
        let start = cell.settings.start.as_ref().map(|start| &start.name);
        let trained = (cell.recipe, &cell.settings.network, start);
        trained == (self.recipe, &self.network, self.start.as_ref()) && of_source
    }

    /// An arm at k in this track.
    pub fn treatment(&self, arm: Arm, k: MixtureRatio) -> Treatment {
        Treatment::new(arm, k, self.source.as_deref())
    }

    /// The baseline at k = 0, the mix above.
    pub fn on_curve(&self, k: MixtureRatio) -> Treatment {
        Treatment::on_curve(k, self.source.as_deref())
    }

    /// `vgg16`, or `vgg16 from NAME` where training begins with weights.
    pub fn network_words(&self) -> String {
        network_words(&self.network, self.start.as_deref())
    }
}

/// One training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The recipe its settings come from.
    pub recipe: Recipe,
    /// What it trains on.
    #[serde(flatten)]
    pub treatment: Treatment,
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
    /// Likewise the sets that choose k.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choosers: Vec<String>,
}

impl Cell {
    /// A readable name that ends in a hash of all that decides the training, and of nothing else: the folder of the
    /// run.
    pub fn name(&self) -> String {
        let Cell { recipe, treatment, split_idx, seed_idx, settings, .. } = self;
        let (trained_on, hash) = (treatment.file_name(), self.sha256());
        let recipe = settings.network.recipe_words(*recipe);
        format!("{recipe}-{trained_on}-split{split_idx}-seed{seed_idx}-{}", &hash[..12])
    }

    /// Every field is named here and in what it calls, so that a new one cannot be forgotten. What only calls things by
    /// a name (recipe, source, start) is left out: settings and contents say what they are. Splits are told apart by
    /// the sides of people, in `inputs_sha256`.
    fn sha256(&self) -> String {
        let Cell { recipe: _, treatment, split_idx: _, seed_idx, settings, inputs_sha256, judges: _, choosers: _ } =
            self;
        let start = settings.start.as_ref().map(|start| &start.sha256);
        let mut decisions: Vec<String> = vec![
            json!(seed_idx).to_string(),
            json!(start).to_string(),
            settings.identity(),
            json!(inputs_sha256).to_string(),
        ];
        let (always, given) = treatment.identity();
        decisions.splice(0..0, always.iter().map(Value::to_string));
        decisions.extend(given.iter().map(Value::to_string));
        let mut hash = Hasher::default();
        hash.update_text(&format!("[{}]", decisions.join(",")));
        hash.finish()
    }

    /// The sets that its network is asked about beside its own, those that choose first: what they are, and their ids.
    pub fn asked(&self) -> impl Iterator<Item = (Part, &str)> {
        let choosers = self.choosers.iter().map(|id| (Part::Choosing, id.as_str()));
        choosers.chain(self.judges.iter().map(|id| (Part::Unseen, id.as_str())))
    }

    /// Whether another cell differs from this one in nothing but what it is trained on.
    pub fn is_paired_with(&self, other: &Self) -> bool {
        (self.recipe, &self.settings) == (other.recipe, &other.settings)
            && (self.split_idx, self.seed_idx) == (other.split_idx, other.seed_idx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_changes_with_every_input() {
        let cell = Cell {
            recipe: Recipe::Modern,
            treatment: Treatment::on_curve(MixtureRatio::new(2.0).unwrap(), None),
            split_idx: 0,
            seed_idx: 3,
            settings: Recipe::Modern.settings(),
            inputs_sha256: "a".into(),
            judges: Vec::new(),
            choosers: Vec::new(),
        };
        assert!(cell.name().starts_with("modern-mix-k2-split0-seed3-"));
        let mut other = cell.clone();
        other.settings.epochs += 1;
        assert_ne!(other.name(), cell.name());
        other = Cell { inputs_sha256: "b".into(), ..cell.clone() };
        assert_ne!(other.name(), cell.name());
    }
}
