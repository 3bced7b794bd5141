//! Who a drawn person is: head shape, skin, brows, eyes, hair, and the way the face moves. The same in every picture.
//!
//! In: a style and the person's streams. Out: a `Person`.

use crate::dice::{Dice, Source};
use crate::anthropometry::{BROWS, Landmarks, Anthropometry};
use crate::paint::N_FURROWS;
use crate::style::{HairStyle, ShapeStyle, SkinStyle, Style};

/// One drawn person.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Person {
    /// Landmarks of the face at rest, in eye distances.
    pub landmarks: Landmarks,
    /// How far the upper lid hangs at rest, share of a closed eye.
    pub resting_lid: f32,
    /// Outward fullness of the cheeks, in eye distances.
    pub cheek: f32,
    /// Outward depth of the eye sockets.
    pub socket: f32,
    /// Depth of each furrow at rest, by the order of `Furrow`; about 1 = that of an old face.
    pub resting_lines: [f32; N_FURROWS],
    pub habits: Habits,
    pub skin: Skin,
    pub hair: Hair,
}

/// Own ways of moving: factors around 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Habits {
    pub brow_v: f32,
    pub brow_flat: f32,
    pub oblique: f32,
    pub nose_brow: f32,
    pub corner_drop: f32,
    pub thin_lips: f32,
    pub press: f32,
    pub open_smile: f32,
    pub stretch_drop: f32,
    pub raise_lip: f32,
    pub fold: f32,
    pub furrow: f32,
}

/// Albedos and painted features.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Skin {
    pub albedo: f32,
    pub blotches: f32,
    pub grain: f32,
    /// Picks the places of the grain.
    pub grain_seed: u32,
    /// Wave vectors and phases of the blotches.
    pub waves: [[f32; 4]; 16],
    pub lips: f32,
    pub brow_half_width: f32,
    pub brow_darkness: f32,
    /// How much the brow narrows outwards, 0..=1.
    pub brow_taper: f32,
    pub lash_darkness: f32,
    pub lid_shade: f32,
    pub crease: f32,
    pub line_darkness: f32,
    pub iris: f32,
    pub iris_radius: f32,
    pub sclera: f32,
    pub teeth: f32,
}

/// How hair falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HairCut {
    Bald,
    Short,
    Medium,
    Long,
}

/// Hair on head and face, glasses.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hair {
    pub cut: HairCut,
    /// Height of the hairline at the parting, in eye distances above the nose bridge.
    pub line_height: f32,
    /// Where the hair parts (u).
    pub parting: f32,
    /// Fall of the hairline away from the parting.
    pub fall: f32,
    /// Slope of the hairline.
    pub tilt: f32,
    /// How far the temples recede (−) or fill (+).
    pub temples: f32,
    /// u beyond which the side of the head is hair.
    pub sideburn: f32,
    /// y at which side hair ends.
    pub side_end: f32,
    pub thickness: f32,
    pub albedo: f32,
    pub strand_phase: [f32; 3],
    pub strand_depth: f32,
    /// Half width of the hair behind the face beyond the head, and its lower end.
    pub spread: f32,
    pub lower_end: f32,
    pub beard: f32,
    pub moustache: f32,
    pub glasses: Option<Glasses>,
}

/// A dark frame around each eye.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glasses {
    pub half_width: f32,
    pub half_height: f32,
    /// 2 = ellipse; larger = boxier.
    pub squareness: f32,
    pub thickness: f32,
    pub albedo: f32,
}

impl Person {
    pub fn draw(anthropometry: &Anthropometry, style: &Style, source: Source<'_>) -> Self {
        let mut shape = source.of_person("shape");
        let landmarks = landmarks(anthropometry, &style.shape, &mut shape);
        let age_years = shape.within(style.shape.age_years);
        let age_lines = ((age_years - 16.0) / 50.0).clamp(0.05, 1.0);
        Person {
            landmarks,
            resting_lid: shape.around(style.shape.resting_lid).max(0.0),
            cheek: shape.around(style.shape.cheek_eye_distances),
            socket: 0.02 * shape.bell(),
            resting_lines: std::array::from_fn(|_| age_lines * shape.within(style.shape.resting_lines)),
            habits: Habits::draw(style.acting.habit, &mut source.of_person("habits")),
            skin: Skin::draw(&style.skin, &mut source.of_person("skin")),
            hair: Hair::draw(&style.hair, &mut source.of_person("hair")),
        }
    }
}

