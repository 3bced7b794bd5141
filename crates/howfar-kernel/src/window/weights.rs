//! The gradient of the weights of a direct convolution.
//!
//! A thread takes a row of taps and some of its numbers (columns × channels in) and sums over all pixels of the batch
//! in their order, so that nothing is summed in parts. A tile of numbers × vectors of channels out stays in registers
//! over many pixels. Where channels out are few, a vector holds numbers of the row of taps instead.

use rayon::prelude::*;

use super::shape::{Window, WindowRoom};
use crate::InstructionSet;
use crate::instruction_set::{self, Kernel};
use crate::parts::Parts;
use crate::product::add_columns;
use crate::scratch::{sized, with_scratch};
use crate::vector::Vector;

/// Numbers of a row of taps that a thread takes at once.
const NUMBERS_AT_ONCE: usize = 256;
/// The same where channels out are few.
const FEW_AT_ONCE: usize = 128;
/// Pixels that are summed before the next tile, so that they stay in the nearest cache.
const PIXELS_AT_ONCE: usize = 128;
/// Channels that are few.
const FEW: usize = 4;
/// Channels out that are brought into the order of the weights at once.
const OUTPUTS_AT_ONCE: usize = 16;

/// The gradient of the weights of `window` over `n` pictures.
pub(crate) fn weight_gradient(
    set: InstructionSet,
    window: &Window,
    n: usize,
    x: &[f32],
    gradient: &[f32],
    weight: &mut [f32],
    room: &mut WindowRoom,
) {
    let [height, width, n_out] = window.shape_out();
    let Window { n_in, side, stride, padding, .. } = *window;
    // As far as the last window reaches.
    let padded = [(height - 1) * stride + side, (width - 1) * stride + side];
    pad_all(x, window.shape_in(), padding, padded, &mut room.inputs);
    let x = &room.inputs[..n * padded[0] * padded[1] * n_in];
    let run = side * n_in;
    let few = n_out <= FEW;
    let at_once = if few { FEW_AT_ONCE } else { NUMBERS_AT_ONCE };
    let per_row = run.div_ceil(at_once);
    let (out_padded, run_padded) =
        (n_out.next_multiple_of(set.lanes()), (per_row * at_once).next_multiple_of(set.lanes()));
    // `[rows of taps, numbers, channels out]`; where these are few, `[rows of taps, channels out, numbers]`.
    let row_size = if few { n_out * run_padded } else { run * out_padded };
    let sums = sized(&mut room.slopes, side * row_size);
    let places = Places {
        n_pictures: n,
        size: [height, width],
        x_picture: padded[0] * padded[1] * n_in,
        x_row: stride * padded[1] * n_in,
        x_pixel: stride * n_in,
        n_out,
        sums_row: if few { run_padded } else { out_padded },
    };
    let to = Parts::new(&mut *sums);
    (0..side * per_row).into_par_iter().for_each(|i| {
        let (tap_row, first) = (i / per_row, i % per_row * at_once);
        let count = at_once.min(run - first);
        let x = &x[tap_row * padded[1] * n_in + first..];
        if few {
            // Threads write parts of the same rows: each into room of its own first.
            let n_padded = count.next_multiple_of(set.lanes());
            with_scratch(|scratch| {
                let own = sized(&mut scratch.convolved, n_out * n_padded);
                let places = Places { sums_row: n_padded, ..places };
                let scratch = [&mut scratch.picture, &mut Vec::new()];
                instruction_set::run(set, Sums { places, count, x, gradient, sums: &mut *own, scratch });
                for (o, own) in own.chunks_exact(n_padded).enumerate() {
                    // SAFETY: threads have different numbers.
                    unsafe { to.part(tap_row * row_size + o * run_padded + first, count) }
                        .copy_from_slice(&own[..count]);
                }
            });
            return;
        }
        // SAFETY: threads have different numbers.
        let sums = unsafe { to.part(tap_row * row_size + first * out_padded, count * out_padded) };
        sums.fill(0.0);
        with_scratch(|scratch| {
            let scratch = [&mut scratch.picture, &mut scratch.convolved];
            instruction_set::run(set, Sums { places, count, x, gradient, sums, scratch });
        });
    });
    let sums = &*sums;
    let per_channel = n_in * side * side;
    weight.par_chunks_mut(OUTPUTS_AT_ONCE * per_channel).enumerate().for_each(|(i, weight)| {
        let first = i * OUTPUTS_AT_ONCE;
        for from in 0..n_in {
            for tap in 0..side * side {
                let (tap_row, number) = (tap / side, tap % side * n_in + from);
                for (o, weight) in weight.chunks_exact_mut(per_channel).enumerate() {
                    let at = if few { (first + o) * run_padded + number } else { number * out_padded + first + o };
                    weight[from * side * side + tap] = sums[tap_row * row_size + at];
                }
            }
        }
    });
}

