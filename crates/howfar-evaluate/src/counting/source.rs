//! Where the predictions of a study's cells come from, one cell at a time.
//!
//! In: finished cells, in files or in memory. Out: [`CellCounts`] of some of them, counted side by side and given in
//! their order, so that no more than a handful of cells are in memory, and no number of threads changes a bit.

use howfar_face::Fault;
use howfar_protocol::{Cell, ClaimedMeasure, Part, PredictionRef};
use rayon::prelude::*;

use crate::counting::counts::CellCounts;
use crate::counting::outcomes::{CellPredictions, CellTraining};

/// Cells that are counted side by side before they are given on.
const AT_ONCE: usize = 16;

/// Finished cells, which can be read again and again.
pub trait CellSource: Sync {
    /// All of them.
    fn cells(&self) -> Vec<&Cell>;

    /// How the network of a cell was trained, by its place among the cells.
    fn training(&self, cell_idx: usize) -> Result<CellTraining, Fault>;

    /// Gives each of a cell's predictions on some parts, in their order.
    fn read(&self, cell_idx: usize, parts: &[Part], each: &mut dyn FnMut(PredictionRef<'_>)) -> Result<(), Fault>;

    /// Whether it is known what probabilities were given, and not the most probable class alone.
    fn has_probabilities(&self) -> bool {
        true
    }

    /// The group of a face (a sex, a light), by its set's name and its row, where its set knows one.
    fn group(&self, _set: &str, _row: u64) -> Option<&str> {
        None
    }
}

impl CellSource for [CellPredictions] {
    fn cells(&self) -> Vec<&Cell> {
        self.iter().map(|cell| &cell.cell).collect()
    }

    fn training(&self, cell_idx: usize) -> Result<CellTraining, Fault> {
        Ok(self[cell_idx].training)
    }

    fn read(&self, cell_idx: usize, parts: &[Part], each: &mut dyn FnMut(PredictionRef<'_>)) -> Result<(), Fault> {
        let predictions = self[cell_idx].predictions.iter().filter(|p| parts.contains(&p.part));
        predictions.for_each(|prediction| each(prediction.into()));
        Ok(())
    }
}

/// Counts these cells' predictions on some parts and gives them on in their order.
pub(crate) fn count_cells(
    source: &(impl CellSource + ?Sized),
    cells: &[usize],
    parts: &[Part],
    measure: ClaimedMeasure,
    mut each: impl FnMut(usize, CellTraining, CellCounts),
) -> Result<(), Fault> {
    for cells in cells.chunks(AT_ONCE) {
        let count = |cell_idx: &usize| -> Result<(CellTraining, CellCounts), Fault> {
            let training = source.training(*cell_idx)?;
            let mut counts = CellCounts::new(measure);
            source.read(*cell_idx, parts, &mut |prediction| counts.add(prediction))?;
            counts.sort();
            Ok((training, counts))
        };
        let counted: Vec<(CellTraining, CellCounts)> = cells.par_iter().map(count).collect::<Result<_, Fault>>()?;
        for (cell_idx, (training, counts)) in cells.iter().zip(counted) {
            each(*cell_idx, training, counts);
        }
    }
    Ok(())
}
