//! Curves in the unrolled plane of the head: the nearest point of a line, inside or outside, smooth curves through
//! points.
//!
//! In and out: points (u, y) in eye distances. Used once, when the head is built.

use crate::linear::solve;

/// A point of the unrolled plane.
pub(crate) type Point = [f64; 2];

/// Where a line passes closest to a point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nearest {
    /// Distance to the line.
    pub distance: f64,
    /// Whether the point lies to the left of the line's direction.
    pub left: bool,
    /// 0 at the line's start, 1 at its end, even over the segments.
    pub along: f64,
}

/// Distance of two points.
pub(crate) fn distance(a: Point, b: Point) -> f64 {
    ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)).sqrt()
}

/// 0 up to `from`, 1 beyond `to`, an S between them; `from` may exceed `to`.
pub(crate) fn smooth_step(x: f64, from: f64, to: f64) -> f64 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The nearest place of a line of at least two points.
pub(crate) fn nearest(line: &[Point], q: Point) -> Nearest {
    let mut best = Nearest { distance: f64::INFINITY, left: false, along: 0.0 };
    for (k, pair) in line.windows(2).enumerate() {
        let (a, e) = (pair[0], [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]]);
        let t = ((q[0] - a[0]) * e[0] + (q[1] - a[1]) * e[1]) / (e[0] * e[0] + e[1] * e[1] + 1e-12);
        let t = t.clamp(0.0, 1.0);
        let d = [q[0] - a[0] - t * e[0], q[1] - a[1] - t * e[1]];
        let r = (d[0] * d[0] + d[1] * d[1]).sqrt();
        if r < best.distance {
            let along = (k as f64 + t) / (line.len() - 1) as f64;
            best = Nearest { distance: r, left: e[0] * d[1] - e[1] * d[0] > 0.0, along };
        }
    }
    best
}

/// The line with its first point again at the end.
pub(crate) fn closed(line: &[Point]) -> Vec<Point> {
    line.iter().chain(line.first()).copied().collect()
}

/// Whether `q` lies inside a polygon.
pub(crate) fn contains(polygon: &[Point], q: Point) -> bool {
    let mut inside = false;
    for (i, &[x0, y0]) in polygon.iter().enumerate() {
        let [x1, y1] = polygon[(i + polygon.len() - 1) % polygon.len()];
        if (y0 > q[1]) != (y1 > q[1]) && q[0] < (x1 - x0) * (q[1] - y0) / (y1 - y0 + 1e-12) + x0 {
            inside = !inside;
        }
    }
    inside
}

/// Straight interpolation in a table of (x, value) with rising x; constant beyond its ends.
pub(crate) fn interpolate(table: &[[f64; 2]], x: f64) -> f64 {
    let after = table.partition_point(|row| row[0] <= x);
    if after == 0 {
        return table[0][1];
    }
    if after == table.len() {
        return table[after - 1][1];
    }
    let ([x0, v0], [x1, v1]) = (table[after - 1], table[after]);
    v0 + (v1 - v0) * (x - x0) / (x1 - x0)
}

/// Rows of weights over `points` whose sums trace a natural cubic spline through them, `n` places from start to end.
pub(crate) fn spline_rows(points: &[Point], n: usize) -> Vec<Vec<f64>> {
    let knots: Vec<f64> = points
        .windows(2)
        .scan(0.0, |t, pair| {
            *t += distance(pair[0], pair[1]);
            Some(*t)
        })
        .collect();
    let knots: Vec<f64> = std::iter::once(0.0).chain(knots).collect();
    let curvature = natural_curvatures(&knots);
    let last = knots[knots.len() - 1];
    (0..n).map(|i| spline_row(&knots, &curvature, last * i as f64 / (n - 1) as f64)).collect()
}

/// Second derivatives at the knots as a matrix over the values (row-major, knots × knots).
fn natural_curvatures(knots: &[f64]) -> Vec<f64> {
    let n = knots.len();
    let (mut left, mut right) = (vec![0.0; n * n], vec![0.0; n * n]);
    left[0] = 1.0;
    left[n * n - 1] = 1.0;
    for i in 1..n - 1 {
        let (before, after) = (knots[i] - knots[i - 1], knots[i + 1] - knots[i]);
        left[i * n + i - 1] = before / 6.0;
        left[i * n + i] = (before + after) / 3.0;
        left[i * n + i + 1] = after / 6.0;
        right[i * n + i - 1] = 1.0 / before;
        right[i * n + i] = -1.0 / before - 1.0 / after;
        right[i * n + i + 1] = 1.0 / after;
    }
    solve(left, right, n)
}

fn spline_row(knots: &[f64], curvature: &[f64], t: f64) -> Vec<f64> {
    let n = knots.len();
    let i = knots.partition_point(|k| *k <= t).clamp(1, n - 1);
    let h = knots[i] - knots[i - 1];
    let (a, b) = ((knots[i] - t) / h, (t - knots[i - 1]) / h);
    let (ca, cb) = ((a * a * a - a) * h * h / 6.0, (b * b * b - b) * h * h / 6.0);
    let mut row: Vec<f64> = (0..n).map(|k| ca * curvature[(i - 1) * n + k] + cb * curvature[i * n + k]).collect();
    row[i - 1] += a;
    row[i] += b;
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spline_passes_through_its_points() {
        let points = [[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [3.0, 1.0]];
        let rows = spline_rows(&points, 31);
        let y: Vec<f64> = rows.iter().map(|r| r.iter().zip(&points).map(|(w, p)| w * p[1]).sum()).collect();
        for (at, expected) in [(0, 0.0), (10, 1.0), (20, 0.0), (30, 1.0)] {
            assert!((y[at] - expected).abs() < 1e-9, "{at}: {}", y[at]);
        }
    }

    #[test]
    fn a_square_contains_its_centre_only() {
        let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        assert!(contains(&square, [0.5, 0.5]));
        assert!(!contains(&square, [1.5, 0.5]));
    }

    #[test]
    fn the_side_of_a_line_follows_its_direction() {
        let found = nearest(&[[0.0, 0.0], [2.0, 0.0]], [1.0, 0.5]);
        assert!(found.left && (found.along - 0.5).abs() < 1e-9 && (found.distance - 0.5).abs() < 1e-9);
    }
}
