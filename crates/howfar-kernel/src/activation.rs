//! What follows a convolution, one picture at a time: moments of its channels, an affine map of each, ReLU, 2×2 maximum;
//! and the way back.
//!
//! z = factor · y + shift, then max(0, ·), then the maximum of each 2×2 window (an odd last row or column is left out).
//! The gradient goes to the first maximum of a window in reading order, and nowhere if that is not above 0.

use crate::vector::Vector;

/// A picture after a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Map {
    pub height: usize,
    pub width: usize,
    pub n_channels: usize,
    pub pool: bool,
}

impl Map {
    pub fn n_values(&self) -> usize {
        self.height * self.width * self.n_channels
    }

    pub fn height_out(&self) -> usize {
        if self.pool { self.height / 2 } else { self.height }
    }

    pub fn width_out(&self) -> usize {
        if self.pool { self.width / 2 } else { self.width }
    }

    pub fn n_values_out(&self) -> usize {
        self.height_out() * self.width_out() * self.n_channels
    }
}

/// Mean, and sum of squared differences from it, of each channel of a picture, written to the first `n_channels` of two
/// rows that are padded to whole vectors.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn moments<V: Vector>(map: Map, y: &[f32], mean: &mut [f32], squares: &mut [f32]) {
    let (n_pixels, c) = (map.height * map.width, map.n_channels);
    assert!(y.len() >= n_pixels * c && mean.len() >= c && squares.len() >= c);
    let mut at = 0;
    while at < c {
        let n = (c - at).min(V::LANES);
        // SAFETY: n channels from `at` on lie inside each pixel.
        unsafe {
            let y = y.as_ptr().add(at);
            let mut sum = [V::splat(0.0); 4];
            for p in 0..n_pixels {
                sum[p % 4] = sum[p % 4].add(V::load_first(y.add(p * c), n));
            }
            let sum = sum[0].add(sum[1]).add(sum[2].add(sum[3]));
            let centre = sum.mul(V::splat(1.0 / n_pixels as f32));
            let mut square = [V::splat(0.0); 4];
            for p in 0..n_pixels {
                let away = V::load_first(y.add(p * c), n).sub(centre);
                square[p % 4] = away.mul_add(away, square[p % 4]);
            }
            let square = square[0].add(square[1]).add(square[2].add(square[3]));
            centre.store_first(mean.as_mut_ptr().add(at), n);
            square.store_first(squares.as_mut_ptr().add(at), n);
        }
        at += n;
    }
}

/// Affine map, ReLU, pooling.
///
/// # Shapes
/// `y` `[H, W, C]`, `factor` and `shift` `[C]` -> `out` `[H', W', C]`
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn activate<V: Vector>(map: Map, y: &[f32], factor: &[f32], shift: &[f32], out: &mut [f32]) {
    let c = map.n_channels;
    assert!(y.len() >= map.n_values() && out.len() >= map.n_values_out() && factor.len() >= c && shift.len() >= c);
    let mut at = 0;
    while at < c {
        let n = (c - at).min(V::LANES);
        // SAFETY: n channels from `at` on lie inside each pixel; windows lie inside the picture.
        unsafe {
            let factor = V::load_first(factor.as_ptr().add(at), n);
            let shift = V::load_first(shift.as_ptr().add(at), n);
            let (y, out) = (y.as_ptr().add(at), out.as_mut_ptr().add(at));
            let z = |pixel: usize| V::load_first(y.add(pixel * c), n).mul_add(factor, shift);
            let zero = V::splat(0.0);
            for row in 0..map.height_out() {
                for column in 0..map.width_out() {
                    let top = if map.pool {
                        let first = 2 * (row * map.width + column);
                        let upper = z(first).max(z(first + 1));
                        upper.max(z(first + map.width).max(z(first + map.width + 1)))
                    } else {
                        z(row * map.width + column)
                    };
                    top.max(zero).store_first(out.add((row * map.width_out() + column) * c), n);
                }
            }
        }
        at += n;
    }
}

/// Σ of the gradient at z, and Σ of it times (y − mean), of each channel, added to two rows.
///
/// # Shapes
/// `y` `[H, W, C]`, `gradient` of the output `[H', W', C]`, the rest `[C]`
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn add_gradient_sums<V: Vector>(
    map: Map,
    y: &[f32],
    [factor, shift, mean]: [&[f32]; 3],
    gradient: &[f32],
    sums: &mut [f32],
    products: &mut [f32],
) {
    let c = map.n_channels;
    assert!(y.len() >= map.n_values() && gradient.len() >= map.n_values_out());
    assert!([factor, shift, mean].iter().all(|row| row.len() >= c) && sums.len() >= c && products.len() >= c);
    let mut at = 0;
    while at < c {
        let n = (c - at).min(V::LANES);
        // SAFETY: n channels from `at` on lie inside each pixel; windows lie inside the picture.
        unsafe {
            let factor = V::load_first(factor.as_ptr().add(at), n);
            let shift = V::load_first(shift.as_ptr().add(at), n);
            let mean = V::load_first(mean.as_ptr().add(at), n);
            let (y, gradient) = (y.as_ptr().add(at), gradient.as_ptr().add(at));
            let (mut sum, mut product) = (V::splat(0.0), V::splat(0.0));
            for row in 0..map.height_out() {
                for column in 0..map.width_out() {
                    let slope = V::load_first(gradient.add((row * map.width_out() + column) * c), n);
                    let window = Window::<V>::at(map, y, row, column, n);
                    for (y, slope) in window.shares(factor, shift, slope) {
                        sum = sum.add(slope);
                        product = y.sub(mean).mul_add(slope, product);
                    }
                }
            }
            sum.add(V::load_first(sums.as_ptr().add(at), n)).store_first(sums.as_mut_ptr().add(at), n);
            product.add(V::load_first(products.as_ptr().add(at), n)).store_first(products.as_mut_ptr().add(at), n);
        }
        at += n;
    }
}

