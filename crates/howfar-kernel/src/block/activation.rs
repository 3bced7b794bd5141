//! What follows a convolution, one picture at a time: moments of its channels, an affine map of each, ReLU, 2×2
//! maximum, dropout; and the way back.
//!
//! z = factor · (y − mean) + shift, then max(0, ·), then the maximum of each 2×2 window (an odd last row or column is
//! left out), then 0 or a factor by chance. The gradient goes to the first maximum of a window in reading order, and
//! nowhere if that is not above 0 or was dropped; training notes where in bits, the routes: for each output and vector
//! of channels a word a value of the window, with a bit a channel.

use crate::dropout::KeptBits;
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

    /// Values that an output is the maximum of.
    fn window(&self) -> usize {
        if self.pool { 4 } else { 1 }
    }

    /// Words that say which of them it is.
    pub fn n_routes(&self, lanes: usize) -> usize {
        self.height_out() * self.width_out() * self.n_channels.div_ceil(lanes) * self.window()
    }

    /// The pixels of window `i` from left to right, top to bottom; without pooling there is one.
    #[inline(always)]
    fn pixel(&self, row: usize, column: usize, i: usize) -> usize {
        if self.pool { (2 * row + i / 2) * self.width + 2 * column + i % 2 } else { row * self.width + column }
    }
}

/// Mean, and sum of squared differences from it, of each channel of a picture, written to the first `n_channels` of two
/// rows that are padded to whole vectors.
///
/// # Safety
/// The CPU has the instructions of `V`.
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

/// Affine map, ReLU, pooling, dropout.
///
/// # Shapes
/// `y` `[H, W, C]`, mean, factor and shift `[C]` (or none: 0, 1 and 0) -> `out` `[H', W', C]`, `routes`
/// [`Map::n_routes`] words or none
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn activate<V: Vector>(
    map: Map,
    y: &[f32],
    affine: Option<[&[f32]; 3]>,
    kept: Option<&KeptBits>,
    out: &mut [f32],
    routes: &mut [u16],
) {
    let (c, n_vectors) = (map.n_channels, map.n_channels.div_ceil(V::LANES));
    assert!(y.len() >= map.n_values() && out.len() >= map.n_values_out());
    assert!(affine.iter().flatten().all(|row| row.len() >= c));
    assert!(routes.is_empty() || routes.len() >= map.n_routes(V::LANES));
    let window = map.window();
    for vector in 0..n_vectors {
        let at = vector * V::LANES;
        let n = (c - at).min(V::LANES);
        // SAFETY: n channels from `at` on lie inside each pixel; windows lie inside the picture.
        unsafe {
            // The mean goes first: folded into the shift, its rounding would be divided by a small deviation.
            let [mean, factor, shift] = match affine {
                Some(rows) => [row(rows[0], at, n), row(rows[1], at, n), row(rows[2], at, n)],
                None => [V::splat(0.0), V::splat(1.0), V::splat(0.0)],
            };
            let (y, out) = (y.as_ptr().add(at), out.as_mut_ptr().add(at));
            let scale = V::splat(kept.map_or(1.0, |kept| kept.scale));
            for row in 0..map.height_out() {
                for column in 0..map.width_out() {
                    let pixel = row * map.width_out() + column;
                    let mut z = [V::splat(0.0); 4];
                    for (i, z) in z.iter_mut().enumerate().take(window) {
                        let y = V::load_first(y.add(map.pixel(row, column, i) * c), n);
                        *z = y.sub(mean).mul_add(factor, shift);
                    }
                    let top = if map.pool { z[0].max(z[1]).max(z[2].max(z[3])) } else { z[0] };
                    let mut open = top.positive_bits();
                    if let Some(kept) = kept {
                        open &= kept.word(pixel * c + at);
                    }
                    top.mul(scale).keep(open).store_first(out.add(pixel * c), n);
                    if !routes.is_empty() {
                        let to = (pixel * n_vectors + vector) * window;
                        for (i, z) in z.iter().enumerate().take(window) {
                            let here = open & z.equal_bits(top);
                            *routes.get_unchecked_mut(to + i) = here;
                            open &= !here;
                        }
                    }
                }
            }
        }
    }
}

/// Calls `f(at, n, pixel, i of the window, gradient)` for every vector of channels and value of every window.
macro_rules! each_share {
    (
        $V:ty, $map:expr, $gradient:expr, $routes:expr, $scale:expr, $at:expr, |$pixel:ident, $share:ident| $body:expr
    ) => {
        let (c, n_vectors, window) = ($map.n_channels, $map.n_channels.div_ceil(<$V>::LANES), $map.window());
        let n = (c - $at).min(<$V>::LANES);
        for row in 0..$map.height_out() {
            for column in 0..$map.width_out() {
                let out = row * $map.width_out() + column;
                let slope = <$V>::load_first($gradient.as_ptr().add(out * c + $at), n).mul($scale);
                let from = (out * n_vectors + $at / <$V>::LANES) * window;
                for i in 0..window {
                    let ($pixel, $share) = ($map.pixel(row, column, i), slope.keep(*$routes.get_unchecked(from + i)));
                    $body;
                }
            }
        }
    };
}

