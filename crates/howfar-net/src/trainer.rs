//! One training step after another: a network, its optimiser's moments, how many steps it has made.
//!
//! In: scaled pictures, labels (or any loss), the rate, a dropout stream. Out: the loss of the batch before the step.
//! All of the state can be written and read back, so that going on equals never having stopped.

use std::borrow::Cow;
use std::sync::Mutex;

use rand_chacha::ChaCha8Rng;

use crate::composed::BatchStatistics;
use crate::device::device;
use crate::engine::{Engine, Slopes};
use crate::forward::{Dropped, Leaves, Mode, Operations, forward};
use crate::optimiser::step_factors;
use crate::tensor::{Tensor, numbers, tensor};
use crate::weight_file::{Named, TensorFile};
use crate::weights::block_offsets;
use crate::{Classifier, InstructionSet, NetFault, OptimiserKind, WeightedNetwork, loss};

/// Share of a batch's statistics in the running ones, as in PyTorch.
const MOMENTUM: f32 = 0.1;

/// What may differ from step to step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepSettings<'w> {
    /// Learning rate.
    pub rate: f32,
    /// Share of the target that is spread over all classes.
    pub label_smoothing: f32,
    /// How much each picture counts, `[N]`; all alike where nothing is said.
    pub weights: Option<&'w [f32]>,
}

/// A network in training.
#[derive(Debug, Clone, PartialEq)]
pub struct Trainer<M = Classifier> {
    model: M,
    optimiser: OptimiserKind,
    /// First and second moment of every tensor; empty for running statistics.
    moments: Vec<(Vec<f32>, Vec<f32>)>,
    n_steps: u64,
    operations: Operations,
    spare: Spare,
}

/// Buffers that the next part of a batch uses again. They hold no state: a copy starts with none, and any two are
/// equal.
#[derive(Debug, Default)]
struct Spare {
    engines: Mutex<Vec<Engine>>,
    slopes: Mutex<Vec<Slopes>>,
}

impl Clone for Spare {
    fn clone(&self) -> Self {
        Spare::default()
    }
}

impl PartialEq for Spare {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Takes a spare buffer, or makes one; a thread that panicked has left nothing half done in the list.
fn take<T: Default>(spare: &Mutex<Vec<T>>) -> T {
    spare.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop().unwrap_or_default()
}

/// Gives a buffer back.
fn give<T>(spare: &Mutex<Vec<T>>, buffer: T) {
    spare.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(buffer);
}

/// What a part of a batch says: its loss, the slope of every tensor, what the normalised blocks measured.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchPart {
    loss: f64,
    /// In the order of the weights.
    gradients: Slopes,
    statistics: Vec<BatchStatistics>,
}

impl Trainer<Classifier> {
    /// The network as it stands.
    pub fn classifier(&self) -> &Classifier {
        &self.model
    }

    /// One step. Returns the mean loss of the batch before it. Without a stream nothing is dropped.
    ///
    /// # Shapes
    /// `inputs` `[N, H, W, C]`, `labels` `[N]`
    pub fn step(
        &mut self,
        inputs: Vec<f32>,
        labels: &[usize],
        settings: StepSettings<'_>,
        dropout: Option<&mut ChaCha8Rng>,
    ) -> f64 {
        let n_inputs = self.model.architecture().n_inputs();
        assert_eq!(inputs.len(), labels.len() * n_inputs, "one label for each picture");
        let StepSettings { label_smoothing, weights, .. } = settings;
        let loss = |logits: &[f32]| loss::weighted_cross_entropy(logits, labels, weights, label_smoothing);
        let part = self.part(inputs, loss, dropout);
        let loss = self.apply(std::slice::from_ref(&part), settings.rate);
        give(&self.spare.slopes, part.gradients);
        loss
    }
}

