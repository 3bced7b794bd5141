//! From finished cells to `choice.json` and `results.json`.
//!
//! In: a workbench and its study folder. Out: the choices, made from validation predictions alone, then the results and one more look in
//! `looks.json`, unless it is the same look again.

use howfar_evaluate::{CellPredictions, CellTraining, Choice, Finding, Looks, Results, choose_k};
use howfar_face::{Fault, files};
use howfar_protocol::{Arm, Cell, MixtureRatio, Plan, Track, read_predictions};
use serde::{Deserialize, Serialize};

use crate::audit::findings;
use crate::facts::study_facts;
use crate::folder::StudyFolder;
use crate::run_cell::FinishedCell;
use crate::workbench::Workbench;

/// `choice.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Choices {
    format: String,
    version: u32,
    choices: Vec<TrackChoice>,
}

/// The choice of a track.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TrackChoice {
    pub(crate) track: Track,
    pub(crate) choice: Choice,
}

const CHOICE_FORMAT: (&str, u32) = ("howfar choice", 2);

/// Chooses k for every track from the validation predictions of the plan's cells.
pub(crate) fn choose(workbench: &Workbench, folder: &StudyFolder) -> Result<Vec<TrackChoice>, Fault> {
    let cells = read_cells(folder, &workbench.plan().cells)?;
    let choose = |track: Track| choose_k(&track, &cells).map(|choice| TrackChoice { track, choice });
    Ok(workbench.plan().tracks().into_iter().filter_map(choose).collect())
}

/// Where each track's controls are run.
pub(crate) fn compared(choices: &[TrackChoice]) -> Vec<(Track, MixtureRatio)> {
    choices.iter().map(|chosen| (chosen.track.clone(), chosen.choice.compared)).collect()
}

/// Writes the choices before anything of test people or unseen databases is opened.
pub(crate) fn write_choices(folder: &StudyFolder, choices: &[TrackChoice]) -> Result<(), Fault> {
    let (format, version) = CHOICE_FORMAT;
    let choices = Choices { format: format.to_owned(), version, choices: choices.to_vec() };
    files::write_json(&folder.choice_file(), &choices)
}

/// The cells of a plan and, once `choice.json` is there, the controls at the chosen k.
pub fn all_cells(plan: &Plan, folder: &StudyFolder) -> Result<Vec<Cell>, Fault> {
    if !folder.choice_file().is_file() {
        return Ok(plan.cells.clone());
    }
    let (format, version) = CHOICE_FORMAT;
    let choices: Choices = files::read_json(&folder.choice_file(), format, version)?;
    Ok(with_controls(plan, &choices.choices))
}

fn with_controls(plan: &Plan, choices: &[TrackChoice]) -> Vec<Cell> {
    plan.cells.iter().cloned().chain(plan.controls(&compared(choices))).collect()
}

/// Computes the results from the predictions of all cells and writes `results.json`.
pub fn analyse(workbench: &Workbench, folder: &StudyFolder) -> Result<Results, Fault> {
    let choices = choose(workbench, folder)?;
    write_choices(folder, &choices)?;
    let predictions = read_cells(folder, &with_controls(workbench.plan(), &choices))?;
    let with_parameters = |track: Track| {
        let n_parameters = howfar_train::n_parameters(track.network, workbench.pool());
        (track, n_parameters)
    };
    let tracks: Vec<(Track, usize)> = workbench.plan().tracks().into_iter().map(with_parameters).collect();
    let mut results = howfar_evaluate::analyse(study_facts(workbench), &tracks, &predictions);
    results.audits = findings(workbench, folder)?;
    results.caveats.extend(results.audits.iter().filter_map(Finding::caveat));
    let mut looks = folder.read_looks()?.unwrap_or_else(Looks::none);
    looks.note(&results, predictions.iter().map(|cell| cell.cell.name()));
    files::write_json(&folder.looks_file(), &looks)?;
    files::write_json(&folder.results_file(), &results)?;
    Ok(results)
}

fn read_cells(folder: &StudyFolder, cells: &[Cell]) -> Result<Vec<CellPredictions>, Fault> {
    let read = |cell: &Cell| {
        let Some(finished) = folder.finished(cell)? else {
            return Err(Fault::data(folder.run_folder(cell).display(), "this cell is not finished")
                .hint("`howfar run` goes on with the study; `howfar status` shows how far it is"));
        };
        let predictions = read_predictions(&folder.run_folder(cell).join("predictions.parquet"))?;
        Ok(CellPredictions { cell: cell.clone(), training: training(folder, cell, &finished, cells)?, predictions })
    };
    cells.iter().map(read).collect()
}

/// What a cell's network saw. `pretrain` sees generated faces first, in epochs of their own, and then those of `real`.
fn training(folder: &StudyFolder, cell: &Cell, finished: &FinishedCell, cells: &[Cell]) -> Result<CellTraining, Fault> {
    let n_all = finished.n_training_pictures;
    let mut stages = vec![(n_all, finished.n_epochs)];
    if cell.arm == Arm::Pretrain {
        let is_real = |other: &&Cell| {
            (other.arm, other.people_percent) == (Arm::Real, cell.people_percent)
                && (other.recipe, &other.settings) == (cell.recipe, &cell.settings)
                && (other.split_idx, other.seed_idx) == (cell.split_idx, cell.seed_idx)
        };
        let real = cells.iter().find(is_real).map(|real| folder.finished(real)).transpose()?.flatten();
        let n_real = real.map_or(0, |real| real.n_training_pictures).min(n_all);
        let lines = files::read_text(&folder.run_folder(cell).join("pretraining").join("epochs.jsonl"))?;
        stages = vec![(n_all - n_real, lines.lines().count() as u32), (n_real, finished.n_epochs)];
    }
    let batch = cell.settings.batch as usize;
    let sum =
        |size: &dyn Fn(usize) -> usize| stages.iter().map(|(n, epochs)| size(*n) as u64 * u64::from(*epochs)).sum();
    Ok(CellTraining {
        n_pictures: n_all,
        n_pictures_seen: sum(&|n| n),
        n_steps: sum(&|n| n.div_ceil(batch)),
        n_epochs: finished.n_epochs,
        kept_epoch: finished.kept_epoch,
    })
}
