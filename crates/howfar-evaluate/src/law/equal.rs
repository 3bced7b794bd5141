//! Lines of equal accuracy over training people and generated units.
//!
//! In: the laws that go with a study's cells. Out: an [`EqualAccuracy`] for every round accuracy that occurs. In every
//! form the error falls with more people, so for a number of units the people who reach an accuracy are found by
//! halving.

use crate::counting::numbers::PERCENT;
use crate::law::form::Place;
use crate::law::predict::{Cells, Laws};
use crate::results::law::EqualAccuracy;

/// Units go so many times as far as the most of them, people half as far again as all of them.
const FURTHER_UNITS: f64 = 2.0;
const FURTHER_PEOPLE: f64 = 1.5;
/// Steps of units along a line.
const N_STEPS: usize = 24;
/// Lines at most.
const MOST_LINES: f64 = 7.0;
/// Distances of two lines, in percent.
const STEPS: [f64; 5] = [1.0, 2.0, 5.0, 10.0, 20.0];
/// Halvings until people are exact to a millionth.
const N_HALVINGS: usize = 24;

/// Lines at round accuracies, from the lowest up; none where accuracy hardly changes.
pub(crate) fn equal_accuracy(laws: &Laws, cells: &[Cells], n_people: usize) -> Vec<EqualAccuracy> {
    let fewest = cells.iter().map(|cell| cell.place.people).fold(1.0, f64::min);
    let most_units = FURTHER_UNITS * cells.iter().map(|cell| cell.place.units).fold(0.0, f64::max);
    let units = |i: usize| most_units * i as f64 / N_STEPS as f64;
    let accuracy = |people: f64, units: f64| PERCENT * (1.0 - laws.error(Place { people, units }));
    let ends: Vec<f64> =
        (0..=N_STEPS).flat_map(|i| [fewest, FURTHER_PEOPLE].map(|people| accuracy(people, units(i)))).collect();
    let (low, high) = ends.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let step = STEPS.into_iter().find(|step| (high - low) / step <= MOST_LINES).unwrap_or(STEPS[STEPS.len() - 1]);
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    let line = |level: i64| {
        let level = level as f64 * step;
        let reaching = |units: f64| {
            let [mut few, mut many] = [fewest, FURTHER_PEOPLE];
            if accuracy(few, units) > level || accuracy(many, units) < level {
                return None;
            }
            for _ in 0..N_HALVINGS {
                let middle = (few + many) / 2.0;
                if accuracy(middle, units) < level { few = middle } else { many = middle }
            }
            Some([few * n_people as f64, units * n_people as f64])
        };
        EqualAccuracy {
            accuracy_percent: level,
            people_and_units: (0..=N_STEPS).map(units).filter_map(reaching).collect(),
        }
    };
    (first..=last).map(line).filter(|line| line.people_and_units.len() > 1).collect()
}
