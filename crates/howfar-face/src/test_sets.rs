//! Small face sets for tests, of this crate and of others (cargo feature `test-support`).
//!
//! In: labels and pictures. Out: a face set on disk, by the one writer. A column that is added to face sets touches no
//! test that builds its set here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use std::path::Path;

use crate::{Face, FaceLabels, FaceSet, FaceSetInfo, FaceSetWriter, Picture, Preprocessing, Provenance};

/// A face set in the making.
#[derive(Debug, Clone)]
pub struct TestSet {
    /// What `face_set.json` will say beside counts and hashes.
    pub info: FaceSetInfo,
    faces: Vec<Face>,
}

impl TestSet {
    /// An empty set of gray pictures of `side` pixels.
    pub fn new(name: &str, classes: &[&str], side: u32) -> Self {
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        let info = FaceSetInfo::new(name, classes, Preprocessing::standard("none", "none", side));
        TestSet { info, faces: Vec::new() }
    }

    /// Adds a face with pixels of its own.
    pub fn push(&mut self, labels: FaceLabels, picture: Picture) {
        self.faces.push(Face { picture, labels });
    }

    /// Adds a face of one gray level.
    pub fn push_plain(&mut self, labels: FaceLabels, level: u8) {
        let side = self.info.preprocessing.side;
        self.push(labels, Picture::gray(side, side, vec![level; (side * side) as usize]));
    }

    /// Writes the set into a new folder of its name below `place`.
    pub fn write(self, place: &Path) -> FaceSet {
        let mut writer = FaceSetWriter::create(&place.join(&self.info.name), self.info).unwrap();
        self.faces.iter().for_each(|face| writer.push(face).unwrap());
        writer.finish().unwrap()
    }
}

/// The labels of a face: its class, whose it is (`database:person`), where it comes from.
pub fn labels(label: usize, subject: &str, provenance: Provenance) -> FaceLabels {
    FaceLabels::of(label, subject.parse().unwrap(), provenance)
}
