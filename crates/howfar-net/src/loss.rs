//! Softmax, and cross-entropy with label smoothing together with its gradient.

/// Rows of logits become rows of probabilities, in place.
pub(crate) fn softmax(logits: &mut [f32], n_classes: usize) {
    for row in logits.chunks_exact_mut(n_classes) {
        let top = row.iter().fold(f32::NEG_INFINITY, |m, v| m.max(*v));
        row.iter_mut().for_each(|v| *v = (*v - top).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|v| *v /= sum);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_is_what_the_formula_gives_by_hand() {
        let (loss, gradient) = cross_entropy(&[0.0, 0.0, 2.0f32.ln(), 0.0], &[0, 0], 0.0);
        assert!((loss - (2.0f64.ln() + (3.0f64 / 2.0).ln()) / 2.0).abs() < 1e-7);
        assert!((gradient[0] + 0.25).abs() < 1e-6 && (gradient[3] - 1.0 / 6.0).abs() < 1e-6);
        let (smooth, _) = cross_entropy(&[2.0f32.ln(), 0.0], &[0], 0.2);
        assert!((smooth + (0.9 * (2.0f64 / 3.0).ln() + 0.1 * (1.0f64 / 3.0).ln())).abs() < 1e-6);
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
