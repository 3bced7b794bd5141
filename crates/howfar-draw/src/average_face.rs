//! The average face of a style, and where it fits best into a picture: place, size and tilt of the eyes.
//!
//! In: drawn faces whose eyes stand at one place; then a picture of any size. Out: a `FacePlace`. Finds no faces in
//! large photographs: the picture is taken to be a crop of one.

use howfar_face::Expression;
use rayon::prelude::*;

use crate::distributions::TruncatedNormal;
use crate::draw::{FaceSpec, draw_face};
use crate::head::HeadModel;
use crate::style::Style;

/// Side of the maps that are compared: 2 pixels of 64 are enough for a median that is good to a quarter of a pixel.
const SIDE: usize = 32;
/// From pixels of the map to pixels of 64.
const UNIT: f32 = 64.0 / SIDE as f32;
/// Drawn faces of which the average is made; more move no place by a tenth of a pixel.
const N_FACES: u32 = 120;

/// Where the face is: pixels are those of a picture of 64 × 64.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FacePlace {
    pub eye_height_px: f32,
    pub eye_distance_px: f32,
    /// Right (+) of the picture's middle.
    pub centre_px: f32,
    /// Counter-clockwise (+).
    pub roll_deg: f32,
}

/// The average of local contrast, and the place of its eyes.
#[derive(Debug, Clone)]
pub(crate) struct AverageFace {
    /// Offset from the eyes' middle in pixels of the map, and weighted local contrast.
    points: Vec<([f32; 2], f32)>,
    /// Weight of each point.
    weights: Vec<f32>,
    eye_distance_px: f32,
    eye_height_px: f32,
}

/// A shift in pixels of the map, a factor, and an angle in degrees.
type Move = [f32; 4];

impl AverageFace {
    /// The average of `style`'s faces with eyes at its mean place.
    pub fn new(style: &Style) -> Self {
        let mut still = style.clone();
        let camera = &mut still.camera;
        let eyes = [&mut camera.eye_distance_px, &mut camera.eye_height_px, &mut camera.centre_px];
        eyes.into_iter().for_each(|normal| normal.sd = 0.0);
        (camera.centre_px.mean, camera.roll_deg) = (0.0, TruncatedNormal { mean: 0.0, sd: 0.0 });
        let (eye_distance_px, eye_height_px) = (camera.eye_distance_px.mean, camera.eye_height_px.mean);
        let maps: Vec<Vec<f32>> = (0..N_FACES)
            .into_par_iter()
            .map(|i| {
                let expression = Expression::ALL[i as usize % 7];
                let face = draw_face(HeadModel::shared(), &still, 1, &FaceSpec::full(i, expression), 64);
                local_contrast(&face.pixels, 64)
            })
            .collect();
        let mean: Vec<f32> =
            (0..SIDE * SIDE).map(|i| maps.iter().map(|m| m[i]).sum::<f32>() / maps.len() as f32).collect();
        let (distance, height) = (eye_distance_px / UNIT, eye_height_px / UNIT);
        let mut face = AverageFace { points: Vec::new(), weights: Vec::new(), eye_distance_px, eye_height_px };
        for (i, value) in mean.iter().enumerate() {
            let offset = [(i % SIDE) as f32 + 0.5 - SIDE as f32 / 2.0, (i / SIDE) as f32 + 0.5 - height];
            // Eyes, brows, nose and mouth; hair and background differ from database to database.
            let radius = (offset[0] / (1.1 * distance)).hypot((offset[1] - 0.5 * distance) / (1.15 * distance));
            let weight = (2.0 * (1.0 - radius)).clamp(0.0, 1.0);
            if weight > 0.0 {
                face.points.push((offset, weight * value));
                face.weights.push(weight);
            }
        }
        face
    }

