//! Precision, recall, density and coverage by nearest neighbours (Kynkäänniemi et al. 2019; Naeem et al. 2020).
//!
//! In: features of generated and of real faces. Out: shares. Each face owns a ball that reaches to its k-th nearest
//! neighbour in its own set; a face on the rim is inside. Time grows with the square of the faces, memory does not.

use howfar_face::Fault;
use rayon::prelude::*;
use serde::Serialize;

use super::Features;
use super::features::squared_distance;

/// Neighbours that a ball reaches to: the value of Naeem et al.
pub const N_NEIGHBOURS: usize = 5;

/// Where two sets lie over each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Overlap {
    /// Share of generated faces in a real face's ball, 0 to 1: do they look real?
    pub precision: f64,
    /// Share of real faces in a generated face's ball, 0 to 1: is everything generated that is real?
    pub recall: f64,
    /// Real faces' balls around a generated face, over k: like precision, but an outlier's wide ball counts once. About
    /// 1 for faces of one kind; may exceed it.
    pub density: f64,
    /// Share of real faces with a generated face in their ball, 0 to 1: like recall, but outliers among the generated
    /// do not help.
    pub coverage: f64,
}

/// A set with the squared radius of each face's ball.
#[derive(Debug)]
pub struct Neighbourhoods<'a> {
    set: &'a Features,
    squared_radii: Vec<f64>,
}

impl<'a> Neighbourhoods<'a> {
    /// Measures the balls; more than [`N_NEIGHBOURS`] faces are needed.
    pub fn new(set: &'a Features) -> Result<Self, Fault> {
        set.at_least(N_NEIGHBOURS + 1, "nearest neighbours")?;
        let squared_radius = |i: usize| {
            let others = (0..set.n_faces()).filter(|j| *j != i);
            let mut distances: Vec<f64> = others.map(|j| squared_distance(set.row(i), set.row(j))).collect();
            *distances.select_nth_unstable_by(N_NEIGHBOURS - 1, f64::total_cmp).1
        };
        let squared_radii = (0..set.n_faces()).into_par_iter().map(squared_radius).collect();
        Ok(Neighbourhoods { set, squared_radii })
    }

    /// Balls that a face lies in.
    fn n_around(&self, face: &[f64]) -> usize {
        self.set.rows().zip(&self.squared_radii).filter(|(row, radius)| squared_distance(row, face) <= **radius).count()
    }
}

/// All four figures of generated faces against real ones.
pub fn overlap(generated: &Neighbourhoods<'_>, real: &Neighbourhoods<'_>) -> Result<Overlap, Fault> {
    generated.set.same_features(real.set)?;
    let n_around = |balls: &Neighbourhoods<'_>, faces: &Features| -> Vec<usize> {
        (0..faces.n_faces()).into_par_iter().map(|i| balls.n_around(faces.row(i))).collect()
    };
    let (around_generated, around_real) = (n_around(real, generated.set), n_around(generated, real.set));
    let share = |counts: &[usize]| counts.iter().filter(|n| **n > 0).count() as f64 / counts.len() as f64;
    let n_balls: usize = around_generated.iter().sum();
    Ok(Overlap {
        precision: share(&around_generated),
        recall: share(&around_real),
        density: n_balls as f64 / (N_NEIGHBOURS * around_generated.len()) as f64,
        coverage: coverage(generated.set, real)?,
    })
}

/// Share of real faces with a generated face in their ball, 0 to 1 (Naeem et al. 2020, eq. 4). One generated face is
/// enough to ask.
pub fn coverage(generated: &Features, real: &Neighbourhoods<'_>) -> Result<f64, Fault> {
    generated.same_features(real.set)?;
    let covered = |i: usize| {
        let (face, radius) = (real.set.row(i), real.squared_radii[i]);
        generated.rows().any(|row| squared_distance(row, face) <= radius)
    };
    let n_covered = (0..real.set.n_faces()).into_par_iter().filter(|i| covered(*i)).count();
    Ok(n_covered as f64 / real.set.n_faces() as f64)
}
