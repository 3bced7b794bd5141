//! Our own tensors: numbers on the CPU, and a tape. Names and meanings are Burn's, so that one network serves both.
//!
//! In and out: tensors whose number of axes is part of their type. Everything that computes lies in the files beside
//! this one, over tensors of any number of axes.

use std::ops::{Add, Div, Mul, Neg, Range, Sub};

use howfar_kernel::{NUMBERS_AT_ONCE, made};

use super::Operation;
use super::layout::permuted;
pub(crate) use super::reference::{conv_transpose2d, conv2d, max_pool2d};
pub use super::tape::{Gradients, Untyped};
use super::values::Values;

/// Where tensors lie: here always the CPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    differentiates: bool,
}

/// The CPU.
pub fn cpu() -> Device {
    Device { differentiates: false }
}

impl Device {
    /// The same, for tensors that ask for gradients.
    pub fn autodiff(self) -> Self {
        Device { differentiates: true }
    }

    pub(crate) fn is_autodiff(&self) -> bool {
        self.differentiates
    }
}

/// Numbers with `D` axes, the last one running fastest. Copies share their numbers.
#[derive(Debug, Clone)]
pub struct Tensor<const D: usize> {
    x: Untyped,
}

/// A tensor of numbers.
pub fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], _: &Device) -> Tensor<D> {
    Tensor { x: Values::new(shape.to_vec(), values).into() }
}

/// The numbers of a tensor.
pub fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    let data = x.x.into_parts().0.data;
    std::sync::Arc::try_unwrap(data).unwrap_or_else(|shared| shared.to_vec())
}

/// A tensor whose number of axes the next one to use it knows.
pub(crate) fn untyped<const D: usize>(x: Tensor<D>) -> Untyped {
    x.x
}

/// Whether a gradient may be asked for of what is made of it.
pub(crate) fn is_tracked<const D: usize>(x: &Tensor<D>) -> bool {
    x.x.is_tracked()
}

/// Whether the kernels can read it.
pub(crate) fn on_cpu<const D: usize>(_: &Tensor<D>) -> bool {
    true
}

/// What an operation gives.
pub(crate) fn operate<const D: usize>(operation: impl Operation, inputs: Vec<Untyped>) -> Tensor<D> {
    let (inputs, tracks): (Vec<_>, Vec<_>) = inputs.into_iter().map(Untyped::into_parts).unzip();
    let (out, kept) = operation.forward(&slices(&inputs));
    let out = Values::new(operation.shape(), out);
    let wanted: Vec<bool> = tracks.iter().map(super::tape::Tracks::any).collect();
    let shapes: Vec<Vec<usize>> = inputs.iter().map(|x| x.shape.clone()).collect();
    let inputs = if operation.needs_inputs() { inputs } else { Vec::new() };
    let x = Untyped::record(tracks, out, move |slope| {
        let slopes = operation.backward(&slices(&inputs), &kept, &slope.data, &wanted);
        let given = slopes.into_iter().zip(shapes).zip(wanted);
        given.map(|((slope, shape), wanted)| wanted.then(|| Values::new(shape, slope))).collect()
    });
    Tensor { x }
}

fn slices(inputs: &[Values]) -> Vec<&[f32]> {
    inputs.iter().map(|x| &x.data[..]).collect()
}

/// Zeros before and after the numbers of each axis.
pub(crate) fn pad_zeros<const D: usize>(x: Tensor<D>, ring: [(usize, usize); D]) -> Tensor<D> {
    Tensor { x: x.x.pad(&ring) }
}

/// So many numbers more at both ends of each axis, reflected at the last one.
pub(crate) fn pad_reflected<const D: usize>(x: Tensor<D>, reach: [usize; D]) -> Tensor<D> {
    let mut x = x.x;
    for (axis, reach) in reach.into_iter().enumerate().filter(|(_, reach)| *reach > 0) {
        let (mut shape, mut firsts, size) = (x.values.shape.clone(), vec![0; D], x.values.shape[axis]);
        shape[axis] = reach;
        let mut mirrored = |first| {
            firsts[axis] = first;
            x.clone().part(firsts.clone(), shape.clone()).flip(axis)
        };
        let (before, after) = (mirrored(1), mirrored(size - 1 - reach));
        x = Untyped::cat(vec![before, x, after], axis);
    }
    Tensor { x }
}

/// x above 0, 0 elsewhere.
pub(crate) fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    leaky_relu(x, 0.0)
}