    /// The place where the picture looks most like the average face.
    pub fn find(&self, pixels: &[u8], side: usize) -> FacePlace {
        let map = local_contrast(pixels, side);
        let mut best: (f32, Move) = (f32::MIN, [0.0, 0.0, 1.0, 0.0]);
        for scale in [0.8, 0.9, 1.0, 1.12, 1.25] {
            for (x, y) in (-3..=3).flat_map(|x| (-4..=4).map(move |y| (x as f32, y as f32))) {
                self.improve(&map, &mut best, [x, y, scale, 0.0]);
            }
        }
        // An upright face fits a tilted one well enough to find its place.
        let [x, y, scale, _] = best.1;
        for (shift, angle) in
            [-1.0, 0.0, 1.0].into_iter().flat_map(|shift| [-14.0, -7.0, 7.0, 14.0].map(|a| (shift, a)))
        {
            self.improve(&map, &mut best, [x + shift, y, scale, angle]);
        }
        let mut step = [0.5, 0.5, 0.05, 4.0];
        for _ in 0..5 {
            for _ in 0..2 {
                for axis in 0..4 {
                    for sign in [-1.0, 1.0] {
                        let mut next = best.1;
                        next[axis] += sign * step[axis];
                        self.improve(&map, &mut best, next);
                    }
                }
            }
            step = step.map(|s| 0.5 * s);
        }
        let [x, y, scale, roll_deg] = best.1;
        FacePlace {
            eye_height_px: self.eye_height_px + y * UNIT,
            eye_distance_px: self.eye_distance_px * scale,
            centre_px: x * UNIT,
            roll_deg,
        }
    }

    fn improve(&self, map: &[f32], best: &mut (f32, Move), next: Move) {
        let score = self.likeness(map, next);
        if score > best.0 {
            *best = (score, next);
        }
    }

    /// Correlation of the moved average face with the map.
    fn likeness(&self, map: &[f32], [x, y, scale, angle]: Move) -> f32 {
        let (sin, cos) = angle.to_radians().sin_cos();
        let (sin, cos) = (scale * sin, scale * cos);
        let middle = [SIDE as f32 / 2.0 + x - 0.5, self.eye_height_px / UNIT + y - 0.5];
        let (mut product, mut power) = (0.0, 1e-6);
        for ((offset, value), weight) in self.points.iter().zip(&self.weights) {
            // y points down: counter-clockwise turns x towards -y.
            let px = middle[0] + cos * offset[0] + sin * offset[1];
            let py = middle[1] - sin * offset[0] + cos * offset[1];
            let seen = sample(map, px, py);
            product += value * seen;
            power += weight * seen * seen;
        }
        product / power.sqrt()
    }
}

/// Linear between pixels; 0 outside.
fn sample(map: &[f32], x: f32, y: f32) -> f32 {
    if x < 0.0 || y < 0.0 || x >= (SIDE - 1) as f32 || y >= (SIDE - 1) as f32 {
        return 0.0;
    }
    let (column, row) = (x as usize, y as usize);
    let (h, v) = (x - column as f32, y - row as f32);
    let at = row * SIDE + column;
    (1.0 - v) * ((1.0 - h) * map[at] + h * map[at + 1]) + v * ((1.0 - h) * map[at + SIDE] + h * map[at + SIDE + 1])
}

/// The picture in 32 × 32 pixels, each relative to its neighbourhood's mean and contrast: light falls out.
fn local_contrast(pixels: &[u8], side: usize) -> Vec<f32> {
    /// Passes of the filter 1, 2, 1: 8 are a Gaussian of standard deviation 2 pixels; 18 of 3.
    const PASSES: usize = 18;
    /// Gray levels of contrast below which a place counts as flat.
    const FLAT: f32 = 6.0;
    let small = shrink(pixels, side);
    let mean = spread_out(&small, PASSES);
    let difference: Vec<f32> = small.iter().zip(&mean).map(|(v, m)| v - m).collect();
    let squares: Vec<f32> = difference.iter().map(|d| d * d).collect();
    let power = spread_out(&squares, PASSES);
    difference.iter().zip(power).map(|(d, p)| d / (p.max(0.0).sqrt() + FLAT)).collect()
}

