//! The part of `results.json` that looks into the difference of two treatments: by class, by group of faces, in the
//! probabilities, and how often one network is better than another.

use howfar_protocol::{Part, Treatment, baseline_keys};
use serde::{Deserialize, Serialize};

/// What stands behind one difference in accuracy, on some faces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// `test` or `unseen`.
    pub part: Part,
    /// The set's name for unseen databases; the real sets' names joined for test people.
    pub set: String,
    /// What is compared.
    #[serde(flatten)]
    pub treatment: Treatment,
    /// What it is compared with; keys begin with `baseline_`.
    #[serde(flatten, with = "baseline_keys")]
    pub baseline: Treatment,
    /// One entry for every class that the faces are of, in the study's order.
    pub per_class: Vec<ClassDifference>,
    /// The class that loses most of those which clearly lose (Holm p below 5 %).
    pub loses_most: Option<String>,
    /// How honest the probabilities are.
    pub calibration: Option<Calibration>,
    /// What the groups are: `group` (the column of the face sets) or `database`.
    pub groups_by: Option<GroupsBy>,
    /// One entry for every group, by name; empty where there are fewer than two.
    pub groups: Vec<GroupDifference>,
    /// The group that gains least of those with an interval: a description, since it was picked out of several.
    pub gains_least: Option<String>,
    /// How often one network is better than another; none without a seed that both treatments have.
    pub improvement: Option<Improvement>,
}

impl Details {
    /// The class that loses most.
    pub fn losing_class(&self) -> Option<&ClassDifference> {
        self.per_class.iter().find(|of| Some(&of.class) == self.loses_most.as_ref())
    }

    /// The group that gains least.
    pub fn least_group(&self) -> Option<&GroupDifference> {
        self.groups.iter().find(|of| Some(&of.group) == self.gains_least.as_ref())
    }
}

/// A share of two treatments and its paired difference: the mean over people of each one's mean over those of their own
/// faces that are meant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairedShare {
    /// The share of the baseline.
    pub baseline_percent: f64,
    /// The share of the treatment.
    pub percent: f64,
    /// Their difference.
    pub difference_points: f64,
    /// Ends of its 95 % interval, people × seeds crossed; none with one person or one seed.
    pub interval_points: Option<[f64; 2]>,
    /// Two-sided p of the t interval; 1 where there is none.
    pub p: f64,
    /// The same after Holm over the classes, or over the groups, of these faces.
    pub p_holm: f64,
    /// People with such faces.
    pub n_people: usize,
    /// Their faces.
    pub n_faces: usize,
    /// Seeds.
    pub n_seeds: usize,
}

/// The difference in the recall of a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassDifference {
    /// Which class.
    pub class: String,
    /// Its recall, over people with faces of the class.
    #[serde(flatten)]
    pub recall: PairedShare,
}

/// The difference in accuracy on a group of faces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupDifference {
    /// Which group.
    pub group: String,
    /// Accuracy on it, over people with faces in the group.
    #[serde(flatten)]
    pub accuracy: PairedShare,
}

/// What groups of faces are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupsBy {
    /// Those of the face sets' column `group`; faces of none are left out.
    Group,
    /// The databases that people are of, where no face has a group.
    Database,
}

/// How honest the probabilities of both treatments are. Of all three figures lower is better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Negative log-likelihood, −ln p(true class), in nats; p is at least `floor` and at most 1 − `floor`
    /// (scikit-learn `log_loss`).
    pub log_loss_nats: LowerIsBetter,
    /// Brier score, Σ over classes of (p − is it so)², from 0 to 2 (Brier, 1950).
    pub brier_score: LowerIsBetter,
    /// Expected calibration error of the most probable class, in percent: |mean probability − share of right faces| in
    /// bins of as many faces, weighted by their faces (Naeini and others, 2015).
    pub calibration_error_percent: LowerIsBetter,
    /// The least probability that a logarithm is taken of.
    pub floor: f64,
    /// Bins of the calibration error.
    pub n_bins: usize,
    /// People.
    pub n_people: usize,
    /// Their faces.
    pub n_faces: usize,
    /// Seeds.
    pub n_seeds: usize,
}

/// A figure of two treatments that is better where it is lower, in the unit of its name.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowerIsBetter {
    /// That of the baseline.
    pub baseline: f64,
    /// That of the treatment.
    pub value: f64,
    /// The treatment's less the baseline's: below zero is better.
    pub difference: f64,
    /// Ends of its 95 % interval, people × seeds crossed; none with one person or one seed.
    pub interval: Option<[f64; 2]>,
}

/// How often one network, or one person, is better off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Improvement {
    /// Share of pairs (a seed of the treatment, a seed of the baseline) where the treatment's network is more accurate;
    /// equals count half (Agarwal and others, 2021).
    pub probability_percent: f64,
    /// Ends of its 95 % interval: people and seeds drawn again; none with one person or one seed. It cannot leave what
    /// the seeds show: where all pairs agree it is a point.
    pub interval_percent: Option<[f64; 2]>,
    /// People whose mean over faces and seeds rises, in percent of `n_people`.
    pub rise_percent: f64,
    /// Those whose mean falls.
    pub fall_percent: f64,
    /// Those whose mean stays.
    pub stay_percent: f64,
    /// People.
    pub n_people: usize,
    /// Seeds of each treatment.
    pub n_seeds: usize,
}
