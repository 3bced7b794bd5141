//! A matrix vertices × landmarks: how far each vertex follows each landmark. The product is most of a face's cost.
//!
//! In: weights, once; then displacements of the 68 landmarks. Out: displacements added to the vertices.

use crate::anthropometry::{Landmarks, N_LANDMARKS};

/// Vertices side by side in memory, so that the compiler keeps their sums in vector registers.
const LANES: usize = 8;

/// The weights in blocks of `[landmark][lane]`.
#[derive(Debug, Clone)]
pub(crate) struct SkinningWeights {
    /// The vertices' block, and its weights; blocks that no landmark moves are left out.
    blocks: Vec<(usize, [[f32; LANES]; N_LANDMARKS])>,
}

/// Weights below this move nothing that a pixel shows.
const NEGLIGIBLE: f32 = 1e-3;

impl SkinningWeights {
    /// # Shapes
    /// `rows` `[V, 68]`.
    pub fn new(rows: &[Vec<f64>]) -> Self {
        let blocks = rows
            .chunks(LANES)
            .enumerate()
            .map(|(at, chunk)| {
                let mut block = [[0.0; LANES]; N_LANDMARKS];
                for (lane, row) in chunk.iter().enumerate() {
                    for (weights, w) in block.iter_mut().zip(row) {
                        weights[lane] = *w as f32;
                    }
                }
                (at, block)
            })
            .filter(|(_, block)| block.iter().flatten().any(|w| w.abs() > NEGLIGIBLE))
            .collect();
        SkinningWeights { blocks }
    }

    /// Adds what the landmarks' displacements do to the vertices.
    pub fn add(&self, moves: &Landmarks, vertices: &mut [[f32; 3]]) {
        let moving: Vec<(usize, [f32; 3])> =
            moves.iter().copied().enumerate().filter(|(_, d)| *d != [0.0; 3]).collect();
        for (at, block) in &self.blocks {
            let chunk = &mut vertices[at * LANES..];
            let (mut x, mut y, mut z) = ([0.0f32; LANES], [0.0f32; LANES], [0.0f32; LANES]);
            for &(landmark, d) in &moving {
                let weights = &block[landmark];
                for lane in 0..LANES {
                    x[lane] += weights[lane] * d[0];
                    y[lane] += weights[lane] * d[1];
                    z[lane] += weights[lane] * d[2];
                }
            }
            for (lane, vertex) in chunk.iter_mut().take(LANES).enumerate() {
                vertex[0] += x[lane];
                vertex[1] += y[lane];
                vertex[2] += z[lane];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocked_product_equals_the_plain_one() {
        let rows: Vec<Vec<f64>> =
            (0..19).map(|v| (0..68).map(|k| ((v * 7 + k * 3) % 11) as f64 * 0.1).collect()).collect();
        let mut moves = [[0.0; 3]; N_LANDMARKS];
        moves[3] = [1.0, 0.5, -0.25];
        moves[67] = [0.0, -1.0, 2.0];
        let mut vertices = vec![[1.0; 3]; 19];
        SkinningWeights::new(&rows).add(&moves, &mut vertices);
        for (row, vertex) in rows.iter().zip(&vertices) {
            for axis in 0..3 {
                let plain: f64 = 1.0 + row.iter().zip(&moves).map(|(w, d)| w * f64::from(d[axis])).sum::<f64>();
                assert!((f64::from(vertex[axis]) - plain).abs() < 1e-5);
            }
        }
    }
}
