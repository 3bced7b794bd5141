//! One cell from start to finish: train, predict, leave `finished.json`. Safe to start twice and after any stop.
//!
//! In: a loaded study and a cell. Out: `runs/<cell>/` with `run.json`, `epochs.jsonl`, `model.safetensors`,
//! `predictions.parquet`, `timing.json` and, last, `finished.json`. No score on test or unseen faces is computed here.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use howfar_face::{FaceStore, Fault, files};
use howfar_protocol::{Cell, Mixture, Part, Prediction, SetInput, Treatment, most_probable, write_predictions};
use howfar_train::{Classifier, Event, Model, Trained, TrainingInputs, predict, train};
use serde::{Deserialize, Serialize};

use crate::asked::{AskedFace, own_parts, unseen_faces};
use crate::failed_cell::FailedCell;
use crate::finished_cell::FinishedCell;
use crate::folder::{FINISHED, OWN_PREDICTIONS, StudyFolder};
use crate::lease::{self, Lease};
use crate::loaded_study::LoadedStudy;
use crate::presence::Presence;
use crate::requested_program::Program;

/// What became of an attempt to run a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellOutcome {
    /// It was finished before.
    WasFinished,
    /// It is finished now.
    Finished,
    /// Another process works on it.
    Busy,
}

/// `runs/<cell>/timing.json`: what a machine took, kept apart from what a study claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CellTiming {
    /// Always `howfar cell timing`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// Training and prediction of the last start that finished the cell.
    pub seconds: f64,
    /// Pictures trained on in that time.
    pub n_pictures: u64,
}

