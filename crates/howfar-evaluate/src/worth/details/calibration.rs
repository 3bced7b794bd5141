//! How honest the probabilities are, and whether more faces make them so.
//!
//! In: negative log-likelihood, Brier score and calibration error of each person, by both treatments. Out: both values
//! and their paired difference with the interval of every other difference (people × seeds crossed). Lower is better.
//!
//! The calibration error is no mean over faces, but with its bins and the sign of each bin's gap held fixed it is the
//! sum of what each person adds to it, and the spread of these parts is its spread to first order (Taylor's method, as
//! in `over_subjects.rs`). So its interval knows people and seeds, without drawing faces again, which would raise every
//! error: a bin's gap never shrinks to zero in a smaller sample.

use std::collections::BTreeMap;

use super::judged::{Pair, Question};
use super::scores::{FLOOR, N_BINS};
use crate::counting::numbers::PERCENT;
use crate::counting::outcomes::Faces;
use crate::intervals::interval::Basis;
use crate::intervals::paired::Layout;
use crate::results::details::{Calibration, LowerIsBetter};

/// The largest Brier score.
const WORST_BRIER: f64 = 2.0;

/// None where the treatments share no seed.
pub(super) fn calibration(faces: &Faces, answers: &BTreeMap<Question, Pair>) -> Option<Calibration> {
    let layout = |question| answers.get(&question)?.difference(faces);
    let log_loss = layout(Question::LogLoss)?;
    let floor = f64::from(FLOOR);
    Some(Calibration {
        log_loss_nats: lower_is_better(&log_loss, -floor.ln(), 1.0),
        brier_score: lower_is_better(&layout(Question::Brier)?, WORST_BRIER, 1.0),
        calibration_error_percent: lower_is_better(&layout(Question::CalibrationError)?, 1.0, PERCENT),
        floor,
        n_bins: N_BINS,
        n_people: log_loss.n_people,
        n_faces: log_loss.n_faces,
        n_seeds: log_loss.grid.n_seeds(),
    })
}

/// In units of 1 / `scale`. Either value lies in 0..=`worst`, so the interval is cut to the differences that are
/// possible.
fn lower_is_better(layout: &Layout, worst: f64, scale: f64) -> LowerIsBetter {
    let Layout { mean, baseline_mean, .. } = *layout;
    let doubt = layout.doubt();
    let interval = (doubt.basis == Basis::Crossed).then(|| doubt.interval(mean));
    let possible = |[low, high]: [f64; 2]| {
        [low.max(-baseline_mean).min(mean), high.min(worst - baseline_mean).max(mean)].map(|end| scale * end)
    };
    LowerIsBetter {
        baseline: scale * baseline_mean,
        value: scale * (baseline_mean + mean),
        difference: scale * mean,
        interval: interval.map(possible),
    }
}
