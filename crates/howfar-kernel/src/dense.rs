//! Dense layers over a batch, and their gradients. Each sum runs in the order of its summands in blocks of fixed size.
//!
//! The numbers of a picture lie as its block left them, row, column, channel; weights follow PyTorch's order of
//! channel, row, column. The kernels read through that permutation when they copy, so nobody else needs to know.

use rayon::prelude::*;

use crate::InstructionSet;
use crate::instruction_set::{self, Kernel};
use crate::parts::Parts;
use crate::product::{add_products, products};
use crate::scratch::{sized, with_scratch};
use crate::vector::Vector;

/// Values in that are summed before the next block: with the pictures of a batch they stay in the second cache.
pub(crate) const VALUES_AT_ONCE: usize = 512;
/// Values out that a thread takes at once.
const OUTPUTS_AT_ONCE: usize = 48;
/// Pairs of vectors of values in whose gradient a thread takes at once: long runs of the weights in memory.
const PANELS_AT_ONCE: usize = 4;

/// Sizes of a dense layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dense {
    /// Pixels of the input; 1 where it is a row of values.
    pub n_pixels: usize,
    /// Channels of the input.
    pub n_channels: usize,
    /// Values out.
    pub n_out: usize,
}

/// Buffers of dense layers, used again by the next one.
#[derive(Debug, Default)]
pub struct DenseRoom {
    turned: Vec<f32>,
    panels: Vec<f32>,
}

impl Dense {
    /// Values in.
    pub fn n_in(&self) -> usize {
        self.n_pixels * self.n_channels
    }

    /// Where value `k` in the order of the weights lies in a picture.
    #[inline(always)]
    fn place(&self, k: usize) -> usize {
        k % self.n_pixels * self.n_channels + k / self.n_pixels
    }

    /// `out` = `x` · `weight`ᵀ + `bias`; each row depends on its row of `x` alone.
    ///
    /// # Shapes
    /// `x` `[N, pixels, channels]`, `weight` `[O, channels, pixels]`, `bias` `[O]`, `out` `[N, O]`
    pub fn forward(
        &self,
        set: InstructionSet,
        x: &[f32],
        weight: &[f32],
        bias: &[f32],
        out: &mut [f32],
        room: &mut DenseRoom,
    ) {
        let (n_in, n_out) = (self.n_in(), self.n_out);
        let n = x.len() / n_in;
        assert_eq!((x.len(), out.len()), (n * n_in, n * n_out), "a row a picture");
        assert_eq!((weight.len(), bias.len()), (n_in * n_out, n_out), "weights of this layer");
        let n_padded = n.next_multiple_of(set.lanes());
        let turned = sized(&mut room.turned, n_in * n_padded);
        turned.par_chunks_mut(n_padded * self.n_pixels).enumerate().for_each(|(channel, turned)| {
            for (pixel, turned) in turned.chunks_exact_mut(n_padded).enumerate() {
                let place = pixel * self.n_channels + channel;
                for (to, x) in turned.iter_mut().zip(x.chunks_exact(n_in)) {
                    *to = x[place];
                }
                turned[n..].fill(0.0);
            }
        });
        let (out, turned) = (Parts::new(out), &turned[..]);
        (0..n_out.div_ceil(OUTPUTS_AT_ONCE)).into_par_iter().for_each(|i| {
            let first = i * OUTPUTS_AT_ONCE;
            let n_rows = OUTPUTS_AT_ONCE.min(n_out - first);
            let weight = &weight[first * n_in..(first + n_rows) * n_in];
            with_scratch(|scratch| {
                let sums = sized(&mut scratch.convolved, n_rows * n_padded);
                sums.fill(0.0);
                instruction_set::run(set, Rows { n_in, n_padded, weight, turned, sums });
                for picture in 0..n {
                    // SAFETY: threads have different values out.
                    let out = unsafe { out.part(picture * n_out + first, n_rows) };
                    for (row, out) in out.iter_mut().enumerate() {
                        *out = sums[row * n_padded + picture] + bias[first + row];
                    }
                }
            });
        });
    }

