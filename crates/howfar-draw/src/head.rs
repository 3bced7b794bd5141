//! The head that all drawn faces share: its mesh, what moves it and what is painted on it. Built once, then only read.
//!
//! In: the embedded measurements. Out: a `HeadModel` that threads may share.

use std::sync::OnceLock;

use rayon::prelude::*;

use crate::anthropometry::{Anthropometry, BROWS, Landmarks, N_LANDMARKS};
use crate::curve::{Point, distance, smooth_step};
use crate::grid::Grid;
use crate::paint::Paint;
use crate::rbf::{Field, Kernel};
use crate::rims::{LandmarkRows, Rims, trace};
use crate::skinning::SkinningWeights;
use crate::surface::{AXIS_Z, Surface, roll, unroll};

/// How far an action unit reaches beyond its landmarks, in eye distances.
const ACTION_REACH: f64 = 0.5;
/// Brows move as bands of hair: edges so far from their middle lines, in eye distances, go where those go.
const BROW_HALF_WIDTH: f64 = 0.035;
/// Between these heights the forehead comes to rest.
const FOREHEAD: [f64; 2] = [0.44, 0.68];
/// The mesh is built with the jaw this far open (share of AU27), so that lips and lids have edges of their own.
const BUILT_OPEN: f32 = 0.5;

/// The shared head. Building it costs about half a second.
pub struct HeadModel {
    pub(crate) anthropometry: Anthropometry,
    pub(crate) grid: Grid,
    /// The mean neutral head in eye distances.
    pub(crate) mean_vertices: Vec<[f32; 3]>,
    /// Height of each vertex on the neutral face.
    pub(crate) neutral_y: Vec<f32>,
    /// Moves with identity and jaw: smooth over the whole head.
    pub(crate) whole: SkinningWeights,
    /// Moves with the muscles: local.
    pub(crate) local: SkinningWeights,
    pub(crate) paint: Paint,
    /// 0 for landmarks on the picture's left half, 1 on its right.
    pub(crate) right_side: [f32; N_LANDMARKS],
}

impl HeadModel {
    /// The head that the whole program shares; built when first asked for.
    pub fn shared() -> &'static Self {
        static HEAD: OnceLock<HeadModel> = OnceLock::new();
        HEAD.get_or_init(HeadModel::new)
    }

    /// Builds the head from the embedded measurements.
    #[expect(clippy::new_without_default, reason = "a default would hide the half second that building takes")]
    pub fn new() -> Self {
        let anthropometry = Anthropometry::embedded();
        let open = open_pose(&anthropometry);
        let (neutral_plane, open_plane) = (unrolled(&anthropometry.mean), unrolled(&open));
        let rims = Rims::new(&open);
        let holes = [&rims.eyes[0], &rims.eyes[1], &rims.mouth].map(|rim| trace(rim, &open_plane));
        let grid = Grid::cut(&holes);
        let followers = Followers::new(&rims, &open_plane);
        let whole = followers.thin_plate(&grid.places);
        let local = followers.windows(&grid.places);
        let neutral: Vec<Point> = grid
            .places
            .par_iter()
            .zip(&whole)
            .map(|(q, row)| {
                let shift = |axis: usize| -> f64 {
                    row.iter().enumerate().map(|(k, w)| w * (neutral_plane[k][axis] - open_plane[k][axis])).sum()
                };
                [q[0] + shift(0), q[1] + shift(1)]
            })
            .collect();
        let surface = Surface::new(&anthropometry);
        let mut mean_vertices: Vec<[f32; 3]> =
            neutral.par_iter().map(|&q| roll(q, surface.radius(q)).map(|c| c as f32)).collect();
        let local = SkinningWeights::new(&local);
        mend_landmarks(&anthropometry, &grid, &open_plane, &local, &mut mean_vertices);
        let side = |q: &Point| smooth_step(q[0], -0.1, 0.1) as f32;
        HeadModel {
            paint: Paint::new(&grid.places, &open_plane, &rims),
            neutral_y: neutral.iter().map(|q| q[1] as f32).collect(),
            right_side: std::array::from_fn(|k| side(&open_plane[k])),
            whole: SkinningWeights::new(&whole),
            local,
            mean_vertices,
            grid,
            anthropometry,
        }
    }
}

