//! What is painted on the rig's skin: lips, brows, lashes, furrows, beard, hair.
//!
//! In: the rig's masks, a person, and where furrows and hair are. Out: an albedo a vertex of skin and sockets.

use crate::colour::{blotch, brow_cover, darken, strands};
use crate::parts::step;
use crate::person::{Hair, HairCut, Person};
use crate::relief::hairline;
use crate::rig::file::{EYE_SOCKETS, IctRig, MOUTH_SOCKET, SKIN};

/// Albedo of the mouth's inside against the skin's.
const MOUTH_INSIDE: f32 = 0.25;
/// Albedo of the lids' inside against the skin's.
const LID_INSIDE: f32 = 0.6;

/// Strands an eye distance, in radians: finer ones than the scalp's mesh can hold would turn into spots.
const FINEST_STRANDS: f32 = 13.0;

/// Albedo of skin and sockets.
pub(crate) fn albedo(rig: &IctRig, person: &Person, furrowed: &[f32], hair: &[f32]) -> Vec<f32> {
    let (skin, paint) = (&person.skin, &rig.paint);
    let mut albedo: Vec<f32> = rig.neutral[SKIN].iter().map(|&v| skin.albedo * blotch(skin, v)).collect();
    darken(&mut albedo, &paint.sockets, skin.lid_shade);
    let [phase, other, rate] = person.hair.strand_phase;
    let coarse = Hair { strand_phase: [phase, other, rate.min(FINEST_STRANDS)], ..person.hair.clone() };
    let dark = 1.0 - (person.hair.albedo / skin.albedo).clamp(0.1, 1.0);
    darken(&mut albedo, &paint.beard, person.hair.beard * dark);
    darken(&mut albedo, &paint.moustache, person.hair.moustache * dark);
    darken(&mut albedo, &paint.lips, 1.0 - skin.lips);
    darken(&mut albedo, &paint.lip_seam, 0.5);
    for side in &paint.brows {
        side.iter().for_each(|v| albedo[v.vertex as usize] *= 1.0 - skin.brow_darkness * brow_cover(skin, v));
    }
    darken(&mut albedo, &paint.lashes, skin.lash_darkness);
    darken(&mut albedo, &paint.lower_lashes, 0.4 * skin.lash_darkness);
    darken(&mut albedo, &paint.lid_crease, skin.crease);
    for (i, value) in albedo.iter_mut().enumerate() {
        *value *= 1.0 - (furrowed[i] * skin.line_darkness).min(0.5);
        if hair[i] > 0.0 {
            let [u, y] = rig.places[i].map(|c| c as f32);
            *value += hair[i] * (person.hair.albedo * strands(&coarse, u, y) - *value);
        }
    }
    albedo.extend(MOUTH_SOCKET.map(|_| MOUTH_INSIDE * skin.albedo));
    albedo.extend(EYE_SOCKETS.map(|_| LID_INSIDE * skin.albedo));
    albedo
}

/// Where hair grows, 0..=1 for each vertex of the skin, and how far it stands off in eye distances.
pub(crate) fn hair_cover(rig: &IctRig, hair: &Hair) -> (Vec<f32>, Vec<f32>) {
    let (mut cover, mut thickness) = (vec![0.0; SKIN.end], vec![0.0; SKIN.end]);
    if hair.cut == HairCut::Bald {
        return (cover, thickness);
    }
    for i in SKIN {
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
