//! How often one network is better than another, and how many people are better off.
//!
//! In: which share of each person's faces both treatments get right. Out: the probability of improvement (Agarwal and
//! others, 2021: the share of all pairs of a seed of the treatment and a seed of the baseline where the treatment's
//! accuracy is higher, equals counting half) with a crossed bootstrap interval, and the shares of people whose mean
//! over seeds rises, falls and stays.

use howfar_random::Stream;

use super::judged::Pair;
use crate::counting::numbers::PERCENT;
use crate::counting::outcomes::Faces;
use crate::intervals::bootstrap::{Draw, N_DRAWS, interval_of};
use crate::intervals::interval::Grid;
use crate::results::details::Improvement;

/// Accuracies that differ by less are equal: sums of shares in another order of rounding.
const ROUNDING: f64 = 1e-9;

/// None where the treatments share no seed.
pub(super) fn improvement(faces: &Faces, right: &Pair, stream: &mut Stream) -> Option<Improvement> {
    let difference = right.difference(faces)?;
    let [arm, baseline] = right.each(faces)?.map(|layout| layout.grid);
    let (n_units, n_seeds) = (arm.n_units(), arm.n_seeds());
    if (n_units, n_seeds) != (baseline.n_units(), baseline.n_seeds()) {
        return None;
    }
    let once = Draw { units: vec![1.0; n_units], seeds: vec![1.0; n_seeds] };
    let interval = (n_units > 1 && n_seeds > 1).then(|| {
        let drawn = |_| PERCENT * probability(&arm, &baseline, &Draw::new(n_units, n_seeds, stream));
        interval_of(&mut (0..N_DRAWS).map(drawn).collect::<Vec<f64>>())
    });
    let n_people = difference.n_people;
    let share = |is_so: fn(f64) -> bool| {
        let n = difference.people_means.iter().filter(|mean| is_so(**mean)).count();
        PERCENT * n as f64 / n_people as f64
    };
    Some(Improvement {
        probability_percent: PERCENT * probability(&arm, &baseline, &once),
        interval_percent: interval,
        rise_percent: share(|mean| mean > ROUNDING),
        fall_percent: share(|mean| mean < -ROUNDING),
        stay_percent: share(|mean| mean.abs() <= ROUNDING),
        n_people,
        n_seeds,
    })
}

/// Over all pairs of a seed of `arm` and a seed of `baseline`, each counting as often as both were drawn.
fn probability(arm: &Grid, baseline: &Grid, draw: &Draw) -> f64 {
    let (arm, baseline) = (accuracies(arm, draw), accuracies(baseline, draw));
    let n_pairs = draw.seeds.iter().sum::<f64>().powi(2);
    let better = |a: f64, b: f64| match a - b {
        d if d > ROUNDING => 1.0,
        d if d < -ROUNDING => 0.0,
        _ => 0.5,
    };
    let against = |a: f64| baseline.iter().zip(&draw.seeds).map(|(b, times)| times * better(a, *b)).sum::<f64>();
    arm.iter().zip(&draw.seeds).map(|(a, times)| times * against(*a)).sum::<f64>() / n_pairs
}

/// The mean of each seed over the drawn people, or folds.
fn accuracies(grid: &Grid, draw: &Draw) -> Vec<f64> {
    let mean = |seed| {
        let drawn = draw.units.iter().enumerate().filter(|(_, times)| **times > 0.0);
        drawn.map(|(unit, times)| times * grid.value(unit, seed)).sum::<f64>() / grid.n_units() as f64
    };
    (0..grid.n_seeds()).map(mean).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
mod tests {
    use super::*;

    #[test]
    fn of_four_pairs_three_are_better_and_equals_count_half() {
        let one_person = |values: [f64; 2]| Grid::new(&[values.to_vec()]).unwrap();
        let once = Draw { units: vec![1.0], seeds: vec![1.0; 2] };
        let of = |arm, baseline| probability(&one_person(arm), &one_person(baseline), &once);
        assert_eq!(of([0.6, 0.8], [0.5, 0.7]), 0.75);
        assert_eq!(of([0.6, 0.8], [0.6, 0.8]), 0.5);
        assert_eq!(of([0.7, 0.7 + 1e-12], [0.7, 0.9]), 0.25);
        let twice_the_first = Draw { units: vec![1.0], seeds: vec![2.0, 0.0] };
        assert_eq!(probability(&one_person([0.6, 0.1]), &one_person([0.5, 0.9]), &twice_the_first), 1.0);
    }
}
