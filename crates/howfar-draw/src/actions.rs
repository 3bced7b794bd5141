//! Which action units one picture shows and how strongly: sampled from a style, with differences between the sides.
//!
//! In: a style's acting and an expression. Out: `Actions`, which are also the picture's labels. Moves nothing itself.

use howfar_face::Expression;

use crate::dice::{Dice, Uniform};
use crate::style::{ActingStyle, Action};

/// Number of action units.
pub const N_AUS: usize = 20;

/// The action units of a drawn face, in the order of its labels.
pub const AU_NAMES: [&str; N_AUS] = [
    "AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9", "AU10", "AU12", "AU14", "AU15", "AU16", "AU17", "AU20", "AU23",
    "AU24", "AU25", "AU26", "AU27", "AU43",
];

const NUMBERS: [u8; N_AUS] = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 20, 23, 24, 25, 26, 27, 43];

/// Place of an action unit in the labels.
pub(crate) fn au_index(au: u8) -> Option<usize> {
    NUMBERS.iter().position(|n| *n == au)
}

/// The numbers of all action units, as a sentence lists them.
pub(crate) fn au_numbers() -> String {
    NUMBERS.map(|n| n.to_string()).join(", ")
}

/// Intensities of one picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Actions {
    /// Picture's left and right side, by `AU_NAMES`.
    sides: [[f32; N_AUS]; 2],
}

impl Actions {
    /// Samples what `expression` shows; an expression without actions shows none.
    pub fn sample(acting: &ActingStyle, expression: Expression, dice: &mut Dice) -> Self {
        let mut actions = Actions { sides: [[0.0; N_AUS]; 2] };
        let strength = dice.within(acting.strength);
        let one_side = usize::from(dice.chance(0.5));
        for action in acting.expressions.get(&expression).into_iter().flatten() {
            // All draws happen whether or not they are used: what one action unit does shifts no other.
            let (shown, amount) = (dice.chance(action.probability), dice.unit());
            let tilt = [dice.bell(), dice.bell()].map(|b| 1.0 + acting.asymmetry * b);
            let weak = dice.between(0.0, 0.15);
            let Some((au, intensity)) = chosen(action, shown) else { continue };
            let value = strength * (intensity.0 + (intensity.1 - intensity.0) * amount);
            for (side, tilt) in tilt.into_iter().enumerate() {
                let one_sided = action.one_side && side != one_side;
                let value = if one_sided { value.min(weak) } else { value * tilt };
                actions.sides[side][au] = actions.sides[side][au].max(value);
            }
        }
        actions
    }

    /// The same acting, weaker or stronger by a factor.
    pub fn scaled(mut self, factor: f32) -> Self {
        self.sides.iter_mut().flatten().for_each(|value| *value *= factor);
        self
    }

    /// Intensity of `au`, mean of the sides.
    pub fn of(&self, au: u8) -> f32 {
        let [left, right] = self.by_side(au);
        0.5 * (left + right)
    }

    /// Intensity of `au` on the picture's left and right.
    pub fn by_side(&self, au: u8) -> [f32; 2] {
        au_index(au).map_or([0.0; 2], |i| [self.sides[0][i], self.sides[1][i]])
    }

    /// Whether any of these is shown.
    pub fn any(&self, aus: &[u8]) -> bool {
        aus.iter().any(|&au| self.of(au) > 0.0)
    }

    /// The labels: the stronger side of each action unit, 0..=1.
    pub fn labels(&self) -> Vec<f32> {
        (0..N_AUS).map(|i| self.sides[0][i].max(self.sides[1][i]).clamp(0.0, 1.0)).collect()
    }
}

fn chosen(action: &Action, shown: bool) -> Option<(usize, Uniform)> {
    if shown {
        return Some((au_index(action.au)?, action.intensity));
    }
    action.otherwise.and_then(|o| Some((au_index(o.au)?, o.intensity)))
}
