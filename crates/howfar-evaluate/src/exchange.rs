//! The exchange rate: what the added faces are worth in real people.
//!
//! In: outcomes of real faces alone and of the mix over fewer training people, and over all of them. Out: an [`Exchange`] for
//! each judged set of faces. Where the mix at all N people is at least as good as real faces alone, n people with the mix reach what N
//! reach alone, and the added faces are worth N − n; else m people alone reach what N reach with the mix, and they are worth m − N.
//! Both curves are made to rise first (pool adjacent violators; Barlow et al., 1972) and are straight between their points over the
//! logarithm of people, as learning curves are over short ranges. Nothing is said beyond the points: a worth at the end is "at least".

use std::collections::BTreeMap;

use howfar_protocol::{Arm, MixtureRatio, Part, Recipe, Seeds};

use crate::bootstrap::{Draw, N_DRAWS, interval_of};
use crate::claims::{judged_faces, real_sets};
use crate::interval::Grid;
use crate::outcomes::{Faces, Outcomes, Slot};
use crate::paired::Layout;
use crate::results::StudyFacts;
use crate::worth::{Exchange, LearningPoint};

const PERCENT: f64 = 100.0;

/// One entry for test people and each unseen database; `outcomes` are those with all people, `by_percent` those with fewer.
pub(crate) fn exchange(
    facts: &StudyFacts,
    outcomes: &Outcomes,
    by_percent: &BTreeMap<u32, Outcomes>,
    recipe: Recipe,
    k: MixtureRatio,
) -> Vec<Exchange> {
    if by_percent.is_empty() {
        return Vec::new();
    }
    let n_all = facts.people.get("training").copied().unwrap_or(0);
    let fewer = by_percent.iter().map(|(p, outcomes)| ((n_all * *p as usize).div_ceil(100), outcomes));
    let steps: Vec<(usize, &Outcomes)> = fewer.chain([(n_all, outcomes)]).collect();
    let mix = Slot { recipe, arm: Arm::Mix, k };
    judged_faces(outcomes, mix).iter().filter_map(|faces| on_faces(facts, &steps, mix, faces)).collect()
}

fn on_faces(facts: &StudyFacts, steps: &[(usize, &Outcomes)], mix: Slot, faces: &Faces) -> Option<Exchange> {
    let real = Slot { arm: Arm::Real, k: MixtureRatio::ZERO, ..mix };
    let grids = |slot: Slot| -> Option<Vec<Grid>> {
        steps.iter().map(|(_, o)| Some(Layout::of_one(faces, &o.series(slot, faces))?.grid)).collect()
    };
    let (of_real, of_mix) = (grids(real)?, grids(mix)?);
    let size = |grid: &Grid| (grid.n_units(), grid.n_seeds());
    let sizes = size(of_real.first()?);
    if of_real.iter().chain(&of_mix).any(|grid| size(grid) != sizes) {
        return None;
    }
    let people: Vec<f64> = steps.iter().map(|(n, _)| *n as f64).collect();
    let means = |grids: &[Grid]| grids.iter().map(Grid::mean).collect::<Vec<f64>>();
    let (part, set) = faces;
    let name = format!("exchange rate {} {} {set}", mix.recipe.name(), part.name());
    let mut stream = Seeds::new(facts.seed).stream(&name, &[]);
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
    Some(Exchange {
        part: *part,
        set: if *part == Part::Unseen { set.clone() } else { real_sets(facts) },
        k: mix.k,
        curve: curves.map(point).collect(),
        worth_people: worth(&people, &means(&of_real), &means(&of_mix)),
        interval_people: interval_of(&mut drawn),
        most_people: people.last()? - people.first()?,
    })
}

/// What the mix is worth in people; `people` rise.
fn worth(people: &[f64], real: &[f64], mix: &[f64]) -> f64 {
    let (real, mix) = (rising(real), rising(mix));
    let last = people.len() - 1;
    if mix[last] >= real[last] {
        people[last] - first_reaching(people, &mix, real[last])
    } else {
        first_reaching(people, &real, mix[last]) - people[last]
    }
}

/// The fewest people at which a rising curve reaches a level that its last point reaches.
fn first_reaching(people: &[f64], curve: &[f64], level: f64) -> f64 {
    let Some(i) = curve.iter().position(|value| *value >= level) else { return people[people.len() - 1] };
    if i == 0 {
        return people[0];
    }
    let share = (level - curve[i - 1]) / (curve[i] - curve[i - 1]);
    (people[i - 1].ln() + share * (people[i].ln() - people[i - 1].ln())).exp()
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
        ];
        for (mix, expected, case) in cases {
            let found = worth(&people, &real, &mix);
            assert!((found - expected).abs() < 1e-9, "{case}: {found}");
        }
    }
}
