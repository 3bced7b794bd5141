//! Which further cells would tell most about what twice the largest k changes, for what they cost.
//!
//! In: the laws that go with a study's cells. Out: [`NextCells`], the best for its cost first. A normal approximation:
//! over the laws, the change t that is asked for and the differences y to k = 0 that new cells would measure vary
//! together; measured with error, they leave of the variance of t what linear regression does not explain, var t −
//! cov(t, y) (cov y + errors)⁻¹ cov(y, t). New cells are taken to have the errors of those that are there. What a law
//! with one number of people cannot say, what fewer people would tell, gets no number.

use howfar_protocol::MixtureRatio;

use crate::counting::numbers::mean_of;
use crate::law::fit::Measured;
use crate::law::form::Place;
use crate::law::predict::Laws;
use crate::results::StudyFacts;
use crate::results::law::{LawGain, NextCells};

/// Share of the training people that is proposed where all cells have all of them, in percent.
const FEWER_PERCENT: u32 = 50;

/// Another k, more seeds, and fewer people where their number does not vary.
pub(crate) fn next_cells(
    facts: &StudyFacts,
    laws: &Laws,
    all: &[Measured],
    largest: f64,
    doubled: &LawGain,
    compared: Option<MixtureRatio>,
) -> Vec<NextCells> {
    let width = doubled.band_points[1] - doubled.band_points[0];
    let asked =
        Asked { laws, variance: mean_of(&all.iter().map(|m| m.standard_error.powi(2)).collect::<Vec<f64>>()), largest };
    let runs = f64::from(facts.n_seeds) * f64::from(facts.n_splits);
    let of_curve: Vec<f64> = facts.k.iter().map(|k| k.value()).filter(|k| *k > 0.0).collect();
    let twice = 2.0 * largest;
    let k_with_twice = facts.k.iter().map(ToString::to_string).chain([twice.to_string()]).collect::<Vec<String>>();
    let mut next = vec![
        NextCells {
            what: format!("k = {twice}"),
            lines: format!("k = [{}]", k_with_twice.join(", ")),
            reason: "what is foretold is measured".to_owned(),
            cost_runs: runs * (1.0 + twice),
            band_width_points: width,
            then_points: Some(width * asked.left_by(&[twice])),
        },
        NextCells {
            what: format!("{} more seeds at every k", facts.n_seeds),
            lines: format!("seeds = {}", 2 * facts.n_seeds),
            reason: "what is measured gets surer, and with it how the curve goes on".to_owned(),
            cost_runs: runs * (1.0 + of_curve.iter().map(|k| 1.0 + k).sum::<f64>()),
            band_width_points: width,
            then_points: Some(width * asked.left_by(&of_curve)),
        },
    ];
    let worth = |next: &NextCells| next.then_points.map_or(0.0, |then| (width - then) / next.cost_runs);
    next.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    if let Some(k) = compared.filter(|_| all.iter().all(|m| m.place.people == 1.0)) {
        let share = f64::from(FEWER_PERCENT) / 100.0;
        next.push(NextCells {
            what: format!("{FEWER_PERCENT} % of the people, at k = 0 and {k}"),
            lines: format!("people_percent = [{FEWER_PERCENT}]"),
            reason: "only cells with fewer people say what more people would buy".to_owned(),
            cost_runs: runs * share * (2.0 + k.value()),
            band_width_points: width,
            then_points: None,
        });
    }
    next
}

/// What is asked for: the change from the largest k to twice that.
struct Asked<'l> {
    laws: &'l Laws,
    /// Of a measured mean.
    variance: f64,
    largest: f64,
}

impl Asked<'_> {
    /// The share of the band's width that is left when these k are measured anew, each with k = 0.
    fn left_by(&self, k: &[f64]) -> f64 {
        let change =
            |from: f64, to: f64| self.laws.all(|curve| curve.error(Place::at(to)) - curve.error(Place::at(from)));
        let target = change(self.largest, 2.0 * self.largest);
        let seen: Vec<Vec<f64>> = k.iter().map(|k| change(0.0, *k)).collect();
        let n = k.len();
        // The errors of k = 0 are in all differences.
        let error = |i: usize, j: usize| self.variance * if i == j { 2.0 } else { 1.0 };
        let row = |i: usize| {
            let of_seen = (0..n).map(|j| covariance(&seen[i], &seen[j]) + error(i, j));
            of_seen.chain([covariance(&seen[i], &target)]).collect::<Vec<f64>>()
        };
        let solved = solve((0..n).map(row).collect());
        let explained: f64 = solved.iter().zip(&seen).map(|(b, seen)| b * covariance(seen, &target)).sum();
        let before = covariance(&target, &target);
        if before > 0.0 { (1.0 - explained / before).clamp(0.0, 1.0).sqrt() } else { 1.0 }
    }
}

fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean_of(a), mean_of(b));
    mean_of(&a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).collect::<Vec<f64>>())
}

/// The solution of linear equations with a positive definite matrix, whose rows end in the right side, by Gauss and
/// Jordan.
fn solve(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    for i in 0..rows.len() {
        let pivot = rows[i][i];
        rows[i].iter_mut().for_each(|value| *value /= pivot);
        let own = rows[i].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(j, _)| *j != i) {
            let factor = row[i];
            row.iter_mut().zip(&own).for_each(|(value, own)| *value -= factor * own);
        }
    }
    rows.into_iter().filter_map(|row| row.last().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_equations_are_solved() {
        let found = solve(vec![vec![4.0, 1.0, 9.0], vec![1.0, 3.0, 5.0]]);
        assert!((found[0] - 2.0).abs() < 1e-12 && (found[1] - 1.0).abs() < 1e-12, "{found:?}");
    }
}
