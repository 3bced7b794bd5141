//! The law of the curve: how accuracy goes on beyond the k that were tried, and what more people would buy.
//!
//! In: the outcomes of real faces alone and of the mix, over all k and, where a study has them, over fewer people. Out:
//! a [`Law`] for test people and each unseen database. `form.rs` says which forms are tried, `fit.rs` how, `predict.rs`
//! where the bands come from. The named form is the one that foretells the largest k best from the smaller ones among
//! those that the residuals do not speak against (χ² at 1 %). With fewer than three k above 0, or where no form fits,
//! it says so and nothing else.

pub(crate) mod equal;
pub(crate) mod fit;
pub(crate) mod form;
pub(crate) mod next;
pub(crate) mod predict;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use howfar_protocol::{MixtureRatio, Track, Treatment};
use howfar_random::Seeds;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::counting::numbers::PERCENT;
use crate::counting::outcomes::{Faces, Outcomes};
use crate::intervals::interval::{Doubt, Grid};
use crate::intervals::paired::Layout;
use crate::law::equal::equal_accuracy;
use crate::law::fit::{Measured, fit, fit_on_grid};
use crate::law::form::{Curve, Form, Place};
use crate::law::next::next_cells;
use crate::law::predict::{Cells, Laws, measured, people_vary};
use crate::results::StudyFacts;
use crate::results::law::{Enough, FittedLaw, Law, LawForm, LawGain, LawPoint, MorePeople};
use crate::words::wording::{added, measure, points, points_interval};
use crate::worth::claims::{in_order, judged_faces};

/// Fewest k above 0 that a law is fitted to.
const FEWEST_K: usize = 3;
/// A form whose residuals are so large by chance in fewer studies than this does not fit.
const MISFIT: f64 = 0.01;
/// The curve is drawn up to so many times the largest k, in so many steps.
const DRAWN: f64 = 2.0;
const N_STEPS: usize = 20;
/// What remains is looked for up to so many times the largest k, in so many steps.
const FURTHEST: f64 = 4.0;
const N_SEARCHED: usize = 80;
/// What is no longer worth more faces: a point, in shares.
const ONE_POINT: f64 = 0.01;
/// More training people that are asked for, at most half of those there are.
const MORE_PEOPLE: usize = 10;

/// One entry for test people and each unseen database that the mix was judged on.
/// `at` says what stands at a k.
pub(crate) fn law(
    facts: &StudyFacts,
    outcomes: &Outcomes,
    track: &Track,
    compared: Option<MixtureRatio>,
    at: &dyn Fn(MixtureRatio) -> Treatment,
) -> Vec<Law> {
    let of_curve = facts.k.iter().filter(|k| **k > MixtureRatio::ZERO);
    let judged = of_curve.flat_map(|k| judged_faces(facts, outcomes, &at(*k)));
    let of = |faces: &Faces| {
        let track_name = format!("{} {} {:?}", track.recipe.name(), track.network_words(), track.source);
        let name = format!("law {track_name} {} {}", faces.0.name(), faces.1);
        let asked = Asked {
            facts,
            cells: cells(facts, outcomes, at, faces),
            n_people: facts.people.get("training").copied().unwrap_or(0),
            compared,
            added: added(facts),
        };
        let (sentence, fitted) = asked.answer(&mut Seeds::new(facts.seed).stream(&name, &[]));
        Law { part: faces.0, set: faces.1.clone(), sentence, fitted }
    };
    in_order(facts, judged).iter().map(of).collect()
}

/// The errors of the curve over k, and of the baseline and the mix over fewer people, of the same people and seeds.
fn cells(facts: &StudyFacts, outcomes: &Outcomes, at: &dyn Fn(MixtureRatio) -> Treatment, faces: &Faces) -> Vec<Cells> {
    let n_all = facts.people.get("training").copied().unwrap_or(0);
    let share = |percent: Option<u32>| match percent {
        Some(percent) if n_all > 0 => (n_all * percent as usize).div_ceil(100) as f64 / n_all as f64,
        Some(percent) => f64::from(percent) / PERCENT,
        None => 1.0,
    };
    let stands_at = |treatment: &Treatment| {
        let with_all = Treatment { people_percent: None, ..treatment.clone() };
        facts.k.iter().copied().find(|k| at(*k) == with_all)
    };
    let of = |(treatment, k): (&Treatment, MixtureRatio)| {
        let layout = Layout::of_one(faces, &outcomes.series(treatment, faces))?;
        let people = share(treatment.people_percent);
        // Of very few people a percent of them is all.
        let is_asked = layout.n_left_out == 0 && (people < 1.0 || treatment.people_percent.is_none());
        let place = Place { people, units: k.value() * people };
        is_asked.then_some(Cells { place, errors: errors(&layout.grid)? })
    };
    let asked = outcomes.treatments().filter_map(|treatment| Some((treatment, stands_at(treatment)?)));
    let mut all: Vec<Cells> = asked.filter_map(of).collect();
    all.sort_by(|a, b| {
        (b.place.people, a.place.units).partial_cmp(&(a.place.people, b.place.units)).unwrap_or(Ordering::Equal)
    });
    // Where a cell lacks people or seeds, nothing is paired.
    let size = |cell: &Cells| (cell.errors.n_units(), cell.errors.n_seeds());
    let is_whole = all.iter().all(|cell| size(cell) == size(&all[0]) && cell.errors.n_units() > 1);
    if is_whole { all } else { Vec::new() }
}

