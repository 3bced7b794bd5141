//! Weights on their way into Winograd's 36 numbers, and their gradient on its way back.

use rayon::prelude::*;

use super::field::{Field, N_TAPS};
use super::transforms::{spread, spread_back};
use crate::InstructionSet;
use crate::instruction_set::{self, Kernel};
use crate::vector::Vector;

/// Transforms weights; `at(o, i, tap)` gives one.
pub(crate) fn pack(
    set: InstructionSet,
    field: Field,
    packed: &mut Vec<f32>,
    at: impl Fn(usize, usize, usize) -> f32 + Sync,
) {
    let lanes = set.lanes();
    let per_vector = N_TAPS * field.n_in * lanes;
    packed.resize(per_vector * field.n_out.div_ceil(lanes), 0.0);
    packed.par_chunks_mut(2 * per_vector).enumerate().for_each(|(group, to)| {
        instruction_set::run(set, PackGroup { field, first: group * 2 * lanes, to, at: &at });
    });
}

/// Brings sums of `add_weight_gradient`, several of them added in their order, back to the gradient of the weights.
///
/// # Shapes
/// `sums` parts of `add_weight_gradient`; `weight` `[C', C, 3, 3]`
pub(crate) fn unpack_weight_gradient(set: InstructionSet, field: Field, sums: &[f32], weight: &mut [f32]) {
    weight.par_chunks_mut(set.lanes() * 9 * field.n_in).enumerate().for_each(|(i, weight)| {
        instruction_set::run(set, UnpackGroup { field, first: i * set.lanes(), sums, weight });
    });
}

struct PackGroup<'a, F> {
    field: Field,
    first: usize,
    to: &'a mut [f32],
    at: &'a F,
}

impl<F: Fn(usize, usize, usize) -> f32> Kernel for PackGroup<'_, F> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller has the instructions.
        unsafe { pack_group::<V>(self.field, self.first, self.to, self.at) };
    }
}

struct UnpackGroup<'a> {
    field: Field,
    first: usize,
    sums: &'a [f32],
    weight: &'a mut [f32],
}

impl Kernel for UnpackGroup<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller has the instructions.
        unsafe { unpack_group::<V>(self.field, self.sums, self.first, self.weight) };
    }
}

/// Transformed weights in the order in which they are read: groups of two vectors of output channels (the last of one
/// where their number is odd), in each the 36 numbers, input channels, output channels. Writes the groups from output
/// channel `first` on, which `to` has room for; `at(o, i, tap)` gives a weight.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn pack_group<V: Vector>(field: Field, first: usize, to: &mut [f32], at: impl Fn(usize, usize, usize) -> f32) {
    let size = to.len() / (N_TAPS * field.n_in);
    let mut lanes = [[0.0f32; 16]; 9];
    for i in 0..field.n_in {
        for v in 0..size / V::LANES {
            for lane in 0..V::LANES {
                let o = first + v * V::LANES + lane;
                for (tap, lanes) in lanes.iter_mut().enumerate() {
                    lanes[lane] = if o < field.n_out { at(o, i, tap) } else { 0.0 };
                }
            }
            // SAFETY: rows of 16 hold a vector; `to` holds 36 rows of n_in × size.
            unsafe {
                let mut columns = [[V::splat(0.0); 6]; 3];
                for (x, column) in columns.iter_mut().enumerate() {
                    let [a, b, c] = [&lanes[x], &lanes[3 + x], &lanes[6 + x]];
                    *column = spread([V::load(a.as_ptr()), V::load(b.as_ptr()), V::load(c.as_ptr())]);
                }
                let [left, middle, right] = columns;
                for (y, ((left, middle), right)) in left.into_iter().zip(middle).zip(right).enumerate() {
                    let all = spread([left, middle, right]);
                    for (x, value) in all.into_iter().enumerate() {
                        let row = (6 * y + x) * field.n_in + i;
                        value.store(to.as_mut_ptr().add(row * size + v * V::LANES));
                    }
                }
            }
        }
    }
}

/// The gradient of a vector of output channels.
///
/// # Shapes
/// As [`unpack_weight_gradient`]; `gradient` `[channels from first_out on, C, 3, 3]`
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn unpack_group<V: Vector>(field: Field, sums: &[f32], first_out: usize, gradient: &mut [f32]) {
    let (n_in, n_pairs, width) = (field.n_in, field.n_pairs(V::LANES), 2 * V::LANES);
    let n_out = gradient.len() / (9 * n_in);
    debug_assert!(first_out.is_multiple_of(V::LANES) && n_out <= V::LANES);
    let mut lanes = [[0.0f32; 16]; 9];
    for i in 0..n_in {
        // SAFETY: rows of padded channels lie inside the sums; a row of 16 holds a vector.
        unsafe {
            let mut half = [[V::splat(0.0); 3]; 6];
            for (y, half) in half.iter_mut().enumerate() {
                let mut row = [V::splat(0.0); 6];
                for (x, sum) in row.iter_mut().enumerate() {
                    let row = ((6 * y + x) * n_pairs + first_out / width) * n_in + i;
                    let at = row * width + first_out % width;
                    for part in sums.chunks_exact(field.n_sums(V::LANES)) {
                        *sum = sum.add(V::load(part.as_ptr().add(at)));
                    }
                }
                *half = spread_back(row);
            }
            for x in 0..3 {
                let column = spread_back([half[0][x], half[1][x], half[2][x], half[3][x], half[4][x], half[5][x]]);
                for (y, value) in column.into_iter().enumerate() {
                    value.store(lanes[3 * y + x].as_mut_ptr());
                }
            }
        }
        for lane in 0..n_out {
            for (tap, lanes) in lanes.iter().enumerate() {
                gradient[(lane * n_in + i) * 9 + tap] = lanes[lane];
            }
        }
    }
}
