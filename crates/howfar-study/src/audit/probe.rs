//! The small network of an audit: the `compact` one of the `modern` recipe, trained on faces that somebody labelled.
//!
//! In: a pool with the audit's own labels, who trains, a folder for checkpoints. Out: a model.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use howfar_face::{FaceStore, Fault, Preprocessing, files};
use howfar_protocol::{Ingredients, Mixture, Recipe, Split, SplitPart, TrainingSettings, Treatment};
use howfar_random::Seeds;
use howfar_train::{Event, Model, TrainingInputs, train};

use super::AuditPlace;

/// A network to be trained.
pub(crate) struct Probe<'a> {
    pub(crate) pool: &'a FaceStore,
    pub(crate) split: &'a Split,
    pub(crate) seeds: Seeds,
    pub(crate) preprocessing: &'a Preprocessing,
    pub(crate) settings: TrainingSettings,
}

/// The `modern` recipe with so many epochs.
pub(crate) fn settings(epochs: u32) -> TrainingSettings {
    TrainingSettings { epochs, ..Recipe::Modern.settings() }
}

impl Probe<'_> {
    /// Trains it; goes on from a checkpoint in the folder of that name, which is left to the caller.
    pub(crate) fn train(&self, place: &AuditPlace<'_>, name: &str) -> Result<Model, Fault> {
        let folder = &place.scratch.join(name);
        files::create_folder(folder)?;
        let all = 0..self.pool.len();
        let ingredients = Ingredients::of_people(self.pool, all.clone(), self.split)?;
        let mixture = Mixture::new(&Treatment::BASELINE, self.pool, &ingredients, self.seeds)?;
        let side = |face: &usize| self.split.side(&self.pool.face(*face).labels.subject);
        let validation: Vec<usize> = all.filter(|face| side(face) == Some(SplitPart::Validation)).collect();
        let inputs = TrainingInputs {
            pool: self.pool,
            mixture: &mixture,
            validation: &validation,
            settings: &self.settings,
            seeds: self.seeds,
            start: None,
            folder,
            preprocessing: self.preprocessing,
        };
        let mut watch = |_: &Event| {
            if place.stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        Ok(train(&inputs, &mut watch)?.model)
    }
}
