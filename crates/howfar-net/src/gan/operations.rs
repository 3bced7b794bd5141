//! What the two GANs are composed of: convolutions, instance normalisation, the up/down filter, leaky ReLU.
//!
//! In: activations channels last, `[N, H, W, C]`, and weights as PyTorch keeps them. Out: activations channels last.
//! All of it is differentiable on a device that differentiates. Convolutions, the norm and the filter are those of
//! `convolution.rs`, `norm.rs` and `filter.rs` on a CPU and those of `composed.rs` elsewhere; the rest is composed of
//! the tensors' operations. Knows no network.

use crate::gan::resampling::Resampling;
use crate::gan::{composed, convolution, filter, norm};
use crate::tensor::{Tensor, on_cpu, relu};

/// A convolution (a correlation, as everywhere in the field).
///
/// # Shapes
/// `x` `[N, H, W, C]`, `weight` `[C', C, K, K]`, `bias` `[C']` -> `[N, H', W', C']` with H' = (H + 2 padding − K) /
/// stride + 1
pub fn convolve(x: Tensor<4>, weight: Tensor<4>, bias: Option<Tensor<1>>, stride: usize, padding: usize) -> Tensor<4> {
    let convolve = if on_cpu(&x) { convolution::convolve } else { composed::convolve };
    biased(convolve(x, weight, stride, padding), bias)
}

