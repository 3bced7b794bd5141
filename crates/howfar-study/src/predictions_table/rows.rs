//! The rows of a table of predictions, read once and kept in few bytes: faces, people and cells each once, and of every
//! row its face, its part and what was predicted.
//!
//! In: what `reader.rs` reads. Out: [`Rows`], which say what each row says; what takes several rows to see is
//! `checks.rs`.

use std::hash::{Hash, Hasher};

use howfar_face::{Provenance, RowPlaces, SubjectId};
use howfar_protocol::{Part, Treatment};

use super::card::Card;

/// A table of predictions in memory.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) places: RowPlaces,
    pub(crate) classes: Vec<String>,
    pub(crate) has_probabilities: bool,
    pub(crate) unread: Vec<String>,
    /// Names, in the order of their first rows.
    pub(crate) sets: Vec<String>,
    pub(crate) models: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) people: Vec<Person>,
    pub(crate) faces: Vec<Face>,
    pub(crate) cells: Vec<CellRows>,
}

/// A person of the table.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) subject: SubjectId,
    pub(crate) is_known: bool,
}

/// A face of the table.
#[derive(Debug)]
pub(crate) struct Face {
    pub(crate) set: u32,
    pub(crate) name: Box<str>,
    pub(crate) person: u32,
    pub(crate) label: u16,
    pub(crate) group: Option<u32>,
    pub(crate) provenance: Option<Provenance>,
    /// The first row that has it.
    pub(crate) first: u64,
}

/// Which cell a row is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CellKey {
    pub(crate) model: usize,
    pub(crate) treatment: Treatment,
    pub(crate) split_idx: u32,
    pub(crate) seed_idx: u32,
}

impl Hash for CellKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.model, self.split_idx, self.seed_idx, self.treatment.arm.name, self.treatment.k.value().to_bits())
            .hash(state);
    }
}

/// The rows of a cell, in the order of the table.
#[derive(Debug)]
pub(crate) struct CellRows {
    pub(crate) key: CellKey,
    pub(crate) card: Option<Card>,
    /// For each row its number, its face and its part.
    pub(crate) numbers: Vec<u32>,
    pub(crate) faces: Vec<u32>,
    pub(crate) parts: Vec<Part>,
    /// For each row the class, where there are no probabilities; else those of all rows.
    pub(super) predicted: Vec<u16>,
    pub(super) probabilities: Vec<f32>,
}

impl CellRows {
    pub(super) fn new(key: CellKey) -> Self {
        let (numbers, faces, parts) = (Vec::new(), Vec::new(), Vec::new());
        CellRows { key, card: None, numbers, faces, parts, predicted: Vec::new(), probabilities: Vec::new() }
    }

    /// Its rows.
    pub(crate) fn len(&self) -> usize {
        self.faces.len()
    }

    /// What was said of a row's face; `certain` is room for what a class alone means.
    pub(crate) fn said<'s>(&'s self, row: usize, certain: &'s mut [f32]) -> &'s [f32] {
        let n_classes = certain.len();
        let Some(class) = self.predicted.get(row) else {
            return &self.probabilities[row * n_classes..(row + 1) * n_classes];
        };
        certain.fill(0.0);
        certain[usize::from(*class)] = 1.0;
        certain
    }
}

impl Rows {
    /// The number that a face goes by in results: its own where all faces of its set are called by numbers, else the
    /// order of the first rows.
    pub(crate) fn face_numbers(&self) -> (Vec<u64>, Vec<bool>) {
        let own = |face: &Face| face.name.parse::<u64>().ok().filter(|number| number.to_string() == *face.name);
        let mut is_numbered = vec![true; self.sets.len()];
        self.faces.iter().for_each(|face| is_numbered[face.set as usize] &= own(face).is_some());
        let mut next = vec![0; self.sets.len()];
        let number = |face: &Face| {
            let next = &mut next[face.set as usize];
            *next += 1;
            own(face).filter(|_| is_numbered[face.set as usize]).unwrap_or(*next - 1)
        };
        (self.faces.iter().map(number).collect(), is_numbered)
    }
}