/// Brings the surface to the landmarks where the smooth fit missed their depth. The nose keeps its modelled form.
fn mend_landmarks(
    anthropometry: &Anthropometry,
    grid: &Grid,
    open_plane: &[Point],
    local: &SkinningWeights,
    vertices: &mut [[f32; 3]],
) {
    let mut miss = [[0.0; 3]; N_LANDMARKS];
    for (k, place) in open_plane.iter().enumerate().filter(|(k, _)| !(27..36).contains(k)) {
        let nearest =
            grid.places.iter().enumerate().min_by(|a, b| distance(*a.1, *place).total_cmp(&distance(*b.1, *place)));
        if let Some((vertex, _)) = nearest {
            miss[k][2] = 0.9 * (anthropometry.mean[k][2] - vertices[vertex][2]);
        }
    }
    local.add(&miss, vertices);
}

fn open_pose(anthropometry: &Anthropometry) -> Landmarks {
    let jaw = anthropometry.action_unit(27).expect("the embedded table has AU27 (tested)");
    std::array::from_fn(|k| std::array::from_fn(|axis| anthropometry.mean[k][axis] + BUILT_OPEN * jaw[k][axis]))
}

fn unrolled(landmarks: &Landmarks) -> Vec<Point> {
    landmarks.iter().map(|p| unroll(p.map(f64::from))).collect()
}

/// The points whose displacement is known from the landmarks: the landmarks themselves and the rims between them.
struct Followers {
    places: Vec<Point>,
    /// Weights over the landmarks.
    rows: LandmarkRows,
}

impl Followers {
    fn new(rims: &Rims, plane: &[Point]) -> Self {
        let mut rows: LandmarkRows = (0..N_LANDMARKS)
            .map(|k| {
                let mut row = vec![0.0; N_LANDMARKS];
                row[k] = 1.0;
                row
            })
            .collect();
        let mut places = plane.to_vec();
        for row in rims.eyes.iter().flatten().chain(&rims.mouth).chain(&rims.lips) {
            let place = trace(std::slice::from_ref(row), plane)[0];
            let crowded = |limit: f64, others: &[Point]| others.iter().any(|&p| distance(p, place) < limit);
            if !crowded(0.025, plane) && !crowded(0.014, &places) {
                places.push(place);
                rows.push(row.clone());
            }
        }
        Followers { places, rows }
    }

    /// Rows over the landmarks for every place, by a thin plate held still at crown, back and neck.
    fn thin_plate(&self, at: &[Point]) -> LandmarkRows {
        let crown = [1.75, 2.3].into_iter().flat_map(|y| [-2.4, -1.2, 0.0, 1.2, 2.4].map(|u| [u, y]));
        let back = [-2.6, 2.6].into_iter().flat_map(|u| [-2.6, -1.2, 0.0, 1.0].map(|y| [u, y]));
        let neck = [-1.0, 0.0, 1.0].map(|u| [u, -2.9]);
        let mut centres = self.places.clone();
        centres.extend(crown.chain(back).chain(neck));
        let mut values = self.rows.concat();
        values.resize(centres.len() * N_LANDMARKS, 0.0);
        let field = Field::fit(Kernel::ThinPlate, centres, &values, N_LANDMARKS, 1e-4);
        at.par_iter().map(|&q| field.at(q)).collect()
    }

    /// Rows over the landmarks for every place, by windows that end a short way from the landmarks.
    fn windows(&self, at: &[Point]) -> LandmarkRows {
        let kernel = Kernel::Matern { length: ACTION_REACH };
        let (mut places, mut values) = (self.places.clone(), self.rows.concat());
        for k in BROWS {
            let [u, y] = self.places[k];
            for edge in [y - BROW_HALF_WIDTH, y + BROW_HALF_WIDTH] {
                places.push([u, edge]);
                values.extend_from_slice(&self.rows[k]);
            }
        }
        let field = Field::fit(kernel, places, &values, N_LANDMARKS, 1e-4);
        at.par_iter()
            .map(|&q| {
                let kept = 1.0 - smooth_step(q[1], FOREHEAD[0], FOREHEAD[1]);
                field.at(q).into_iter().map(|weight| kept * weight).collect()
            })
            .collect()
    }
}

/// Away from the axis at a vertex: the direction in which skin swells.
pub(crate) fn outward(vertex: [f32; 3]) -> [f32; 3] {
    let (x, z) = (vertex[0], vertex[2] - AXIS_Z as f32);
    let length = x.hypot(z).max(1e-6);
    [x / length, 0.0, z / length]
}
