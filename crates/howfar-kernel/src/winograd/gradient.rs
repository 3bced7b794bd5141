//! The gradient of the weights of a 3×3 convolution by Winograd, in two orders.
//!
//! Small networks add up the tiles of one picture after the other while it is in the cache ([`add_weight_gradient`]).
//! Wide layers and few pictures have more sums than fit there: all tiles of the batch are transformed first, then a
//! thread takes one of the 36 numbers and a pair of vectors of channels out and sums over all tiles at once
//! ([`weight_gradient`]).

use rayon::prelude::*;

use super::field::{Field, N_TAPS, TILES_AT_ONCE, Tiles};
use super::tile::{Group, transform_window};
use super::transforms::{Pixels, Slopes};
use super::weights::unpack_weight_gradient;
use crate::InstructionSet;
use crate::instruction_set::{self, Kernel};
use crate::parts::Parts;
use crate::product::add_columns;
use crate::scratch::{TileRoom, sized, with_scratch};
use crate::vector::Vector;

/// Tiles of a batch that a thread transforms at once.
const TILES_A_THREAD: usize = 16;

/// Adds the part of pictures to the transformed weight gradient: `sums` += Σ over tiles of `x` beside `gradient`.
///
/// # Shapes
/// `x` `[n_pictures, H, W, C]`, `gradient` `[n_pictures, H', W', C']`, `sums` `[36, pairs of vectors of C', C, pair]`
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn add_weight_gradient<V: Vector>(
    field: Field,
    n_pictures: usize,
    x: &[f32],
    gradient: &[f32],
    sums: &mut [f32],
    room: &mut TileRoom,
) {
    let (n_in, width) = (field.n_in, 2 * V::LANES);
    let n_places = N_TAPS * field.n_pairs(V::LANES);
    assert!(sums.len() >= field.n_sums(V::LANES));
    let tiles = Tiles { n_pictures, first_row: 0, n_rows: field.tile_rows() };
    let inputs = sized(&mut room.inputs, N_TAPS * TILES_AT_ONCE * n_in);
    let slopes = sized(&mut room.products, n_places * TILES_AT_ONCE * width);
    let n_tiles = tiles.count(&field);
    for first in (0..n_tiles).step_by(TILES_AT_ONCE) {
        let n = (n_tiles - first).min(TILES_AT_ONCE);
        for t in 0..n {
            let (place, to) = (tiles.place(&field, first + t), [inputs.as_mut_ptr(), slopes.as_mut_ptr()]);
            // SAFETY: the buffers hold so many tiles; the caller has the instructions.
            unsafe { transform_tile::<V>(field, place, [x, gradient], &mut room.edge, t, TILES_AT_ONCE, to) };
        }
        for (place, sums) in sums.chunks_exact_mut(n_in * width).take(n_places).enumerate() {
            let a = &inputs[place / field.n_pairs(V::LANES) * TILES_AT_ONCE * n_in..];
            // SAFETY: the caller has the instructions.
            unsafe { add_place::<V>(field, place, n, a, &slopes[place * TILES_AT_ONCE * width..], sums) };
        }
    }
}

/// The gradient of the weights over a batch of `n` pictures.
///
/// # Shapes
/// `both`: `x` `[N, H, W, C]` and the gradient after the convolution `[N, H', W', C']`; `weight` `[C', C, 3, 3]`
pub(crate) fn weight_gradient(
    set: InstructionSet,
    field: Field,
    n: usize,
    both: [&[f32]; 2],
    weight: &mut [f32],
    room: [&mut Vec<f32>; 3],
) {
    let tiles = Tiles { n_pictures: n, first_row: 0, n_rows: field.tile_rows() };
    let (n_tiles, n_in, width) = (tiles.count(&field), field.n_in, 2 * set.lanes());
    let n_pairs = field.n_pairs(set.lanes());
    let [inputs, slopes, sums] = room;
    let inputs = sized(inputs, N_TAPS * n_tiles * n_in);
    let slopes = sized(slopes, N_TAPS * n_pairs * n_tiles * width);
    let sums = sized(sums, field.n_sums(set.lanes()));
    let (to, to_slopes) = (Parts::new(&mut *inputs), Parts::new(&mut *slopes));
    (0..n_tiles.div_ceil(TILES_A_THREAD)).into_par_iter().for_each(|i| {
        let range = i * TILES_A_THREAD..n_tiles.min((i + 1) * TILES_A_THREAD);
        with_scratch(|scratch| {
            let (to, edge) = ([&to, &to_slopes], &mut scratch.picture);
            instruction_set::run(set, TransformTiles { field, tiles, range, both, to, edge });
        });
    });
    let (inputs, slopes) = (&*inputs, &*slopes);
    sums.par_chunks_mut(n_in * width).enumerate().for_each(|(place, sums)| {
        let a = &inputs[place / n_pairs * n_tiles * n_in..][..n_tiles * n_in];
        let b = &slopes[place * n_tiles * width..][..n_tiles * width];
        sums.fill(0.0);
        instruction_set::run(set, AddPlace { field, place, n_tiles, a, b, sums });
    });
    unpack_weight_gradient(set, field, sums, weight);
}

