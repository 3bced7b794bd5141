//! Outlines of eyes, mouth and lips as weights over the landmarks, so that they follow the landmarks wherever those go.
//!
//! In: landmarks. Out: rows of weights, and the places of a curve. Moves nothing.

use crate::anthropometry::{Landmarks, N_LANDMARKS};
use crate::curve::{Point, spline_rows};

/// A curve on the head: each of its points as weights over the 68 landmarks.
pub(crate) type LandmarkRows = Vec<Vec<f64>>;

/// Outlines of eyes, mouth and lips.
pub(crate) struct Rims {
    pub eyes: [LandmarkRows; 2],
    pub mouth: LandmarkRows,
    pub lips: LandmarkRows,
}

/// The places of a curve's points when the landmarks are at `plane`.
pub(crate) fn trace(rows: &[Vec<f64>], plane: &[Point]) -> Vec<Point> {
    let sum = |row: &Vec<f64>, axis: usize| row.iter().zip(plane).map(|(w, p)| w * p[axis]).sum();
    rows.iter().map(|row| [sum(row, 0), sum(row, 1)]).collect()
}

/// A smooth curve through landmarks, `n` points from the first to the last.
fn curve_through(indices: &[usize], n: usize, landmarks: &Landmarks) -> LandmarkRows {
    let points: Vec<Point> =
        indices.iter().map(|&k| [f64::from(landmarks[k][0]), f64::from(landmarks[k][1])]).collect();
    let rows = spline_rows(&points, n).into_iter();
    rows.map(|weights| {
        let mut row = vec![0.0; N_LANDMARKS];
        indices.iter().zip(weights).for_each(|(&k, w)| row[k] += w);
        row
    })
    .collect()
}

impl Rims {
    pub fn new(open: &Landmarks) -> Self {
        let rim = |upper: &[usize], lower: &[usize], n: usize| {
            let mut rows = curve_through(upper, n, open);
            let below = curve_through(lower, n, open);
            rows.extend(below[1..n - 1].iter().cloned());
            rows
        };
        Rims {
            eyes: [rim(&[36, 37, 38, 39], &[39, 40, 41, 36], 11), rim(&[42, 43, 44, 45], &[45, 46, 47, 42], 11)],
            mouth: rim(&[60, 61, 62, 63, 64], &[64, 65, 66, 67, 60], 15),
            lips: rim(&[48, 49, 50, 51, 52, 53, 54], &[54, 55, 56, 57, 58, 59, 48], 15),
        }
    }
}
