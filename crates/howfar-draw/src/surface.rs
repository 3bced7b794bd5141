//! The mean head as one height field: the distance r of the skin from a vertical axis, over the unrolled plane (u, y).
//!
//! In: the measured profile, sections and landmarks. Out: a surface that can be asked for r anywhere. A thin plate
//! carries the face without its nose; nose, wings and the turn under the jaw are added by hand, because a field would
//! melt them.

use crate::anthropometry::{Anthropometry, Landmarks};
use crate::curve::{Point, distance, interpolate, smooth_step};
use crate::rbf::{Field, Kernel};

/// z of the axis about which the head is unrolled.
pub(crate) const AXIS_Z: f64 = -1.1;
/// u = this × the angle: a mean radius, so that u is close to a length.
pub(crate) const UNROLL: f64 = 1.15;

/// Midline (y, z) of the face without its nose.
const NOSELESS: [[f64; 2]; 8] = [
    [-0.75, 0.05],
    [-0.65, -0.03],
    [-0.5, -0.13],
    [-0.3, -0.19],
    [-0.1, -0.2],
    [0.0, -0.12],
    [0.05, -0.06],
    [0.15, -0.009],
];
/// Half width of the nose (y, width): a ball at the tip, then only the bridge between the nostrils.
const NOSE_WIDTH: [[f64; 2]; 8] = [
    [-0.78, 0.085],
    [-0.7, 0.08],
    [-0.64, 0.095],
    [-0.57, 0.135],
    [-0.48, 0.15],
    [-0.3, 0.165],
    [-0.05, 0.135],
    [0.1, 0.12],
];
/// Which part of each section lies on the face proper: beyond it the cut runs through ears, neck or the open mouth.
const TRUSTED_SECTIONS: [(&str, f64, f64); 8] = [
    ("forehead", 0.05, 1.1),
    ("brow", 0.05, 1.1),
    ("eyes", 0.72, 1.1),
    ("nose_mid", 0.32, 1.05),
    ("nose_tip", 0.4, 0.95),
    ("nose_base", 0.3, 0.95),
    ("mouth", 0.5, 0.82),
    ("chin", 0.05, 0.66),
];
/// Skull behind and above the face: angle in radians, y, r.
const SKULL: [[f64; 3]; 12] = [
    [1.75, 1.5, 0.75],
    [1.75, 1.1, 1.05],
    [1.75, 0.6, 1.2],
    [1.75, 0.0, 1.2],
    [1.75, -0.6, 1.1],
    [1.75, -1.1, 1.0],
    [2.0, 1.5, 0.75],
    [2.0, 1.1, 1.05],
    [2.0, 0.6, 1.2],
    [2.0, 0.0, 1.2],
    [2.0, -0.6, 1.1],
    [2.0, -1.1, 1.0],
];
const CROWN: [[f64; 3]; 6] =
    [[0.0, 1.5, 0.62], [0.6, 1.5, 0.62], [1.2, 1.5, 0.62], [0.0, 1.7, 0.3], [0.8, 1.7, 0.3], [1.6, 1.7, 0.3]];
/// Fold above the upper lid, bag below the lower one, inner corner: right half, (x, y, z).
const ORBIT: [[f64; 3]; 5] =
    [[0.5, 0.13, -0.16], [0.34, 0.13, -0.17], [0.66, 0.12, -0.25], [0.5, -0.2, -0.2], [0.22, -0.06, -0.19]];

/// Places of the unrolled plane for points in space.
pub(crate) fn unroll(p: [f64; 3]) -> Point {
    [UNROLL * p[0].atan2(p[2] - AXIS_Z), p[1]]
}

/// Where the plane's place lies in space at distance r from the axis.
pub(crate) fn roll(q: Point, r: f64) -> [f64; 3] {
    let angle = q[0] / UNROLL;
    [r * angle.sin(), q[1], AXIS_Z + r * angle.cos()]
}

/// The mean head.
pub(crate) struct Surface {
    field: Field,
    /// (y, height) of the nose's ridge above the field, rising y.
    nose: Vec<[f64; 2]>,
    /// (u, y) of the jaw's edge, rising u.
    jaw: Vec<[f64; 2]>,
}

