//! The mesh's vertices and triangles in the unrolled plane, in a pose with eyes and mouth open, with real holes for
//! them.
//!
//! In: the outlines of the holes. Out: a grid whose vertices near an outline sit on it and whose triangles inside are
//! left out, so that lids and lips are separate edges that can meet and part.

use crate::curve::{Point, closed, contains, distance, nearest};

/// Spacing of the fine part in eye distances: half a pixel of 64, or 1.7 before the picture is reduced.
const FINE: f64 = 0.026;
/// A vertex nearer than this to an outline moves onto it: a little over half the spacing.
const SNAP: f64 = 0.015;

/// Rows and columns of vertices, and the triangles that are kept.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    pub n_columns: usize,
    pub n_rows: usize,
    /// (u, y), row by row from the neck up.
    pub places: Vec<Point>,
    pub triangles: Vec<[u32; 3]>,
    /// The same surface from every second row and column, holes closed: enough to cast shadows.
    pub coarse: Vec<[u32; 3]>,
}

impl Grid {
    /// The grid with the closed outlines `holes` cut out.
    pub fn cut(holes: &[Vec<Point>]) -> Self {
        let right = [steps(0.0, 1.05, FINE), steps(1.08, 1.8, 0.036), steps(1.85, 2.35, 0.06)].concat();
        let columns: Vec<f64> = right.iter().skip(1).rev().map(|u| -u).chain(right.iter().copied()).collect();
        let rows = [steps(-2.7, -2.0, 0.07), steps(-1.96, 0.62, FINE), steps(0.65, 1.75, 0.05)].concat();
        let mut places: Vec<Point> = rows.iter().flat_map(|&y| columns.iter().map(move |&u| [u, y])).collect();
        for hole in holes {
            snap(&mut places, hole);
        }
        let triangles = triangles(rows.len(), columns.len());
        let triangles = triangles.into_iter().filter(|t| !holes.iter().any(|h| contains(h, middle(&places, t))));
        Grid {
            n_columns: columns.len(),
            n_rows: rows.len(),
            triangles: triangles.collect(),
            coarse: coarse_triangles(rows.len(), columns.len()),
            places,
        }
    }
}

fn steps(from: f64, to: f64, step: f64) -> Vec<f64> {
    let n = ((to - from) / step + 1e-9).floor() as usize;
    (0..=n).map(|i| from + step * i as f64).collect()
}

fn snap(places: &mut [Point], hole: &[Point]) {
    let outline = closed(hole);
    let on_outline: Vec<Point> = outline
        .windows(2)
        .flat_map(|pair| (0..16).map(move |i| between(pair[0], pair[1], f64::from(i) / 16.0)))
        .collect();
    for place in places.iter_mut() {
        if nearest(&outline, *place).distance < SNAP {
            *place = closest(&on_outline, *place);
        }
    }
    // The corners keep their sharpness only when a vertex sits in each.
    for corner in [hole[0], hole[hole.len() / 2]] {
        if let Some(place) = places.iter_mut().min_by(|a, b| distance(**a, corner).total_cmp(&distance(**b, corner))) {
            *place = corner;
        }
    }
}

fn between(a: Point, b: Point, t: f64) -> Point {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
}

fn closest(candidates: &[Point], q: Point) -> Point {
    candidates.iter().copied().min_by(|a, b| distance(*a, q).total_cmp(&distance(*b, q))).unwrap_or(q)
}

fn middle(places: &[Point], triangle: &[u32; 3]) -> Point {
    let [a, b, c] = triangle.map(|i| places[i as usize]);
    [(a[0] + b[0] + c[0]) / 3.0, (a[1] + b[1] + c[1]) / 3.0]
}

fn coarse_triangles(n_rows: usize, n_columns: usize) -> Vec<[u32; 3]> {
    let (rows, columns) = (n_rows.div_ceil(2), n_columns.div_ceil(2));
    let fine = |i: u32| (i as usize / columns * 2 * n_columns + i as usize % columns * 2) as u32;
    triangles(rows, columns).into_iter().map(|t| t.map(fine)).collect()
}

/// Two triangles a cell, counter-clockwise seen from outside.
pub(crate) fn triangles(n_rows: usize, n_columns: usize) -> Vec<[u32; 3]> {
    let at = |row: usize, column: usize| (row * n_columns + column) as u32;
    (0..n_rows - 1)
        .flat_map(|r| (0..n_columns - 1).map(move |c| (r, c)))
        .flat_map(|(r, c)| {
            let [a, b, d, e] = [at(r, c), at(r, c + 1), at(r + 1, c + 1), at(r + 1, c)];
            [[a, b, d], [a, d, e]]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_triangle_covers_a_hole_and_its_corners_have_vertices() {
        let hole = vec![[-0.3, 0.0], [0.0, 0.15], [0.3, 0.0], [0.0, -0.15]];
        let grid = Grid::cut(std::slice::from_ref(&hole));
        assert!(grid.triangles.iter().all(|t| !contains(&hole, middle(&grid.places, t))));
        assert!(grid.places.contains(&[-0.3, 0.0]) && grid.places.contains(&[0.3, 0.0]));
        assert_eq!(grid.places.len(), grid.n_rows * grid.n_columns);
    }
}
