//! One training step of StarGAN's critic and of its generator (Choi et al. 2018; WGAN-GP: Gulrajani et al. 2017).
//!
//! In: a batch of faces with their labels and the labels they are to get, the weights of the losses, a rate. Out:
//! changed networks, the losses. Every random number comes with the batch. Knows neither schedules nor files.

use howfar_kernel::AdamSettings;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::NetFault;
use crate::gan::adam::Adam;
use crate::gan::parameters::{Leaves, Parameters, devices, first_not_finite, number};
use crate::gan::stargan::StarGanShape;
use crate::tensor::{Device, Tensor, log_softmax, numbers, tensor};
use crate::weight_file::{Named, TensorFile};

/// Adam as in the public code.
const ADAM: AdamSettings = AdamSettings { betas: [0.5, 0.999], epsilon: 1e-8 };
/// A gradient of length 0 has no direction.
const SHORTEST: f32 = 1e-12;

/// How much each loss counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StarGanLossWeights {
    /// The gradient penalty (10 in the paper).
    pub gradient_penalty: f32,
    /// The way back to the original face (10).
    pub reconstruction: f32,
    /// The label (1).
    pub classification: f32,
}

impl Default for StarGanLossWeights {
    fn default() -> Self {
        StarGanLossWeights { gradient_penalty: 10.0, reconstruction: 10.0, classification: 1.0 }
    }
}

/// What a step learns from.
#[derive(Debug, Clone, PartialEq)]
pub struct StarGanBatch {
    /// Faces `[N, H, W, C]` in −1..1.
    pub faces: Vec<f32>,
    /// Their labels.
    pub labels: Vec<usize>,
    /// The labels that the generator gives them.
    pub targets: Vec<usize>,
    /// Where between a real (1) and a generated face (0) the gradient is penalised, a number in 0..1 a face.
    pub mix: Vec<f32>,
}

