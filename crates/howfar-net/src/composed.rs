//! The networks composed of the tensors' own operations, channels first: the reference implementation of the fused
//! operations, and what GPUs run.

use crate::architecture::Block;
use crate::tensor::{Tensor, conv2d, max_pool2d, numbers, relu};

/// Stabilises the division by the deviation, as in PyTorch.
pub const EPSILON: f32 = 1e-5;

/// Means and variances (divided by N) of a normalised block's convolution over a batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BatchStatistics {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
    /// Numbers that each of them was taken over.
    pub count: usize,
}

/// How a block normalises.
#[cfg_attr(feature = "burn", expect(clippy::large_enum_variant, reason = "one at a time, for the length of a call"))]
pub(crate) enum Norm {
    /// Not at all.
    None,
    /// By the batch's own statistics.
    Batch { scale: Tensor<1>, shift: Tensor<1> },
    /// By statistics that stand.
    Running { scale: Tensor<1>, shift: Tensor<1>, mean: Tensor<1>, variance: Tensor<1> },
}

/// Convolution, normalisation, ReLU, pooling.
///
/// # Shapes
/// `x` `[N, C, H, W]`, `weight` `[C', C, 3, 3]`, `bias` `[C']` -> `[N, C', H', W']`
pub(crate) fn block(
    block: &Block,
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    norm: Norm,
) -> (Tensor<4>, Option<BatchStatistics>) {
    let border = block.padding.border();
    let y = conv2d(x, weight, Some(bias), [1, 1], [border, border]);
    let channels = |t: Tensor<1>| t.reshape([1, block.n_out, 1, 1]);
    let (y, statistics) = match norm {
        Norm::None => (y, None),
        Norm::Running { scale, shift, mean, variance } => {
            let factor = scale / (variance + EPSILON).sqrt();
            (y * channels(factor.clone()) + channels(shift - mean * factor), None)
        }
        Norm::Batch { scale, shift } => {
            let [n, c, h, w] = y.dims();
            let mean_of = |t: Tensor<4>| t.mean_dim(0).mean_dim(2).mean_dim(3);
            let mean = mean_of(y.clone());
            let centred = y - mean.clone();
            let variance = mean_of(centred.clone() * centred.clone());
            let statistics = BatchStatistics {
                mean: numbers(mean.detach().reshape([c])),
                variance: numbers(variance.clone().detach().reshape([c])),
                count: n * h * w,
            };
            let normal = centred / (variance + EPSILON).sqrt();
            (normal * channels(scale) + channels(shift), Some(statistics))
        }
    };
    let y = relu(y);
    let y = if block.pool { max_pool2d(y) } else { y };
    (y, statistics)
}
