//! Who a drawn person is: head shape, skin, brows, eyes, hair, and the way the face moves. The same in every picture.
//!
//! In: a style and the person's streams. Out: a `Person`.

use howfar_random::{Stream, between, clipped_normal, happens, uniform};

use crate::action_units::{N_AUS, au_index};
use crate::anthropometry::{Anthropometry, BROWS, Landmarks};
use crate::paint::N_FURROWS;
use crate::streams::PersonKey;
use crate::style::{ActingStyle, HairStyle, ShapeStyle, SkinStyle, Style};

/// One drawn person.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Person {
    pub age_years: f32,
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
    /// How an identity moves that acts as photographed people do; none plays its expressions.
    pub manner: Option<Manner>,
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

/// An own way to act as people do: how far each action unit goes, by `AU_NAMES`, as a factor around 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Manner([f32; N_AUS]);

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
    pub fn draw(anthropometry: &Anthropometry, style: &Style, key: PersonKey<'_>) -> Self {
        let mut shape = key.of_person("shape");
        let landmarks = landmarks(anthropometry, &style.shape, &mut shape);
        let age_years = style.shape.age_years.sample(&mut shape);
        let age_lines = ((age_years - 16.0) / 50.0).clamp(0.05, 1.0);
        Person {
            landmarks,
            age_years,
            resting_lid: style.shape.resting_lid.sample(&mut shape).max(0.0),
            cheek: style.shape.cheek_eye_distances.sample(&mut shape),
            socket: 0.02 * clipped_normal(&mut shape),
            resting_lines: std::array::from_fn(|_| age_lines * style.shape.resting_lines.sample(&mut shape)),
            habits: Habits::draw(style.acting.habit, &mut key.of_person("habits")),
            manner: Manner::draw(&style.acting, &mut key.of_person("manner")),
            skin: Skin::draw(&style.skin, &mut key.of_person("skin")),
            hair: Hair::draw(&style.hair, &mut key.of_person("hair")),
        }
    }
}

fn landmarks(anthropometry: &Anthropometry, shape: &ShapeStyle, stream: &mut Stream) -> Landmarks {
    let mut face = anthropometry.mean;
    for component in &anthropometry.components {
        let amount = component.sd * shape.component_spread * clipped_normal(stream);
        for (point, direction) in face.iter_mut().zip(&component.direction) {
            (0..3).for_each(|axis| point[axis] += amount * direction[axis]);
        }
    }
    restyle(&mut face, shape, stream);
    face
}

