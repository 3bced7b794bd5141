//! What is not skin: eyeballs, mouth cavity, teeth, tongue, ears, hair behind the head, shoulders, glasses.
//!
//! In: a person, the landmarks of the acting face and the light, all in the head's space. Out: small meshes with their
//! brightness, to be drawn with the head into one depth buffer.

use howfar_random::{Stream, between, clipped_normal};

use crate::actions::Actions;
use crate::anthropometry::Landmarks;
use crate::displacement::EYEBALL;
use crate::grid::triangles;
use crate::light::{Light, Place, dot, unit};
use crate::motion::Motion;
use crate::person::{Hair, HairCut, Person};
use crate::tint::{Palette, Tint};

/// A sheet of triangles.
pub(crate) struct Sheet {
    pub points: Vec<[f32; 3]>,
    pub brightness: Vec<f32>,
    pub triangles: Vec<[u32; 3]>,
    pub stuff: Stuff,
}

/// What a sheet is made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stuff {
    /// An eyeball: the share of iris a vertex.
    Eye(Vec<f32>),
    Cavity,
    Teeth,
    Flesh,
    /// Skin through which blood shines.
    Ear,
    Hair,
    Cloth,
    Frame,
}

impl Stuff {
    /// Tints of `n` vertices.
    pub fn tints(&self, palette: &Palette, n: usize) -> Vec<Tint> {
        let whole = match self {
            Stuff::Eye(iris) => return iris.iter().map(|share| palette.sclera.towards(palette.iris, *share)).collect(),
            Stuff::Cavity => palette.cavity,
            Stuff::Teeth => palette.teeth,
            Stuff::Flesh => palette.flesh,
            Stuff::Ear => palette.flush,
            Stuff::Hair => palette.hair,
            Stuff::Cloth => palette.cloth,
            Stuff::Frame => palette.frame,
        };
        vec![whole; n]
    }
}

/// Everything that the parts are made from.
pub(crate) struct Scene<'a> {
    pub person: &'a Person,
    pub motion: &'a Motion,
    pub actions: &'a Actions,
    /// Landmarks of the acting face.
    pub face: &'a Landmarks,
    pub eyes: [[f32; 3]; 2],
    /// In the head's space.
    pub light: &'a Light,
}

/// A vertex of a sheet: where, and how bright.
type Spot = ([f32; 3], f32);

impl Sheet {
    /// A grid of `n` × `m` vertices over p and q in 0..=1.
    fn new(stuff: Stuff, n: usize, m: usize, mut spot: impl FnMut(f32, f32) -> Spot) -> Self {
        let at = |i: usize, n: usize| i as f32 / (n - 1) as f32;
        let spots = (0..m).flat_map(|j| (0..n).map(move |i| (i, j))).map(|(i, j)| spot(at(i, n), at(j, m)));
        let (points, brightness) = spots.unzip();
        Sheet { points, brightness, triangles: triangles(m, n), stuff }
    }
}

