//! What is painted or furrowed on the head: for each feature, which vertices carry it and how strongly.
//!
//! In: the vertices' places in the unrolled plane and the landmarks there. Out: sparse masks. Everything here moves
//! with the skin, because it belongs to vertices.

use crate::curve::{Point, closed, contains, nearest, smooth_step};
use crate::rims::{LandmarkRows, Rims, trace};

/// Weights of some vertices; all others have none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mask(pub Vec<(u32, f32)>);

impl Mask {
    fn over(places: &[Point], weight: impl Fn(Point) -> f64) -> Self {
        let weights = places.iter().enumerate().map(|(i, &q)| (i as u32, weight(q) as f32));
        Mask(weights.filter(|(_, w)| w.abs() > 2e-3).collect())
    }
}

/// A vertex of a brow's neighbourhood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BrowVertex {
    pub vertex: u32,
    /// Distance to the brow's middle line, in eye distances; negative below it.
    pub offset: f32,
    /// 0 at the inner end, 1 at the outer.
    pub along: f32,
}

/// Furrows, by the muscle that makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Furrow {
    /// Upright lines between the brows (AU4).
    Glabella,
    /// Lines across the forehead, low, middle and high (AU1, AU2).
    ForeheadLow,
    ForeheadMiddle,
    ForeheadHigh,
    /// Above the outer brow (AU2).
    ForeheadOuter,
    /// Across the root of the nose (AU9).
    NoseRoot,
    /// Down the nose's sides (AU9).
    NoseSide,
    /// Below the lower lid (AU6, AU7, age).
    EyeBag,
    /// Beside the eye (AU6).
    CrowsFeet,
    /// Below the lower lip (AU17).
    ChinTop,
    /// From the mouth's corner down (AU15).
    CornerDown,
    /// Beside the mouth's corner (AU14).
    Dimple,
    /// From the nose's wing to the mouth's corner (AU9, AU10, AU12).
    Nasolabial,
}

/// Number of furrows.
pub(crate) const N_FURROWS: usize = 13;

/// All masks.
#[derive(Debug, Clone)]
pub(crate) struct Paint {
    pub lips: Mask,
    /// Where the lips meet.
    pub lip_seam: Mask,
    pub lashes: Mask,
    pub lower_lashes: Mask,
    pub lid_crease: Mask,
    pub brows: [Vec<BrowVertex>; 2],
    pub furrows: Vec<(Furrow, Mask)>,
    /// The cheek's side of the nasolabial fold, which swells.
    pub fold_swell: Mask,
    pub nostrils: Mask,
    pub cheeks: Mask,
    pub chin: Mask,
    pub sockets: Mask,
    pub under_lip: Mask,
    /// Where a beard grows.
    pub beard: Mask,
    /// Where a moustache grows.
    pub moustache: Mask,
}

impl Paint {
    pub fn new(places: &[Point], plane: &[Point], rims: &Rims) -> Self {
        let bump = |u0: f64, y0: f64, su: f64, sy: f64| {
            Mask::over(places, |q| (-((q[0].abs() - u0) / su).powi(2) - ((q[1] - y0) / sy).powi(2)).exp())
        };
        let chin_y = plane[8][1];
        let mouth = trace(&rims.mouth, plane);
        let outline = closed(&mouth);
        let (lashes, lower_lashes, lid_crease) = lids(places, plane, rims);
        Paint {
            lips: lips(places, &trace(&rims.lips, plane)),
            lip_seam: Mask::over(places, |q| (-(nearest(&outline, q).distance / 0.016).powi(2)).exp()),
            lashes,
            lower_lashes,
            lid_crease,
            brows: [brow(places, plane, &[21, 20, 19, 18, 17]), brow(places, plane, &[22, 23, 24, 25, 26])],
            furrows: furrows(places, plane),
            fold_swell: fold_swell(places, plane),
            nostrils: bump(0.085, -0.705, 0.036, 0.02),
            cheeks: bump(0.72, -0.52, 0.3, 0.24),
            chin: bump(0.0, chin_y + 0.2, 0.22, 0.16),
            sockets: bump(0.44, 0.12, 0.34, 0.13),
            under_lip: bump(0.0, chin_y + 0.43, 0.25, 0.07),
            beard: beard(places, plane),
            moustache: moustache(places, plane),
        }
    }
}