/// x above 0, `slope` · x elsewhere.
pub(crate) fn leaky_relu<const D: usize>(x: Tensor<D>, slope: f32) -> Tensor<D> {
    Tensor { x: x.x.leaky_relu(slope) }
}

/// `above` where x is above `bound`, `below` elsewhere, as a constant.
pub(crate) fn step<const D: usize>(x: Tensor<D>, bound: f32, [below, above]: [f32; 2]) -> Tensor<D> {
    Tensor { x: x.x.step(bound, [below, above]) }
}

/// The hyperbolic tangent.
pub(crate) fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor { x: x.x.tanh() }
}

/// The logarithm of each row's softmax.
pub(crate) fn log_softmax(x: Tensor<2>) -> Tensor<2> {
    let [n, row] = x.dims();
    let top = |row: &[f32]| row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let tops = x.x.values.data.chunks_exact(row).map(top).collect();
    // The same for any number that is taken off; the largest keeps the powers finite.
    let x = x - tensor(tops, [n, 1], &cpu());
    x.clone() - x.exp().sum_dim(1).log()
}

/// `a` `[n, k]` · `b` `[k, m]`, summed in 64 bits: what large networks multiply by goes through the kernels instead,
/// which are compared with this.
fn product(a: &Values, b: &Values) -> Values {
    let (n, k, m) = (a.shape[0], a.shape[1], b.shape[1]);
    assert_eq!(k, b.shape[0], "a product of {:?} and {:?}", a.shape, b.shape);
    let at_once = (NUMBERS_AT_ONCE / (k * m).max(1)).max(1) * m;
    let out = made(n * m, at_once, &|at, out| {
        let mut sums = vec![0.0; m];
        for (i, out) in out.chunks_exact_mut(m).enumerate() {
            sums.fill(0.0);
            for (factor, row) in a.data[(at / m + i) * k..][..k].iter().zip(b.data.chunks_exact(m)) {
                let factor = f64::from(*factor);
                sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += factor * f64::from(*x));
            }
            out.iter_mut().zip(&sums).for_each(|(out, sum)| *out = *sum as f32);
        }
    });
    Values::new(vec![n, m], out)
}

impl Tensor<1> {
    /// The gradients of all leaves that this one number is made of.
    pub fn backward(self) -> Gradients {
        self.x.backward()
    }
}

impl Tensor<2> {
    /// The product of two matrices.
    pub fn matmul(self, other: Self) -> Self {
        let ((a, a_tracks), (b, b_tracks)) = (self.x.into_parts(), other.x.into_parts());
        let out = product(&a, &b);
        let (for_a, for_b) = (a_tracks.any().then_some(b), b_tracks.any().then_some(a));
        let x = Untyped::record(vec![a_tracks, b_tracks], out, move |slope| {
            let to_a = for_a.map(|b| product(&slope, &permuted(&b, &[1, 0])));
            vec![to_a, for_b.map(|a| product(&permuted(&a, &[1, 0]), &slope))]
        });
        Tensor { x }
    }

    /// Rows as columns.
    pub fn transpose(self) -> Self {
        self.permute([1, 0])
    }
}

impl<const D: usize> Tensor<D> {
    /// The sizes.
    pub fn dims(&self) -> [usize; D] {
        self.x.values.shape[..].try_into().expect("as many sizes as axes")
    }

    /// The device of constants that go with it.
    pub fn device(&self) -> Device {
        cpu()
    }

    /// A leaf: backward gives its gradient.
    pub fn require_grad(self) -> Self {
        Tensor { x: self.x.leaf() }
    }

    /// The gradient of a leaf; none where none arrived.
    pub fn grad(&self, gradients: &Gradients) -> Option<Self> {
        gradients.of(&self.x).map(|values| Tensor { x: values.clone().into() })
    }

    /// The same numbers as a constant.
    pub fn detach(self) -> Self {
        Tensor { x: self.x.values.into() }
    }

    /// The same numbers on the device that does not differentiate.
    pub fn inner(self) -> Self {
        self.detach()
    }

    /// The same numbers on the device that differentiates.
    pub fn autodiff(self) -> Self {
        self
    }

    /// The same numbers with other sizes.
    pub fn reshape<const E: usize>(self, shape: [usize; E]) -> Tensor<E> {
        Tensor { x: self.x.reshape(shape.to_vec()) }
    }

    /// The axes from `first` to `last` as one.
    pub fn flatten<const E: usize>(self, first: usize, last: usize) -> Tensor<E> {
        let mut shape = self.dims().to_vec();
        let one = shape.drain(first..=last).product();
        shape.insert(first, one);
        Tensor { x: self.x.reshape(shape) }
    }

