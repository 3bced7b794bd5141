//! Which expression shapes of the rig an action unit is made of.
//!
//! In: the actions of one picture, and how the person rests. Out: a weight for each shape and side. The names are those
//! of ICT FaceKit, which follow ARKit.

use crate::actions::Actions;
use crate::motion::resting_lid;
use crate::person::Person;

/// A shape of the rig; a sided one has a file for each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShapeName {
    pub stem: &'static str,
    pub sided: bool,
}

const fn sided(stem: &'static str) -> ShapeName {
    ShapeName { stem, sided: true }
}

const fn whole(stem: &'static str) -> ShapeName {
    ShapeName { stem, sided: false }
}

/// The shapes that are read.
pub(crate) const SHAPES: [ShapeName; 20] = [
    sided("browInnerUp"),
    sided("browOuterUp"),
    sided("browDown"),
    sided("eyeWide"),
    sided("cheekSquint"),
    sided("eyeSquint"),
    sided("noseSneer"),
    sided("mouthUpperUp"),
    sided("mouthSmile"),
    sided("mouthDimple"),
    sided("mouthFrown"),
    sided("mouthLowerDown"),
    whole("mouthShrugLower"),
    sided("mouthStretch"),
    sided("mouthPress"),
    whole("mouthRollLower"),
    whole("mouthRollUpper"),
    whole("jawOpen"),
    sided("eyeBlink"),
    sided("cheekPuff"),
];

/// Action unit, shape, weight at intensity 1. The weights are those at which the measured displacements of
/// `data/head-measures.json` are met, times the gains by which `motion` makes them readable at 64 pixels.
const RECIPE: [(u8, &str, f32); 27] = [
    (1, "browInnerUp", 1.0),
    (2, "browOuterUp", 1.0),
    (4, "browDown", 1.33),
    (5, "eyeWide", 1.96),
    (6, "cheekSquint", 1.1),
    (7, "eyeSquint", 2.4),
    (9, "noseSneer", 1.0),
    (10, "mouthUpperUp", 1.1),
    (12, "mouthSmile", 1.1),
    (14, "mouthDimple", 1.0),
    (15, "mouthFrown", 1.9),
    (16, "mouthLowerDown", 1.0),
    (17, "mouthShrugLower", 0.9),
    (20, "mouthStretch", 1.52),
    (23, "mouthPress", 0.5),
    (23, "mouthRollLower", 0.36),
    (23, "mouthRollUpper", 0.36),
    (24, "mouthPress", 1.0),
    (25, "mouthLowerDown", 0.83),
    (25, "mouthUpperUp", 0.32),
    (26, "jawOpen", 0.35),
    (27, "jawOpen", 0.85),
    (43, "eyeBlink", 0.95),
    // The four that follow are weak companions, without which the unit looks like a part moved alone.
    (6, "eyeSquint", 0.3),
    (9, "browDown", 0.3),
    (24, "mouthRollLower", 0.15),
    (24, "mouthRollUpper", 0.15),
];
/// Weight of eyeBlink at which an eye is as closed as a resting lid of 1 says.
const RESTING_LID: f32 = 0.5;
/// Weight of cheekPuff for each eye distance of a person's cheek fullness.
const PUFF: f32 = 3.0;

/// Weights by `SHAPES`, picture's left and right.
pub(crate) fn weights(person: &Person, actions: &Actions) -> [[f32; 2]; SHAPES.len()] {
    let mut weights = [[0.0; 2]; SHAPES.len()];
    let lid = resting_lid(person, actions);
    for (au, stem, weight) in RECIPE {
        let mut amounts = actions.by_side(au);
        if au == 43 {
            amounts = amounts.map(|amount| amount.max(lid * RESTING_LID / weight));
        }
        let habit = if matches!(au, 9 | 10) { person.habits.raise_lip } else { 1.0 };
        for (sum, amount) in weights[place(stem)].iter_mut().zip(amounts) {
            *sum += habit * weight * amount;
        }
    }
    weights[place("cheekPuff")] = [PUFF * person.cheek; 2];
    weights
}

fn place(stem: &str) -> usize {
    SHAPES.iter().position(|shape| shape.stem == stem).expect("the recipe names shapes of the list (tested)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action_units::{AU_NAMES, au_index};

    #[test]
    fn every_action_unit_has_a_shape_of_the_list() {
        for (au, stem, _) in RECIPE {
            assert!(au_index(au).is_some() && SHAPES[place(stem)].stem == stem);
        }
        for name in AU_NAMES {
            assert!(RECIPE.iter().any(|(au, ..)| format!("AU{au}") == name), "{name} has no shape");
        }
    }
}
