//! Dual numbers: a tensor on its way through a network and, where asked for, its derivative in one direction
//! (forward-mode, JVP).
//!
//! In: a value and a tangent. Out: both after each operation. This is what penalties on gradients are made of with
//! first-order autodiff: with v held constant, v · ∇D(x) is the tangent of D at x in direction v, an ordinary output
//! whose gradient with respect to the parameters is the derivative of the gradient. Knows no network.

use crate::tensor::{Tensor, leaky_relu, step};

/// A value and its derivative in one direction; without one, nothing is computed for it.
#[derive(Debug, Clone)]
pub struct Dual<const D: usize> {
    /// What the network computes.
    pub value: Tensor<D>,
    /// How it changes.
    pub tangent: Option<Tensor<D>>,
}

impl<const D: usize> Dual<D> {
    /// A value alone, or one that does not change.
    pub fn constant(value: Tensor<D>) -> Self {
        Dual { value, tangent: None }
    }

    /// A value that changes along `tangent`.
    pub fn along(value: Tensor<D>, tangent: Tensor<D>) -> Self {
        Dual { value, tangent: Some(tangent) }
    }

    /// A linear map, which is its own derivative.
    pub fn linear<const E: usize>(self, map: impl Fn(Tensor<D>) -> Tensor<E>) -> Dual<E> {
        Dual { value: map(self.value), tangent: self.tangent.map(map) }
    }

    /// A linear map and a constant after it; `value` computes both at once, `tangent` the map alone.
    pub fn affine<const E: usize>(
        self,
        value: impl FnOnce(Tensor<D>) -> Tensor<E>,
        tangent: impl FnOnce(Tensor<D>) -> Tensor<E>,
    ) -> Dual<E> {
        Dual { value: value(self.value), tangent: self.tangent.map(tangent) }
    }

    /// Adds a constant, which may have size 1 where the value has more.
    pub fn plus_constant(self, constant: Tensor<D>) -> Self {
        Dual { value: self.value + constant, tangent: self.tangent }
    }

    /// The sum of two.
    pub fn plus(self, other: Dual<D>) -> Self {
        let tangent = match (self.tangent, other.tangent) {
            (Some(a), Some(b)) => Some(a + b),
            (one, None) | (None, one) => one,
        };
        Dual { value: self.value + other.value, tangent }
    }

    /// The product of two, number by number; a factor may have size 1 where the other has more.
    pub fn times(self, other: Dual<D>) -> Self {
        let left = self.tangent.map(|t| t * other.value.clone());
        let right = other.tangent.map(|t| t * self.value.clone());
        let tangent = match (left, right) {
            (Some(a), Some(b)) => Some(a + b),
            (one, None) | (None, one) => one,
        };
        Dual { value: self.value * other.value, tangent }
    }

    /// A function applied number by number: `value` and, given the value before, its slope.
    pub fn curve(self, value: impl FnOnce(Tensor<D>) -> Tensor<D>, slope: impl FnOnce(Tensor<D>) -> Tensor<D>) -> Self {
        let tangent = self.tangent.map(|t| t * slope(self.value.clone()));
        Dual { value: value(self.value), tangent }
    }

    /// Leaky ReLU times a gain. Its slope is constant on both sides of 0: no gradient flows through it.
    pub fn leaky_relu(self, slope: f32, gain: f32) -> Self {
        let scaled = |x: Tensor<D>| if gain == 1.0 { x } else { x * gain };
        self.curve(|x| scaled(leaky_relu(x, slope)), |x| leaky_slope(x, slope, gain))
    }

    /// Cut off beyond ± `bound`, where there is one.
    pub fn clamp(self, bound: Option<f32>) -> Self {
        let Some(bound) = bound else { return self };
        let inside = |x: Tensor<D>| step(x.abs(), bound, [1.0, 0.0]);
        self.curve(|x| x.clamp(-bound, bound), inside)
    }
}

/// `gain` where `x` is above 0, `slope · gain` elsewhere, as a constant.
pub(crate) fn leaky_slope<const D: usize>(x: Tensor<D>, slope: f32, gain: f32) -> Tensor<D> {
    step(x, 0.0, [slope * gain, gain])
}
