//! Products of small matrices with everything in registers: what Winograd's convolutions and dense layers are made of.
//!
//! A tile of M rows × NV vectors of columns is summed over all of K before it is written. Every sum runs from the first
//! summand to the last, so that it does not depend on what stands beside it.

use crate::vector::{Kernel, Vector};

/// Calls a function with the number of rows of each tile, the largest that registers allow first.
macro_rules! each_tile {
    ($V:ty, $n_vectors:expr, $n:expr, $row:ident, $tile:ident => $body:expr) => {
        let mut $row = 0;
        while $row < $n {
            let rest = $n - $row;
            if rest >= 12 && <$V>::LANES == 16 && rest != 16 {
                const $tile: usize = 12;
                $body;
                $row += 12;
            } else if rest >= 8 && (<$V>::LANES == 16 || $n_vectors == 1) {
                const $tile: usize = 8;
                $body;
                $row += 8;
            } else if rest >= 6 && rest != 8 && <$V>::LANES == 8 {
                const $tile: usize = 6;
                $body;
                $row += 6;
            } else if rest >= 4 {
                const $tile: usize = 4;
                $body;
                $row += 4;
            } else if rest >= 2 {
                const $tile: usize = 2;
                $body;
                $row += 2;
            } else {
                const $tile: usize = 1;
                $body;
                $row += 1;
            }
        }
    };
}
pub(crate) use each_tile;

/// c = a · b.
///
/// # Shapes
/// `a` `[n, k]` with element (m, p) at `m · a_steps[0] + p · a_steps[1]`, one of which is 1, `b` `[k, NV vectors]`, `c`
/// `[n, NV vectors]` in rows of `c_row`
///
/// # Safety
/// The CPU has the instructions of `V`; the pointers are good for these shapes.
#[inline(always)]
pub(crate) unsafe fn products<V: Vector, const NV: usize>(
    n: usize,
    k: usize,
    a: *const f32,
    a_steps: [usize; 2],
    b: *const f32,
    c: *mut f32,
    c_row: usize,
) {
    let matrices = Matrices { n, k, a, b, b_row: NV * V::LANES, c, c_row, add: false };
    // SAFETY: the caller's matrices.
    unsafe { matrices.call::<V, NV>(a_steps) };
}

/// c += a · b.
///
/// # Shapes
/// As [`products`] but `b` `[k, n_columns]` in rows of `b_row` and `c` `[n, n_columns]`, whole vectors both.
///
/// # Safety
/// As [`products`].
#[inline(always)]
pub(crate) unsafe fn add_products<V: Vector>(
    [n, k, n_columns]: [usize; 3],
    a: *const f32,
    a_steps: [usize; 2],
    b: *const f32,
    b_row: usize,
    c: *mut f32,
    c_row: usize,
) {
    let mut column = 0;
    while column < n_columns {
        // SAFETY: columns and rows inside the caller's matrices only.
        unsafe {
            let (b, c) = (b.add(column), c.add(column));
            if n_columns - column >= 2 * V::LANES {
                add_columns::<V, 2>(n, k, a, a_steps, b, b_row, c, c_row);
                column += 2 * V::LANES;
            } else {
                add_columns::<V, 1>(n, k, a, a_steps, b, b_row, c, c_row);
                column += V::LANES;
            }
        }
    }
}

/// c += a · b for NV vectors of columns.
///
/// # Shapes
/// As [`products`] but `b` in rows of `b_row`
///
/// # Safety
/// As [`products`].
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "three matrices")]
pub(crate) unsafe fn add_columns<V: Vector, const NV: usize>(
    n: usize,
    k: usize,
    a: *const f32,
    a_steps: [usize; 2],
    b: *const f32,
    b_row: usize,
    c: *mut f32,
    c_row: usize,
) {
    let matrices = Matrices { n, k, a, b, b_row, c, c_row, add: true };
    // SAFETY: the caller's matrices.
    unsafe { matrices.call::<V, NV>(a_steps) };
}

