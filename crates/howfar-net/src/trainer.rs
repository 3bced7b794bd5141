//! One training step after another: a network, its optimiser's moments, how many steps it has made.
//!
//! In: scaled pictures, labels, the rate, a dropout stream. Out: the loss of the batch before the step. All of the state
//! can be written and read back, so that going on equals never having stopped.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::composed::{BatchStatistics, tensor};
use crate::forward::{Leaves, Mode, Operations, forward};
use crate::optimiser::StepFactors;
use crate::weight_file::{Named, TensorFile};
use crate::weights::block_offsets;
use crate::{Architecture, Classifier, NetFault, OptimiserKind, composed, loss};

/// Share of a batch's statistics in the running ones, as in PyTorch.
const MOMENTUM: f32 = 0.1;

/// What may differ from step to step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepSettings {
    /// Learning rate.
    pub rate: f32,
    /// Share of the target that is spread over all classes.
    pub label_smoothing: f32,
}

/// A network in training.
#[derive(Debug, Clone, PartialEq)]
pub struct Trainer {
    classifier: Classifier,
    optimiser: OptimiserKind,
    /// First and second moment of every tensor; empty for running statistics.
    moments: Vec<(Vec<f32>, Vec<f32>)>,
    n_steps: u64,
    operations: Operations,
}

impl Trainer {
    /// Before the first step.
    pub fn new(classifier: Classifier, optimiser: OptimiserKind) -> Self {
        let zeros = |p: &crate::Parameter| vec![0.0; if p.trained { p.values.len() } else { 0 }];
        let moments = classifier.weights.parameters.iter().map(|p| (zeros(p), zeros(p))).collect();
        Trainer { classifier, optimiser, moments, n_steps: 0, operations: Operations::Fused }
    }

    /// The same with Burn's own operations: slower, and the reference of the fused ones.
    pub fn composed(classifier: Classifier, optimiser: OptimiserKind) -> Self {
        Trainer { operations: Operations::Composed, ..Self::new(classifier, optimiser) }
    }

    /// The network as it stands.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Steps made.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// One step. Returns the mean loss of the batch before it. Without a stream nothing is dropped.
    ///
    /// # Shapes
    /// `inputs` `[N, 1, H, W]`, `labels` `[N]`
    pub fn step(
        &mut self,
        inputs: Vec<f32>,
        labels: &[usize],
        settings: StepSettings,
        dropout: Option<&mut ChaCha8Rng>,
    ) -> f64 {
        let (loss, gradients, statistics) = self.gradients(inputs, labels, settings.label_smoothing, dropout);
        self.n_steps += 1;
        let factors = StepFactors::new(self.optimiser, settings.rate, self.n_steps);
        let tensors = self.classifier.weights.parameters.iter_mut().zip(&mut self.moments);
        for ((parameter, (first, second)), gradient) in tensors.zip(&gradients) {
            if let Some(gradient) = gradient {
                factors.apply(&mut parameter.values, gradient, first, second);
            }
        }
        self.update_running(&statistics);
        loss
    }

    /// Loss and the gradient of every tensor in the order of the weights.
    fn gradients(
        &self,
        inputs: Vec<f32>,
        labels: &[usize],
        label_smoothing: f32,
        dropout: Option<&mut ChaCha8Rng>,
    ) -> (f64, Vec<Option<Vec<f32>>>, Vec<BatchStatistics>) {
        let architecture = &self.classifier.architecture;
        assert_eq!(inputs.len(), labels.len() * architecture.n_inputs(), "one label for each picture");
        let device = Device::flex().autodiff();
        let leaves = Leaves::new(&self.classifier.weights, &device);
        let (logits, statistics) =
            forward(architecture, &leaves, self.operations, inputs, Mode::Training(dropout), &device);
        let shape = logits.dims();
        let (loss, slope) = loss::cross_entropy(&composed::numbers(logits.clone().inner()), labels, label_smoothing);
        // The gradient of Σ logits × slope with respect to the logits is the slope.
        let slope: Tensor<2> = tensor(slope, shape, &device);
        let gradients = (logits * slope).sum().backward();
        (loss, leaves.gradients(&gradients), statistics)
    }

