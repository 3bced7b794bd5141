//! What is kept of the predictions: counts a person, small enough for tens of thousands of cells (`counts.rs`).
//!
//! In: cells, in any order. Out: [`Outcomes`], sorted, and [`Validation`], a view of it that cannot see
//! test people or unseen databases.

use std::collections::BTreeMap;

use howfar_protocol::{Arm, Cell, MixtureRatio, Part, Prediction, Recipe, TrainingSettings};

pub use crate::counts::CellCounts;
use crate::counts::KnownPeople;
pub(crate) use crate::counts::{PartOutcome, People};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CellTraining {
    /// Training pictures an epoch: real and added.
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

/// The outcomes of all finished cells of a study. Feed it cell after cell and let the predictions go.
#[derive(Debug, Clone, Default)]
pub struct Outcomes {
    people: KnownPeople,
    cells: BTreeMap<Slot, BTreeMap<Run, CellOutcome>>,
}

/// Cells that differ in split and seed only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub(crate) recipe: Recipe,
    pub(crate) arm: Arm,
    pub(crate) k: MixtureRatio,
}

/// One of the cells of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    pub(crate) split_idx: u32,
    pub(crate) seed_idx: u32,
}

/// Faces that figures are about: a part and, for unseen databases, the set's name.
pub(crate) type Faces = (Part, String);

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

/// Faces of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) n_faces: u32,
    pub(crate) n_right: u32,
}

impl Tally {
    pub(crate) fn accuracy(self) -> f64 {
        f64::from(self.n_right) / f64::from(self.n_faces)
    }
}

impl Outcomes {
    /// No cell yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a cell's predictions. A cell given twice counts once.
    pub fn add<'p>(
        &mut self,
        cell: &Cell,
        training: CellTraining,
        predictions: impl IntoIterator<Item = &'p Prediction>,
    ) {
        let mut counts = CellCounts::default();
        predictions.into_iter().for_each(|prediction| counts.add(prediction.into()));
        counts.sort();
        self.add_counts(cell, training, &counts);
    }

    /// Takes a cell whose predictions are counted.
    pub(crate) fn add_counts(&mut self, cell: &Cell, training: CellTraining, counts: &CellCounts) {
        let slot = Slot { recipe: cell.recipe, arm: cell.arm, k: cell.k };
        let run = Run { split_idx: cell.split_idx, seed_idx: cell.seed_idx };
        let faces = counts.outcomes(&mut self.people).collect();
        let outcome = CellOutcome { settings: cell.settings.clone(), training, faces };
        self.cells.entry(slot).or_default().insert(run, outcome);
    }

    /// Counts cells that are all in memory.
    pub fn of<'c>(cells: impl IntoIterator<Item = &'c CellPredictions>) -> Self {
        let mut outcomes = Self::new();
        for cell in cells {
            outcomes.add(&cell.cell, cell.training, &cell.predictions);
        }
        outcomes
    }

    /// Outcomes that were counted elsewhere.
    pub(crate) fn of_counted(cells: Vec<(Slot, Run, CellOutcome)>) -> Self {
        let mut outcomes = Self::new();
        for (slot, run, outcome) in cells {
            outcomes.cells.entry(slot).or_default().insert(run, outcome);
        }
        outcomes
    }

    /// Those of the first seeds alone.
    pub(crate) fn first_seeds(&self, n_seeds: u32) -> Self {
        let of_first = |runs: &BTreeMap<Run, CellOutcome>| -> BTreeMap<Run, CellOutcome> {
            runs.iter().filter(|(run, _)| run.seed_idx < n_seeds).map(|(run, cell)| (*run, cell.clone())).collect()
        };
        let cells = self.cells.iter().map(|(slot, runs)| (*slot, of_first(runs)));
        Outcomes { people: self.people.clone(), cells: cells.filter(|(_, runs)| !runs.is_empty()).collect() }
    }

    /// What may choose k.
    pub fn validation(&self) -> Validation<'_> {
        Validation { outcomes: self }
    }

    /// Arms and k of a recipe, sorted.
    pub(crate) fn slots(&self, recipe: Recipe) -> impl Iterator<Item = Slot> {
        self.cells.keys().copied().filter(move |slot| slot.recipe == recipe)
    }

    /// The cells of an arm and k.
    pub(crate) fn cells(&self, slot: Slot) -> Option<&BTreeMap<Run, CellOutcome>> {
        self.cells.get(&slot)
    }

    /// The settings of a recipe.
    pub(crate) fn settings(&self, recipe: Recipe) -> Option<&TrainingSettings> {
        let first = self.slots(recipe).next()?;
        Some(&self.cells.get(&first)?.values().next()?.settings)
    }

    /// What an arm and k said of some faces, by split and seed.
    pub(crate) fn series(&self, slot: Slot, faces: &Faces) -> Series<'_> {
        let runs = self.cells.get(&slot).into_iter().flatten();
        runs.filter_map(|(run, cell)| Some((*run, cell.faces.get(faces)?))).collect()
    }
}

/// The outcomes of one arm and k on some faces.
pub(crate) type Series<'a> = BTreeMap<Run, &'a PartOutcome>;

/// The outcomes on validation people and nothing else: the only thing that the choice of k is given.
#[derive(Debug, Clone, Copy)]
pub struct Validation<'a> {
    outcomes: &'a Outcomes,
}

impl<'a> Validation<'a> {
    /// `real` and `mix` of a recipe that have validation predictions, by k.
    pub(crate) fn candidates(self, recipe: Recipe) -> BTreeMap<MixtureRatio, Series<'a>> {
        let faces = (Part::Validation, String::new());
        let slots = self.outcomes.slots(recipe).filter(|slot| matches!(slot.arm, Arm::Real | Arm::Mix));
        let series = slots.map(|slot| (slot.k, self.outcomes.series(slot, &faces)));
        series.filter(|(_, series)| !series.is_empty()).collect()
    }
}