/// A transposed convolution: the gradient of a convolution with respect to its input.
///
/// # Shapes
/// `x` `[N, H, W, C]`, `weight` `[C, C', K, K]`, `bias` `[C']` -> `[N, H', W', C']` with H' = (H − 1) stride − 2
/// padding + K
pub fn convolve_transposed(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<4> {
    let convolve = if on_cpu(&x) { convolution::convolve_transposed } else { composed::convolve_transposed };
    biased(convolve(x, weight, stride, padding), bias)
}

fn biased(x: Tensor<4>, bias: Option<Tensor<1>>) -> Tensor<4> {
    let n = x.dims()[3];
    match bias {
        Some(bias) => x + bias.reshape([1, 1, 1, n]),
        None => x,
    }
}

/// Each channel of each picture to mean 0 and variance 1 (divided by N), then scaled and shifted: always by the
/// picture's own statistics, in training and after.
///
/// # Shapes
/// `x` `[N, H, W, C]`, `scale`, `shift` `[C]` -> `[N, H, W, C]`
pub fn instance_norm(x: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>) -> Tensor<4> {
    if on_cpu(&x) { norm::instance_norm(x, scale, shift, false) } else { composed::instance_norm(x, scale, shift) }
}

/// [`instance_norm`] and ReLU.
pub fn normed_relu(x: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>) -> Tensor<4> {
    if on_cpu(&x) {
        return norm::instance_norm(x, scale, shift, true);
    }
    relu(composed::instance_norm(x, scale, shift))
}

/// Upsampling, filtering and downsampling as StyleGAN2 defines it ("upfirdn", Karras et al. 2020): zeros between the
/// pixels, padding, a convolution with the separable filter `taps` ⊗ `taps` whose sum is brought to 1, every `down`-th
/// pixel.
///
/// # Shapes
/// `x` `[N, H, W, C]` -> `[N, H', W', C]` with H' = (H up + padding − taps) / down + 1
pub fn resample(x: Tensor<4>, taps: &[f32], resampling: Resampling) -> Tensor<4> {
    let resample = if on_cpu(&x) { filter::resample } else { composed::resample };
    resample(x, taps, resampling)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{cpu, numbers};

    /// What comes out, and the gradients of its product with fixed numbers.
    fn with_gradients(
        map: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<4>,
        x: [usize; 4],
        weight: [usize; 4],
    ) -> [Vec<f32>; 3] {
        let device = cpu().autodiff();
        let leaf = |shape: [usize; 4], k: usize| {
            let values = (0..shape.iter().product::<usize>()).map(|i| ((i * k % 31) as f32 - 15.0) / 9.0).collect();
            crate::tensor::tensor(values, shape, &device)
        };
        let (x, weight) = (leaf(x, 7).require_grad(), leaf(weight, 11).require_grad());
        let y = map(x.clone(), weight.clone());
        let gradients = (y.clone() * leaf(y.dims(), 13)).sum().backward();
        let slope = |t: &Tensor<4>| t.grad(&gradients).map(numbers).unwrap_or_default();
        [numbers(y), slope(&x), slope(&weight)]
    }

    fn assert_close(what: &str, found: &[Vec<f32>; 3], expected: &[Vec<f32>; 3]) {
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.len(), expected.len(), "{what}");
            let top = expected.iter().fold(0.0f32, |m, v| m.max(v.abs()));
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-5 * top), "{what}");
        }
    }

    #[test]
    fn convolutions_and_their_gradients_are_those_of_the_composed_ones() {
        for (k, stride, padding, side) in
            [(7, 1, 3, 8), (4, 2, 1, 8), (3, 1, 1, 5), (1, 1, 0, 4), (3, 2, 0, 9), (3, 1, 1, 1)]
        {
            let (x, weight) = ([2, side, side, 3], [5, 3, k, k]);
            let found = with_gradients(|x, w| convolve(x, w, None, stride, padding), x, weight);
            let expected = with_gradients(|x, w| composed::convolve(x, w, stride, padding), x, weight);
            assert_close(&format!("{k} {stride} {padding}"), &found, &expected);
        }
        for (k, stride, padding) in [(4, 2, 1), (3, 2, 0), (3, 1, 1)] {
            let (x, weight) = ([2, 4, 4, 3], [3, 5, k, k]);
            let found = with_gradients(|x, w| convolve_transposed(x, w, None, stride, padding), x, weight);
            let expected = with_gradients(|x, w| composed::convolve_transposed(x, w, stride, padding), x, weight);
            assert_close(&format!("transposed {k} {stride} {padding}"), &found, &expected);
        }
    }

    #[test]
    fn the_filters_gradients_are_those_of_the_composed_one() {
        for (up, down, padding) in [(2, 1, (2, 1)), (1, 2, (1, 1)), (1, 1, (2, 2)), (3, 2, (-1, 4)), (1, 1, (-2, -1))] {
            let r = Resampling { up, down, padding, gain: 2.0 };
            let taps = [1.0, 3.0, 2.0, 0.5];
            let found =
                with_gradients(|x, w| resample(x, &taps, r) * w.sum().reshape([1, 1, 1, 1]), [2, 7, 7, 3], [1; 4]);
            let expected = with_gradients(
                |x, w| composed::resample(x, &taps, r) * w.sum().reshape([1, 1, 1, 1]),
                [2, 7, 7, 3],
                [1; 4],
            );
            assert_close(&format!("{r:?}"), &found, &expected);
        }
    }

    #[test]
    fn instance_norm_and_its_gradients_are_those_of_the_composed_one() {
        for bent in [false, true] {
            let of = |norm: &dyn Fn(Tensor<4>, Tensor<1>, Tensor<1>) -> Tensor<4>, x: Tensor<4>, w: Tensor<4>| {
                let rows: Tensor<2> = w.reshape([2, 5]);
                let row = |i: usize| rows.clone().slice([i..i + 1, 0..5]).reshape([5]);
                norm(x, row(0), row(1))
            };
            let (ours, reference): (fn(_, _, _) -> _, fn(Tensor<4>, _, _) -> _) = if bent {
                (normed_relu, |x, scale, shift| relu(composed::instance_norm(x, scale, shift)))
            } else {
                (instance_norm, composed::instance_norm)
            };
            let found = with_gradients(|x, w| of(&ours, x, w), [2, 6, 5, 5], [2, 5, 1, 1]);
            let expected = with_gradients(|x, w| of(&reference, x, w), [2, 6, 5, 5], [2, 5, 1, 1]);
            assert_close(&format!("ReLU {bent}"), &found, &expected);
        }
    }

    fn tensor(values: Vec<f32>, shape: [usize; 4]) -> Tensor<4> {
        crate::tensor::tensor(values, shape, &cpu())
    }

    /// The definition, pixel by pixel, for one channel.
    fn resampled_by_hand(x: &[f32], side: usize, taps: &[f32], r: Resampling) -> Vec<f32> {
        let at = |y: isize, x_: isize| {
            let (y, x_) = (y - r.padding.0, x_ - r.padding.0);
            let (up, end) = (r.up as isize, (side * r.up) as isize);
            let inside = (0..end).contains(&y) && (0..end).contains(&x_) && y % up == 0 && x_ % up == 0;
            if inside { x[(y / up) as usize * side + (x_ / up) as usize] } else { 0.0 }
        };
        let sum: f32 = taps.iter().sum();
        let k = taps.len() as isize;
        let full = (side * r.up) as isize + r.padding.0 + r.padding.1 - k + 1;
        let kept = || (0..full).step_by(r.down);
        let pixel = |y: isize, x_: isize| -> f32 {
            let weight = |i: isize| taps[(k - 1 - i) as usize] / sum;
            (0..k)
                .flat_map(|i| (0..k).map(move |j| (i, j)))
                .map(|(i, j)| weight(i) * weight(j) * at(y + i, x_ + j))
                .sum()
        };
        kept().flat_map(|y| kept().map(move |x_| (y, x_))).map(|(y, x_)| r.gain * pixel(y, x_)).collect()
    }

    #[test]
    fn the_filter_follows_its_definition_for_any_factors_and_paddings() {
        let x: Vec<f32> = (0..36).map(|i| ((i * 7 % 11) as f32 - 5.0) / 3.0).collect();
        for (taps, up, down, padding) in [
            (&[1.0, 3.0, 3.0, 1.0][..], 2, 1, (2, 1)),
            (&[1.0, 3.0, 3.0, 1.0], 1, 2, (1, 1)),
            (&[1.0, 3.0, 3.0, 1.0], 1, 1, (2, 2)),
            (&[1.0, 2.0, 5.0], 3, 2, (-1, 4)),
            (&[2.0, 1.0], 1, 1, (-2, -1)),
        ] {
            let r = Resampling { up, down, padding, gain: 4.0 };
            let expected = resampled_by_hand(&x, 6, taps, r);
            // The second channel is the first one negated: channels stay apart.
            let two = tensor(x.iter().flat_map(|v| [*v, -v]).collect(), [1, 6, 6, 2]);
            let found = numbers(resample(two, taps, r));
            assert_eq!(found.len(), 2 * expected.len(), "{r:?}");
            for (pair, expected) in found.chunks(2).zip(&expected) {
                assert!((pair[0] - expected).abs() < 1e-5 && pair[1] == -pair[0], "{r:?}: {pair:?} {expected}");
            }
        }
    }

    #[test]
    fn instance_norm_brings_each_channel_of_each_picture_to_scale_and_shift() {
        let x = tensor((0..2 * 16 * 3).map(|i| (i * i % 23) as f32).collect(), [2, 4, 4, 3]);
        let vector = |v: [f32; 3]| crate::tensor::tensor(v.to_vec(), [3], &cpu());
        let y = instance_norm(x, vector([1.0, 2.0, 0.5]), vector([0.0, -1.0, 3.0]));
        let mean = y.clone().mean_dim(1).mean_dim(2);
        let centred = y - mean.clone();
        let deviation = (centred.clone() * centred).mean_dim(1).mean_dim(2).sqrt();
        for (i, (mean, deviation)) in numbers(mean).iter().zip(numbers(deviation)).enumerate() {
            let (shift, scale) = ([0.0, -1.0, 3.0][i % 3], [1.0, 2.0, 0.5][i % 3]);
            assert!((mean - shift).abs() < 1e-4 && (deviation - scale).abs() < 1e-3, "{i}: {mean} {deviation}");
        }
    }

    #[test]
    fn a_transposed_convolution_is_the_gradient_of_the_convolution() {
        // <convolve(x), y> = <x, convolve_transposed(y)> for the same weights.
        let numbers_of = |n: usize, k: usize| (0..n).map(|i| ((i * k % 13) as f32 - 6.0) / 5.0).collect::<Vec<f32>>();
        let (x, w) = (numbers_of(8 * 8 * 2, 5), numbers_of(3 * 2 * 16, 7));
        let y = numbers_of(4 * 4 * 3, 11);
        let weight = || tensor(w.clone(), [3, 2, 4, 4]);
        let forward = numbers(convolve(tensor(x.clone(), [1, 8, 8, 2]), weight(), None, 2, 1));
        let back = numbers(convolve_transposed(tensor(y.clone(), [1, 4, 4, 3]), weight(), None, 2, 1));
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        assert_eq!((forward.len(), back.len()), (y.len(), x.len()));
        assert!((dot(&forward, &y) - dot(&x, &back)).abs() < 1e-3);
    }
}
