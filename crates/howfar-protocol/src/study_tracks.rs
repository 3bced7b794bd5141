//! What a study trains: its tracks, and for each the curve, the budget and the settings.
//!
//! In: a checked study. Out: what its plan asks for each recipe, network and generated set.

use crate::{
    Arm, Budget, Curve, Learner, MixtureRatio, NetworkChoice, Protocol, Recipe, Study, TOGETHER, Track,
    TrainingSettings, Treatment,
};

impl Study {
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

    /// The networks that are trained by a recipe, each with the name of the weights that it begins with, and then the
    /// program. A program alone stands in place of the recipe's network.
    fn learners(&self, recipe: Recipe) -> Vec<(Learner, Option<String>)> {
        let program = self.program().map(|program| (Learner::Program { program }, None));
        let of_choice = |choice: &NetworkChoice| (choice.network.into(), choice.start());
        match self.train.network.is_empty() {
            true => vec![program.unwrap_or_else(|| (recipe.settings().network, None))],
            false => self.train.network.iter().map(of_choice).chain(program).collect(),
        }
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
            for (network, start) in self.learners(*recipe) {
                let of_source = |source: &Option<String>| Track {
                    recipe: *recipe,
                    network: network.clone(),
                    start: start.clone(),
                    source: source.clone(),
                };
                tracks.extend(sources.iter().map(of_source));
            }
        }
        tracks
    }

    /// The settings of a recipe and network with this study's overrides.
    pub fn settings(&self, recipe: Recipe, network: impl Into<Learner>) -> TrainingSettings {
        let defaults = recipe.settings();
        let own = &self.train;
        TrainingSettings {
            network: network.into(),
            epochs: own.epochs.unwrap_or(defaults.epochs),
            batch: own.batch.unwrap_or(defaults.batch),
            learning_rate: own.learning_rate.unwrap_or(defaults.learning_rate),
            patience: own.patience.or(defaults.patience),
            augmentation: own.augmentation.or(defaults.augmentation),
            ..defaults
        }
    }

    /// What an arm is trained on at a k: once for each weight where it takes one.
    pub(crate) fn treatments(&self, arm: Arm, k: MixtureRatio, source: Option<&str>) -> Vec<Treatment> {
        let plain = Treatment::new(arm, k, source);
        if arm != Arm::WEIGHTED {
            return vec![plain];
        }
        self.grid.weights.iter().map(|weight| plain.clone().weighing(*weight)).collect()
    }
}
