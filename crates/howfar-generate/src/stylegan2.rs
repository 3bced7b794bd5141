//! How StyleGAN2 is trained: settings, lazy penalties, the running mean, adaptive augmentation.
//!
//! In: settings as TOML, faces, the number of a step. Out: changed networks, losses, a sheet. Labels play no part.
//! Knows no files.

use howfar_face::{Fault, check_memory};
use howfar_net::gan::{
    Augmentation, Generator, GeneratorShape, Latents, StyleGan2Penalties, StyleGan2Shape, StyleGan2Training,
};
use howfar_net::{Named, TensorFile};
use howfar_random::{Seeds, normal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::in_network;
use crate::recipe::{FEWER, Recipe, Sheet, StepLosses};
use crate::training_faces::TrainingFaces;

/// Pictures of a sheet, in rows of ten.
const SHEET_PICTURES: usize = 40;
/// Steps between two changes of the augmentation, as in the public code.
const ADAPT_EVERY: u64 = 4;

/// How StyleGAN2 is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StyleGan2Settings {
    /// Numbers that a person is drawn from.
    pub z_size: usize,
    /// Numbers of a style.
    pub w_size: usize,
    /// Layers between the two.
    pub mapping_layers: usize,
    /// Channels at a resolution are this over its side …
    pub channel_base: usize,
    /// … and at most this.
    pub channel_max: usize,
    /// Faces a step.
    pub batch: usize,
    /// Faces that are compared with each other in the discriminator.
    pub group: usize,
    /// Steps of both players.
    pub steps: u64,
    /// Adam's rate.
    pub rate: f32,
    /// How often the later layers take another person's style.
    pub mixing: f32,
    /// Whether half of the faces are mirrored.
    pub mirror: bool,
    /// Faces after which the running mean has forgotten half …
    pub average_half_life: f32,
    /// … at the beginning at most this share of the faces seen.
    pub average_ramp: f32,
    /// The penalties.
    pub penalties: StyleGan2Penalties,
    /// Adaptive augmentation.
    pub augmentation: AugmentationSettings,
}

/// When more is augmented.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugmentationSettings {
    /// The mean sign of the discriminator's answers to real faces that is aimed at: above it, it knows them by heart.
    pub target: f32,
    /// Faces in which the probability may grow from 0 to 1; 0 leaves augmentation out.
    pub faces: f32,
}

impl StyleGan2Settings {
    /// The sizes of the networks for some faces.
    pub fn shape(&self, faces: &TrainingFaces) -> StyleGan2Shape {
        StyleGan2Shape {
            z_size: self.z_size,
            w_size: self.w_size,
            mapping_layers: self.mapping_layers,
            channel_base: self.channel_base,
            channel_max: self.channel_max,
            group: self.group,
            ..StyleGan2Shape::standard(faces.side(), faces.n_channels())
        }
    }

    /// Refuses what cannot be trained.
    pub fn check(&self) -> Result<(), Fault> {
        let counts = [
            ("batch", self.batch as u64),
            ("steps", self.steps),
            ("penalties.r1_every", self.penalties.r1_every),
            ("penalties.path_every", self.penalties.path_every),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, n)| *n == 0) {
            return Err(Fault::usage(name, "nothing would be learnt").found(0).expected("1 or more"));
        }
        if self.group == 0 || !self.batch.is_multiple_of(self.group.min(self.batch)) {
            return Err(Fault::usage("group", "a batch must fall into whole groups")
                .found(format!("batch {}, group {}", self.batch, self.group))
                .expected("a group that divides the batch"));
        }
        if !(self.rate.is_finite() && self.rate > 0.0) {
            return Err(Fault::usage("rate", "not a rate to learn at").found(self.rate).expected("a number above 0"));
        }
        Ok(())
    }

    /// How much of the running mean a step keeps after `n_faces` faces.
    fn average_kept(&self, n_faces: u64) -> f32 {
        let half_life = self.average_half_life.min(n_faces as f32 * self.average_ramp);
        0.5f32.powf(self.batch as f32 / half_life.max(1e-8))
    }
}

/// A StyleGAN2 in training.
pub struct StyleGan2Recipe {
    settings: StyleGan2Settings,
    shape: StyleGan2Shape,
    seed: u64,
    training: StyleGan2Training,
    /// Probability of each augmentation.
    probability: f32,
    /// Sum of the mean signs since the last change of the probability.
    signs: f32,
}

impl StyleGan2Recipe {
    fn changes(&self, n: usize, name: &str, step: u64) -> Vec<Augmentation> {
        let mut rng = Seeds::new(self.seed).stream(name, &[step]);
        (0..n).map(|_| Augmentation::draw(self.shape.side, self.probability, &mut rng)).collect()
    }

    fn latents(&self, n: usize, name: &str, step: u64) -> Latents {
        Latents::draw(&self.shape, n, self.settings.mixing, &mut Seeds::new(self.seed).stream(name, &[step]))
    }

