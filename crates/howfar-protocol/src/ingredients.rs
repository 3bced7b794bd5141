//! What the mixtures of a split may be made of.
//!
//! In: a pool, a split, generated faces, who is held out. Out: [`Ingredients`], which cannot be made with anything of
//! those who judge (invariant 1): the check is made here, once for all cells of a split.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use howfar_face::{FaceStore, Fault, GeneratorCard, SubjectId};
use howfar_random::{Seeds, shuffle};

use crate::study::Unit;
use crate::{HeldOut, MixtureRatio, Split, SplitPart, StoredSets};

/// The generated faces of a study.
#[derive(Debug, Clone)]
pub struct GeneratedFaces {
    /// Where they lie in the pool.
    pub faces: Range<usize>,
    /// What a unit counts.
    pub unit: Unit,
    /// Where identities test and validate, too (`protocol = "paper"`): only so many of them, the first in a seed's
    /// order, are trained on.
    pub trainable: Option<usize>,
}

/// Real training faces and generated ones that have nothing of those who judge.
#[derive(Debug, Clone)]
pub struct Ingredients {
    /// Real training faces, in the pool's order.
    pub(crate) training: Vec<usize>,
    /// The training people, sorted; some may have no face in the study's classes.
    pub(crate) people: Vec<SubjectId>,
    pub(crate) generated: Option<GeneratedFaces>,
    /// Whom the makers of generated sets saw, by the set's index in the pool.
    pub(crate) seen: BTreeMap<usize, BTreeSet<SubjectId>>,
    /// Whether a generated face has anything of training people.
    descends: bool,
    /// Faces of other databases.
    retrieved: Range<usize>,
    /// The training people of each labelled set, by its name.
    of_set: BTreeMap<String, BTreeSet<SubjectId>>,
}

impl Ingredients {
    /// Takes the training faces of a split among `real`, the generated ones and those of other databases; refuses what
    /// `held_out` holds.
    pub fn new(
        sets: StoredSets<'_>,
        real: Range<usize>,
        generated: Option<GeneratedFaces>,
        retrieved: Range<usize>,
        split: &Split,
        held_out: &HeldOut<'_>,
    ) -> Result<Self, Fault> {
        let trains = |f: &usize| split.side(&sets.pool.face(*f).labels.subject) == Some(SplitPart::Training);
        let training: Vec<usize> = real.filter(trains).collect();
        if training.is_empty() {
            return Err(Fault::data("the real sets", "no training face is left"));
        }
        held_out.check_faces(sets, training.iter().copied())?;
        let mut of_set: BTreeMap<String, BTreeSet<SubjectId>> = BTreeMap::new();
        for face in training.iter().map(|face| sets.pool.face(*face)) {
            let Some(set) = sets.sets.get(face.set_idx) else { continue };
            of_set.entry(set.name.clone()).or_default().insert(face.labels.subject.clone());
        }
        let mut seen = BTreeMap::new();
        if let Some(generated) = &generated {
            let of_set: BTreeSet<usize> = generated.faces.clone().map(|f| sets.pool.face(f).set_idx).collect();
            for set_idx in of_set {
                let set = &sets.sets[set_idx];
                held_out.check_content(set)?;
                set.generator.iter().try_for_each(|card| held_out.check_card(card))?;
                let people = |card: &GeneratorCard| card.trained_on.iter().cloned().collect();
                seen.insert(set_idx, set.generator.as_ref().map(people).unwrap_or_default());
            }
            held_out.check_faces(sets, generated.faces.clone())?;
        }
        held_out.check_faces(sets, retrieved.clone())?;
        let people: Vec<SubjectId> = split.people(SplitPart::Training).cloned().collect();
        let is_training = |person: &SubjectId| people.binary_search(person).is_ok();
        let is_child = |f: usize| {
            let labels = &sets.pool.face(f).labels;
            is_training(&labels.subject) || labels.parent.as_ref().is_some_and(is_training)
        };
        let descends = seen.values().flatten().any(is_training)
            || generated.iter().flat_map(|generated| generated.faces.clone()).any(is_child);
        Ok(Ingredients { training, people, generated, seen, descends, retrieved, of_set })
    }