/// The matrices of a product.
struct Matrices {
    n: usize,
    k: usize,
    a: *const f32,
    b: *const f32,
    b_row: usize,
    c: *mut f32,
    c_row: usize,
    /// Whether the product is added to what `c` holds.
    add: bool,
}

impl Matrices {
    #[inline(always)]
    unsafe fn call<V: Vector, const NV: usize>(self, [row, step]: [usize; 2]) {
        debug_assert!(row == 1 || step == 1, "neither rows nor columns of a lie one beside the other");
        // SAFETY: the caller's matrices.
        unsafe {
            if row == 1 {
                V::call(Product::<NV, true> { matrices: self, stride: step });
            } else {
                V::call(Product::<NV, false> { matrices: self, stride: row });
            }
        }
    }
}

/// A product as a function of its own, which all kernels share. `BESIDE`: whether element (m, p) of a lies at m + p ·
/// stride, else at m · stride + p; which of them has to be known when it is compiled, because addresses with a fixed
/// distance need no registers.
struct Product<const NV: usize, const BESIDE: bool> {
    matrices: Matrices,
    stride: usize,
}

impl<const NV: usize, const BESIDE: bool> Kernel for Product<NV, BESIDE> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Product { matrices: Matrices { n, k, a, b, b_row, c, c_row, add }, stride } = self;
        let a_steps = if BESIDE { [1, stride] } else { [stride, 1] };
        each_tile!(V, NV, n, row, M => {
            // SAFETY: tiles take rows before n only.
            unsafe {
                let c = c.add(row * c_row);
                let mut sums = [[V::splat(0.0); NV]; M];
                if add {
                    for (m, sum) in sums.iter_mut().enumerate() {
                        for (v, sum) in sum.iter_mut().enumerate() {
                            *sum = V::load(c.add(m * c_row + v * V::LANES));
                        }
                    }
                }
                sum_products::<V, M, NV>(k, a.add(row * a_steps[0]), a_steps, b, b_row, &mut sums);
                store_tile::<V, M, NV>(&sums, c, c_row);
            }
        });
    }
}

/// sums += a · b for M rows.
///
/// # Shapes
/// As [`add_columns`].
///
/// # Safety
/// As [`products`].
#[inline(always)]
pub(crate) unsafe fn sum_products<V: Vector, const M: usize, const NV: usize>(
    k: usize,
    a: *const f32,
    [a_row, a_step]: [usize; 2],
    b: *const f32,
    b_row: usize,
    sums: &mut [[V; NV]; M],
) {
    // SAFETY: the caller's pointers are good for M rows of a and k rows of b.
    unsafe {
        let (mut a, mut b) = (a, b);
        for _ in 0..k {
            add_row(a, a_row, b, sums);
            a = a.add(a_step);
            b = b.add(b_row);
        }
    }
}

/// Adds the products of M numbers with a row.
#[inline(always)]
unsafe fn add_row<V: Vector, const M: usize, const NV: usize>(
    a: *const f32,
    a_row: usize,
    b: *const f32,
    sums: &mut [[V; NV]; M],
) {
    // SAFETY: the caller's pointers are good for M numbers and a row.
    unsafe {
        let mut row = [V::splat(0.0); NV];
        for (v, value) in row.iter_mut().enumerate() {
            *value = V::load(b.add(v * V::LANES));
        }
        for (m, sum) in sums.iter_mut().enumerate() {
            let factor = V::splat(*a.add(m * a_row));
            for v in 0..NV {
                sum[v] = factor.mul_add(row[v], sum[v]);
            }
        }
    }
}

#[inline(always)]
unsafe fn store_tile<V: Vector, const M: usize, const NV: usize>(sums: &[[V; NV]; M], c: *mut f32, c_row: usize) {
    for (m, sum) in sums.iter().enumerate() {
        for (v, sum) in sum.iter().enumerate() {
            // SAFETY: the caller's c is good for M rows.
            unsafe { sum.store(c.add(m * c_row + v * V::LANES)) };
        }
    }
}
