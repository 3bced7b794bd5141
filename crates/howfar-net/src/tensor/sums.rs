//! Sums of tensors along axes, whose order depends on sizes alone.
//!
//! In: a tensor. Out: one of size 1 along what was summed. Blocks of about [`ROW`] numbers are summed on their own, and
//! then the sums of blocks.

use howfar_kernel::made;

use super::values::Values;

/// Numbers that one thread sums before the next sum begins.
const ROW: usize = 16_384;
/// A block has so many at least, so that there are fewer blocks than numbers.
const FEWEST: usize = 64;
/// Sums of a row side by side.
const LANES: usize = 16;

/// Sums over the middle of three axes.
fn sum_middle(x: &[f32], [outer, middle, inner]: [usize; 3]) -> Vec<f32> {
    let at_once = (ROW / inner.max(1)).max(FEWEST);
    let n_blocks = middle.div_ceil(at_once).max(1);
    let sums_at_once = (at_once / middle.max(1)).max(1) * inner;
    let sums = made(outer * n_blocks * inner, sums_at_once, &|at, sums| {
        for (i, sums) in sums.chunks_exact_mut(inner).enumerate() {
            let (outer, block) = ((at / inner + i) / n_blocks, (at / inner + i) % n_blocks);
            let first = block * at_once;
            let n = at_once.min(middle - first);
            let x = &x[(outer * middle + first) * inner..][..n * inner];
            if inner == 1 {
                sums[0] = sum_row(x);
            } else {
                for row in x.chunks_exact(inner) {
                    sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
                }
            }
        }
    });
    if n_blocks == 1 { sums } else { sum_middle(&sums, [outer, n_blocks, inner]) }
}

fn sum_row(x: &[f32]) -> f32 {
    let (lanes, rest) = x.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for x in lanes {
        sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
    }
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// Sums over all axes on which `shape` has size 1.
pub(crate) fn sum_to(x: Values, shape: &[usize]) -> Values {
    let mut x = x;
    let mut axis = 0;
    while axis < shape.len() {
        // Neighbouring axes are summed as one.
        let end = (axis..shape.len()).find(|i| shape[*i] == x.shape[*i]).unwrap_or(shape.len());
        if end > axis {
            let size = |axes: std::ops::Range<usize>| x.shape[axes].iter().product::<usize>();
            let sums = sum_middle(&x.data, [size(0..axis), size(axis..end), size(end..shape.len())]);
            let mut left = x.shape;
            left[axis..end].fill(1);
            x = Values::new(left, sums);
        }
        axis = end + 1;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_any_length_are_those_of_whole_numbers() {
        for shape in [[1, 40_000, 1], [3, 40_000, 1], [2, 3000, 7], [5, 2, 9000], [70_000, 3, 1]] {
            let x = Values::new(shape.to_vec(), (0..shape.iter().product::<usize>()).map(|i| (i % 5) as f32).collect());
            let sums = sum_to(x.clone(), &[shape[0], 1, shape[2]]);
            for (i, sum) in sums.data.iter().enumerate() {
                let (outer, inner) = (i / shape[2], i % shape[2]);
                let number = |middle: usize| x.data[(outer * shape[1] + middle) * shape[2] + inner];
                assert_eq!(*sum, (0..shape[1]).map(number).sum::<f32>(), "{shape:?} {i}");
            }
        }
    }
}
