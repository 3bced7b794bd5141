//! Counts of right faces per person, in few bytes: who was judged, on how many faces, stands once for all cells that
//! judged the same.
//!
//! In: one prediction after the other. Out: [`CellCounts`] of a cell, and [`PartOutcome`]s: a shared [`People`] and
//! four bytes per person.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use howfar_face::SubjectId;
use howfar_protocol::{Part, PredictionRef};

use crate::counting::confusion::ConfusionCounts;

/// Faces that figures are about: a part and, for unseen databases, the set's name.
pub(crate) type Faces = (Part, String);

/// Faces of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) n_faces: u32,
    pub(crate) n_right: u32,
}

impl Tally {
    pub(crate) fn accuracy(self) -> f64 {
        f64::from(self.n_right) / f64::from(self.n_faces)
    }
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

    /// Mean over the faces of one of the people, by their place.
    fn mean(&self, place: usize) -> f64;
}

/// What a cell's network said of a part.
#[derive(Debug, Clone)]
pub(crate) struct PartOutcome {
    pub(crate) confusion: ConfusionCounts,
    people: Arc<People>,
    /// Right faces of each of the people.
    n_right: Vec<u32>,
}

impl OfPeople for PartOutcome {
    fn people(&self) -> &Arc<People> {
        &self.people
    }

    /// Share of the faces that are right.
    fn mean(&self, place: usize) -> f64 {
        Tally { n_faces: self.people.n_faces[place], n_right: self.n_right[place] }.accuracy()
    }
}

impl PartOutcome {
    /// `n_right` has a number for each of the people, in their order.
    pub(crate) fn new(confusion: ConfusionCounts, people: Arc<People>, n_right: Vec<u32>) -> Self {
        PartOutcome { confusion, people, n_right }
    }
}

/// The predictions of one cell, counted.
#[derive(Debug, Default)]
pub struct CellCounts {
    parts: Vec<PartCounts>,
}

#[derive(Debug)]
struct PartCounts {
    faces: Faces,
    confusion: ConfusionCounts,
    places: HashMap<SubjectId, usize>,
    last: Option<(SubjectId, usize)>,
    tallies: Vec<Tally>,
    /// By name, once all are there.
    sorted: Vec<(SubjectId, Tally)>,
}

impl CellCounts {
    /// Counts a prediction.
    pub fn add(&mut self, prediction: PredictionRef<'_>) {
        // Sets are told apart where they are unseen; the real sets of a study are one.
        let set = if prediction.part == Part::Unseen { prediction.set } else { "" };
        let is_of = |part: &PartCounts| part.faces.0 == prediction.part && part.faces.1 == set;
        // Predictions come part after part, so it is nearly always the last one.
        let known = self.parts.iter().rposition(is_of).unwrap_or_else(|| {
            self.parts.push(PartCounts::new((prediction.part, set.to_owned()), prediction.probabilities.len()));
            self.parts.len() - 1
        });
        self.parts[known].add(prediction);
    }

    /// Ends the counting.
    pub(crate) fn sort(&mut self) {
        for part in &mut self.parts {
            let places = std::mem::take(&mut part.places).into_iter();
            part.sorted = places.map(|(subject, place)| (subject, part.tallies[place])).collect();
            part.sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        }
    }

    /// The outcomes of each part.
    pub(crate) fn outcomes(&self, known: &mut KnownPeople) -> impl Iterator<Item = (Faces, PartOutcome)> {
        self.parts.iter().map(|part| {
            let n_right = part.sorted.iter().map(|(_, tally)| tally.n_right).collect();
            (part.faces.clone(), PartOutcome::new(part.confusion.clone(), known.people(&part.sorted), n_right))
        })
    }
}

impl PartCounts {
    fn new(faces: Faces, n_classes: usize) -> Self {
        PartCounts {
            faces,
            confusion: ConfusionCounts::new(n_classes),
            places: HashMap::new(),
            last: None,
            tallies: Vec::new(),
            sorted: Vec::new(),
        }
    }

    fn add(&mut self, prediction: PredictionRef<'_>) {
        let predicted = prediction.predicted();
        self.confusion.add(prediction.label, predicted);
        let place = self.place(prediction.subject);
        self.tallies[place].n_faces += 1;
        self.tallies[place].n_right += u32::from(predicted == prediction.label);
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