/// What a law is asked for on some faces.
struct Asked<'a> {
    facts: &'a StudyFacts,
    cells: Vec<Cells>,
    n_people: usize,
    compared: Option<MixtureRatio>,
    /// What k counts: `drawn identities` …
    added: String,
}

impl Asked<'_> {
    fn answer(&self, stream: &mut howfar_random::Stream) -> (String, Option<FittedLaw>) {
        let n_k = self.cells.iter().filter(|c| c.place.people == 1.0 && c.place.units > 0.0).count();
        if self.cells.len() < 2 || self.cells[0].errors.n_seeds() < 2 {
            let few = "No law of the curve: it takes two people and two seeds at least that all k share.";
            return (few.to_owned(), None);
        }
        if n_k < FEWEST_K {
            let few = format!("No law of the curve: {n_k} k above 0 were tried, and it takes {FEWEST_K} at least.");
            return (few, None);
        }
        let vary = people_vary(&self.cells);
        let all = measured(&self.cells);
        let tried: Vec<Tried> = Form::all(vary).iter().map(|form| Tried::of(*form, vary, &all)).collect();
        let mut best: Vec<&Tried> = tried.iter().collect();
        best.sort_by(|a, b| a.held_out.total_cmp(&b.held_out));
        match best.iter().find(|tried| tried.p.is_none_or(|p| p >= MISFIT)) {
            Some(chosen) => {
                let fitted = self.fitted(chosen, &tried, &Laws::of(&self.cells, stream));
                (self.sentence(&fitted), Some(fitted))
            }
            None => (misfit(best[0]), None),
        }
    }

    fn fitted(&self, chosen: &Tried, tried: &[Tried], laws: &Laws) -> FittedLaw {
        let vary = people_vary(&self.cells);
        let of_curve = |cell: &&Cells| cell.place.people == 1.0;
        let largest = self.cells.iter().filter(of_curve).map(|c| c.place.units).fold(0.0, f64::max);
        let at = |i: usize| law_point(laws, DRAWN * largest * i as f64 / N_STEPS as f64);
        let named = |(name, value): (&str, f64)| (name.to_owned(), value);
        let doubled = gain(laws, Place::at(largest), Place::at(DRAWN * largest));
        FittedLaw {
            form: chosen.curve.form.name().to_owned(),
            formula: chosen.curve.form.formula(vary).to_owned(),
            parameters: chosen.curve.parameters(vary).into_iter().map(named).collect::<BTreeMap<String, f64>>(),
            chi_square: chosen.chi_square,
            degrees_of_freedom: chosen.degrees_of_freedom,
            p: chosen.p,
            forms: tried.iter().map(|tried| tried.told(vary)).collect(),
            n_people: self.n_people,
            largest: MixtureRatio::new(largest).unwrap_or(MixtureRatio::ZERO),
            measured: self.cells.iter().filter(of_curve).map(measured_point).collect(),
            curve: (0..=N_STEPS).map(at).collect(),
            next: next_cells(self.facts, laws, &measured(&self.cells), largest, &doubled, self.compared),
            doubled,
            more_people: if vary { self.more_people(laws) } else { None },
            enough: enough(laws, largest),
            equal: if vary { equal_accuracy(laws, &self.cells, self.n_people) } else { Vec::new() },
        }
    }

    fn more_people(&self, laws: &Laws) -> Option<MorePeople> {
        let (k, n_more) = (self.compared?, MORE_PEOPLE.min(self.n_people / 2));
        let now = Place::at(k.value());
        let people = 1.0 + n_more as f64 / self.n_people as f64;
        (n_more > 0).then(|| MorePeople { n_people: n_more, k, gain: gain(laws, now, Place { people, ..now }) })
    }

    fn sentence(&self, law: &FittedLaw) -> String {
        let band = |gain: &LawGain| points_interval(Some(gain.band_points));
        let mut text = format!(
            "Twice as many {} as at k = {}, the largest tried, would change {} by {} points (95 % band {}).",
            self.added,
            law.largest,
            measure(self.facts),
            points(law.doubled.points),
            band(&law.doubled)
        );
        if let Some(enough) = &law.enough {
            let [low, high] = enough.band_k;
            text += &format!(
                " From k = {:.1} on (95 % band {low:.1} to {high:.1}) less than one point remains up to k = {}.",
                enough.k, enough.furthest_k
            );
        }
        if let Some(MorePeople { n_people, k, gain }) = &law.more_people {
            text += &format!(
                " {n_people} more training people with as many added faces as at k = {k} would change it by {} points \
                    (95 % band {}).",
                points(gain.points),
                band(gain)
            );
        }
        text
    }
}