    /// Gradients from that of the output.
    ///
    /// # Shapes
    /// As [`Dense::forward`]; `gradient` `[N, O]`, the others as what they are the gradients of
    #[expect(clippy::too_many_arguments, reason = "all that the gradients of a layer are made of")]
    pub fn backward(
        &self,
        set: InstructionSet,
        x: &[f32],
        weight: &[f32],
        gradient: &[f32],
        input: &mut [f32],
        [weight_to, bias_to]: [&mut [f32]; 2],
        room: &mut DenseRoom,
    ) {
        let (n_in, n_out) = (self.n_in(), self.n_out);
        let n = x.len() / n_in;
        assert_eq!((x.len(), gradient.len(), input.len()), (n * n_in, n * n_out, x.len()), "a row a picture");
        assert_eq!((weight.len(), weight_to.len(), bias_to.len()), (n_in * n_out, weight.len(), n_out));
        bias_to.fill(0.0);
        for row in gradient.chunks_exact(n_out) {
            bias_to.iter_mut().zip(row).for_each(|(sum, g)| *sum += g);
        }
        self.weight_gradient(set, x, gradient, weight_to, room);
        self.input_gradient(set, weight, gradient, input);
    }

    /// The gradient of the weights; shapes as in [`Dense::backward`].
    pub(crate) fn weight_gradient(
        &self,
        set: InstructionSet,
        x: &[f32],
        gradient: &[f32],
        weight_to: &mut [f32],
        room: &mut DenseRoom,
    ) {
        let (n_in, n_out) = (self.n_in(), self.n_out);
        let n = x.len() / n_in;
        assert_eq!((x.len(), gradient.len(), weight_to.len()), (n * n_in, n * n_out, n_in * n_out), "of this layer");
        let width = 2 * set.lanes();
        let panels = sized(&mut room.panels, n_in.div_ceil(width) * n * width);
        panels.par_chunks_mut(n * width).enumerate().for_each(|(i, panel)| {
            for (column, k) in (i * width..(i + 1) * width).enumerate() {
                let place = self.place(k);
                for (to, x) in panel[column..].iter_mut().step_by(width).zip(x.chunks_exact(n_in)) {
                    *to = if k < n_in { x[place] } else { 0.0 };
                }
            }
        });
        let panels = &panels[..];
        weight_to.par_chunks_mut(OUTPUTS_AT_ONCE * n_in).enumerate().for_each(|(i, to)| {
            let gradient = &gradient[i * OUTPUTS_AT_ONCE..];
            with_scratch(|scratch| {
                let tile = sized(&mut scratch.convolved, OUTPUTS_AT_ONCE * width);
                instruction_set::run(set, WeightGradient { n, n_in, n_out, gradient, panels, to, tile });
            });
        });
    }

    /// The gradient of the input; shapes as in [`Dense::backward`].
    pub(crate) fn input_gradient(&self, set: InstructionSet, weight: &[f32], gradient: &[f32], input: &mut [f32]) {
        let (n_in, n_out) = (self.n_in(), self.n_out);
        let n = input.len() / n_in;
        assert_eq!((input.len(), gradient.len(), weight.len()), (n * n_in, n * n_out, n_in * n_out), "of this layer");
        let width = 2 * set.lanes();
        let input = Parts::new(input);
        (0..n_in.div_ceil(PANELS_AT_ONCE * width)).into_par_iter().for_each(|i| {
            let first = i * PANELS_AT_ONCE * width;
            with_scratch(|scratch| {
                let packed = sized(&mut scratch.picture, n_out * PANELS_AT_ONCE * width);
                let tile = sized(&mut scratch.convolved, n * width);
                let dense = *self;
                instruction_set::run(
                    set,
                    InputGradient { dense, n, first, weight, gradient, input: &input, packed, tile },
                );
            });
        });
    }
}