/// The gradient at y: factor · share − constant − slope · (y − mean), where share is the window's gradient at its
/// maximum. Written into a picture with a border, whose every pixel inside is set.
///
/// # Shapes
/// `y` `[H, W, C]`, `gradient` of the output `[H', W', C]`, the rest `[C]`; `to` in rows of `row` numbers, from its
/// first pixel inside
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn gradient_before<V: Vector>(
    map: Map,
    y: &[f32],
    [factor, shift, mean, constant, slope]: [&[f32]; 5],
    gradient: &[f32],
    to: &mut [f32],
    row_to: usize,
) {
    let c = map.n_channels;
    assert!(y.len() >= map.n_values() && gradient.len() >= map.n_values_out());
    assert!([factor, shift, mean, constant, slope].iter().all(|row| row.len() >= c));
    assert!(to.len() >= (map.height - 1) * row_to + map.width * c);
    let side = if map.pool { 2 } else { 1 };
    let mut at = 0;
    while at < c {
        let n = (c - at).min(V::LANES);
        // SAFETY: n channels from `at` on lie inside each pixel; windows lie inside the picture.
        unsafe {
            let load = |row: &[f32]| V::load_first(row.as_ptr().add(at), n);
            let (factor, shift, mean, constant, slope) =
                (load(factor), load(shift), load(mean), load(constant), load(slope));
            let (y, gradient, to) = (y.as_ptr().add(at), gradient.as_ptr().add(at), to.as_mut_ptr().add(at));
            let set = |row: usize, column: usize, y: V, share: V| {
                let rest = y.sub(mean).mul_add(slope, constant);
                factor.mul(share).sub(rest).store_first(to.add(row * row_to + column * c), n);
            };
            for row in 0..map.height_out() {
                for column in 0..map.width_out() {
                    let share = V::load_first(gradient.add((row * map.width_out() + column) * c), n);
                    let window = Window::<V>::at(map, y, row, column, n);
                    for (i, (y, share)) in window.shares(factor, shift, share).into_iter().enumerate() {
                        if i < side * side {
                            set(side * row + i / side, side * column + i % side, y, share);
                        }
                    }
                }
            }
            // What no window covers.
            let covered = (side * map.height_out(), side * map.width_out());
            for row in 0..map.height {
                let from = if row < covered.0 { covered.1 } else { 0 };
                for column in from..map.width {
                    let y = V::load_first(y.add((row * map.width + column) * c), n);
                    set(row, column, y, V::splat(0.0));
                }
            }
        }
        at += n;
    }
}

/// The values before an output: four with pooling, else one and three that are never the maximum.
struct Window<V> {
    y: [V; 4],
    n: usize,
}

impl<V: Vector> Window<V> {
    #[inline(always)]
    unsafe fn at(map: Map, y: *const f32, row: usize, column: usize, n: usize) -> Self {
        let c = map.n_channels;
        // SAFETY: the caller's window lies inside the picture.
        unsafe {
            if map.pool {
                let first = 2 * (row * map.width + column);
                let at = |pixel: usize| V::load_first(y.add(pixel * c), n);
                let y = [at(first), at(first + 1), at(first + map.width), at(first + map.width + 1)];
                Window { y, n: 4 }
            } else {
                let y = V::load_first(y.add((row * map.width + column) * c), n);
                Window { y: [y; 4], n: 1 }
            }
        }
    }

    /// Each value with its share of the output's gradient: all of it for the first maximum if that is above 0.
    #[inline(always)]
    unsafe fn shares(self, factor: V, shift: V, gradient: V) -> [(V, V); 4] {
        // SAFETY: the caller has the instructions.
        unsafe {
            let z = self.y.map(|y| y.mul_add(factor, shift));
            if self.n == 1 {
                let zero = V::splat(0.0);
                return [
                    (self.y[0], gradient.where_positive(z[0])),
                    (self.y[1], zero),
                    (self.y[2], zero),
                    (self.y[3], zero),
                ];
            }
            let top = z[0].max(z[1]).max(z[2].max(z[3]));
            let mut left = gradient.where_positive(top);
            let mut shares = [(self.y[0], left); 4];
            for i in 0..4 {
                let share = left.where_equal(z[i], top);
                shares[i] = (self.y[i], share);
                // Either all of it or nothing was taken.
                left = left.sub(share);
            }
            shares
        }
    }
}