/// The gradient after the convolution where no norm stands between, and its sum over the pixels of each channel, added
/// to a row.
///
/// # Shapes
/// `gradient` of the output `[H', W', C]`, times `scale`; `to` `[H, W, C]`, `sums` `[C]`
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn route_back<V: Vector>(
    map: Map,
    gradient: &[f32],
    routes: &[u16],
    scale: f32,
    to: &mut [f32],
    sums: &mut [f32],
) {
    let c = map.n_channels;
    assert!(gradient.len() >= map.n_values_out() && to.len() >= map.n_values() && sums.len() >= c);
    assert!(routes.len() >= map.n_routes(V::LANES));
    if map.pool && (!map.height.is_multiple_of(2) || !map.width.is_multiple_of(2)) {
        // What no window covers.
        to[..map.n_values()].fill(0.0);
    }
    for at in (0..c).step_by(V::LANES) {
        let n = (c - at).min(V::LANES);
        // SAFETY: n channels from `at` on lie inside each pixel; windows lie inside the picture.
        unsafe {
            let (scale, to) = (V::splat(scale), to.as_mut_ptr().add(at));
            let mut sum = V::splat(0.0);
            each_share!(V, map, gradient, routes, scale, at, |pixel, share| {
                sum = sum.add(share);
                share.store_first(to.add(pixel * c), n)
            });
            sum.add(V::load_first(sums.as_ptr().add(at), n)).store_first(sums.as_mut_ptr().add(at), n);
        }
    }
}

/// Σ of the gradient at z, and Σ of it times (y − mean), of each channel, added to two rows.
///
/// # Shapes
/// `y` `[H, W, C]`, `gradient` of the output `[H', W', C]`, times `scale`; the rest `[C]`
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn add_gradient_sums<V: Vector>(
    map: Map,
    y: &[f32],
    mean: &[f32],
    (gradient, routes, scale): (&[f32], &[u16], f32),
    sums: &mut [f32],
    products: &mut [f32],
) {
    let c = map.n_channels;
    assert!(y.len() >= map.n_values() && gradient.len() >= map.n_values_out() && mean.len() >= c);
    assert!(sums.len() >= c && products.len() >= c && routes.len() >= map.n_routes(V::LANES));
    for at in (0..c).step_by(V::LANES) {
        let n = (c - at).min(V::LANES);
        // SAFETY: n channels from `at` on lie inside each pixel; windows lie inside the picture.
        unsafe {
            let (y, scale) = (y.as_ptr().add(at), V::splat(scale));
            let mean = V::load_first(mean.as_ptr().add(at), n);
            let (mut sum, mut product) = (V::splat(0.0), V::splat(0.0));
            each_share!(V, map, gradient, routes, scale, at, |pixel, share| {
                sum = sum.add(share);
                product = V::load_first(y.add(pixel * c), n).sub(mean).mul_add(share, product)
            });
            sum.add(V::load_first(sums.as_ptr().add(at), n)).store_first(sums.as_mut_ptr().add(at), n);
            product.add(V::load_first(products.as_ptr().add(at), n)).store_first(products.as_mut_ptr().add(at), n);
        }
    }
}

/// The gradient at y behind a norm: factor · share − constant − slope · (y − mean), where share is the window's
/// gradient at its maximum.
///
/// # Shapes
/// `y` and `to` `[H, W, C]`, `gradient` of the output `[H', W', C]`, times `scale`; the rest `[C]`
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn gradient_before<V: Vector>(
    map: Map,
    y: &[f32],
    [factor, mean, constant, slope]: [&[f32]; 4],
    (gradient, routes, scale): (&[f32], &[u16], f32),
    to: &mut [f32],
) {
    let c = map.n_channels;
    assert!(y.len() >= map.n_values() && to.len() >= map.n_values() && gradient.len() >= map.n_values_out());
    assert!([factor, mean, constant, slope].iter().all(|row| row.len() >= c) && routes.len() >= map.n_routes(V::LANES));
    let side = if map.pool { 2 } else { 1 };
    let covered = (side * map.height_out(), side * map.width_out());
    for at in (0..c).step_by(V::LANES) {
        let n = (c - at).min(V::LANES);
        // SAFETY: n channels from `at` on lie inside each pixel; windows lie inside the picture.
        unsafe {
            let channels = [row(factor, at, n), row(mean, at, n), row(constant, at, n), row(slope, at, n)];
            let (y, to, scale) = (y.as_ptr().add(at), to.as_mut_ptr().add(at), V::splat(scale));
            each_share!(V, map, gradient, routes, scale, at, |pixel, share| {
                behind_norm(channels, y.add(pixel * c), share, to.add(pixel * c), n)
            });
            // What no window covers.
            for row in 0..map.height {
                let from = if row < covered.0 { covered.1 } else { 0 };
                for column in from..map.width {
                    let place = (row * map.width + column) * c;
                    behind_norm(channels, y.add(place), V::splat(0.0), to.add(place), n);
                }
            }
        }
    }
}

/// Up to a vector of a row of channels.
#[inline(always)]
unsafe fn row<V: Vector>(row: &[f32], at: usize, n: usize) -> V {
    debug_assert!(at + n <= row.len());
    // SAFETY: the callers checked the length of the row.
    unsafe { V::load_first(row.as_ptr().add(at), n) }
}

/// The gradient at a pixel behind a norm.
#[inline(always)]
unsafe fn behind_norm<V: Vector>(
    [factor, mean, constant, slope]: [V; 4],
    y: *const f32,
    share: V,
    to: *mut f32,
    n: usize,
) {
    // SAFETY: the caller's pointers are good for n channels.
    unsafe {
        let away = V::load_first(y, n).sub(mean);
        factor.mul(share).sub(away.mul_add(slope, constant)).store_first(to, n);
    }
}
