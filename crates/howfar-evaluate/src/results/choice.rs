//! The part of `results.json` that says how k was chosen, on whom, and for how long labelled faces alone are trained.

use howfar_protocol::{ChooseRule, MixtureRatio, Treatment};
use serde::{Deserialize, Serialize};

use crate::counting::numbers::PERCENT;

/// How k was chosen, on validation people alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The smallest k within one standard error of the best. 0 = none helps.
    pub chosen: MixtureRatio,
    /// The k with the highest mean validation accuracy.
    pub best: MixtureRatio,
    /// Where controls were run: `chosen`, or the best k above 0 where 0 was chosen.
    pub compared: MixtureRatio,
    /// Every k within one standard error of the best.
    pub adequate: Vec<MixtureRatio>,
    /// All k, in order.
    pub candidates: Vec<Candidate>,
    /// Who was asked: `validation`, `sets` or `leave-one-database-out`.
    #[serde(default = "validation")]
    pub on: String,
    /// By which rule.
    #[serde(default)]
    pub rule: ChooseRule,
}

fn validation() -> String {
    "validation".to_owned()
}

impl Choice {
    /// What stands at a k of the curve; the plain point in results of an older version.
    pub fn at(&self, k: MixtureRatio, source: Option<&str>) -> Treatment {
        let ways = self.candidates.iter().filter(|candidate| candidate.k == k).flat_map(|candidate| &candidate.ways);
        let taken = ways.into_iter().find(|way| way.is_taken).map(|way| way.treatment.clone());
        taken.unwrap_or_else(|| Treatment::on_curve(k, source))
    }

    /// Whether labelled faces alone were trained for several budgets, of which those who choose took one.
    pub fn has_ladder(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.k == MixtureRatio::ZERO && candidate.ways.len() > 1)
    }

    /// What else might stand there, and how often it would be the best were people and seeds drawn again, as a share.
    pub(crate) fn others_at(&self, k: MixtureRatio) -> Vec<(&Treatment, f64)> {
        let ways = self.candidates.iter().filter(|candidate| candidate.k == k).flat_map(|candidate| &candidate.ways);
        let others = ways.filter(|way| !way.is_taken);
        others.filter_map(|way| Some((&way.treatment, way.best_share_percent? / PERCENT))).collect()
    }
}

/// One k in the choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Which k.
    pub k: MixtureRatio,
    /// Of those who choose: mean over people of each person's mean, over seeds and splits, and over databases.
    pub validation_accuracy_percent: f64,
    /// Mean over seeds and splits.
    pub validation_macro_recall_percent: f64,
    /// Accuracy of the best k less this one's, in points.
    pub below_best_points: f64,
    /// Standard error of that paired difference (people × seeds crossed), in points.
    pub standard_error_points: f64,
    /// Within one standard error of the best; with the rule `best-mean` the best alone.
    pub adequate: bool,
    /// What may stand at this k, such as budgets of training; the best of it stands there.
    #[serde(default)]
    pub ways: Vec<WayTried>,
    /// How often this k is chosen when people and seeds are drawn again, in percent; none where tables differ.
    #[serde(default)]
    pub chosen_share_percent: Option<f64>,
}

/// One of the things that may stand at a k.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WayTried {
    /// What was trained on, and for how long.
    #[serde(flatten)]
    pub treatment: Treatment,
    /// Accuracy on the faces of those who choose.
    pub accuracy_percent: f64,
    /// How often it is the best of its k when people and seeds are drawn again, in percent; none where tables differ.
    pub best_share_percent: Option<f64>,
    /// Whether it stands there.
    pub is_taken: bool,
}
