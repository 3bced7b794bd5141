//! The gradient of the weights of a 3×3 convolution by Winograd, for wide layers and few pictures.
//!
//! All tiles of the batch are transformed first; then a thread takes one of the 36 numbers and a pair of vectors of channels out and
//! sums over all tiles at once. No sums are kept by picture (`block_back.rs` does that for small networks), which would fill the memory here.

use rayon::prelude::*;

use crate::InstructionSet;
use crate::block::with_scratch;
use crate::block_back::Unpack;
use crate::instruction_set::{self, Kernel};
use crate::parts::Parts;
use crate::product::add_columns;
use crate::transforms::{Pixels, Slopes};
use crate::vector::Vector;
use crate::window::WindowRoom;
use crate::winograd::{Field, Group, N_TAPS, Tiles, sized, transform_window};

/// Tiles that a thread transforms at once.
const TILES_AT_ONCE: usize = 16;

/// The gradient of the weights; `both` are the pictures and the gradient after the convolution.
pub(crate) fn weight_gradient(
    set: InstructionSet,
    field: Field,
    n: usize,
    both: [&[f32]; 2],
    weight: &mut [f32],
    room: &mut WindowRoom,
) {
    let tiles = Tiles { n_pictures: n, first_row: 0, n_rows: field.tile_rows() };
    let n_tiles = tiles.count(&field);
    let (n_pairs, width) = (field.n_pairs(set.lanes()), 2 * set.lanes());
    let inputs = sized(&mut room.inputs, N_TAPS * n_tiles * field.n_in);
    let slopes = sized(&mut room.slopes, N_TAPS * n_tiles * n_pairs * width);
    let sums = sized(&mut room.packed, field.n_sums(set.lanes()));
    let (to, to_slopes) = (Parts::new(&mut *inputs), Parts::new(&mut *slopes));
    (0..n_tiles.div_ceil(TILES_AT_ONCE)).into_par_iter().for_each(|i| {
        let range = i * TILES_AT_ONCE..n_tiles.min((i + 1) * TILES_AT_ONCE);
        with_scratch(|scratch| {
            let edge = &mut scratch.picture;
            let to = [&to, &to_slopes];
            instruction_set::run(set, TransformTiles { field, tiles, range, both, to, edge });
        });
    });
    let (inputs, slopes) = (&*inputs, &*slopes);
    let per_place = field.n_in * width;
    sums[..N_TAPS * n_pairs * per_place].par_chunks_mut(per_place).enumerate().for_each(|(place, sums)| {
        let (f, pair) = (place / n_pairs, place % n_pairs);
        let a = &inputs[f * n_tiles * field.n_in..][..n_tiles * field.n_in];
        let b = &slopes[place * n_tiles * width..][..n_tiles * width];
        let two = pair * width + set.lanes() < field.n_out;
        sums.fill(0.0);
        instruction_set::run(set, Products { n_in: field.n_in, n_tiles, a, b, sums, two });
    });
    let sums = &*sums;
    let per_channel = 9 * field.n_in;
    weight.par_chunks_mut(set.lanes() * per_channel).enumerate().for_each(|(i, weight)| {
        instruction_set::run(set, Unpack { field, by_winograd: true, sums, first: i * set.lanes(), weight });
    });
}

/// Tiles of both sides to 36 numbers: pictures to `[36, tiles, C]`, slopes to `[36, pairs of vectors of C', tiles, pair]`.
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
        let TransformTiles { field, tiles, range, both: [x, gradient], to: [inputs, slopes], edge } = self;
        let (n_in, n_out, n_tiles) = (field.n_in, field.n_out, tiles.count(&field));
        let (n_pairs, width) = (field.n_pairs(V::LANES), 2 * V::LANES);
        let (n_x, n_y) = (field.height * field.width * n_in, field.height_out() * field.width_out() * n_out);
        let edge = sized(edge, N_TAPS * n_in.max(n_out));
        let pair = Group { size: width, step: n_tiles * width };
        for t in range {
            let [picture, row, column] = tiles.place(&field, t);
            let corner = [4 * row as isize, 4 * column as isize];
            let before = corner.map(|place| place - field.border as isize);
            let (picture_in, slope) = (&x[picture * n_x..][..n_x], &gradient[picture * n_y..][..n_y]);
            let shape = [field.height, field.width, n_in];
            let shape_out = [field.height_out(), field.width_out(), n_out];
            // SAFETY: tile t of 36 rows of tiles lies inside the buffers; each tile is written once.
            unsafe {
                let to = inputs.start_at(t * n_in);
                transform_window::<V, Pixels, 6>(picture_in, shape, before, edge, to, n_tiles * n_in, Group::ONE);
                let (to, step) = (slopes.start_at(t * width), n_tiles * n_pairs * width);
                transform_window::<V, Slopes, 4>(slope, shape_out, corner, edge, to, step, pair);
            }
        }
    }
}

/// One of the 36 numbers and a pair of vectors of channels out: sums over all tiles.
struct Products<'a> {
    n_in: usize,
    n_tiles: usize,
    /// `[tiles, C]`
    a: &'a [f32],
    /// `[tiles, pair]`
    b: &'a [f32],
    /// `[C, pair]`
    sums: &'a mut [f32],
    /// Whether both vectors have channels.
    two: bool,
}

impl Kernel for Products<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Products { n_in, n_tiles, a, b, sums, two } = self;
        let width = 2 * V::LANES;
        assert!(a.len() >= n_tiles * n_in && b.len() >= n_tiles * width && sums.len() >= n_in * width);
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), sums.as_mut_ptr());
        // SAFETY: the lengths were checked; the caller has the instructions.
        unsafe {
            if two {
                add_columns::<V, 2>(n_in, n_tiles, a, [1, n_in], b, width, c, width);
            } else {
                add_columns::<V, 1>(n_in, n_tiles, a, [1, n_in], b, width, c, width);
            }
        }
    }
}
