//! Measures: what a table of true against predicted classes is summed up in. Each says all of itself here, once.
//!
//! In: [`ConfusionCounts`]. Out: [`Figures`], which `results.json`, `table.csv`, the page, the terminal, `evaluate` and
//! `generator evaluate` print alike. To add a measure, add it to [`Measure::ALL`] with its formula: tests walk the
//! list, compare docs/protocol.md with it and ask `reference/classification_metrics.json` for its reference values.

use std::collections::BTreeMap;

use howfar_protocol::ClaimedMeasure;
use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::counting::confusion::ConfusionCounts;
use crate::counting::numbers::{PERCENT, mean_of};

/// All that is said of a measure. Its values are shares; files and people read them in percent.
#[derive(Debug)]
pub struct Measure {
    /// What it is called in files, where a unit comes after it (`macro_recall_percent`), and in the reference.
    pub name: &'static str,
    /// What it is called in sentences and tables.
    pub words: &'static str,
    /// What it is, for readers of the report.
    pub explained: &'static str,
    /// Its formula, in terms of n(true, predicted).
    pub formula: &'static str,
    /// Who defines it so.
    pub source: &'static str,
    /// The values it can have, from the worst to the best.
    pub worst_to_best: [f64; 2],
    /// The value of a table of counts.
    pub of: fn(&ConfusionCounts) -> f64,
    /// What the faces of one person add to the value of all beyond its mean, to first order: what intervals over
    /// persons are made of. None where there is no interval.
    pub influence: Option<fn(&ConfusionCounts, &ConfusionCounts) -> f64>,
}

impl Measure {
    /// Share of faces that are right: what claims are about.
    pub const ACCURACY: &'static Self = &Measure {
        name: "accuracy",
        words: "accuracy",
        explained: "the share of faces that are right",
        formula: "Σ n(c, c) / n",
        source: "scikit-learn `accuracy_score`",
        worst_to_best: [0.0, 1.0],
        of: ConfusionCounts::accuracy,
        influence: Some(|all, person| {
            let n_right: f64 = all.classes_there().map(|class| person.count(class, class) as f64).sum();
            (n_right - all.accuracy() * person.n_faces() as f64) / all.n_faces() as f64
        }),
    };

    /// Balanced accuracy: what claims are about where classes are unequal.
    pub const MACRO_RECALL: &'static Self = &Measure {
        name: "macro_recall",
        words: "macro recall",
        explained: "balanced accuracy: the mean recall of the classes that the judged faces are of",
        formula: "mean over classes with faces of n(c, c) / n(c, ·)",
        source: "scikit-learn `balanced_accuracy_score`",
        worst_to_best: [0.0, 1.0],
        of: ConfusionCounts::macro_recall,
        influence: Some(|all, person| {
            let classes: Vec<usize> = all.classes_there().collect();
            let of_class = |class: &usize| {
                let n = person.support(*class) as f64;
                (person.count(*class, *class) as f64 - all.recall(*class) * n) / all.support(*class) as f64
            };
            classes.iter().map(of_class).sum::<f64>() / classes.len() as f64
        }),
    };

    /// All of them, in the order of every table.
    pub const ALL: &'static [&'static Self] = &[
        Self::ACCURACY,
        Self::MACRO_RECALL,
        &Measure {
            name: "macro_f1",
            words: "macro F1",
            explained: "the mean F1 of the classes that the judged faces are of or are called",
            formula: "mean over classes that occur of 2 n(c, c) / (n(c, ·) + n(·, c))",
            source: "scikit-learn `f1_score(average=\"macro\", zero_division=0)`",
            worst_to_best: [0.0, 1.0],
            of: ConfusionCounts::macro_f1,
            influence: None,
        },
    ];

    /// What a study claims.
    pub fn claimed(measure: ClaimedMeasure) -> &'static Self {
        match measure {
            ClaimedMeasure::Accuracy => Self::ACCURACY,
            ClaimedMeasure::MacroRecall => Self::MACRO_RECALL,
        }
    }

    /// Its key in files: `macro_recall_percent`.
    pub fn key(&self) -> String {
        format!("{}_percent", self.name)
    }
}

/// The value of every measure, in percent. In files each is a key of the table that it is flattened into; of a file
/// that was written before a measure was added, its value is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures(Vec<Option<f64>>);

impl Figures {
    /// The figures of a table of counts.
    pub fn of(counts: &ConfusionCounts) -> Self {
        Self::mean_of([counts])
    }

    /// Means over tables.
    pub fn mean_of<'c>(tables: impl IntoIterator<Item = &'c ConfusionCounts>) -> Self {
        let tables: Vec<&ConfusionCounts> = tables.into_iter().collect();
        let mean = |measure: &&Measure| {
            let values: Vec<f64> = tables.iter().map(|counts| (measure.of)(counts)).collect();
            Some(PERCENT * mean_of(&values))
        };
        Figures(Measure::ALL.iter().map(mean).collect())
    }

    /// Figures that were computed elsewhere, in percent; what is not named is missing.
    pub fn named(values: &[(&str, f64)]) -> Self {
        let value = |measure: &&Measure| values.iter().find(|(name, _)| *name == measure.name).map(|(_, value)| *value);
        Figures(Measure::ALL.iter().map(value).collect())
    }

    /// A measure in percent, where it is there.
    pub fn get(&self, measure: &Measure) -> Option<f64> {
        self.iter().find(|(other, _)| other.name == measure.name).and_then(|(_, value)| value)
    }

    /// A measure in percent; not a number where it is missing.
    pub fn percent(&self, measure: &Measure) -> f64 {
        self.get(measure).unwrap_or(f64::NAN)
    }

    /// Accuracy in percent.
    pub fn accuracy(&self) -> f64 {
        self.percent(Measure::ACCURACY)
    }

    /// Every measure with its value in percent.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Measure, Option<f64>)> {
        Measure::ALL.iter().copied().zip(self.0.iter().copied())
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (measure, value) in self.iter().filter(|(_, value)| value.is_some()) {
            map.serialize_entry(&measure.key(), &value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Figures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
        let value = |measure: &&Measure| match all.get(&measure.key()) {
            Some(value) => value.as_f64().map(Some).ok_or_else(|| D::Error::custom("a measure is a number")),
            None => Ok(None),
        };
        Ok(Figures(Measure::ALL.iter().map(value).collect::<Result<_, _>>()?))
    }
}

/// Precision, recall and F1 of a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]

pub struct ClassFigures {
    /// The class.
    pub class: String,
    /// Right among those called so; 0 where none is.
    pub precision_percent: f64,
    /// Found among those that are so; 0 where none is.
    pub recall_percent: f64,
    /// Harmonic mean of both; 0 where both are.
    pub f1_percent: f64,
    /// Faces of the class.
    pub support: u64,
}

impl ClassFigures {
    /// Those of every class; one that has no name is called by its place.
    pub fn of(counts: &ConfusionCounts, classes: &[String]) -> Vec<Self> {
        let figures = |class: usize| ClassFigures {
            class: classes.get(class).cloned().unwrap_or_else(|| format!("class {class}")),
            precision_percent: PERCENT * counts.precision(class),
            recall_percent: PERCENT * counts.recall(class),
            f1_percent: PERCENT * counts.f1(class),
            support: counts.support(class),
        };
        (0..counts.n_classes()).map(figures).collect()
    }
}
