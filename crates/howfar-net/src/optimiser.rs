//! Adam, AdamW and the one-cycle rate, as PyTorch defines them.

use howfar_kernel::{AdamSettings, AdamStep};

/// What turns gradients into steps; β = (0.9, 0.999), ε = 1e-8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptimiserKind {
    /// Kingma and Ba (2015).
    Adam,
    /// Loshchilov and Hutter (2019): before the step each number loses `rate × weight_decay` of itself.
    AdamW {
        /// Share of a weight that a step of rate 1 takes away; it applies to every trained number, biases too.
        weight_decay: f32,
    },
}

/// The factors of the `step`-th step, counted from 1.
pub(crate) fn step_factors(kind: OptimiserKind, rate: f32, step: u64) -> AdamStep {
    let keep = match kind {
        OptimiserKind::Adam => 1.0,
        OptimiserKind::AdamW { weight_decay } => 1.0 - rate * weight_decay,
    };
    AdamSettings::STANDARD.step(rate, keep, step)
}

/// The rate of step `step` (from 0) of `n_steps`: PyTorch's `OneCycleLR` with its defaults (`pct_start` 0.3,
/// `div_factor` 25, `final_div_factor` 1e4, cosine). Only the rate moves; PyTorch's default also cycles β₁, which
/// `cycle_momentum=False` turns off.
pub fn one_cycle_rate(highest: f32, step: u64, n_steps: u64) -> f32 {
    let (highest, step) = (f64::from(highest), step as f64);
    let (start, end) = (highest / 25.0, highest / 25.0 / 1e4);
    // The first phase ends at step 0.3 × n − 1, which lies before step 0 in runs of three steps or fewer.
    let (top, last) = ((0.3 * n_steps as f64 - 1.0).max(1e-9), (n_steps as f64 - 1.0).max(1.0));
    let cosine =
        |from: f64, to: f64, share: f64| to + (from - to) / 2.0 * (1.0 + (std::f64::consts::PI * share.min(1.0)).cos());
    if step <= top {
        cosine(start, highest, step / top) as f32
    } else {
        cosine(highest, end, (step - top) / (last - top)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_kernel::InstructionSet;

    #[test]
    fn the_rate_follows_the_formula_of_pytorch() {
        // By hand for 101 steps and maximum 1: the first phase ends at 29.3, the second at 100.
        let rate = |step| one_cycle_rate(1.0, step, 101);
        let expected = [
            (0, 0.04),
            (15, 1.0 + (0.04 - 1.0) / 2.0 * (1.0 + (std::f64::consts::PI * 15.0 / 29.3).cos())),
            (30, 4e-6 + (1.0 - 4e-6) / 2.0 * (1.0 + (std::f64::consts::PI * 0.7 / 70.7).cos())),
            (100, 4e-6),
        ];
        for (step, value) in expected {
            assert!((f64::from(rate(step)) - value).abs() < 1e-6, "step {step}: {} {value}", rate(step));
        }
        assert!((1..4).all(|n| (0..n).all(|s| one_cycle_rate(1.0, s, n).is_finite())));
    }

    #[test]
    fn two_steps_of_adam_are_what_the_paper_gives_by_hand() {
        let set = InstructionSet::best();
        let (mut w, mut m, mut v) = ([1.0f32], [0.0f32], [0.0f32]);
        step_factors(OptimiserKind::Adam, 0.1, 1).apply(set, &mut w, &[2.0], &mut m, &mut v);
        assert!((w[0] - 0.9).abs() < 1e-6, "the first step has the length of the rate: {}", w[0]);
        step_factors(OptimiserKind::Adam, 0.1, 2).apply(set, &mut w, &[1.0], &mut m, &mut v);
        let expected = 0.9 - 0.1 * (0.28 / 0.19) / ((0.004 * 0.999 + 0.001) / (1.0 - 0.999f64.powi(2))).sqrt();
        assert!((f64::from(w[0]) - expected).abs() < 1e-5, "{} {expected}", w[0]);
    }

    #[test]
    fn adamw_shrinks_weights_apart_from_the_gradient() {
        let set = InstructionSet::best();
        let (mut w, mut m, mut v) = ([1.0f32], [0.0f32], [0.0f32]);
        step_factors(OptimiserKind::AdamW { weight_decay: 0.5 }, 0.1, 1).apply(set, &mut w, &[0.0], &mut m, &mut v);
        assert!((w[0] - 0.95).abs() < 1e-7, "{}", w[0]);
    }
}
