//! The exchange rate: what the added faces are worth in real people.
//!
//! In: outcomes of real faces alone and of the mix over fewer training people, and over all of them. Out: an
//! [`Exchange`] for each judged set of faces. Where the mix at all N people is at least as good as real faces alone, n
//! people with the mix reach what N reach alone, and the added faces are worth N − n; else m people alone reach what N
//! reach with the mix, and they are worth m − N. Both curves are made to rise first (pool adjacent violators; Barlow et
//! al., 1972) and are straight between their points over the logarithm of people, as learning curves are over short
//! ranges. Where a curve is level, the middle of the stretch counts, so equal curves are worth 0. Nothing is said
//! beyond the points: a worth at the end is "at least". And nothing is exchanged where real faces alone are not clearly
//! more accurate with all people than with the fewest: on a flat curve any number of people does as well.

use std::collections::BTreeSet;

use howfar_protocol::{Track, Treatment};
use howfar_random::Seeds;

use crate::choosing::until_sure::RISK;
use crate::counting::numbers::PERCENT;
use crate::counting::outcomes::{Faces, Outcomes};
use crate::intervals::bootstrap::{Draw, N_DRAWS, interval_of};
use crate::intervals::interval::{Doubt, Grid};
use crate::intervals::paired::Layout;
use crate::results::StudyFacts;
use crate::results::comparisons::{Exchange, LearningPoint};
use crate::worth::claims::{in_points, judged_faces, set_name};

/// Accuracies nearer than this are equal: shares with 53 bits.
const ROUNDING: f64 = 1e-12;

/// One entry for test people and each unseen database.
pub(crate) fn exchange(facts: &StudyFacts, outcomes: &Outcomes, track: &Track, pair: &[Treatment; 2]) -> Vec<Exchange> {
    let percents: BTreeSet<u32> = outcomes.treatments().filter_map(|treatment| treatment.people_percent).collect();
    if percents.is_empty() {
        return Vec::new();
    }
    let n_all = facts.people.get("training").copied().unwrap_or(0);
    let n_people = |percent: Option<u32>| percent.map_or(n_all, |p| (n_all * p as usize).div_ceil(100));
    let steps: Vec<(usize, Option<u32>)> =
        percents.into_iter().map(Some).chain([None]).map(|percent| (n_people(percent), percent)).collect();
    let judged = judged_faces(facts, outcomes, &pair[0]);
    let curves = LearningCurves { facts, outcomes, track, pair, steps };
    judged.iter().filter_map(|faces| curves.on_faces(faces)).collect()
}

/// The mix and what stands at k = 0 over fewer people, all of them last.
struct LearningCurves<'a> {
    facts: &'a StudyFacts,
    outcomes: &'a Outcomes,
    track: &'a Track,
    pair: &'a [Treatment; 2],
    /// Numbers of people, and the percent of all that they are.
    steps: Vec<(usize, Option<u32>)>,
}

impl LearningCurves<'_> {
    fn on_faces(&self, faces: &Faces) -> Option<Exchange> {
        let grids = |treatment: &Treatment| -> Option<Vec<Grid>> {
            let of_step = |(_, percent): &(usize, Option<u32>)| {
                let treatment = Treatment { people_percent: *percent, ..treatment.clone() };
                Some(Layout::of_one(faces, &self.outcomes.series(&treatment, faces))?.grid)
            };
            self.steps.iter().map(of_step).collect()
        };
        let [mix, baseline] = self.pair;
        let (of_real, of_mix) = (grids(baseline)?, grids(mix)?);
        let size = |grid: &Grid| (grid.n_units(), grid.n_seeds());
        let sizes = size(of_real.first()?);
        if of_real.iter().chain(&of_mix).any(|grid| size(grid) != sizes) {
            return None;
        }
        let people: Vec<f64> = self.steps.iter().map(|(n, _)| *n as f64).collect();
        let means = |grids: &[Grid]| grids.iter().map(Grid::mean).collect::<Vec<f64>>();
        let (part, set) = faces;
        let name = format!("exchange rate {} {} {set}", self.track.recipe.name(), part.name());
        let mut stream = Seeds::new(self.facts.seed).stream(&name, &[]);
        let mut drawn: Vec<f64> = (0..N_DRAWS)
            .map(|_| {
                let draw = Draw::new(sizes.0, sizes.1, &mut stream);
                let means = |grids: &[Grid]| grids.iter().map(|grid| draw.mean(grid)).collect::<Vec<f64>>();
                worth(&people, &means(&of_real), &means(&of_mix))
            })
            .collect();
        let point = |((n_people, real), mix): ((f64, f64), f64)| LearningPoint {
            n_people: n_people as usize,
            real_accuracy_percent: PERCENT * real,
            mix_accuracy_percent: PERCENT * mix,
        };
        let curves = people.iter().copied().zip(means(&of_real)).zip(means(&of_mix));
        let rise = of_real.last()?.less(of_real.first()?);
        let (rise, doubt) = (rise.mean(), Doubt::of(&rise));
        let has_risen = rise > 0.0 && doubt.p_two_sided(rise) < RISK;
        Some(Exchange {
            part: *part,
            set: set_name(self.facts, faces),
            k: mix.k,
            curve: curves.map(point).collect(),
            rise_points: PERCENT * rise,
            rise_interval_points: doubt.claimed_interval(rise, of_real.first()?.mean()).map(in_points),
            worth_people: has_risen.then(|| worth(&people, &means(&of_real), &means(&of_mix))),
            interval_people: has_risen.then(|| interval_of(&mut drawn)),
            most_people: people.last()? - people.first()?,
        })
    }
}

