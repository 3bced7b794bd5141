//! What the training loop asks of a GAN that it trains.
//!
//! In: settings, faces, the number of a step. Out: losses, a state to go on from, sheets, the generator.

use howfar_face::Fault;
use howfar_net::gan::{Generator, Losses};
use howfar_net::{Named, TensorFile};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::training_faces::TrainingFaces;

/// What helps where a machine does not have the memory for a training.
pub(crate) const FEWER: &str = "give settings with a smaller `batch` or fewer channels, or faces of fewer pixels";

/// Losses by name.
pub type StepLosses = Losses;

/// Pictures that show what the generator can do.
pub struct Sheet {
    /// `[N, H, W, C]` in −1..1.
    pub pictures: Vec<f32>,
    /// Pictures a row.
    pub n_columns: usize,
}

/// A GAN in training. Its next step depends on its state, the faces, the seed and the number of the step, and on
/// nothing else.
pub trait Recipe: Sized {
    /// What a settings file holds.
    type Settings: Serialize + DeserializeOwned + PartialEq + Clone;

    /// The word on the command line and in files.
    const KIND: &'static str;

    /// Networks with initial numbers.
    fn new(settings: &Self::Settings, faces: &TrainingFaces, seed: u64) -> Result<Self, Fault>;

    /// Goes on from what [`Recipe::state`] gave, which was made with the same settings.
    fn resume(
        settings: &Self::Settings,
        faces: &TrainingFaces,
        seed: u64,
        state: &Value,
        file: &mut TensorFile,
    ) -> Result<Self, Fault>;

    /// All that the next step depends on.
    fn state(&self) -> (Value, Vec<Named>);

    /// Steps of the whole training.
    fn n_steps(&self) -> u64;

    /// One step, counted from 0.
    fn step(&mut self, faces: &mut TrainingFaces, step: u64) -> StepLosses;

    /// The first tensor of a network with a number that is not finite, and that number.
    fn not_finite(&self) -> Option<(String, f32)>;

    /// The generator to keep, without a card.
    fn generator(&self) -> Generator;

    /// What it can do now.
    fn sheet(&self, faces: &mut TrainingFaces) -> Sheet;
}
