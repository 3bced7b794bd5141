//! The pictures of an epoch in batches, as the network sees them.
//!
//! In: the order of an epoch. Out: scaled pixels and labels. Each changed picture has a stream of its own, keyed by
//! epoch and the face's own hash, so that a face is changed alike in all arms of a seed whatever stands beside it and
//! wherever it lies in the pool.

use std::collections::BTreeMap;

use howfar_face::FaceStore;
use howfar_protocol::{Item, TrainingSettings, Variant};
use howfar_random::Seeds;

use crate::augmentation::{altered_copy, augment};
use crate::scaling::scale;

/// One batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Batch {
    /// `[N, H, W, C]`.
    pub inputs: Vec<f32>,
    /// `[N]`.
    pub labels: Vec<usize>,
}

/// Makes the batches of one epoch, one at a time.
pub(crate) struct Batches<'a> {
    pub pool: &'a FaceStore,
    pub settings: &'a TrainingSettings,
    pub seeds: Seeds,
    pub epoch: u32,
    /// How often a face has come in this epoch: the `repeat` arm shows one several times, each time changed anew.
    n_seen: BTreeMap<u64, u64>,
}

impl<'a> Batches<'a> {
    pub(crate) fn new(pool: &'a FaceStore, settings: &'a TrainingSettings, seeds: Seeds, epoch: u32) -> Self {
        Batches { pool, settings, seeds, epoch, n_seen: BTreeMap::new() }
    }

    /// The next batch; batches must be asked for in the epoch's order.
    pub(crate) fn next(&mut self, items: &[Item]) -> Batch {
        let mut inputs = Vec::with_capacity(items.len() * self.pool.n_values());
        for item in items {
            let mut picture = self.picture(item);
            scale(&mut picture, self.settings.scaling);
            inputs.extend(picture);
        }
        Batch { inputs, labels: items.iter().map(|item| self.pool.face(item.face).labels.label).collect() }
    }

    fn picture(&mut self, item: &Item) -> Vec<f32> {
        let (side, epoch) = (self.pool.side(), u64::from(self.epoch));
        let pixels = self.pool.pixels(item.face);
        let face = self.pool.face(item.face).key();
        let (copy, name, key) = match item.variant {
            Variant::AsIs => {
                let n_seen = self.n_seen.entry(face).or_default();
                *n_seen += 1;
                (None, "augmentation", [epoch, face, *n_seen - 1])
            }
            Variant::Copy(i) => {
                let copy = altered_copy(pixels, side, &mut self.seeds.stream("copy", &[u64::from(i)]));
                (Some(copy), "augmentation of copies", [epoch, face, u64::from(i)])
            }
        };
        let pixels = copy.as_deref().unwrap_or(pixels);
        match &self.settings.augmentation {
            Some(ranges) => augment(pixels, side, ranges, &mut self.seeds.stream(name, &key)),
            None => pixels.iter().map(|p| f32::from(*p)).collect(),
        }
    }
}
