//! Numbers that lie elsewhere than they did: axes exchanged, parts, repeats, zeros around.
//!
//! In: numbers with sizes. Out: dense ones. [`Walk`] is how numbers are found that do not lie side by side.

use howfar_kernel::{NUMBERS_AT_ONCE, made};

use super::values::Values;

/// The rows of an output, and where each of them lies in the inputs.
pub(crate) struct Walk<const N: usize> {
    /// Axes of the output; neighbours that every input walks as one are one.
    sizes: Vec<usize>,
    /// How far the numbers of an axis are apart in each input.
    steps: Vec<[isize; N]>,
    starts: [isize; N],
}

/// How far the numbers of each axis of a dense tensor are apart.
fn dense_steps(shape: &[usize]) -> Vec<isize> {
    let mut step = 1;
    let mut steps = vec![0; shape.len()];
    for (to, size) in steps.iter_mut().zip(shape).rev() {
        *to = step;
        step *= *size as isize;
    }
    steps
}

/// The same where an axis of size 1 stands for all of the output's.
pub(crate) fn broadcast_steps(shape: &[usize], out: &[usize]) -> Vec<isize> {
    assert_eq!(shape.len(), out.len(), "{shape:?} as {out:?}");
    let fit = |(size, out): (&usize, &usize)| size == out || *size == 1;
    assert!(shape.iter().zip(out).all(fit), "{shape:?} as {out:?}");
    let steps = dense_steps(shape);
    steps.into_iter().zip(shape).map(|(step, size)| if *size == 1 { 0 } else { step }).collect()
}

impl<const N: usize> Walk<N> {
    pub(crate) fn new(shape: &[usize], steps: &[Vec<isize>; N], starts: [isize; N]) -> Self {
        let mut walk = Walk { sizes: Vec::new(), steps: Vec::new(), starts };
        for (axis, size) in shape.iter().enumerate().filter(|(_, size)| **size != 1) {
            let steps = std::array::from_fn(|input| steps[input][axis]);
            match (walk.sizes.last_mut(), walk.steps.last_mut()) {
                (Some(before), Some(last)) if (0..N).all(|i| last[i] == steps[i] * *size as isize) => {
                    *before *= size;
                    *last = steps;
                }
                _ => {
                    walk.sizes.push(*size);
                    walk.steps.push(steps);
                }
            }
        }
        if walk.sizes.is_empty() {
            walk.sizes.push(shape.iter().product());
            walk.steps.push([1; N]);
        }
        walk
    }

    /// How far the numbers of a row are apart in each input.
    pub(crate) fn row_steps(&self) -> [isize; N] {
        *self.steps.last().expect("there is a row")
    }

    /// Calls `row` for what `n` numbers of the output from `at` on have of each row, with where that begins in each
    /// input.
    pub(crate) fn each(&self, at: usize, n: usize, mut row: impl FnMut(std::ops::Range<usize>, [usize; N])) {
        let (length, outer) = self.sizes.split_last().expect("there is a row");
        let mut done = 0;
        while done < n {
            let (mut idx, within) = ((at + done) / length, (at + done) % length);
            let mut starts = self.starts;
            let mut go = |steps: &[isize; N], by: usize| {
                starts.iter_mut().zip(steps).for_each(|(start, step)| *start += by as isize * step);
            };
            go(&self.row_steps(), within);
            for (size, steps) in outer.iter().zip(&self.steps).rev() {
                go(steps, idx % size);
                idx /= size;
            }
            let end = n.min(done + length - within);
            row(done..end, starts.map(|start| start as usize));
            done = end;
        }
    }
}

/// A dense tensor of what a walk through `x` meets.
fn gathered(x: &Values, shape: Vec<usize>, steps: Vec<isize>, start: isize) -> Values {
    let walk = Walk::new(&shape, &[steps], [start]);
    let [step] = walk.row_steps();
    let data = made(shape.iter().product(), NUMBERS_AT_ONCE, &|at, out| {
        walk.each(at, out.len(), |range, [start]| {
            let out = &mut out[range];
            match step {
                1 => out.copy_from_slice(&x.data[start..start + out.len()]),
                0 => out.fill(x.data[start]),
                _ => {
                    for (i, out) in out.iter_mut().enumerate() {
                        *out = x.data[(start as isize + i as isize * step) as usize];
                    }
                }
            }
        });
    });
    Values::new(shape, data)
}

/// The axes in another order.
pub(crate) fn permuted(x: &Values, axes: &[usize]) -> Values {
    let steps = dense_steps(&x.shape);
    let shape = axes.iter().map(|axis| x.shape[*axis]).collect();
    gathered(x, shape, axes.iter().map(|axis| steps[*axis]).collect(), 0)
}

/// Axes of size 1 repeated.
pub(crate) fn expanded(x: &Values, shape: &[usize]) -> Values {
    gathered(x, shape.to_vec(), broadcast_steps(&x.shape, shape), 0)
}

/// The numbers within ranges of all axes, each from its first on.
pub(crate) fn part(x: &Values, firsts: &[usize], shape: Vec<usize>) -> Values {
    let steps = dense_steps(&x.shape);
    let start = firsts.iter().zip(&steps).map(|(first, step)| *first as isize * step).sum();
    gathered(x, shape, steps, start)
}

/// Zeros around.
pub(crate) fn padded(x: &Values, before: &[usize], shape: &[usize]) -> Values {
    let (length, outer) = shape.split_last().expect("tensors have an axis");
    let (steps, last) = (dense_steps(&x.shape), shape.len() - 1);
    let place = |mut row: usize| {
        let mut start = 0;
        for axis in (0..outer.len()).rev() {
            let i = (row % shape[axis]).wrapping_sub(before[axis]);
            row /= shape[axis];
            if i >= x.shape[axis] {
                return None;
            }
            start += i * steps[axis] as usize;
        }
        Some(start)
    };
    let at_once = (NUMBERS_AT_ONCE / length.max(&1)).max(1) * length;
    let data = made(shape.iter().product(), at_once, &|at, out| {
        for (i, out) in out.chunks_exact_mut(*length).enumerate() {
            if let Some(start) = place(at / length + i) {
                out[before[last]..][..x.shape[last]].copy_from_slice(&x.data[start..start + x.shape[last]]);
            }
        }
    });
    Values::new(shape.to_vec(), data)
}

/// An axis turned round.
pub(crate) fn flipped(x: &Values, axis: usize) -> Values {
    let mut steps = dense_steps(&x.shape);
    let start = steps[axis] * (x.shape[axis] as isize - 1);
    steps[axis] = -steps[axis];
    gathered(x, x.shape.clone(), steps, start)
}
