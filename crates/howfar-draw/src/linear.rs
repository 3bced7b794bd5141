//! Small systems of linear equations.
//!
//! In: a square matrix and a right side. Out: the solution. Meant for matrices that damping keeps well-conditioned.

/// Gaussian elimination with pivoting; a direction without information gets 0.
///
/// # Shapes
/// `matrix` `[n, n]`, `right` `[n]` -> `[n]`
pub(crate) fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()));
        let pivot = pivot.unwrap_or(column);
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        if matrix[column][column].abs() < 1e-12 {
            continue;
        }
        let (above, below) = matrix.split_at_mut(column + 1);
        for row in column + 1..n {
            let (line, from) = (&mut below[row - column - 1], &above[column]);
            let factor = line[column] / from[column];
            line[column..n].iter_mut().zip(&from[column..n]).for_each(|(value, pivot)| *value -= factor * pivot);
            right[row] -= factor * right[column];
        }
    }
    for column in (0..n).rev() {
        let known: f64 = (column + 1..n).map(|k| matrix[column][k] * right[k]).sum();
        let pivot = matrix[column][column];
        right[column] = if pivot.abs() < 1e-12 { 0.0 } else { (right[column] - known) / pivot };
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_needs_pivoting_is_solved() {
        let matrix = vec![vec![0.0, 2.0, 1.0], vec![1.0, -1.0, 0.0], vec![3.0, 0.0, -2.0]];
        let solution = solve(matrix, vec![7.0, -1.0, -3.0]);
        for (found, expected) in solution.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{solution:?}");
        }
    }
}
