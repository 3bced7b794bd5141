//! The layers of StyleGAN2 with equalised learning rate, and how each changes along a direction.
//!
//! In: tensors of a network, activations channels last with or without a tangent. Out: activations. Knows no network's
//! order of layers.

use crate::gan::dual::Dual;
use crate::gan::operations::{convolve, convolve_transposed, resample};
use crate::gan::parameters::Leaves;
use crate::gan::resampling::Resampling;
use crate::tensor::{Tensor, on_cpu};

/// The binomial low-pass filter of all changes of size.
pub const TAPS: [f32; 4] = [1.0, 3.0, 3.0, 1.0];
/// Slope of leaky ReLU below 0.
pub const SLOPE: f32 = 0.2;
/// Keeps divisions finite.
pub const EPSILON: f32 = 1e-8;

/// A dense layer; `rate` scales its weights and bias, which learn slower or faster by that.
///
/// # Shapes
/// `x` `[N, C]` -> `[N, C']`
pub(crate) fn dense(leaves: &Leaves, name: &str, x: Dual<2>, rate: f32) -> Dual<2> {
    let weight: Tensor<2> = leaves.get(&format!("{name}.weight"));
    let [n_out, n_in] = weight.dims();
    let weight = weight * (rate / (n_in as f32).sqrt());
    let bias = leaves.get::<1>(&format!("{name}.bias")).reshape([1, n_out]) * rate;
    x.linear(|x| product(x, weight.clone())).plus_constant(bias)
}

/// Each row of `x` times each row of `weight`. On a CPU it is a convolution of one pixel, whose kernel is the fast one.
///
/// # Shapes
/// `x` `[N, C]`, `weight` `[C', C]` -> `[N, C']`
pub(crate) fn product(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    let ([n, n_in], [n_out, _]) = (x.dims(), weight.dims());
    if !on_cpu(&x) {
        return x.matmul(weight.transpose());
    }
    let (pixels, window) = (x.reshape([n, 1, 1, n_in]), weight.reshape([n_out, n_in, 1, 1]));
    convolve(pixels, window, None, 1, 0).reshape([n, n_out])
}

/// The weight of a convolution, scaled by 1/√fan-in.
pub(crate) fn scaled_weight(leaves: &Leaves, name: &str) -> Tensor<4> {
    let weight: Tensor<4> = leaves.get(&format!("{name}.weight"));
    let [_, n_in, k, _] = weight.dims();
    weight * (1.0 / ((n_in * k * k) as f32).sqrt())
}

/// Bias, leaky ReLU times √2 · `gain`, the bound.
pub(crate) fn biased_relu(leaves: &Leaves, name: &str, x: Dual<4>, gain: f32, clamp: Option<f32>) -> Dual<4> {
    let bias: Tensor<1> = leaves.get(&format!("{name}.bias"));
    let n = bias.dims()[0];
    let x = x.plus_constant(bias.reshape([1, 1, 1, n]));
    x.leaky_relu(SLOPE, std::f32::consts::SQRT_2 * gain).clamp(clamp.map(|bound| bound * gain))
}

/// The convolution of a discriminator's block that halves the side: filtered first.
pub(crate) fn convolve_down(x: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
    let k = weight.dims()[2];
    let border = (TAPS.len() as isize - 1) / 2;
    if k == 1 {
        // The filter keeps every second pixel; a convolution of one tap may come after.
        let halved = resample(x, &TAPS, Resampling { up: 1, down: 2, padding: (border, border), gain: 1.0 });
        return convolve(halved, weight, None, 1, 0);
    }
    let padding = (k / 2) as isize + border;
    let filtered = resample(x, &TAPS, Resampling { up: 1, down: 1, padding: (padding, padding), gain: 1.0 });
    convolve(filtered, weight, None, 2, 0)
}

/// A 3×3 convolution that doubles the side: transposed, filtered after.
///
/// # Shapes
/// `x` `[N, H, W, C]`, `weight` `[C', C, 3, 3]` -> `[N, 2 H, 2 W, C']`
pub(crate) fn convolve_up(x: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
    // The public code convolves here and correlates elsewhere: a transposed correlation is a convolution.
    let x = convolve_transposed(x, weight.swap_dims(0, 1), None, 2, 0);
    resample(x, &TAPS, Resampling { up: 1, down: 1, padding: (1, 1), gain: 4.0 })
}

/// A picture at twice its side.
pub(crate) fn doubled(picture: Tensor<4>) -> Tensor<4> {
    resample(picture, &TAPS, Resampling { up: 2, down: 1, padding: (2, 1), gain: 4.0 })
}
