//! The answer of `evaluate`: figures, their intervals over people, the confusion matrix, what was left out.

use std::fmt;

use howfar_evaluate::wording::counted;
use howfar_evaluate::{ClassFigures, OverSubjects, PERCENT, SubjectFigures, grouped};
use howfar_face::Expression;
use howfar_prepare::ReasonCount;
use howfar_train::Model;
use serde::Serialize;

/// What `evaluate` answers.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub n_faces: u64,
    pub n_persons: usize,
    /// Faces of which nobody says whose they are; each counts as its own person.
    pub n_faces_of_nobody_known: u64,
    /// People of the set, and whom they were made from, from whom the network has learnt, as far as its file says.
    pub n_people_seen: usize,
    /// Every measure, with its 95 % interval over people.
    #[serde(flatten)]
    pub figures: SubjectFigures,
    /// The class of most faces, and what calling every face so would score.
    pub largest_class: String,
    pub largest_class_percent: f64,
    /// Those that network and set share.
    pub classes: Vec<String>,
    /// Classes of the network that the set lacks; it was not asked for them.
    pub classes_not_in_the_set: Vec<String>,
    /// Faces that the network would have called so.
    pub n_faces_most_like_those: u64,
    /// Faces of classes that the network does not know; left out.
    pub n_faces_of_other_classes: u64,
    /// Files that did not become faces, where pictures were prepared.
    pub left_out: Vec<ReasonCount>,
    /// Rows are true classes, columns predicted ones.
    pub confusion: Vec<Vec<u64>>,
    pub per_class: Vec<ClassFigures>,
}

/// The classes that both the network and the set know. A face can only be called what its set has a word for: a network
/// that knows neutral faces, too, is not wrong about a set that left them out.
pub struct Shown {
    /// Their places among the network's classes.
    pub indices: Vec<usize>,
    pub classes: Vec<String>,
    /// Classes of the network that the set lacks.
    pub others: Vec<String>,
    /// What the set calls each of the network's classes.
    pub names_in_the_set: Vec<String>,
}

impl Shown {
    pub fn new(model: &Model, of_set: &[String]) -> Self {
        let names: Vec<String> = model.classes().iter().map(|class| name_in(class, of_set)).collect();
        let known = |class: &usize| of_set.contains(&names[*class]);
        let (indices, others): (Vec<usize>, Vec<usize>) = (0..model.classes().len()).partition(known);
        let own = |indices: &[usize]| indices.iter().map(|class| model.classes()[*class].clone()).collect();
        Shown { classes: own(&indices), others: own(&others), indices, names_in_the_set: names }
    }

    /// A class of the network as one of these.
    pub fn place(&self, label: usize) -> usize {
        self.indices.iter().position(|class| *class == label).expect("every face of the pool is of a class of its set")
    }

    pub fn among(&self, probabilities: &[f32]) -> Vec<f32> {
        self.indices.iter().map(|class| probabilities[*class]).collect()
    }
}

/// A class of a network by the set's name: the same, or another word for the same expression (`happy`, `happiness`).
fn name_in(class: &str, of_set: &[String]) -> String {
    let meant = Expression::from_word(class);
    let same = |name: &&String| *name == class;
    let alike = |name: &&String| meant.is_some() && Expression::from_word(name) == meant;
    of_set.iter().find(same).or_else(|| of_set.iter().find(alike)).map_or(class, String::as_str).to_owned()
}

impl Figures {
    /// What the counts say; what is not in them is left at none.
    pub fn new(shown: &Shown, found: &OverSubjects) -> Self {
        let counts = &found.counts;
        let per_class = ClassFigures::of(counts, &shown.classes);
        // The first of equally large ones.
        let largest = per_class.iter().rev().max_by_key(|class| class.support);
        let (largest_class, n_largest) = largest.map_or((String::new(), 0), |c| (c.class.clone(), c.support));
        Figures {
            n_faces: counts.n_faces(),
            n_persons: found.n_persons,
            n_faces_of_nobody_known: 0,
            n_people_seen: 0,
            figures: found.figures.clone(),
            largest_class,
            largest_class_percent: PERCENT * n_largest as f64 / counts.n_faces().max(1) as f64,
            classes: shown.classes.clone(),
            classes_not_in_the_set: shown.others.clone(),
            n_faces_most_like_those: 0,
            n_faces_of_other_classes: 0,
            left_out: Vec::new(),
            confusion: counts.rows(),
            per_class,
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n_faces, n_people) = (self.n_faces as usize, self.n_persons);
        writeln!(f, "{} of {}", counted(n_faces, "face", "faces"), counted(n_people, "person", "people"))?;
        for figure in &self.figures.0 {
            let interval = figure
                .interval_percent()
                .map_or(String::new(), |[low, high]| format!("  (95 % interval over people: {low:.1} to {high:.1} %)"));
            writeln!(f, "  {:12} {:>5.1} %{interval}", figure.measure.words, figure.percent())?;
        }
        writeln!(f, "  {} alone would score {:.1} %", self.largest_class, self.largest_class_percent)?;
        if self.n_persons < 2 {
            writeln!(f, "All faces are of one person: nothing can be said of how sure the figures are for others.")?;
        }
        if self.n_faces_of_nobody_known > 0 {
            let n = grouped(self.n_faces_of_nobody_known);
            writeln!(
                f,
                "Of {n} faces nobody says whose they are; each counts as its own person, and the intervals are too \
                    short where people recur."
            )?;
        }
        if self.n_people_seen > 0 {
            let n = self.n_people_seen;
            writeln!(
                f,
                "The network has learnt from {n} of these people: the figures say nothing of faces it has never seen."
            )?;
        }
        self.write_confusion(f)?;
        let n_left_out: u64 = self.left_out.iter().map(|count| count.files).sum();
        if n_left_out > 0 {
            let words: Vec<String> =
                self.left_out.iter().map(|c| format!("{} {}", grouped(c.files), c.reason)).collect();
            writeln!(f, "\nleft out: {} ({})", grouped(n_left_out), words.join(", "))?;
        }
        Ok(())
    }
}

impl Figures {
    /// Columns as wide as the longest class's name.
    fn write_confusion(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0).max(6);
        let column = width + 2;
        let header: String = self.classes.iter().map(|class| format!("{class:>column$}")).collect();
        writeln!(f, "\n{:width$}{header}   precision   recall       F1", "true")?;
        for (class, row) in self.per_class.iter().zip(&self.confusion) {
            let cells: String = row.iter().map(|n| format!("{n:>column$}")).collect();
            let ClassFigures { class, precision_percent, recall_percent, f1_percent, .. } = class;
            writeln!(
                f,
                "{class:width$}{cells}   {precision_percent:>7.1} % {recall_percent:>6.1} % {f1_percent:>6.1} %"
            )?;
        }
        Ok(())
    }
}
