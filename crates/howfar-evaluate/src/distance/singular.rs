//! Linear algebra for the Fréchet distance: triangles of QR and sums of singular values.
//!
//! In and out: matrices as rows. Householder (1958) and Hestenes (1958), after Golub and Van Loan, *Matrix
//! Computations*. Knows no faces.

use rayon::prelude::*;

use super::features::dot;

/// Rotations end when no two rows are further from a right angle (a cosine).
const RIGHT_ANGLE: f64 = 1e-12;
/// Far more than ever needed: convergence is quadratic after the first few.
const MAX_SWEEPS: usize = 60;

/// `R` of `rows = Q R`, so that `RᵀR = rowsᵀ rows`; at most as many rows as columns. Fewer rows than columns stay as
/// they are.
pub(super) fn triangle(rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let (n, width) = (rows.len(), rows.first().map_or(0, Vec::len));
    if n <= width {
        return rows;
    }
    let mut columns: Vec<Vec<f64>> = (0..width).map(|c| rows.iter().map(|row| row[c]).collect()).collect();
    drop(rows);
    for pivot in 0..width {
        let (done, rest) = columns.split_at_mut(pivot + 1);
        let column = &mut done[pivot];
        let norm = dot(&column[pivot..], &column[pivot..]).sqrt();
        if norm == 0.0 {
            continue;
        }
        // The sign that cancels nothing.
        let diagonal = if column[pivot] > 0.0 { -norm } else { norm };
        let mut mirror = column[pivot..].to_vec();
        mirror[0] -= diagonal;
        let length = dot(&mirror, &mirror);
        rest.par_iter_mut().for_each(|other| {
            let factor = 2.0 * dot(&mirror, &other[pivot..]) / length;
            other[pivot..].iter_mut().zip(&mirror).for_each(|(v, m)| *v -= factor * m);
        });
        column[pivot] = diagonal;
        column[pivot + 1..].fill(0.0);
    }
    (0..width).map(|r| columns.iter().map(|column| column[r]).collect()).collect()
}

/// `a bᵀ`.
pub(super) fn product_of_transposed(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    a.par_iter().map(|a| b.iter().map(|b| dot(a, b)).collect()).collect()
}

/// The sum of a matrix's singular values: rows are turned two by two until all are at right angles (one-sided Jacobi);
/// their lengths are the singular values.
pub(super) fn nuclear_norm(mut rows: Vec<Vec<f64>>) -> f64 {
    let whole = rows.iter().map(|row| dot(row, row)).sum::<f64>();
    for _ in 0..MAX_SWEEPS {
        let mut turned = false;
        for p in 0..rows.len() {
            for q in p + 1..rows.len() {
                let (before, after) = rows.split_at_mut(q);
                turned |= turn(&mut before[p], &mut after[0], whole);
            }
        }
        if !turned {
            break;
        }
    }
    rows.iter().map(|row| dot(row, row).sqrt()).sum()
}

/// Turns two rows in their plane until they are at right angles; false if they were.
fn turn(p: &mut [f64], q: &mut [f64], whole: f64) -> bool {
    let (alpha, beta, gamma) = (dot(p, p), dot(q, q), dot(p, q));
    // What is nothing beside the whole matrix has no direction left: its rounding would turn for ever.
    if gamma.abs() <= RIGHT_ANGLE * (alpha * beta).sqrt() || gamma.abs() <= 1e-26 * whole {
        return false;
    }
    let zeta = (beta - alpha) / (2.0 * gamma);
    let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sine = cosine * tangent;
    for (p, q) in p.iter_mut().zip(q) {
        (*p, *q) = (cosine * *p - sine * *q, sine * *p + cosine * *q);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_values_of_known_matrices_sum_up() {
        // Singular values 3 and 1; 5 and 0; a turn keeps lengths.
        let cases = [
            (vec![vec![3.0, 0.0], vec![0.0, -1.0]], 4.0),
            (vec![vec![3.0, 4.0], vec![0.0, 0.0]], 5.0),
            (vec![vec![2.0, 1.0], vec![1.0, 2.0]], 4.0),
            (vec![vec![1.0, 1.0], vec![1.0, 1.0]], 2.0),
            (Vec::new(), 0.0),
        ];
        for (rows, sum) in cases {
            assert!((nuclear_norm(rows.clone()) - sum).abs() < 1e-12, "{rows:?}");
        }
    }

    #[test]
    fn a_triangle_keeps_the_products_of_columns() {
        let value = |r: usize, c: usize| ((r * 7 + c * 3) % 11) as f64 - f64::from(u8::from(c == 2)) * 4.0;
        let rows: Vec<Vec<f64>> = (0..9).map(|r| (0..4).map(|c| value(r, c)).collect()).collect();
        let reduced = triangle(rows.clone());
        assert_eq!(reduced.len(), 4);
        let product = |rows: &[Vec<f64>], a: usize, b: usize| rows.iter().map(|row| row[a] * row[b]).sum::<f64>();
        for (a, b) in (0..4).flat_map(|a| (0..4).map(move |b| (a, b))) {
            assert!((product(&rows, a, b) - product(&reduced, a, b)).abs() < 1e-9, "{a} {b}");
            assert!(a <= b || reduced[a][b] == 0.0, "{a} {b}");
        }
    }
}
