//! Upsampling, a separable filter, downsampling ("upfirdn", Karras et al. 2020).
//!
//! In: pictures channels last. Out: pictures. A thread takes a few rows; a row is filtered down the columns into its
//! cache, then along.

use rayon::prelude::*;

use crate::InstructionSet;
use crate::instruction_set::{self, Kernel};
use crate::scratch::{sized, with_scratch};
use crate::vector::Vector;

/// Taps that a filter may have.
const MOST_TAPS: usize = 16;

/// A filter of pictures of one size: place i sees tap j at i · down + j − padding of the pictures with `up` − 1 zeros
/// behind each pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct Resample<'a> {
    /// Rows, columns, channels.
    pub shape_in: [usize; 3],
    /// Rows, columns of the output.
    pub size_out: [usize; 2],
    /// At most 16, in the order of a correlation.
    pub taps: &'a [f32],
    /// Pixels that one pixel becomes.
    pub up: usize,
    /// Every so many-th pixel is kept.
    pub down: usize,
    /// Zeros in front.
    pub padding: isize,
}

impl Resample<'_> {
    /// What tap `tap` of a place of an axis of `length` sees; none where that is a zero.
    #[inline(always)]
    fn source(&self, place: usize, tap: usize, length: usize) -> Option<usize> {
        let at = usize::try_from((place * self.down + tap) as isize - self.padding).ok()?;
        (at.is_multiple_of(self.up) && at / self.up < length).then_some(at / self.up)
    }

    /// The filter over a batch.
    ///
    /// # Shapes
    /// `x` `[N, H, W, C]`, `out` `[N, H', W', C]`
    pub fn run(&self, set: InstructionSet, x: &[f32], out: &mut [f32]) {
        let ([height, width, channels], [rows, columns]) = (self.shape_in, self.size_out);
        let n_x = height * width * channels;
        let n = x.len() / n_x;
        assert!(self.taps.len() <= MOST_TAPS && self.up > 0, "a filter of a few taps");
        assert_eq!((x.len(), out.len()), (n * n_x, n * rows * columns * channels), "whole pictures");
        out.par_chunks_mut((columns * channels).max(1)).enumerate().for_each(|(i, out)| {
            let x = &x[i / rows * n_x..][..n_x];
            with_scratch(|scratch| {
                let tall = sized(&mut scratch.picture, width * channels);
                instruction_set::run(set, Row { filter: self, row: i % rows, x, tall, out });
            });
        });
    }
}

struct Row<'a> {
    filter: &'a Resample<'a>,
    row: usize,
    x: &'a [f32],
    tall: &'a mut [f32],
    out: &'a mut [f32],
}

impl Kernel for Row<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Row { filter, row, x, tall, out } = self;
        let ([height, width, channels], [_, columns]) = (filter.shape_in, filter.size_out);
        let mut seen = [(0, 0.0); MOST_TAPS];
        let mut n = 0;
        for (tap, weight) in filter.taps.iter().enumerate() {
            if let Some(from) = filter.source(row, tap, height) {
                seen[n] = (from * width * channels, *weight);
                n += 1;
            }
        }
        // SAFETY: the caller has the instructions.
        unsafe { combine::<V>(x, &seen[..n], tall) };
        for (column, out) in out.chunks_exact_mut(channels).enumerate().take(columns) {
            n = 0;
            for (tap, weight) in filter.taps.iter().enumerate() {
                if let Some(from) = filter.source(column, tap, width) {
                    seen[n] = (from * channels, *weight);
                    n += 1;
                }
            }
            // SAFETY: as above.
            unsafe { combine::<V>(tall, &seen[..n], out) };
        }
    }
}

/// to = Σ weight · from[place ..]
#[inline(always)]
unsafe fn combine<V: Vector>(from: &[f32], seen: &[(usize, f32)], to: &mut [f32]) {
    assert!(seen.iter().all(|(place, _)| place + to.len() <= from.len()));
    let mut at = 0;
    while at < to.len() {
        let n = (to.len() - at).min(V::LANES);
        // SAFETY: n numbers from `at` on lie inside `to` and, behind each place, inside `from`.
        unsafe {
            let mut sum = V::splat(0.0);
            for (place, weight) in seen {
                sum = V::load_first(from.as_ptr().add(place + at), n).mul_add(V::splat(*weight), sum);
            }
            sum.store_first(to.as_mut_ptr().add(at), n);
        }
        at += n;
    }
}
