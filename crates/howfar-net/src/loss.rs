//! Softmax, cross-entropy with label smoothing, and the smooth distance of places: each loss together with its
//! gradient.

/// Rows of logits become rows of probabilities, in place.
///
/// # Shapes
/// `logits` `[N, E]`
pub fn softmax(logits: &mut [f32], n_classes: usize) {
    for row in logits.chunks_exact_mut(n_classes) {
        let top = row.iter().fold(f32::NEG_INFINITY, |m, v| m.max(*v));
        row.iter_mut().for_each(|v| *v = (*v - top).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|v| *v /= sum);
    }
}

/// Weighted mean cross-entropy of a batch and its gradient: Σ w·loss / Σ w, as PyTorch's `CrossEntropyLoss` weighs
/// classes. Without weights every picture counts alike.
///
/// # Shapes
/// As [`cross_entropy`]; `weights` `[N]`, above 0 in sum.
pub fn weighted_cross_entropy(
    logits: &[f32],
    labels: &[usize],
    weights: Option<&[f32]>,
    smoothing: f32,
) -> (f64, Vec<f32>) {
    let Some(weights) = weights else { return cross_entropy(logits, labels, smoothing) };
    let n_classes = logits.len() / labels.len();
    let sum: f32 = weights.iter().sum();
    let (mut loss, mut gradient) = (0.0, Vec::with_capacity(logits.len()));
    for ((row, label), weight) in logits.chunks_exact(n_classes).zip(labels).zip(weights) {
        let (of_row, slope) = cross_entropy(row, &[*label], smoothing);
        loss += f64::from(weight / sum) * of_row;
        gradient.extend(slope.iter().map(|slope| slope * weight / sum));
    }
    (loss, gradient)
}

/// Mean cross-entropy of a batch and its gradient. `smoothing` of the target is spread evenly over all classes, as
/// PyTorch's `CrossEntropyLoss(label_smoothing)` does.
///
/// # Shapes
/// `logits` `[N, E]`, `labels` `[N]` below E -> mean over N, gradient `[N, E]`.
pub fn cross_entropy(logits: &[f32], labels: &[usize], smoothing: f32) -> (f64, Vec<f32>) {
    let (n, n_classes) = (labels.len(), logits.len() / labels.len());
    let (spread, mut gradient, mut loss) = (smoothing / n_classes as f32, logits.to_vec(), 0.0);
    softmax(&mut gradient, n_classes);
    for ((row, gradient), label) in logits.chunks_exact(n_classes).zip(gradient.chunks_exact_mut(n_classes)).zip(labels)
    {
        let top = row.iter().fold(f32::NEG_INFINITY, |m, v| m.max(*v));
        let log_sum = f64::from(top) + row.iter().map(|v| f64::from(v - top).exp()).sum::<f64>().ln();
        for (class, (logit, gradient)) in row.iter().zip(gradient).enumerate() {
            let target = spread + if class == *label { 1.0 - smoothing } else { 0.0 };
            loss -= f64::from(target) * (f64::from(*logit) - log_sum);
            *gradient = (*gradient - target) / n as f32;
        }
    }
    (loss / n as f64, gradient)
}

/// Weighted mean of smooth absolute differences of a batch and its gradient: half the square divided by `bend` up to
/// `bend`, the difference less half of `bend` beyond (smooth L1, Girshick 2015), so that a place far off pulls no more
/// than one a little off.
///
/// # Shapes
/// `found` and `wanted` `[N, E]`, `weights` `[E]` -> mean over N and weights, gradient `[N, E]`.
pub fn smooth_distance(found: &[f32], wanted: &[f32], weights: &[f32], bend: f32) -> (f64, Vec<f32>) {
    let n = (found.len() / weights.len()) as f32 * weights.iter().sum::<f32>();
    let (mut loss, mut gradient) = (0.0, Vec::with_capacity(found.len()));
    for ((found, wanted), weight) in found.iter().zip(wanted).zip(weights.iter().cycle()) {
        let off = found - wanted;
        let size = off.abs();
        let value = if size < bend { 0.5 * size * size / bend } else { size - 0.5 * bend };
        loss += f64::from(weight * value);
        gradient.push(weight * (off / bend).clamp(-1.0, 1.0) / n);
    }
    (loss / f64::from(n), gradient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_is_a_parabola_near_and_a_line_far() {
        let (loss, gradient) = smooth_distance(&[0.1, 3.0], &[0.0, 1.0], &[1.0, 3.0], 0.2);
        assert!((loss - (0.5 * 0.01 / 0.2 + 3.0 * 1.9) / 4.0).abs() < 1e-6, "{loss}");
        assert!((gradient[0] - 0.5 / 4.0).abs() < 1e-6 && (gradient[1] - 0.75).abs() < 1e-6, "{gradient:?}");
    }

    #[test]
    fn the_loss_is_what_the_formula_gives_by_hand() {
        let (loss, gradient) = cross_entropy(&[0.0, 0.0, 2.0f32.ln(), 0.0], &[0, 0], 0.0);
        assert!((loss - (2.0f64.ln() + (3.0f64 / 2.0).ln()) / 2.0).abs() < 1e-7);
        assert!((gradient[0] + 0.25).abs() < 1e-6 && (gradient[3] - 1.0 / 6.0).abs() < 1e-6);
        let (smooth, _) = cross_entropy(&[2.0f32.ln(), 0.0], &[0], 0.2);
        assert!((smooth + (0.9 * (2.0f64 / 3.0).ln() + 0.1 * (1.0f64 / 3.0).ln())).abs() < 1e-6);
    }

    #[test]
    fn weights_are_shares_of_the_loss() {
        // torch.nn.functional.cross_entropy(logits, labels, reduction="none") of each row, weighted by hand.
        let (logits, labels) = ([0.3, -1.2, 0.8, 2.0, 0.1, -0.4], [2, 0]);
        let (first, _) = cross_entropy(&logits[..3], &labels[..1], 0.05);
        let (second, slope) = cross_entropy(&logits[3..], &labels[1..], 0.05);
        let (loss, gradient) = weighted_cross_entropy(&logits, &labels, Some(&[1.0, 0.25]), 0.05);
        assert!((loss - (first + 0.25 * second) / 1.25).abs() < 1e-6);
        assert!((gradient[3] - 0.2 * slope[0]).abs() < 1e-6);
        let (plain, of_plain) = weighted_cross_entropy(&logits, &labels, Some(&[1.0, 1.0]), 0.05);
        let (mean, of_mean) = cross_entropy(&logits, &labels, 0.05);
        assert!((plain - mean).abs() < 1e-6 && of_plain.iter().zip(of_mean).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let (logits, labels) = ([0.3, -1.2, 0.8, 2.0, 0.1, -0.4], [2, 0]);
        let (_, gradient) = cross_entropy(&logits, &labels, 0.05);
        for i in 0..6 {
            let at = |step: f32| {
                let mut moved = logits;
                moved[i] += step;
                cross_entropy(&moved, &labels, 0.05).0
            };
            let slope = (at(0.01) - at(-0.01)) / 0.02;
            assert!((slope - f64::from(gradient[i])).abs() < 1e-4, "{i}: {slope} {}", gradient[i]);
        }
    }
}
