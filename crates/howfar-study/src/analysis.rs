//! From finished cells to `choice.json` and `results.json`.
//!
//! In: a loaded study and its study folder. Out: the choices, made from validation predictions alone, then the results
//! and one more look in `looks.json`, unless it is the same look again.

use std::collections::BTreeMap;

use howfar_evaluate::{
    Caveat, CellSource, CellTraining, Choice, Choosers, Finding, Looks, Results, StudyFacts, TrackPlan, analyse_from,
    choose_all,
};
use howfar_face::{Fault, files};
use howfar_protocol::{Cell, Compared, MixtureRatio, Part, Plan, PredictionRef, Track, Treatment, for_each_prediction};
use howfar_train::read_epochs;
use serde::{Deserialize, Serialize};

use crate::audit::findings;
use crate::facts::study_facts;
use crate::finished_cell::FinishedCell;
use crate::folder::StudyFolder;
use crate::groups::Groups;
use crate::loaded_study::LoadedStudy;
use crate::run_cell::FIRST_STAGE;
use crate::unlike::unlike_preprocessing;

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

const CHOICE_FORMAT: (&str, u32) = ("howfar choice", 3);

/// Chooses k for every track from what those who choose say in the plan's cells; no other prediction is read.
pub(crate) fn choose(loaded: &LoadedStudy, folder: &StudyFolder) -> Result<Vec<TrackChoice>, Fault> {
    let cells = FinishedCells::new(loaded.plan(), folder, &loaded.plan().cells);
    let choices = choose_all(track_plans(loaded), &choosers(loaded, &study_facts(loaded)), &cells)?;
    Ok(choices.into_iter().map(|(track, choice)| TrackChoice { track, choice }).collect())
}

fn choosers(loaded: &LoadedStudy, facts: &StudyFacts) -> Choosers {
    let choose = &loaded.study().choose;
    Choosers::of(facts, &choose.on, choose.rule)
}

fn track_plans(loaded: &LoadedStudy) -> Vec<TrackPlan> {
    let plan = |track: Track| TrackPlan {
        model: None,
        n_parameters: howfar_train::n_parameters(&track.network, loaded.pool()),
        curve: loaded.study().curve(&track),
        track,
    };
    loaded.plan().tracks().into_iter().map(plan).collect()
}

/// Where each track's controls are run, and beside what.
pub(crate) fn compared(choices: &[TrackChoice]) -> Vec<Compared> {
    let compared = |TrackChoice { track, choice }: &TrackChoice| {
        let at = |k| choice.at(k, track.source.as_deref());
        Compared { track: track.clone(), baseline: at(MixtureRatio::ZERO), mix: at(choice.compared) }
    };
    choices.iter().map(compared).collect()
}

/// Writes the choices before anything that test people or unseen databases say is counted.
pub(crate) fn write_choices(folder: &StudyFolder, choices: &[TrackChoice]) -> Result<(), Fault> {
    let (format, version) = CHOICE_FORMAT;
    let choices = Choices { format: format.to_owned(), version, choices: choices.to_vec() };
    files::write_json(&folder.choice_file(), &choices)
}

/// The cells of a plan and, once `choice.json` is there, the controls at the chosen k.
pub fn all_cells(plan: &Plan, folder: &StudyFolder) -> Result<Vec<Cell>, Fault> {
    Ok(with_controls(plan, &read_choices(folder)?))
}

/// The choices that `choice.json` has; none before it is there.
pub(crate) fn read_choices(folder: &StudyFolder) -> Result<Vec<TrackChoice>, Fault> {
    if !files::is_there(&folder.choice_file())? {
        return Ok(Vec::new());
    }
    let (format, version) = CHOICE_FORMAT;
    Ok(files::read_json::<Choices>(&folder.choice_file(), format, version)?.choices)
}

fn with_controls(plan: &Plan, choices: &[TrackChoice]) -> Vec<Cell> {
    plan.cells.iter().cloned().chain(plan.controls(&compared(choices))).collect()
}

/// Computes the results from the predictions of all cells and writes `results.json`.
pub fn analyse(loaded: &LoadedStudy, folder: &StudyFolder) -> Result<Results, Fault> {
    let choices = choose(loaded, folder)?;
    write_choices(folder, &choices)?;
    let cells = with_controls(loaded.plan(), &choices);
    let finished = FinishedCells::with_groups(loaded, folder, &cells);
    let facts = study_facts(loaded);
    let choosers = choosers(loaded, &facts);
    let mut results = analyse_from(facts, &choosers, &track_plans(loaded), &finished)?;
    results.caveats.extend(exchange_saw_everybody(loaded));
    results.caveats.extend(weights_unknown(loaded));
    results.caveats.extend(unlike_preprocessing(&loaded.plan().sets));
    results.audits = findings(loaded, folder)?;
    results.caveats.extend(results.audits.iter().filter_map(Finding::caveat));
    let mut looks = folder.read_looks()?.unwrap_or_else(Looks::none);
    looks.note(&results, cells.iter().map(Cell::name));
    files::write_json(&folder.looks_file(), &looks)?;
    files::write_json(&folder.results_file(), &results)?;
    Ok(results)
}