fn landmarks(anthropometry: &Anthropometry, shape: &ShapeStyle, dice: &mut Dice) -> Landmarks {
    let mut face = anthropometry.mean;
    for component in &anthropometry.components {
        let amount = component.sd * shape.component_spread * dice.bell();
        for (point, direction) in face.iter_mut().zip(&component.direction) {
            (0..3).for_each(|axis| point[axis] += amount * direction[axis]);
        }
    }
    restyle(&mut face, shape, dice);
    face
}

/// What a style varies beside the shape components: brows, mouth, lips, eyes, nose.
pub(crate) fn restyle(face: &mut Landmarks, shape: &ShapeStyle, dice: &mut Dice) {
    let (height, arch) = (dice.around(shape.brow_height_eye_distances), dice.around(shape.brow_arch_eye_distances));
    for (k, lift) in [(17, 0.3), (18, 1.0), (19, 0.6), (20, 0.0), (21, -0.4)] {
        face[k][1] += height + lift * arch;
        face[43 - k][1] += height + lift * arch;
    }
    scale_about(face, 48..68, [dice.around(shape.mouth_width), 1.0]);
    thicken_lips(face, dice.around(shape.lip_thickness));
    let corner = dice.around(shape.mouth_corner_eye_distances);
    [48, 54, 60, 64].iter().for_each(|&k: &usize| face[k][1] += corner);
    let opening = dice.around(shape.eye_opening);
    scale_about(face, 36..42, [1.0, opening]);
    scale_about(face, 42..48, [1.0, opening]);
    scale_about(face, 31..36, [dice.around(shape.nose_width), 1.0]);
}

/// Stretches some landmarks about their middle.
fn scale_about(face: &mut Landmarks, which: std::ops::Range<usize>, factors: [f32; 2]) {
    for (axis, factor) in factors.into_iter().enumerate() {
        let middle = face[which.clone()].iter().map(|p| p[axis]).sum::<f32>() / which.len() as f32;
        face[which.clone()].iter_mut().for_each(|p| p[axis] = middle + factor * (p[axis] - middle));
    }
}

/// Outer lip landmarks and the inner ones beside them.
pub(crate) const LIP_PAIRS: [(usize, usize); 10] =
    [(49, 61), (50, 61), (51, 62), (52, 63), (53, 63), (55, 65), (56, 65), (57, 66), (58, 67), (59, 67)];

fn thicken_lips(face: &mut Landmarks, factor: f32) {
    for (outer, inner) in LIP_PAIRS {
        face[outer][1] = face[inner][1] + factor * (face[outer][1] - face[inner][1]);
    }
}

impl Habits {
    fn draw(spread: f32, dice: &mut Dice) -> Self {
        let mut factor = || dice.between(1.0 - spread, 1.0 + spread);
        Habits {
            brow_v: factor(),
            brow_flat: factor(),
            oblique: factor(),
            nose_brow: factor(),
            corner_drop: factor(),
            thin_lips: factor(),
            press: factor(),
            open_smile: factor(),
            stretch_drop: factor(),
            raise_lip: factor(),
            fold: factor(),
            furrow: factor(),
        }
    }
}

impl Skin {
    fn draw(skin: &SkinStyle, dice: &mut Dice) -> Self {
        let mut wave = |i: usize| {
            // Half of the blotches are 2 eye distances wide, half .7.
            let length = if i.is_multiple_of(2) { 2.0 } else { 0.7 };
            let scale = std::f32::consts::TAU / length / 1.7;
            [scale * dice.bell(), scale * dice.bell(), scale * dice.bell(), dice.between(0.0, std::f32::consts::TAU)]
        };
        let waves = std::array::from_fn(&mut wave);
        Skin {
            waves,
            albedo: dice.within(skin.albedo),
            blotches: dice.within(skin.blotches),
            grain: dice.within(skin.grain),
            grain_seed: (dice.unit() * 16_777_216.0) as u32,
            lips: dice.within(skin.lips),
            brow_half_width: dice.within(skin.brow_half_width_eye_distances),
            brow_darkness: dice.within(skin.brow_darkness),
            brow_taper: dice.between(0.3, 0.75),
            lash_darkness: dice.within(skin.lash_darkness),
            lid_shade: dice.between(0.02, 0.14),
            crease: dice.between(0.1, 0.4),
            line_darkness: dice.between(5.0, 11.0),
            iris: dice.within(skin.iris),
            iris_radius: dice.between(0.094, 0.106),
            sclera: dice.within(skin.sclera),
            teeth: dice.within(skin.teeth),
        }
    }
}

