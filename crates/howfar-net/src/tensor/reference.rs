//! Layers composed of the tensors' own operations: slow, plain, and what the kernels are compared with. On GPUs Burn's
//! layers take their place.
//!
//! In and out: activations channels first, `[N, C, H, W]`, weights as in PyTorch.

use super::{Tensor, pad_zeros, step, tensor};

/// A convolution with a window of any sides.
pub(crate) fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> Tensor<4> {
    let ([n, c, h, w], [n_out, _, k_h, k_w]) = (x.dims(), weight.dims());
    let out = |size: usize, k: usize, axis: usize| (size + 2 * padding[axis] - k) / stride[axis] + 1;
    let (out_h, out_w) = (out(h, k_h, 0), out(w, k_w, 1));
    // Room for whole strides behind the last pixel that is read.
    let ring = |axis: usize| (padding[axis], padding[axis] + stride[axis] - 1);
    let x = pad_zeros(x, [(0, 0), (0, 0), ring(0), ring(1)]);
    let tap = |i: usize, j: usize| {
        let all = x.clone().slice([0..n, 0..c, i..i + out_h * stride[0], j..j + out_w * stride[1]]);
        let strided = all.reshape([n * c, out_h, stride[0], out_w, stride[1]]);
        strided.slice([0..n * c, 0..out_h, 0..1, 0..out_w, 0..1]).reshape([n, 1, c, out_h * out_w])
    };
    let taps = (0..k_h).flat_map(|i| (0..k_w).map(move |j| (i, j))).map(|(i, j)| tap(i, j)).collect();
    let patches = Tensor::cat(taps, 1).permute([0, 3, 2, 1]).reshape([n * out_h * out_w, c * k_h * k_w]);
    let weight = weight.reshape([n_out, c * k_h * k_w]);
    let y = match bias {
        // As the weight of a number that is always 1: rounded once, with the rest of the sum.
        Some(bias) => {
            let ones = tensor(vec![1.0; n * out_h * out_w], [n * out_h * out_w, 1], &patches.device());
            let weight = Tensor::cat(vec![weight, bias.reshape([n_out, 1])], 1);
            Tensor::cat(vec![patches, ones], 1).matmul(weight.transpose())
        }
        None => patches.matmul(weight.transpose()),
    };
    y.reshape([n, out_h, out_w, n_out]).permute([0, 3, 1, 2])
}

/// A transposed convolution: zeros between the pixels, and the weights turned round.
pub(crate) fn conv_transpose2d(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let ([n, c, h, w], k) = (x.dims(), weight.dims()[2]);
    let spread =
        pad_zeros(x.reshape([n, c, h, 1, w, 1]), [(0, 0), (0, 0), (0, 0), (0, stride - 1), (0, 0), (0, stride - 1)]);
    let (h, w) = ((h - 1) * stride + 1, (w - 1) * stride + 1);
    let spread = spread.reshape([n, c, h + stride - 1, w + stride - 1]).slice([0..n, 0..c, 0..h, 0..w]);
    conv2d(spread, weight.swap_dims(0, 1).flip([2, 3]), None, [1, 1], [k - 1 - padding; 2])
}

/// The largest of 2×2 pixels; a last odd row or column is left out.
pub(crate) fn max_pool2d(x: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = x.dims();
    let (h, w) = (h / 2, w / 2);
    let x = x.slice([0..n, 0..c, 0..2 * h, 0..2 * w]).reshape([n * c, h, 2, w, 2]);
    let one = |i: usize, j: usize| x.clone().slice([0..n * c, 0..h, i..i + 1, 0..w, j..j + 1]);
    let larger = |a: Tensor<5>, b: Tensor<5>| {
        let of_b = step(b.clone() - a.clone(), 0.0, [0.0, 1.0]);
        a * (of_b.clone() * -1.0 + 1.0) + b * of_b
    };
    larger(larger(one(0, 0), one(0, 1)), larger(one(1, 0), one(1, 1))).reshape([n, c, h, w])
}
