//! One face of ICT FaceKit's head: a person's identity, the shapes of the actions, our corrections; then its shading.
//!
//! In: the rig, a person, the actions, the light. Out: landmarks, eyes and layers. Reads no files.

use std::borrow::Cow;

use howfar_random::{Stream, between, clipped_normal};

use crate::actions::Actions;
use crate::anthropometry::{Landmarks, N_LANDMARKS};
use crate::colour::{blur, normals};
use crate::displacement::depth;
use crate::head::outward;
use crate::light::{Light, Place, dot, unit};
use crate::motion::{Motion, onset};
use crate::parts::{Scene, gaze, height_over, step};
use crate::person::{Person, restyle};
use crate::raster::{ShadowMap, Sides};
use crate::rig::file::{IctRig, Unit};
use crate::rig::layer::{Layer, Look};
use crate::rig::own::sheet;
use crate::rig::{acting, paint};
use crate::skin_tint::skin_tints;
use crate::streams::PersonKey;
use crate::style::Style;
use crate::tint::{Palette, Tint};

/// Skin is kept this far outside the eyeball, relative to its radius.
const LID_OUTSIDE: f32 = 1.035;
/// Brightness of teeth that closed lips should cover, against that of shown ones.
const HIDDEN_TEETH: f32 = 0.3;
/// The middle of the skull in eye distances: hair stands off away from it.
const SKULL: [f32; 3] = [0.0, 0.2, -1.0];
/// Side of a cell in which depths are averaged, in eye distances, and the cells a standard deviation of the average:
/// together the reach at which our own head looks for hollows.
const CELL: f32 = 0.06;
const HOLLOW_REACH: usize = 2;
/// Cells across and down: from 1.5 eye distances left of the bridge, from 2.1 below it.
const CELLS: [usize; 2] = [50, 60];
const CORNER: [f32; 2] = [-1.5, -2.1];

/// An eyeball.
#[derive(Debug, Clone, Copy)]
struct Ball {
    centre: [f32; 3],
    radius: f32,
}

/// The rig's head, formed.
pub(crate) struct IctForm<'f> {
    rig: &'f IctRig,
    /// With the resting landmarks of this head.
    person: Person,
    actions: &'f Actions,
    motion: Motion,
    face: Landmarks,
    vertices: Vec<[f32; 3]>,
    furrowed: Vec<f32>,
    hair: Vec<f32>,
    balls: [Ball; 2],
    eyes: [[f32; 3]; 2],
}

impl<'f> IctForm<'f> {
    pub fn new(rig: &'f IctRig, style: &Style, key: PersonKey<'_>, person: &Person, actions: &'f Actions) -> Self {
        let (mut vertices, scale) = identity(rig, style.shape.component_spread, key);
        let layout = &rig.layout;
        let balls = layout.scleras.clone().map(|range| ball(&vertices[range]));
        let bare = layout.marks(&vertices);
        let mut rest = bare;
        restyle(&mut rest, &style.shape, &mut key.of_person("ict style"));
        rig.local.add(&difference(&rest, &bare), &mut vertices);
        let person = Person { landmarks: layout.marks(&vertices), ..person.clone() };
        for (muscle, sides) in rig.muscles.iter().zip(acting::weights(&person, actions)) {
            if sides != [0.0; 2] {
                muscle.add(sides.map(|side| side * scale), &mut vertices);
            }
        }
        let shaped = difference(&layout.marks(&vertices), &person.landmarks);
        let motion = Motion::corrections(&person, actions, shaped);
        rig.local.add(&motion.muscles, &mut vertices);
        let (hair, thickness) = paint::hair_cover(rig, &person.hair);
        let furrowed = furrow(rig, &person, &motion, actions, &mut vertices);
        stand_off(&thickness, &mut vertices);
        balls.iter().for_each(|ball| lift_off(ball, &mut vertices[layout.skin.clone()]));
        let eyes = std::array::from_fn(|side| eye_centre(&person.landmarks, side, &balls[side]));
        IctForm { face: layout.marks(&vertices), rig, person, actions, motion, vertices, furrowed, hair, balls, eyes }
    }

    pub fn eyes(&self) -> [[f32; 3]; 2] {
        self.eyes
    }

    pub fn landmarks(&self) -> &Landmarks {
        &self.face
    }

