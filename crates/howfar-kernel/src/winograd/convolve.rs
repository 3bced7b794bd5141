//! Pictures through a 3×3 convolution, some tiles at a time.

use super::field::{Field, N_TAPS, TILES_AT_ONCE, Tiles};
use super::tile::{Group, transform_window, write_tile};
use super::transforms::Pixels;
use crate::product::products;
use crate::scratch::{TileRoom, sized};
use crate::vector::{Kernel, Vector};

/// Tiles of pictures through a convolution: `y` = bias + weights ∗ `x`.
///
/// # Shapes
/// `x` `[n_pictures, H, W, C]`, `packed` from `pack`, `bias` `[C' padded to whole vectors]`, `y`
/// `[n_pictures, rows of the tiles, W', C']`
pub(crate) struct Convolve<'a> {
    pub field: Field,
    pub tiles: Tiles,
    pub x: &'a [f32],
    pub packed: &'a [f32],
    pub bias: &'a [f32],
    pub y: &'a mut [f32],
    pub room: &'a mut TileRoom,
}

impl Kernel for Convolve<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Convolve { field, tiles, x, packed, bias, y, room } = self;
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
}