/// The pixels of a batch: where what they see and their gradient lie.
#[derive(Clone, Copy)]
struct Places {
    n_pictures: usize,
    /// Rows, columns of the output.
    size: [usize; 2],
    x_picture: usize,
    x_row: usize,
    x_pixel: usize,
    n_out: usize,
    /// Numbers from one row of sums to the next.
    sums_row: usize,
}

impl Places {
    /// Numbers of x that are read for `count` numbers of a row of taps.
    fn reach(&self, count: usize) -> usize {
        let [height, width] = self.size;
        (self.n_pictures - 1) * self.x_picture + (height - 1) * self.x_row + (width - 1) * self.x_pixel + count
    }
}

/// For `count` numbers of a row of taps from the start of `x` on, sums over all pixels of the product with the
/// gradient.
struct Sums<'a> {
    places: Places,
    count: usize,
    x: &'a [f32],
    gradient: &'a [f32],
    /// `[numbers, channels out in whole vectors]`, added to; where channels out are few, `[channels out, numbers in
    /// whole vectors]`, set.
    sums: &'a mut [f32],
    scratch: [&'a mut Vec<f32>; 2],
}

impl Kernel for Sums<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Sums { places, count, x, gradient, sums, scratch } = self;
        let ([height, width], n_out) = (places.size, places.n_out);
        if places.n_pictures == 0 {
            return;
        }
        assert!(x.len() >= places.reach(count) && gradient.len() >= places.n_pictures * height * width * n_out);
        let n_padded = n_out.next_multiple_of(V::LANES);
        if n_out <= FEW {
            assert!(sums.len() >= n_out * places.sums_row && places.sums_row >= count.next_multiple_of(V::LANES));
            // SAFETY: the lengths were checked; the caller has the instructions.
            unsafe {
                match n_out {
                    1 => few::<V, 1>(&places, count, x, gradient, sums),
                    2 => few::<V, 2>(&places, count, x, gradient, sums),
                    3 => few::<V, 3>(&places, count, x, gradient, sums),
                    _ => few::<V, 4>(&places, count, x, gradient, sums),
                }
            }
            return;
        }
        assert!(sums.len() >= count * n_padded && places.sums_row == n_padded);
        let (n_pixels, panel) = (places.n_pictures * height * width, 2 * V::LANES);
        let [seen, slopes] = scratch;
        let seen = sized(seen, PIXELS_AT_ONCE * count);
        let slopes = sized(slopes, PIXELS_AT_ONCE * panel);
        for first in (0..n_pixels).step_by(PIXELS_AT_ONCE) {
            let n = PIXELS_AT_ONCE.min(n_pixels - first);
            // Both sides are copied: pixels far apart in memory would share the same few lines of the nearest cache.
            for (pixel, to) in (first..first + n).zip(seen.chunks_exact_mut(count)) {
                let (line, column) = (pixel / width, pixel % width);
                let at = line / height * places.x_picture + line % height * places.x_row + column * places.x_pixel;
                // SAFETY: the caller has the instructions.
                unsafe { copy::<V>(&x[at..at + count], to) };
            }
            for at in (0..n_out).step_by(panel) {
                let n_here = panel.min(n_out - at);
                for (pixel, to) in (first..first + n).zip(slopes.chunks_exact_mut(panel)) {
                    // SAFETY: as above.
                    unsafe { copy::<V>(&gradient[pixel * n_out + at..][..n_here], to) };
                }
                // SAFETY: rows of n pixels and of the sums lie inside their buffers; the caller has the instructions.
                unsafe {
                    let (a, b, to) = (seen.as_ptr(), slopes.as_ptr(), sums.as_mut_ptr().add(at));
                    if n_here > V::LANES {
                        add_columns::<V, 2>(count, n, a, [1, count], b, panel, to, n_padded);
                    } else {
                        add_columns::<V, 1>(count, n, a, [1, count], b, panel, to, n_padded);
                    }
                }
            }
        }
    }
}

