//! Convolutions of very small pictures with many weights as dense layers of gathered patches.
//!
//! A patch holds what a pixel sees, taps by channels; weights are read as PyTorch keeps them, each once.

use rayon::prelude::*;

use super::shape::{Window, WindowRoom};
use crate::scratch::sized;
use crate::{Dense, InstructionSet};

fn dense(window: &Window) -> Dense {
    Dense { n_pixels: window.side * window.side, n_channels: window.n_in, n_out: window.n_out }
}

/// Calls `f` with where each row of a picture's patches begins among them, where in the picture, and how many numbers
/// it has there.
fn each_run(window: &Window, mut f: impl FnMut(usize, usize, usize)) {
    let [rows, columns, _] = window.shape_out();
    let Window { height, width, n_in, side, stride, padding, .. } = *window;
    for pixel in 0..rows * columns {
        let left = (pixel % columns * stride) as isize - padding as isize;
        let (begin, end) = (left.clamp(0, width as isize), (left + side as isize).clamp(0, width as isize));
        for tap_row in 0..side {
            let y = (pixel / columns * stride + tap_row) as isize - padding as isize;
            if begin < end && (0..height as isize).contains(&y) {
                let to = ((pixel * side + tap_row) * side + (begin - left) as usize) * n_in;
                f(to, (y as usize * width + begin as usize) * n_in, (end - begin) as usize * n_in);
            }
        }
    }
}

/// The patches of all pictures, `[N, pixels, taps, C]`.
fn gather<'a>(window: &Window, x: &[f32], to: &'a mut Vec<f32>) -> &'a mut [f32] {
    let (n_x, per_picture) = sizes(window);
    let to = sized(to, x.len() / n_x * per_picture);
    to.par_chunks_mut(per_picture).zip(x.par_chunks(n_x)).for_each(|(to, x)| {
        to.fill(0.0);
        each_run(window, |at, from, n| to[at..at + n].copy_from_slice(&x[from..from + n]));
    });
    to
}

/// Numbers of a picture and of its patches.
fn sizes(window: &Window) -> (usize, usize) {
    let [rows, columns, _] = window.shape_out();
    (window.shape_in().iter().product(), rows * columns * dense(window).n_in())
}

/// As [`Window::forward`]; `both` are `x` and the weights.
pub(crate) fn forward(set: InstructionSet, window: &Window, both: [&[f32]; 2], out: &mut [f32], room: &mut WindowRoom) {
    let [x, weight] = both;
    let patches = gather(window, x, &mut room.inputs);
    let no_bias = vec![0.0; window.n_out];
    dense(window).forward(set, patches, weight, &no_bias, out, &mut room.dense);
}

/// As [`Window::input_gradient`]; `both` are the gradient and the weights.
pub(crate) fn input_gradient(
    set: InstructionSet,
    window: &Window,
    both: [&[f32]; 2],
    input: &mut [f32],
    room: &mut WindowRoom,
) {
    let ([gradient, weight], (n_x, per_picture)) = (both, sizes(window));
    let patches = sized(&mut room.inputs, input.len() / n_x * per_picture);
    dense(window).input_gradient(set, weight, gradient, patches);
    input.par_chunks_mut(n_x).zip(patches.par_chunks(per_picture)).for_each(|(input, patches)| {
        input.fill(0.0);
        each_run(window, |from, at, n| {
            input[at..at + n].iter_mut().zip(&patches[from..from + n]).for_each(|(to, from)| *to += from);
        });
    });
}

/// As [`Window::weight_gradient`]; `both` are `x` and the gradient.
pub(crate) fn weight_gradient(
    set: InstructionSet,
    window: &Window,
    both: [&[f32]; 2],
    weight: &mut [f32],
    room: &mut WindowRoom,
) {
    let [x, gradient] = both;
    let patches = gather(window, x, &mut room.inputs);
    dense(window).weight_gradient(set, patches, gradient, weight, &mut room.dense);
}
