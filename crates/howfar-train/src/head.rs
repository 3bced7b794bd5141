//! Classifiers on features that another network gave: multinomial logistic regression, and one hidden layer.
//!
//! In: rows of numbers with labels and weights. Out: a [`Head`] that gives logits. Trained by L-BFGS (Liu and Nocedal,
//! 1989) on all rows at once, in 64-bit numbers and in fixed groups of rows: no number of threads changes a bit.

use std::collections::VecDeque;

use howfar_random::{Stream, normal};
use rayon::prelude::*;

/// Rows that are summed together.
const GROUP: usize = 64;
/// Steps of the search at most, and pairs of the past that it keeps.
const STEPS: usize = 300;
const PAST: usize = 10;
/// The search ends where no derivative is larger …
const FLAT: f64 = 1e-6;
/// … or where a step gains less, relatively.
const NO_GAIN: f64 = 1e-9;
/// Logits that differ by less are one.
const SAME: f64 = 1e-3;
/// Penalties that are tried.
const PENALTIES: [f64; 6] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0];

/// Features of faces.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRows {
    /// Numbers a face.
    pub n_features: usize,
    /// One face after the other.
    pub values: Vec<f32>,
}

impl FeatureRows {
    /// How many faces there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.n_features.max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Faces to learn from or to choose by.
#[derive(Debug, Clone, Copy)]
pub struct LabelledRows<'a> {
    /// Their features.
    pub rows: &'a FeatureRows,
    /// Their classes.
    pub labels: &'a [usize],
    /// How much each counts.
    pub weights: &'a [f64],
}

/// What is trained on the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadKind {
    /// Multinomial logistic regression.
    Linear,
    /// One hidden layer of so many units with ReLU.
    Hidden(usize),
}

/// A trained classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    kind: HeadKind,
    n_classes: usize,
    /// Mean and reciprocal standard deviation of each feature among the rows that it was trained on.
    scaling: Vec<(f64, f64)>,
    parameters: Vec<f64>,
}

impl Head {
    /// Trains with each of a few penalties, and keeps the one with the lowest loss on those who validate, among those
    /// that say more than one thing of faces. Gives the penalty as well.
    ///
    /// # Panics
    /// Where there are no rows, or not as many labels and weights.
    pub fn fit_best(
        kind: HeadKind,
        n_classes: usize,
        training: LabelledRows<'_>,
        validation: LabelledRows<'_>,
        stream: &Stream,
        mut tell: impl FnMut(usize, usize),
    ) -> (Self, f64) {
        let fit = |penalty: f64| (Self::fit(kind, n_classes, training, penalty, &mut stream.clone()), penalty);
        let mut best: Option<((bool, f64), (Self, f64))> = None;
        for (tried, penalty) in PENALTIES.into_iter().enumerate() {
            let fitted = fit(penalty);
            // A penalty that leaves nothing but the shares of the classes may win where features tell little.
            let loss = (fitted.0.says_the_same(validation.rows), fitted.0.loss(validation));
            if best.as_ref().is_none_or(|(lowest, _)| loss < *lowest) {
                best = Some((loss, fitted));
            }
            tell(tried + 1, PENALTIES.len());
        }
        best.expect("there are penalties").1
    }

    /// Minimises the weighted mean of the cross-entropy + penalty ÷ 2 × the sum of the squared weights (not of the
    /// biases) over standardised features.
    ///
    /// # Panics
    /// Where there are no rows, or not as many labels and weights.
    pub fn fit(
        kind: HeadKind,
        n_classes: usize,
        training: LabelledRows<'_>,
        penalty: f64,
        stream: &mut Stream,
    ) -> Self {
        let LabelledRows { rows, labels, weights } = training;
        assert!(!rows.is_empty() && rows.len() == labels.len() && rows.len() == weights.len());
        let scaling = scaling(rows);
        let mut head = Head { kind, n_classes, scaling, parameters: Vec::new() };
        let (n_in, sizes) = (rows.n_features, head.sizes());
        // Zero is where a convex search may begin; a hidden layer begins at random (He et al., 2015).
        head.parameters = vec![0.0; sizes.iter().map(|(n_in, n_out)| (n_in + 1) * n_out).sum()];
        if let HeadKind::Hidden(n_hidden) = kind {
            let mut draw = |n: usize, fan_in: usize| -> Vec<f64> {
                let spread = (2.0 / fan_in as f64).sqrt();
                (0..n).map(|_| f64::from(normal(stream)) * spread).collect()
            };
            let (first, second) = (draw(n_in * n_hidden, n_in), draw(n_hidden * n_classes, n_hidden));
            let at = (n_in + 1) * n_hidden;
            head.parameters[..first.len()].copy_from_slice(&first);
            head.parameters[at..at + second.len()].copy_from_slice(&second);
        }
        let standard = head.standardised(rows);
        let total: f64 = weights.iter().sum();
        let begin = head.parameters.clone();
        head.parameters = minimise(begin, |parameters| {
            head.loss_and_gradient(parameters, (&standard, labels, weights), total, penalty)
        });
        head
    }

