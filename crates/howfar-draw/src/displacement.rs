//! The skin's form in one picture: landmarks spread to vertices, then bumps, furrows, hair, and lids over the eyeballs.
//!
//! In: a person, the motion and the actions. Out: vertices and what was furrowed. Colours nothing.

use crate::actions::Actions;
use crate::anthropometry::{Landmarks, N_LANDMARKS};
use crate::head::{HeadModel, outward};
use crate::motion::Motion;
use crate::paint::{Furrow, Mask};
use crate::person::{Hair, HairCut, Person};

/// Radius of an eyeball in eye distances, and the radius outside which skin is kept.
pub(crate) const EYEBALL: f32 = 0.218;
const LID_OUTSIDE: f32 = 0.236;
/// The eyeball's centre lies this far behind the lids' rim.
const EYEBALL_DEPTH: f32 = 0.212;

/// The formed head.
pub(crate) struct Displacement {
    pub vertices: Vec<[f32; 3]>,
    /// Depth of furrows at each vertex, in eye distances.
    pub furrowed: Vec<f32>,
    /// 0 = skin, 1 = hair.
    pub hair: Vec<f32>,
    /// Centres of the eyeballs, picture's left and right.
    pub eyes: [[f32; 3]; 2],
}

impl Displacement {
    pub fn new(head: &HeadModel, person: &Person, motion: &Motion, actions: &Actions) -> Self {
        let mut vertices = head.mean_vertices.clone();
        let mean = &head.anthropometry.mean;
        let whole: Landmarks =
            std::array::from_fn(|k| std::array::from_fn(|a| person.landmarks[k][a] - mean[k][a] + motion.jaw[k][a]));
        head.whole.add(&whole, &mut vertices);
        let still: Vec<f32> = vertices.iter().map(|v| v[1]).collect();
        head.local.add(&motion.muscles, &mut vertices);
        let slid: Vec<f32> = vertices.iter().zip(&still).map(|(v, y)| v[1] - y).collect();
        let mut furrowed = vec![0.0; vertices.len()];
        let mut swell = vec![0.0; vertices.len()];
        furrow(head, person, motion, actions, &mut swell, &mut furrowed);
        bumps(head, person, actions, &mut swell);
        raise_cheeks(&head.paint.cheeks, actions, &mut vertices);
        let hair = hair_cover(head, &person.hair, &slid, &mut swell);
        for (vertex, swell) in vertices.iter_mut().zip(&swell).filter(|(_, s)| **s != 0.0) {
            let out = outward(*vertex);
            (0..3).for_each(|axis| vertex[axis] += swell * out[axis]);
        }
        let eyes = [36, 42].map(|first| eyeball_centre(&person.landmarks, first));
        eyes.iter().for_each(|&eye| lift_off(eye, &mut vertices));
        Displacement { vertices, furrowed, hair, eyes }
    }
}

fn add(mask: &Mask, amount: f32, to: &mut [f32]) {
    if amount != 0.0 {
        mask.0.iter().for_each(|&(vertex, weight)| to[vertex as usize] += amount * weight);
    }
}

/// Depth of each furrow in eye distances: by muscles, and at rest.
pub(crate) fn depth(furrow: Furrow, person: &Person, motion: &Motion, actions: &Actions) -> f32 {
    let au = |n| actions.of(n);
    let (moved, rest) = match furrow {
        Furrow::Glabella => (0.03 * motion.brow_v + 0.024 * au(4) + 0.012 * au(9), 0.010),
        Furrow::ForeheadLow => (0.013 * au(1) + 0.008 * au(2), 0.009),
        Furrow::ForeheadMiddle => (0.013 * au(1) + 0.009 * au(2), 0.009),
        Furrow::ForeheadHigh => (0.009 * au(1) + 0.007 * au(2), 0.006),
        Furrow::ForeheadOuter => (0.010 * au(2), 0.003),
        Furrow::NoseRoot => (0.022 * au(9), 0.004),
        Furrow::NoseSide => (0.018 * au(9), 0.004),
        Furrow::EyeBag => (0.018 * au(6) + 0.008 * au(7) + 0.012 * au(9), 0.018),
        Furrow::CrowsFeet => (0.016 * au(6), 0.008),
        Furrow::ChinTop => (0.022 * au(17) + 0.006, 0.006),
        Furrow::CornerDown => (0.016 * au(15), 0.015),
        Furrow::Dimple => (0.03 * au(14) + 0.006 * au(12), 0.002),
        Furrow::Nasolabial => (0.026 * au(12) + 0.015 * au(9) + 0.013 * au(10) + 0.004 * au(20), 0.022),
    };
    person.habits.furrow * moved + person.resting_lines[furrow as usize] * rest
}

