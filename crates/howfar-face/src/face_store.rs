//! The decoded faces of several sets, kept once and shared by all cells of a study: labels in memory, pixels there or,
//! where they are too many, in a file (`pixel_store.rs`).
//!
//! In: face sets and the study's class names. Out: pixels and labels by index. A face of a class that the study
//! does not ask for stays out and is counted.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::pixel_store::PixelStore;
use crate::{Face, FaceLabels, FaceSet, Fault, Picture, Preprocessing, Provenance, SubjectId};

/// A face in a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFace {
    /// Which of the added sets it came from.
    pub set_idx: usize,
    /// Its row in that set, over all shards.
    pub row: u64,
    /// Its labels; `label` is an index into the pool's classes. What only a renderer knows is left out.
    pub labels: FaceLabels,
    /// SHA-256 of its decoded pixels.
    pub sha256: String,
}

impl StoredFace {
    /// A number of the face's own: the first 64 bits of its pixels' SHA-256. Streams of random numbers are keyed by it.
    pub fn key(&self) -> u64 {
        self.sha256.get(..16).and_then(|head| u64::from_str_radix(head, 16).ok()).unwrap_or_default()
    }
}

/// Faces of equal size and colours.
#[derive(Debug, Clone)]
pub struct FaceStore {
    classes: Vec<String>,
    side: usize,
    n_channels: usize,
    pixels: PixelStore,
    faces: Vec<StoredFace>,
    n_sets: usize,
}

impl FaceStore {
    /// An empty pool for faces of the size and the colours of `preprocessing`.
    pub fn new(classes: Vec<String>, preprocessing: &Preprocessing) -> Self {
        let (side, n_channels) = (preprocessing.side as usize, preprocessing.n_channels());
        FaceStore { classes, side, n_channels, pixels: PixelStore::new(), faces: Vec::new(), n_sets: 0 }
    }

    /// Reads a set, whose faces take the pool's colours; returns the indices its faces got and how many were left out
    /// for their class.
    pub fn add(&mut self, set: &FaceSet) -> Result<(std::ops::Range<usize>, u64), Fault> {
        let begin = self.faces.len();
        let label_here: Vec<Option<usize>> =
            set.info().classes.iter().map(|c| self.classes.iter().position(|own| own == c)).collect();
        let (mut row, mut n_left_out) = (0, 0);
        // A person's name is kept once, however many faces there are.
        let mut people: HashSet<SubjectId> = HashSet::new();
        set.for_each_hashed(|face, sha256| {
            match label_here[face.labels.label] {
                Some(label) => {
                    let mut face = face;
                    let person = &mut face.labels.subject;
                    match people.get(person) {
                        Some(known) => *person = known.clone(),
                        None => drop(people.insert(person.clone())),
                    }
                    self.push(set, row, label, face, sha256)?;
                }
                None => n_left_out += 1,
            }
            row += 1;
            Ok(())
        })?;
        self.n_sets += 1;
        Ok((begin..self.faces.len(), n_left_out))
    }

    fn push(&mut self, set: &FaceSet, row: u64, label: usize, face: Face, sha256: String) -> Result<(), Fault> {
        let Picture { width, height, .. } = face.picture;
        if (width as usize, height as usize) != (self.side, self.side) {
            return Err(Fault::data(format!("{}, row {row}", set.folder().display()), "the face has another size")
                .found(format!("{width}×{height}"))
                .expected(format!("{0}×{0}, as the first set of the study", self.side))
                .hint("prepare all sets of a study with the same --size"));
        }
        let labels = FaceLabels { label, drawn: None, ..face.labels };
        self.faces.push(StoredFace { set_idx: self.n_sets, row, labels, sha256 });
        self.pixels.push(&face.picture.into_channels(self.n_channels))
    }

    /// A pool of single pictures whose subject is `photo:NAME` and whose label nobody knows (it says 0).
    pub fn of_photos(
        classes: Vec<String>,
        preprocessing: &Preprocessing,
        name: &str,
        pictures: Vec<Picture>,
    ) -> Result<Self, Fault> {
        let mut pool = Self::new(classes, preprocessing);
        for (row, picture) in pictures.into_iter().enumerate() {
            let subject = SubjectId::new("photo", name)?;
            let labels = FaceLabels { source: name.to_owned(), ..FaceLabels::of(0, subject, Provenance::Real) };
            let sha256 = picture.sha256();
            pool.faces.push(StoredFace { set_idx: 0, row: row as u64, labels, sha256 });
            pool.pixels.push(&picture.into_channels(pool.n_channels))?;
        }
        Ok(pool)
    }

    /// Some of the faces under other labels, with pixels that `change` makes of theirs (of the same size).
    pub fn relabelled(
        &self,
        classes: Vec<String>,
        chosen: &[(usize, usize)],
        change: impl Fn(&[u8]) -> Vec<u8>,
    ) -> Result<Self, Fault> {
        let mut pixels = PixelStore::new();
        let relabelled = |(face, label): &(usize, usize)| {
            let pooled = self.face(*face).clone();
            StoredFace { labels: FaceLabels { label: *label, ..pooled.labels }, ..pooled }
        };
        for (face, _) in chosen {
            pixels.push(&change(&self.pixels(*face)))?;
        }
        self.check()?;
        let faces = chosen.iter().map(relabelled).collect();
        Ok(FaceStore { classes, pixels, faces, ..*self })
    }

    /// Class names; labels are indices into them.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Pixels a side.
    pub fn side(&self) -> usize {
        self.side
    }

    /// 1 (gray) or 3 (red, green, blue).
    pub fn n_channels(&self) -> usize {
        self.n_channels
    }

    /// Numbers per face.
    pub fn n_values(&self) -> usize {
        self.side * self.side * self.n_channels
    }

    /// How many faces there are.
    pub fn len(&self) -> usize {
        self.faces.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.faces.is_empty()
    }

    /// What is known of a face.
    pub fn face(&self, face_idx: usize) -> &StoredFace {
        &self.faces[face_idx]
    }

    /// The pixels of a face, rows from the top, colours interleaved.
    pub fn pixels(&self, face_idx: usize) -> Cow<'_, [u8]> {
        let n = self.n_values();
        self.pixels.get(face_idx * n, n)
    }

    /// Fails if the pixels of a face could not be read back from disk; asked before anything made of them is used.
    pub fn check(&self) -> Result<(), Fault> {
        self.pixels.check()
    }
}
