//! Displacements of a rig's vertices: dense ones for who somebody is, sparse ones for what a muscle does.
//!
//! In: the vertices of a shape and of the neutral head. Out: sums of weighted shapes. Knows no names.

/// Vertices that a shape moves by less than this many eye distances stay: a hundredth of a pixel of 64.
const NEGLIGIBLE: f32 = 5e-4;
/// Numbers that are summed over all shapes before the next ones: their sums stay in the nearest cache.
const BLOCK: usize = 1024;

/// Shapes that move every vertex.
pub(crate) struct DenseShapes {
    n_vertices: usize,
    /// x, y, z of every vertex, shape after shape.
    moves: Vec<Vec<f32>>,
}

impl DenseShapes {
    pub fn new(n_vertices: usize, moves: Vec<Vec<f32>>) -> Self {
        debug_assert!(moves.iter().all(|shape| shape.len() == 3 * n_vertices), "a shape moves every vertex");
        DenseShapes { n_vertices, moves }
    }

    pub fn len(&self) -> usize {
        self.moves.len()
    }

    /// The displacements of each shape, x, y, z of every vertex.
    pub fn shapes(&self) -> impl Iterator<Item = &[f32]> {
        self.moves.iter().map(Vec::as_slice)
    }

    /// Adds Σ weight · shape to `vertices`, in the shapes' order.
    pub fn add(&self, weights: &[f32], vertices: &mut [[f32; 3]]) {
        debug_assert_eq!(vertices.len(), self.n_vertices, "shapes belong to these vertices");
        let numbers = vertices.as_flattened_mut();
        for (at, sums) in numbers.chunks_mut(BLOCK).enumerate() {
            for (shape, weight) in self.moves.iter().zip(weights) {
                let moves = &shape[at * BLOCK..][..sums.len()];
                sums.iter_mut().zip(moves).for_each(|(sum, d)| *sum += weight * d);
            }
        }
    }
}

/// A shape that moves some vertices.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SparseShape(Vec<(u32, [f32; 3])>);

impl SparseShape {
    /// # Shapes
    /// `moves` `[V, 3]` flattened.
    pub fn new(moves: &[f32]) -> Self {
        let rows = moves.as_chunks::<3>().0.iter().enumerate();
        let moving = rows.filter(|(_, d)| d.iter().any(|c| c.abs() > NEGLIGIBLE));
        SparseShape(moving.map(|(i, d)| (i as u32, *d)).collect())
    }

    /// The vertices that move, and how.
    pub fn moves(&self) -> &[(u32, [f32; 3])] {
        &self.0
    }

    pub fn add(&self, weight: f32, vertices: &mut [[f32; 3]]) {
        for (vertex, d) in &self.0 {
            let place = &mut vertices[*vertex as usize];
            (0..3).for_each(|axis| place[axis] += weight * d[axis]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_and_sparse_shapes_add_the_same() {
        let n = 700;
        let shape: Vec<f32> = (0..3 * n).map(|i| if i % 7 == 0 { (i % 11) as f32 * 0.25 } else { 0.0 }).collect();
        let mut dense = vec![[1.0; 3]; n];
        DenseShapes::new(n, vec![shape.clone(), shape.clone()]).add(&[0.5, -1.0], &mut dense);
        let mut sparse = vec![[1.0; 3]; n];
        SparseShape::new(&shape).add(-0.5, &mut sparse);
        assert_eq!(dense, sparse);
        assert_ne!(dense[0], dense[7]);
    }
}
