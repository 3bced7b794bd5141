//! The gradient of the weights of a direct 3×3 convolution, one picture after the other.

use crate::product::add_products;
use crate::vector::Vector;

/// Adds one picture's part: `sums` += Σ over pixels of `x` beside `gradient`.
///
/// # Shapes
/// `x` `[H + 2, W + 2, C]`; `gradient` `[H, W, C']`, readable up to whole vectors of channels behind its last pixel;
/// `sums` `[3 rows, 3 columns, C, C' padded to whole vectors]`
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn add_weight_gradient<V: Vector>(
    [height, width]: [usize; 2],
    [n_in, n_out]: [usize; 2],
    x: &[f32],
    gradient: &[f32],
    sums: &mut [f32],
) {
    let (run, n_padded, row) = (3 * n_in, n_out.next_multiple_of(V::LANES), (width + 2) * n_in);
    assert!(x.len() >= (height + 2) * row && sums.len() >= 3 * run * n_padded);
    assert!(gradient.len() >= (height * width - 1) * n_out + n_padded);
    for y in 0..height {
        for tap_row in 0..3 {
            // SAFETY: rows and columns stay inside; the lengths were checked above.
            unsafe {
                let a = x.as_ptr().add((y + tap_row) * row);
                let (b, c) =
                    (gradient.as_ptr().add(y * width * n_out), sums.as_mut_ptr().add(tap_row * run * n_padded));
                add_products::<V>([run, width, n_padded], a, [1, n_in], b, n_out, c, n_padded);
            }
        }
    }
}

/// The sums of [`add_weight_gradient`], several of them added in their order, as `[C', C, 3, 3]`.
pub(crate) fn unpack_weight_gradient(lanes: usize, [n_in, n_out]: [usize; 2], sums: &[f32], weight: &mut [f32]) {
    let n_padded = n_out.next_multiple_of(lanes);
    for (at, value) in weight.iter_mut().enumerate() {
        let (o, i, tap) = (at / (9 * n_in), at / 9 % n_in, at % 9);
        let parts = sums.chunks_exact(9 * n_in * n_padded);
        *value = parts.fold(0.0, |sum, part| sum + part[(tap * n_in + i) * n_padded + o]);
    }
}