/// Sums of a few values out for all pictures, `[values out, N padded]`.
struct Rows<'a> {
    n_in: usize,
    n_padded: usize,
    weight: &'a [f32],
    turned: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Rows { n_in, n_padded, weight, turned, sums } = self;
        let n_rows = weight.len() / n_in;
        assert!(turned.len() >= n_in * n_padded && sums.len() >= n_rows * n_padded);
        for first in (0..n_in).step_by(VALUES_AT_ONCE) {
            let k = VALUES_AT_ONCE.min(n_in - first);
            // SAFETY: rows and columns inside the slices, whose lengths were checked above.
            unsafe {
                let (a, b) = (weight.as_ptr().add(first), turned.as_ptr().add(first * n_padded));
                add_products::<V>([n_rows, k, n_padded], a, [n_in, 1], b, n_padded, sums.as_mut_ptr(), n_padded);
            }
        }
    }
}

/// The gradient of the weights of a few values out.
struct WeightGradient<'a> {
    n: usize,
    n_in: usize,
    n_out: usize,
    /// From the first of these values out on.
    gradient: &'a [f32],
    panels: &'a [f32],
    to: &'a mut [f32],
    tile: &'a mut [f32],
}

impl Kernel for WeightGradient<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let WeightGradient { n, n_in, n_out, gradient, panels, to, tile } = self;
        let (n_rows, width) = (to.len() / n_in, 2 * V::LANES);
        assert!(gradient.len() >= (n.max(1) - 1) * n_out + n_rows && tile.len() >= n_rows * width);
        for (panel, column) in panels.chunks_exact(n * width).zip((0..n_in).step_by(width)) {
            // SAFETY: n rows of the panel; whole panels go straight to the gradient, the last one through the tile.
            unsafe {
                let a = gradient.as_ptr();
                if column + width <= n_in {
                    let to = to.as_mut_ptr().add(column);
                    products::<V, 2>(n_rows, n, a, [1, n_out], panel.as_ptr(), to, n_in);
                    continue;
                }
                products::<V, 2>(n_rows, n, a, [1, n_out], panel.as_ptr(), tile.as_mut_ptr(), width);
            }
            for (to, tile) in to.chunks_exact_mut(n_in).zip(tile.chunks_exact(width)) {
                to[column..].copy_from_slice(&tile[..n_in - column]);
            }
        }
    }
}

/// The gradient of a few values in.
struct InputGradient<'a> {
    dense: Dense,
    n: usize,
    first: usize,
    weight: &'a [f32],
    gradient: &'a [f32],
    input: &'a Parts<'a, f32>,
    packed: &'a mut [f32],
    tile: &'a mut [f32],
}

impl Kernel for InputGradient<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let InputGradient { dense, n, first, weight, gradient, input, packed, tile } = self;
        let (n_in, n_out, width) = (dense.n_in(), dense.n_out, 2 * V::LANES);
        let n_columns = (PANELS_AT_ONCE * width).min(n_in - first);
        assert!(gradient.len() >= n * n_out && tile.len() >= n * width);
        assert!(packed.len() >= PANELS_AT_ONCE * n_out * width);
        for (o, row) in weight.chunks_exact(n_in).enumerate() {
            for (panel, columns) in row[first..first + n_columns].chunks(width).enumerate() {
                let to = &mut packed[(panel * n_out + o) * width..][..width];
                to[..columns.len()].copy_from_slice(columns);
                to[columns.len()..].fill(0.0);
            }
        }
        for panel in 0..n_columns.div_ceil(width) {
            // SAFETY: lengths were checked above.
            unsafe {
                let b = packed.as_ptr().add(panel * n_out * width);
                products::<V, 2>(n, n_out, gradient.as_ptr(), [n_out, 1], b, tile.as_mut_ptr(), width);
            }
            let columns = first + panel * width..(first + (panel + 1) * width).min(n_in);
            for (picture, row) in tile.chunks_exact(width).take(n).enumerate() {
                for (k, value) in columns.clone().zip(row) {
                    // SAFETY: threads have different values in.
                    unsafe { input.part(picture * n_in + dense.place(k), 1)[0] = *value };
                }
            }
        }
    }
}
