//! Functions of every number, and of every pair.
//!
//! In: numbers with sizes; of two, either may have size 1 where the other has more. Out: numbers. Where nobody else
//! holds the numbers of an input, they are overwritten. The threads of the pool take pieces.

use std::sync::Arc;

use howfar_kernel::{NUMBERS_AT_ONCE, changed, made};

use super::layout::{Walk, broadcast_steps};
use super::values::Values;

/// A function of every number.
pub(crate) fn map(mut x: Values, f: impl Fn(f32) -> f32 + Sync) -> Values {
    if let Some(own) = Arc::get_mut(&mut x.data) {
        changed(own, NUMBERS_AT_ONCE, &|_, piece| piece.iter_mut().for_each(|x| *x = f(*x)));
        return x;
    }
    let out = made(x.data.len(), NUMBERS_AT_ONCE, &|at, out| {
        out.iter_mut().zip(&x.data[at..]).for_each(|(out, x)| *out = f(*x));
    });
    Values::new(x.shape, out)
}

/// A function of every pair of numbers.
pub(crate) fn zip(mut a: Values, mut b: Values, f: impl Fn(f32, f32) -> f32 + Sync) -> Values {
    let shape: Vec<usize> = a.shape.iter().zip(&b.shape).map(|(a, b)| if *a == 1 { *b } else { *a }).collect();
    let walk = Walk::new(&shape, &[&a, &b].map(|x| broadcast_steps(&x.shape, &shape)), [0, 0]);
    if a.shape == shape
        && let Some(own) = Arc::get_mut(&mut a.data)
    {
        changed_by(own, &walk, &b.data, walk.row_steps()[1], |[_, b]| b, &f);
        return a;
    }
    if b.shape == shape
        && let Some(own) = Arc::get_mut(&mut b.data)
    {
        changed_by(own, &walk, &a.data, walk.row_steps()[0], |[a, _]| a, |b, a| f(a, b));
        return b;
    }
    let steps = walk.row_steps();
    let out = made(shape.iter().product(), NUMBERS_AT_ONCE, &|at, out| {
        walk.each(at, out.len(), |range, [a_start, b_start]| {
            let (out, a, b) = (&mut out[range], &a.data[a_start..], &b.data[b_start..]);
            match steps {
                [1, 1] => out.iter_mut().zip(a).zip(b).for_each(|((out, a), b)| *out = f(*a, *b)),
                [1, _] => out.iter_mut().zip(a).for_each(|(out, a)| *out = f(*a, b[0])),
                [_, 1] => out.iter_mut().zip(b).for_each(|(out, b)| *out = f(a[0], *b)),
                _ => out.fill(f(a[0], b[0])),
            }
        });
    });
    Values::new(shape, out)
}

/// Overwrites `own`, which has all numbers of the walk, by a function of each and the other input's.
fn changed_by(
    own: &mut [f32],
    walk: &Walk<2>,
    other: &[f32],
    step: isize,
    start_of: impl Fn([usize; 2]) -> usize + Sync,
    f: impl Fn(f32, f32) -> f32 + Sync,
) {
    changed(own, NUMBERS_AT_ONCE, &|at, piece| {
        walk.each(at, piece.len(), |range, starts| {
            let (own, other) = (&mut piece[range], &other[start_of(starts)..]);
            if step == 1 {
                own.iter_mut().zip(other).for_each(|(own, other)| *own = f(*own, *other));
            } else {
                own.iter_mut().for_each(|own| *own = f(*own, other[0]));
            }
        });
    });
}