/// What the mix is worth in people; `people` rise.
fn worth(people: &[f64], real: &[f64], mix: &[f64]) -> f64 {
    let (real, mix) = (rising(real), rising(mix));
    let n_all = people[people.len() - 1];
    let (of_real, of_mix) = (real[real.len() - 1], mix[mix.len() - 1]);
    let middle = |[first, last]: [f64; 2]| (first + last) / 2.0;
    if (of_mix - of_real).abs() <= ROUNDING {
        // Both reach the level; what is more than the fewest people for it counts on neither side.
        let ([fewest_real, _], [fewest_mix, _]) = (reaching(people, &real, of_real), reaching(people, &mix, of_real));
        (fewest_real - fewest_mix) / 2.0
    } else if of_mix > of_real {
        n_all - middle(reaching(people, &mix, of_real))
    } else {
        middle(reaching(people, &real, of_mix)) - n_all
    }
}

/// The fewest and the most people at which a rising curve is at a level that its last point reaches.
fn reaching(people: &[f64], curve: &[f64], level: f64) -> [f64; 2] {
    let last = people.len() - 1;
    let first_not_below = curve.iter().position(|value| *value >= level - ROUNDING).unwrap_or(last);
    let last_at = curve.iter().rposition(|value| *value <= level + ROUNDING).filter(|i| *i >= first_not_below);
    if let Some(last_at) = last_at {
        return [people[first_not_below], people[last_at]];
    }
    let i = first_not_below;
    if i == 0 {
        return [people[0]; 2];
    }
    let share = (level - curve[i - 1]) / (curve[i] - curve[i - 1]);
    [(people[i - 1].ln() + share * (people[i].ln() - people[i - 1].ln())).exp(); 2]
}

/// The rising curve that is nearest by squares.
fn rising(values: &[f64]) -> Vec<f64> {
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for value in values {
        blocks.push((*value, 1));
        while let [.., (a, n), (b, m)] = blocks[..] {
            if a <= b {
                break;
            }
            blocks.truncate(blocks.len() - 2);
            blocks.push(((a * n as f64 + b * m as f64) / (n + m) as f64, n + m));
        }
    }
    blocks.into_iter().flat_map(|(value, n)| std::iter::repeat_n(value, n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_made_to_rise_by_pooling() {
        // The values of scikit-learn's IsotonicRegression for 1, 3, 2, 4, 0.
        assert_eq!(rising(&[1.0, 3.0, 2.0, 4.0, 0.0]), [1.0, 2.25, 2.25, 2.25, 2.25]);
        assert_eq!(rising(&[1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn equal_curves_are_worth_nobody_whether_they_rise_are_level_or_fall() {
        let people = [25.0, 50.0, 100.0];
        for curve in [[0.5, 0.6, 0.7], [0.5, 0.5, 0.5], [0.4, 0.6, 0.6], [0.6, 0.5, 0.4]] {
            assert_eq!(worth(&people, &curve, &curve), 0.0, "{curve:?}");
        }
    }

    #[test]
    fn the_worth_is_read_from_the_curves_and_never_beyond_their_ends() {
        let people = [25.0, 50.0, 100.0];
        let real = [0.5, 0.6, 0.7];
        let cases = [
            ([0.6, 0.7, 0.8], 50.0, "half of the people with the mix do what all do alone"),
            ([0.55, 0.65, 0.75], 100.0 - (50.0_f64 * 100.0).sqrt(), "between two points, over the logarithm"),
            ([0.8, 0.9, 0.9], 75.0, "at least"),
            (real, 0.0, "the same"),
            ([0.4, 0.5, 0.6], -50.0, "the mix does what half of the people do alone"),
            ([0.1, 0.2, 0.3], -75.0, "at most"),
            ([0.55, 0.7, 0.7], 100.0 - (50.0 + 100.0) / 2.0, "the middle of a plateau that reaches the end"),
            ([0.7, 0.7, 0.8], 100.0 - (25.0 + 50.0) / 2.0, "the middle of a plateau"),
        ];
        for (mix, expected, case) in cases {
            let found = worth(&people, &real, &mix);
            assert!((found - expected).abs() < 1e-9, "{case}: {found}");
        }
    }
}