/// What a style varies beside the shape components: brows, mouth, lips, eyes, nose.
pub(crate) fn restyle(face: &mut Landmarks, shape: &ShapeStyle, stream: &mut Stream) {
    let (height, arch) = (shape.brow_height_eye_distances.sample(stream), shape.brow_arch_eye_distances.sample(stream));
    for (k, lift) in [(17, 0.3), (18, 1.0), (19, 0.6), (20, 0.0), (21, -0.4)] {
        face[k][1] += height + lift * arch;
        face[43 - k][1] += height + lift * arch;
    }
    scale_about(face, 48..68, [shape.mouth_width.sample(stream), 1.0]);
    thicken_lips(face, shape.lip_thickness.sample(stream));
    let corner = shape.mouth_corner_eye_distances.sample(stream);
    [48, 54, 60, 64].iter().for_each(|&k: &usize| face[k][1] += corner);
    let opening = shape.eye_opening.sample(stream);
    scale_about(face, 36..42, [1.0, opening]);
    scale_about(face, 42..48, [1.0, opening]);
    scale_about(face, 31..36, [shape.nose_width.sample(stream), 1.0]);
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
    fn draw(spread: f32, stream: &mut Stream) -> Self {
        let mut factor = || between(stream, 1.0 - spread, 1.0 + spread);
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

impl Manner {
    fn draw(acting: &ActingStyle, stream: &mut Stream) -> Option<Self> {
        let acts_so = happens(stream, acting.as_people_share);
        let factors = std::array::from_fn(|_| (acting.habit * clipped_normal(stream)).exp());
        acts_so.then_some(Manner(factors))
    }

    /// The factor on action unit `au`.
    pub fn of(&self, au: u8) -> f32 {
        au_index(au).map_or(1.0, |i| self.0[i])
    }
}

impl Skin {
    fn draw(skin: &SkinStyle, stream: &mut Stream) -> Self {
        let mut wave = |i: usize| {
            // Half of the blotches are 2 eye distances wide, half .7.
            let length = if i.is_multiple_of(2) { 2.0 } else { 0.7 };
            let scale = std::f32::consts::TAU / length / 1.7;
            [
                scale * clipped_normal(stream),
                scale * clipped_normal(stream),
                scale * clipped_normal(stream),
                between(stream, 0.0, std::f32::consts::TAU),
            ]
        };
        let waves = std::array::from_fn(&mut wave);
        Skin {
            waves,
            albedo: skin.albedo.sample(stream),
            blotches: skin.blotches.sample(stream),
            grain: skin.grain.sample(stream),
            grain_seed: (uniform(stream) * 16_777_216.0) as u32,
            lips: skin.lips.sample(stream),
            brow_half_width: skin.brow_half_width_eye_distances.sample(stream),
            brow_darkness: skin.brow_darkness.sample(stream),
            brow_taper: between(stream, 0.3, 0.75),
            lash_darkness: skin.lash_darkness.sample(stream),
            lid_shade: between(stream, 0.02, 0.14),
            crease: between(stream, 0.1, 0.4),
            line_darkness: between(stream, 5.0, 11.0),
            iris: skin.iris.sample(stream),
            iris_radius: between(stream, 0.094, 0.106),
            sclera: skin.sclera.sample(stream),
            teeth: skin.teeth.sample(stream),
        }
    }
}

impl Hair {
    fn draw(style: &HairStyle, stream: &mut Stream) -> Self {
        let bald = happens(stream, style.bald_share);
        let fringe = happens(stream, style.fringe_share);
        let long = happens(stream, style.long_share);
        let cut = match (bald, long) {
            (true, _) => HairCut::Bald,
            (_, true) => HairCut::Long,
            _ if happens(stream, 0.3) => HairCut::Medium,
            _ => HairCut::Short,
        };
        let dark = happens(stream, style.dark_share);
        let (spread, lower_end) = match cut {
            HairCut::Long => (between(stream, 0.08, 0.32), between(stream, -2.6, -1.9)),
            HairCut::Medium => (between(stream, 0.06, 0.25), between(stream, -1.4, -0.8)),
            HairCut::Short | HairCut::Bald => (between(stream, -0.02, 0.08), between(stream, -0.5, 0.0)),
        };
        let loose = matches!(cut, HairCut::Long | HairCut::Medium) && happens(stream, 0.5);
        Hair {
            cut,
            line_height: if fringe { between(stream, 0.55, 0.85) } else { between(stream, 0.9, 1.3) },
            parting: 0.4 * clipped_normal(stream),
            fall: if fringe { between(stream, -0.05, 0.1) } else { between(stream, 0.0, 0.45) },
            tilt: 0.06 * clipped_normal(stream),
            temples: between(stream, 0.05, 0.45),
            sideburn: if loose { between(stream, 0.98, 1.2) } else { between(stream, 1.2, 1.45) },
            side_end: if loose { lower_end } else { between(stream, -0.55, 0.1) },
            thickness: between(stream, 0.03, 0.15),
            albedo: (if dark { style.dark_albedo } else { style.fair_albedo }).sample(stream),
            strand_phase: [between(stream, 0.0, 6.3), between(stream, 0.0, 6.3), between(stream, 22.0, 50.0)],
            strand_depth: between(stream, 0.08, 0.3),
            spread,
            lower_end,
            beard: if happens(stream, style.beard_share) { between(stream, 0.15, 0.7) } else { 0.0 },
            moustache: if happens(stream, style.moustache_share) { between(stream, 0.3, 0.8) } else { 0.0 },
            glasses: Glasses::draw(style.glasses_share, stream),
        }
    }
}

impl Glasses {
    fn draw(share: f32, stream: &mut Stream) -> Option<Self> {
        let worn = happens(stream, share);
        let glasses = Glasses {
            half_width: between(stream, 0.33, 0.42),
            half_height: between(stream, 0.2, 0.32),
            squareness: between(stream, 2.0, 4.5),
            thickness: between(stream, 0.02, 0.05),
            albedo: if happens(stream, 0.7) { between(stream, 0.02, 0.12) } else { between(stream, 0.3, 0.6) },
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
        let draw = |person| Person::draw(&anthropometry, &style, PersonKey { seed: 1, style: &style.name, person });
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn the_average_person_has_the_measured_head() {
        let (anthropometry, style) = (Anthropometry::embedded(), Style::named("studio").unwrap());
        let draw = |person| Person::draw(&anthropometry, &style, PersonKey { seed: 1, style: &style.name, person });
        let chin = (0..300).map(|person| draw(person).landmarks[8][1]).sum::<f32>() / 300.0;
        assert!((chin - anthropometry.mean[8][1]).abs() < 0.03, "{chin}");
    }
}
