//! 3×3 convolutions of one picture: forward, and the sum of its weight gradient.
//!
//! Both read a picture whose border of zeros is there already, so that three taps of a row and all their channels are
//! one run of 3·C numbers. A tile of M pixels × NV vectors of channels stays in registers over all 9·C taps.

use crate::vector::Vector;

/// Pixels whose rows are summed before the next tile of a weight gradient, so that they stay in the nearest cache.
const PIXELS_AT_ONCE: usize = 128;

/// Sizes of a convolution of one picture without border: H × W with C channels to (H − 2) × (W − 2) with C'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Channels of the input.
    pub n_in: usize,
    /// Channels of the output.
    pub n_out: usize,
}

impl Geometry {
    pub fn n_inputs(&self) -> usize {
        self.height * self.width * self.n_in
    }

    pub fn n_outputs(&self) -> usize {
        (self.height - 2) * (self.width - 2) * self.n_out
    }
}

/// Channels out rounded up to whole vectors.
pub(crate) fn padded_channels<V: Vector>(n: usize) -> usize {
    n.next_multiple_of(V::LANES)
}

/// The vectors of channels that a tile takes, from the vectors that are left.
#[inline(always)]
fn group_size<V: Vector>(n_left: usize) -> usize {
    match n_left {
        3 if V::LANES == 8 => 3,
        1 => 1,
        _ => 2,
    }
}

/// Numbers of packed weights.
pub(crate) fn n_packed<V: Vector>(n_in: usize, n_out: usize) -> usize {
    9 * n_in * padded_channels::<V>(n_out)
}

/// Weights in the order in which tiles read them: a group of vectors of output channels after the other, in each row,
/// column, input channel, output channel; missing output channels are zeros. `at(o, i, tap)` gives a weight.
pub(crate) fn pack<V: Vector>(n_in: usize, n_out: usize, to: &mut [f32], at: impl Fn(usize, usize, usize) -> f32) {
    let n_vectors = n_out.div_ceil(V::LANES);
    let mut to = to[..n_packed::<V>(n_in, n_out)].iter_mut();
    let mut first = 0;
    while first < n_vectors {
        let size = group_size::<V>(n_vectors - first);
        for tap in 0..9 {
            for i in 0..n_in {
                for (o, to) in (first * V::LANES..(first + size) * V::LANES).zip(&mut to) {
                    *to = if o < n_out { at(o, i, tap) } else { 0.0 };
                }
            }
        }
        first += size;
    }
}

/// Copies rows of a picture and `border` zeros on each side of them. Row 0 of `to` is row `first` of the picture with its
/// border; `to` has width + 2·border pixels a row and as many rows as it is long.
pub(crate) fn pad(from: &[f32], [height, width, n_channels]: [usize; 3], border: usize, first: usize, to: &mut [f32]) {
    let (row, side) = (width * n_channels, border * n_channels);
    for (y, to) in to.chunks_exact_mut(row + 2 * side).enumerate() {
        let inside = (first + y).checked_sub(border).filter(|y| *y < height);
        let Some(y) = inside else {
            to.fill(0.0);
            continue;
        };
        to[..side].fill(0.0);
        to[side..side + row].copy_from_slice(&from[y * row..(y + 1) * row]);
        to[side + row..].fill(0.0);
    }
}

/// One picture through a convolution: `out` = bias + weights ∗ `x`.
///
/// # Shapes
/// `x` `[H, W, C]`, `packed` from [`pack`], `bias` padded to whole vectors, `out` `[H − 2, W − 2, C']`
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn convolve<V: Vector>(g: Geometry, x: &[f32], packed: &[f32], bias: &[f32], out: &mut [f32]) {
    let n_vectors = g.n_out.div_ceil(V::LANES);
    assert!(x.len() >= g.n_inputs() && out.len() >= g.n_outputs() && bias.len() >= n_vectors * V::LANES);
    assert!(packed.len() >= n_packed::<V>(g.n_in, g.n_out));
    let mut first = 0;
    while first < n_vectors {
        let size = group_size::<V>(n_vectors - first);
        let at = first * V::LANES;
        // SAFETY: the lengths were checked above; a group ends before the last padded channel.
        unsafe {
            let (packed, bias) = (packed.as_ptr().add(at * g.n_in * 9), bias.as_ptr().add(at));
            let (x, out, n_left) = (x.as_ptr(), out.as_mut_ptr().add(at), g.n_out - at);
            match size {
                3 => rows::<V, 3>(g, x, packed, bias, out, n_left),
                2 => rows::<V, 2>(g, x, packed, bias, out, n_left),
                _ => rows::<V, 1>(g, x, packed, bias, out, n_left),
            }
        }
        first += size;
    }
}