/// Mean over the area of each pixel of the map.
fn shrink(pixels: &[u8], side: usize) -> Vec<f32> {
    let scale = side as f32 / SIDE as f32;
    let along = |at: usize| -> Vec<(usize, f32)> {
        let (from, to) = (at as f32 * scale, (at + 1) as f32 * scale);
        let covered = |k: usize| ((k + 1) as f32).min(to) - (k as f32).max(from);
        (from as usize..(to.ceil() as usize).min(side)).map(|k| (k, covered(k) / scale)).collect()
    };
    let spans: Vec<Vec<(usize, f32)>> = (0..SIDE).map(along).collect();
    let rows: Vec<f32> = (0..side * SIDE)
        .map(|i| spans[i % SIDE].iter().map(|(x, w)| w * f32::from(pixels[i / SIDE * side + x])).sum())
        .collect();
    (0..SIDE * SIDE).map(|i| spans[i / SIDE].iter().map(|(y, w)| w * rows[y * SIDE + i % SIDE]).sum()).collect()
}

fn spread_out(map: &[f32], passes: usize) -> Vec<f32> {
    let mut current = map.to_vec();
    let mut next = current.clone();
    for _ in 0..passes {
        for step in [1, SIDE] {
            for i in 0..current.len() {
                let at = if step == 1 { i % SIDE } else { i / SIDE };
                let before = current[if at == 0 { i } else { i - step }];
                let after = current[if at == SIDE - 1 { i } else { i + step }];
                next[i] = 0.25 * (before + 2.0 * current[i] + after);
            }
            std::mem::swap(&mut current, &mut next);
        }
    }
    current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eyes_are_found_where_they_were_drawn() {
        let wild = Style::named("wild").unwrap();
        let average = AverageFace::new(&wild);
        let mut style = wild.clone();
        style.camera.eye_height_px = TruncatedNormal { mean: 27.4, sd: 0.0 };
        style.camera.eye_distance_px = TruncatedNormal { mean: 19.5, sd: 0.0 };
        style.camera.centre_px = TruncatedNormal { mean: -1.5, sd: 0.0 };
        style.camera.roll_deg = TruncatedNormal { mean: 6.0, sd: 0.0 };
        let mut places: Vec<FacePlace> = Vec::new();
        for person in 0..60 {
            let face = draw_face(
                HeadModel::shared(),
                &style,
                2,
                &FaceSpec::full(person, Expression::SIX[person as usize % 6]),
                64,
            );
            places.push(average.find(&face.pixels, 64));
        }
        let median = |value: fn(&FacePlace) -> f32| {
            let mut values: Vec<f32> = places.iter().map(value).collect();
            values.sort_by(f32::total_cmp);
            values[values.len() / 2]
        };
        let found = [
            median(|p| p.eye_height_px),
            median(|p| p.eye_distance_px),
            median(|p| p.centre_px),
            median(|p| p.roll_deg),
        ];
        for ((found, drawn), allowed) in found.into_iter().zip([27.4, 19.5, -1.5, 6.0]).zip([0.5, 0.6, 0.4, 1.5]) {
            assert!((found - drawn).abs() < allowed, "{found} instead of {drawn}");
        }
    }

    #[test]
    fn shrinking_keeps_the_mean_whatever_the_side() {
        for side in [48, 64, 100] {
            let pixels: Vec<u8> = (0..side * side).map(|i| (i % 251) as u8).collect();
            let mean = pixels.iter().map(|p| f32::from(*p)).sum::<f32>() / pixels.len() as f32;
            let small = shrink(&pixels, side);
            assert!((small.iter().sum::<f32>() / small.len() as f32 - mean).abs() < 0.05, "{side}");
        }
    }
}
