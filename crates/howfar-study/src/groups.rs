//! The groups of a study's faces: what `results.json` looks into differences by.
//!
//! In: a loaded study. Out: the group of a face, by its set's name and its row. Prediction files hold no groups, so
//! that a set whose groups are learnt later needs no network anew; they are read from the faces.

use std::collections::BTreeMap;

use howfar_face::{FaceSetInfo, FaceStore};

use crate::loaded_study::LoadedStudy;

/// Groups by set; sets without any are not in it.
#[derive(Debug, Default)]
pub(crate) struct Groups<'a> {
    of_sets: BTreeMap<&'a str, BTreeMap<u64, &'a str>>,
}

impl<'a> Groups<'a> {
    /// Those of all faces of a study.
    pub(crate) fn of(loaded: &'a LoadedStudy) -> Self {
        let mut groups = Groups::default();
        groups.add(&loaded.pool, &loaded.pool_sets);
        groups.add(&loaded.unseen_pool, &loaded.unseen_sets);
        groups
    }

    fn add(&mut self, pool: &'a FaceStore, sets: &'a [FaceSetInfo]) {
        for face in (0..pool.len()).map(|face| pool.face(face)) {
            if let Some(group) = &face.labels.group {
                self.of_sets.entry(&sets[face.set_idx].name).or_default().insert(face.row, group);
            }
        }
    }

    /// The group of a face, where its set knows one.
    pub(crate) fn get(&self, set: &str, row: u64) -> Option<&str> {
        self.of_sets.get(set)?.get(&row).copied()
    }
}