impl CellTiming {
    const FORMAT: (&'static str, u32) = ("howfar cell timing", 1);
}

/// Runs a cell unless it is finished or another process is at it. `slot` counts the cells that run beside each other
/// here; it decides which GPUs a program has. `watch` is told of every epoch and its number of pictures. An error is
/// kept in the cell's folder until an attempt ends otherwise.
pub fn run_cell(
    loaded: &LoadedStudy,
    folder: &StudyFolder,
    presence: &Presence,
    (cell, slot): (&Cell, usize),
    watch: &mut dyn FnMut(&Event, u64) -> ControlFlow<()>,
) -> Result<CellOutcome, Fault> {
    if folder.finished(cell)?.is_some() {
        lease::sweep(&folder.run_folder(cell), presence)?;
        return Ok(CellOutcome::WasFinished);
    }
    let run_folder = folder.run_folder(cell);
    let Some(mut lease) = Lease::take(&run_folder, presence)? else { return Ok(CellOutcome::Busy) };
    if folder.finished(cell)?.is_some() {
        return Ok(CellOutcome::WasFinished);
    }
    FailedCell::forget(&run_folder)?;
    let mut is_lost = false;
    let attempt = attempt(loaded, folder, (cell, slot), &mut |event, n_pictures| {
        // Where the disk does not answer, the next file says so.
        is_lost |= !lease.is_held().unwrap_or(true);
        let asked = watch(event, n_pictures);
        if is_lost { ControlFlow::Break(()) } else { asked }
    });
    match attempt {
        // This process stood still so long that another one took the cell over.
        Err(_) if is_lost || !lease.is_newest().unwrap_or(true) => {
            if folder.finished(cell)?.is_some() {
                [run_folder.join(FIRST_STAGE), run_folder]
                    .iter()
                    .try_for_each(|f| howfar_train::forget_checkpoint(f))?;
            }
            Ok(CellOutcome::Busy)
        }
        Err(fault) => {
            // The error itself is what is told, should this not be written either.
            let _ = FailedCell::write(&run_folder, &fault);
            Err(fault)
        }
        Ok(()) => Ok(CellOutcome::Finished),
    }
}

/// Whether whoever is at a cell lives. Waits for the sign of it, so that a process that looks once and ends follows one
/// that died on another machine, too; `is_over` ends the wait, as if it lived.
pub fn is_at_work(
    folder: &StudyFolder,
    presence: &Presence,
    cell: &Cell,
    is_over: &dyn Fn() -> bool,
) -> Result<bool, Fault> {
    match lease::holder(&folder.run_folder(cell))? {
        Some(holder) => presence.waits_to_see(&holder, is_over),
        None => Ok(false),
    }
}

fn attempt(
    loaded: &LoadedStudy,
    folder: &StudyFolder,
    (cell, slot): (&Cell, usize),
    watch: &mut dyn FnMut(&Event, u64) -> ControlFlow<()>,
) -> Result<(), Fault> {
    if cell.settings.network.network().is_none() {
        return run_program(loaded, folder, (cell, slot), watch);
    }
    let model = match folder.trained(cell)? {
        Some(_) => Model::load(&folder.run_folder(cell).join(MODEL))?,
        None => train_and_predict(loaded, folder, cell, watch)?,
    };
    judge(loaded, folder, cell, &model)
}

/// Has a program train a cell and predict all that the cell is asked about.
fn run_program(
    loaded: &LoadedStudy,
    folder: &StudyFolder,
    (cell, slot): (&Cell, usize),
    watch: &mut dyn FnMut(&Event, u64) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let run_folder = folder.run_folder(cell);
    let Some(program) = Program::of(loaded.study())? else {
        return Err(Fault::data("[train]", "the study has no program").expected("command"));
    };
    files::write_json(&run_folder.join("run.json"), &run_json(cell))?;
    let started = Instant::now();
    let mixture = loaded.mixture(cell)?;
    let done = program.train((loaded, cell, &mixture), &run_folder, slot, watch)?;
    let answer = |is_of_unseen: bool, faces: &[usize]| {
        faces.iter().map(|face| done.answer.of(AskedFace { is_of_unseen, face: *face })).collect::<Vec<_>>()
    };
    for (part, id, faces) in unseen_faces(loaded, cell) {
        let file = folder.asked_file(cell, part, id);
        let ids = [id.to_owned()];
        let predictions = predictions(part, &loaded.unseen_pool, &ids, &faces, answer(true, &faces));
        write_predictions(&file, loaded.unseen_pool.classes(), &predictions)?;
    }
    let ids: Vec<String> = loaded.plan().sets.iter().map(SetInput::id).collect();
    let mut own = Vec::new();
    for (part, faces) in own_parts(loaded, cell, &mixture)? {
        own.extend(predictions(part, loaded.pool(), &ids, &faces, answer(false, &faces)));
    }
    write_predictions(&run_folder.join(OWN_PREDICTIONS), loaded.pool().classes(), &own)?;
    let n_pictures = mixture.len() as u64 * u64::from(done.n_epochs);
    write_timing(&run_folder, started, n_pictures)?;
    finish(&run_folder, &mixture, done.n_epochs, done.n_epochs)
}

/// Where the first of two stages is trained.
pub(crate) const FIRST_STAGE: &str = "pretraining";
/// The weights that a cell keeps.
pub(crate) const MODEL: &str = "model.safetensors";

/// Trains a cell's network, predicts the faces of its own sets, and leaves `finished.json` last.
fn train_and_predict(
    loaded: &LoadedStudy,
    folder: &StudyFolder,
    cell: &Cell,
    watch: &mut dyn FnMut(&Event, u64) -> ControlFlow<()>,
) -> Result<Model, Fault> {
    let run_folder = folder.run_folder(cell);
    files::write_json(&run_folder.join("run.json"), &run_json(cell))?;
    let started = Instant::now();
    let mut mixture = loaded.mixture(cell)?;
    if mixture.is_curated() {
        mixture = curated(loaded, folder, cell, mixture)?;
    }
    let mut n_pictures = 0;
    let mut watch = |event: &Event, n: u64| {
        n_pictures += n;
        watch(event, n)
    };
    let trained = train_cell(loaded, cell, &mixture, &run_folder, &mut watch)?;
    let model = trained.model.with_lineage(loaded.lineage(cell, &mixture)?);
    model.save(&run_folder.join(MODEL))?;
    let predictions = predict_own(loaded, cell, &mixture, &model)?;
    write_predictions(&run_folder.join(OWN_PREDICTIONS), loaded.pool().classes(), &predictions)?;
    write_timing(&run_folder, started, n_pictures)?;
    finish(&run_folder, &mixture, trained.kept_epoch, trained.n_epochs)?;
    Ok(model)
}

/// Asks a trained network about every set that chooses or is unseen and that it was not asked about before, a file
/// each.
fn judge(loaded: &LoadedStudy, folder: &StudyFolder, cell: &Cell, model: &Model) -> Result<(), Fault> {
    for (part, id, faces) in unseen_faces(loaded, cell) {
        let file = folder.asked_file(cell, part, id);
        if files::is_there(&file)? {
            continue;
        }
        let pool = &loaded.unseen_pool;
        let predictions = predict_part(part, model, pool, &[id.to_owned()], &faces)?;
        write_predictions(&file, pool.classes(), &predictions)?;
    }
    Ok(())
}

/// Trains on the mixture, in its stages where it has some.
fn train_cell(
    loaded: &LoadedStudy,
    cell: &Cell,
    mixture: &Mixture,
    run_folder: &Path,
    watch: &mut dyn FnMut(&Event, u64) -> ControlFlow<()>,
) -> Result<Trained, Fault> {
    let validation = loaded.validating(cell, mixture)?;
    let begun = cell.settings.start.as_ref().and_then(|start| loaded.starts.get(&start.name));
    let begun = begun.map(|weights| weights.begin(&mut loaded.seeds(cell.seed_idx).stream("weights", &[])));
    let mut train_on = |mixture: &Mixture, start: Option<&Classifier>, folder: &Path| {
        let inputs = TrainingInputs {
            pool: loaded.pool(),
            mixture,
            validation: &validation,
            settings: &cell.settings,
            seeds: loaded.seeds(cell.seed_idx),
            start,
            folder,
            preprocessing: &loaded.preprocessing,
        };
        train(&inputs, &mut |event| watch(event, mixture.len() as u64))
    };
    let Some([first, last]) = mixture.stages() else {
        return train_on(mixture, begun.as_ref(), run_folder);
    };
    let folder = run_folder.join(FIRST_STAGE);
    files::create_folder(&folder)?;
    let weights = folder.join("model.safetensors");
    if !files::is_there(&weights)? {
        train_on(&first, begun.as_ref(), &folder)?.model.save(&weights)?;
    }
    train_on(&last, Some(Model::load(&weights)?.classifier()), run_folder)
}

/// Without the generated faces whose label the `real` network of the same split and seed does not see. That network has
/// seen training people alone, so nothing of those who validate or test reaches the mixture.
fn curated(loaded: &LoadedStudy, folder: &StudyFolder, cell: &Cell, mixture: Mixture) -> Result<Mixture, Fault> {
    let is_judge = |other: &&Cell| other.treatment == Treatment::BASELINE && other.is_paired_with(cell);
    let judge = loaded.plan().cells.iter().find(is_judge).filter(|judge| matches!(folder.finished(judge), Ok(Some(_))));
    let Some(judge) = judge else {
        return Err(Fault::data(
            folder.run_folder(cell).display(),
            "the network that judges the labels is not there yet",
        )
        .expected("the finished `real` cell of the same split and seed")
        .hint("run the cells that choose k first"));
    };
    let model = Model::load(&folder.run_folder(judge).join(MODEL))?;
    let mut faces: Vec<usize> = mixture.added().iter().map(|item| item.face).collect();
    faces.sort_unstable();
    faces.dedup();
    let seen = predict(&model, loaded.pool(), &faces)?;
    let agrees = |(face, seen): &(usize, Vec<f32>)| most_probable(seen) == loaded.pool().face(*face).labels.label;
    let kept: BTreeSet<usize> = faces.into_iter().zip(seen).filter(agrees).map(|(face, _)| face).collect();
    Ok(mixture.keep_added(|face| kept.contains(&face)))
}

fn run_json(cell: &Cell) -> serde_json::Value {
    serde_json::json!({"format": "howfar run", "version": 1, "name": cell.name(), "cell": cell})
}

fn write_timing(run_folder: &Path, started: Instant, n_pictures: u64) -> Result<(), Fault> {
    let (format, version) = CellTiming::FORMAT;
    let seconds = started.elapsed().as_secs_f64();
    let timing = CellTiming { format: format.to_owned(), version, seconds, n_pictures };
    files::write_json(&run_folder.join("timing.json"), &timing)
}

fn finish(run_folder: &Path, mixture: &Mixture, kept_epoch: u32, n_epochs: u32) -> Result<(), Fault> {
    let (format, version) = FinishedCell::FORMAT;
    let finished =
        FinishedCell { format: format.to_owned(), version, n_training_pictures: mixture.len(), kept_epoch, n_epochs };
    files::write_json(&run_folder.join(FINISHED), &finished)
}

/// What the kept network says of them.
fn predict_own(loaded: &LoadedStudy, cell: &Cell, mixture: &Mixture, model: &Model) -> Result<Vec<Prediction>, Fault> {
    let ids: Vec<String> = loaded.plan().sets.iter().map(SetInput::id).collect();
    let mut predictions = Vec::new();
    for (part, faces) in own_parts(loaded, cell, mixture)? {
        predictions.extend(predict_part(part, model, loaded.pool(), &ids, &faces)?);
    }
    Ok(predictions)
}

fn predict_part(
    part: Part,
    model: &Model,
    pool: &FaceStore,
    ids: &[String],
    faces: &[usize],
) -> Result<Vec<Prediction>, Fault> {
    Ok(predictions(part, pool, ids, faces, predict(model, pool, faces)?))
}

/// Sets go by their content in predictions: a set that is called otherwise is the same one. `ids` are theirs, in the
/// pool's order; where there is one, it is that of all faces.
fn predictions(
    part: Part,
    pool: &FaceStore,
    ids: &[String],
    faces: &[usize],
    probabilities: Vec<Vec<f32>>,
) -> Vec<Prediction> {
    let prediction = |(face_idx, probabilities): (&usize, Vec<f32>)| {
        let face = pool.face(*face_idx);
        Prediction {
            part,
            set: if let [id] = ids { id.clone() } else { ids[face.set_idx].clone() },
            row: face.row,
            subject: face.labels.subject.clone(),
            label: face.labels.label,
            probabilities,
        }
    };
    faces.iter().zip(probabilities).map(prediction).collect()
}

/// What a finished cell took, in seconds, where its file says it.
pub(crate) fn cell_seconds(run_folder: &Path) -> Option<f64> {
    let (format, version) = CellTiming::FORMAT;
    files::read_json::<CellTiming>(&run_folder.join("timing.json"), format, version).ok().map(|timing| timing.seconds)
}

/// What a finished cell took.
#[derive(Debug, Clone, PartialEq)]
pub struct CellTimes {
    /// The cell's name.
    pub name: String,
    /// Training and prediction, in seconds.
    pub seconds: f64,
    /// Training pictures in each of them.
    pub images_per_second: f64,
    /// Epochs that were run.
    pub n_epochs: u32,
    /// The epoch whose weights were kept, from 1.
    pub kept_epoch: u32,
}

/// The times of these cells, as far as they are finished.
pub fn cell_times(folder: &StudyFolder, cells: &[Cell]) -> Result<Vec<CellTimes>, Fault> {
    let mut times = Vec::new();
    for cell in cells {
        let file = folder.run_folder(cell).join("timing.json");
        let Some(finished) = folder.finished(cell)?.filter(|_| file.is_file()) else { continue };
        let (format, version) = CellTiming::FORMAT;
        let timing: CellTiming = files::read_json(&file, format, version)?;
        times.push(CellTimes {
            name: cell.name(),
            seconds: timing.seconds,
            images_per_second: timing.n_pictures as f64 / timing.seconds.max(1e-9),
            n_epochs: finished.n_epochs,
            kept_epoch: finished.kept_epoch,
        });
    }
    Ok(times)
}
