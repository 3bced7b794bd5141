//! Whether the faces of a person find each other among those of others.
//!
//! In: features of faces, whose they are and what they show. Out: a share and its chance level. Which network made the
//! features is not known here: one that was trained to tell expressions apart may not see people.

use rayon::prelude::*;
use serde::Serialize;

use crate::counting::numbers::PERCENT;

use super::Features;
use super::features::squared_distance;

/// How often the nearest face is one of the same person.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct IdentityKept {
    /// People that are compared.
    pub n_people: usize,
    /// Their faces.
    pub n_faces: usize,
    /// Share of faces whose nearest neighbour among all others is of the same person.
    pub kept_percent: f64,
    /// What a neighbour drawn by chance would give.
    pub chance_percent: f64,
}

/// Each face less the mean of the faces that show the same (`classes`), so that an expression is not taken for a
/// person; then the nearest other face by Euclidean distance, the first of equals. Fewer than 2 people, or none with
/// two faces, say nothing.
pub fn identity_kept(features: &Features, owners: &[usize], classes: &[usize]) -> Option<IdentityKept> {
    let n = features.n_faces();
    let mut people: Vec<usize> = owners.to_vec();
    people.sort_unstable();
    people.dedup();
    if people.len() < 2 || people.len() == n {
        return None;
    }
    let rows = less_class_means(features, classes);
    let is_kept = |i: usize| {
        let others = (0..n).filter(|j| *j != i).map(|j| (squared_distance(&rows[i], &rows[j]), j));
        let nearest = others.min_by(|a, b| a.0.total_cmp(&b.0));
        nearest.is_some_and(|(_, j)| owners[j] == owners[i])
    };
    let n_kept = (0..n).into_par_iter().filter(|i| is_kept(*i)).count();
    let n_own = |owner: &usize| owners.iter().filter(|other| *other == owner).count();
    let n_pairs: usize = people.iter().map(|owner| n_own(owner) * (n_own(owner) - 1)).sum();
    Some(IdentityKept {
        n_people: people.len(),
        n_faces: n,
        kept_percent: PERCENT * n_kept as f64 / n as f64,
        chance_percent: PERCENT * n_pairs as f64 / (n * (n - 1)) as f64,
    })
}

fn less_class_means(features: &Features, classes: &[usize]) -> Vec<Vec<f64>> {
    let n_classes = classes.iter().max().map_or(0, |most| most + 1);
    let mut means = vec![vec![0.0; features.n_features()]; n_classes];
    let mut counts = vec![0.0_f64; n_classes];
    for (row, class) in features.rows().zip(classes) {
        means[*class].iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        counts[*class] += 1.0;
    }
    for (mean, count) in means.iter_mut().zip(&counts) {
        mean.iter_mut().for_each(|sum| *sum /= count.max(1.0));
    }
    let rows = features.rows().zip(classes);
    rows.map(|(row, class)| row.iter().zip(&means[*class]).map(|(value, mean)| value - mean).collect()).collect()
}
