//! Multinomial logistic regression against scikit-learn's (reference/linear_head.py).

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use howfar_random::Seeds;
use howfar_train::{FeatureRows, Head, HeadKind, LabelledRows};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    features: Vec<Vec<f32>>,
    labels: Vec<usize>,
    weights: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    penalty: f64,
    probabilities: Vec<Vec<f64>>,
}

#[test]
fn probabilities_are_those_of_scikit_learn() {
    let reference: Reference = serde_json::from_str(include_str!("../../../reference/linear_head.json")).unwrap();
    let rows = FeatureRows { n_features: 5, values: reference.features.concat() };
    let of = LabelledRows { rows: &rows, labels: &reference.labels, weights: &reference.weights };
    for case in &reference.cases {
        let head = Head::fit(HeadKind::Linear, 4, of, case.penalty, &mut Seeds::new(0).stream("head", &[]));
        for (logits, expected) in head.logits(&rows).iter().zip(&case.probabilities) {
            let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
            for (logit, expected) in logits.iter().zip(expected) {
                let found = logit.exp() / sum;
                assert!((found - expected).abs() < 2e-4, "penalty {}: {found} {expected}", case.penalty);
            }
        }
    }
}
