//! Counts of true against predicted classes, and the figures that follow from them.
//!
//! In: pairs of true and predicted class. Out: accuracy, precision, recall and F1 per class, macro averages, all as
//! shares from 0 to 1. The definitions are scikit-learn's with `zero_division=0`: a quotient without a denominator is
//! 0. Macro recall is its `balanced_accuracy_score`: the mean over the classes that the faces are of, so its
//! denominator does not move with the predictions. Macro precision and F1 run over the classes that occur in truth or
//! prediction (scikit-learn's default `labels`): a class that the faces lack counts there, with 0, where the network
//! calls one of them so. `reference/classification_metrics.py` made the numbers that the tests compare with.

use crate::counting::numbers::PERCENT;

/// Faces by true class (row) and predicted class (column).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionCounts {
    n_classes: usize,
    /// Row after row.
    counts: Vec<u64>,
}

impl ConfusionCounts {
    /// No face yet.
    pub fn new(n_classes: usize) -> Self {
        ConfusionCounts { n_classes, counts: vec![0; n_classes * n_classes] }
    }

    /// Counts one face. A class beyond the known ones makes room for itself.
    pub fn add(&mut self, label: usize, predicted: usize) {
        self.grow(label.max(predicted) + 1);
        self.counts[label * self.n_classes + predicted] += 1;
    }

    /// Adds the counts of another matrix.
    pub fn merge(&mut self, other: &Self) {
        self.grow(other.n_classes);
        for label in 0..other.n_classes {
            for predicted in 0..other.n_classes {
                self.counts[label * self.n_classes + predicted] += other.count(label, predicted);
            }
        }
    }

    fn grow(&mut self, n_classes: usize) {
        if n_classes <= self.n_classes {
            return;
        }
        let mut grown = Self::new(n_classes);
        for label in 0..self.n_classes {
            for predicted in 0..self.n_classes {
                grown.counts[label * n_classes + predicted] = self.count(label, predicted);
            }
        }
        *self = grown;
    }

    /// Rows, and columns.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Faces of class `label` that were called `predicted`.
    pub fn count(&self, label: usize, predicted: usize) -> u64 {
        self.counts[label * self.n_classes + predicted]
    }

    /// All faces.
    pub fn n_faces(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Faces that are of a class.
    pub fn support(&self, class: usize) -> u64 {
        (0..self.n_classes).map(|predicted| self.count(class, predicted)).sum()
    }

    /// Classes that faces are of.
    pub fn classes_there(&self) -> impl Iterator<Item = usize> {
        (0..self.n_classes).filter(|class| self.support(*class) > 0)
    }

    /// Faces that were called so.
    pub fn n_called(&self, class: usize) -> u64 {
        (0..self.n_classes).map(|label| self.count(label, class)).sum()
    }

    /// Share of faces that are right.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.n_classes).map(|class| self.count(class, class)).sum();
        ratio(right, self.n_faces())
    }

    /// Right among those called so.
    pub fn precision(&self, class: usize) -> f64 {
        ratio(self.count(class, class), self.n_called(class))
    }

    /// Found among those that are so.
    pub fn recall(&self, class: usize) -> f64 {
        ratio(self.count(class, class), self.support(class))
    }

    /// Harmonic mean of precision and recall.
    pub fn f1(&self, class: usize) -> f64 {
        ratio(2 * self.count(class, class), self.support(class) + self.n_called(class))
    }

    /// Mean precision of the classes that faces are of or are called.
    pub fn macro_precision(&self) -> f64 {
        self.mean_over(Self::occurs, Self::precision)
    }

    /// Balanced accuracy: mean recall of the classes that faces are of.
    pub fn macro_recall(&self) -> f64 {
        self.mean_over(|counts, class| counts.support(class) > 0, Self::recall)
    }

    /// Mean F1 of the classes that faces are of or are called.
    pub fn macro_f1(&self) -> f64 {
        self.mean_over(Self::occurs, Self::f1)
    }

    fn occurs(&self, class: usize) -> bool {
        self.support(class) + self.n_called(class) > 0
    }

    /// Each row in percent of its sum; zeros for a class without faces.
    pub fn percent_rows(&self) -> Vec<Vec<f64>> {
        let percent = |label, predicted| PERCENT * ratio(self.count(label, predicted), self.support(label));
        (0..self.n_classes).map(|label| (0..self.n_classes).map(|p| percent(label, p)).collect()).collect()
    }

    /// The counts, row after row.
    pub fn rows(&self) -> Vec<Vec<u64>> {
        (0..self.n_classes).map(|label| (0..self.n_classes).map(|p| self.count(label, p)).collect()).collect()
    }

    /// 0 where no class counts.
    fn mean_over(&self, counts: impl Fn(&Self, usize) -> bool, figure: impl Fn(&Self, usize) -> f64) -> f64 {
        let classes = (0..self.n_classes).filter(|class| counts(self, *class));
        let figures: Vec<f64> = classes.map(|class| figure(self, class)).collect();
        if figures.is_empty() { 0.0 } else { figures.iter().sum::<f64>() / figures.len() as f64 }
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