/// A form with its fit.
struct Tried {
    curve: Curve,
    chi_square: f64,
    degrees_of_freedom: usize,
    p: Option<f64>,
    /// Mean squared standardised error of the k that were left out.
    held_out: f64,
    held_out_error: Option<f64>,
}

impl Tried {
    fn of(form: Form, vary: bool, all: &[Measured]) -> Self {
        let (curve, chi_square) = fit(form, vary, all);
        let degrees_of_freedom = all.len().saturating_sub(form.n_parameters(vary));
        let p = ChiSquared::new(degrees_of_freedom as f64).ok().map(|of| of.sf(chi_square));
        let missed = held_out(form, vary, all);
        let n = missed.len() as f64;
        let mean = |value: fn(&(f64, f64)) -> f64| missed.iter().map(value).sum::<f64>() / n;
        let is_known = !missed.is_empty();
        Tried {
            curve,
            chi_square,
            degrees_of_freedom,
            p,
            held_out: if is_known { mean(|(error, scale)| (error / scale).powi(2)) } else { f64::INFINITY },
            held_out_error: is_known.then(|| mean(|(error, _)| error.powi(2)).sqrt()),
        }
    }

    fn told(&self, vary: bool) -> LawForm {
        LawForm {
            form: self.curve.form.name().to_owned(),
            n_parameters: self.curve.form.n_parameters(vary),
            held_out_error_points: self.held_out_error.map(|error| PERCENT * error),
            chi_square: self.chi_square,
        }
    }
}

/// Errors, with standard errors, where the largest k, then the two largest, are foretold from the others.
fn held_out(form: Form, vary: bool, all: &[Measured]) -> Vec<(f64, f64)> {
    let of_curve = |m: &&Measured| m.place.people == 1.0;
    let mut k: Vec<f64> = all.iter().filter(of_curve).map(|m| m.place.units).collect();
    k.sort_by(f64::total_cmp);
    let mut missed = Vec::new();
    for n_left_out in 1..=2.min(k.len().saturating_sub(3)) {
        let first_left_out = k[k.len() - n_left_out];
        let (out, kept): (Vec<Measured>, Vec<Measured>) =
            all.iter().partition(|m| m.place.people == 1.0 && m.place.units >= first_left_out);
        let (curve, _) = fit_on_grid(form, vary, &kept);
        missed.extend(out.iter().map(|m| (curve.error(m.place) - m.error, m.standard_error)));
    }
    missed
}

fn misfit(best: &Tried) -> String {
    format!(
        "No law of the curve fits: the residuals of the best form, {}, are larger than their standard errors allow (χ² \
            = {:.1} with {} degrees of freedom, p < 0.01).",
        best.curve.form.name(),
        best.chi_square,
        best.degrees_of_freedom
    )
}

fn law_point(laws: &Laws, k: f64) -> LawPoint {
    let (accuracy, band) = laws.middle(|curve| PERCENT * (1.0 - curve.error(Place::at(k))));
    LawPoint { k, accuracy_percent: accuracy, band_percent: band }
}

fn measured_point(cell: &Cells) -> LawPoint {
    let accuracy = 1.0 - cell.errors.mean();
    let band = Doubt::of(&cell.errors).interval(accuracy).map(|end| PERCENT * end.clamp(0.0, 1.0));
    LawPoint { k: cell.place.units, accuracy_percent: PERCENT * accuracy, band_percent: band }
}

fn gain(laws: &Laws, from: Place, to: Place) -> LawGain {
    let (points, band) = laws.middle(|curve| PERCENT * (curve.error(from) - curve.error(to)));
    LawGain { points, band_points: band }
}

/// The smallest k after which no larger one is better by a point.
fn enough(laws: &Laws, largest: f64) -> Option<Enough> {
    let furthest_k = FURTHEST * largest;
    let k = |i: usize| furthest_k * i as f64 / N_SEARCHED as f64;
    let smallest = |curve: &Curve| {
        let mut lowest = f64::INFINITY;
        let mut found = furthest_k;
        for i in (0..=N_SEARCHED).rev() {
            let error = curve.error(Place::at(k(i)));
            lowest = lowest.min(error);
            if error - lowest >= ONE_POINT {
                break;
            }
            found = k(i);
        }
        found
    };
    let (middle, band) = laws.middle(smallest);
    (middle < furthest_k - k(1)).then_some(Enough { k: middle, band_k: band, furthest_k })
}

/// 1 less every value: errors of accuracies.
pub(crate) fn errors(accuracies: &Grid) -> Option<Grid> {
    let row = |unit: usize| (0..accuracies.n_seeds()).map(|seed| 1.0 - accuracies.value(unit, seed)).collect();
    Grid::new(&(0..accuracies.n_units()).map(row).collect::<Vec<Vec<f64>>>())
}
