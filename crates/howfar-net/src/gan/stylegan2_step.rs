//! The training steps of StyleGAN2 (Karras et al. 2020): both players, their lazy penalties, the running mean of the
//! generator.
//!
//! In: real pictures, latents, noise, augmentations, all drawn by the caller. Out: changed networks, losses. Knows
//! neither schedules nor files.

use howfar_kernel::AdamSettings;
use howfar_random::{normal, uniform};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::NetFault;
use crate::gan::adam::Adam;
use crate::gan::augment::{Augmentation, augment};
use crate::gan::dual::Dual;
use crate::gan::parameters::{Leaves, Parameters, devices, first_not_finite, number};
use crate::gan::stargan_step::Losses;
use crate::gan::stylegan2::StyleGan2Shape;
use crate::gan::stylegan2_generator::NoiseInput;
use crate::tensor::{Device, Tensor, numbers, relu, tensor};
use crate::weight_file::{Named, TensorFile};

/// How much of the mean of the styles a step keeps, as in the public code.
const STYLE_MEAN_KEPT: f32 = 0.995;
/// How far the mean path length moves to that of a batch.
const PATH_MEAN_MOVED: f32 = 0.01;

/// How much the penalties count and how often they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StyleGan2Penalties {
    /// R1's γ; half of it is the factor.
    pub r1: f32,
    /// Steps between two penalties of the discriminator (16).
    pub r1_every: u64,
    /// Factor of the path length (2); 0 leaves it out.
    pub path: f32,
    /// Steps between two penalties of the generator (4).
    pub path_every: u64,
}

/// Latents of a batch, and the noise of its pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Latents {
    /// `[N, Z]`.
    pub z: Vec<f32>,
    /// From which style on a second latent is taken, and those latents.
    pub mixed: Option<(usize, Vec<f32>)>,
    /// For each convolution `[N, H, W, 1]`.
    pub noise: Vec<Vec<f32>>,
}

impl Latents {
    /// Latents of `n` pictures; with probability `mixing` the later styles come from others.
    pub fn draw(shape: &StyleGan2Shape, n: usize, mixing: f32, rng: &mut ChaCha8Rng) -> Self {
        let mut normals = |n: usize| (0..n).map(|_| normal(rng)).collect::<Vec<f32>>();
        let z = normals(n * shape.z_size);
        let second = normals(n * shape.z_size);
        let noise = shape.noise_sides().iter().map(|side| normals(n * side * side)).collect();
        let mixes = uniform(rng) < mixing;
        let from = 1 + (uniform(rng) * (shape.n_styles() - 1) as f32) as usize;
        Latents { z, mixed: mixes.then_some((from, second)), noise }
    }

    fn noise_on(&self, shape: &StyleGan2Shape, device: &Device) -> NoiseInput {
        let sides = shape.noise_sides();
        let one = |(side, values): (&usize, &Vec<f32>)| {
            tensor(values.clone(), [values.len() / (side * side), *side, *side, 1], device)
        };
        NoiseInput::Given(sides.iter().zip(&self.noise).map(one).collect())
    }
}

/// Both networks in training.
#[derive(Debug, Clone, PartialEq)]
pub struct StyleGan2Training {
    shape: StyleGan2Shape,
    penalties: StyleGan2Penalties,
    generator: Parameters,
    average: Parameters,
    discriminator: Parameters,
    generator_adam: Adam,
    discriminator_adam: Adam,
    path_mean: f32,
}

/// Adam's settings and the factor on the rate for a player whose penalty is taken every `every` steps, which makes 1 +
/// 1/every steps of one.
fn lazy(every: u64) -> (AdamSettings, f32) {
    let ratio = every as f32 / (every + 1) as f32;
    (AdamSettings { betas: [0.0, 0.99f64.powf(f64::from(ratio))], epsilon: 1e-8 }, ratio)
}

impl StyleGan2Training {
    /// New networks with initial numbers from a stream.
    pub fn new(shape: StyleGan2Shape, penalties: StyleGan2Penalties, rng: &mut ChaCha8Rng) -> Result<Self, NetFault> {
        shape.check()?;
        let generator = Parameters::initial(&shape.generator_slots(), rng);
        let discriminator = Parameters::initial(&shape.discriminator_slots(), rng);
        Ok(StyleGan2Training {
            shape,
            penalties,
            average: generator.clone(),
            generator_adam: Adam::new(lazy(penalties.path_every).0, &generator),
            discriminator_adam: Adam::new(lazy(penalties.r1_every).0, &discriminator),
            generator,
            discriminator,
            path_mean: 0.0,
        })
    }

