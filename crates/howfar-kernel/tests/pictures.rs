//! Instance norm, the up/down filter and the ends of a styled convolution against loops that say what they compute, in
//! every instruction set that this machine has.

mod difference;
#[cfg(target_os = "linux")]
mod fence;
mod numbers;

use difference::difference;
use howfar_kernel::{InstanceNorm, InstructionSet, Resample, Styled};
use numbers::numbers;
use proptest::prelude::*;

/// Runs `ours` in every instruction set, on the caller's threads and on three, and compares with the reference.
fn compare(
    reference: &[f64],
    tolerance: f64,
    ours: impl Fn(InstructionSet) -> Vec<f32> + Sync,
) -> Result<(), TestCaseError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads can be started");
    for set in InstructionSet::available() {
        let found = ours(set);
        let off = difference(&found, reference);
        prop_assert!(off < tolerance, "{}: {off}", set.name());
        prop_assert_eq!(pool.install(|| ours(set)), found, "the same bits on three threads");
    }
    Ok(())
}

/// Outputs, then the gradients of input, scale and shift, all behind each other.
fn norm_reference(norm: InstanceNorm, x: &[f32], [scale, shift]: [&[f32]; 2], gradient: &[f32]) -> [Vec<f64>; 4] {
    let (c, count) = (norm.n_channels, norm.n_pixels as f64);
    let mut all = [vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; c], vec![0.0; c]];
    for first in (0..x.len()).step_by(norm.n_pixels * c) {
        for channel in 0..c {
            let places = || (0..norm.n_pixels).map(|p| first + p * c + channel);
            let (scale, shift) = (f64::from(scale[channel]), f64::from(shift[channel]));
            let mean = places().map(|i| f64::from(x[i])).sum::<f64>() / count;
            let variance = places().map(|i| (f64::from(x[i]) - mean).powi(2)).sum::<f64>() / count;
            let deviation = (variance + f64::from(norm.epsilon)).sqrt();
            let normal = |i: usize| (f64::from(x[i]) - mean) / deviation;
            let passes = |i: usize| !norm.relu || normal(i) * scale + shift > 0.0;
            let slope = |i: usize| if passes(i) { f64::from(gradient[i]) } else { 0.0 };
            let sum: f64 = places().map(slope).sum();
            let product: f64 = places().map(|i| slope(i) * normal(i)).sum();
            for i in places() {
                all[0][i] = if passes(i) { normal(i) * scale + shift } else { 0.0 };
                all[1][i] = scale / deviation * (slope(i) - sum / count - normal(i) * product / count);
            }
            all[2][channel] += product;
            all[3][channel] += sum;
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn instance_norm_computes_what_the_loops_do(
        (n, n_pixels, n_channels) in (1usize..4, 16usize..80, 1usize..150),
        relu in any::<bool>(),
        seed in 0u32..1000,
    ) {
        let norm = InstanceNorm { n_pixels, n_channels, epsilon: 1e-5, relu };
        let x = numbers(n * n_pixels * n_channels, seed);
        let (scale, shift) = (numbers(n_channels, seed + 1), numbers(n_channels, seed + 2));
        let mut gradient = numbers(x.len(), seed + 3);
        // Where ReLU's bend is nearer than rounding reaches, either slope is right.
        let all = norm_reference(InstanceNorm { relu: false, ..norm }, &x, [&scale, &shift], &gradient);
        gradient.iter_mut().zip(&all[0]).filter(|(_, z)| z.abs() < 1e-4).for_each(|(g, _)| *g = 0.0);
        let reference = norm_reference(norm, &x, [&scale, &shift], &gradient);
        for (i, reference) in reference.iter().enumerate() {
            compare(reference, 1e-5, |set| {
                let (mut out, mut moments, mut input) = (vec![7.0; x.len()], Vec::new(), vec![7.0; x.len()]);
                let mut rows = [vec![7.0; n_channels], vec![7.0; n_channels]];
                norm.forward(set, &x, [&scale, &shift], &mut out, &mut moments);
                let [to_scale, to_shift] = &mut rows;
                norm.backward(set, &x, [&scale, &shift], &moments, &gradient, &mut input, [to_scale, to_shift]);
                let [to_scale, to_shift] = rows;
                [out, input, to_scale, to_shift][i].clone()
            })?;
        }
    }

    #[test]
    fn the_filter_follows_its_definition(
        (height, width, channels, n) in (1usize..9, 1usize..9, 1usize..40, 1usize..3),
        (up, down, before, after, n_taps) in (1usize..4, 1usize..4, -1isize..5, 0isize..5, 1usize..6),
        seed in 0u32..1000,
    ) {
        let taps = numbers(n_taps, seed + 1);
        let side = |length: usize| {
            let full = (length * up) as isize + before + after - n_taps as isize;
            usize::try_from(full).ok().map(|full| full / down + 1)
        };
        let (Some(rows), Some(columns)) = (side(height), side(width)) else { return Ok(()) };
        let x = numbers(n * height * width * channels, seed);
        let at = |place: usize, tap: usize, length: usize| {
            let at = usize::try_from((place * down + tap) as isize - before).ok()?;
            (at % up == 0 && at / up < length).then_some(at / up)
        };
        let mut reference = vec![0.0; n * rows * columns * channels];
        for (i, to) in reference.iter_mut().enumerate() {
            let (c, pixel) = (i % channels, i / channels);
            let (column, row, picture) = (pixel % columns, pixel / columns % rows, pixel / columns / rows);
            for (ty, tx) in (0..n_taps).flat_map(|ty| (0..n_taps).map(move |tx| (ty, tx))) {
                if let (Some(y), Some(from)) = (at(row, ty, height), at(column, tx, width)) {
                    let x = x[((picture * height + y) * width + from) * channels + c];
                    *to += f64::from(taps[ty]) * f64::from(taps[tx]) * f64::from(x);
                }
            }
        }
        let (shape_in, size_out) = ([height, width, channels], [rows, columns]);
        let filter = Resample { shape_in, size_out, taps: &taps, up, down, padding: before };
        compare(&reference, 1e-5, |set| {
            let mut out = vec![7.0; reference.len()];
            filter.run(set, &x, &mut out);
            out
        })?;
    }

    #[test]
    fn the_ends_of_a_styled_convolution(
        (n, n_pixels, n_channels) in (1usize..4, 1usize..60, 1usize..40), shared in any::<bool>(), seed in 0u32..1000,
    ) {
        let (x, scale) = (numbers(n * n_pixels * n_channels, seed), numbers(n * n_channels, seed + 1));
        let n_noise = if shared { n_pixels } else { n * n_pixels };
        let (noise, bias) = (numbers(n_noise, seed + 2), numbers(n_channels, seed + 3));
        let styled = Styled { scale: &scale, noise: &noise, strength: 0.7, bias: &bias, slope: 0.2, gain: 1.5 };
        let of = |i: usize| {
            let (c, pixel) = (i % n_channels, i / n_channels);
            let scaled = f64::from(x[i]) * f64::from(scale[pixel / n_pixels * n_channels + c]);
            let z = scaled + f64::from(noise[pixel % noise.len()]) * 0.7 + f64::from(bias[c]);
            1.5 * if z > 0.0 { z } else { 0.2 * z }
        };
        let reference: Vec<f64> = (0..x.len()).map(of).collect();
        compare(&reference, 1e-5, |set| {
            let mut x = x.clone();
            styled.run(set, &mut x);
            x
        })?;
    }
}
