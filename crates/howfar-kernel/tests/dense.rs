//! Dense layers and Adam against loops that say what they compute, in every instruction set that this machine has.

mod difference;
#[cfg(target_os = "linux")]
mod fence;
mod numbers;

use difference::difference;
use howfar_kernel::{AdamStep, Dense, DenseRoom, InstructionSet, PackedDense};
use numbers::numbers;
use proptest::prelude::*;

/// A dense layer as plain loops over 64-bit numbers: out, and gradients of input, weight, bias.
fn dense_reference(dense: Dense, x: &[f32], weight: &[f32], bias: &[f32], gradient: &[f32]) -> [Vec<f64>; 4] {
    let (n_in, n_out, n) = (dense.n_in(), dense.n_out, gradient.len() / dense.n_out);
    let mut out: Vec<f64> = (0..n * n_out).map(|i| f64::from(bias[i % n_out])).collect();
    let (mut input, mut of_weight, mut of_bias) = (vec![0.0; x.len()], vec![0.0; weight.len()], vec![0.0; n_out]);
    for (row, o) in (0..n).flat_map(|row| (0..n_out).map(move |o| (row, o))) {
        let slope = f64::from(gradient[row * n_out + o]);
        of_bias[o] += slope;
        for k in 0..n_in {
            let at = row * n_in + k % dense.n_pixels * dense.n_channels + k / dense.n_pixels;
            out[row * n_out + o] += f64::from(weight[o * n_in + k]) * f64::from(x[at]);
            input[at] += slope * f64::from(weight[o * n_in + k]);
            of_weight[o * n_in + k] += slope * f64::from(x[at]);
        }
    }
    [out, input, of_weight, of_bias]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn dense_layers_are_what_the_loops_are(
        (n_pixels, n_channels, n_out) in (1usize..9, 1usize..=300, 1usize..120),
        n in 1usize..=65,
        seed in 0u32..1000,
    ) {
        let dense = Dense { n_pixels, n_channels, n_out };
        let (x, weight) = (numbers(n * dense.n_in(), seed), numbers(n_out * dense.n_in(), seed + 1));
        let (bias, gradient) = (numbers(n_out, seed + 2), numbers(n * n_out, seed + 3));
        let reference = dense_reference(dense, &x, &weight, &bias, &gradient);
        for set in InstructionSet::available() {
            let room = &mut DenseRoom::default();
            let (mut out, mut input) = (vec![7.0; n * n_out], vec![7.0; x.len()]);
            let (mut of_weight, mut of_bias) = (vec![7.0; weight.len()], vec![7.0; n_out]);
            dense.forward(set, &x, &weight, &bias, &mut out, room);
            dense.backward(set, &x, &weight, &gradient, &mut input, [&mut of_weight, &mut of_bias], room);
            for (i, (ours, reference)) in [&out, &input, &of_weight, &of_bias].into_iter().zip(&reference).enumerate() {
                prop_assert!(difference(ours, reference) < 1e-5, "{} {i}: {}", set.name(), difference(ours, reference));
            }
            // A row does not depend on its neighbours.
            let mut alone = vec![0.0; n_out];
            dense.forward(set, &x[..dense.n_in()], &weight, &bias, &mut alone, room);
            prop_assert_eq!(&alone, &out[..n_out]);
            // Prepared for inference it gives the same bits.
            let mut ready = vec![7.0; n * n_out];
            PackedDense::new(dense, set, &weight, &bias).infer(&x, &mut ready);
            prop_assert_eq!(&ready, &out);
        }
    }

    #[test]
    fn a_step_of_adam_is_what_the_formula_says(n in 1usize..200, seed in 0u32..1000) {
        let gradient = numbers(n, seed);
        let squares = numbers(n, seed + 3).iter().map(|v| v.abs()).collect();
        let start = [numbers(n, seed + 1), numbers(n, seed + 2), squares];
        let step = AdamStep { keep: 0.99, rate: 0.3, root_of_correction: 0.6, shares: [0.1, 0.001], epsilon: 1e-8 };
        for set in InstructionSet::available() {
            let [mut values, mut first, mut second] = start.clone();
            step.apply(set, &mut values, &gradient, &mut first, &mut second);
            for i in 0..n {
                let [w, m, v, g] = [start[0][i], start[1][i], start[2][i], gradient[i]].map(f64::from);
                let (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g);
                let w = 0.99 * w - 0.3 * m / (v.sqrt() / 0.6 + 1e-8);
                for (ours, reference) in [(values[i], w), (first[i], m), (second[i], v)] {
                    prop_assert!((f64::from(ours) - reference).abs() < 2e-6 * reference.abs().max(1.0), "{ours} \
                        {reference}");
                }
            }
        }
    }
}
