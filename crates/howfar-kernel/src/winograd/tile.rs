//! A tile of a picture to its 36 numbers, and 36 products back to a tile.

use super::field::TILES_AT_ONCE;
use super::transforms::{Transform, out_of_tile};
use crate::vector::Vector;

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
/// The CPU has the instructions of `V`; `to` is good for 36 rows.
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

/// Brings 36 products of a vector of channels from `at` on back to 4×4 pixels and writes those that lie inside.
///
/// # Safety
/// The CPU has the instructions of `V`; `products` is good for 36 rows.
#[inline(always)]
pub(crate) unsafe fn write_tile<V: Vector>(
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
