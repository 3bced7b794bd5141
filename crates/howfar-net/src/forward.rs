//! A batch through a network, by the composed or by the fused operations.
//!
//! In: weights as tensors, scaled pixels, dropout masks. Out: logits or places, and what the normalised blocks
//! measured.

use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::Architecture;
use crate::composed::{self, BatchStatistics, Norm, tensor};
use crate::fused;
use crate::weights::{Weights, block_offsets, dense_offset};

/// Who computes the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operations {
    /// Burn's own operations, one after the other.
    Composed,
    /// The kernels of `howfar-kernel`, a block at a time.
    Fused,
}

/// Whether a batch is learnt from.
pub(crate) enum Mode<'a> {
    /// Batch statistics, and dropout from a stream (or none).
    Training(Option<&'a mut ChaCha8Rng>),
    /// Running statistics, no dropout.
    Inference,
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
    pub(crate) fn gradients(&self, gradients: &burn::tensor::Gradients) -> Vec<Option<Vec<f32>>> {
        let leaves = self.leaves.iter().map(|leaf| match leaf {
            Leaf::Vector(t) => t.grad(gradients).map(composed::numbers),
            Leaf::Matrix(t) => t.grad(gradients).map(composed::numbers),
            Leaf::Taps(t) => t.grad(gradients).map(composed::numbers),
        });
        leaves.collect()
    }
}

/// What comes out for a batch, and the statistics of its normalised blocks in order.
///
/// # Shapes
/// `inputs` `[N, 1, H, W]` -> `[N, E]`
pub(crate) fn forward(
    architecture: &Architecture,
    leaves: &Leaves,
    operations: Operations,
    inputs: Vec<f32>,
    mut mode: Mode<'_>,
    device: &Device,
) -> (Tensor<2>, Vec<BatchStatistics>) {
    let (side, n) = (architecture.side, inputs.len() / architecture.n_inputs());
    // One channel: channels first and channels last are the same numbers.
    let mut x = match operations {
        Operations::Composed => tensor(inputs, [n, 1, side, side], device),
        Operations::Fused => tensor(inputs, [n, side, side, 1], device),
    };
    let mut all_statistics = Vec::new();
    for (block, at) in architecture.blocks.iter().zip(block_offsets(architecture)) {
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
        let (weight, bias) = (leaves.taps(at), leaves.vector(at + 1));
        let (out, statistics) = match operations {
            Operations::Composed => composed::block(block, x, weight, bias, norm),
            Operations::Fused => fused::block(block, x, weight, bias, norm),
        };
        x = out;
        all_statistics.extend(statistics);
        if let Some(mask) = mask(&mut mode, n * block.n_values_out(), block.dropout) {
            // Masks are drawn channels last, so that both kinds of operations drop the same outputs.
            let side = block.side_out();
            let mask = tensor(mask, [n, side, side, block.n_out], device);
            x = x * if operations == Operations::Composed { mask.permute([0, 3, 1, 2]) } else { mask };
        }
    }
    if operations == Operations::Fused {
        x = x.permute([0, 3, 1, 2]);
    }
    let mut x: Tensor<2> = x.flatten(1, 3);
    for (i, dense) in architecture.dense.iter().enumerate() {
        let at = dense_offset(architecture) + 2 * i;
        x = x.matmul(leaves.matrix(at).transpose()) + leaves.vector(at + 1).unsqueeze();
        if dense.relu {
            x = relu(x);
        }
        if let Some(mask) = mask(&mut mode, n * dense.n_out, dense.dropout) {
            x = x * tensor(mask, [n, dense.n_out], device);
        }
    }
    (x, all_statistics)
}

/// `n` factors: 0 with probability `share`, else 1/(1 − share). None where nothing is dropped.
fn mask(mode: &mut Mode<'_>, n: usize, share: f32) -> Option<Vec<f32>> {
    let Mode::Training(Some(rng)) = mode else { return None };
    if share == 0.0 {
        return None;
    }
    // 16 bits each: .25 and .5 are exact, .4 is right to 1e-5.
    let (limit, kept) = ((share * 65536.0).round() as u32, 1.0 / (1.0 - share));
    let mut factors = Vec::with_capacity(n + 1);
    while factors.len() < n {
        let bits = rng.next_u32();
        for bits in [bits & 0xffff, bits >> 16] {
            factors.push(if bits < limit { 0.0 } else { kept });
        }
    }
    factors.truncate(n);
    Some(factors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_mask_drops_its_share_and_keeps_the_mean() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for share in [0.25, 0.4, 0.5] {
            let mask = mask(&mut Mode::Training(Some(&mut rng)), 99_999, share).unwrap();
            let dropped = mask.iter().filter(|f| **f == 0.0).count() as f32 / 99_999.0;
            assert!((dropped - share).abs() < 0.01, "{share}: {dropped}");
            assert!((mask.iter().sum::<f32>() / 99_999.0 - 1.0).abs() < 0.02);
        }
        assert!(mask(&mut Mode::Inference, 10, 0.5).is_none());
    }
}