impl Hair {
    fn draw(style: &HairStyle, dice: &mut Dice) -> Self {
        let bald = dice.chance(style.bald_share);
        let fringe = dice.chance(style.fringe_share);
        let long = dice.chance(style.long_share);
        let cut = match (bald, long) {
            (true, _) => HairCut::Bald,
            (_, true) => HairCut::Long,
            _ if dice.chance(0.3) => HairCut::Medium,
            _ => HairCut::Short,
        };
        let dark = dice.chance(style.dark_share);
        let (spread, lower_end) = match cut {
            HairCut::Long => (dice.between(0.08, 0.32), dice.between(-2.6, -1.9)),
            HairCut::Medium => (dice.between(0.06, 0.25), dice.between(-1.4, -0.8)),
            HairCut::Short | HairCut::Bald => (dice.between(-0.02, 0.08), dice.between(-0.5, 0.0)),
        };
        let loose = matches!(cut, HairCut::Long | HairCut::Medium) && dice.chance(0.5);
        Hair {
            cut,
            line_height: if fringe { dice.between(0.55, 0.85) } else { dice.between(0.9, 1.3) },
            parting: 0.4 * dice.bell(),
            fall: if fringe { dice.between(-0.05, 0.1) } else { dice.between(0.0, 0.45) },
            tilt: 0.06 * dice.bell(),
            temples: dice.between(0.05, 0.45),
            sideburn: if loose { dice.between(0.98, 1.2) } else { dice.between(1.2, 1.45) },
            side_end: if loose { lower_end } else { dice.between(-0.55, 0.1) },
            thickness: dice.between(0.03, 0.15),
            albedo: dice.within(if dark { style.dark_albedo } else { style.fair_albedo }),
            strand_phase: [dice.between(0.0, 6.3), dice.between(0.0, 6.3), dice.between(22.0, 50.0)],
            strand_depth: dice.between(0.08, 0.3),
            spread,
            lower_end,
            beard: if dice.chance(style.beard_share) { dice.between(0.15, 0.7) } else { 0.0 },
            moustache: if dice.chance(style.moustache_share) { dice.between(0.3, 0.8) } else { 0.0 },
            glasses: Glasses::draw(style.glasses_share, dice),
        }
    }
}

impl Glasses {
    fn draw(share: f32, dice: &mut Dice) -> Option<Self> {
        let worn = dice.chance(share);
        let glasses = Glasses {
            half_width: dice.between(0.33, 0.42),
            half_height: dice.between(0.2, 0.32),
            squareness: dice.between(2.0, 4.5),
            thickness: dice.between(0.02, 0.05),
            albedo: if dice.chance(0.7) { dice.between(0.02, 0.12) } else { dice.between(0.3, 0.6) },
        };
        worn.then_some(glasses)
    }
}

/// Moves every landmark that `which` names by (dx, dy), mirrored in x on the left half.
pub(crate) fn shift_both(moves: &mut Landmarks, which: usize, dx: f32, dy: f32) {
    debug_assert!(BROWS.contains(&which), "brow landmarks mirror as 43 - k");
    moves[which][0] += dx;
    moves[which][1] += dy;
    moves[43 - which][0] -= dx;
    moves[43 - which][1] += dy;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_the_same_whenever_asked_and_differs_from_the_next() {
        let (anthropometry, style) = (Anthropometry::embedded(), Style::named("studio").unwrap());
        let draw = |person| Person::draw(&anthropometry, &style, Source { seed: 1, style: &style.name, person });
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn the_average_person_has_the_measured_head() {
        let (anthropometry, style) = (Anthropometry::embedded(), Style::named("studio").unwrap());
        let draw = |person| Person::draw(&anthropometry, &style, Source { seed: 1, style: &style.name, person });
        let chin = (0..300).map(|person| draw(person).landmarks[8][1]).sum::<f32>() / 300.0;
        assert!((chin - anthropometry.mean[8][1]).abs() < 0.03, "{chin}");
    }
}
