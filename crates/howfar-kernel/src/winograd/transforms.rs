//! The one-dimensional transforms that Winograd's F(4×4, 3×3) is made of, at the points 0, ±1, ±2 and infinity.
//!
//! Each is done for the rows of a tile, then for its columns, and for a vector of channels at a time.

use crate::vector::Vector;

/// Three taps to six numbers.
#[inline(always)]
pub(crate) unsafe fn spread<V: Vector>([a, b, c]: [V; 3]) -> [V; 6] {
    // SAFETY: the caller has the instructions.
    unsafe {
        let sixth = V::splat(1.0 / 6.0);
        let (outer, middle) = (a.add(c).mul(V::splat(-1.0 / 6.0)), b.mul(sixth));
        let (far, half) = (a.mul_add(V::splat(1.0 / 24.0), c.mul(sixth)), b.mul(V::splat(1.0 / 12.0)));
        [a.mul(V::splat(0.25)), outer.sub(middle), outer.add(middle), far.add(half), far.sub(half), c]
    }
}

/// The way back of [`spread`] for gradients.
#[inline(always)]
pub(crate) unsafe fn spread_back<V: Vector>(u: [V; 6]) -> [V; 3] {
    // SAFETY: the caller has the instructions.
    unsafe {
        let (near, far) = (u[1].add(u[2]).mul(V::splat(1.0 / 6.0)), u[3].add(u[4]));
        let a = far.mul_add(V::splat(1.0 / 24.0), u[0].mul_add(V::splat(0.25), V::splat(0.0).sub(near)));
        let b = u[3].sub(u[4]).mul_add(V::splat(1.0 / 12.0), u[2].sub(u[1]).mul(V::splat(1.0 / 6.0)));
        let c = far.mul_add(V::splat(1.0 / 6.0), u[5].sub(near));
        [a, b, c]
    }
}

/// What brings a row or column of a window to six numbers. A trait and no closure, because closures do not have the
/// instructions of the function that they stand in.
pub(crate) trait Transform<const SIDE: usize> {
    /// # Safety
    /// The CPU has the instructions of `V`.
    unsafe fn transform<V: Vector>(values: [V; SIDE]) -> [V; 6];
}

/// Six pixels to six numbers.
pub(crate) struct Pixels;

impl Transform<6> for Pixels {
    #[inline(always)]
    unsafe fn transform<V: Vector>(d: [V; 6]) -> [V; 6] {
        // SAFETY: the caller has the instructions.
        unsafe {
            let (four, minus_four, minus_five) = (V::splat(4.0), V::splat(-4.0), V::splat(-5.0));
            let (even, odd) = (d[2].mul_add(minus_four, d[4]), d[1].mul_add(minus_four, d[3]));
            let (far, twice) = (d[4].sub(d[2]), d[3].sub(d[1]).mul(V::splat(2.0)));
            let first = d[0].mul_add(four, d[2].mul_add(minus_five, d[4]));
            let last = d[1].mul_add(four, d[3].mul_add(minus_five, d[5]));
            [first, even.add(odd), even.sub(odd), far.add(twice), far.sub(twice), last]
        }
    }
}

/// Six products to four pixels.
#[inline(always)]
pub(crate) unsafe fn out_of_tile<V: Vector>(m: [V; 6]) -> [V; 4] {
    // SAFETY: the caller has the instructions.
    unsafe {
        let (near, near_off) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (far, far_off) = (m[3].add(m[4]), m[3].sub(m[4]));
        let last = far_off.mul_add(V::splat(8.0), near_off).add(m[5]);
        [m[0].add(near.add(far)), far_off.mul_add(V::splat(2.0), near_off), far.mul_add(V::splat(4.0), near), last]
    }
}

/// Four slopes to six numbers: the way back of [`out_of_tile`].
pub(crate) struct Slopes;

impl Transform<4> for Slopes {
    #[inline(always)]
    unsafe fn transform<V: Vector>(y: [V; 4]) -> [V; 6] {
        // SAFETY: the caller has the instructions.
        unsafe {
            let (even, odd) = (y[0].add(y[2]), y[1].add(y[3]));
            let far_even = y[2].mul_add(V::splat(4.0), y[0]);
            let far_odd = y[3].mul_add(V::splat(8.0), y[1].mul(V::splat(2.0)));
            [y[0], even.add(odd), even.sub(odd), far_even.add(far_odd), far_even.sub(far_odd), y[3]]
        }
    }
}