impl<M: AsRef<WeightedNetwork> + AsMut<WeightedNetwork>> Trainer<M> {
    /// Before the first step.
    pub fn new(model: M, optimiser: OptimiserKind) -> Self {
        let zeros = |p: &crate::Parameter| vec![0.0; if p.trained { p.values.len() } else { 0 }];
        let moments = model.as_ref().weights.parameters.iter().map(|p| (zeros(p), zeros(p))).collect();
        Trainer { model, optimiser, moments, n_steps: 0, operations: Operations::chosen(), spare: Spare::default() }
    }

    /// The same with the tensors' own operations: slower, and the reference implementation of the fused ones.
    pub fn composed(model: M, optimiser: OptimiserKind) -> Self {
        Trainer { operations: Operations::Composed, ..Self::new(model, optimiser) }
    }

    /// The network as it stands.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// Steps made.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// What a part of a batch says of the network as it stands. `loss` turns what came out into the mean loss and its
    /// slope. Batch norm sees the part alone, so parts must be cut the same way whatever the number of threads.
    ///
    /// # Shapes
    /// `inputs` `[N, H, W, C]`; `loss` takes and gives `[N, E]`
    pub fn part(
        &self,
        inputs: Vec<f32>,
        loss: impl FnOnce(&[f32]) -> (f64, Vec<f32>),
        dropout: Option<&mut ChaCha8Rng>,
    ) -> BatchPart {
        let WeightedNetwork { architecture, weights } = self.model.as_ref();
        let dropped = Dropped::draw(architecture, dropout);
        if self.operations == Operations::Fused {
            let (mut engine, mut gradients) = (take(&self.spare.engines), take(&self.spare.slopes));
            let (out, statistics) = engine.forward(architecture, weights, &inputs, &dropped);
            let (loss, slope) = loss(out);
            engine.backward(architecture, weights, &inputs, &dropped, &slope, &mut gradients);
            give(&self.spare.engines, engine);
            return BatchPart { loss, gradients, statistics };
        }
        let device = device().autodiff();
        let leaves = Leaves::new(weights, &device);
        let (out, statistics) = forward(architecture, &leaves, inputs, &Mode::Training(&dropped), &device);
        let shape = out.dims();
        let (loss, slope) = loss(&numbers(out.clone().inner()));
        // The gradient of Σ out × slope with respect to what came out is the slope.
        let slope: Tensor<2> = tensor(slope, shape, &device);
        let gradients = (out * slope).sum().backward();
        BatchPart { loss, gradients: leaves.gradients(&gradients), statistics }
    }

    /// One step along the mean of equally large parts, added in their order. Returns the mean loss.
    pub fn apply(&mut self, parts: &[BatchPart], rate: f32) -> f64 {
        self.n_steps += 1;
        let step = step_factors(self.optimiser, rate, self.n_steps);
        let parameters = &mut self.model.as_mut().weights.parameters;
        for (idx, (parameter, (first, second))) in parameters.iter_mut().zip(&mut self.moments).enumerate() {
            if let Some(gradient) = mean_gradient(parts, idx) {
                step.apply(InstructionSet::best(), &mut parameter.values, &gradient, first, second);
            }
        }
        for part in parts {
            self.update_running(&part.statistics);
        }
        parts.iter().map(|part| part.loss).sum::<f64>() / parts.len() as f64
    }

    fn update_running(&mut self, statistics: &[BatchStatistics]) {
        let WeightedNetwork { architecture, weights } = self.model.as_mut();
        let normalised = architecture.blocks.iter().zip(block_offsets(architecture)).filter(|(block, _)| block.norm);
        for ((_, at), batch) in normalised.zip(statistics) {
            let parameters = &mut weights.parameters;
            // PyTorch keeps the unbiased variance; a single number has none.
            let unbiased = batch.count as f32 / (batch.count.max(2) - 1) as f32;
            for (running, now) in parameters[at + 4].values.iter_mut().zip(&batch.mean) {
                *running += (now - *running) * MOMENTUM;
            }
            for (running, now) in parameters[at + 5].values.iter_mut().zip(&batch.variance) {
                *running += (now * unbiased - *running) * MOMENTUM;
            }
        }
    }

