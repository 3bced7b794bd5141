//! Everybody and everything that judges, and the one check that nothing of it is trained on.
//!
//! In: a split, real faces, unseen sets. Out: [`HeldOut`]; a [`Fault`] that names what stands on two sides. People,
//! parents, what generators saw, whole sets and single pictures are asked for alike. Does not look at pixels, only at
//! their hashes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use howfar_face::{FaceLabels, FaceSetInfo, FaceStore, Fault, GeneratorCard, Lineage, SubjectId};

use crate::{Split, SplitPart};

/// Equal pictures that an error names.
const MOST_PAIRS: usize = 5;

/// A pool, and the sets that its faces are of in the order of their indices.
#[derive(Debug, Clone, Copy)]
pub struct StoredSets<'p> {
    /// The faces.
    pub pool: &'p FaceStore,
    /// What is known of each set.
    pub sets: &'p [FaceSetInfo],
}

impl<'p> StoredSets<'p> {
    /// Where a face is, for people: set, row, subject and source.
    fn place(self, face: usize) -> String {
        let pooled = self.pool.face(face);
        let set = self.sets.get(pooled.set_idx).map_or("", |set| set.name.as_str());
        format!("{set} row {} ({}, {})", pooled.row, pooled.labels.subject, pooled.labels.source)
    }
}

/// People, sets and pictures that judge: those of validation and test, and all of every unseen set. Parents of faces
/// that judge are among the people.
#[derive(Debug, Clone, Default)]
pub struct HeldOut<'p> {
    /// Each with what it is to the study.
    people: BTreeMap<&'p SubjectId, String>,
    /// `content_sha256` and name of each unseen set. Of a real set people are asked for: a part of it may be learnt
    /// from.
    contents: BTreeMap<&'p str, &'p str>,
    /// SHA-256 of the pixels, and a face that has them.
    pictures: HashMap<&'p str, (StoredSets<'p>, usize)>,
}

impl<'p> HeldOut<'p> {
    /// The validation and test people of a split, without their faces.
    pub fn of_split(split: &'p Split) -> Self {
        let mut held_out = HeldOut::default();
        for (part, words) in [(SplitPart::Validation, "validates"), (SplitPart::Test, "tests")] {
            let people = split.people(part).map(|person| (person, format!("{words} in this study")));
            held_out.people.extend(people);
        }
        held_out
    }

    /// All of a study: the held-out people of a split with their faces, and every unseen set whole. Refuses people who
    /// are in a real and in an unseen set, and unseen sets that were made from people of the real ones.
    pub fn of_study(
        split: &'p Split,
        sets: StoredSets<'p>,
        real: Range<usize>,
        unseen: StoredSets<'p>,
    ) -> Result<Self, Fault> {
        let mut held_out = HeldOut::default();
        held_out.add_unseen(unseen);
        for face in real.clone() {
            held_out.check_labels(&sets.pool.face(face).labels, || sets.place(face))?;
        }
        let people: BTreeSet<&SubjectId> = real.clone().map(|face| &sets.pool.face(face).labels.subject).collect();
        for set in unseen.sets {
            let seen = set.generator.iter().flat_map(|card| &card.trained_on).find(|person| people.contains(person));
            if let Some(person) = seen {
                return Err(Fault::data(&set.name, "the generator of an unseen set saw people of the real sets")
                    .found(format!("{person} is one of both"))
                    .expected("unseen faces that have nothing of those who are trained on")
                    .hint("let another database judge"));
            }
        }
        held_out.people.extend(Self::of_split(split).people);
        held_out.add_real(split, sets, real);
        Ok(held_out)
    }

    /// Adds the faces of those real people who are held out.
    pub(crate) fn add_real(&mut self, split: &Split, sets: StoredSets<'p>, faces: Range<usize>) {
        for face in faces.filter(|face| split.is_held_out(&sets.pool.face(*face).labels.subject)) {
            let pooled = sets.pool.face(face);
            self.pictures.entry(&pooled.sha256).or_insert((sets, face));
            if let Some(parent) = &pooled.labels.parent {
                self.people.entry(parent).or_insert_with(|| format!("is the parent of {}", sets.place(face)));
            }
        }
    }

    fn add_unseen(&mut self, sets: StoredSets<'p>) {
        sets.sets.iter().for_each(|set| self.add_content(set));
        for face in 0..sets.pool.len() {
            let pooled = sets.pool.face(face);
            self.pictures.entry(&pooled.sha256).or_insert((sets, face));
            self.add_judge(&pooled.labels, &sets.sets[pooled.set_idx].name);
        }
    }

