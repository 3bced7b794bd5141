//! 3×3 convolutions by Winograd's F(4×4, 3×3) (Lavin and Gray, 2016): a quarter of the multiplications.
//!
//! An output of 4×4 pixels comes from an input of 6×6. Both the input and the weights are brought to 36 numbers, multiplied
//! one by one, summed over channels and brought back. So a convolution is 36 products of matrices, tiles × channels in
//! times channels in × channels out; the weight gradient is 36 products the other way round.

use crate::product::{add_columns, products};
use crate::transforms::{Pixels, Slopes, Transform, out_of_tile};
use crate::vector::Vector;

/// Tiles that are transformed at once. Of 16, 24, 32, 48, 64 and 96 this was the fastest for the layers of table 1
/// (`--example blocks`): fewer read the weights too often, more no longer fit into the second cache.
pub(crate) const TILES_AT_ONCE: usize = 48;

/// Numbers of a transformed tile.
pub(crate) const N_TAPS: usize = 36;

/// Sizes of a convolution of one picture: H × W with C channels and a border of zeros around it to C' channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub height: usize,
    pub width: usize,
    pub n_in: usize,
    pub n_out: usize,
    /// Zeros on each side.
    pub border: usize,
}

impl Field {
    pub fn height_out(&self) -> usize {
        self.height + 2 * self.border - 2
    }

    pub fn width_out(&self) -> usize {
        self.width + 2 * self.border - 2
    }

    pub fn tile_rows(&self) -> usize {
        self.height_out().div_ceil(4)
    }

    pub fn tile_columns(&self) -> usize {
        self.width_out().div_ceil(4)
    }

    /// Pairs of vectors of output channels.
    pub fn n_pairs(&self, lanes: usize) -> usize {
        self.n_out.div_ceil(2 * lanes)
    }

    /// Numbers of the transformed weight gradient.
    pub fn n_sums(&self, lanes: usize) -> usize {
        N_TAPS * self.n_pairs(lanes) * self.n_in * 2 * lanes
    }

    /// Numbers of the transformed weights.
    pub fn n_packed<V: Vector>(&self) -> usize {
        N_TAPS * self.n_in * self.n_out.next_multiple_of(V::LANES)
    }
}

/// Which tiles are done: rows of tiles of pictures that lie one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tiles {
    pub n_pictures: usize,
    /// First row of tiles.
    pub first_row: usize,
    pub n_rows: usize,
}

impl Tiles {
    pub fn count(&self, field: &Field) -> usize {
        self.n_pictures * self.n_rows * field.tile_columns()
    }

    /// Picture, row and column of a tile.
    pub fn place(&self, field: &Field, tile: usize) -> [usize; 3] {
        let (columns, per_picture) = (field.tile_columns(), self.n_rows * field.tile_columns());
        let within = tile % per_picture;
        [tile / per_picture, self.first_row + within / columns, within % columns]
    }
}

/// Room for the tiles of one call.
#[derive(Debug, Default)]
pub(crate) struct Room {
    inputs: Vec<f32>,
    products: Vec<f32>,
    edge: Vec<f32>,
}

/// The first `n` numbers of a buffer that grows once.
pub(crate) fn sized(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    if buffer.len() < n {
        buffer.resize(n, 0.0);
    }
    &mut buffer[..n]
}

/// How channels lie: groups of `size`, apart by `step`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub size: usize,
    pub step: usize,
}

impl Group {
    /// One beside the other.
    pub const ONE: Self = Group { size: usize::MAX, step: 0 };

    #[inline(always)]
    fn place(self, channel: usize) -> usize {
        channel / self.size * self.step + channel % self.size
    }
}