/// Tile `t` of both sides to 36 numbers each, where `n` tiles lie beside each other.
///
/// # Shapes
/// `both` as in [`weight_gradient`]; `to` `[36, n, C]` and `[36, pairs of vectors of C', n, pair]`
///
/// # Safety
/// The CPU has the instructions of `V`; `to` is good for these shapes, and nobody else uses tile `t` of it.
#[inline(always)]
unsafe fn transform_tile<V: Vector>(
    field: Field,
    [picture, row, column]: [usize; 3],
    both: [&[f32]; 2],
    edge: &mut Vec<f32>,
    t: usize,
    n: usize,
    to: [*mut f32; 2],
) {
    let (n_in, n_out, width) = (field.n_in, field.n_out, 2 * V::LANES);
    let shapes = [[field.height, field.width, n_in], [field.height_out(), field.width_out(), n_out]];
    let [x, slope] = [0, 1].map(|i| {
        let size = shapes[i].iter().product::<usize>();
        &both[i][picture * size..][..size]
    });
    let edge = sized(edge, N_TAPS * n_in.max(n_out));
    let corner = [4 * row as isize, 4 * column as isize];
    let before = corner.map(|place| place - field.border as isize);
    let pair = Group { size: width, step: n * width };
    let [to, to_slopes] = to;
    // SAFETY: 36 rows of tiles lie inside what the caller's pointers are good for.
    unsafe {
        transform_window::<V, Pixels, 6>(x, shapes[0], before, edge, to.add(t * n_in), n * n_in, Group::ONE);
        let (to, step) = (to_slopes.add(t * width), n * field.n_pairs(V::LANES) * width);
        transform_window::<V, Slopes, 4>(slope, shapes[1], corner, edge, to, step, pair);
    }
}

/// Adds the products of `n` tiles to the sums of a place: one of the 36 numbers and a pair of vectors of channels out.
///
/// # Shapes
/// `a` `[n, C]`, `b` `[n, pair]`, `sums` `[C, pair]`
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn add_place<V: Vector>(field: Field, place: usize, n: usize, a: &[f32], b: &[f32], sums: &mut [f32]) {
    let (n_in, width) = (field.n_in, 2 * V::LANES);
    assert!(a.len() >= n * n_in && b.len() >= n * width && sums.len() >= n_in * width);
    let (a, b, c) = (a.as_ptr(), b.as_ptr(), sums.as_mut_ptr());
    // SAFETY: the lengths were checked; the caller has the instructions.
    unsafe {
        if place % field.n_pairs(V::LANES) * width + V::LANES < field.n_out {
            add_columns::<V, 2>(n_in, n, a, [1, n_in], b, width, c, width);
        } else {
            add_columns::<V, 1>(n_in, n, a, [1, n_in], b, width, c, width);
        }
    }
}

/// A thread's tiles of both sides.
struct TransformTiles<'a> {
    field: Field,
    tiles: Tiles,
    range: std::ops::Range<usize>,
    both: [&'a [f32]; 2],
    to: [&'a Parts<'a, f32>; 2],
    edge: &'a mut Vec<f32>,
}

impl Kernel for TransformTiles<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let TransformTiles { field, tiles, range, both, to, edge } = self;
        for t in range {
            let (place, n) = (tiles.place(&field, t), tiles.count(&field));
            // SAFETY: the buffers hold all tiles of the batch, each of which is written once; the caller has the
            // instructions.
            unsafe { transform_tile::<V>(field, place, both, edge, t, n, to.map(|parts| parts.start_at(0))) };
        }
    }
}

/// [`add_place`] as a thread's work.
struct AddPlace<'a> {
    field: Field,
    place: usize,
    n_tiles: usize,
    a: &'a [f32],
    b: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for AddPlace<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller has the instructions.
        unsafe { add_place::<V>(self.field, self.place, self.n_tiles, self.a, self.b, self.sums) };
    }
}