    /// Takes the state that [`StyleGan2Training::tensors`] gave out of a file.
    pub fn take(
        shape: StyleGan2Shape,
        penalties: StyleGan2Penalties,
        file: &mut TensorFile,
        n_steps: [u64; 2],
        path_mean: f32,
    ) -> Result<Self, NetFault> {
        shape.check()?;
        let generator = Parameters::take(&shape.generator_slots(), file, "generator.")?;
        let average = Parameters::take(&shape.generator_slots(), file, "average.")?;
        let discriminator = Parameters::take(&shape.discriminator_slots(), file, "discriminator.")?;
        let settings = [penalties.path_every, penalties.r1_every].map(|every| lazy(every).0);
        let generator_adam = Adam::take(settings[0], &generator, file, "generator_adam.", n_steps[0])?;
        let discriminator_adam = Adam::take(settings[1], &discriminator, file, "discriminator_adam.", n_steps[1])?;
        Ok(StyleGan2Training {
            shape,
            penalties,
            generator,
            average,
            discriminator,
            generator_adam,
            discriminator_adam,
            path_mean,
        })
    }

    /// Everything that a later step depends on, beside [`StyleGan2Training::n_steps`] and
    /// [`StyleGan2Training::path_mean`].
    pub fn tensors(&self) -> Vec<Named> {
        let mut tensors = self.generator.tensors("generator.");
        tensors.extend(self.average.tensors("average."));
        tensors.extend(self.discriminator.tensors("discriminator."));
        tensors.extend(self.generator_adam.tensors(&self.generator, "generator_adam."));
        tensors.extend(self.discriminator_adam.tensors(&self.discriminator, "discriminator_adam."));
        tensors
    }

    /// Steps that the generator's and the discriminator's numbers have made.
    pub fn n_steps(&self) -> [u64; 2] {
        [self.generator_adam.n_steps(), self.discriminator_adam.n_steps()]
    }

    /// The running mean of the path lengths.
    pub fn path_mean(&self) -> f32 {
        self.path_mean
    }

    /// The first tensor of the networks with a number that is not finite, and that number.
    pub fn not_finite(&self) -> Option<(String, f32)> {
        let networks =
            [("generator", &self.generator), ("discriminator", &self.discriminator), ("average", &self.average)];
        first_not_finite(&networks)
    }

    /// The running mean of the generator: what is kept.
    pub fn average(&self) -> &Parameters {
        &self.average
    }

    /// Pulls the running mean towards the generator.
    pub fn follow(&mut self, keep: f32) {
        self.average.follow(&self.generator, keep);
    }

    /// The generator learns to be taken for real: softplus(−D(G(z))).
    pub fn generator_step(&mut self, latents: &Latents, changes: &[Augmentation], rate: f32) -> Losses {
        let (_, device) = devices();
        let generator = self.generator.tracked(&device);
        let (pictures, w) = self.generate(&generator, latents, &device);
        let logits = self.judge(&self.discriminator.frozen(&device), augment(pictures, changes));
        let loss = softplus(-logits).mean();
        let gradients = generator.gradients(&loss.clone().backward());
        let (_, factor) = lazy(self.penalties.path_every);
        self.generator_adam.step(&mut self.generator, &gradients, rate * factor);
        let mean = numbers(w.detach().mean_dim(0));
        for (own, mean) in self.generator.values_mut("mapping.w_avg").into_iter().flatten().zip(mean) {
            *own = mean + (*own - mean) * STYLE_MEAN_KEPT;
        }
        vec![("generator/loss", number(loss))]
    }

    /// The generator's penalty: pictures shall change evenly with the styles.
    pub fn path_step(&mut self, latents: &Latents, rng: &mut ChaCha8Rng, rate: f32) -> Losses {
        let (plain, device) = devices();
        let StyleGan2Shape { side, n_channels, z_size, .. } = self.shape;
        let n = latents.z.len() / z_size;
        let z = tensor(latents.z.clone(), [n, z_size], &plain);
        let direction = (0..n * side * side * n_channels).map(|_| normal(rng) / side as f32).collect();
        let direction = tensor(direction, [n, side, side, n_channels], &plain);
        let noise = latents.noise_on(&self.shape, &device);
        let before = self.path_mean;
        let moved =
            |lengths: &[f32]| before + (lengths.iter().sum::<f32>() / lengths.len() as f32 - before) * PATH_MEAN_MOVED;
        let (penalty, lengths) = self.shape.path_length(&self.generator, z, direction, &noise, moved, &device);
        self.path_mean = moved(&lengths);
        let (_, factor) = lazy(self.penalties.path_every);
        let loss = penalty.loss * (self.penalties.path * self.penalties.path_every as f32);
        let gradients = penalty.leaves.gradients(&loss.backward());
        self.generator_adam.step(&mut self.generator, &gradients, rate * factor);
        vec![("generator/path_penalty", penalty.value), ("generator/path_length", self.path_mean)]
    }

