//! How often the bands of the law of the curve hold what was not measured, in studies whose truth is known.
//!
//! In: how many studies. Out: a [`LawReport`] for every shape of truth: the law is fitted to k = 0, 1 and 2 and
//! foretells k = 5 and 10, to k up to 5 and foretells 10, and to k up to 10 and foretells 20. The truths are none of
//! the forms: one saturates, one goes on rising, one is flat, one rises and falls, one falls. Outcomes are binary, with
//! effects of people, faces, seeds and runs (`made.rs`).

use std::collections::BTreeMap;

use howfar_protocol::{MixtureRatio, Treatment};
use howfar_random::Seeds;
use rayon::prelude::*;
use serde::Serialize;

use super::Setting;
use super::made::{Made, with_gains};
use super::report::{Share, share};
use crate::counting::numbers::{PERCENT, mean_of};
use crate::intervals::paired::Layout;
use crate::law::errors;
use crate::law::form::Place;
use crate::law::predict::{Cells, Laws};

/// Accuracy at k = 0 in every simulated study (`made.rs`).
const BASELINE: f64 = 0.5;
/// Fitted and foretold: from fewer k than a law is shown for, far beyond them; from as many, and from more, to twice
/// the largest.
const FROM: [(&[f64], &[f64]); 3] =
    [(&[1.0, 2.0], &[5.0, 10.0]), (&[1.0, 2.0, 5.0], &[10.0]), (&[1.0, 2.0, 5.0, 10.0], &[20.0])];

/// A shape of truth: its name and the gain at k, in shares.
type Truth = (&'static str, fn(f64) -> f64);

const TRUTHS: [Truth; 5] = [
    ("saturating", |k| 0.12 * (1.0 - (-k / 1.5).exp())),
    ("still rising", |k| 0.05 * k.ln_1p()),
    ("flat", |_| 0.0),
    ("rising, then falling", |k| 0.10 * (bump(k) - bump(0.0))),
    ("falling", |k| -0.08 * (1.0 - (-k / 3.0).exp())),
];

/// Highest at k = 2, over the logarithm of 1 + k.
fn bump(k: f64) -> f64 {
    (-0.5 * ((k.ln_1p() - 3.0_f64.ln()) / 0.8).powi(2)).exp()
}

/// How often the bands of one shape of truth hold it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LawReport {
    /// The shape.
    pub truth: &'static str,
    /// The largest k that the law was fitted to.
    pub fitted_up_to: f64,
    /// The k that was foretold.
    pub foretold: f64,
    /// How often the 95 % band of the accuracy holds the true one.
    pub covered: Share,
    /// Mean width of the band, in points.
    pub width_points: f64,
    /// Mean distance of the middle of the band from the truth, in points.
    pub error_points: f64,
}

/// Simulates studies of every shape of truth and compares what the law foretells with it. Of `setting` people, seeds
/// and folds count.
pub fn check_law(setting: &Setting, n_studies: u64, seeds: Seeds) -> Vec<LawReport> {
    let asked = TRUTHS.iter().flat_map(|truth| FROM.iter().map(move |from| (truth, from)));
    asked.flat_map(|(truth, from)| of_truth(setting, truth, *from, n_studies, seeds)).collect()
}

fn of_truth(
    setting: &Setting,
    (name, gain): &Truth,
    (fitted, foretold): (&'static [f64], &'static [f64]),
    n_studies: u64,
    seeds: Seeds,
) -> Vec<LawReport> {
    let setting = Setting { k: fitted, ..setting.clone() };
    let study = |study: u64| {
        let seeds = seeds.child(&format!("law {name} {}", fitted.len()), study);
        let ratio = |k: f64| MixtureRatio::new(k).expect("a literal ratio");
        let gains: BTreeMap<MixtureRatio, f64> = fitted.iter().map(|k| (ratio(*k), gain(*k))).collect();
        let cells = cells(&setting, &with_gains(&setting, seeds, gains));
        let laws = Laws::of(&cells, &mut seeds.stream("laws", &[]));
        foretold.iter().map(|k| laws.middle(|curve| 1.0 - curve.error(Place::at(*k)))).collect::<Vec<(f64, [f64; 2])>>()
    };
    let all: Vec<Vec<(f64, [f64; 2])>> = (0..n_studies).into_par_iter().map(study).collect();
    let report = |(i, k): (usize, &f64)| {
        let truth = BASELINE + gain(*k);
        let of_k = || all.iter().map(|foretold| foretold[i]);
        LawReport {
            truth: name,
            fitted_up_to: fitted[fitted.len() - 1],
            foretold: *k,
            covered: share(of_k().map(|(_, [low, high])| (low..=high).contains(&truth))),
            width_points: PERCENT * mean_of(&of_k().map(|(_, [low, high])| high - low).collect::<Vec<f64>>()),
            error_points: PERCENT * mean_of(&of_k().map(|(middle, _)| (middle - truth).abs()).collect::<Vec<f64>>()),
        }
    };
    foretold.iter().enumerate().map(report).collect()
}

/// The errors of every k, as those of a study are laid out.
fn cells(setting: &Setting, made: &Made) -> Vec<Cells> {
    let faces = setting.judged();
    let all_k = std::iter::once(MixtureRatio::ZERO).chain(made.gains.keys().copied());
    let of = |k: MixtureRatio| {
        let layout = Layout::of_one(&faces, &made.outcomes.series(&Treatment::on_curve(k, None), &faces))?;
        Some(Cells { place: Place::at(k.value()), errors: errors(&layout.grid)? })
    };
    all_k.filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_holds_at_least_90_of_100_held_out_points() {
        let setting = Setting::ALL.into_iter().find(|setting| setting.n_people == 25).unwrap();
        let reports = check_law(&setting, 30, Seeds::new(3));
        assert_eq!(reports.len(), 20);
        for report in &reports {
            println!("{report:?}");
        }
        for report in &reports {
            assert!(report.covered.percent >= 90.0, "{report:?}");
        }
        // From k up to 10 the middle of the band is near the truth at 20, and the band says more than nothing.
        for report in reports.iter().filter(|report| report.fitted_up_to > 5.0) {
            assert!(report.error_points < 6.0 && report.width_points < 30.0, "{report:?}");
        }
    }
}