    /// Adds the people of a face of an unseen set, whose name is `set`.
    pub fn add_judge(&mut self, labels: &'p FaceLabels, set: &str) {
        self.people.entry(&labels.subject).or_insert_with(|| format!("is one of the unseen set {set}"));
        if let Some(parent) = &labels.parent {
            self.people.entry(parent).or_insert_with(|| format!("is a parent of faces of the unseen set {set}"));
        }
    }

    /// Adds an unseen set by its content alone.
    pub fn add_content(&mut self, set: &'p FaceSetInfo) {
        self.contents.entry(&set.content_sha256).or_insert(&set.name);
    }

    /// Refuses a person who is trained on, or the parent of a face that is, and judges.
    pub fn check_labels(&self, labels: &FaceLabels, place: impl Fn() -> String) -> Result<(), Fault> {
        if let Some(what) = self.people.get(&labels.subject) {
            return Err(Fault::data(place(), "a person who judges would be trained on")
                .found(format!("{}, who {what}", labels.subject))
                .expected("each person on one side: training, or what judges")
                .hint(
                    "leave the person out of one of the sets; if these are two people, rename the folder that one \
                    of the sets is prepared from",
                ));
        }
        if let Some((parent, what)) = labels.parent.as_ref().and_then(|parent| self.people.get_key_value(parent)) {
            return Err(Fault::data(place(), "a face descends from a person who judges")
                .found(format!("its parent {parent} {what}"))
                .expected("parents that are training people, or none of the study's")
                .hint(
                    "generate from training people only, or leave these people out of the validation and test parts \
                        and the unseen sets",
                ));
        }
        Ok(())
    }

    /// Refuses a generator that saw people or sets who judge.
    pub fn check_card(&self, card: &GeneratorCard) -> Result<(), Fault> {
        self.check_lineage("[generated]", &card.name, &card.lineage())
    }

    /// Refuses what was learnt from people or sets who judge: a generator, a style, weights that training begins with.
    pub fn check_lineage(&self, place: &str, name: &str, lineage: &Lineage) -> Result<(), Fault> {
        let fault = |found: String| {
            Fault::data(place, "what trains was itself trained on, or fitted to, faces that judge")
                .found(format!("{name} {found}"))
                .expected("generators, styles and weights that have seen training people only")
                .hint(
                    "train or fit it on training people only, or leave these people out of the validation and test \
                    parts and the unseen sets",
                )
        };
        if let Some((person, what)) = lineage.people.iter().find_map(|person| self.people.get_key_value(person)) {
            return Err(fault(format!("saw {person}, who {what}")));
        }
        match lineage.content.iter().find_map(|content| self.contents.get(content.as_str())) {
            Some(set) => Err(fault(format!("saw the set {set}, of which people judge"))),
            None => Ok(()),
        }
    }

    /// Refuses a set of generated faces whose content is that of a set which judges.
    pub fn check_content(&self, set: &FaceSetInfo) -> Result<(), Fault> {
        match self.contents.get(set.content_sha256.as_str()) {
            None => Ok(()),
            Some(other) => Err(Fault::data(&set.name, "one set of faces stands on two sides")
                .found(format!("{} and {other} have the same content", set.name))
                .expected("other faces to train on than to judge with")
                .hint("leave one of the two out of the study")),
        }
    }

    /// Refuses faces that are trained on and whose people or pixels judge. Equal pictures are named in pairs.
    pub fn check_faces(&self, sets: StoredSets<'_>, faces: impl Iterator<Item = usize>) -> Result<(), Fault> {
        let (mut n_equal, mut pairs) = (0, Vec::new());
        for face in faces {
            let pooled = sets.pool.face(face);
            self.check_labels(&pooled.labels, || sets.place(face))?;
            if let Some((others, other)) = self.pictures.get(pooled.sha256.as_str()) {
                n_equal += 1;
                if pairs.len() < MOST_PAIRS {
                    pairs.push(format!("{} = {}", sets.place(face), others.place(*other)));
                }
            }
        }
        if n_equal == 0 {
            return Ok(());
        }
        let rest = if n_equal > pairs.len() { format!(" and {} more", n_equal - pairs.len()) } else { String::new() };
        Err(Fault::data("the face sets", "the same picture would be trained on and judge, under two names")
            .found(format!("{n_equal} such pictures: {}{rest}", pairs.join("; ")))
            .expected("every picture on one side")
            .hint(
                "prepare the pictures into one set, where equal ones count as one person (`--drop-repeats` keeps \
                one of each), or leave one of each pair out",
            ))
    }
}
