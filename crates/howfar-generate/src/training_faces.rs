//! The faces that a generator learns from, in memory, and the batches they come in.
//!
//! In: a face set. Out: pictures in −1..1 in an order that a stream fixes, each face once before any comes twice; whose
//! faces they are. Knows no network.

use std::collections::BTreeSet;

use howfar_face::{FaceSet, FaceStore, Fault, Lineage, Preprocessing};
use howfar_random::{Seeds, shuffle, uniform};

/// All faces of a set.
pub struct TrainingFaces {
    pool: FaceStore,
    name: String,
    preprocessing: Preprocessing,
    content_sha256: String,
    lineage: Lineage,
    /// The order of the epoch that was asked for last.
    order: (u64, Vec<usize>),
}

/// Some faces and their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Faces {
    /// `[N, H, W, C]` in −1..1.
    pub pictures: Vec<f32>,
    /// Indices into the set's classes.
    pub labels: Vec<usize>,
}

impl TrainingFaces {
    /// Reads a set.
    pub fn read(set: &FaceSet) -> Result<Self, Fault> {
        let info = set.info();
        let mut pool = FaceStore::new(info.classes.clone(), &info.preprocessing);
        pool.add(set)?;
        let mut lineage = Lineage::of_content(info);
        (0..pool.len()).for_each(|face| lineage.add_face(&pool.face(face).labels));
        Ok(TrainingFaces {
            pool,
            lineage,
            name: info.name.clone(),
            preprocessing: info.preprocessing.clone(),
            content_sha256: info.content_sha256.clone(),
            order: (u64::MAX, Vec::new()),
        })
    }

    /// The set's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the faces were made alike.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// The set's identity.
    pub fn content_sha256(&self) -> &str {
        &self.content_sha256
    }

    /// Class names.
    pub fn classes(&self) -> &[String] {
        self.pool.classes()
    }

    /// Faces in the set.
    pub fn len(&self) -> usize {
        self.pool.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pool.is_empty()
    }

    /// Pixels a side.
    pub fn side(&self) -> usize {
        self.pool.side()
    }

    /// 1 or 3.
    pub fn n_channels(&self) -> usize {
        self.pool.n_channels()
    }

    /// How many people's faces are in the set.
    pub fn n_people(&self) -> usize {
        (0..self.len()).map(|i| &self.pool.face(i).labels.subject).collect::<BTreeSet<_>>().len()
    }

    /// Whom and what a network learns from here: everyone whose faces are in the set, the parents of generated ones,
    /// and what the set's own generator had learnt from.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The `n` faces of batch number `batch`; half of them mirrored where `mirror` is set.
    pub fn batch(&mut self, seed: u64, batch: u64, n: usize, mirror: bool) -> Faces {
        let mut faces = Faces { pictures: Vec::new(), labels: Vec::new() };
        let mut coin = Seeds::new(seed).stream("mirror", &[batch]);
        for place in batch * n as u64..(batch + 1) * n as u64 {
            let face_idx = self.face_at(seed, place);
            let mirrored = uniform(&mut coin) < 0.5 && mirror;
            self.append(face_idx, mirrored, &mut faces.pictures);
            faces.labels.push(self.pool.face(face_idx).labels.label);
        }
        faces
    }

    /// Fails if the pixels of a face could not be read back from disk.
    pub fn check(&self) -> Result<(), Fault> {
        self.pool.check()
    }

    /// The first `n` faces of the first epoch, for sheets.
    pub fn samples(&mut self, seed: u64, n: usize) -> Faces {
        self.batch(seed, 0, n.min(self.len()), false)
    }

    fn face_at(&mut self, seed: u64, place: u64) -> usize {
        let n = self.len() as u64;
        let epoch = place / n;
        if self.order.0 != epoch {
            let mut order: Vec<usize> = (0..self.len()).collect();
            shuffle(&mut order, &mut Seeds::new(seed).stream("order", &[epoch]));
            self.order = (epoch, order);
        }
        self.order.1[(place % n) as usize]
    }

    fn append(&self, face_idx: usize, mirrored: bool, to: &mut Vec<f32>) {
        let (pixels, n_channels) = (self.pool.pixels(face_idx), self.n_channels());
        let signed = |pixel: &[u8]| pixel.iter().map(|level| to_signed(*level)).collect::<Vec<f32>>();
        for row in pixels.chunks_exact(self.side() * n_channels) {
            if mirrored {
                to.extend(row.chunks_exact(n_channels).rev().flat_map(signed));
            } else {
                to.extend(row.iter().map(|level| to_signed(*level)));
            }
        }
    }
}

/// 0..=255 -> −1..1
pub fn to_signed(level: u8) -> f32 {
    f32::from(level) / 127.5 - 1.0
}

/// −1..1 -> 0..=255, rounded; what lies outside is cut off.
pub fn to_level(value: f32) -> u8 {
    ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8
}
