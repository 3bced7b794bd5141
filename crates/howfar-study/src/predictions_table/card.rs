//! What howfar knows of a cell and no row can say: the column `howfar` of the tables that it writes.
//!
//! In: a cell of a study, or the text of that column. Out: a [`Card`] as JSON. It stands in the first row of each cell,
//! and what is said of the whole study in the first row of all. No other program needs to write it.

use howfar_evaluate::{CellTraining, StudyFacts};
use howfar_protocol::{Budget, ChooseRule, MixtureRatio, Recipe, TrainingSettings};
use serde::{Deserialize, Serialize};

/// What is known of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Card {
    /// Of the whole study, in the first row of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) study: Option<StudyCard>,
    /// How it was trained.
    #[serde(flatten)]
    pub(crate) trained: TrainedCard,
    /// What its network saw.
    pub(crate) training: CellTraining,
}

/// How the cells of a model were trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrainedCard {
    pub(crate) recipe: Recipe,
    pub(crate) settings: TrainingSettings,
    pub(crate) n_parameters: usize,
    /// How long cells train, and the budgets that were tried.
    pub(crate) budget: Budget,
    pub(crate) budgets: Vec<MixtureRatio>,
}

/// What is known of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StudyCard {
    /// What rows say, too, is taken from them.
    pub(crate) facts: StudyFacts,
    /// How k is chosen.
    pub(crate) rule: ChooseRule,
}

impl Card {
    /// The text of the column.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