    /// Logits of each face, a row of one number a class.
    pub fn logits(&self, rows: &FeatureRows) -> Vec<Vec<f64>> {
        let standard = self.standardised(rows);
        let row = |x: &[f64]| self.forward(&self.parameters, x).1;
        standard.par_chunks(rows.n_features).map(row).collect()
    }

    /// Whether all faces have the same logits, but for rounding.
    fn says_the_same(&self, rows: &FeatureRows) -> bool {
        let logits = self.logits(rows);
        let is_first = |row: &Vec<f64>| row.iter().zip(&logits[0]).all(|(a, b)| (a - b).abs() < SAME);
        logits.iter().all(is_first)
    }

    /// The weighted mean of the cross-entropy.
    fn loss(&self, of: LabelledRows<'_>) -> f64 {
        let logits = self.logits(of.rows);
        let each = logits.iter().zip(of.labels).zip(of.weights);
        let sum: f64 = each.map(|((logits, label), weight)| weight * (log_sum(logits) - logits[*label])).sum();
        sum / of.weights.iter().sum::<f64>()
    }

    /// Inputs and outputs of each dense layer.
    fn sizes(&self) -> Vec<(usize, usize)> {
        let n_in = self.scaling.len();
        match self.kind {
            HeadKind::Linear => vec![(n_in, self.n_classes)],
            HeadKind::Hidden(n) => vec![(n_in, n), (n, self.n_classes)],
        }
    }

    fn standardised(&self, rows: &FeatureRows) -> Vec<f64> {
        let row = |x: &[f32]| {
            let scaled = x.iter().zip(&self.scaling).map(|(x, (mean, scale))| (f64::from(*x) - mean) * scale);
            scaled.collect::<Vec<f64>>()
        };
        rows.values.par_chunks(rows.n_features).flat_map_iter(row).collect()
    }

    /// What the hidden layer says (nothing without one), and the logits.
    fn forward(&self, parameters: &[f64], x: &[f64]) -> (Vec<f64>, Vec<f64>) {
        match self.sizes()[..] {
            [last] => (Vec::new(), dense(parameters, last, x)),
            [first, last] => {
                let (of_first, of_last) = parameters.split_at((first.0 + 1) * first.1);
                let mut hidden = dense(of_first, first, x);
                hidden.iter_mut().for_each(|value| *value = value.max(0.0));
                let logits = dense(of_last, last, &hidden);
                (hidden, logits)
            }
            _ => (Vec::new(), Vec::new()),
        }
    }