    /// The discriminator learns to tell: softplus(D(G(z))) + softplus(−D(x)). `changes` are those of the generated
    /// pictures, then those of the real ones. The last number is the mean sign of its logits of real pictures.
    pub fn discriminator_step(
        &mut self,
        real: &[f32],
        latents: &Latents,
        changes: &[Augmentation],
        rate: f32,
    ) -> Losses {
        let (plain, device) = devices();
        let (pictures, _) = self.generate(&self.generator.frozen(&plain), latents, &plain);
        let (for_generated, for_real) = changes.split_at(changes.len() / 2);
        let leaves = self.discriminator.tracked(&device);
        let generated = self.judge(&leaves, augment(pictures, for_generated).autodiff());
        let real = self.judge(&leaves, augment(self.pictures(real, &plain), for_real).autodiff());
        let loss = softplus(generated.clone()).mean() + softplus(-real.clone()).mean();
        let gradients = leaves.gradients(&loss.clone().backward());
        let (_, factor) = lazy(self.penalties.r1_every);
        self.discriminator_adam.step(&mut self.discriminator, &gradients, rate * factor);
        vec![
            ("discriminator/loss", number(loss)),
            ("discriminator/generated", number(generated.mean())),
            ("discriminator/real", number(real.clone().mean())),
            ("discriminator/real_sign", number(real.sign().mean())),
        ]
    }

    /// The discriminator's penalty, taken of the pictures as it sees them.
    pub fn r1_step(&mut self, real: &[f32], changes: &[Augmentation], rate: f32) -> Losses {
        let (plain, device) = devices();
        let pictures = augment(self.pictures(real, &plain), changes);
        let penalty = self.shape.r1(&self.discriminator, pictures, &device);
        let (_, factor) = lazy(self.penalties.r1_every);
        let loss = penalty.loss * (self.penalties.r1 / 2.0 * self.penalties.r1_every as f32);
        let gradients = penalty.leaves.gradients(&loss.backward());
        self.discriminator_adam.step(&mut self.discriminator, &gradients, rate * factor);
        vec![("discriminator/r1", penalty.value)]
    }

    fn pictures(&self, values: &[f32], device: &Device) -> Tensor<4> {
        let StyleGan2Shape { side, n_channels, .. } = self.shape;
        let n = values.len() / (side * side * n_channels);
        tensor(values.to_vec(), [n, side, side, n_channels], device)
    }

    /// Pictures of latents, and their first styles.
    fn generate(&self, generator: &Leaves, latents: &Latents, device: &Device) -> (Tensor<4>, Tensor<2>) {
        let (shape, z_size) = (&self.shape, self.shape.z_size);
        let n = latents.z.len() / z_size;
        let map = |z: &Vec<f32>| shape.map(generator, tensor(z.clone(), [n, z_size], device));
        let w = map(&latents.z);
        let mut styles = shape.broadcast(w.clone());
        if let Some((from, second)) = &latents.mixed {
            let (n_styles, w_size) = (shape.n_styles(), shape.w_size);
            let part = |t: Tensor<3>, range: std::ops::Range<usize>| t.slice([0..n, range, 0..w_size]);
            let others = shape.broadcast(map(second));
            styles = Tensor::cat(vec![part(styles, 0..*from), part(others, *from..n_styles)], 1);
        }
        let noise = latents.noise_on(shape, device);
        (shape.synthesise(generator, &Dual::constant(styles), &noise).value, w)
    }

    fn judge(&self, discriminator: &Leaves, pictures: Tensor<4>) -> Tensor<2> {
        self.shape.discriminate(discriminator, Dual::constant(pictures)).value
    }
}

impl StyleGan2Shape {
    /// Pictures of latents by the generator's own noise, from numbers to numbers; `generator` is made once by
    /// [`Parameters::prepare`].
    ///
    /// # Shapes
    /// `z` `[N, Z]` -> `[N, H, W, C]`, mostly in −1..1
    pub fn drawn(&self, generator: &Leaves, z: &[f32], truncation: f32) -> Vec<f32> {
        let (device, n) = (devices().0, z.len() / self.z_size);
        let w = self.map(generator, tensor(z.to_vec(), [n, self.z_size], &device));
        let styles = self.broadcast(self.truncate(generator, w, truncation));
        numbers(self.synthesise(generator, &Dual::constant(styles), &NoiseInput::Constant).value)
    }
}

/// ln(1 + eˣ) without overflow.
fn softplus(x: Tensor<2>) -> Tensor<2> {
    relu(x.clone()) + (-x.abs()).exp().log1p()
}
