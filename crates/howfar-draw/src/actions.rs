//! Which action units one picture shows and how strongly: sampled from a style, with differences between the sides.
//!
//! In: a style's acting and an expression. Out: `Actions`, which are also the picture's labels. Moves nothing itself.

use howfar_face::Expression;
use howfar_random::{Stream, between, clipped_normal, happens, uniform};

use crate::acting::PeoplesActing;
use crate::action_units::{N_AUS, au_index};
use crate::distributions::Uniform;
use crate::style::{ActingStyle, Action};

/// Intensities of one picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Actions {
    /// Picture's left and right side, by `AU_NAMES`.
    sides: [[f32; N_AUS]; 2],
}

impl Actions {
    /// Samples what photographed people show; none for an expression that was not measured.
    pub fn of_people(
        people: &PeoplesActing,
        acting: &ActingStyle,
        expression: Expression,
        stream: &mut Stream,
    ) -> Option<Self> {
        let strength = acting.strength.sample(stream);
        let shown = people.sample(expression, stream)?;
        let mut side = || shown.map(|value| strength * value * (1.0 + acting.asymmetry * clipped_normal(stream)));
        Some(Actions { sides: [side(), side()] })
    }

    /// Samples what `expression` shows; an expression without actions shows none.
    pub fn sample(acting: &ActingStyle, expression: Expression, stream: &mut Stream) -> Self {
        let mut actions = Actions { sides: [[0.0; N_AUS]; 2] };
        let strength = acting.strength.sample(stream);
        let one_side = usize::from(happens(stream, 0.5));
        for action in acting.expressions.get(&expression).into_iter().flatten() {
            // All draws happen whether or not they are used: what one action unit does shifts no other.
            let (shown, amount) = (happens(stream, action.probability), uniform(stream));
            let tilt = [clipped_normal(stream), clipped_normal(stream)].map(|b| 1.0 + acting.asymmetry * b);
            let weak = between(stream, 0.0, 0.15);
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
