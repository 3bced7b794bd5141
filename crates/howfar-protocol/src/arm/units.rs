//! What arms make training sets from, and what those consist of.

use howfar_random::{Seeds, shuffle};

use crate::{MixtureRatio, Role};

/// One picture of a training set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Index into the pool.
    pub face: usize,
    /// What its set is to the study.
    pub role: Role,
    /// As it is, or altered once and for all.
    pub variant: Variant,
}

/// Whether a picture is used as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// As it lies in the pool.
    AsIs,
    /// The `augment` arm's altered copy of this number.
    Copy(u32),
}

/// The faces that a cell may use: labelled training faces, and k units of generated ones.
pub(crate) struct Units<'a> {
    pub(crate) labelled: &'a [usize],
    pub(crate) generated: &'a [usize],
    /// As many faces of other databases; none unless the arm asks for them.
    pub(crate) retrieved: &'a [usize],
    pub(crate) seeds: Seeds,
}

/// A training set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Labelled faces, each once, in the pool's order.
    pub(crate) labelled: Vec<Item>,
    /// What comes to them: generated faces, repeats or altered copies.
    pub(crate) added: Vec<Item>,
    /// How an epoch goes through both.
    pub(crate) order: Order,
    /// Whether only those added faces are kept whose label the baseline's network sees.
    pub(crate) is_curated: bool,
    /// How much an added face counts in the loss; as much as a labelled one where nothing is said.
    pub(crate) weight: Option<MixtureRatio>,
}

/// How an epoch goes through labelled and added faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// In any order.
    Shuffled,
    /// In turn, one of each.
    Alternating,
    /// Trained on the added ones first, then on the labelled ones alone.
    AddedFirst,
}

impl Units<'_> {
    /// The labelled faces, each once.
    pub(crate) fn labelled(&self) -> Vec<Item> {
        items(self.labelled, Role::Labelled)
    }

    /// The generated faces, each once.
    pub(crate) fn generated(&self) -> Vec<Item> {
        items(self.generated, Role::Generated)
    }

    /// The faces of other databases, each once.
    pub(crate) fn retrieved(&self) -> Vec<Item> {
        items(self.retrieved, Role::Retrieved)
    }

    /// As many further labelled faces as there are generated ones: whole rounds, then a random part of one.
    pub(crate) fn further_labelled(&self, variant: fn(u32) -> Variant) -> Vec<Item> {
        let (faces, n) = (self.labelled, self.generated.len());
        let mut last_round = faces.to_vec();
        shuffle(&mut last_round, &mut self.seeds.stream("last round of copies", &[]));
        let rounds = faces.iter().cycle().take(n / faces.len() * faces.len());
        let faces = rounds.chain(last_round.iter().take(n % faces.len()));
        (0..).zip(faces).map(|(i, face)| Item { face: *face, role: Role::Labelled, variant: variant(i) }).collect()
    }
}

impl Parts {
    /// Both in any order.
    pub(crate) fn shuffled(labelled: Vec<Item>, added: Vec<Item>) -> Self {
        Parts { labelled, added, order: Order::Shuffled, is_curated: false, weight: None }
    }
}

fn items(faces: &[usize], role: Role) -> Vec<Item> {
    faces.iter().map(|face| Item { face: *face, role, variant: Variant::AsIs }).collect()
}