    fn loss_and_gradient(
        &self,
        parameters: &[f64],
        (standard, labels, weights): (&[f64], &[usize], &[f64]),
        total: f64,
        penalty: f64,
    ) -> (f64, Vec<f64>) {
        let (n_in, sizes) = (self.scaling.len(), self.sizes());
        let group = |(x, (labels, weights)): (&[f64], (&[usize], &[f64]))| {
            let (mut loss, mut gradient) = (0.0, vec![0.0; parameters.len()]);
            for ((x, label), weight) in x.chunks_exact(n_in).zip(labels).zip(weights) {
                let (hidden, logits) = self.forward(parameters, x);
                let sum = log_sum(&logits);
                loss += weight * (sum - logits[*label]);
                let mut delta: Vec<f64> = logits.iter().map(|logit| weight * (logit - sum).exp()).collect();
                delta[*label] -= weight;
                match sizes[..] {
                    [first, last] => {
                        let at = (first.0 + 1) * first.1;
                        let of_last = &parameters[at..];
                        add_outer(&mut gradient[at..], last, &hidden, &delta);
                        let back = |i: usize| {
                            let row = &of_last[i * last.1..(i + 1) * last.1];
                            let sum: f64 = row.iter().zip(&delta).map(|(w, d)| w * d).sum();
                            if hidden[i] > 0.0 { sum } else { 0.0 }
                        };
                        let of_hidden: Vec<f64> = (0..first.1).map(back).collect();
                        add_outer(&mut gradient[..at], first, x, &of_hidden);
                    }
                    _ => add_outer(&mut gradient, sizes[0], x, &delta),
                }
            }
            (loss, gradient)
        };
        let groups = standard.par_chunks(GROUP * n_in);
        let groups = groups.zip(labels.par_chunks(GROUP).zip(weights.par_chunks(GROUP))).map(group);
        let (mut loss, mut gradient) = (0.0, vec![0.0; parameters.len()]);
        // In the order of the groups, whoever computed them.
        for (of_group, gradient_of_group) in groups.collect::<Vec<_>>() {
            loss += of_group;
            gradient.iter_mut().zip(gradient_of_group).for_each(|(sum, part)| *sum += part);
        }
        loss /= total;
        gradient.iter_mut().for_each(|derivative| *derivative /= total);
        let mut at = 0;
        for (n_in, n_out) in sizes {
            for i in at..at + n_in * n_out {
                loss += penalty / 2.0 * parameters[i] * parameters[i];
                gradient[i] += penalty * parameters[i];
            }
            at += (n_in + 1) * n_out;
        }
        (loss, gradient)
    }
}

/// Mean and reciprocal standard deviation of each feature; 1 for one that is always the same.
fn scaling(rows: &FeatureRows) -> Vec<(f64, f64)> {
    let n = rows.len() as f64;
    let column = |feature: usize| {
        let values = || rows.values.iter().skip(feature).step_by(rows.n_features).map(|value| f64::from(*value));
        let mean = values().sum::<f64>() / n;
        let spread = (values().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
        (mean, if spread > 1e-12 { 1.0 / spread } else { 1.0 })
    };
    (0..rows.n_features).into_par_iter().map(column).collect()
}

/// A layer: weights row by row of the inputs, then biases.
fn dense(parameters: &[f64], (n_in, n_out): (usize, usize), x: &[f64]) -> Vec<f64> {
    let (weights, biases) = parameters.split_at(n_in * n_out);
    let mut sums = biases[..n_out].to_vec();
    for (x, row) in x.iter().zip(weights.chunks_exact(n_out)) {
        sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += x * weight);
    }
    sums
}

fn add_outer(gradient: &mut [f64], (n_in, n_out): (usize, usize), x: &[f64], delta: &[f64]) {
    let (weights, biases) = gradient.split_at_mut(n_in * n_out);
    for (x, row) in x.iter().zip(weights.chunks_exact_mut(n_out)) {
        row.iter_mut().zip(delta).for_each(|(sum, delta)| *sum += x * delta);
    }
    biases.iter_mut().zip(delta).for_each(|(sum, delta)| *sum += delta);
}

fn log_sum(logits: &[f64]) -> f64 {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + logits.iter().map(|logit| (logit - largest).exp()).sum::<f64>().ln()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// L-BFGS with a step that is halved until it gains enough (Armijo).
fn minimise(mut x: Vec<f64>, of: impl Fn(&[f64]) -> (f64, Vec<f64>)) -> Vec<f64> {
    let (mut value, mut gradient) = of(&x);
    let mut past: VecDeque<(Vec<f64>, Vec<f64>)> = VecDeque::new();
    for _ in 0..STEPS {
        if gradient.iter().all(|derivative| derivative.abs() < FLAT) {
            break;
        }
        let mut direction = direction(&gradient, &past);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            past.clear();
            direction = gradient.iter().map(|derivative| -derivative).collect();
            slope = dot(&direction, &gradient);
        }
        let mut step = if past.is_empty() { 1.0 / slope.abs().sqrt().max(1.0) } else { 1.0 };
        let next = loop {
            let there: Vec<f64> = x.iter().zip(&direction).map(|(x, d)| x + step * d).collect();
            let (value_there, gradient_there) = of(&there);
            if value_there <= value + 1e-4 * step * slope {
                break Some((there, value_there, gradient_there));
            }
            step /= 2.0;
            if step < 1e-12 {
                break None;
            }
        };
        let Some((there, value_there, gradient_there)) = next else { break };
        let moved: Vec<f64> = there.iter().zip(&x).map(|(a, b)| a - b).collect();
        let turned: Vec<f64> = gradient_there.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let gain = value - value_there;
        if dot(&moved, &turned) > 1e-12 * dot(&turned, &turned) {
            past.push_back((moved, turned));
            if past.len() > PAST {
                past.pop_front();
            }
        }
        (x, value, gradient) = (there, value_there, gradient_there);
        if gain <= NO_GAIN * value.abs().max(1e-12) {
            break;
        }
    }
    x
}