/// Transforms the SIDE × SIDE window of a picture whose corner is at (`top`, `left`), which may lie in the border, and
/// writes number f of channel c to `to[f · stride + c]`, or with groups of channels apart by `group` numbers each.
///
/// # Safety
/// The processor has the instructions of `V`; `to` is good for 36 rows.
#[inline(always)]
pub(crate) unsafe fn transform_window<V: Vector, T: Transform<SIDE>, const SIDE: usize>(
    picture: &[f32],
    [height, width, n_channels]: [usize; 3],
    [top, left]: [isize; 2],
    edge: &mut [f32],
    to: *mut f32,
    stride: usize,
    group: Group,
) {
    let side = SIDE as isize;
    let inside = top >= 0 && left >= 0 && top + side <= height as isize && left + side <= width as isize;
    let (from, row) = if inside {
        (picture[(top as usize * width + left as usize) * n_channels..].as_ptr(), width * n_channels)
    } else {
        let edge = &mut edge[..SIDE * SIDE * n_channels];
        edge.fill(0.0);
        let (first, last) = (left.max(0), (left + side).min(width as isize));
        for y in top.max(0)..(top + side).min(height as isize) {
            let n = (last - first).max(0) as usize * n_channels;
            let from = &picture[(y as usize * width + first as usize) * n_channels..][..n];
            edge[((y - top) * side + first - left) as usize * n_channels..][..n].copy_from_slice(from);
        }
        (edge.as_ptr(), SIDE * n_channels)
    };
    let mut at = 0;
    while at < n_channels {
        let n = (n_channels - at).min(V::LANES);
        // SAFETY: the window lies inside the picture or inside `edge`; the caller's `to` holds 36 rows.
        unsafe {
            let mut half = [[V::splat(0.0); 6]; SIDE];
            for (y, half) in half.iter_mut().enumerate() {
                let from = from.add(y * row + at);
                let mut pixels = [V::splat(0.0); SIDE];
                for (x, pixel) in pixels.iter_mut().enumerate() {
                    *pixel = V::load_first(from.add(x * n_channels), n);
                }
                *half = T::transform(pixels);
            }
            for x in 0..6 {
                let mut column = [V::splat(0.0); SIDE];
                for (value, half) in column.iter_mut().zip(&half) {
                    *value = half[x];
                }
                for (y, value) in T::transform(column).into_iter().enumerate() {
                    value.store_first(to.add((6 * y + x) * stride + group.place(at)), n);
                }
            }
        }
        at += n;
    }
}

/// Tiles of pictures through a convolution: `y` = bias + weights ∗ `x`.
///
/// # Shapes
/// `x` `[n_pictures, H, W, C]`, `packed` from `pack_group`, `bias` `[C' padded to whole vectors]`, `y`
/// `[n_pictures, rows of the tiles, W', C']`
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn convolve<V: Vector>(
    field: Field,
    tiles: Tiles,
    x: &[f32],
    packed: &[f32],
    bias: &[f32],
    y: &mut [f32],
    room: &mut Room,
) {
    let (n_in, n_out) = (field.n_in, field.n_out);
    let n_x = field.height * field.width * n_in;
    let n_rows = (field.height_out() - 4 * tiles.first_row).min(4 * tiles.n_rows);
    let n_y = n_rows * field.width_out() * n_out;
    let n_vectors = n_out.div_ceil(V::LANES);
    assert!(x.len() >= tiles.n_pictures * n_x && y.len() >= tiles.n_pictures * n_y);
    assert!(packed.len() >= field.n_packed::<V>() && bias.len() >= n_vectors * V::LANES);
    let stride = TILES_AT_ONCE * n_in;
    let inputs = sized(&mut room.inputs, N_TAPS * stride);
    let out = sized(&mut room.products, N_TAPS * TILES_AT_ONCE * 2 * V::LANES);
    let edge = sized(&mut room.edge, N_TAPS * n_in);
    let n_tiles = tiles.count(&field);
    for first in (0..n_tiles).step_by(TILES_AT_ONCE) {
        let n = (n_tiles - first).min(TILES_AT_ONCE);
        for t in 0..n {
            let [picture, row, column] = tiles.place(&field, first + t);
            let corner = [row, column].map(|tile| (4 * tile) as isize - field.border as isize);
            let shape = [field.height, field.width, n_in];
            // SAFETY: tile t of 36 rows of tiles lies inside the buffer.
            unsafe {
                let to = inputs.as_mut_ptr().add(t * n_in);
                let picture = &x[picture * n_x..(picture + 1) * n_x];
                transform_window::<V, Pixels, 6>(picture, shape, corner, edge, to, stride, Group::ONE);
            }
        }
        let mut vector = 0;
        while vector < n_vectors {
            let size = (n_vectors - vector).min(2);
            let at = vector * V::LANES;
            let weights = &packed[N_TAPS * n_in * at..];
            // SAFETY: all rows lie inside their buffers, whose lengths were checked above.
            unsafe {
                for f in 0..N_TAPS {
                    let a = inputs.as_ptr().add(f * stride);
                    let b = weights.as_ptr().add(f * n_in * size * V::LANES);
                    let c = out.as_mut_ptr().add(f * TILES_AT_ONCE * 2 * V::LANES);
                    if size == 2 {
                        products::<V, 2>(n, n_in, a, [n_in, 1], b, c, 2 * V::LANES);
                    } else {
                        products::<V, 1>(n, n_in, a, [n_in, 1], b, c, 2 * V::LANES);
                    }
                }
                for t in 0..n {
                    let [picture, row, column] = tiles.place(&field, first + t);
                    let y = &mut y[picture * n_y..(picture + 1) * n_y];
                    let corner = [4 * (row - tiles.first_row), 4 * column];
                    for v in 0..size {
                        let at = at + v * V::LANES;
                        let products = out.as_ptr().add((2 * t + v) * V::LANES);
                        let bias = V::load(bias.as_ptr().add(at));
                        write_tile::<V>([n_rows, field.width_out(), n_out], corner, products, bias, y, at);
                    }
                }
            }
            vector += size;
        }
    }
}

