//! From finished cells to `choice.json` and `results.json`.
//!
//! In: a workbench and its study folder. Out: the choices, made from validation predictions alone, then the results.

use howfar_evaluate::{CellSource, CellTraining, Choice, Finding, Results, analyse_from, choose_all};
use howfar_face::{Fault, files};
use howfar_protocol::{Cell, MixtureRatio, Part, Plan, PredictionRef, Track, for_each_prediction};
use serde::{Deserialize, Serialize};

use crate::audit::findings;
use crate::facts::study_facts;
use crate::folder::StudyFolder;
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

/// Chooses k for every track from the validation predictions of the plan's cells; no other prediction is read.
pub(crate) fn choose(workbench: &Workbench, folder: &StudyFolder) -> Result<Vec<TrackChoice>, Fault> {
    let cells = FinishedCells { folder, cells: &workbench.plan().cells };
    let choices = choose_all(workbench.plan().tracks(), &cells)?;
    Ok(choices.into_iter().map(|(track, choice)| TrackChoice { track, choice }).collect())
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
    let cells = with_controls(workbench.plan(), &choices);
    let with_parameters = |track: Track| {
        let n_parameters = howfar_train::n_parameters(track.network, workbench.pool());
        (track, n_parameters)
    };
    let tracks: Vec<(Track, usize)> = workbench.plan().tracks().into_iter().map(with_parameters).collect();
    let mut results = analyse_from(study_facts(workbench), &tracks, &FinishedCells { folder, cells: &cells })?;
    results.audits = findings(workbench, folder)?;
    results.caveats.extend(results.audits.iter().filter_map(Finding::caveat));
    files::write_json(&folder.results_file(), &results)?;
    Ok(results)
}

/// The cells of a study folder, read one at a time.
struct FinishedCells<'a> {
    folder: &'a StudyFolder,
    cells: &'a [Cell],
}

impl CellSource for FinishedCells<'_> {
    fn cells(&self) -> Vec<&Cell> {
        self.cells.iter().collect()
    }

    fn training(&self, cell_idx: usize) -> Result<CellTraining, Fault> {
        let cell = &self.cells[cell_idx];
        let Some(finished) = self.folder.finished(cell)? else {
            return Err(Fault::data(self.folder.run_folder(cell).display(), "this cell is not finished")
                .hint("`howfar run` goes on with the study; `howfar status` shows how far it is"));
        };
        Ok(CellTraining { n_pictures: finished.n_training_pictures })
    }

    fn read(&self, cell_idx: usize, parts: &[Part], each: &mut dyn FnMut(PredictionRef<'_>)) -> Result<(), Fault> {
        for_each_prediction(&self.folder.run_folder(&self.cells[cell_idx]).join("predictions.parquet"), parts, each)
    }
}
