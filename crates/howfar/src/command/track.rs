//! `howfar study track STUDY --to tensorboard:FOLDER`: a study's trainings where trackers look for them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use howfar_evaluate::Results;
use howfar_face::Fault;
use howfar_protocol::{Cell, Plan, TrainingSettings};
use howfar_study::{CellFigures, StudyEvent, StudyFolder, all_cells};
use howfar_track::{EpochFigures, Setting, TrackedRun, Tracker};
use howfar_train::EpochRecord;
use serde_json::{Value, json};

use crate::command::study_args::StudyPlace;
use crate::console::Console;

/// Write a study's trainings for TensorBoard or MLflow: a run a cell, and one with what came of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar study track my-study --to tensorboard:logs
  howfar study track my-study --to mlflow:http://127.0.0.1:5000

Cells that are there already are left alone; what is finished since is added. `howfar run --track` does it as cells \
are finished. docs/tracking.md shows how to look at them.")]
pub struct Args {
    #[command(flatten)]
    study: StudyPlace,
    /// Where to: tensorboard:FOLDER or mlflow:http://HOST:PORT; several times if you like.
    #[arg(long, value_name = "TRACKER", required = true)]
    to: Vec<String>,
}

/// Writes every finished cell that is not there yet, and the results.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::open(&args.study.folder()?)?;
    let plan = folder.read_plan()?;
    let trackers = args.to.iter().map(|text| Tracker::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let mut n_written = 0;
    for cell in all_cells(&plan, &folder)? {
        n_written += usize::from(write_cell(&trackers, &folder, &plan, &cell)?);
    }
    let has_results = folder.results_file().is_file();
    if has_results {
        write_results(&trackers, &folder, &folder.read_results()?)?;
    }
    if console.json() {
        console.answer_json(&json!({"cells": n_written, "results": has_results}));
    } else {
        let results = if has_results { ", and the results" } else { "; there are no results yet" };
        console.answer(&format!("{n_written} cells{results}"));
    }
    Ok(())
}

/// The run with what came of a study.
pub const RESULTS: &str = "results";

/// What trackers are told while a study runs. One that cannot be written does not keep the study from going on.
pub struct Tracking<'a> {
    trackers: &'a [Tracker],
    folder: &'a StudyFolder,
    plan: &'a Plan,
    console: &'a Console,
    /// Of each cell that has started, by its place in the stage.
    cells: Mutex<HashMap<usize, Box<Cell>>>,
    /// One that does not answer would hold up every cell for as long as it is waited for.
    is_given_up: AtomicBool,
}

impl<'a> Tracking<'a> {
    /// Nobody is told anything yet.
    pub fn new(trackers: &'a [Tracker], folder: &'a StudyFolder, plan: &'a Plan, console: &'a Console) -> Self {
        Tracking { trackers, folder, plan, console, cells: Mutex::default(), is_given_up: AtomicBool::new(false) }
    }

    /// A cell that is finished is written; threads may call it at the same time.
    pub fn tell(&self, event: StudyEvent) {
        let mut cells = self.cells.lock().expect("a map does not panic");
        match event {
            StudyEvent::Stage { .. } => cells.clear(),
            StudyEvent::Started { cell_idx, cell } => drop(cells.insert(cell_idx, cell)),
            StudyEvent::Finished { cell_idx, .. } => {
                let Some(cell) = cells.remove(&cell_idx) else { return };
                drop(cells);
                if self.is_given_up.load(Ordering::Relaxed) {
                    return;
                }
                if let Err(fault) = write_cell(self.trackers, self.folder, self.plan, &cell)
                    && !self.is_given_up.swap(true, Ordering::Relaxed)
                {
                    self.console.warn(&format!("not tracked until the study's end: {fault}"));
                }
            }
            StudyEvent::Epoch { .. } | StudyEvent::Waiting { .. } => {}
        }
    }

    /// Writes what is not there yet, of other processes and of earlier runs, and the results.
    pub fn finish(&self, results: &Results) -> Result<(), Fault> {
        if self.trackers.is_empty() {
            return Ok(());
        }
        for cell in all_cells(self.plan, self.folder)? {
            write_cell(self.trackers, self.folder, self.plan, &cell)?;
        }
        write_results(self.trackers, self.folder, results)
    }
}

/// Writes a cell to the trackers that lack it, if it is finished; whether there was anything to write.
fn write_cell(trackers: &[Tracker], folder: &StudyFolder, plan: &Plan, cell: &Cell) -> Result<bool, Fault> {
    let (experiment, name) = (&plan.study.name, cell.name());
    let mut lacking = Vec::new();
    for tracker in trackers {
        if !tracker.has(experiment, &name)? {
            lacking.push(tracker);
        }
    }
    if lacking.is_empty() {
        return Ok(false);
    }
    let Some(figures) = CellFigures::read(folder, plan, cell)? else { return Ok(false) };
    let mut settings = BTreeMap::new();
    flatten("", &serde_json::to_value(cell).unwrap_or_default(), &mut settings);
    let run = TrackedRun {
        experiment: experiment.clone(),
        name,
        ended: figures.ended,
        settings,
        epochs: epoch_figures(&figures.epochs, &figures.seconds),
        results: figures.accuracy.into_iter().map(|(name, share)| (format!("accuracy/{name}"), share)).collect(),
        pictures: Vec::new(),
        files: vec![figures.folder.join("model.safetensors")].into_iter().filter(|path| path.is_file()).collect(),
    };
    lacking.into_iter().try_for_each(|tracker| tracker.write(&run))?;
    Ok(true)
}