    /// Everything but the number of steps, by name: `model.…`, `first_moment.…`, `second_moment.…`.
    pub fn tensors(&self) -> Vec<Named> {
        let network = self.model.as_ref();
        let mut tensors = network.tensors("model.");
        for (parameter, (first, second)) in network.weights.parameters.iter().zip(&self.moments) {
            for (prefix, values) in [("first_moment.", first), ("second_moment.", second)] {
                if parameter.trained {
                    let name = format!("{prefix}{}", parameter.name);
                    tensors.push(Named { name, shape: parameter.shape.clone(), values: values.clone() });
                }
            }
        }
        tensors
    }

    /// Goes on from tensors that [`Trainer::tensors`] gave after `n_steps` steps. `model` was taken out of the same
    /// file, with the prefix `model.`.
    pub fn resume(model: M, optimiser: OptimiserKind, file: &mut TensorFile, n_steps: u64) -> Result<Self, NetFault> {
        let mut trainer = Self::new(model, optimiser);
        for (parameter, (first, second)) in trainer.model.as_ref().weights.parameters.iter().zip(&mut trainer.moments) {
            if parameter.trained {
                *first = file.take(&format!("first_moment.{}", parameter.name), &parameter.shape)?;
                *second = file.take(&format!("second_moment.{}", parameter.name), &parameter.shape)?;
            }
        }
        trainer.n_steps = n_steps;
        Ok(trainer)
    }
}