impl Surface {
    pub fn new(anthropometry: &Anthropometry) -> Self {
        let (mut centres, mut radii): (Vec<Point>, Vec<f64>) = (Vec::new(), Vec::new());
        let known = face_points(anthropometry).into_iter().map(|p| (unroll(p), p[0].hypot(p[2] - AXIS_Z)));
        let both = |rows: &'static [[f64; 3]]| {
            rows.iter().flat_map(|&[t, y, r]| [([UNROLL * t, y], r), ([-UNROLL * t, y], r)])
        };
        for (q, r) in known.chain(both(&SKULL)).chain(both(&CROWN)) {
            // Two figures at one place would make the field's equations singular.
            if centres.iter().all(|&c| distance(c, q) > 0.012) {
                centres.push(q);
                radii.push(r);
            }
        }
        let field = Field::fit(Kernel::ThinPlate, centres, &radii, 1, 2e-4);
        let mut jaw: Vec<Point> = anthropometry.mean[..17].iter().map(|p| unroll(p.map(f64::from))).collect();
        jaw.sort_by(|a, b| a[0].total_cmp(&b[0]));
        Surface { field, nose: nose_ridge(anthropometry), jaw }
    }

    /// Distance of the skin from the axis at a place of the neutral face.
    pub fn radius(&self, q: Point) -> f64 {
        let r = self.field.at([q[0], q[1].max(-1.75)])[0];
        let angle = q[0] / UNROLL;
        let x = r * angle.sin();
        let r = r + self.nose_at(x, q[1]) + 0.15 * wing(x, q[1]);
        let neck = 0.45 + 0.27 * angle.sin().powi(2);
        let edge = interpolate(&self.jaw, q[0]);
        let turn =
            if q[0].abs() > 1.9 { smooth_step(q[1], -1.2, -0.6) } else { smooth_step(q[1], edge - 0.30, edge + 0.06) };
        neck + (r - neck) * turn
    }

    fn nose_at(&self, x: f64, y: f64) -> f64 {
        if y < self.nose[0][0] || y > self.nose[self.nose.len() - 1][0] {
            return 0.0;
        }
        let w = interpolate(&NOSE_WIDTH, y);
        let wedge = 0.35 * (-0.95 * (x / w).powi(2)).exp() + 0.65 * (-(x / (2.2 * w)).powi(2)).exp();
        // Beside the columella the nose ends higher: there are the nostrils.
        let beside = 0.06 * smooth_step(x.abs(), 0.03, 0.12);
        0.85 * interpolate(&self.nose, (y - beside).max(self.nose[0][0])) * wedge
    }
}

/// The wings beside the nose's tip: round in front, drawn out upwards into the cheek.
fn wing(x: f64, y: f64) -> f64 {
    let tall = if y > -0.63 { 0.13 } else { 0.065 };
    (-((x.abs() - 0.152) / 0.066).powi(2) - ((y + 0.63) / tall).powi(2)).exp()
}

/// Height of the nose above the face without it, smoothed along y.
fn nose_ridge(anthropometry: &Anthropometry) -> Vec<[f64; 2]> {
    let mut profile: Vec<[f64; 2]> = anthropometry.midline.iter().copied().filter(|p| !glitch(p[0])).collect();
    profile.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let step = 0.012;
    let raw: Vec<f64> = (0..80)
        .map(|i| {
            let y = -0.78 + step * f64::from(i);
            let above = if y > -0.75 { interpolate(&profile, y) - interpolate(&NOSELESS, y) } else { 0.05 };
            above.max(0.0) * smooth_step(y, -0.80, -0.66)
        })
        .collect();
    (0..80usize)
        .map(|i| {
            let weight = |j: usize| (-0.5 * ((i as f64 - j as f64) / 2.0).powi(2)).exp();
            let near = i.saturating_sub(7)..(i + 8).min(80);
            let total: f64 = near.clone().map(weight).sum();
            [-0.78 + step * i as f64, near.map(|j| weight(j) * raw[j]).sum::<f64>() / total]
        })
        .collect()
}

/// Heights at which the measured profile fell through the nostrils or the mouth.
fn glitch(y: f64) -> bool {
    [-0.55, -0.6, -1.05, -1.1, -1.15].into_iter().any(|bad| (y - bad).abs() < 1e-6)
}

/// Points in space through which the face without nose passes.
fn face_points(anthropometry: &Anthropometry) -> Vec<[f64; 3]> {
    let mut points: Vec<[f64; 3]> = anthropometry
        .midline
        .iter()
        .filter(|[y, _]| (*y > 0.12 || *y < -0.78) && *y > -1.72 && !glitch(*y))
        .map(|&[y, z]| [0.0, y, z])
        .chain(NOSELESS[..7].iter().map(|&[y, z]| [0.0, y, z]))
        .collect();
    for (name, from, to) in TRUSTED_SECTIONS {
        for section in anthropometry.sections.iter().filter(|s| s.name == name) {
            for &[x, z] in section.points.iter().filter(|p| (from..=to).contains(&p[0])) {
                points.extend([[x, section.y, z], [-x, section.y, z]]);
            }
        }
    }
    points.extend(without_nose(&anthropometry.mean));
    points.extend(ORBIT.iter().flat_map(|&[x, y, z]| [[x, y, z], [-x, y, z]]));
    points
}

fn without_nose(mean: &Landmarks) -> impl Iterator<Item = [f64; 3]> + '_ {
    mean.iter().enumerate().filter(|(k, _)| !(27..=35).contains(k)).map(|(_, p)| p.map(f64::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surface_passes_near_the_measured_landmarks() {
        let anthropometry = Anthropometry::embedded();
        let surface = Surface::new(&anthropometry);
        for (k, p) in
            anthropometry.mean.iter().enumerate().filter(|(k, _)| !(27..=35).contains(k) && (17..68).contains(k))
        {
            let p = p.map(f64::from);
            let q = unroll(p);
            let miss = surface.radius(q) - p[0].hypot(p[2] - AXIS_Z);
            assert!(miss.abs() < 0.08, "landmark {k} is missed by {miss}");
        }
    }
}