fn epoch_figures(epochs: &[EpochRecord], seconds: &HashMap<u32, f64>) -> Vec<EpochFigures> {
    let figures = |record: &EpochRecord| EpochFigures {
        epoch: record.epoch,
        seconds: seconds.get(&record.epoch).copied().unwrap_or_default(),
        figures: vec![
            ("loss/training", record.training_loss),
            ("loss/validation", record.validation_loss),
            ("epoch_accuracy/validation", record.validation_accuracy),
        ],
    };
    epochs.iter().map(figures).collect()
}

/// The experiment of trainings by hand.
pub const BY_HAND: &str = "howfar train";

/// Writes a training that is no study's: its settings, its epochs, what it reached and the model.
pub fn write_training(
    trackers: &[Tracker],
    (model, settings): (&Path, &TrainingSettings),
    (history, kept_epoch): (&[EpochRecord], u32),
    seconds: &HashMap<u32, f64>,
) -> Result<(), Fault> {
    let mut named = BTreeMap::new();
    flatten("", &serde_json::to_value(settings).unwrap_or_default(), &mut named);
    let kept = history.iter().find(|record| record.epoch == kept_epoch);
    let run = TrackedRun {
        experiment: BY_HAND.to_owned(),
        name: training_name(model),
        ended: SystemTime::now(),
        settings: named,
        epochs: epoch_figures(history, seconds),
        results: kept.map(|kept| ("accuracy/validation".to_owned(), kept.validation_accuracy)).into_iter().collect(),
        pictures: Vec::new(),
        files: vec![model.to_owned()],
    };
    trackers.iter().try_for_each(|tracker| tracker.write(&run))
}

/// A training by hand goes by its model's name.
pub fn training_name(model: &Path) -> String {
    model.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// What came of the study: differences with the ends of their intervals, the report, its sheets.
fn write_results(trackers: &[Tracker], folder: &StudyFolder, results: &Results) -> Result<(), Fault> {
    let mut settings = BTreeMap::new();
    let mut figures = BTreeMap::new();
    for (i, track) in results.recipes.iter().enumerate() {
        let of = if results.recipes.len() == 1 { String::new() } else { format!("{}/", i + 1) };
        settings.insert(format!("{of}answer"), Setting::Text(track.answer.clone()));
        for claim in &track.claims {
            let place = format!("{of}{}/{}", claim.part.name(), claim.set);
            figures.insert(format!("gain_points/{place}"), claim.difference_points);
            if let Some([low, high]) = claim.interval_points {
                figures.insert(format!("gain_points_low/{place}"), low);
                figures.insert(format!("gain_points_high/{place}"), high);
            }
            figures.insert(format!("k/{place}"), claim.treatment.k.value());
        }
    }
    let root = folder.root();
    let sheets = std::fs::read_dir(root.join("sheets")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut sheets: Vec<_> = sheets.filter(|path| path.extension().is_some_and(|ending| ending == "png")).collect();
    sheets.sort();
    let named =
        |path: &PathBuf| (format!("faces/{}", path.file_stem().unwrap_or_default().to_string_lossy()), path.clone());
    let written = std::fs::metadata(folder.results_file()).and_then(|data| data.modified());
    let run = TrackedRun {
        experiment: results.study.name.clone(),
        name: RESULTS.to_owned(),
        ended: written.map_err(|e| Fault::io(&folder.results_file(), "read", &e))?,
        settings,
        epochs: Vec::new(),
        results: figures,
        pictures: sheets.iter().map(named).collect(),
        files: ["report.html", "results.json"]
            .map(|name| root.join(name))
            .into_iter()
            .filter(|p| p.is_file())
            .collect(),
    };
    trackers.iter().try_for_each(|tracker| tracker.write(&run))
}

/// Numbers and words of a JSON value by the path of their keys; lists and what is not said are left out.
fn flatten(path: &str, value: &Value, settings: &mut BTreeMap<String, Setting>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                // A hash says nothing to people.
                if key != "inputs_sha256" {
                    let of = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    flatten(&of, value, settings);
                }
            }
        }
        Value::Number(number) => {
            settings.insert(path.to_owned(), Setting::Number(number.as_f64().unwrap_or_default()));
        }
        Value::String(text) => {
            settings.insert(path.to_owned(), Setting::Text(text.clone()));
        }
        Value::Bool(is_so) => {
            settings.insert(path.to_owned(), Setting::Text(is_so.to_string()));
        }
        Value::Array(_) | Value::Null => {}
    }
}