pub(crate) fn step(x: f32, from: f32, to: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn plain(albedo: f32, normal: [f32; 3], open: f32) -> Place {
    Place { albedo, normal, open, lit: 1.0, gloss: 0.0 }
}

/// Where the eyes look; `jitter` is added to the right and up.
pub(crate) fn gaze(stream: &mut Stream, jitter: [f32; 2]) -> [f32; 3] {
    unit([0.05 * clipped_normal(stream) + jitter[0], -0.02 + 0.04 * clipped_normal(stream) + jitter[1], 1.0])
}

impl Scene<'_> {
    /// All parts; `stream` gives gaze and clothes, `jitter` moves the gaze to the right and up.
    pub fn parts(&self, stream: &mut Stream, jitter: [f32; 2]) -> Vec<Sheet> {
        let gaze = gaze(stream, jitter);
        let (glint, cloth, cavity) =
            (between(stream, 0.2, 0.6), between(stream, 0.05, 0.6), between(stream, 0.04, 0.2));
        let mut parts = vec![self.eyeball(0, gaze, glint), self.eyeball(1, gaze, glint)];
        parts.push(self.cavity(cavity));
        parts.extend([self.teeth(false), self.teeth(true), self.tongue()]);
        parts.extend([self.ear(-1.0), self.ear(1.0)]);
        parts.extend(self.back_hair());
        parts.push(shoulders(cloth));
        parts.extend(self.glasses());
        parts
    }

    fn eyeball(&self, which: usize, gaze: [f32; 3], glint: f32) -> Sheet {
        let skin = &self.person.skin;
        let eye = self.eyes[which];
        let first = 36 + 6 * which;
        let lid: [[f32; 3]; 4] = std::array::from_fn(|k| self.face[first + k]);
        let white = (skin.sclera * (0.6 + 0.5 * skin.albedo)).min(0.95);
        let mut iris = Vec::with_capacity(40 * 34);
        let sheet = Sheet::new(Stuff::Eye(Vec::new()), 40, 34, |p, q| {
            let (a, b) = ((p - 0.5) * 2.9, (q - 0.5) * 2.6);
            let normal = [a.sin(), b.sin() * a.cos(), b.cos() * a.cos()];
            let from_gaze = (1.0 - dot(normal, gaze).powi(2)).max(0.0).sqrt() * EYEBALL;
            let outside = step(from_gaze, skin.iris_radius - 0.012, skin.iris_radius + 0.012);
            iris.push(1.0 - outside);
            let pupil = step(from_gaze, 0.03, 0.05);
            let albedo = white * outside + (1.0 - outside) * (skin.iris * pupil + 0.02 * (1.0 - pupil));
            let point: [f32; 3] = std::array::from_fn(|axis| eye[axis] + EYEBALL * normal[axis]);
            // The upper lid and its lashes shade the ball.
            let shade =
                1.0 - 0.5 * step(point[1], height_over(&lid, point[0]) - 0.07, height_over(&lid, point[0]) + 0.005);
            let wet = if shade > 0.8 { glint * self.light.glint(normal) } else { 0.0 };
            (point, self.light.shade(&plain(albedo * shade, normal, 0.9)) + wet)
        });
        Sheet { stuff: Stuff::Eye(iris), ..sheet }
    }

    /// Middle of the mouth at rest: (half width, y of the meeting lips, z).
    fn mouth_at_rest(&self) -> (f32, f32, f32) {
        let rest = &self.person.landmarks;
        (0.5 * (rest[64][0] - rest[60][0]), 0.5 * (rest[62][1] + rest[66][1]), rest[62][2])
    }

    fn cavity(&self, brightness: f32) -> Sheet {
        let (half, _, z) = self.mouth_at_rest();
        let height = |k: usize| self.face[k][1];
        let top = height(50).max(height(51)).max(height(52)) - 0.01;
        let bottom = height(56).min(height(57)).min(height(58)) + 0.01;
        let dark = brightness * self.person.skin.albedo;
        Sheet::new(Stuff::Cavity, 3, 3, |p, q| {
            ([(2.0 * p - 1.0) * (half + 0.1), top + (bottom - top) * q, z - 0.5], dark)
        })
    }

    fn teeth(&self, lower: bool) -> Sheet {
        let (half, rest_y, z) = self.mouth_at_rest();
        let jaw = self.motion.jaw[66];
        // A drawn-out mouth shows teeth further back, on a narrower arch.
        let drawn_out = self.actions.of(12).min(1.2);
        let (bend, wide) = (0.8 + 0.25 * drawn_out, 0.98 + 0.22 * drawn_out);
        let (edge, height, back) =
            if lower { (rest_y + 0.92 * jaw[1] - 0.02, 0.15, -0.1 + 0.9 * jaw[2]) } else { (rest_y + 0.13, 0.16, 0.0) };
        let (offset, dull) = if lower { (0.5, 0.86) } else { (0.0, 1.0) };
        let towards = 0.62 + 0.38 * self.light.key[2].clamp(0.0, 1.0);
        Sheet::new(Stuff::Teeth, 49, 6, |p, q| {
            let x = (2.0 * p - 1.0) * half * wide;
            let gap = ((p - 0.5) * 8.0 + offset).rem_euclid(1.0) - 0.5;
            let between = 1.0 - 0.3 * step(gap.abs(), 0.38, 0.5);
            let aside = 1.0 - 1.8 * (p - 0.5).powi(2);
            let light = self.person.skin.teeth * between * aside * dull * towards;
            ([x, edge - height * q, z - 0.075 - bend * x * x + back], light.max(0.03))
        })
    }

    fn tongue(&self) -> Sheet {
        let (_, rest_y, z) = self.mouth_at_rest();
        let jaw = self.motion.jaw[66];
        let dark = 0.24 * self.person.skin.albedo;
        Sheet::new(Stuff::Flesh, 9, 5, |p, q| {
            let round = 0.06 * (2.0 * p - 1.0).powi(2);
            (
                [
                    (p - 0.5) * 0.5,
                    rest_y + 0.95 * jaw[1] - 0.05 * (1.0 - q) - round,
                    z - 0.16 - 0.25 * q + 0.6 * jaw[2],
                ],
                dark,
            )
        })
    }

    fn ear(&self, side: f32) -> Sheet {
        use std::f32::consts::{PI, TAU};
        let half = 0.5 * (self.face[16][0] - self.face[0][0]);
        let albedo = 0.92 * self.person.skin.albedo;
        Sheet::new(Stuff::Ear, 22, 15, |p, q| {
            let (around, down) = ((TAU * p).sin_cos(), (PI * q).sin_cos());
            let lobe = 1.0 - 0.35 * q;
            let point = [
                side * (half + 0.03 + 0.12 * lobe * down.0 * around.1),
                -0.27 + 0.29 * down.1,
                -1.12 + 0.15 * lobe * down.0 * around.0,
            ];
            let normal = unit([side * 0.6 * around.1, 0.3 * down.1, around.0 + 0.35]);
            // The bowl inside the rim is darker.
            let bowl = 1.0 - 0.35 * step(down.0 * (1.0 - around.1.abs()), 0.35, 0.8);
            (point, self.light.shade(&plain(albedo * bowl, normal, 0.85)))
        })
    }

    /// Hair behind the head, of those who have some.
    pub fn back_hair(&self) -> Option<Sheet> {
        let hair = &self.person.hair;
        (hair.cut != HairCut::Bald).then(|| self.curtains(hair))
    }

    fn curtains(&self, hair: &Hair) -> Sheet {
        let top = 1.65 + hair.thickness;
        let half = 1.13 + hair.thickness;
        let [phase, other, _] = hair.strand_phase;
        Sheet::new(Stuff::Hair, 49, 40, |p, q| {
            let t = 2.0 * p - 1.0;
            let y = top + (hair.lower_end - top) * q;
            let crown = (1.0 - ((y - 0.45) / (top - 0.45)).clamp(0.0, 1.0).powi(2)).max(0.0).sqrt();
            let falling = step(y, 0.4, -0.9);
            let wavy = 0.02 * (4.0 * y + phase + t).sin() + 0.012 * (9.0 * y + other).sin();
            let width = half * crown + hair.spread * falling + wavy * falling;
            let normal = unit([0.9 * t, 0.15, 1.0 - 0.6 * t.abs()]);
            let light = self.light.shade(&plain(hair.albedo * curtain(hair, t, q), normal, 0.75));
            ([t * width, y, -1.3 - 0.2 * t * t], light)
        })
    }

    /// Rims and bridge, of those who wear glasses.
    pub fn glasses(&self) -> Vec<Sheet> {
        let pieces =
            |glasses| vec![self.glasses_rim(0, glasses), self.glasses_rim(1, glasses), self.glasses_bridge(glasses)];
        self.person.hair.glasses.as_ref().map_or_else(Vec::new, pieces)
    }

    fn glasses_rim(&self, which: usize, glasses: &crate::person::Glasses) -> Sheet {
        let eye = self.eyes[which];
        let side = if which == 0 { -1.0 } else { 1.0 };
        let place = |angle: f32, radius: f32| {
            let (s, c) = angle.sin_cos();
            let power = |v: f32| v.signum() * v.abs().powf(2.0 / glasses.squareness);
            let x = eye[0] + side * 0.03 + radius * glasses.half_width * power(c);
            // The rims bend back to the temples.
            [
                x,
                eye[1] - 0.04 + radius * glasses.half_height * power(s),
                eye[2] + EYEBALL + 0.17 - 0.25 * (x.abs() - 0.2).max(0.0),
            ]
        };
        let light = self.light.shade(&plain(glasses.albedo, [0.0, 0.0, 1.0], 1.0));
        let thick = glasses.thickness / glasses.half_width;
        Sheet::new(Stuff::Frame, 48, 2, |p, q| (place(std::f32::consts::TAU * p, 1.0 + thick * (2.0 * q - 1.0)), light))
    }

    fn glasses_bridge(&self, glasses: &crate::person::Glasses) -> Sheet {
        let [left, right] = self.eyes;
        let light = self.light.shade(&plain(glasses.albedo, [0.0, 0.0, 1.0], 1.0));
        let from = left[0] + glasses.half_width - 0.05;
        let to = right[0] - glasses.half_width + 0.05;
        Sheet::new(Stuff::Frame, 9, 2, |p, q| {
            let arch = 0.05 * (1.0 - (2.0 * p - 1.0).powi(2));
            let y = left[1] + (right[1] - left[1]) * p + arch + glasses.thickness * (q - 0.5) * 1.6;
            ([from + (to - from) * p, y, left[2] + EYEBALL + 0.2], light)
        })
    }
}

/// Strands of hanging hair.
fn curtain(hair: &Hair, t: f32, q: f32) -> f32 {
    let [phase, other, rate] = hair.strand_phase;
    1.0 + hair.strand_depth * (rate * t + 2.0 * (4.0 * q + phase).sin()).sin() * (0.37 * rate * t + other).sin()
}

fn shoulders(cloth: f32) -> Sheet {
    Sheet::new(Stuff::Cloth, 20, 4, |p, q| {
        let aside = (2.0 * p - 1.0).abs();
        ([(p - 0.5) * 5.0, -2.1 - 0.35 * aside * aside - q, -1.0], cloth * 0.7)
    })
}

/// Height of the line through `points` (rising or falling x) at x.
pub(crate) fn height_over(points: &[[f32; 3]; 4], x: f32) -> f32 {
    for pair in points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if x <= b[0] {
            let t = ((x - a[0]) / (b[0] - a[0])).clamp(0.0, 1.0);
            return a[1] + t * (b[1] - a[1]);
        }
    }
    points[3][1]
}