/// The mean over parts of the gradient of a tensor; of one part, the gradient itself.
fn mean_gradient(parts: &[BatchPart], tensor_idx: usize) -> Option<Cow<'_, [f32]>> {
    let (first, others) = parts.split_first()?;
    let first = first.gradients[tensor_idx].as_ref()?;
    if others.is_empty() {
        return Some(Cow::Borrowed(first));
    }
    let mut sum = first.clone();
    for gradient in others.iter().filter_map(|part| part.gradients[tensor_idx].as_ref()) {
        sum.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g);
    }
    let share = 1.0 / parts.len() as f32;
    sum.iter_mut().for_each(|g| *g *= share);
    Some(Cow::Owned(sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, PictureShape};
    use howfar_network::Network;
    use rand::SeedableRng;

    const ADAMW: OptimiserKind = OptimiserKind::AdamW { weight_decay: 0.01 };
    const SETTINGS: StepSettings<'_> = StepSettings { rate: 4e-3, label_smoothing: 0.05, weights: None };

    fn trainer(network: Network, side: usize) -> Trainer {
        trainer_of(network, PictureShape::gray(side))
    }

    fn trainer_of(network: Network, picture: PictureShape) -> Trainer {
        let architecture = Architecture::new(network.plan(), 3, picture).unwrap();
        Trainer::new(Classifier::new(architecture, &mut ChaCha8Rng::seed_from_u64(5)), ADAMW)
    }

    /// Pictures whose class is where their bright half lies.
    fn batch(n: usize, side: usize) -> (Vec<f32>, Vec<usize>) {
        batch_of(n, PictureShape::gray(side))
    }

    fn batch_of(n: usize, PictureShape { side, n_channels }: PictureShape) -> (Vec<f32>, Vec<usize>) {
        let labels: Vec<usize> = (0..n).map(|i| i % 3).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(n as u64);
        let mut inputs = Vec::new();
        for label in &labels {
            for i in 0..side * side * n_channels {
                let (y, x) = (i / n_channels / side, i / n_channels % side);
                let bright = [y < side / 2, x < side / 2, y > x][*label];
                inputs.push(f32::from(u8::from(bright)) + howfar_random::uniform(&mut rng) - 0.5);
            }
        }
        (inputs, labels)
    }

    #[test]
    fn the_compact_network_learns_and_repeats_itself_bit_for_bit() {
        let run = || {
            let (mut trainer, mut rng) = (trainer(Network::Compact, 48), ChaCha8Rng::seed_from_u64(9));
            let losses: Vec<f64> = (0..12)
                .map(|_| {
                    let (inputs, labels) = batch(12, 48);
                    trainer.step(inputs, &labels, SETTINGS, Some(&mut rng))
                })
                .collect();
            (trainer, losses)
        };
        let ((first, losses), (second, _)) = (run(), run());
        assert_eq!(first, second);
        assert!(losses[11] < 0.5 * losses[0], "{losses:?}");
    }

    #[test]
    fn fused_operations_train_as_composed_ones_do() {
        for (network, side, n_channels, n_steps) in [
            (Network::Compact, 50, 1, 4),
            (Network::Compact, 33, 3, 4),
            (Network::Table1Valid, 34, 1, 4),
            (Network::Table1Same, 18, 3, 4),
            (Network::Vgg16, 64, 3, 1),
        ] {
            let picture = PictureShape { side, n_channels };
            let fused = trainer_of(network, picture);
            let mut both = [Trainer::composed(fused.model.clone(), ADAMW), fused];
            for seed in 0..n_steps {
                let (inputs, labels) = batch_of(5, picture);
                let settings = StepSettings { rate: 1e-4, ..SETTINGS };
                let [composed, fused] = both.each_mut().map(|trainer| {
                    trainer.step(inputs.clone(), &labels, settings, Some(&mut ChaCha8Rng::seed_from_u64(seed)))
                });
                assert!((composed - fused).abs() < 1e-3 * composed, "{network:?} step {seed}: {composed} {fused}");
            }
            let (inputs, _) = batch_of(3, picture);
            let [composed, fused] = [Operations::Composed, Operations::Fused]
                .map(|operations| both[1].model.logits_by(operations, &inputs));
            for (a, b) in composed.iter().zip(&fused) {
                assert!((a - b).abs() < 1e-4 * a.abs().max(1.0), "{network:?}: {composed:?} {fused:?}");
            }
        }
    }

    #[test]
    fn a_batch_of_one_picture_gives_numbers() {
        let mut trainer = trainer(Network::Compact, 48);
        let (inputs, labels) = batch(1, 48);
        assert!(trainer.step(inputs, &labels, SETTINGS, None).is_finite());
        assert!(trainer.model.weights().parameters.iter().all(|p| p.values.iter().all(|v| v.is_finite())));
    }

    #[test]
    fn equal_parts_give_the_step_of_one_of_them() {
        let (mut whole, mut parts) = (trainer(Network::Compact, 48), trainer(Network::Compact, 48));
        let (inputs, labels) = batch(6, 48);
        let part = parts.part(inputs.clone(), |logits| loss::cross_entropy(logits, &labels, 0.05), None);
        let loss = parts.apply(&[part.clone(), part], SETTINGS.rate);
        assert_eq!(whole.step(inputs, &labels, SETTINGS, None), loss);
        let trained = |trainer: &Trainer| {
            let parameters = trainer.model.weights().parameters.clone();
            parameters.into_iter().filter(|p| p.trained).collect::<Vec<_>>()
        };
        assert_eq!(trained(&whole), trained(&parts));
    }

    #[test]
    fn going_on_from_its_tensors_equals_never_having_stopped() {
        let mut trainer = trainer(Network::Compact, 48);
        let step = |trainer: &mut Trainer, seed| {
            let (inputs, labels) = batch(6, 48);
            trainer.step(inputs, &labels, SETTINGS, Some(&mut ChaCha8Rng::seed_from_u64(seed)))
        };
        step(&mut trainer, 1);
        let bytes = TensorFile::write(&serde_json::Value::Null, &trainer.tensors(), crate::Precision::Full).unwrap();
        let mut file = TensorFile::read(&bytes).unwrap();
        let mut resumed = {
            let model = Classifier::take(trainer.model.architecture().clone(), &mut file, "model.").unwrap();
            Trainer::resume(model, ADAMW, &mut file, 1).unwrap()
        };
        step(&mut trainer, 2);
        step(&mut resumed, 2);
        assert_eq!(trainer, resumed);
    }
}
