//! Counts of right faces per person, in few bytes: who was judged, on how many faces, stands once for all cells that
//! judged the same.
//!
//! In: one prediction after the other, and what claims are about. Out: [`CellCounts`] of a cell, and
//! [`PartOutcome`]s: a shared [`People`] and four bytes per person.
//!
//! A person's value is the share of their faces that are right. Where macro recall is claimed, a face of class c weighs
//! 1/(C n_c) of all C classes that the part has faces of, n_c being its faces; a person's value is P times the sum over
//! their right faces, P being the people, so that the mean over people is the macro recall of the part.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use howfar_face::SubjectId;
use howfar_protocol::{ClaimedMeasure, Part, PredictionRef};

use crate::counting::confusion::ConfusionCounts;

/// Faces that figures are about: a part and, for unseen databases, the set's name.
pub(crate) type Faces = (Part, String);

/// Faces of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    n_faces: u32,
    n_right: u32,
}

/// What the people of a part are worth.
#[derive(Debug, Clone)]
enum Values {
    /// Right faces of each.
    Right(Vec<u32>),
    /// The sum of the weights of each one's right faces, times the people.
    Weighted(Vec<f32>),
}

/// Who was judged, in order, and on how many faces each.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct People {
    subjects: Vec<Arc<SubjectId>>,
    n_faces: Vec<u32>,
}

impl People {
    /// People in any order, each once.
    pub(crate) fn of(mut people: Vec<(Arc<SubjectId>, u32)>) -> Self {
        people.sort();
        let (subjects, n_faces) = people.into_iter().unzip();
        People { subjects, n_faces }
    }

    /// Their names, in order.
    pub(crate) fn subjects(&self) -> &[Arc<SubjectId>] {
        &self.subjects
    }

    /// Faces of one of them, by their place.
    pub(crate) fn n_faces(&self, place: usize) -> u32 {
        self.n_faces[place]
    }
}

/// A figure of each person in one cell: what differences are laid out from.
pub(crate) trait OfPeople {
    /// Who was judged.
    fn people(&self) -> &Arc<People>;

    /// What one of the people adds to the mean over people, by their place: mostly the mean over their faces.
    fn mean(&self, place: usize) -> f64;
}

/// What a cell's network said of a part.
#[derive(Debug, Clone)]
pub(crate) struct PartOutcome {
    pub(crate) confusion: ConfusionCounts,
    people: Arc<People>,
    values: Values,
}

impl OfPeople for PartOutcome {
    fn people(&self) -> &Arc<People> {
        &self.people
    }

    /// What the person adds to the claimed measure, whose value is the mean over people.
    fn mean(&self, place: usize) -> f64 {
        match &self.values {
            Values::Right(n_right) => f64::from(n_right[place]) / f64::from(self.people.n_faces[place]),
            Values::Weighted(values) => f64::from(values[place]),
        }
    }
}

impl PartOutcome {
    /// `n_right` has a number for each of the people, in their order.
    pub(crate) fn new(confusion: ConfusionCounts, people: Arc<People>, n_right: Vec<u32>) -> Self {
        PartOutcome { confusion, people, values: Values::Right(n_right) }
    }
}

/// The predictions of one cell, counted.
#[derive(Debug)]
pub struct CellCounts {
    measure: ClaimedMeasure,
    parts: Vec<PartCounts>,
}

#[derive(Debug)]
struct PartCounts {
    faces: Faces,
    confusion: ConfusionCounts,
    places: HashMap<SubjectId, usize>,
    last: Option<(SubjectId, usize)>,
    tallies: Vec<Tally>,
    /// Where macro recall is claimed: right faces of each class, person after person.
    right_of_classes: Option<Vec<u32>>,
    /// By name, once all are there.
    sorted: Vec<(SubjectId, Tally)>,
    /// Where each of these was met.
    order: Vec<usize>,
}

impl CellCounts {
    /// Nothing counted yet.
    pub(crate) fn new(measure: ClaimedMeasure) -> Self {
        CellCounts { measure, parts: Vec::new() }
    }

    /// Counts a prediction.
    pub fn add(&mut self, prediction: PredictionRef<'_>) {
        // Sets are told apart where they are unseen; the real sets of a study are one.
        let set = if prediction.part.is_by_set() { prediction.set } else { "" };
        let is_of = |part: &PartCounts| part.faces.0 == prediction.part && part.faces.1 == set;
        // Predictions come part after part, so it is nearly always the last one.
        let known = self.parts.iter().rposition(is_of).unwrap_or_else(|| {
            let faces = (prediction.part, set.to_owned());
            self.parts.push(PartCounts::new(faces, prediction.probabilities.len(), self.measure));
            self.parts.len() - 1
        });
        self.parts[known].add(prediction);
    }

