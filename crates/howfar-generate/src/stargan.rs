//! How StarGAN is trained: settings, schedule, what each step learns from.
//!
//! In: settings as TOML, faces, the number of a step. Out: changed networks, losses, a sheet. Knows no files.

use howfar_face::{Fault, check_memory};
use howfar_net::gan::{Generator, GeneratorShape, StarGanBatch, StarGanLossWeights, StarGanShape, StarGanTraining};
use howfar_net::{Named, TensorFile};
use howfar_random::{Seeds, shuffle, uniform};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::in_network;
use crate::recipe::{FEWER, Recipe, Sheet, StepLosses};
use crate::training_faces::TrainingFaces;

/// Faces on a sheet.
const SHEET_FACES: usize = 10;

/// How StarGAN is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StarGanSettings {
    /// Channels after the generator's first convolution.
    pub channels: usize,
    /// Residual blocks.
    pub repeats: usize,
    /// Channels after the critic's first convolution.
    pub critic_channels: usize,
    /// Halvings of the critic; as many as the face allows where it allows fewer.
    pub halvings: usize,
    /// Faces a step.
    pub batch: usize,
    /// Steps of the critic.
    pub steps: u64,
    /// Steps of the critic for each step of the generator.
    pub critic_steps: u64,
    /// Adam's rate.
    pub rate: f32,
    /// Steps at this rate; then it falls to 0 along a line.
    pub steady_steps: u64,
    /// Whether half of the faces are mirrored.
    pub mirror: bool,
    /// How much each loss counts.
    pub losses: StarGanLossWeights,
}

impl StarGanSettings {
    /// The sizes of the networks for some faces.
    pub fn shape(&self, faces: &TrainingFaces) -> StarGanShape {
        let standard = StarGanShape::standard(faces.side(), faces.n_channels(), faces.classes().len());
        StarGanShape {
            generator_channels: self.channels,
            repeats: self.repeats,
            critic_channels: self.critic_channels,
            halvings: self.halvings.min(faces.side().max(2).ilog2() as usize),
            ..standard
        }
    }

    /// Refuses what cannot be trained.
    pub fn check(&self) -> Result<(), Fault> {
        let counts = [("batch", self.batch as u64), ("steps", self.steps), ("critic_steps", self.critic_steps)];
        if let Some((name, _)) = counts.iter().find(|(_, n)| *n == 0) {
            return Err(Fault::usage(name, "nothing would be learnt").found(0).expected("1 or more"));
        }
        if !(self.rate.is_finite() && self.rate > 0.0) {
            return Err(Fault::usage("rate", "not a rate to learn at").found(self.rate).expected("a number above 0"));
        }
        Ok(())
    }

    /// The rate of a step, counted from 0.
    fn rate_at(&self, step: u64) -> f32 {
        let falling = self.steps.saturating_sub(self.steady_steps);
        if step < self.steady_steps || falling == 0 {
            return self.rate;
        }
        self.rate * (self.steps - step) as f32 / (falling + 1) as f32
    }
}

/// A StarGAN in training.
pub struct StarGanRecipe {
    settings: StarGanSettings,
    shape: StarGanShape,
    seed: u64,
    training: StarGanTraining,
}

impl Recipe for StarGanRecipe {
    type Settings = StarGanSettings;

    const KIND: &'static str = "stargan";

    fn new(settings: &StarGanSettings, faces: &TrainingFaces, seed: u64) -> Result<Self, Fault> {
        settings.check()?;
        let shape = settings.shape(faces);
        shape.check().map_err(in_network)?;
        check_memory("batch", shape.training_bytes(settings.batch as u64), FEWER)?;
        let training =
            StarGanTraining::new(shape, settings.losses, &mut Seeds::new(seed).stream("stargan weights", &[0]));
        Ok(StarGanRecipe { settings: settings.clone(), shape, seed, training: training.map_err(in_network)? })
    }

    fn resume(
        settings: &StarGanSettings,
        faces: &TrainingFaces,
        seed: u64,
        state: &Value,
        file: &mut TensorFile,
    ) -> Result<Self, Fault> {
        settings.check()?;
        let shape = settings.shape(faces);
        let n_steps = ["generator_steps", "critic_steps"].map(|name| state[name].as_u64().unwrap_or(0));
        let training = StarGanTraining::take(shape, settings.losses, file, n_steps).map_err(in_network)?;
        Ok(StarGanRecipe { settings: settings.clone(), shape, seed, training })
    }

    fn state(&self) -> (Value, Vec<Named>) {
        let [generator, critic] = self.training.n_steps();
        (json!({ "generator_steps": generator, "critic_steps": critic }), self.training.tensors())
    }

    fn n_steps(&self) -> u64 {
        self.settings.steps
    }

    fn step(&mut self, faces: &mut TrainingFaces, step: u64) -> StepLosses {
        let StarGanSettings { batch, mirror, critic_steps, .. } = self.settings;
        let found = faces.batch(self.seed, step, batch, mirror);
        let mut rng = Seeds::new(self.seed).stream("stargan step", &[step]);
        // The targets are the labels of the batch in another order, as in the public code.
        let mut targets = found.labels.clone();
        shuffle(&mut targets, &mut rng);
        let mix = (0..batch).map(|_| uniform(&mut rng)).collect();
        let batch = StarGanBatch { faces: found.pictures, labels: found.labels, targets, mix };
        let rate = self.settings.rate_at(step);
        let mut losses = self.training.critic_step(&batch, rate);
        if (step + 1).is_multiple_of(critic_steps) {
            losses.extend(self.training.generator_step(&batch, rate));
        }
        losses
    }

    fn not_finite(&self) -> Option<(String, f32)> {
        self.training.not_finite()
    }

    fn generator(&self) -> Generator {
        let shape = GeneratorShape::StarGan(self.shape);
        Generator { shape, parameters: self.training.generator().clone(), card: Value::Null }
    }

    /// Each row a face and what becomes of it with every label.
    fn sheet(&self, faces: &mut TrainingFaces) -> Sheet {
        let n_classes = faces.classes().len();
        let samples = faces.samples(self.seed, SHEET_FACES);
        let n_values = samples.pictures.len() / samples.labels.len().max(1);
        let generator = self.training.generator().prepare();
        let mut pictures = Vec::new();
        for face in samples.pictures.chunks_exact(n_values) {
            pictures.extend(face);
            let labels: Vec<f32> =
                (0..n_classes * n_classes).map(|i| if i / n_classes == i % n_classes { 1.0 } else { 0.0 }).collect();
            pictures.extend(self.shape.transferred(&generator, &face.repeat(n_classes), &labels));
        }
        Sheet { pictures, n_columns: n_classes + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_stands_and_then_falls_to_nearly_nothing() {
        let text = include_str!("../presets/stargan-paper.toml");
        let settings: StarGanSettings = toml::from_str(text).unwrap();
        for (step, rate) in [(0, 1e-4), (99_999, 1e-4), (150_000, 5e-5), (199_999, 1e-9)] {
            assert!((settings.rate_at(step) - rate).abs() < 1e-9, "{step}: {}", settings.rate_at(step));
        }
    }
}