#[inline(always)]
unsafe fn rows<V: Vector, const NV: usize>(
    g: Geometry,
    x: *const f32,
    packed: *const f32,
    bias: *const f32,
    out: *mut f32,
    n_left: usize,
) {
    let width = g.width - 2;
    for row in 0..g.height - 2 {
        let mut column = 0;
        while column < width {
            let rest = width - column;
            // SAFETY: a tile reads and writes pixels before the end of its row only.
            unsafe {
                let x = x.add((row * g.width + column) * g.n_in);
                let out = out.add((row * width + column) * g.n_out);
                // As many pixels as there are registers for; two tiles of 4 beat 6 and 2.
                column += if rest >= 8 && (V::LANES == 16 || NV == 1) {
                    tile::<V, 8, NV>(g, x, packed, bias, out, n_left)
                } else if rest >= 6 && rest != 8 && V::LANES == 8 && NV == 2 {
                    tile::<V, 6, NV>(g, x, packed, bias, out, n_left)
                } else if rest >= 4 {
                    tile::<V, 4, NV>(g, x, packed, bias, out, n_left)
                } else if rest >= 2 {
                    tile::<V, 2, NV>(g, x, packed, bias, out, n_left)
                } else {
                    tile::<V, 1, NV>(g, x, packed, bias, out, n_left)
                };
            }
        }
    }
}

/// M pixels of a row × NV vectors of channels, of which `n_left` channels are wanted. Returns M.
#[inline(always)]
unsafe fn tile<V: Vector, const M: usize, const NV: usize>(
    g: Geometry,
    x: *const f32,
    packed: *const f32,
    bias: *const f32,
    out: *mut f32,
    n_left: usize,
) -> usize {
    // SAFETY: the callers' pointers reach over 3 rows of M + 2 pixels, all packed taps of the group, M pixels out.
    unsafe {
        let mut sums = [[V::splat(0.0); NV]; M];
        for v in 0..NV {
            let bias = V::load(bias.add(v * V::LANES));
            for sum in &mut sums {
                sum[v] = bias;
            }
        }
        let mut taps = packed;
        for row in 0..3 {
            let x = x.add(row * g.width * g.n_in);
            for p in 0..3 * g.n_in {
                let mut tap = [V::splat(0.0); NV];
                for (v, tap) in tap.iter_mut().enumerate() {
                    *tap = V::load(taps.add(v * V::LANES));
                }
                taps = taps.add(NV * V::LANES);
                for (m, sum) in sums.iter_mut().enumerate() {
                    let pixel = V::splat(*x.add(m * g.n_in + p));
                    for v in 0..NV {
                        sum[v] = pixel.mul_add(tap[v], sum[v]);
                    }
                }
            }
        }
        let whole = n_left >= NV * V::LANES;
        for (m, sum) in sums.iter().enumerate() {
            for (v, sum) in sum.iter().enumerate() {
                let out = out.add(m * g.n_out + v * V::LANES);
                if whole {
                    sum.store(out);
                } else {
                    sum.store_first(out, (n_left - v * V::LANES).min(V::LANES));
                }
            }
        }
    }
    M
}

/// Adds one picture's part of the weight gradient: `sums` += Σ over pixels of `x` beside `gradient`.
///
/// # Shapes
/// `x` `[H, W, C]`; `gradient` of the output, in rows of `gradient_row` numbers and pixels of `gradient_pixel`, readable
/// up to whole vectors of channels; `sums` `[3 rows, 3 columns, C, C' padded to whole vectors]`
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn add_weight_gradient<V: Vector>(
    g: Geometry,
    x: &[f32],
    gradient: &[f32],
    gradient_row: usize,
    gradient_pixel: usize,
    sums: &mut [f32],
) {
    let (height, width) = (g.height - 2, g.width - 2);
    let (n_vectors, n_padded) = (g.n_out.div_ceil(V::LANES), padded_channels::<V>(g.n_out));
    assert!(x.len() >= g.n_inputs() && sums.len() >= 9 * g.n_in * n_padded);
    assert!(gradient.len() >= (height - 1) * gradient_row + (width - 1) * gradient_pixel + n_padded);
    let rows_at_once = (PIXELS_AT_ONCE / width).max(1);
    let mut row = 0;
    while row < height {
        let n_rows = rows_at_once.min(height - row);
        for tap_row in 0..3 {
            // SAFETY: rows and columns stay inside; the lengths were checked above.
            unsafe {
                let pixels = Pixels {
                    n_rows,
                    n_columns: width,
                    x: x.as_ptr().add((row + tap_row) * g.width * g.n_in),
                    x_row: g.width * g.n_in,
                    x_pixel: g.n_in,
                    gradient: gradient.as_ptr().add(row * gradient_row),
                    gradient_row,
                    gradient_pixel,
                };
                let sums = sums.as_mut_ptr().add(tap_row * 3 * g.n_in * n_padded);
                let mut first = 0;
                while first < n_vectors {
                    let size = group_size::<V>(n_vectors - first);
                    let mut group = pixels;
                    group.gradient = pixels.gradient.add(first * V::LANES);
                    let sums = sums.add(first * V::LANES);
                    match size {
                        3 => all_taps::<V, 3>(&group, 3 * g.n_in, sums, n_padded),
                        2 => all_taps::<V, 2>(&group, 3 * g.n_in, sums, n_padded),
                        _ => all_taps::<V, 1>(&group, 3 * g.n_in, sums, n_padded),
                    }
                    first += size;
                }
            }
        }
        row += n_rows;
    }
}

