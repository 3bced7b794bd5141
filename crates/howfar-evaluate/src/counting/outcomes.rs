//! What is kept of the predictions: counts per person, small enough for tens of thousands of cells (`counts.rs`).
//!
//! In: cells, in any order. Out: [`Outcomes`], sorted, and [`Validation`], a view of it that cannot see
//! test people or unseen databases.

use std::collections::BTreeMap;

use howfar_protocol::{Cell, Part, Prediction, Recipe, TrainingSettings, Treatment};
use serde::{Deserialize, Serialize};

pub use crate::counting::counts::CellCounts;
use crate::counting::counts::KnownPeople;
pub(crate) use crate::counting::counts::{Faces, OfPeople, PartOutcome, People};

/// Predictions of one finished cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CellPredictions {
    /// Which cell.
    pub cell: Cell,
    /// How its network was trained.
    pub training: CellTraining,
    /// What its network said of every face.
    pub predictions: Vec<Prediction>,
}

/// What a network saw until it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CellTraining {
    /// Training pictures per epoch: real and added.
    pub n_pictures: usize,
    /// Pictures in all epochs that were run.
    pub n_pictures_seen: u64,
    /// Steps of the optimiser.
    pub n_steps: u64,
    /// Epochs that were run.
    pub n_epochs: u32,
    /// The epoch whose weights were kept, from 1.
    pub kept_epoch: u32,
}

/// The outcomes of all finished cells of a track, by what they were trained on. Feed it cell after cell and let the
/// predictions go.
#[derive(Debug, Clone, Default)]
pub struct Outcomes {
    people: KnownPeople,
    cells: BTreeMap<Treatment, BTreeMap<Run, CellOutcome>>,
}

/// One of the cells that were trained on the same: they differ in split and seed only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    pub(crate) split_idx: u32,
    pub(crate) seed_idx: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct CellOutcome {
    pub(crate) settings: TrainingSettings,
    pub(crate) training: CellTraining,
    pub(crate) faces: BTreeMap<Faces, PartOutcome>,
}

impl CellOutcome {
    /// Outcomes without a network.
    pub(crate) fn made(faces: BTreeMap<Faces, PartOutcome>) -> Self {
        CellOutcome { settings: Recipe::Modern.settings(), training: CellTraining::default(), faces }
    }
}

impl Outcomes {
    /// No cell yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a cell whose predictions are counted. A cell given twice counts once.
    pub(crate) fn add_counts(&mut self, cell: &Cell, training: CellTraining, counts: &CellCounts) {
        let run = Run { split_idx: cell.split_idx, seed_idx: cell.seed_idx };
        let faces = counts.outcomes(&mut self.people).collect();
        let outcome = CellOutcome { settings: cell.settings.clone(), training, faces };
        self.cells.entry(cell.treatment.clone()).or_default().insert(run, outcome);
    }

    /// Outcomes that were counted elsewhere.
    pub(crate) fn of_counted(cells: Vec<(Treatment, Run, CellOutcome)>) -> Self {
        let mut outcomes = Self::new();
        for (treatment, run, outcome) in cells {
            outcomes.cells.entry(treatment).or_default().insert(run, outcome);
        }
        outcomes
    }

    /// Those of the first seeds alone.
    pub(crate) fn first_seeds(&self, n_seeds: u32) -> Self {
        let of_first = |runs: &BTreeMap<Run, CellOutcome>| -> BTreeMap<Run, CellOutcome> {
            runs.iter().filter(|(run, _)| run.seed_idx < n_seeds).map(|(run, cell)| (*run, cell.clone())).collect()
        };
        let cells = self.cells.iter().map(|(treatment, runs)| (treatment.clone(), of_first(runs)));
        Outcomes { people: self.people.clone(), cells: cells.filter(|(_, runs)| !runs.is_empty()).collect() }
    }

    /// What may choose k, and how long to train.
    pub fn validation(&self) -> Validation<'_> {
        Validation { outcomes: self }
    }

    /// All that cells were trained on, sorted.
    pub(crate) fn treatments(&self) -> impl Iterator<Item = &Treatment> {
        self.cells.keys()
    }

    /// The cells that were trained on the same.
    pub(crate) fn cells(&self, treatment: &Treatment) -> impl Iterator<Item = (&Run, &CellOutcome)> {
        self.cells.get(treatment).into_iter().flatten()
    }

    /// The settings of the track.
    pub(crate) fn settings(&self) -> Option<&TrainingSettings> {
        Some(&self.cells.values().flat_map(BTreeMap::values).next()?.settings)
    }

    /// What the networks of a treatment said of some faces, by split and seed.
    pub(crate) fn series(&self, treatment: &Treatment, faces: &Faces) -> Series<'_> {
        self.cells(treatment).filter_map(|(run, cell)| Some((*run, cell.faces.get(faces)?))).collect()
    }
}

/// The outcomes of one treatment on some faces, or another figure of their people.
pub(crate) type Series<'a, P = PartOutcome> = BTreeMap<Run, &'a P>;

/// The outcomes on those who may choose and nothing else: the only thing that the choice of k is given.
#[derive(Debug, Clone, Copy)]
pub struct Validation<'a> {
    outcomes: &'a Outcomes,
}

impl<'a> Validation<'a> {
    /// What the networks of a treatment said of validation people or of those of a choosing database.
    pub(crate) fn series(self, treatment: &Treatment, faces: &Faces) -> Series<'a> {
        let may_choose = matches!(faces.0, Part::Validation | Part::Choosing);
        if may_choose { self.outcomes.series(treatment, faces) } else { Series::new() }
    }
}