/// The losses of a step, by name.
pub type Losses = Vec<(&'static str, f32)>;

/// Both networks in training.
#[derive(Debug, Clone, PartialEq)]
pub struct StarGanTraining {
    shape: StarGanShape,
    weights: StarGanLossWeights,
    generator: Parameters,
    critic: Parameters,
    generator_adam: Adam,
    critic_adam: Adam,
}

impl StarGanTraining {
    /// New networks with initial numbers from a stream.
    pub fn new(shape: StarGanShape, weights: StarGanLossWeights, rng: &mut ChaCha8Rng) -> Result<Self, NetFault> {
        shape.check()?;
        let generator = Parameters::initial(&shape.generator_slots(), rng);
        let critic = Parameters::initial(&shape.critic_slots(), rng);
        let (generator_adam, critic_adam) = (Adam::new(ADAM, &generator), Adam::new(ADAM, &critic));
        Ok(StarGanTraining { shape, weights, generator, critic, generator_adam, critic_adam })
    }

    /// Takes the state that [`StarGanTraining::tensors`] gave out of a file.
    pub fn take(
        shape: StarGanShape,
        weights: StarGanLossWeights,
        file: &mut TensorFile,
        n_steps: [u64; 2],
    ) -> Result<Self, NetFault> {
        shape.check()?;
        let generator = Parameters::take(&shape.generator_slots(), file, "generator.")?;
        let critic = Parameters::take(&shape.critic_slots(), file, "critic.")?;
        let generator_adam = Adam::take(ADAM, &generator, file, "generator_adam.", n_steps[0])?;
        let critic_adam = Adam::take(ADAM, &critic, file, "critic_adam.", n_steps[1])?;
        Ok(StarGanTraining { shape, weights, generator, critic, generator_adam, critic_adam })
    }

    /// Everything that a later step depends on, beside [`StarGanTraining::n_steps`].
    pub fn tensors(&self) -> Vec<Named> {
        let mut tensors = self.generator.tensors("generator.");
        tensors.extend(self.critic.tensors("critic."));
        tensors.extend(self.generator_adam.tensors(&self.generator, "generator_adam."));
        tensors.extend(self.critic_adam.tensors(&self.critic, "critic_adam."));
        tensors
    }

    /// Steps that the generator and the critic have made.
    pub fn n_steps(&self) -> [u64; 2] {
        [self.generator_adam.n_steps(), self.critic_adam.n_steps()]
    }

    /// The first tensor of both networks with a number that is not finite, and that number.
    pub fn not_finite(&self) -> Option<(String, f32)> {
        first_not_finite(&[("generator", &self.generator), ("critic", &self.critic)])
    }

    /// The generator's numbers.
    pub fn generator(&self) -> &Parameters {
        &self.generator
    }

    /// One step of the critic.
    pub fn critic_step(&mut self, batch: &StarGanBatch, rate: f32) -> Losses {
        let (plain, device) = devices();
        let n = batch.labels.len();
        let faces = self.pictures(&batch.faces, &plain);
        let labels = self.one_hot(&batch.targets, &plain);
        let generated = self.shape.transfer(&self.generator.frozen(&plain), faces.clone(), labels);
        let mix: Tensor<4> = tensor(batch.mix.clone(), [n, 1, 1, 1], &plain);
        let between = generated.clone() + (faces.clone() - generated.clone()) * mix;
        let (penalty, penalty_loss, critic) = self.shape.gradient_penalty(&self.critic, between, &device);

        let judged = self.shape.judge(&critic, Tensor::cat(vec![faces, generated], 0).autodiff());
        let [_, h, w, _] = judged.scores.dims();
        let real = judged.scores.clone().slice([0..n, 0..h, 0..w, 0..1]).mean();
        let fake = judged.scores.slice([n..2 * n, 0..h, 0..w, 0..1]).mean();
        let classes = judged.classes.slice([0..n, 0..self.shape.n_classes]);
        let class_loss = cross_entropy(classes, self.one_hot(&batch.labels, &device));
        let w = self.weights;
        let loss =
            fake.clone() - real.clone() + class_loss.clone() * w.classification + penalty_loss * w.gradient_penalty;
        let gradients = critic.gradients(&loss.backward());
        self.critic_adam.step(&mut self.critic, &gradients, rate);
        vec![
            ("critic/real", -number(real)),
            ("critic/generated", number(fake)),
            ("critic/label", number(class_loss)),
            ("critic/gradient_penalty", penalty),
        ]
    }

    /// One step of the generator.
    pub fn generator_step(&mut self, batch: &StarGanBatch, rate: f32) -> Losses {
        let (_, device) = devices();
        let faces = self.pictures(&batch.faces, &device);
        let (labels, targets) = (self.one_hot(&batch.labels, &device), self.one_hot(&batch.targets, &device));
        let generator = self.generator.tracked(&device);
        let generated = self.shape.transfer(&generator, faces.clone(), targets.clone());
        let judged = self.shape.judge(&self.critic.frozen(&device), generated.clone());
        let score_loss = -judged.scores.mean();
        let class_loss = cross_entropy(judged.classes, targets);
        let back = self.shape.transfer(&generator, generated, labels);
        let distance = (faces - back).abs().mean();
        let w = self.weights;
        let loss = score_loss.clone() + class_loss.clone() * w.classification + distance.clone() * w.reconstruction;
        let gradients = generator.gradients(&loss.backward());
        self.generator_adam.step(&mut self.generator, &gradients, rate);
        vec![
            ("generator/score", number(score_loss)),
            ("generator/label", number(class_loss)),
            ("generator/reconstruction", number(distance)),
        ]
    }

    fn pictures(&self, faces: &[f32], device: &Device) -> Tensor<4> {
        let StarGanShape { side, n_channels, .. } = self.shape;
        let n = faces.len() / (side * side * n_channels);
        tensor(faces.to_vec(), [n, side, side, n_channels], device)
    }

    fn one_hot(&self, labels: &[usize], device: &Device) -> Tensor<2> {
        let n_classes = self.shape.n_classes;
        let values = labels.iter().flat_map(|label| (0..n_classes).map(move |c| f32::from(u8::from(c == *label))));
        tensor(values.collect(), [labels.len(), n_classes], device)
    }
}

impl StarGanShape {
    /// The mean of (‖∇D(x)‖ − 1)² over a batch: its value, a loss whose gradient with respect to the critic is that of
    /// the penalty, and the critic's tensors that it is a function of.
    ///
    /// With g = ∇D(x) and v = g / ‖g‖ held constant, the derivative of (‖g‖ − 1)² with respect to the parameters is
    /// that of 2 (‖g‖ − 1) times the change of D in direction v, and that change is an ordinary output
    /// ([`StarGanShape::judge_along`]).
    ///
    /// # Shapes
    /// `faces` `[N, H, W, C]` on a device that does not differentiate
    pub fn gradient_penalty(&self, critic: &Parameters, faces: Tensor<4>, device: &Device) -> (f32, Tensor<1>, Leaves) {
        let n = faces.dims()[0];
        let faces = faces.autodiff().require_grad();
        let judged = self.judge(&critic.frozen(device), faces.clone());
        let gradients = judged.scores.sum().backward();
        let g = faces.grad(&gradients).expect("the faces are tracked");
        let norm = (g.clone() * g.clone()).flatten::<2>(1, 3).sum_dim(1).sqrt();
        let v = g / norm.clone().reshape([n, 1, 1, 1]).clamp_min(SHORTEST);
        let critic = critic.tracked(device);
        let along = self.judge_along(&critic, v.autodiff(), judged.before).flatten::<2>(1, 3).sum_dim(1);
        let off = norm - 1.0;
        let value = number((off.clone() * off.clone()).mean());
        (value, (off.autodiff() * along * 2.0).mean(), critic)
    }
}

/// The mean of the cross-entropy over a batch.
///
/// # Shapes
/// `logits`, `labels` `[N, E]`
fn cross_entropy(logits: Tensor<2>, labels: Tensor<2>) -> Tensor<1> {
    let n = logits.dims()[0] as f32;
    -(log_softmax(logits) * labels).sum() / n
}

impl StarGanShape {
    /// Faces with other labels, from numbers to numbers; `generator` is made once by [`Parameters::prepare`].
    ///
    /// # Shapes
    /// `faces` `[N, H, W, C]` in −1..1, `labels` `[N, E]` -> `[N, H, W, C]` in −1..1
    pub fn transferred(&self, generator: &Leaves, faces: &[f32], labels: &[f32]) -> Vec<f32> {
        let (device, n) = (devices().0, labels.len() / self.n_classes);
        let faces = tensor(faces.to_vec(), [n, self.side, self.side, self.n_channels], &device);
        let labels = tensor(labels.to_vec(), [n, self.n_classes], &device);
        numbers(self.transfer(generator, faces, labels))
    }
}
