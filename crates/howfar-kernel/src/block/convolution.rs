//! The convolution of a block, or the one that brings its gradient back: by Winograd or, where channels are few,
//! directly.

use crate::InstructionSet;
use crate::direct::{self, Axis, Pass, Strip};
use crate::parts::Parts;
use crate::pieces::{Pieces, Place};
use crate::scratch::{TileRoom, sized};
use crate::vector::Vector;
use crate::winograd::{self, Convolve, Field, Tiles};

/// A batch is cut into so many pieces at least, if its tiles allow it.
const FEWEST_PIECES: usize = 8;

/// Fewer tiles than this leave registers empty.
const FEWEST_TILES: usize = 8;

/// Rows of a picture that a direct convolution does at once.
const ROWS_AT_ONCE: usize = 8;

/// A 3×3 convolution at stride 1 with packed weights.
#[derive(Clone, Copy)]
pub(crate) struct Convolution<'a> {
    pub field: Field,
    /// Its rows and its columns.
    pub axis: &'a Axis,
    pub packed: &'a [f32],
    /// In whole vectors of channels.
    pub bias: &'a [f32],
}

/// What a direct convolution of a field is.
fn pass<'a>(field: &Field, axis: &'a Axis) -> Pass<'a> {
    let shape_to = [field.height_out(), field.width_out(), field.n_out];
    Pass { side: 3, shape_from: [field.height, field.width, field.n_in], shape_to, axes: [axis; 2] }
}

/// Fills `packed` for a convolution; `at(o, i, tap)` gives a weight.
pub(crate) fn pack(
    set: InstructionSet,
    field: Field,
    packed: &mut Vec<f32>,
    at: impl Fn(usize, usize, usize) -> f32 + Sync,
) {
    if field.pays() {
        winograd::pack(set, field, packed, at);
    } else {
        pass(&field, &Axis::whole(3, 1, field.border)).pack(set.lanes(), at, packed);
    }
}

/// Pictures and rows that are worked on at once: so many that their tiles fill the registers and the caches, but fewer
/// where a few pictures would leave threads without work.
pub(crate) fn pieces(field: Field, n: usize) -> Pieces {
    if field.pays() {
        return field.pieces(n, FEWEST_PIECES, FEWEST_TILES);
    }
    let height = field.height_out();
    Pieces { n_pictures: n, pictures: 1, height, rows: ROWS_AT_ONCE.min(height) }
}

/// Numbers of the sums of a weight gradient.
pub(crate) fn n_sums(field: Field, lanes: usize) -> usize {
    if field.pays() { field.n_sums(lanes) } else { 9 * field.n_in * field.n_out.next_multiple_of(lanes) }
}

/// Sums of weight gradients, several of them added in their order, as `[C', C, 3, 3]`.
pub(crate) fn unpack_weight_gradient(set: InstructionSet, field: Field, sums: &[f32], weight: &mut [f32]) {
    if field.pays() {
        winograd::unpack_weight_gradient(set, field, sums, weight);
    } else {
        direct::unpack_weight_gradient(set.lanes(), [field.n_in, field.n_out], sums, weight);
    }
}

impl Convolution<'_> {
    /// A piece of a batch.
    ///
    /// # Shapes
    /// `x` `[N, H, W, C]`, `y` `[pictures of the place, its rows, W', C']`
    ///
    /// # Safety
    /// The CPU has the instructions of `V`.
    #[inline(always)]
    pub unsafe fn run<V: Vector>(
        self,
        place: Place,
        x: &[f32],
        y: &mut [f32],
        tiles: &mut TileRoom,
        source: &mut Vec<f32>,
    ) {
        let Convolution { field, axis, packed, bias } = self;
        // SAFETY: the caller has the instructions.
        unsafe {
            if field.pays() {
                let n_x = field.height * field.width * field.n_in;
                let x = &x[place.picture * n_x..(place.picture + place.n_pictures) * n_x];
                let n_rows = place.n_rows.div_ceil(4);
                let which = Tiles { n_pictures: place.n_pictures, first_row: place.row / 4, n_rows };
                V::call(Convolve { field, tiles: which, x, packed, bias, y, room: tiles });
            } else {
                let whole = pass(&field, axis);
                let pass = Pass { shape_to: [place.n_rows, field.width_out(), field.n_out], ..whole };
                let panels = [0, pass.panels(V::LANES).1];
                let out = &Parts::new(y);
                V::call(Strip { pass, place, to: [0, 0], panels, x, packed, bias, out, source });
            }
        }
    }
}

/// Adds the part of `n` pictures to the sums of the weight gradient.
///
/// # Shapes
/// `x` `[n, H, W, C]`, `gradient` `[n, H', W', C']`, readable up to whole vectors of channels behind its last pixel
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn add_weight_gradient<V: Vector>(
    field: Field,
    axis: &Axis,
    n: usize,
    [x, gradient]: [&[f32]; 2],
    sums: &mut [f32],
    tiles: &mut TileRoom,
    source: &mut Vec<f32>,
) {
    // SAFETY: the caller has the instructions.
    unsafe {
        if field.pays() {
            winograd::add_weight_gradient::<V>(field, n, x, gradient, sums, tiles);
            return;
        }
        let (height, width) = (field.height_out(), field.width_out());
        let n_x = field.height * field.width * field.n_in;
        let padded = sized(source, (height + 2) * (width + 2) * field.n_in);
        for (i, x) in x.chunks_exact(n_x).take(n).enumerate() {
            pass(&field, axis).copy(x, 0, [height + 2, width + 2], padded);
            let gradient = &gradient[i * height * width * field.n_out..];
            direct::add_weight_gradient::<V>([height, width], [field.n_in, field.n_out], padded, gradient, sums);
        }
    }
}
