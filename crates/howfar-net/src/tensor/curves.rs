//! Operations number by number, with their gradients by hand.
//!
//! In: one or two tensors of any number of axes. Out: one.

use super::elementwise::{map, zip};
use super::sums::sum_to;
use super::tape::Untyped;
use super::values::Values;

impl Untyped {
    /// A function whose slope does not depend on the number.
    fn scaled(self, f: impl Fn(f32) -> f32 + Sync, slope: f32) -> Self {
        let (x, tracks) = self.into_parts();
        Untyped::record_one(tracks, map(x, f), move |g| if slope == 1.0 { g } else { map(g, |g| g * slope) })
    }

    /// A function and its slope given what went in.
    fn curve(self, f: impl Fn(f32) -> f32 + Sync, slope: impl Fn(f32) -> f32 + Send + Sync + 'static) -> Self {
        let (x, tracks) = self.into_parts();
        let before = tracks.any().then(|| x.clone());
        Untyped::record_one(tracks, map(x, f), move |g| match before {
            Some(x) => zip(g, x, |g, x| g * slope(x)),
            None => g,
        })
    }

    /// A function and its slope given what came out.
    fn curve_by_output(
        self,
        f: impl Fn(f32) -> f32 + Sync,
        slope: impl Fn(f32) -> f32 + Send + Sync + 'static,
    ) -> Self {
        let (x, tracks) = self.into_parts();
        let out = map(x, f);
        let after = out.clone();
        Untyped::record_one(tracks, out, move |g| zip(g, after, |g, y| g * slope(y)))
    }

    /// The sum of two.
    pub(crate) fn plus(self, other: Self) -> Self {
        let ((a, a_tracks), (b, b_tracks)) = (self.into_parts(), other.into_parts());
        let (to_a, to_b) = (a_tracks.any().then(|| a.shape.clone()), b_tracks.any().then(|| b.shape.clone()));
        Untyped::record(vec![a_tracks, b_tracks], zip(a, b, |a, b| a + b), move |g| {
            let a = to_a.map(|shape| sum_to(g.clone(), &shape));
            vec![a, to_b.map(|shape| sum_to(g, &shape))]
        })
    }

    /// The difference of two.
    pub(crate) fn minus(self, other: Self) -> Self {
        let ((a, a_tracks), (b, b_tracks)) = (self.into_parts(), other.into_parts());
        let (to_a, to_b) = (a_tracks.any().then(|| a.shape.clone()), b_tracks.any().then(|| b.shape.clone()));
        Untyped::record(vec![a_tracks, b_tracks], zip(a, b, |a, b| a - b), move |g| {
            let a = to_a.map(|shape| sum_to(g.clone(), &shape));
            vec![a, to_b.map(|shape| map(sum_to(g, &shape), |g| -g))]
        })
    }

    /// The product of two.
    pub(crate) fn times(self, other: Self) -> Self {
        let ((a, a_tracks), (b, b_tracks)) = (self.into_parts(), other.into_parts());
        let (for_a, for_b) = (a_tracks.any().then(|| b.clone()), b_tracks.any().then(|| a.clone()));
        let (a_shape, b_shape) = (a.shape.clone(), b.shape.clone());
        Untyped::record(vec![a_tracks, b_tracks], zip(a, b, |a, b| a * b), move |g| {
            let product = |g: Values, other, shape: &[usize]| sum_to(zip(g, other, |g, x| g * x), shape);
            let a = for_a.map(|b| product(g.clone(), b, &a_shape));
            vec![a, for_b.map(|a| product(g, a, &b_shape))]
        })
    }

    /// The quotient of two.
    pub(crate) fn over(self, other: Self) -> Self {
        let ((a, a_tracks), (b, b_tracks)) = (self.into_parts(), other.into_parts());
        let (to_a, to_b) = (a_tracks.any().then(|| a.shape.clone()), b_tracks.any().then(|| b.shape.clone()));
        let divisor = b.clone();
        let out = zip(a, b, |a, b| a / b);
        let quotient = out.clone();
        Untyped::record(vec![a_tracks, b_tracks], out, move |g| {
            // d(a / b) = da / b − (a / b) db / b
            let share = zip(g, divisor, |g, b| g / b);
            let a = to_a.map(|shape| sum_to(share.clone(), &shape));
            vec![a, to_b.map(|shape| sum_to(zip(share, quotient, |g, y| -g * y), &shape))]
        })
    }

    /// x + `term`.
    pub(crate) fn plus_number(self, term: f32) -> Self {
        self.scaled(|x| x + term, 1.0)
    }

    /// x · `factor`.
    pub(crate) fn times_number(self, factor: f32) -> Self {
        self.scaled(|x| x * factor, factor)
    }

    /// x / `divisor`.
    pub(crate) fn over_number(self, divisor: f32) -> Self {
        self.scaled(|x| x / divisor, 1.0 / divisor)
    }

    /// √x
    pub(crate) fn sqrt(self) -> Self {
        self.curve_by_output(f32::sqrt, |y| 0.5 / y)
    }

    /// 1 / x
    pub(crate) fn recip(self) -> Self {
        self.curve_by_output(f32::recip, |y| -y * y)
    }

    /// eˣ
    pub(crate) fn exp(self) -> Self {
        self.curve_by_output(f32::exp, |y| y)
    }

    /// ln x
    pub(crate) fn log(self) -> Self {
        self.curve(f32::ln, f32::recip)
    }

    /// ln(1 + x)
    pub(crate) fn log1p(self) -> Self {
        self.curve(f32::ln_1p, |x| (1.0 + x).recip())
    }

    /// |x|
    pub(crate) fn abs(self) -> Self {
        self.curve(f32::abs, sign)
    }

    /// −1, 0 or 1, as a constant.
    pub(crate) fn sign(self) -> Self {
        map(self.values, sign).into()
    }

    /// The hyperbolic tangent.
    pub(crate) fn tanh(self) -> Self {
        self.curve_by_output(f32::tanh, |y| 1.0 - y * y)
    }

    /// x above 0, `slope` · x elsewhere; for slopes from 0 on.
    pub(crate) fn leaky_relu(self, slope: f32) -> Self {
        self.curve_by_output(move |x| if x > 0.0 { x } else { slope * x }, move |y| if y > 0.0 { 1.0 } else { slope })
    }

    /// Cut off below and above.
    pub(crate) fn clamp(self, least: f32, most: f32) -> Self {
        self.curve(move |x| x.clamp(least, most), move |x| f32::from(u8::from((least..=most).contains(&x))))
    }

    /// `above` where x is above `bound`, `below` elsewhere, as a constant.
    pub(crate) fn step(self, bound: f32, [below, above]: [f32; 2]) -> Self {
        map(self.values, |x| if x > bound { above } else { below }).into()
    }
}

fn sign(x: f32) -> f32 {
    if x == 0.0 { 0.0 } else { x.signum() }
}
