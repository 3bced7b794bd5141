//! A batch through a network by the composed operations, and what a step drops.
//!
//! In: weights as tensors, scaled pixels, dropout keys. Out: logits or places, and what the normalised blocks measured.

use howfar_kernel::Dropout;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::composed::{self, BatchStatistics, Norm};
use crate::tensor::{Device, Gradients, Tensor, numbers, relu, tensor};
use crate::weights::{Weights, block_offsets, dense_offset};
use crate::{Architecture, ComputeDevice, PictureShape};

/// Who computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operations {
    /// The tensors' own operations, one after the other.
    Composed,
    /// The kernels of `howfar-kernel`.
    Fused,
}

impl Operations {
    /// The kernels on the CPU, the tensors' operations on any other device of the process.
    pub(crate) fn chosen() -> Self {
        if ComputeDevice::chosen() == ComputeDevice::Cpu { Operations::Fused } else { Operations::Composed }
    }
}

/// Whether a batch is learnt from.
pub(crate) enum Mode<'a> {
    /// Batch statistics, and dropout.
    Training(&'a Dropped),
    /// Running statistics, no dropout.
    Inference,
}

/// What a step drops after each layer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dropped {
    pub blocks: Vec<Option<Dropout>>,
    pub dense: Vec<Option<Dropout>>,
}

impl Dropped {
    /// A key from the stream for every layer that drops; without a stream nothing is dropped.
    pub(crate) fn draw(architecture: &Architecture, mut rng: Option<&mut ChaCha8Rng>) -> Self {
        let mut draw = |share: f32| match &mut rng {
            Some(rng) if share > 0.0 => Some(Dropout { share, key: rng.next_u64() }),
            _ => None,
        };
        let blocks = architecture.blocks.iter().map(|block| draw(block.dropout)).collect();
        Dropped { blocks, dense: architecture.dense.iter().map(|dense| draw(dense.dropout)).collect() }
    }
}

/// A tensor of the weights on a device, with or without a gradient.
#[derive(Clone)]
enum Leaf {
    Vector(Tensor<1>),
    Matrix(Tensor<2>),
    Taps(Tensor<4>),
}

/// All tensors of the weights on a device.
pub(crate) struct Leaves {
    leaves: Vec<Leaf>,
}

impl Leaves {
    /// Copies the weights to a device; on one that differentiates, the trained ones ask for gradients.
    pub(crate) fn new(weights: &Weights, device: &Device) -> Self {
        fn leaf<const D: usize>(values: &[f32], shape: &[usize], tracked: bool, device: &Device) -> Tensor<D> {
            let shape = shape.try_into().expect("the match below counted the sizes");
            let tensor = tensor::<D>(values.to_vec(), shape, device);
            if tracked { tensor.require_grad() } else { tensor }
        }
        let differentiates = device.is_autodiff();
        let leaves = weights.parameters.iter().map(|p| {
            let (values, shape, tracked) = (&p.values[..], &p.shape[..], p.trained && differentiates);
            match shape.len() {
                1 => Leaf::Vector(leaf(values, shape, tracked, device)),
                2 => Leaf::Matrix(leaf(values, shape, tracked, device)),
                _ => Leaf::Taps(leaf(values, shape, tracked, device)),
            }
        });
        Leaves { leaves: leaves.collect() }
    }

    fn vector(&self, idx: usize) -> Tensor<1> {
        match &self.leaves[idx] {
            Leaf::Vector(tensor) => tensor.clone(),
            _ => unreachable!("weights follow the architecture"),
        }
    }

    fn matrix(&self, idx: usize) -> Tensor<2> {
        match &self.leaves[idx] {
            Leaf::Matrix(tensor) => tensor.clone(),
            _ => unreachable!("weights follow the architecture"),
        }
    }

    fn taps(&self, idx: usize) -> Tensor<4> {
        match &self.leaves[idx] {
            Leaf::Taps(tensor) => tensor.clone(),
            _ => unreachable!("weights follow the architecture"),
        }
    }

    /// The gradients of all tensors in the order of the weights; `None` where no gradient arrived.
    pub(crate) fn gradients(&self, gradients: &Gradients) -> Vec<Option<Vec<f32>>> {
        let leaves = self.leaves.iter().map(|leaf| match leaf {
            Leaf::Vector(t) => t.grad(gradients).map(numbers),
            Leaf::Matrix(t) => t.grad(gradients).map(numbers),
            Leaf::Taps(t) => t.grad(gradients).map(numbers),
        });
        leaves.collect()
    }
}

/// What comes out for a batch, and the statistics of its normalised blocks in order.
///
/// # Shapes
/// `inputs` `[N, H, W, C]` -> `[N, E]`
pub(crate) fn forward(
    architecture: &Architecture,
    leaves: &Leaves,
    inputs: Vec<f32>,
    mode: &Mode<'_>,
    device: &Device,
) -> (Tensor<2>, Vec<BatchStatistics>) {
    let (PictureShape { side, n_channels }, n) = (architecture.picture, inputs.len() / architecture.n_inputs());
    let mut x = tensor(inputs, [n, side, side, n_channels], device).permute([0, 3, 1, 2]);
    let mut all_statistics = Vec::new();
    for (i, (block, at)) in architecture.blocks.iter().zip(block_offsets(architecture)).enumerate() {
        let norm = match mode {
            _ if !block.norm => Norm::None,
            Mode::Training(_) => Norm::Batch { scale: leaves.vector(at + 2), shift: leaves.vector(at + 3) },
            Mode::Inference => Norm::Running {
                scale: leaves.vector(at + 2),
                shift: leaves.vector(at + 3),
                mean: leaves.vector(at + 4),
                variance: leaves.vector(at + 5),
            },
        };
        let (out, statistics) = composed::block(block, x, leaves.taps(at), leaves.vector(at + 1), norm);
        x = out;
        all_statistics.extend(statistics);
        if let Some(dropout) = mode.dropped().and_then(|dropped| dropped.blocks[i]) {
            // Places are counted channels last, so that both kinds of operations drop the same outputs.
            let (side, factors) = (block.side_out(), dropout.factors(n * block.n_values_out()));
            x = x * tensor(factors, [n, side, side, block.n_out], device).permute([0, 3, 1, 2]);
        }
    }
    let mut x: Tensor<2> = x.flatten(1, 3);
    for (i, dense) in architecture.dense.iter().enumerate() {
        let at = dense_offset(architecture) + 2 * i;
        x = x.matmul(leaves.matrix(at).transpose()) + leaves.vector(at + 1).reshape([1, dense.n_out]);
        if dense.relu {
            x = relu(x);
        }
        if let Some(dropout) = mode.dropped().and_then(|dropped| dropped.dense[i]) {
            x = x * tensor(dropout.factors(n * dense.n_out), [n, dense.n_out], device);
        }
    }
    (x, all_statistics)
}

impl Mode<'_> {
    fn dropped(&self) -> Option<&Dropped> {
        match self {
            Mode::Training(dropped) => Some(dropped),
            Mode::Inference => None,
        }
    }
}
