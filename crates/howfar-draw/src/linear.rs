//! Small systems of linear equations, solved by elimination. The head's mesh rests on its bits, so it is ours and not a
//! library's.
//!
//! In: a square matrix and right sides. Out: the solutions. A direction without information gets 0.

/// Smaller pivots tell nothing.
const NOTHING: f64 = 1e-12;

/// Solves `matrix · X = right` by elimination with row pivoting.
///
/// # Shapes
/// `matrix` `[n, n]`, `right` `[n, m]`, both row-major -> `[n, m]`
pub(crate) fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>, n: usize) -> Vec<f64> {
    let m = right.len() / n.max(1);
    for column in 0..n {
        let size = |row: usize| matrix[row * n + column].abs();
        let pivot = (column..n).max_by(|&a, &b| size(a).total_cmp(&size(b))).unwrap_or(column);
        if size(pivot) < NOTHING {
            continue;
        }
        for k in 0..n {
            matrix.swap(column * n + k, pivot * n + k);
        }
        for k in 0..m {
            right.swap(column * m + k, pivot * m + k);
        }
        for row in 0..n {
            let factor = matrix[row * n + column] / matrix[column * n + column];
            if row == column || factor == 0.0 {
                continue;
            }
            for k in column..n {
                matrix[row * n + k] -= factor * matrix[column * n + k];
            }
            for k in 0..m {
                right[row * m + k] -= factor * right[column * m + k];
            }
        }
    }
    for row in 0..n {
        let diagonal = matrix[row * n + row];
        let is_known = diagonal.abs() >= NOTHING;
        right[row * m..(row + 1) * m].iter_mut().for_each(|x| *x = if is_known { *x / diagonal } else { 0.0 });
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_needs_pivoting_is_solved_for_several_right_sides() {
        let matrix = vec![0.0, 2.0, 1.0, 1.0, -1.0, 0.0, 3.0, 0.0, -2.0];
        let solution = solve(matrix, vec![7.0, 14.0, -1.0, -2.0, -3.0, -6.0], 3);
        for (found, expected) in solution.iter().zip([1.0, 2.0, 2.0, 4.0, 3.0, 6.0]) {
            assert!((found - expected).abs() < 1e-12, "{solution:?}");
        }
    }

    #[test]
    fn a_direction_without_information_gets_nothing() {
        assert_eq!(solve(vec![2.0, 0.0, 0.0, 0.0], vec![6.0, 0.0], 2), [3.0, 0.0]);
        assert!(solve(Vec::new(), Vec::new(), 0).is_empty());
    }
}