/// Minus the gradient, bent by what the past says of the curvature.
fn direction(gradient: &[f64], past: &VecDeque<(Vec<f64>, Vec<f64>)>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|derivative| -derivative).collect();
    let add = |to: &mut [f64], by: f64, other: &[f64]| to.iter_mut().zip(other).for_each(|(to, v)| *to += by * v);
    let mut shares = Vec::new();
    for (moved, turned) in past.iter().rev() {
        let share = dot(moved, &direction) / dot(moved, turned);
        add(&mut direction, -share, turned);
        shares.push(share);
    }
    if let Some((moved, turned)) = past.back() {
        let scale = dot(moved, turned) / dot(turned, turned);
        direction.iter_mut().for_each(|value| *value *= scale);
    }
    for ((moved, turned), share) in past.iter().zip(shares.into_iter().rev()) {
        let other = dot(turned, &direction) / dot(moved, turned);
        add(&mut direction, share - other, moved);
    }
    direction
}

#[cfg(test)]
mod tests {
    use howfar_random::Seeds;

    use super::*;

    /// Two features, three classes at the corners of a triangle, and a fourth class inside that no line divides off.
    fn made(n: usize, n_classes: usize) -> (FeatureRows, Vec<usize>) {
        let mut stream = Seeds::new(3).stream("made", &[]);
        let corners = [(0.0, 3.0), (-3.0, -2.0), (3.0, -2.0), (0.0, 0.0)];
        let labels: Vec<usize> = (0..n).map(|i| i % n_classes).collect();
        let mut at = |label: &usize| [corners[*label].0, corners[*label].1].map(|c: f32| c + 0.5 * normal(&mut stream));
        let values = labels.iter().flat_map(&mut at).collect();
        (FeatureRows { n_features: 2, values }, labels)
    }

    fn accuracy(head: &Head, rows: &FeatureRows, labels: &[usize]) -> f64 {
        let right = |(logits, label): (&Vec<f64>, &usize)| logits.iter().all(|logit| *logit <= logits[*label]);
        head.logits(rows).iter().zip(labels).filter(|each| right(*each)).count() as f64 / labels.len() as f64
    }

    #[test]
    fn a_hidden_layer_learns_what_lines_cannot_divide_and_threads_change_nothing() {
        let (rows, labels) = made(400, 4);
        let weights = vec![1.0; 400];
        let of = LabelledRows { rows: &rows, labels: &labels, weights: &weights };
        let fit = |kind| {
            let mut stream = Seeds::new(1).stream("head", &[]);
            Head::fit(kind, 4, of, 1e-3, &mut stream)
        };
        let hidden = fit(HeadKind::Hidden(16));
        assert!(accuracy(&hidden, &rows, &labels) > 0.98);
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(one.install(|| fit(HeadKind::Hidden(16))), hidden);
        let (_, penalty) =
            Head::fit_best(HeadKind::Linear, 4, of, of, &Seeds::new(1).stream("head", &[]), |tried, n| {
                assert!(tried <= n);
            });
        assert!(PENALTIES.contains(&penalty));
    }

    #[test]
    fn a_face_that_counts_nothing_changes_nothing() {
        let (rows, mut labels) = made(90, 3);
        let mut weights = vec![1.0; 90];
        weights[5] = 0.0;
        let fit = |labels: &[usize]| {
            let of = LabelledRows { rows: &rows, labels, weights: &weights };
            Head::fit(HeadKind::Linear, 3, of, 1e-2, &mut Seeds::new(1).stream("head", &[]))
        };
        let before = fit(&labels);
        labels[5] = (labels[5] + 1) % 3;
        assert_eq!(fit(&labels), before);
        assert!(accuracy(&before, &rows, &made(90, 3).1) > 0.98);
    }
}