    pub fn layers(&self, look: &Look<'_>, stream: &mut Stream) -> Vec<Layer<'_>> {
        let Look { light, view, jitter, palette } = *look;
        let gaze = gaze(stream, jitter);
        let glint = between(stream, 0.2, 0.6);
        let head = Layer {
            points: Cow::Borrowed(&self.vertices),
            brightness: self.brightness(light, view, gaze, glint),
            tints: palette.map_or_else(Vec::new, |palette| self.tints(gaze, palette)),
            triangles: Cow::Borrowed(&self.rig.triangles),
            sides: Sides::Front,
        };
        let scene = Scene {
            person: &self.person,
            motion: &self.motion,
            actions: self.actions,
            face: &self.face,
            eyes: self.eyes,
            light,
        };
        let accessories = scene.back_hair().into_iter().chain(scene.glasses());
        std::iter::once(head).chain(accessories.map(|part| sheet(part, palette))).collect()
    }

    fn brightness(&self, light: &Light, view: [f32; 3], gaze: [f32; 3], glint: f32) -> Vec<f32> {
        let normals = normals(&self.vertices, &self.rig.triangles);
        let shadow = ShadowMap::new(&self.vertices, &self.rig.skin_triangles, light.key);
        let mut brightness = vec![0.0; self.vertices.len()];
        self.shade_skin(&normals, &shadow, light, view, &mut brightness);
        self.shade_mouth(&normals, light, &mut brightness);
        for side in 0..2 {
            self.shade_eye(side, light, gaze, glint, &mut brightness);
        }
        brightness
    }

    fn tints(&self, gaze: [f32; 3], palette: &Palette) -> Vec<Tint> {
        let layout = &self.rig.layout;
        let mut tints = skin_tints(&self.rig.paint, &self.person, &self.hair, palette);
        tints.resize(self.vertices.len(), palette.cavity);
        tints[layout.eye_sockets.clone()].fill(palette.flush);
        tints[layout.gums.clone()].fill(palette.flesh);
        tints[layout.teeth.clone()].fill(palette.teeth);
        for side in 0..2 {
            for i in layout.scleras[side].clone() {
                let (_, outside, _) = self.on_eye(side, self.vertices[i], gaze);
                tints[i] = palette.iris.towards(palette.sclera, outside);
            }
        }
        tints
    }

    fn shade_skin(
        &self,
        normals: &[[f32; 3]],
        shadow: &ShadowMap,
        light: &Light,
        view: [f32; 3],
        brightness: &mut [f32],
    ) {
        let layout = &self.rig.layout;
        let albedo = paint::albedo(self.rig, &self.person, &self.furrowed, &self.hair);
        let around = Depths::new(&self.vertices[layout.skin.clone()], normals);
        for i in 0..layout.eye_sockets.end {
            let (normal, vertex) = (normals[i], self.vertices[i]);
            if dot(normal, view) < -0.35 {
                continue;
            }
            let lit = if dot(normal, light.key) > -0.3 { shadow.lit(vertex) } else { 0.0 };
            let (open, gloss) = if layout.skin.contains(&i) {
                let below = 0.12 * (-normal[1]).max(0.0) + 0.25 * step(-self.rig.neutral[i][1], 1.72, 2.1);
                let hollow = (1.8 * (around.at(vertex) - vertex[2])).clamp(-0.08, 0.26);
                ((1.0 - light.occlusion * hollow) * (1.0 - below), 1.0 - 0.8 * self.hair[i])
            } else if layout.mouth_socket.contains(&i) {
                (self.daylight(vertex), 0.0)
            } else {
                (0.6, 0.0)
            };
            brightness[i] = light.shade(&Place { albedo: albedo[i], normal, open, lit, gloss });
            if layout.mouth_socket.contains(&i) {
                brightness[i] *= open;
            }
        }
    }

    /// Share of light that arrives at a place in the mouth: the further behind the lips, the less.
    fn daylight(&self, place: [f32; 3]) -> f32 {
        let lips = 0.5 * (self.face[62][2] + self.face[66][2]);
        (1.0 - 2.0 * (lips - place[2])).clamp(0.12, 1.0)
    }

    fn shade_mouth(&self, normals: &[[f32; 3]], light: &Light, brightness: &mut [f32]) {
        let skin = &self.person.skin;
        for i in self.rig.layout.gums.clone() {
            let open = self.daylight(self.vertices[i]);
            let place = Place { albedo: 0.45 * skin.albedo, normal: normals[i], open, lit: 1.0, gloss: 0.3 };
            brightness[i] = open * light.shade(&place);
        }
        // Bright teeth are what tells an open smile; they take the light as one body.
        let towards = 0.62 + 0.38 * light.key[2].clamp(0.0, 1.0);
        // Between lips that nothing opens a gap is the mesh's, not the mouth's: no teeth are to shine there.
        let parted = onset([16, 25, 26, 27].iter().map(|au| self.actions.of(*au)).sum());
        let shown = HIDDEN_TEETH + (1.0 - HIDDEN_TEETH) * parted;
        for i in self.rig.layout.teeth.clone() {
            let facing = 0.7 + 0.3 * normals[i][2].max(0.0);
            let aside = 1.0 - 1.4 * (self.face[62][2].min(self.face[66][2]) - 0.08 - self.vertices[i][2]).max(0.0);
            brightness[i] = (shown * skin.teeth * towards * facing * aside.max(0.0)).max(0.03);
        }
    }

    /// Normal of a place on an eyeball, and how far it is outside the iris and the pupil, 0..=1.
    fn on_eye(&self, side: usize, point: [f32; 3], gaze: [f32; 3]) -> ([f32; 3], f32, f32) {
        let (skin, ball) = (&self.person.skin, &self.balls[side]);
        let normal = unit(std::array::from_fn(|axis| point[axis] - ball.centre[axis]));
        let along = dot(normal, gaze);
        let aside = if along > 0.0 { ball.radius * (1.0 - along * along).max(0.0).sqrt() } else { ball.radius };
        let outside = step(aside, skin.iris_radius - 0.012, skin.iris_radius + 0.012);
        (normal, outside, step(aside, 0.03, 0.05))
    }

    fn shade_eye(&self, side: usize, light: &Light, gaze: [f32; 3], glint: f32, brightness: &mut [f32]) {
        let skin = &self.person.skin;
        let first = 36 + 6 * side;
        let lid: [[f32; 3]; 4] = std::array::from_fn(|k| self.face[first + k]);
        let white = (skin.sclera * (0.6 + 0.5 * skin.albedo)).min(0.95);
        for i in self.rig.layout.scleras[side].clone() {
            let point = self.vertices[i];
            let (normal, outside, pupil) = self.on_eye(side, point, gaze);
            let albedo = white * outside + (1.0 - outside) * (skin.iris * pupil + 0.02 * (1.0 - pupil));
            // The upper lid and its lashes shade the ball.
            let edge = height_over(&lid, point[0]);
            let shade = 1.0 - 0.5 * step(point[1], edge - 0.07, edge + 0.005);
            let wet = if shade > 0.8 { glint * light.glint(normal) } else { 0.0 };
            let place = Place { albedo: albedo * shade, normal, open: 0.9, lit: 1.0, gloss: 0.0 };
            brightness[i] = light.shade(&place) + wet;
        }
    }
}

/// The neutral head of a person, and how much the shapes grow with it: its own eyes are one unit apart.
fn identity(rig: &IctRig, spread: f32, key: PersonKey<'_>) -> (Vec<[f32; 3]>, f32) {
    let mut stream = key.of_person("ict identity");
    let weights: Vec<f32> = (0..rig.identity.len()).map(|_| spread * clipped_normal(&mut stream)).collect();
    let mut vertices = rig.neutral.clone();
    rig.identity.add(&weights, &mut vertices);
    match Unit::of(&rig.layout, &vertices) {
        Some(unit) => {
            vertices.iter_mut().for_each(|v| *v = unit.place(*v));
            (vertices, unit.scale)
        }
        None => (rig.neutral.clone(), 1.0),
    }
}

fn difference(to: &Landmarks, from: &Landmarks) -> Landmarks {
    std::array::from_fn(|k| std::array::from_fn(|axis| to[k][axis] - from[k][axis]))
}

/// The ball of a shell whose cornea bulges towards the viewer: fitted to its sides and back.
fn ball(shell: &[[f32; 3]]) -> Ball {
    let low = |axis: usize| shell.iter().map(|v| v[axis]).fold(f32::MAX, f32::min);
    let high = |axis: usize| shell.iter().map(|v| v[axis]).fold(f32::MIN, f32::max);
    let radius = 0.25 * (high(0) - low(0) + high(1) - low(1));
    Ball { centre: [0.5 * (low(0) + high(0)), 0.5 * (low(1) + high(1)), low(2) + radius], radius }
}

/// Where the camera takes the eye to be: the middle of its landmarks, at the depth of the ball.
fn eye_centre(landmarks: &Landmarks, side: usize, ball: &Ball) -> [f32; 3] {
    let first = 36 + 6 * side;
    debug_assert!(first + 6 <= N_LANDMARKS, "an eye has six landmarks");
    let mean = |axis: usize| landmarks[first..first + 6].iter().map(|p| p[axis]).sum::<f32>() / 6.0;
    [mean(0), mean(1), ball.centre[2]]
}

/// Presses furrows into the skin; their depth at each vertex.
fn furrow(rig: &IctRig, person: &Person, motion: &Motion, actions: &Actions, vertices: &mut [[f32; 3]]) -> Vec<f32> {
    let mut furrowed = vec![0.0; rig.layout.skin.end];
    for (kind, mask) in &rig.paint.furrows {
        let depth = depth(*kind, person, motion, actions);
        for &(vertex, weight) in &mask.0 {
            let place = &mut vertices[vertex as usize];
            let out = outward(*place);
            (0..3).for_each(|axis| place[axis] -= depth * weight * out[axis]);
            furrowed[vertex as usize] += depth * weight.max(0.0);
        }
    }
    furrowed
}

fn stand_off(thickness: &[f32], vertices: &mut [[f32; 3]]) {
    for (vertex, thick) in vertices.iter_mut().zip(thickness).filter(|(_, thick)| **thick > 0.0) {
        let out = unit(std::array::from_fn(|axis| vertex[axis] - SKULL[axis]));
        (0..3).for_each(|axis| vertex[axis] += thick * out[axis]);
    }
}

/// Pushes skin out of the eyeball, along the ray from its centre.
fn lift_off(ball: &Ball, vertices: &mut [[f32; 3]]) {
    let least = LID_OUTSIDE * ball.radius;
    for vertex in vertices {
        let d: [f32; 3] = std::array::from_fn(|a| vertex[a] - ball.centre[a]);
        let square = dot(d, d);
        if square < least * least && d[2] > 0.0 {
            let factor = least / square.sqrt().max(1e-4);
            *vertex = std::array::from_fn(|a| ball.centre[a] + factor * d[a]);
        }
    }
}

/// Mean depth of the skin's front around a place.
struct Depths(Vec<f32>);

impl Depths {
    fn new(skin: &[[f32; 3]], normals: &[[f32; 3]]) -> Self {
        let [across, down] = CELLS;
        let (mut sums, mut counts) = (vec![0.0; across * down], vec![0.0; across * down]);
        for (vertex, _) in skin.iter().zip(normals).filter(|(_, normal)| normal[2] > 0.1) {
            let [x, y] = cell(*vertex);
            let at = (y + 0.5) as usize * across + (x + 0.5) as usize;
            sums[at] += vertex[2];
            counts[at] += 1.0;
        }
        let (sums, counts) = (blur(&sums, across, HOLLOW_REACH), blur(&counts, across, HOLLOW_REACH));
        // Where no skin is near there is no hollow either: a depth far behind.
        Depths(sums.iter().zip(counts).map(|(s, n)| if n > 1e-3 { s / n } else { -9.0 }).collect())
    }

    fn at(&self, place: [f32; 3]) -> f32 {
        let [x, y] = cell(place);
        let (column, row) = (x as usize, y as usize);
        let (h, v) = (x - column as f32, y - row as f32);
        let at = |dx: usize, dy: usize| self.0[(row + dy) * CELLS[0] + column + dx];
        (at(0, 0) * (1.0 - h) + at(1, 0) * h) * (1.0 - v) + (at(0, 1) * (1.0 - h) + at(1, 1) * h) * v
    }
}

/// Place in cells, within the grid.
fn cell(place: [f32; 3]) -> [f32; 2] {
    std::array::from_fn(|axis| ((place[axis] - CORNER[axis]) / CELL).clamp(0.0, CELLS[axis] as f32 - 1.001))
}
