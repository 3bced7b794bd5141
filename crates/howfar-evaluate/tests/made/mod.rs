//! Studies with a known truth: people and seeds with effects of their own, arms with a gain.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may fail loudly and has no readers of its API")]

use std::collections::{BTreeMap, BTreeSet};

use howfar_evaluate::{CellPredictions, CellTraining, SetFacts, StudyFacts, TrackPlan};
use howfar_face::SubjectId;
use howfar_protocol::{Arm, Cell, ClaimedMeasure, MixtureRatio, Part, Prediction, Recipe, Role, Track, Treatment};
use howfar_random::{Seeds, normal, uniform};

pub const CLASSES: [&str; 3] = ["anger", "happiness", "surprise"];

/// A study to make.
#[derive(Debug, Clone)]
pub struct Made {
    pub seed: u64,
    pub n_people: usize,
    pub n_seeds: u32,
    pub n_splits: u32,
    pub faces_a_person: u32,
    /// Probability of a right answer of real faces alone.
    pub accuracy: f32,
    /// Arm, k, gain over real faces alone.
    pub arms: Vec<(Arm, f64, f32)>,
    pub unseen: Vec<&'static str>,
}

impl Default for Made {
    fn default() -> Self {
        Made {
            seed: 1,
            n_people: 24,
            n_seeds: 5,
            n_splits: 1,
            faces_a_person: 6,
            accuracy: 0.5,
            arms: vec![
                (Arm::MIX, 1.0, 0.1),
                (Arm::MIX, 2.0, 0.2),
                (Arm::MIX, 5.0, 0.2),
                (Arm::REPEAT, 2.0, 0.0),
                (Arm::AUGMENT, 2.0, 0.05),
                (Arm::GENERATED_ONLY, 2.0, -0.1),
            ],
            unseen: vec!["jaffe"],
        }
    }
}

pub fn ratio(k: f64) -> MixtureRatio {
    MixtureRatio::new(k).unwrap()
}

/// A track whose curve has the k of these cells.
#[allow(dead_code, reason = "not every test asks for it")]
pub fn plan(track: Track, cells: &[CellPredictions]) -> TrackPlan {
    let all_k: BTreeSet<MixtureRatio> = cells.iter().filter_map(|cell| cell.cell.treatment.curve_k()).collect();
    TrackPlan::plain(track, 22_206, &all_k.into_iter().collect::<Vec<_>>())
}

impl Made {
    pub fn cells(&self) -> Vec<CellPredictions> {
        let mut cells = Vec::new();
        for (arm, k, gain) in std::iter::once((Arm::REAL, 0.0, 0.0)).chain(self.arms.iter().copied()) {
            for split_idx in 0..self.n_splits {
                for seed_idx in 0..self.n_seeds {
                    cells.push(self.cell(arm, k, gain, split_idx, seed_idx));
                }
            }
        }
        cells
    }

    fn cell(&self, arm: Arm, k: f64, gain: f32, split_idx: u32, seed_idx: u32) -> CellPredictions {
        let cell = Cell {
            recipe: Recipe::Modern,
            treatment: Treatment::new(arm, ratio(k), None),
            split_idx,
            seed_idx,
            settings: Recipe::Modern.settings(),
            inputs_sha256: String::new(),
            judges: Vec::new(),
            choosers: Vec::new(),
        };
        let mut predictions = Vec::new();
        let sides = [("validation", Part::Validation), ("test", Part::Test)];
        let real = sides.map(|(side, part)| (part, "ckplus", format!("{side}{split_idx}-")));
        let unseen = self.unseen.iter().map(|name| (Part::Unseen, *name, String::new()));
        for (part, set, prefix) in real.into_iter().chain(unseen) {
            self.judge(&cell, gain, part, set, &prefix, &mut predictions);
        }
        let n_pictures = 100 + 10 * k as usize;
        // Early stopping ends each seed's training at another epoch.
        let n_epochs = 10 + seed_idx;
        let training = CellTraining {
            n_pictures,
            n_pictures_seen: n_pictures as u64 * u64::from(n_epochs),
            n_steps: n_pictures.div_ceil(32) as u64 * u64::from(n_epochs),
            n_epochs,
            kept_epoch: n_epochs - 5,
        };
        CellPredictions { cell, training, predictions }
    }

    fn judge(&self, cell: &Cell, gain: f32, part: Part, set: &str, prefix: &str, out: &mut Vec<Prediction>) {
        let seeds = Seeds::new(self.seed);
        let place = [u64::from(cell.split_idx), u64::from(cell.seed_idx), part as u64, cell.treatment.k.value() as u64];
        let mut stream = seeds.stream(&format!("{set} {}", cell.treatment.arm.name), &place);
        let luck = 0.03 * normal(&mut stream);
        for person in 0..self.n_people {
            let name = format!("{prefix}{person:03}");
            let mut own = seeds.stream(&format!("{set}:{name}"), &[]);
            let ability = 0.1 * normal(&mut own);
            for face in 0..self.faces_a_person {
                let label = (face as usize + person) % CLASSES.len();
                let is_right = uniform(&mut stream) < self.accuracy + gain + ability + luck;
                let wrong = (label + 1 + (stream_bit(&mut stream) as usize)) % CLASSES.len();
                let mut probabilities = vec![0.1; CLASSES.len()];
                probabilities[if is_right { label } else { wrong }] = 0.8;
                out.push(Prediction {
                    part,
                    set: set.to_owned(),
                    row: (person * self.faces_a_person as usize) as u64 + u64::from(face),
                    subject: SubjectId::new(set, &name).unwrap(),
                    label,
                    probabilities,
                });
            }
        }
    }

    pub fn facts(&self) -> StudyFacts {
        let set = |role: Role, name: &str, provenance: &str, licence: &str| SetFacts {
            role,
            name: name.into(),
            databases: vec![name.into()],
            n_faces: 144,
            n_people: 24,
            n_without_person: 0,
            per_class: vec![48; CLASSES.len()],
            provenance: provenance.into(),
            preprocessing: "none".into(),
            licences: vec![licence.into()],
            content_sha256: "0".into(),
        };
        let mut sets = vec![
            set(Role::Labelled, "ckplus", "real", "ckplus: research only"),
            set(Role::Generated, "heads", "drawn", "heads: free"),
        ];
        sets.extend(self.unseen.iter().map(|name| set(Role::Unseen, name, "drawn", "heads: free")));
        let mut k: Vec<MixtureRatio> = self.arms.iter().map(|(_, k, _)| ratio(*k)).collect();
        k.push(MixtureRatio::ZERO);
        k.sort();
        k.dedup();
        StudyFacts {
            name: "made".into(),
            seed: self.seed,
            classes: CLASSES.map(String::from).to_vec(),
            unit: "identities".into(),
            k,
            n_seeds: self.n_seeds,
            seeds_at_most: None,
            smallest_gain_points: 2.0,
            measure: ClaimedMeasure::default(),
            n_splits: self.n_splits,
            is_redrawn: false,
            people: BTreeMap::from([("test".into(), self.n_people)]),
            sets,
            instruction_set: "any".into(),
            howfar_version: "0".into(),
        }
    }
}

fn stream_bit(stream: &mut howfar_random::Stream) -> bool {
    uniform(stream) < 0.5
}
