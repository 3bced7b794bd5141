//! The Fréchet distance between two sets of faces (Heusel et al. 2017).
//!
//! In: features of two sets. Out: one number, 0 for equal means and covariances. Does not correct the bias of small
//! sets.

use howfar_face::Fault;

use super::Features;
use super::features::squared_distance;
use super::singular::{nuclear_norm, product_of_transposed, triangle};

/// `|m₁ − m₂|² + tr(C₁ + C₂ − 2 (C₁C₂)^½)` with means `m` and covariances `C` (divided by N − 1), as if both sets were
/// Gaussian (Heusel et al. 2017, eq. 6). It grows as sets shrink: compare at equal counts only. At least 2 faces a set.
///
/// Covariances are never formed. With centred rows `X = Q R` the covariance is `RᵀR / (N − 1)`, and `C₁C₂` has the
/// eigenvalues of `(R₁R₂ᵀ)(R₁R₂ᵀ)ᵀ / ((N₁ − 1)(N₂ − 1))`, so that `tr (C₁C₂)^½` is a sum of singular values. That holds
/// for singular covariances, too (fewer faces than features), where roots of matrices lose their digits.
pub fn frechet_distance(a: &Features, b: &Features) -> Result<f64, Fault> {
    a.at_least(2, "Fréchet distance")?;
    b.at_least(2, "Fréchet distance")?;
    a.same_features(b)?;
    let [(mean_a, centred_a), (mean_b, centred_b)] = [a, b].map(centred);
    let trace = |rows: &[Vec<f64>]| rows.iter().flatten().map(|v| v * v).sum::<f64>();
    let traces = [trace(&centred_a), trace(&centred_b)];
    let mixed = nuclear_norm(product_of_transposed(&triangle(centred_a), &triangle(centred_b)));
    // Rounding may leave a little less than nothing.
    Ok((squared_distance(&mean_a, &mean_b) + traces[0] + traces[1] - 2.0 * mixed).max(0.0))
}

/// The mean, and rows less the mean over `√(N − 1)`, whose squares sum to the covariance.
fn centred(set: &Features) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = set.n_faces() as f64;
    let mut mean = vec![0.0; set.n_features()];
    for row in set.rows() {
        mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / n);
    }
    let scale = (n - 1.0).sqrt();
    let rows = set.rows().map(|row| row.iter().zip(&mean).map(|(v, m)| (v - m) / scale).collect());
    let rows = rows.collect();
    (mean, rows)
}