    fn adapt(&mut self, step: u64, losses: &StepLosses) {
        let AugmentationSettings { target, faces } = self.settings.augmentation;
        self.signs += losses.iter().find(|(name, _)| *name == "discriminator/real_sign").map_or(0.0, |(_, v)| *v);
        if (step + 1).is_multiple_of(ADAPT_EVERY) {
            let mean = self.signs / ADAPT_EVERY as f32;
            self.signs = 0.0;
            if faces > 0.0 {
                let move_by = (self.settings.batch as u64 * ADAPT_EVERY) as f32 / faces;
                self.probability = (self.probability + (mean - target).signum() * move_by).clamp(0.0, 1.0);
            }
        }
    }
}

impl Recipe for StyleGan2Recipe {
    type Settings = StyleGan2Settings;

    const KIND: &'static str = "stylegan2";

    fn new(settings: &StyleGan2Settings, faces: &TrainingFaces, seed: u64) -> Result<Self, Fault> {
        settings.check()?;
        let shape = settings.shape(faces);
        shape.check().map_err(in_network)?;
        check_memory("batch", shape.training_bytes(settings.batch as u64), FEWER)?;
        let mut rng = Seeds::new(seed).stream("stylegan2 weights", &[0]);
        let training = StyleGan2Training::new(shape, settings.penalties, &mut rng).map_err(in_network)?;
        Ok(StyleGan2Recipe { settings: settings.clone(), shape, seed, training, probability: 0.0, signs: 0.0 })
    }

    fn resume(
        settings: &StyleGan2Settings,
        faces: &TrainingFaces,
        seed: u64,
        state: &Value,
        file: &mut TensorFile,
    ) -> Result<Self, Fault> {
        settings.check()?;
        let shape = settings.shape(faces);
        let n_steps = ["generator_steps", "discriminator_steps"].map(|name| state[name].as_u64().unwrap_or(0));
        let [path_mean, probability, signs] =
            ["path_mean", "probability", "signs"].map(|name| state[name].as_f64().unwrap_or(0.0) as f32);
        let training = StyleGan2Training::take(shape, settings.penalties, file, n_steps, path_mean);
        let training = training.map_err(in_network)?;
        Ok(StyleGan2Recipe { settings: settings.clone(), shape, seed, training, probability, signs })
    }

    fn state(&self) -> (Value, Vec<Named>) {
        let [generator, discriminator] = self.training.n_steps();
        let state = json!({
            "generator_steps": generator, "discriminator_steps": discriminator,
            "path_mean": self.training.path_mean(), "probability": self.probability, "signs": self.signs,
        });
        (state, self.training.tensors())
    }

    fn n_steps(&self) -> u64 {
        self.settings.steps
    }

    fn step(&mut self, faces: &mut TrainingFaces, step: u64) -> StepLosses {
        let StyleGan2Settings { batch, mirror, rate, penalties, .. } = self.settings;
        let real = faces.batch(self.seed, step, batch, mirror).pictures;
        let latents = self.latents(batch, "generator latents", step);
        let changes = self.changes(batch, "generator augmentation", step);
        let mut losses = self.training.generator_step(&latents, &changes, rate);
        if step.is_multiple_of(penalties.path_every) && penalties.path > 0.0 {
            let latents = self.latents((batch / 2).max(1), "path latents", step);
            losses.extend(self.training.path_step(&latents, &mut Seeds::new(self.seed).stream("path", &[step]), rate));
        }
        let latents = self.latents(batch, "discriminator latents", step);
        let changes = self.changes(2 * batch, "discriminator augmentation", step);
        losses.extend(self.training.discriminator_step(&real, &latents, &changes, rate));
        if step.is_multiple_of(penalties.r1_every) && penalties.r1 > 0.0 {
            let changes = self.changes(batch, "r1 augmentation", step);
            losses.extend(self.training.r1_step(&real, &changes, rate));
        }
        self.training.follow(self.settings.average_kept(step * batch as u64));
        self.adapt(step, &losses);
        losses.push(("augmentation/probability", self.probability));
        losses
    }

    fn not_finite(&self) -> Option<(String, f32)> {
        self.training.not_finite()
    }

    fn generator(&self) -> Generator {
        let shape = GeneratorShape::StyleGan2(self.shape);
        Generator { shape, parameters: self.training.average().clone(), card: Value::Null }
    }

    /// People that do not exist, by the running mean of the generator.
    fn sheet(&self, _: &mut TrainingFaces) -> Sheet {
        let mut rng = Seeds::new(self.seed).stream("sheet", &[0]);
        let (generator, mut pictures) = (self.training.average().prepare(), Vec::new());
        for _ in 0..SHEET_PICTURES / 10 {
            let z: Vec<f32> = (0..10 * self.shape.z_size).map(|_| normal(&mut rng)).collect();
            pictures.extend(self.shape.drawn(&generator, &z, 1.0));
        }
        Sheet { pictures, n_columns: 10 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_mean_forgets_half_after_its_half_life() {
        let settings: StyleGan2Settings = toml::from_str(include_str!("../presets/stylegan2-paper.toml")).unwrap();
        let kept = settings.average_kept(1 << 40);
        let n = settings.average_half_life / settings.batch as f32;
        assert!((kept.powf(n) - 0.5).abs() < 1e-3, "{kept}");
        assert!(settings.average_kept(0) < 1e-6, "at first it is the generator");
    }
}
