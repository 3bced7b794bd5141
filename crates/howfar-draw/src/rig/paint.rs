//! What is painted on the rig's skin: lips, brows, lashes, furrows, beard, hair.
//!
//! In: the rig's masks, a person, and where furrows and hair are. Out: an albedo a vertex of skin and sockets.

use crate::colour::{beard, blotch, brows_and_lids, darken, hashed, strands};
use crate::displacement::hairline;
use crate::parts::step;
use crate::person::{Hair, HairCut, Person, Skin};
use crate::rig::file::IctRig;

/// Albedo of the mouth's inside against the skin's.
const MOUTH_INSIDE: f32 = 0.25;
/// Albedo of the lids' inside against the skin's.
const LID_INSIDE: f32 = 0.6;
/// Strands an eye distance, in radians: finer ones than the scalp's mesh can hold would turn into spots.
const FINEST_STRANDS: f32 = 13.0;
/// Standard deviation of each size of spots, as on our own head.
const GRAIN_SD: f32 = 0.7;
/// Passes of smoothing that make the wide spots out of the fine ones.
const WIDE_GRAIN_PASSES: usize = 6;

/// Albedo of skin and sockets.
pub(crate) fn albedo(rig: &IctRig, person: &Person, furrowed: &[f32], hair: &[f32]) -> Vec<f32> {
    let (skin, paint) = (&person.skin, &rig.paint);
    let mut albedo: Vec<f32> =
        rig.neutral[rig.layout.skin.clone()].iter().map(|&v| skin.albedo * blotch(skin, v)).collect();
    grain(rig, skin, &mut albedo);
    darken(&mut albedo, &paint.sockets, skin.lid_shade);
    let [phase, other, rate] = person.hair.strand_phase;
    let coarse = Hair { strand_phase: [phase, other, rate.min(FINEST_STRANDS)], ..person.hair.clone() };
    beard(paint, person, &mut albedo);
    darken(&mut albedo, &paint.lips, 1.0 - skin.lips);
    darken(&mut albedo, &paint.lip_seam, 0.5);
    brows_and_lids(paint, skin, &mut albedo);
    for (i, value) in albedo.iter_mut().enumerate() {
        *value *= 1.0 - (furrowed[i] * skin.line_darkness).min(0.5);
        if hair[i] > 0.0 {
            let [u, y] = rig.places[i].map(|c| c as f32);
            *value += hair[i] * (person.hair.albedo * strands(&coarse, u, y) - *value);
        }
    }
    albedo.extend(rig.layout.mouth_socket.clone().map(|_| MOUTH_INSIDE * skin.albedo));
    albedo.extend(rig.layout.eye_sockets.clone().map(|_| LID_INSIDE * skin.albedo));
    albedo
}

/// Fine spots of two sizes, about one and three edges of the mesh wide.
fn grain(rig: &IctRig, skin: &Skin, albedo: &mut [f32]) {
    let noise: Vec<f32> = (0..albedo.len() as u32).map(|i| hashed(i, skin.grain_seed)).collect();
    let fine = smooth(&noise, &rig.skin_triangles);
    let wide = (0..WIDE_GRAIN_PASSES).fold(fine.clone(), |spots, _| smooth(&spots, &rig.skin_triangles));
    let (fine, wide) = (evened(fine), evened(wide));
    for ((value, fine), wide) in albedo.iter_mut().zip(fine).zip(wide) {
        *value *= 1.0 + skin.grain * (fine + wide);
    }
}

/// Each vertex takes the mean of the triangles around it.
fn smooth(values: &[f32], triangles: &[[u32; 3]]) -> Vec<f32> {
    let mut sums = vec![(0.0, 0.0f32); values.len()];
    for triangle in triangles {
        let mean = triangle.iter().map(|&i| values[i as usize]).sum::<f32>() / 3.0;
        for &i in triangle {
            sums[i as usize].0 += mean;
            sums[i as usize].1 += 1.0;
        }
    }
    sums.into_iter().map(|(sum, n)| sum / n.max(1.0)).collect()
}

/// Brings spots to the standard deviation that those of our own head have.
fn evened(mut spots: Vec<f32>) -> Vec<f32> {
    let square = spots.iter().map(|x| x * x).sum::<f32>() / spots.len() as f32;
    let factor = GRAIN_SD / square.sqrt().max(1e-6);
    spots.iter_mut().for_each(|x| *x *= factor);
    spots
}

/// Where hair grows, 0..=1 for each vertex of the skin, and how far it stands off in eye distances.
pub(crate) fn hair_cover(rig: &IctRig, hair: &Hair) -> (Vec<f32>, Vec<f32>) {
    let (mut cover, mut thickness) = (vec![0.0; rig.layout.skin.end], vec![0.0; rig.layout.skin.end]);
    if hair.cut == HairCut::Bald {
        return (cover, thickness);
    }
    for i in rig.layout.skin.clone() {
        let [u, y] = rig.places[i].map(|c| c as f32);
        if (y < 0.3 && u.abs() < 0.9) || is_ear(rig.neutral[i]) {
            continue;
        }
        // Where the line is steep, its edge is as wide across as elsewhere it is high.
        let du = 0.02;
        let slope = (hairline(hair, u + du) - hairline(hair, u - du)) / (2.0 * du);
        let above = (y - hairline(hair, u)) / (1.0 + slope * slope).sqrt();
        cover[i] = step(above, -0.08, 0.08);
        thickness[i] = cover[i] * hair.thickness * step(above, -0.05, 0.2);
    }
    (cover, thickness)
}

/// The ears and what they hide, on the neutral head.
fn is_ear([x, y, z]: [f32; 3]) -> bool {
    x.abs() > 1.08 && (-0.95..0.1).contains(&y) && (-1.95..-1.0).contains(&z)
}
