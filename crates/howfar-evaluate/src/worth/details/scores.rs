//! How good the probabilities of one face, or of one network, are.
//!
//! In: probabilities and true classes. Out: negative log-likelihood, Brier score, and what each person adds to the
//! expected calibration error. Of all three lower is better.

/// The least probability that a logarithm is taken of: the resolution of a stored probability beside 1, 2⁻²³, as in
/// scikit-learn's `log_loss` of such numbers. A network that is sure and wrong loses 15.9 nats.
pub(super) const FLOOR: f32 = f32::EPSILON;
/// Bins of the calibration error, each of as many faces (Guo and others, 2017, take 15).
pub(super) const N_BINS: usize = 15;

/// Parts of one that values are summed in: sums of whole numbers do not depend on the order of faces.
const PARTS: f64 = (1_u64 << 36) as f64;

/// A value in whole parts.
pub(super) fn in_parts(value: f64) -> i64 {
    (PARTS * value).round() as i64
}

/// A sum of parts as a value.
pub(super) fn of_parts(sum: i64) -> f64 {
    sum as f64 / PARTS
}

/// −ln p(true class) in nats. A class that the network does not know has no probability.
pub(super) fn log_loss(probabilities: &[f32], label: usize) -> f64 {
    let of_label = probabilities.get(label).copied().unwrap_or(0.0);
    -f64::from(of_label.clamp(FLOOR, 1.0 - FLOOR)).ln()
}

/// Σ over classes of (p − is it so)² (Brier, 1950): 0 where the network is sure and right, 2 where it is sure and
/// wrong.
pub(super) fn brier(probabilities: &[f32], label: usize) -> f64 {
    let of_class = |(class, p): (usize, &f32)| (f64::from(*p) - f64::from(u8::from(class == label))).powi(2);
    probabilities.iter().enumerate().map(of_class).sum()
}

/// A face, how probable its network finds the class that it calls it, and whether that is right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called {
    /// Place of the person.
    pub(super) person: u32,
    pub(super) confidence: f32,
    pub(super) is_right: bool,
}

impl Called {
    fn gap(&self) -> i64 {
        in_parts(f64::from(self.confidence) - f64::from(u8::from(self.is_right)))
    }
}

/// What each person adds to the expected calibration error of one network: the sum over people is the error, Σ over
/// bins of |Σ over their faces of (confidence − is it right)| / n, n all faces. The bins' bounds are the fifteenths of
/// the confidences (NumPy's `percentile`); a face on a bound is in the lower bin, so equal confidences stay together,
/// as in scikit-learn's `calibration_curve(strategy="quantile")`.
pub(super) fn calibration_parts(faces: &[Called], n_people: usize) -> Vec<f64> {
    let bounds = bounds(faces);
    let bin = |face: &Called| bounds.partition_point(|bound| *bound < f64::from(face.confidence));
    let mut gaps = [0; N_BINS];
    faces.iter().for_each(|face| gaps[bin(face)] += face.gap());
    let mut parts = vec![0; n_people];
    for face in faces {
        parts[face.person as usize] += face.gap() * gaps[bin(face)].signum();
    }
    parts.into_iter().map(|sum| of_parts(sum) / faces.len() as f64).collect()
}

/// The bounds between bins, by linear interpolation between order statistics.
fn bounds(faces: &[Called]) -> Vec<f64> {
    let mut sorted: Vec<f64> = faces.iter().map(|face| f64::from(face.confidence)).collect();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return Vec::new() };
    let bound = |i: usize| {
        // In whole numbers, so that a bound that is a face's confidence is exactly that.
        let (below, rest) = (i * last / N_BINS, (i * last % N_BINS) as f64 / N_BINS as f64);
        sorted[below] + rest * (sorted[(below + 1).min(last)] - sorted[below])
    };
    (1..N_BINS).map(bound).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sure_and_right_costs_nothing_and_sure_and_wrong_is_bounded() {
        assert!(log_loss(&[1.0, 0.0], 0) < 1e-6 && brier(&[1.0, 0.0], 0) == 0.0);
        assert!((log_loss(&[1.0, 0.0], 1) - 15.942_385).abs() < 1e-5 && brier(&[1.0, 0.0], 1) == 2.0);
        assert!((log_loss(&[1.0, 0.0], 7) - 15.942_385).abs() < 1e-5, "a class that nobody knows");
    }

    #[test]
    fn equal_confidences_are_one_bin_and_its_error_is_shared_out_by_person() {
        let face = |person, is_right| Called { person, confidence: 0.75, is_right };
        let parts = calibration_parts(&[face(0, true), face(0, false), face(1, false), face(1, false)], 3);
        // Mean confidence 0.75, share of right faces 0.25.
        assert!((parts.iter().sum::<f64>() - 0.5).abs() < 1e-12, "{parts:?}");
        assert_eq!(parts, [0.125, 0.375, 0.0]);
        assert_eq!(calibration_parts(&[], 0), Vec::<f64>::new());
    }
}
