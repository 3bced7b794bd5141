//! Adam and AdamW (Kingma and Ba, 2015; Loshchilov and Hutter, 2019) as PyTorch computes them, in one pass over the
//! numbers.

use rayon::prelude::*;

use crate::InstructionSet;
use crate::instruction_set::{self, Kernel};
use crate::vector::Vector;

/// Numbers that one thread takes at once.
const N_AT_ONCE: usize = 1 << 15;

/// The constants of Adam.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamSettings {
    /// How much of the mean of the gradients is kept, and how much of that of their squares: 0..1.
    pub betas: [f64; 2],
    /// Keeps the division finite.
    pub epsilon: f32,
}

impl AdamSettings {
    /// Those of the paper, which are PyTorch's defaults.
    pub const STANDARD: Self = AdamSettings { betas: [0.9, 0.999], epsilon: 1e-8 };

    /// The factors of step `n`, counted from 1, of which `keep` of each number is left before it: less than 1 with
    /// weight decay.
    pub fn step(self, rate: f32, keep: f32, n: u64) -> AdamStep {
        let correction = |beta: f64| 1.0 - beta.powi(n.min(i32::MAX as u64) as i32);
        AdamStep {
            keep,
            rate: (f64::from(rate) / correction(self.betas[0])) as f32,
            root_of_correction: correction(self.betas[1]).sqrt() as f32,
            shares: self.betas.map(|beta| (1.0 - beta) as f32),
            epsilon: self.epsilon,
        }
    }
}

/// The factors of one step of Adam.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// What is left of each number before the step: less than 1 with weight decay.
    pub keep: f32,
    /// The learning rate over the correction of the first moment.
    pub rate: f32,
    /// The root of the correction of the second moment.
    pub root_of_correction: f32,
    /// The share of this gradient in its mean, and of its square in the mean of squares.
    pub shares: [f32; 2],
    /// Keeps the division finite.
    pub epsilon: f32,
}

impl AdamStep {
    /// One step for the numbers of a tensor and their two moments.
    ///
    /// # Shapes
    /// All of the same length.
    pub fn apply(
        self,
        set: InstructionSet,
        values: &mut [f32],
        gradient: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        assert!([gradient.len(), first.len(), second.len()].iter().all(|n| *n == values.len()));
        let parts = values.par_chunks_mut(N_AT_ONCE).zip(gradient.par_chunks(N_AT_ONCE));
        let parts = parts.zip(first.par_chunks_mut(N_AT_ONCE)).zip(second.par_chunks_mut(N_AT_ONCE));
        parts.for_each(|(((values, gradient), first), second)| {
            instruction_set::run(set, Update { step: self, values, gradient, first, second });
        });
    }
}

struct Update<'a> {
    step: AdamStep,
    values: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl Kernel for Update<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Update { step, values, gradient, first, second } = self;
        for at in (0..values.len()).step_by(V::LANES) {
            let n = (values.len() - at).min(V::LANES);
            // SAFETY: n numbers from `at` on lie inside all four slices, which are equally long.
            unsafe {
                let g = V::load_first(gradient.as_ptr().add(at), n);
                let (w, m, v) = (values.as_mut_ptr().add(at), first.as_mut_ptr().add(at), second.as_mut_ptr().add(at));
                let old = V::load_first(m, n);
                let mean = g.sub(old).mul_add(V::splat(step.shares[0]), old);
                let old = V::load_first(v, n);
                let square = g.mul(g).sub(old).mul_add(V::splat(step.shares[1]), old);
                let deviation = square.sqrt().mul(V::splat(1.0 / step.root_of_correction)).add(V::splat(step.epsilon));
                let moved = mean.div(deviation).mul(V::splat(-step.rate));
                V::load_first(w, n).mul_add(V::splat(step.keep), moved).store_first(w, n);
                mean.store_first(m, n);
                square.store_first(v, n);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_the_standard_are_the_nearest_numbers_to_a_tenth_and_a_thousandth() {
        assert_eq!(AdamSettings::STANDARD.step(0.1, 1.0, 1).shares, [0.1, 0.001]);
    }
}