fn lips(places: &[Point], outline: &[Point]) -> Mask {
    let line = closed(outline);
    Mask::over(places, |q| {
        let near = nearest(&line, q).distance;
        let depth = if contains(outline, q) { near } else { -near };
        1.0 / (1.0 + (-depth / 0.014).exp())
    })
}

/// The lines of one eye in the unrolled plane.
struct EyeLines {
    upper: Vec<Point>,
    lower: Vec<Point>,
    crease: Vec<Point>,
}

impl EyeLines {
    fn new(rim: &LandmarkRows, plane: &[Point]) -> Self {
        let outline = trace(rim, plane);
        EyeLines {
            upper: outline[..11].to_vec(),
            lower: outline[10..].iter().chain(&outline[..1]).copied().collect(),
            crease: outline[..11].iter().map(|p| [p[0], p[1] + 0.085]).collect(),
        }
    }
}

/// Upper lashes, lower lashes and the crease above the lid, both eyes.
fn lids(places: &[Point], plane: &[Point], rims: &Rims) -> (Mask, Mask, Mask) {
    let eyes = rims.eyes.each_ref().map(|rim| EyeLines::new(rim, plane));
    let over = |weight: &dyn Fn(&EyeLines, Point) -> f64| {
        Mask::over(places, |q| eyes.iter().map(|eye| weight(eye, q)).fold(0.0, f64::max))
    };
    let upper = over(&|eye, q| {
        let near = nearest(&eye.upper, q);
        let above = near.left && near.along > 0.0 && near.along < 1.0;
        if above { (-(near.distance / 0.03).powi(2)).exp() } else { 0.0 }
    });
    let lower = over(&|eye, q| {
        let (above, below) = (nearest(&eye.upper, q).distance, nearest(&eye.lower, q).distance);
        if below < above { (-(below / 0.016).powi(2)).exp() } else { 0.0 }
    });
    let crease = over(&|eye, q| {
        let near = nearest(&eye.crease, q);
        let ends = smooth_step(near.along, 0.0, 0.15) * smooth_step(1.0 - near.along, 0.0, 0.1);
        (-(near.distance / 0.022).powi(2)).exp() * ends
    });
    (upper, lower, crease)
}

fn brow(places: &[Point], plane: &[Point], inner_to_outer: &[usize]) -> Vec<BrowVertex> {
    let points: Vec<Point> = inner_to_outer.iter().map(|&k| plane[k]).collect();
    let line = trace(&crate::curve::spline_rows(&points, 13), &points);
    let rightwards = line[0][0] < line[12][0];
    places
        .iter()
        .enumerate()
        .filter_map(|(i, &q)| {
            let near = nearest(&line, q);
            let above = near.left == rightwards;
            let offset = if above { near.distance } else { -near.distance } as f32;
            (near.distance < 0.2).then_some(BrowVertex { vertex: i as u32, offset, along: near.along as f32 })
        })
        .collect()
}

/// The lines of a furrow on the head's right half; those that cross the midline are given whole.
fn furrow_lines(plane: &[Point]) -> Vec<(Furrow, f64, Vec<Vec<Point>>)> {
    let (corner, chin_y) = (plane[54], plane[8][1]);
    let from_corner = |du: f64, dy: f64| [corner[0] + du, corner[1] + dy];
    let across = |half: f64, y: f64, dip: f64| vec![vec![[-half, y], [0.0, y - dip], [half, y]]];
    let both = |lines: Vec<Vec<Point>>| -> Vec<Vec<Point>> {
        let mirrored: Vec<Vec<Point>> = lines.iter().map(|l| l.iter().map(|p| [-p[0], p[1]]).collect()).collect();
        lines.into_iter().chain(mirrored).collect()
    };
    vec![
        (Furrow::Glabella, 0.03, both(vec![vec![[0.07, 0.10], [0.095, 0.24], [0.11, 0.40]]])),
        (Furrow::ForeheadLow, 0.036, across(0.5, 0.66, 0.06)),
        (Furrow::ForeheadMiddle, 0.036, across(0.6, 0.84, 0.06)),
        (Furrow::ForeheadHigh, 0.036, across(0.5, 1.0, 0.04)),
        (Furrow::ForeheadOuter, 0.036, both(vec![vec![[0.45, 0.62], [0.7, 0.66], [0.95, 0.55]]])),
        (Furrow::NoseRoot, 0.03, [across(0.13, 0.03, 0.03), across(0.13, -0.06, 0.03)].concat()),
        (Furrow::NoseSide, 0.03, both(vec![vec![[0.12, -0.1], [0.2, -0.22], [0.28, -0.36]]])),
        (Furrow::EyeBag, 0.036, both(vec![vec![[0.33, -0.19], [0.5, -0.245], [0.72, -0.21], [0.86, -0.12]]])),
        (
            Furrow::CrowsFeet,
            0.03,
            both(vec![
                vec![[0.9, 0.02], [1.08, 0.1]],
                vec![[0.92, -0.05], [1.12, -0.06]],
                vec![[0.9, -0.11], [1.08, -0.2]],
            ]),
        ),
        (Furrow::ChinTop, 0.036, across(0.24, chin_y + 0.40, -0.03)),
        (
            Furrow::CornerDown,
            0.036,
            both(vec![vec![from_corner(0.03, -0.02), from_corner(0.1, -0.12), from_corner(0.12, -0.25)]]),
        ),
        (
            Furrow::Dimple,
            0.03,
            both(vec![vec![from_corner(0.05, 0.1), from_corner(0.08, 0.0), from_corner(0.05, -0.1)]]),
        ),
    ]
}

