//! A dense layer in inference: its weights lie in the order in which the kernel reads them.
//!
//! In: the weights of a [`Dense`] layer, once; then batches. Out: the same bits as [`Dense::forward`], because every
//! sum takes the same summands in the same order, however many pictures there are. One picture reads each weight once,
//! a vector of values out at a time, from one end of memory to the other.

use rayon::prelude::*;

use crate::dense::{Dense, VALUES_AT_ONCE};
use crate::instruction_set::{self, InstructionSet, Kernel};
use crate::large_pages;
use crate::parts::Parts;
use crate::product::add_columns;
use crate::scratch::{sized, with_scratch};
use crate::vector::Vector;

/// Numbers between two rows beyond their values, a line of the cache: rows whose distance is a power of two would all
/// fall on the same few lines.
const GAP: usize = 16;

/// Values in whose weights are brought into order at once: a line of the cache from each row.
const VALUES_TURNED: usize = 16;

/// A dense layer made ready for one instruction set.
#[derive(Debug, Clone)]
pub struct PackedDense {
    dense: Dense,
    set: InstructionSet,
    /// `[panels, values in, values out of a panel]`, zeros behind the last value out.
    panels: Vec<f32>,
    bias: Vec<f32>,
    /// The batch in the order of the weights, used again by the next one.
    turned: Vec<f32>,
}

impl PackedDense {
    /// Brings the weights into order.
    ///
    /// # Shapes
    /// `weight` `[O, channels, pixels]`, `bias` `[O]`
    pub fn new(dense: Dense, set: InstructionSet, weight: &[f32], bias: &[f32]) -> Self {
        let (n_in, n_out, width) = (dense.n_in(), dense.n_out, panel_width(set));
        assert_eq!((weight.len(), bias.len()), (n_in * n_out, n_out), "weights of this layer");
        let mut panels = large_pages::zeros(n_out.div_ceil(width) * n_in * width);
        panels.par_chunks_mut(n_in * width).zip(weight.par_chunks(width * n_in)).for_each(|(panel, rows)| {
            for first in (0..n_in).step_by(VALUES_TURNED) {
                let values = first..(first + VALUES_TURNED).min(n_in);
                for (o, row) in rows.chunks_exact(n_in).enumerate() {
                    for (k, value) in values.clone().zip(&row[values.clone()]) {
                        panel[k * width + o] = *value;
                    }
                }
            }
        });
        PackedDense { dense, set, panels, bias: bias.to_vec(), turned: Vec::new() }
    }

    /// `out` = `x` · `weight`ᵀ + `bias`; each row depends on its row of `x` alone.
    ///
    /// # Shapes
    /// `x` `[N, pixels, channels]`, `out` `[N, O]`
    pub fn infer(&mut self, x: &[f32], out: &mut [f32]) {
        let (dense, set, width) = (self.dense, self.set, panel_width(self.set));
        let (n_in, n_out) = (dense.n_in(), dense.n_out);
        let (n, step) = (x.len() / n_in, n_in + GAP);
        assert_eq!((x.len(), out.len()), (n * n_in, n * n_out), "a row a picture");
        let turned = sized(&mut self.turned, n * step);
        turned.par_chunks_mut(step).zip(x.par_chunks(n_in)).for_each(|(to, x)| {
            for (channel, to) in to[..n_in].chunks_exact_mut(dense.n_pixels).enumerate() {
                for (to, x) in to.iter_mut().zip(x[channel..].iter().step_by(dense.n_channels)) {
                    *to = *x;
                }
            }
        });
        let (x, bias, out) = (&turned[..], &self.bias, Parts::new(out));
        self.panels.par_chunks(n_in * width).enumerate().for_each(|(i, panel)| {
            with_scratch(|scratch| {
                let sums = sized(&mut scratch.convolved, n * width);
                sums.fill(0.0);
                instruction_set::run(set, Columns { n, n_in, step, x, panel, sums });
                let first = i * width;
                let bias = &bias[first..(first + width).min(n_out)];
                for (picture, sums) in sums.chunks_exact(width).enumerate() {
                    // SAFETY: threads have different values out.
                    let out = unsafe { out.part(picture * n_out + first, bias.len()) };
                    for ((out, sum), bias) in out.iter_mut().zip(sums).zip(bias) {
                        *out = sum + bias;
                    }
                }
            });
        });
    }
}

/// Values out of a panel.
fn panel_width(set: InstructionSet) -> usize {
    2 * set.lanes()
}

/// Sums of the values out of a panel for all pictures, `[N, values out of a panel]`.
struct Columns<'a> {
    n: usize,
    n_in: usize,
    /// From a picture's values to the next one's.
    step: usize,
    x: &'a [f32],
    panel: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Columns<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Columns { n, n_in, step, x, panel, sums } = self;
        let width = 2 * V::LANES;
        assert!(x.len() >= n * step && step >= n_in && panel.len() >= n_in * width && sums.len() >= n * width);
        for first in (0..n_in).step_by(VALUES_AT_ONCE) {
            let k = VALUES_AT_ONCE.min(n_in - first);
            // SAFETY: rows and columns inside the slices, whose lengths were checked above.
            unsafe {
                let (a, b) = (x.as_ptr().add(first), panel.as_ptr().add(first * width));
                add_columns::<V, 2>(n, k, a, [step, 1], b, width, sums.as_mut_ptr(), width);
            }
        }
    }
}