    fn update_running(&mut self, statistics: &[BatchStatistics]) {
        let architecture = &self.classifier.architecture;
        let normalised = architecture.blocks.iter().zip(block_offsets(architecture)).filter(|(block, _)| block.norm);
        for ((_, at), batch) in normalised.zip(statistics) {
            let parameters = &mut self.classifier.weights.parameters;
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
        let mut tensors = self.classifier.tensors("model.");
        for (parameter, (first, second)) in self.classifier.weights.parameters.iter().zip(&self.moments) {
            for (prefix, values) in [("first_moment.", first), ("second_moment.", second)] {
                if parameter.trained {
                    let name = format!("{prefix}{}", parameter.name);
                    tensors.push(Named { name, shape: parameter.shape.clone(), values: values.clone() });
                }
            }
        }
        tensors
    }

    /// Goes on from tensors that [`Trainer::tensors`] gave after `n_steps` steps.
    pub fn resume(
        architecture: &Architecture,
        optimiser: OptimiserKind,
        file: &mut TensorFile,
        n_steps: u64,
    ) -> Result<Self, NetFault> {
        let mut trainer = Self::new(Classifier::take(architecture.clone(), file, "model.")?, optimiser);
        for (parameter, (first, second)) in trainer.classifier.weights.parameters.iter().zip(&mut trainer.moments) {
            if parameter.trained {
                *first = file.take(&format!("first_moment.{}", parameter.name), &parameter.shape)?;
                *second = file.take(&format!("second_moment.{}", parameter.name), &parameter.shape)?;
            }
        }
        trainer.n_steps = n_steps;
        Ok(trainer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NetworkKind;
    use rand::SeedableRng;

    const ADAMW: OptimiserKind = OptimiserKind::AdamW { weight_decay: 0.01 };
    const SETTINGS: StepSettings = StepSettings { rate: 4e-3, label_smoothing: 0.05 };

    fn trainer(kind: NetworkKind, side: usize) -> Trainer {
        let classifier = Classifier::new(kind, 3, side, &mut ChaCha8Rng::seed_from_u64(5)).unwrap();
        Trainer::new(classifier, ADAMW)
    }

    /// Pictures whose class is where their bright half lies.
    fn batch(n: usize, side: usize) -> (Vec<f32>, Vec<usize>) {
        let labels: Vec<usize> = (0..n).map(|i| i % 3).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(n as u64);
        let mut inputs = Vec::new();
        for label in &labels {
            for i in 0..side * side {
                let (y, x) = (i / side, i % side);
                let bright = [y < side / 2, x < side / 2, y > x][*label];
                inputs.push(f32::from(u8::from(bright)) + crate::weights::uniform(&mut rng) - 0.5);
            }
        }
        (inputs, labels)
    }

    #[test]
    fn the_compact_network_learns_and_repeats_itself_bit_for_bit() {
        let run = || {
            let (mut trainer, mut rng) = (trainer(NetworkKind::Compact, 48), ChaCha8Rng::seed_from_u64(9));
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
        for (kind, side) in [(NetworkKind::Compact, 50), (NetworkKind::Table1Valid, 34), (NetworkKind::Table1Same, 18)]
        {
            let fused = trainer(kind, side);
            let mut both = [Trainer::composed(fused.classifier.clone(), ADAMW), fused];
            for seed in 0..4 {
                let (inputs, labels) = batch(5, side);
                let settings = StepSettings { rate: 1e-4, ..SETTINGS };
                let [composed, fused] = both.each_mut().map(|trainer| {
                    trainer.step(inputs.clone(), &labels, settings, Some(&mut ChaCha8Rng::seed_from_u64(seed)))
                });
                assert!((composed - fused).abs() < 1e-3 * composed, "{kind:?} step {seed}: {composed} {fused}");
            }
            let (inputs, _) = batch(3, side);
            let [composed, fused] = [Operations::Composed, Operations::Fused]
                .map(|operations| both[1].classifier.logits_by(operations, &inputs));
            for (a, b) in composed.iter().zip(&fused) {
                assert!((a - b).abs() < 1e-4 * a.abs().max(1.0), "{kind:?}: {composed:?} {fused:?}");
            }
        }
    }

    #[test]
    fn a_batch_of_one_picture_gives_numbers() {
        let mut trainer = trainer(NetworkKind::Compact, 48);
        let (inputs, labels) = batch(1, 48);
        assert!(trainer.step(inputs, &labels, SETTINGS, None).is_finite());
        assert!(trainer.classifier.weights.parameters.iter().all(|p| p.values.iter().all(|v| v.is_finite())));
    }

    #[test]
    fn going_on_from_its_tensors_equals_never_having_stopped() {
        let mut trainer = trainer(NetworkKind::Compact, 48);
        let step = |trainer: &mut Trainer, seed| {
            let (inputs, labels) = batch(6, 48);
            trainer.step(inputs, &labels, SETTINGS, Some(&mut ChaCha8Rng::seed_from_u64(seed)))
        };
        step(&mut trainer, 1);
        let bytes = TensorFile::write(&serde_json::Value::Null, &trainer.tensors(), crate::Precision::Full).unwrap();
        let mut file = TensorFile::read(&bytes).unwrap();
        let mut resumed = Trainer::resume(trainer.classifier.architecture(), ADAMW, &mut file, 1).unwrap();
        step(&mut trainer, 2);
        step(&mut resumed, 2);
        assert_eq!(trainer, resumed);
    }
}
