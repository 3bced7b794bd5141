//! How often the intervals hold the truth, in simulated studies whose truth is known.
//!
//! A face is right with probability ½ + gain of its class + person + person × mix + run; the effects are uniform around
//! 0, so the true difference in a class's recall is its gain exactly. The true class then has a probability between
//! 0.55 and 0.95 where the face is right and between 0.05 and 0.45 where it is not, so the true difference in the Brier
//! score follows from the mean gain.
#![cfg(test)]

use std::collections::BTreeMap;

use howfar_face::SubjectId;
use howfar_protocol::{Cell, MixtureRatio, Part, Prediction, Recipe, Track, Treatment};
use howfar_random::{Seeds, Stream, uniform};
use rayon::prelude::*;

use super::calibration::calibration;
use super::judged::{Pair, Question, ask};
use super::per_class::per_class;
use crate::counting::numbers::PERCENT;
use crate::counting::outcomes::{CellPredictions, CellTraining};

const N_STUDIES: u64 = 600;
const N_CLASSES: usize = 3;
/// True differences in recall, in shares.
const GAINS: [f64; N_CLASSES] = [0.10, 0.0, -0.06];
const PERSON: f64 = 0.15;
const PERSON_MIX: f64 = 0.08;
const RUN: f64 = 0.06;
/// Bounds of the true class's probability where a face is right, and where it is wrong.
const RIGHT: [f64; 2] = [0.55, 0.95];
const WRONG: [f64; 2] = [0.05, 0.45];

struct Setting {
    name: &'static str,
    n_people: usize,
    n_seeds: u32,
    n_splits: u32,
    part: Part,
}

fn signed(stream: &mut Stream) -> f64 {
    2.0 * f64::from(uniform(stream)) - 1.0
}

/// Mean Brier score of two classes' worth of probability, p and 1 − p, where p is uniform between two bounds.
fn mean_brier([low, high]: [f64; 2]) -> f64 {
    2.0 * ((1.0 - low).powi(3) - (1.0 - high).powi(3)) / (3.0 * (high - low))
}

/// One cell. A person has one to three faces of each class.
fn cell(study: Seeds, setting: &Setting, k: f64, split_idx: u32, seed_idx: u32) -> CellPredictions {
    let treatment = Treatment::on_curve(MixtureRatio::new(k).unwrap(), None);
    let is_mix = f64::from(u8::from(k > 0.0));
    let mut stream = study.stream("run", &[u64::from(split_idx), u64::from(seed_idx), k as u64]);
    let run = RUN * signed(&mut stream);
    let mut predictions = Vec::new();
    for person in 0..setting.n_people {
        if setting.part == Part::Test && person % setting.n_splits as usize != split_idx as usize {
            continue;
        }
        let mut own = study.stream("person", &[person as u64]);
        let (base, mixed) = (PERSON * signed(&mut own), PERSON_MIX * signed(&mut own));
        for label in 0..N_CLASSES {
            for _ in 0..1 + (person + label) % 3 {
                let chance = 0.5 + base + run + is_mix * (GAINS[label] + mixed);
                let [low, high] = if f64::from(uniform(&mut stream)) < chance { RIGHT } else { WRONG };
                let p = low + (high - low) * f64::from(uniform(&mut stream));
                let mut probabilities = vec![0.0; N_CLASSES];
                probabilities[label] = p as f32;
                probabilities[(label + 1) % N_CLASSES] = (1.0 - p) as f32;
                predictions.push(Prediction {
                    part: setting.part,
                    set: "made".to_owned(),
                    row: predictions.len() as u64,
                    subject: SubjectId::new("made", &person.to_string()).unwrap(),
                    label,
                    probabilities,
                });
            }
        }
    }
    let settings = Recipe::Modern.settings();
    let (inputs_sha256, judges, choosers) = (String::new(), Vec::new(), Vec::new());
    let cell =
        Cell { recipe: Recipe::Modern, treatment, split_idx, seed_idx, settings, inputs_sha256, judges, choosers };
    CellPredictions { cell, training: CellTraining::default(), predictions }
}

fn study(setting: &Setting, number: u64) -> BTreeMap<Question, Pair> {
    let seeds = Seeds::new(19).child(setting.name, number);
    let runs = (0..setting.n_splits).flat_map(|split| (0..setting.n_seeds).map(move |seed| (split, seed)));
    let cells: Vec<CellPredictions> =
        runs.flat_map(|(split, seed)| [0.0, 1.0].map(|k| cell(seeds, setting, k, split, seed))).collect();
    let network = Recipe::Modern.settings().network;
    let track = Track { recipe: Recipe::Modern, network, start: None, source: None };
    let mix = &cells[1].cell.treatment;
    ask(&cells[..], &track, mix, &Treatment::BASELINE).unwrap().into_values().next().unwrap()
}

/// The difference and whether its interval holds the truth: of each class, then of Brier score and calibration error.
/// What the last should be is what it is on average.
type Found = [(f64, [f64; 2]); N_CLASSES + 2];

fn found(setting: &Setting, number: u64) -> Found {
    let answers = study(setting, number);
    let faces = (setting.part, if setting.part == Part::Unseen { "made" } else { "" }.to_owned());
    let recalls = per_class(&[], &faces, &answers);
    let of_probabilities = calibration(&faces, &answers).unwrap();
    let [brier, error] = [of_probabilities.brier_score, of_probabilities.calibration_error_percent];
    std::array::from_fn(|i| match i {
        0..N_CLASSES => (recalls[i].recall.difference_points, recalls[i].recall.interval_points.unwrap()),
        N_CLASSES => (brier.difference, brier.interval.unwrap()),
        _ => (error.difference, error.interval.unwrap()),
    })
}

#[test]
fn intervals_of_recalls_brier_score_and_calibration_error_hold_the_truth() {
    let settings = [
        Setting { name: "12 × 5", n_people: 12, n_seeds: 5, n_splits: 1, part: Part::Unseen },
        Setting { name: "30 × 5", n_people: 30, n_seeds: 5, n_splits: 1, part: Part::Unseen },
        Setting { name: "60 in 10 folds × 5", n_people: 60, n_seeds: 5, n_splits: 10, part: Part::Test },
    ];
    for setting in settings {
        let studies: Vec<Found> = (0..N_STUDIES).into_par_iter().map(|number| found(&setting, number)).collect();
        let mean_of = |i: usize| studies.iter().map(|study| study[i].0).sum::<f64>() / N_STUDIES as f64;
        // Every class has as many faces; a person's faces of the classes are not as many, which no gain depends on.
        let brier = GAINS.iter().sum::<f64>() / N_CLASSES as f64 * (mean_brier(RIGHT) - mean_brier(WRONG));
        for (i, name) in ["first class", "second", "third", "Brier score", "calibration error"].iter().enumerate() {
            let truth = match i {
                0..N_CLASSES => PERCENT * GAINS[i],
                N_CLASSES => brier,
                _ => mean_of(i),
            };
            let is_held = |study: &&Found| (study[i].1[0]..=study[i].1[1]).contains(&truth);
            let share = studies.iter().filter(is_held).count() as f64 / N_STUDIES as f64;
            println!("{}: {name}: mean {:.4}, truth {truth:.4}, held in {share:.3}", setting.name, mean_of(i));
            assert!((0.93..=0.985).contains(&share), "{}: {name}: {share}", setting.name);
        }
    }
}
