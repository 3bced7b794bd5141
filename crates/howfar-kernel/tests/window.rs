//! Convolutions with any window against loops that say what they compute, in every instruction set that this machine
//! has.

mod difference;
#[cfg(target_os = "linux")]
mod fence;
mod numbers;

use difference::difference;
use howfar_kernel::{InstructionSet, Window, WindowRoom};
use numbers::numbers;
use proptest::prelude::*;

/// Calls `f` with the places in output, weights and input of every product of a convolution.
fn each_product(w: Window, n: usize, mut f: impl FnMut(usize, usize, usize)) {
    let [rows, columns, n_out] = w.shape_out();
    for pixel in 0..n * rows * columns {
        let (picture, y, x) = (pixel / columns / rows, pixel / columns % rows, pixel % columns);
        for tap in 0..w.side * w.side {
            let (from_y, from_x) = (y * w.stride + tap / w.side, x * w.stride + tap % w.side);
            let (Some(from_y), Some(from_x)) = (from_y.checked_sub(w.padding), from_x.checked_sub(w.padding)) else {
                continue;
            };
            if from_y >= w.height || from_x >= w.width {
                continue;
            }
            let from = ((picture * w.height + from_y) * w.width + from_x) * w.n_in;
            for (o, i) in (0..n_out).flat_map(|o| (0..w.n_in).map(move |i| (o, i))) {
                f(pixel * n_out + o, (o * w.n_in + i) * w.side * w.side + tap, from + i);
            }
        }
    }
}

fn check(w: Window, n: usize, seed: u32) -> Result<(), TestCaseError> {
    let n_out = n * w.shape_out().iter().product::<usize>();
    let x = numbers(n * w.height * w.width * w.n_in, seed);
    let weight = numbers(w.n_out * w.n_in * w.side * w.side, seed + 1);
    let gradient = numbers(n_out, seed + 2);
    let mut reference = [vec![0.0; n_out], vec![0.0; x.len()], vec![0.0; weight.len()]];
    each_product(w, n, |o, k, i| {
        reference[0][o] += f64::from(weight[k]) * f64::from(x[i]);
        reference[1][i] += f64::from(weight[k]) * f64::from(gradient[o]);
        reference[2][k] += f64::from(gradient[o]) * f64::from(x[i]);
    });
    // Winograd's transforms round more than sums do; `blocks.rs` allows its gradients as much.
    let by_winograd = (w.side, w.stride, w.padding) == (3, 1, 1) && w.n_in.min(w.n_out) >= 16;
    let tolerance = if by_winograd { 1e-4 } else { 1e-5 };
    for set in InstructionSet::available() {
        let run = || {
            let room = &mut WindowRoom::default();
            let mut ours = [vec![7.0; n_out], vec![7.0; x.len()], vec![7.0; weight.len()]];
            w.forward(set, &x, &weight, &mut ours[0], room);
            w.input_gradient(set, &gradient, &weight, &mut ours[1], room);
            w.weight_gradient(set, &x, &gradient, &mut ours[2], room);
            ours
        };
        let ours = run();
        for (i, (ours, reference)) in ours.iter().zip(&reference).enumerate() {
            prop_assert!(
                difference(ours, reference) < tolerance,
                "{} {i} {w:?}: {}",
                set.name(),
                difference(ours, reference)
            );
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
        prop_assert_eq!(pool.install(run), ours, "the same bits on three threads");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn small_pictures_with_any_window_stride_and_padding(
        (height, width, side) in (1usize..12, 1usize..12, 1usize..8),
        (stride, padding) in (1usize..4, 0usize..4),
        (n_in, n_out, n) in (1usize..20, 1usize..20, 1usize..5),
        seed in 0u32..1000,
    ) {
        let side = side.min(height + 2 * padding).min(width + 2 * padding);
        check(Window { height, width, n_in, n_out, side, stride, padding }, n, seed)?;
    }

    #[test]
    fn many_channels_or_pictures(
        (n_in, n_out, n) in prop_oneof![
            (1usize..=300, 1usize..=40, 1usize..3),
            (1usize..=40, 1usize..=300, 1usize..3),
            (1usize..8, 1usize..8, 1usize..=65),
        ],
        (side, stride, padding) in
            prop_oneof![Just((4usize, 2usize, 1usize)), Just((3, 2, 0)), Just((3, 1, 1)), Just((1, 1, 0))],
        seed in 0u32..1000,
    ) {
        check(Window { height: 5, width: 4, n_in, n_out, side, stride, padding }, n, seed)?;
    }
}

#[test]
fn the_windows_of_the_generators() {
    for (side, stride, padding, edge) in [(7, 1, 3, 20), (4, 2, 1, 32), (3, 1, 1, 17), (3, 2, 0, 17)] {
        let w = Window { height: edge, width: edge, n_in: 9, n_out: 33, side, stride, padding };
        check(w, 2, 5).expect("as the loops");
    }
}

#[test]
fn wide_layers_of_very_small_pictures() {
    for (side, stride, padding, edge) in [(4, 2, 1, 4), (4, 2, 1, 8), (3, 1, 1, 4), (3, 2, 0, 9)] {
        let w = Window { height: edge, width: edge, n_in: 340, n_out: 350, side, stride, padding };
        check(w, 2, 5).expect("as the loops");
    }
}