    /// The training faces of a split and nothing else, for a network that no study judges: people are asked for, equal
    /// pictures are not.
    pub fn of_people(pool: &FaceStore, real: Range<usize>, split: &Split) -> Result<Self, Fault> {
        Self::new(StoredSets { pool, sets: &[] }, real, None, 0..0, split, &HeldOut::of_split(split))
    }

    /// The training people, or the first of them in the seed's order: fewer are always among more.
    pub(crate) fn people(&self, percent: Option<u32>, seeds: Seeds) -> BTreeSet<&SubjectId> {
        let mut people: Vec<&SubjectId> = self.people.iter().collect();
        if let Some(percent) = percent {
            shuffle(&mut people, &mut seeds.stream("fewer people", &[]));
            people.truncate((people.len() * percent as usize).div_ceil(100));
        }
        people.into_iter().collect()
    }

    /// So many faces of other databases, whole people as a seed takes them; for fewer they are among those for more.
    pub(crate) fn retrieved(&self, pool: &FaceStore, n: usize, seeds: Seeds) -> Result<Vec<usize>, Fault> {
        let mut of_people: BTreeMap<&SubjectId, Vec<usize>> = BTreeMap::new();
        for face in self.retrieved.clone() {
            of_people.entry(&pool.face(face).labels.subject).or_default().push(face);
        }
        let mut people: Vec<Vec<usize>> = of_people.into_values().collect();
        shuffle(&mut people, &mut seeds.stream("choice of other real faces", &[]));
        let mut faces = people.concat();
        if faces.len() < n {
            return Err(Fault::data("[retrieved]", "too few faces to stand in the place of the generated ones")
                .found(faces.len())
                .expected(format!("{n}, as many as the mix has generated faces"))
                .hint("add a database to retrieved.sets, lower k, or leave out the arm other-real"));
        }
        faces.truncate(n);
        faces.sort_unstable();
        Ok(faces)
    }

    /// Whether a training person has faces in a labelled set.
    pub(crate) fn is_of_set(&self, person: &SubjectId, set: &str) -> bool {
        self.of_set.get(set).is_some_and(|people| people.contains(person))
    }

    /// Training people who are none of `people`.
    pub(crate) fn absent(&self, people: &BTreeSet<&SubjectId>) -> BTreeSet<&SubjectId> {
        self.people.iter().filter(|person| !people.contains(person)).collect()
    }

    /// Whether a generated face has anything of training people, so that not all may enter where some of them are left
    /// out.
    pub fn descends(&self) -> bool {
        self.descends
    }

    /// Units of generated faces that k asks for: one number of identities, or one of images for each class; none
    /// without generated faces.
    pub fn units(&self, pool: &FaceStore, k: MixtureRatio, people_percent: Option<u32>, seeds: Seeds) -> Vec<usize> {
        let people = self.people(people_percent, seeds);
        let faces = self.training.iter().map(|f| &pool.face(*f).labels).filter(|f| people.contains(&f.subject));
        match self.generated.as_ref().map(|generated| generated.unit) {
            None => Vec::new(),
            Some(Unit::Identities) => {
                let there: BTreeSet<&SubjectId> = faces.map(|face| &face.subject).collect();
                vec![k.units(there.len())]
            }
            Some(Unit::Images) => {
                let mut n_of_class = vec![0; pool.classes().len()];
                faces.for_each(|face| n_of_class[face.label] += 1);
                n_of_class.into_iter().map(|n| k.units(n)).collect()
            }
        }
    }

    /// Sets (by index in the pool) whose makers saw training people: with fewer people than all some of their faces
    /// cannot be mixed in.
    pub fn sets_that_saw_training_people(&self) -> impl Iterator<Item = usize> {
        let people: BTreeSet<&SubjectId> = self.people.iter().collect();
        self.seen.iter().filter(move |(_, seen)| seen.iter().any(|person| people.contains(person))).map(|(set, _)| *set)
    }
}