    /// Ends the counting.
    pub(crate) fn sort(&mut self) {
        for part in &mut self.parts {
            let mut places: Vec<(SubjectId, usize)> = std::mem::take(&mut part.places).into_iter().collect();
            places.sort_unstable();
            part.order = places.iter().map(|(_, place)| *place).collect();
            part.sorted = places.into_iter().map(|(subject, place)| (subject, part.tallies[place])).collect();
        }
    }

    /// The outcomes of each part.
    pub(crate) fn outcomes(&self, known: &mut KnownPeople) -> impl Iterator<Item = (Faces, PartOutcome)> {
        self.parts.iter().map(|part| {
            let (confusion, people) = (part.confusion.clone(), known.people(&part.sorted));
            (part.faces.clone(), PartOutcome { confusion, people, values: part.values() })
        })
    }
}

impl PartCounts {
    fn new(faces: Faces, n_classes: usize, measure: ClaimedMeasure) -> Self {
        PartCounts {
            faces,
            confusion: ConfusionCounts::new(n_classes),
            places: HashMap::new(),
            last: None,
            tallies: Vec::new(),
            right_of_classes: (measure == ClaimedMeasure::MacroRecall).then(Vec::new),
            sorted: Vec::new(),
            order: Vec::new(),
        }
    }

    /// What each of the sorted people is worth.
    fn values(&self) -> Values {
        let Some(right_of_classes) = &self.right_of_classes else {
            return Values::Right(self.sorted.iter().map(|(_, tally)| tally.n_right).collect());
        };
        let classes: Vec<usize> = self.confusion.classes_there().collect();
        let n_people = self.sorted.len() as f64;
        let weight = |class: usize| n_people / (classes.len() as f64 * self.confusion.support(class) as f64);
        let weights: Vec<(usize, f64)> = classes.iter().map(|class| (*class, weight(*class))).collect();
        let n_classes = self.confusion.n_classes();
        let value = |place: &usize| {
            let right = &right_of_classes[place * n_classes..(place + 1) * n_classes];
            weights.iter().map(|(class, weight)| weight * f64::from(right[*class])).sum::<f64>() as f32
        };
        Values::Weighted(self.order.iter().map(value).collect())
    }

    fn add(&mut self, prediction: PredictionRef<'_>) {
        let predicted = prediction.predicted();
        self.confusion.add(prediction.label, predicted);
        let place = self.place(prediction.subject);
        self.tallies[place].n_faces += 1;
        let is_right = u32::from(predicted == prediction.label);
        self.tallies[place].n_right += is_right;
        if let Some(right) = &mut self.right_of_classes {
            let n_classes = self.confusion.n_classes();
            right.resize(self.tallies.len() * n_classes, 0);
            right[place * n_classes + prediction.label] += is_right;
        }
    }

    fn place(&mut self, subject: &SubjectId) -> usize {
        if let Some((last, place)) = &self.last
            && last == subject
        {
            return *place;
        }
        let place = self.places.get(subject).copied().unwrap_or_else(|| {
            self.tallies.push(Tally::default());
            self.places.insert(subject.clone(), self.tallies.len() - 1);
            self.tallies.len() - 1
        });
        self.last = Some((subject.clone(), place));
        place
    }
}

/// Names and groups of people that were met before: each is kept once.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownPeople {
    subjects: HashSet<Arc<SubjectId>>,
    groups: HashMap<u64, Vec<Arc<People>>>,
}

impl KnownPeople {
    /// The group with these names and numbers of faces, which come in order.
    fn people(&mut self, sorted: &[(SubjectId, Tally)]) -> Arc<People> {
        let mut hash = DefaultHasher::new();
        sorted.iter().for_each(|(subject, tally)| (subject, tally.n_faces).hash(&mut hash));
        let alike = self.groups.entry(hash.finish()).or_default();
        let is_equal = |group: &&Arc<People>| {
            let known = group.subjects.iter().zip(&group.n_faces);
            group.subjects.len() == sorted.len()
                && known.zip(sorted).all(|((a, n), (b, tally))| **a == *b && *n == tally.n_faces)
        };
        if let Some(group) = alike.iter().find(is_equal) {
            return Arc::clone(group);
        }
        let mut person = |subject: &SubjectId| {
            if let Some(known) = self.subjects.get(subject) {
                return Arc::clone(known);
            }
            let person = Arc::new(subject.clone());
            self.subjects.insert(Arc::clone(&person));
            person
        };
        let (subjects, n_faces) = sorted.iter().map(|(subject, tally)| (person(subject), tally.n_faces)).unzip();
        let group = Arc::new(People { subjects, n_faces });
        alike.push(Arc::clone(&group));
        group
    }
}