    /// Axes in another order.
    pub fn permute(self, axes: [usize; D]) -> Self {
        Tensor { x: self.x.permute(&axes) }
    }

    /// Two axes exchanged.
    pub fn swap_dims(self, one: usize, other: usize) -> Self {
        let mut axes = std::array::from_fn(|axis| axis);
        axes.swap(one, other);
        self.permute(axes)
    }

    /// Axes of size 1 repeated.
    pub fn expand(self, shape: [usize; D]) -> Self {
        Tensor { x: self.x.expand(&shape) }
    }

    /// The numbers within ranges of all axes.
    pub fn slice(self, ranges: [Range<usize>; D]) -> Self {
        let (firsts, shape) = ranges.into_iter().map(|range| (range.start, range.len())).unzip();
        Tensor { x: self.x.part(firsts, shape) }
    }

    /// Axes turned round.
    pub fn flip<const N: usize>(self, axes: [usize; N]) -> Self {
        Tensor { x: axes.into_iter().fold(self.x, Untyped::flip) }
    }

    /// Tensors one after the other along an axis.
    pub fn cat(list: Vec<Self>, axis: usize) -> Self {
        Tensor { x: Untyped::cat(list.into_iter().map(|x| x.x).collect(), axis) }
    }

    /// The sum of all numbers.
    pub fn sum(self) -> Tensor<1> {
        Tensor { x: self.x.sum_axes(0..D).reshape(vec![1]) }
    }

    /// The mean of all numbers.
    pub fn mean(self) -> Tensor<1> {
        let n = self.x.values.data.len() as f32;
        self.sum() / n
    }

    /// Sums along an axis, which stays with size 1.
    pub fn sum_dim(self, axis: usize) -> Self {
        Tensor { x: self.x.sum_axes(axis..axis + 1) }
    }

    /// Means along an axis, which stays with size 1.
    pub fn mean_dim(self, axis: usize) -> Self {
        let n = self.dims()[axis] as f32;
        self.sum_dim(axis) / n
    }

    /// √x
    pub fn sqrt(self) -> Self {
        Tensor { x: self.x.sqrt() }
    }

    /// 1 / x
    pub fn recip(self) -> Self {
        Tensor { x: self.x.recip() }
    }

    /// eˣ
    pub fn exp(self) -> Self {
        Tensor { x: self.x.exp() }
    }

    /// ln x
    pub fn log(self) -> Self {
        Tensor { x: self.x.log() }
    }

    /// ln(1 + x)
    pub fn log1p(self) -> Self {
        Tensor { x: self.x.log1p() }
    }

    /// |x|
    pub fn abs(self) -> Self {
        Tensor { x: self.x.abs() }
    }

    /// −1, 0 or 1; no gradient flows through it.
    pub fn sign(self) -> Self {
        Tensor { x: self.x.sign() }
    }

    /// Cut off below and above.
    pub fn clamp(self, least: f32, most: f32) -> Self {
        Tensor { x: self.x.clamp(least, most) }
    }

    /// Cut off below.
    pub fn clamp_min(self, least: f32) -> Self {
        self.clamp(least, f32::INFINITY)
    }
}

impl<const D: usize> Add for Tensor<D> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Tensor { x: self.x.plus(other.x) }
    }
}

impl<const D: usize> Sub for Tensor<D> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Tensor { x: self.x.minus(other.x) }
    }
}

impl<const D: usize> Mul for Tensor<D> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Tensor { x: self.x.times(other.x) }
    }
}

impl<const D: usize> Div for Tensor<D> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        Tensor { x: self.x.over(other.x) }
    }
}

impl<const D: usize> Neg for Tensor<D> {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

impl<const D: usize> Add<f32> for Tensor<D> {
    type Output = Self;
    fn add(self, term: f32) -> Self {
        Tensor { x: self.x.plus_number(term) }
    }
}

impl<const D: usize> Sub<f32> for Tensor<D> {
    type Output = Self;
    fn sub(self, term: f32) -> Self {
        self + -term
    }
}

impl<const D: usize> Mul<f32> for Tensor<D> {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        Tensor { x: self.x.times_number(factor) }
    }
}

impl<const D: usize> Div<f32> for Tensor<D> {
    type Output = Self;
    fn div(self, divisor: f32) -> Self {
        Tensor { x: self.x.over_number(divisor) }
    }
}
