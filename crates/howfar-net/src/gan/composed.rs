//! Convolutions, instance norm and the up/down filter composed of the tensors' own operations: what runs on GPUs, and
//! the reference of `convolution.rs`, `norm.rs` and `filter.rs`.
//!
//! In and out: activations channels last, `[N, H, W, C]`, as `operations.rs` says of each.

use crate::gan::resampling::{INSTANCE_EPSILON, Resampling};
use crate::tensor::{Tensor, conv_transpose2d, conv2d, pad_zeros, tensor};

/// As [`crate::gan::operations::resample`].
pub(crate) fn resample(x: Tensor<4>, taps: &[f32], resampling: Resampling) -> Tensor<4> {
    let Resampling { up, down, padding: (before, after), gain } = resampling;
    let [n, h, w, c] = x.dims();
    let mut y = channels_first(x).reshape([n * c, 1, h, w]);
    if up > 1 {
        let after = (0, up - 1);
        let spread = pad_zeros(y.reshape([n * c, 1, h, 1, w, 1]), [(0, 0), (0, 0), (0, 0), after, (0, 0), after]);
        y = spread.reshape([n * c, 1, h * up, w * up]);
    }
    let out = |v: isize| v.max(0).unsigned_abs();
    let ring = (out(before), out(after));
    if ring != (0, 0) {
        y = pad_zeros(y, [(0, 0), (0, 0), ring, ring]);
    }
    let [_, _, h, w] = y.dims();
    let (cut, end) = (out(-before), out(-after));
    if (cut, end) != (0, 0) {
        y = y.slice([0..n * c, 0..1, cut..h - end, cut..w - end]);
    }
    // A convolution turns the filter round; the gain of the plane is shared by both directions.
    let sum: f32 = taps.iter().sum();
    let filter: Vec<f32> = taps.iter().rev().map(|tap| tap / sum * gain.sqrt()).collect();
    let k = filter.len();
    let filter = tensor(filter, [1, 1, k, 1], &y.device());
    let y = conv2d(y, filter.clone(), None, [down, 1], [0, 0]);
    let y = conv2d(y, filter.reshape([1, 1, 1, k]), None, [1, down], [0, 0]);
    let [_, _, h, w] = y.dims();
    channels_last(y.reshape([n, c, h, w]))
}

/// `[N, H, W, C]` -> `[N, C, H, W]`
fn channels_first(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 3, 1, 2])
}

/// `[N, C, H, W]` -> `[N, H, W, C]`
fn channels_last(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 2, 3, 1])
}

/// As [`crate::gan::operations::convolve`], without bias.
pub(crate) fn convolve(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    channels_last(conv2d(channels_first(x), weight, None, [stride; 2], [padding; 2]))
}

/// As [`crate::gan::operations::convolve_transposed`], without bias.
pub(crate) fn convolve_transposed(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    channels_last(conv_transpose2d(channels_first(x), weight, stride, padding))
}

/// As [`crate::gan::operations::instance_norm`].
pub(crate) fn instance_norm(x: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>) -> Tensor<4> {
    let [_, _, _, c] = x.dims();
    let centred = x.clone() - x.mean_dim(1).mean_dim(2);
    let variance = (centred.clone() * centred.clone()).mean_dim(1).mean_dim(2);
    let factor = scale.reshape([1, 1, 1, c]) / (variance + INSTANCE_EPSILON).sqrt();
    centred * factor + shift.reshape([1, 1, 1, c])
}
