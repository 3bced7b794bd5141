//! From finished cells to `choice.json` and `results.json`.
//!
//! In: a workbench and its study folder. Out: the choices, made from validation predictions alone, then the results.

use howfar_evaluate::{Caveat, CellPredictions, Choice, Finding, Results, choose_k};
use howfar_face::{Fault, files};
use howfar_protocol::{Cell, MixtureRatio, Plan, Track};
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

/// Chooses k for every track from the validation predictions of the plan's cells.
pub(crate) fn choose(workbench: &Workbench, folder: &StudyFolder) -> Result<Vec<TrackChoice>, Fault> {
    let cells = read_cells(workbench, folder, &workbench.plan().cells)?;
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
    let predictions = read_cells(workbench, folder, &with_controls(workbench.plan(), &choices))?;
    let with_parameters = |track: Track| {
        let n_parameters = howfar_train::n_parameters(track.network, workbench.pool());
        (track, n_parameters)
    };
    let tracks: Vec<(Track, usize)> = workbench.plan().tracks().into_iter().map(with_parameters).collect();
    let mut results = howfar_evaluate::analyse(study_facts(workbench), &tracks, &predictions);
    results.caveats.extend(exchange_saw_everybody(workbench));
    results.audits = findings(workbench, folder)?;
    results.caveats.extend(results.audits.iter().filter_map(Finding::caveat));
    files::write_json(&folder.results_file(), &results)?;
    Ok(results)
}

/// What a learning curve over fewer people cannot say where a generator saw all of them.
fn exchange_saw_everybody(workbench: &Workbench) -> Option<Caveat> {
    let sets: Vec<&str> = workbench.sets_that_saw_the_absent().into_iter().collect();
    (!sets.is_empty()).then(|| Caveat {
        code: "exchange-saw-everybody".to_owned(),
        text: format!(
            "The generator of {} saw training people. Where fewer are asked what they are worth, its faces of those who are left out are \
             not mixed in, so the curve of fewer people is one of other faces than that of all.",
            sets.join(", ")
        ),
        advice: "For an exchange rate mix in faces of a generator that saw none of these people.".to_owned(),
    })
}

fn read_cells(workbench: &Workbench, folder: &StudyFolder, cells: &[Cell]) -> Result<Vec<CellPredictions>, Fault> {
    let read = |cell: &Cell| {
        let Some(finished) = folder.finished(cell)? else {
            return Err(Fault::data(folder.run_folder(cell).display(), "this cell is not finished")
                .hint("`howfar run` goes on with the study; `howfar status` shows how far it is"));
        };
        let predictions = folder.predictions(workbench.plan(), cell)?;
        let n_training_pictures = finished.n_training_pictures;
        Ok(CellPredictions { cell: cell.clone(), n_training_pictures, predictions })
    };
    cells.iter().map(read).collect()
}