/// What a learning curve over fewer people cannot say where a generator saw all of them.
fn exchange_saw_everybody(loaded: &LoadedStudy) -> Option<Caveat> {
    let sets: Vec<&str> = loaded.sets_that_saw_the_absent().into_iter().collect();
    (!sets.is_empty()).then(|| Caveat {
        code: "exchange-saw-everybody".to_owned(),
        text: format!(
            "The generator of {} saw training people. Where fewer are asked what they are worth, its faces of those \
                who are left out are \
             not mixed in, so the curve of fewer people is one of other faces than that of all.",
            sets.join(", ")
        ),
        advice: "For an exchange rate mix in faces of a generator that saw none of these people.".to_owned(),
    })
}

/// Weights of other programs may have learnt from those who judge.
fn weights_unknown(loaded: &LoadedStudy) -> Option<Caveat> {
    let names = loaded.weights_of_unknown_lineage();
    (!names.is_empty()).then(|| Caveat {
        code: "weights-unknown".to_owned(),
        text: format!("Nothing is known of whom the weights {} have learnt from.", names.join(", ")),
        advice:
            "If they were trained on people or databases that are held out here, the figures are too high: ask whom \
                they saw."
                .to_owned(),
    })
}

/// The cells of a study folder, read one at a time.
pub(crate) struct FinishedCells<'a> {
    folder: &'a StudyFolder,
    cells: &'a [Cell],
    /// What sets are called in the plan, by what they go by in predictions.
    names: BTreeMap<String, String>,
    /// Those of the faces; none where they are not asked for.
    groups: Groups<'a>,
}

impl<'a> FinishedCells<'a> {
    /// With the groups of all faces.
    pub(crate) fn with_groups(loaded: &'a LoadedStudy, folder: &'a StudyFolder, cells: &'a [Cell]) -> Self {
        FinishedCells { groups: Groups::of(loaded), ..Self::new(loaded.plan(), folder, cells) }
    }

    fn new(plan: &Plan, folder: &'a StudyFolder, cells: &'a [Cell]) -> Self {
        let names = plan.sets.iter().map(|set| (set.id(), set.info.name.clone())).collect();
        FinishedCells { folder, cells, names, groups: Groups::default() }
    }
}

impl CellSource for FinishedCells<'_> {
    fn group(&self, set: &str, row: u64) -> Option<&str> {
        self.groups.get(set, row)
    }

    fn cells(&self) -> Vec<&Cell> {
        self.cells.iter().collect()
    }

    fn training(&self, cell_idx: usize) -> Result<CellTraining, Fault> {
        let cell = &self.cells[cell_idx];
        let Some(finished) = self.folder.finished(cell)? else {
            return Err(Fault::data(self.folder.run_folder(cell).display(), "this cell is not finished")
                .hint("`howfar run` goes on with the study; `howfar status` shows how far it is"));
        };
        training(self.folder, cell, &finished, self.cells)
    }

    fn read(&self, cell_idx: usize, parts: &[Part], each: &mut dyn FnMut(PredictionRef<'_>)) -> Result<(), Fault> {
        for file in self.folder.prediction_files(&self.cells[cell_idx], parts) {
            let mut unknown = None;
            for_each_prediction(&file, parts, |prediction| match self.names.get(prediction.set) {
                Some(set) => each(PredictionRef { set, ..prediction }),
                None => unknown = Some(prediction.set.to_owned()),
            })?;
            if let Some(set) = unknown {
                return Err(Fault::data(file.display(), "a prediction is of a set that is none of the study's")
                    .found(set)
                    .hint("delete the cell's folder and run the study again"));
            }
        }
        Ok(())
    }
}

/// What a cell's network saw. Of two stages the first sees added faces, in epochs of its own, the second those of the
/// baseline.
fn training(folder: &StudyFolder, cell: &Cell, finished: &FinishedCell, cells: &[Cell]) -> Result<CellTraining, Fault> {
    let n_all = finished.n_training_pictures;
    let mut stages = vec![(n_all, finished.n_epochs)];
    let of_first_stage = folder.run_folder(cell).join(FIRST_STAGE);
    if of_first_stage.is_dir() {
        let baseline = Treatment { people_percent: cell.treatment.people_percent, ..Treatment::BASELINE };
        let is_it = |other: &&Cell| other.treatment == baseline && other.is_paired_with(cell);
        let baseline = cells.iter().find(is_it).map(|cell| folder.finished(cell)).transpose()?.flatten();
        let n_labelled = baseline.map_or(0, |cell| cell.n_training_pictures).min(n_all);
        let n_epochs = read_epochs(&of_first_stage, &cell.settings)?.len() as u32;
        stages = vec![(n_all - n_labelled, n_epochs), (n_labelled, finished.n_epochs)];
    }
    let batch = cell.settings.batch as usize;
    // What the file says may be any number.
    let sum = |size: &dyn Fn(usize) -> usize| {
        let of_stages = stages.iter().map(|(n, epochs)| (size(*n) as u64).saturating_mul(u64::from(*epochs)));
        of_stages.fold(0, u64::saturating_add)
    };
    Ok(CellTraining {
        n_pictures: n_all,
        n_pictures_seen: sum(&|n| n),
        n_steps: sum(&|n| n.div_ceil(batch)),
        n_epochs: finished.n_epochs,
        kept_epoch: finished.kept_epoch,
    })
}
