//! Radial basis function interpolation of values given at scattered points of the plane: thin plate splines (whole-head
//! changes) and Matérn windows (local ones).
//!
//! In: centres (u, y) and one row of values each. Out: the values at any place, linear in those given. Used when the
//! head is built; a face costs only the products with what comes out.

use crate::curve::{Point, distance};
use crate::linear::solve;

/// How far a centre's influence reaches.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kernel {
    /// r² ln r with a plane beneath it: the smoothest surface, global.
    ThinPlate,
    /// Matérn 3/2 of this length in eye distances: falls to nothing beyond about three lengths.
    Matern { length: f64 },
}

impl Kernel {
    fn at(self, r: f64) -> f64 {
        match self {
            Self::ThinPlate if r < 1e-12 => 0.0,
            Self::ThinPlate => r * r * r.ln(),
            Self::Matern { length } => {
                let s = 3f64.sqrt() * r / length;
                (1.0 + s) * (-s).exp()
            }
        }
    }

    /// Terms of the plane beneath: 1, u, y.
    fn n_plane(self) -> usize {
        match self {
            Self::ThinPlate => 3,
            Self::Matern { .. } => 0,
        }
    }
}

/// A fitted field of `n_values` numbers a place.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    kernel: Kernel,
    centres: Vec<Point>,
    /// (centres + plane terms) × values, row-major.
    weights: Vec<f64>,
    n_values: usize,
}

impl Field {
    /// # Shapes
    /// `centres` `[C]`, `values` `[C, n_values]` row-major. `smoothing` lets the field miss its values a little.
    pub fn fit(kernel: Kernel, centres: Vec<Point>, values: &[f64], n_values: usize, smoothing: f64) -> Self {
        let n = centres.len() + kernel.n_plane();
        let mut matrix = vec![0.0; n * n];
        for (i, &a) in centres.iter().enumerate() {
            for (j, &b) in centres.iter().enumerate() {
                matrix[i * n + j] = kernel.at(distance(a, b));
            }
            matrix[i * n + i] += smoothing;
            for (k, term) in [1.0, a[0], a[1]].into_iter().take(kernel.n_plane()).enumerate() {
                matrix[i * n + centres.len() + k] = term;
                matrix[(centres.len() + k) * n + i] = term;
            }
        }
        let mut right = values.to_vec();
        right.resize(n * n_values, 0.0);
        Field { kernel, centres, weights: solve(matrix, right, n), n_values }
    }

    /// The values at `q`.
    pub fn at(&self, q: Point) -> Vec<f64> {
        let mut out = vec![0.0; self.n_values];
        let near = self.centres.iter().map(|&c| self.kernel.at(distance(c, q)));
        let plane = [1.0, q[0], q[1]].into_iter().take(self.kernel.n_plane());
        for (factor, row) in near.chain(plane).zip(self.weights.chunks_exact(self.n_values)) {
            for (sum, weight) in out.iter_mut().zip(row) {
                *sum += factor * weight;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kernels_return_the_values_they_were_given() {
        let centres = vec![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.7, 0.9], [0.3, 0.4]];
        let values = [1.0, -2.0, 0.5, 3.0, 0.0];
        for kernel in [Kernel::ThinPlate, Kernel::Matern { length: 0.5 }] {
            let field = Field::fit(kernel, centres.clone(), &values, 1, 0.0);
            for (centre, value) in centres.iter().zip(values) {
                assert!((field.at(*centre)[0] - value).abs() < 1e-9, "{kernel:?} at {centre:?}");
            }
        }
    }
}
