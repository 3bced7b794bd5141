//! What a cell is asked about once it is trained: which faces, as which part.
//!
//! In: a cell and its mixture. Out: faces of the study's own sets, and of sets that choose or are unseen.

use std::collections::BTreeSet;

use howfar_face::Fault;
use howfar_protocol::{Cell, Item, Mixture, Part, Role, SplitPart};

use crate::loaded_study::LoadedStudy;

/// A face of one of the two pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AskedFace {
    /// Whether it is in the pool of databases that are not trained on.
    pub is_of_unseen: bool,
    /// Its place there.
    pub face: usize,
}

/// The faces of its study's own sets that a cell is asked about, part by part: training, validation, test.
pub(crate) fn own_parts(
    loaded: &LoadedStudy,
    cell: &Cell,
    mixture: &Mixture,
) -> Result<[(Part, Vec<usize>); 6], Fault> {
    let is_generated = |item: &&Item| item.role == Role::Generated;
    let mut generated: Vec<usize> = mixture.added().iter().filter(is_generated).map(|item| item.face).collect();
    generated.dedup();
    let mut training: Vec<usize> = mixture.labelled().iter().map(|item| item.face).collect();
    if training.is_empty() {
        training = loaded.faces_of(cell, SplitPart::Training);
    }
    Ok([
        (Part::Training, training),
        (Part::Generated, generated),
        (Part::Validation, loaded.faces_of(cell, SplitPart::Validation)),
        (Part::Test, loaded.faces_of(cell, SplitPart::Test)),
        (Part::GeneratedTest, loaded.generated_held_out(cell, SplitPart::Test)?),
        (Part::Choosing, loaded.left_out_faces(cell)),
    ])
}

/// The faces of every set that chooses or is unseen and that a cell is asked about, with its part and its id.
pub(crate) fn unseen_faces<'c>(loaded: &LoadedStudy, cell: &'c Cell) -> Vec<(Part, &'c str, Vec<usize>)> {
    let pool = &loaded.unseen_pool;
    let of_set = |set_idx: usize| (0..pool.len()).filter(|face| pool.face(*face).set_idx == set_idx).collect();
    cell.asked().enumerate().map(|(set_idx, (part, id))| (part, id, of_set(set_idx))).collect()
}

/// Every face that a cell predicts, of both pools.
pub(crate) fn asked_faces(loaded: &LoadedStudy, cell: &Cell, mixture: &Mixture) -> Result<BTreeSet<AskedFace>, Fault> {
    let own = own_parts(loaded, cell, mixture)?.into_iter().map(|(_, faces)| (false, faces));
    let unseen = unseen_faces(loaded, cell).into_iter().map(|(_, _, faces)| (true, faces));
    let of =
        |(is_of_unseen, faces): (bool, Vec<usize>)| faces.into_iter().map(move |face| AskedFace { is_of_unseen, face });
    Ok(own.chain(unseen).flat_map(of).collect())
}