/// Copies a few numbers, without the call that slices of unknown length make, and zeros behind them to the end of `to`.
#[inline(always)]
unsafe fn copy<V: Vector>(from: &[f32], to: &mut [f32]) {
    let n = from.len().min(to.len());
    let mut at = 0;
    while at < to.len() {
        let (n_from, n_to) = (n.saturating_sub(at).min(V::LANES), (to.len() - at).min(V::LANES));
        // SAFETY: so many numbers from `at` on lie inside both; where none is left to read, none is read.
        unsafe {
            let values = if n_from > 0 { V::load_first(from.as_ptr().add(at), n_from) } else { V::splat(0.0) };
            values.store_first(to.as_mut_ptr().add(at), n_to);
        }
        at += V::LANES;
    }
}

/// N channels out: a vector holds numbers of the row of taps.
#[inline(always)]
unsafe fn few<V: Vector, const N: usize>(places: &Places, count: usize, x: &[f32], gradient: &[f32], sums: &mut [f32]) {
    let run = places.sums_row;
    let mut at = 0;
    while at < count {
        // SAFETY: the lengths were checked; behind the last whole vector only the rest is read.
        unsafe {
            let (x, sums) = (x.as_ptr().add(at), sums.as_mut_ptr().add(at));
            if count - at >= 4 * V::LANES {
                few_of::<V, N, 4>(places, V::LANES, x, gradient.as_ptr(), sums, run);
                at += 4 * V::LANES;
            } else {
                few_of::<V, N, 1>(places, (count - at).min(V::LANES), x, gradient.as_ptr(), sums, run);
                at += V::LANES;
            }
        }
    }
}

/// NV vectors of numbers, of which the last has `n_last`.
#[inline(always)]
unsafe fn few_of<V: Vector, const N: usize, const NV: usize>(
    places: &Places,
    n_last: usize,
    x: *const f32,
    gradient: *const f32,
    to: *mut f32,
    to_row: usize,
) {
    let [height, width] = places.size;
    // SAFETY: the caller's pointers are good for all pixels and NV vectors.
    unsafe {
        let mut sums = [[V::splat(0.0); NV]; N];
        let mut gradient = gradient;
        for line in 0..places.n_pictures * height {
            let mut x = x.add(line / height * places.x_picture + line % height * places.x_row);
            for _ in 0..width {
                let mut seen = [V::splat(0.0); NV];
                for (v, seen) in seen.iter_mut().enumerate() {
                    let at = x.add(v * V::LANES);
                    *seen = if v + 1 < NV { V::load(at) } else { V::load_first(at, n_last) };
                }
                for (o, sum) in sums.iter_mut().enumerate() {
                    let slope = V::splat(*gradient.add(o));
                    for (sum, seen) in sum.iter_mut().zip(seen) {
                        *sum = slope.mul_add(seen, *sum);
                    }
                }
                x = x.add(places.x_pixel);
                gradient = gradient.add(N);
            }
        }
        for (o, sum) in sums.iter().enumerate() {
            for (v, sum) in sum.iter().enumerate() {
                sum.store(to.add(o * to_row + v * V::LANES));
            }
        }
    }
}

/// Pictures with `before` zeros, and zeros behind, on each side, one after the other in `to`.
///
/// # Shapes
/// `x` `[N, H, W, C]`, `to` `[N, rows, columns, C]`
fn pad_all(
    x: &[f32],
    [height, width, channels]: [usize; 3],
    before: usize,
    [rows, columns]: [usize; 2],
    to: &mut Vec<f32>,
) {
    let n = x.len() / (height * width * channels);
    let to = sized(to, n * rows * columns * channels);
    to.par_chunks_mut(columns * channels).enumerate().for_each(|(i, to)| {
        let (picture, row) = (i / rows, i % rows);
        match row.checked_sub(before).filter(|row| *row < height) {
            None => to.fill(0.0),
            Some(row) => {
                let from = &x[(picture * height + row) * width * channels..][..width * channels];
                let (start, used) = (before * channels, width.min(columns - before) * channels);
                to[..start].fill(0.0);
                to[start..start + used].copy_from_slice(&from[..used]);
                to[start + used..].fill(0.0);
            }
        }
    });
}
