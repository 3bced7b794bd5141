//! The kernel distance between two sets of faces (Bińkowski et al. 2018).
//!
//! In: features of two sets. Out: one number, 0 on average for faces of one kind. Time grows with the square of the
//! faces.

use howfar_face::Fault;
use rayon::prelude::*;

use super::Features;
use super::features::dot;

/// The unbiased squared maximum mean discrepancy (Gretton et al. 2012, eq. 3) under the kernel `(x·y / D + 1)³`
/// (Bińkowski et al. 2018, section 4), over all faces instead of the paper's blocks. It has no bias, so it may fall
/// below 0. At least 2 faces a set.
pub fn kernel_distance(a: &Features, b: &Features) -> Result<f64, Fault> {
    a.at_least(2, "kernel distance")?;
    b.at_least(2, "kernel distance")?;
    a.same_features(b)?;
    Ok(mean_within(a) + mean_within(b) - 2.0 * mean_between(a, b))
}

fn kernel(x: &[f64], y: &[f64]) -> f64 {
    (dot(x, y) / x.len() as f64 + 1.0).powi(3)
}

/// Mean over pairs of two different faces of a set.
fn mean_within(set: &Features) -> f64 {
    let n = set.n_faces();
    let of_face = |i: usize| (i + 1..n).map(|j| kernel(set.row(i), set.row(j))).sum::<f64>();
    // Collected before the sum, whose order no thread may choose.
    let sums: Vec<f64> = (0..n).into_par_iter().map(of_face).collect();
    2.0 * sums.iter().sum::<f64>() / (n as f64 * (n as f64 - 1.0))
}

fn mean_between(a: &Features, b: &Features) -> f64 {
    let of_face = |i: usize| b.rows().map(|row| kernel(a.row(i), row)).sum::<f64>();
    let sums: Vec<f64> = (0..a.n_faces()).into_par_iter().map(of_face).collect();
    sums.iter().sum::<f64>() / (a.n_faces() as f64 * b.n_faces() as f64)
}