/// Pixels of the input beside those of the output's gradient.
#[derive(Clone, Copy)]
struct Pixels {
    n_rows: usize,
    n_columns: usize,
    x: *const f32,
    x_row: usize,
    x_pixel: usize,
    gradient: *const f32,
    gradient_row: usize,
    gradient_pixel: usize,
}

#[inline(always)]
unsafe fn all_taps<V: Vector, const NV: usize>(pixels: &Pixels, n_taps: usize, sums: *mut f32, stride: usize) {
    let mut tap = 0;
    while tap < n_taps {
        let rest = n_taps - tap;
        // SAFETY: a tile takes taps before the last one only.
        unsafe {
            let sums = sums.add(tap * stride);
            tap += if rest >= 12 && V::LANES == 16 && NV <= 2 {
                outer::<V, 12, NV>(pixels, tap, sums, stride)
            } else if rest >= 8 && (V::LANES == 16 || NV == 1) {
                outer::<V, 8, NV>(pixels, tap, sums, stride)
            } else if rest >= 6 && rest != 8 && NV <= 2 {
                outer::<V, 6, NV>(pixels, tap, sums, stride)
            } else if rest >= 4 {
                outer::<V, 4, NV>(pixels, tap, sums, stride)
            } else if rest == 3 {
                outer::<V, 3, NV>(pixels, tap, sums, stride)
            } else if rest == 2 {
                outer::<V, 2, NV>(pixels, tap, sums, stride)
            } else {
                outer::<V, 1, NV>(pixels, tap, sums, stride)
            };
        }
    }
}

/// M taps × NV vectors of channels, summed over all pixels. Returns M.
#[inline(always)]
unsafe fn outer<V: Vector, const M: usize, const NV: usize>(
    pixels: &Pixels,
    tap: usize,
    to: *mut f32,
    stride: usize,
) -> usize {
    // SAFETY: the caller's pointers reach over all pixels, M taps and NV vectors.
    unsafe {
        let mut sums = [[V::splat(0.0); NV]; M];
        for (m, sum) in sums.iter_mut().enumerate() {
            for (v, sum) in sum.iter_mut().enumerate() {
                *sum = V::load(to.add(m * stride + v * V::LANES));
            }
        }
        for row in 0..pixels.n_rows {
            let mut x = pixels.x.add(row * pixels.x_row + tap);
            let mut gradient = pixels.gradient.add(row * pixels.gradient_row);
            for _ in 0..pixels.n_columns {
                let mut slope = [V::splat(0.0); NV];
                for (v, slope) in slope.iter_mut().enumerate() {
                    *slope = V::load(gradient.add(v * V::LANES));
                }
                for (m, sum) in sums.iter_mut().enumerate() {
                    let x = V::splat(*x.add(m));
                    for v in 0..NV {
                        sum[v] = x.mul_add(slope[v], sum[v]);
                    }
                }
                x = x.add(pixels.x_pixel);
                gradient = gradient.add(pixels.gradient_pixel);
            }
        }
        for (m, sum) in sums.iter().enumerate() {
            for (v, sum) in sum.iter().enumerate() {
                sum.store(to.add(m * stride + v * V::LANES));
            }
        }
    }
    M
}

/// The sums of [`add_weight_gradient`], several of them added in their order, as `[C', C, 3, 3]`.
pub(crate) fn unpack_weight_gradient<V: Vector>(n_in: usize, n_out: usize, sums: &[f32], gradient: &mut [f32]) {
    let n_padded = padded_channels::<V>(n_out);
    for (at, value) in gradient.iter_mut().enumerate() {
        let (o, i, tap) = (at / (9 * n_in), at / 9 % n_in, at % 9);
        let parts = sums.chunks_exact(9 * n_in * n_padded);
        *value = parts.fold(0.0, |sum, part| sum + part[(tap * n_in + i) * n_padded + o]);
    }
}
