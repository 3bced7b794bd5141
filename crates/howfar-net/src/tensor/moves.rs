//! Operations that move numbers or add them up, with their gradients by hand.
//!
//! In: tensors of any number of axes. Out: one.

use howfar_kernel::{NUMBERS_AT_ONCE, made};

use super::layout::{expanded, flipped, padded, part, permuted};
use super::sums::sum_to;
use super::tape::{Tracks, Untyped};
use super::values::Values;

impl Untyped {
    /// Other sizes for the same numbers.
    pub(crate) fn reshape(self, shape: Vec<usize>) -> Self {
        let (x, tracks) = self.into_parts();
        let before = x.shape.clone();
        Untyped::record_one(tracks, x.reshaped(shape), |slope| slope.reshaped(before))
    }

    /// See [`permuted`].
    pub(crate) fn permute(self, axes: &[usize]) -> Self {
        let (x, tracks) = self.into_parts();
        let mut back = vec![0; axes.len()];
        axes.iter().enumerate().for_each(|(to, from)| back[*from] = to);
        Untyped::record_one(tracks, permuted(&x, axes), move |slope| permuted(&slope, &back))
    }

    /// See [`expanded`].
    pub(crate) fn expand(self, shape: &[usize]) -> Self {
        let (x, tracks) = self.into_parts();
        let out = expanded(&x, shape);
        let before = x.shape;
        Untyped::record_one(tracks, out, move |slope| sum_to(slope, &before))
    }

    /// `firsts` is where the part begins on each axis, `shape` its sizes.
    pub(crate) fn part(self, firsts: Vec<usize>, shape: Vec<usize>) -> Self {
        let (x, tracks) = self.into_parts();
        let out = part(&x, &firsts, shape);
        let whole = x.shape;
        Untyped::record_one(tracks, out, move |slope| padded(&slope, &firsts, &whole))
    }

    /// Zeros before and after the numbers of each axis.
    pub(crate) fn pad(self, ring: &[(usize, usize)]) -> Self {
        let (x, tracks) = self.into_parts();
        let before: Vec<usize> = ring.iter().map(|(before, _)| *before).collect();
        let shape: Vec<usize> = x.shape.iter().zip(ring).map(|(size, (before, after))| before + size + after).collect();
        let (out, whole) = (padded(&x, &before, &shape), x.shape);
        Untyped::record_one(tracks, out, move |slope| part(&slope, &before, whole))
    }

    /// An axis turned round.
    pub(crate) fn flip(self, axis: usize) -> Self {
        let (x, tracks) = self.into_parts();
        Untyped::record_one(tracks, flipped(&x, axis), move |slope| flipped(&slope, axis))
    }

    /// Tensors one after the other along an axis.
    pub(crate) fn cat(list: Vec<Self>, axis: usize) -> Self {
        let (parts, tracks): (Vec<Values>, Vec<Tracks>) = list.into_iter().map(Untyped::into_parts).unzip();
        let mut shape = parts[0].shape.clone();
        shape[axis] = parts.iter().map(|part| part.shape[axis]).sum();
        let inner: usize = shape[axis + 1..].iter().product();
        let row = shape[axis] * inner;
        let at_once = (NUMBERS_AT_ONCE / row.max(1)).max(1) * row;
        let data = made(shape.iter().product(), at_once, &|at, out| {
            for (i, mut out) in out.chunks_exact_mut(row).enumerate() {
                for part in &parts {
                    let n = part.shape[axis] * inner;
                    out.split_off_mut(..n)
                        .expect("the parts of a row")
                        .copy_from_slice(&part.data[(at / row + i) * n..][..n]);
                }
            }
        });
        let shapes: Vec<Vec<usize>> = parts.into_iter().map(|part| part.shape).collect();
        let wanted: Vec<bool> = tracks.iter().map(Tracks::any).collect();
        Untyped::record(tracks, Values::new(shape, data), move |slope| {
            let mut firsts = vec![0; slope.shape.len()];
            let mut next = |(shape, wanted): (Vec<usize>, bool)| {
                let size = shape[axis];
                let to = wanted.then(|| part(&slope, &firsts, shape));
                firsts[axis] += size;
                to
            };
            shapes.into_iter().zip(wanted).map(&mut next).collect()
        })
    }

    /// Sums to size 1 along `axes`.
    pub(crate) fn sum_axes(self, axes: std::ops::Range<usize>) -> Self {
        let (x, tracks) = self.into_parts();
        let whole = x.shape.clone();
        let mut shape = whole.clone();
        shape[axes].fill(1);
        Untyped::record_one(tracks, sum_to(x, &shape), move |slope| expanded(&slope, &whole))
    }
}