/// Brings 36 products of a vector of channels from `at` on back to 4×4 pixels and writes those that lie inside.
#[inline(always)]
unsafe fn write_tile<V: Vector>(
    [height, width, n_channels]: [usize; 3],
    [top, left]: [usize; 2],
    products: *const f32,
    bias: V,
    y: &mut [f32],
    at: usize,
) {
    let (n, stride) = ((n_channels - at).min(V::LANES), TILES_AT_ONCE * 2 * V::LANES);
    let (n_rows, n_columns) = ((height - top).min(4), (width - left).min(4));
    debug_assert!(y.len() >= height * width * n_channels);
    // SAFETY: the caller's products are 36 rows apart by `stride`; pixels inside the picture only are written.
    unsafe {
        let mut half = [[V::splat(0.0); 4]; 6];
        for (row, half) in half.iter_mut().enumerate() {
            let mut m = [V::splat(0.0); 6];
            for (x, m) in m.iter_mut().enumerate() {
                *m = V::load(products.add((6 * row + x) * stride));
            }
            *half = out_of_tile(m);
        }
        let y = y.as_mut_ptr().add((top * width + left) * n_channels + at);
        for column in 0..n_columns {
            let mut m = [V::splat(0.0); 6];
            for (m, half) in m.iter_mut().zip(&half) {
                *m = half[column];
            }
            let pixels = out_of_tile(m);
            for (row, pixel) in pixels.into_iter().enumerate().take(n_rows) {
                pixel.add(bias).store_first(y.add((row * width + column) * n_channels), n);
            }
        }
    }
}

/// Adds the part of pictures to the transformed weight gradient: `sums` += Σ over tiles of `x` beside `gradient`.
///
/// # Shapes
/// `x` `[n_pictures, H, W, C]`, `gradient` `[n_pictures, H', W', C']`, `sums` `[36, pairs of vectors of C', C, pair]`
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn add_weight_gradient<V: Vector>(
    field: Field,
    n_pictures: usize,
    x: &[f32],
    gradient: &[f32],
    sums: &mut [f32],
    room: &mut Room,
) {
    let (n_in, n_out) = (field.n_in, field.n_out);
    let (n_pairs, width) = (field.n_pairs(V::LANES), 2 * V::LANES);
    let (n_x, n_y) = (field.height * field.width * n_in, field.height_out() * field.width_out() * n_out);
    assert!(x.len() >= n_pictures * n_x && gradient.len() >= n_pictures * n_y);
    assert!(sums.len() >= field.n_sums(V::LANES));
    let tiles = Tiles { n_pictures, first_row: 0, n_rows: field.tile_rows() };
    let (stride, slope_stride) = (TILES_AT_ONCE * n_in, TILES_AT_ONCE * n_pairs * width);
    let pair = Group { size: width, step: TILES_AT_ONCE * width };
    let inputs = sized(&mut room.inputs, N_TAPS * stride);
    let slopes = sized(&mut room.products, N_TAPS * slope_stride);
    let edge = sized(&mut room.edge, N_TAPS * n_in.max(n_out));
    let n_tiles = tiles.count(&field);
    for first in (0..n_tiles).step_by(TILES_AT_ONCE) {
        let n = (n_tiles - first).min(TILES_AT_ONCE);
        for t in 0..n {
            let [picture, row, column] = tiles.place(&field, first + t);
            let corner = [4 * row as isize, 4 * column as isize];
            let before = corner.map(|place| place - field.border as isize);
            // SAFETY: tile t of 36 rows of tiles lies inside the buffers.
            unsafe {
                let to = inputs.as_mut_ptr().add(t * n_in);
                let (shape, picture_in) = ([field.height, field.width, n_in], &x[picture * n_x..(picture + 1) * n_x]);
                transform_window::<V, Pixels, 6>(picture_in, shape, before, edge, to, stride, Group::ONE);
                let to = slopes.as_mut_ptr().add(t * width);
                let shape = [field.height_out(), field.width_out(), n_out];
                let slope = &gradient[picture * n_y..(picture + 1) * n_y];
                transform_window::<V, Slopes, 4>(slope, shape, corner, edge, to, slope_stride, pair);
            }
        }
        for place in 0..N_TAPS * n_pairs {
            let (f, pair) = (place / n_pairs, place % n_pairs);
            // SAFETY: rows of n tiles and of n_in sums lie inside their buffers, whose lengths were checked above.
            unsafe {
                let a = inputs.as_ptr().add(f * stride);
                let b = slopes.as_ptr().add((place * TILES_AT_ONCE) * width);
                let c = sums.as_mut_ptr().add(place * n_in * width);
                if pair * width + V::LANES < n_out {
                    add_columns::<V, 2>(n_in, n, a, [1, n_in], b, width, c, width);
                } else {
                    add_columns::<V, 1>(n_in, n, a, [1, n_in], b, width, c, width);
                }
            }
        }
    }
}