fn furrows(places: &[Point], plane: &[Point]) -> Vec<(Furrow, Mask)> {
    let mut all: Vec<(Furrow, Mask)> = furrow_lines(plane)
        .into_iter()
        .map(|(furrow, width, lines)| {
            let mask = Mask::over(places, |q| lines.iter().map(|line| groove(line, width, q)).fold(0.0, f64::max));
            (furrow, mask)
        })
        .collect();
    let fold = Mask::over(places, |q| {
        let near = nearest(&fold_line(plane), [q[0].abs(), q[1]]);
        (-(near.distance / 0.03).powi(2)).exp() * taper(near.along * 0.8 + 0.15).powf(0.7)
    });
    all.push((Furrow::Nasolabial, fold));
    all
}

/// A furrow's depth beside its line: a groove with a low wall on either side.
fn groove(line: &[Point], width: f64, q: Point) -> f64 {
    let near = nearest(line, q);
    let depth = (-(near.distance / width).powi(2)).exp() - 0.45 * (-((near.distance - 0.055) / 0.035).powi(2)).exp();
    depth * taper(near.along * 0.9 + 0.05).sqrt()
}

fn taper(along: f64) -> f64 {
    (std::f64::consts::PI * along.clamp(0.0, 1.0)).sin().max(0.0)
}

/// From the nose's wing around the mouth's corner, right half.
fn fold_line(plane: &[Point]) -> [Point; 5] {
    let c = plane[54];
    [[0.20, -0.60], [0.29, -0.70], [0.42, -0.88], [c[0] + 0.1, c[1] + 0.12], [c[0] + 0.12, c[1] - 0.06]]
}

fn fold_swell(places: &[Point], plane: &[Point]) -> Mask {
    let line = fold_line(plane);
    Mask::over(places, |q| {
        let near = nearest(&line, [q[0].abs(), q[1]]);
        let swell = (-((near.distance - 0.1) / 0.09).powi(2)).exp() * taper(near.along * 0.8 + 0.15).powf(0.7);
        if near.left { swell } else { 0.0 }
    })
}

fn beard(places: &[Point], plane: &[Point]) -> Mask {
    let corner = plane[54];
    Mask::over(places, |q| {
        let u = q[0].abs();
        // The edge runs from the sideburn in an arc below the cheek to the mouth's corner.
        let edge = corner[1] + 0.12 + 0.75 * smooth_step(u, 0.55, 1.25).powi(2);
        let lip_gap = smooth_step(((u / 0.34).powi(2) + ((q[1] - corner[1] + 0.1) / 0.26).powi(2)).sqrt(), 0.85, 1.15);
        smooth_step(q[1], edge + 0.08, edge - 0.1) * smooth_step(u, 1.75, 1.4) * lip_gap
    })
}

fn moustache(places: &[Point], plane: &[Point]) -> Mask {
    let middle = (plane[33][1] + plane[51][1]) / 2.0;
    Mask::over(places, |q| {
        let y = middle - 0.1 * (q[0] / 0.35).powi(2);
        (-((q[1] - y) / 0.06).powi(2)).exp() * smooth_step(q[0].abs(), 0.45, 0.28)
    })
}
