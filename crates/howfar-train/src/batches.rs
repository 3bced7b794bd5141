//! The pictures of an epoch in batches, as the network sees them.
//!
//! In: the order of an epoch. Out: scaled pixels and labels. Each changed picture has a stream of its own, keyed by
//! epoch and the face's own hash, so that a face is changed alike in all arms of a seed whatever stands beside it and
//! wherever it lies in the pool.

use std::collections::BTreeMap;

use howfar_face::FaceStore;
use howfar_protocol::{Item, TrainingSettings, Variant};
use howfar_random::Seeds;
use rayon::prelude::*;

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

    /// The next batch, made on all cores; batches must be asked for in the epoch's order.
    pub(crate) fn next(&mut self, items: &[Item]) -> Batch {
        let times_seen: Vec<u64> = items.iter().map(|item| self.times_seen(item)).collect();
        let n_values = self.pool.n_values();
        let mut inputs = vec![0.0; items.len() * n_values];
        let this = &*self;
        inputs.par_chunks_exact_mut(n_values).zip(items).zip(&times_seen).for_each(|((input, item), times_seen)| {
            input.copy_from_slice(&this.picture(item, *times_seen));
            scale(input, this.settings.scaling);
        });
        Batch { inputs, labels: items.iter().map(|item| self.pool.face(item.face).labels.label).collect() }
    }

    /// How often the face itself has come before in this epoch.
    fn times_seen(&mut self, item: &Item) -> u64 {
        if item.variant != Variant::AsIs {
            return 0;
        }
        let n_seen = self.n_seen.entry(self.pool.face(item.face).key()).or_default();
        *n_seen += 1;
        *n_seen - 1
    }

    fn picture(&self, item: &Item, times_seen: u64) -> Vec<f32> {
        let (side, epoch) = (self.pool.side(), u64::from(self.epoch));
        let pixels = self.pool.pixels(item.face);
        let face = self.pool.face(item.face).key();
        let (copy, name, key) = match item.variant {
            Variant::AsIs => (None, "augmentation", [epoch, face, times_seen]),
            Variant::Copy(i) => {
                let copy = altered_copy(&pixels, side, &mut self.seeds.stream("copy", &[u64::from(i)]));
                (Some(copy), "augmentation of copies", [epoch, face, u64::from(i)])
            }
        };
        let pixels = copy.as_deref().unwrap_or(&pixels);
        match &self.settings.augmentation {
            Some(ranges) => augment(pixels, side, ranges, &mut self.seeds.stream(name, &key)),
            None => pixels.iter().map(|p| f32::from(*p)).collect(),
        }
    }
}
