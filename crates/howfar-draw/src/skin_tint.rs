//! Tints of the skin's vertices: cheeks, lips, brows, lashes, beard, hair.
//!
//! In: where each is painted, a person, its palette. Out: one tint a vertex, for our own head and for a rig.

use crate::colour::brow_cover;
use crate::paint::{Mask, Paint};
use crate::person::Person;
use crate::tint::{Palette, Tint};

/// How much of a vertex's light comes from hair of a beard where it is full, from lashes, and from the shade of
/// nostrils.
const BEARD: f32 = 0.8;
const LASHES: f32 = 0.7;
const NOSTRILS: f32 = 0.5;

/// # Shapes
/// `hair` `[V]`, the cover of hair -> `[V]`
pub(crate) fn skin_tints(paint: &Paint, person: &Person, hair: &[f32], palette: &Palette) -> Vec<Tint> {
    let mut tints = vec![palette.skin; hair.len()];
    let mut lay = |mask: &Mask, tint: Tint, amount: f32| {
        for &(vertex, weight) in &mask.0 {
            let own = &mut tints[vertex as usize];
            *own = own.towards(tint, (amount * weight).clamp(0.0, 1.0));
        }
    };
    lay(&paint.cheeks, palette.flush, 1.0);
    lay(&paint.sockets, palette.flush, 0.4);
    lay(&paint.beard, palette.hair, BEARD * person.hair.beard);
    lay(&paint.moustache, palette.hair, BEARD * person.hair.moustache);
    lay(&paint.lips, palette.lips, 1.0);
    lay(&paint.lip_seam, palette.cavity, 0.5);
    lay(&paint.nostrils, palette.cavity, NOSTRILS);
    lay(&paint.lashes, palette.hair, LASHES * person.skin.lash_darkness);
    for vertex in paint.brows.iter().flatten() {
        let own = &mut tints[vertex.vertex as usize];
        *own = own.towards(palette.hair, person.skin.brow_darkness * brow_cover(&person.skin, vertex));
    }
    for (own, cover) in tints.iter_mut().zip(hair) {
        *own = own.towards(palette.hair, *cover);
    }
    tints
}