fn furrow(
    head: &HeadModel,
    person: &Person,
    motion: &Motion,
    actions: &Actions,
    swell: &mut [f32],
    furrowed: &mut [f32],
) {
    for (kind, mask) in &head.paint.furrows {
        let depth = depth(*kind, person, motion, actions);
        for &(vertex, weight) in &mask.0 {
            swell[vertex as usize] -= depth * weight;
            furrowed[vertex as usize] += depth * weight.max(0.0);
        }
    }
}

fn bumps(head: &HeadModel, person: &Person, actions: &Actions, swell: &mut [f32]) {
    let paint = &head.paint;
    let au = |n| actions.of(n);
    // A strong fold beside the nose reads as a smile: without AU12 it stays weak.
    let moved = person.habits.fold * (0.05 * au(12) + 0.02 * au(9) + 0.015 * au(10));
    let fold = moved + 0.4 * (0.04 * person.resting_lines[Furrow::Nasolabial as usize]);
    add(&paint.fold_swell, fold, swell);
    add(&paint.cheeks, person.cheek + 0.05 * au(6) + 0.05 * au(12), swell);
    add(&paint.chin, 0.05 * au(17), swell);
    add(&paint.sockets, person.socket, swell);
    add(&paint.under_lip, -0.012 * (1.0 + au(17)), swell);
}

fn raise_cheeks(cheeks: &Mask, actions: &Actions, vertices: &mut [[f32; 3]]) {
    let amount = 0.04 * actions.of(6) + 0.03 * actions.of(12);
    cheeks.0.iter().for_each(|&(vertex, weight)| vertices[vertex as usize][1] += amount * weight);
}

fn step(x: f32, from: f32, to: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Where hair lies; it also swells the head. Skin that muscles have `slid` up or down moves below it.
fn hair_cover(head: &HeadModel, hair: &Hair, slid: &[f32], swell: &mut [f32]) -> Vec<f32> {
    let mut cover = vec![0.0; swell.len()];
    if hair.cut == HairCut::Bald {
        return cover;
    }
    let n_columns = head.grid.n_columns;
    let lines: Vec<(f32, f32)> = head.grid.places[..n_columns]
        .iter()
        .map(|q| {
            // Where the line is steep, its edge is as wide across as elsewhere it is high.
            let (u, du) = (q[0] as f32, 0.02);
            let slope = (hairline(hair, u + du) - hairline(hair, u - du)) / (2.0 * du);
            (hairline(hair, u), (1.0 + slope * slope).sqrt())
        })
        .collect();
    for (i, &[u, y]) in head.grid.places.iter().enumerate() {
        if y < 0.3 && u.abs() < 0.9 {
            continue;
        }
        let y = y as f32 + slid[i];
        let (line, steepness) = lines[i % n_columns];
        let above = (y - line) / steepness;
        cover[i] = step(above, -0.06, 0.06);
        swell[i] += cover[i] * hair.thickness * step(above, -0.05, 0.2);
    }
    cover
}

/// Height of the hairline at u.
pub(crate) fn hairline(hair: &Hair, u: f32) -> f32 {
    let [phase, other, _] = hair.strand_phase;
    let away = (u - hair.parting).abs().min(1.3);
    let wisps = (0.02 * (7.0 * u + phase).sin() + 0.012 * (17.0 * u + other).sin()) * step(u.abs(), 0.9, 0.5);
    let front =
        hair.line_height + hair.tilt * u - hair.fall * away.powf(1.3) - hair.temples * step(u.abs(), 0.5, 1.1) + wisps;
    let side = step(u.abs(), hair.sideburn, hair.sideburn + 0.16);
    front + (hair.side_end - front).min(0.0) * side
}

fn eyeball_centre(landmarks: &Landmarks, first: usize) -> [f32; 3] {
    debug_assert!(first + 6 <= N_LANDMARKS, "an eye has six landmarks");
    let mean = |axis: usize| landmarks[first..first + 6].iter().map(|p| p[axis]).sum::<f32>() / 6.0;
    let depth = [1, 2, 4, 5].iter().map(|&k| landmarks[first + k][2]).sum::<f32>() / 4.0;
    [mean(0), mean(1) - 0.004, depth - EYEBALL_DEPTH]
}

/// Pushes skin out of the eyeball, along the ray from its centre.
fn lift_off(eye: [f32; 3], vertices: &mut [[f32; 3]]) {
    for vertex in vertices {
        let d: [f32; 3] = std::array::from_fn(|a| vertex[a] - eye[a]);
        let square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
        if square < LID_OUTSIDE * LID_OUTSIDE && d[2] > 0.0 {
            let factor = LID_OUTSIDE / square.sqrt().max(1e-4);
            *vertex = std::array::from_fn(|a| eye[a] + factor * d[a]);
        }
    }
}
