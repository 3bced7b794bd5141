//! The layout of a study folder (`docs/formats.md`) and what state each cell in it is in.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use howfar_face::{Fault, files};
use howfar_protocol::{Cell, Plan, Prediction, read_predictions};
use serde::{Deserialize, Serialize};

use crate::run_cell::FinishedCell;

/// A study on disk.
#[derive(Debug, Clone)]
pub struct StudyFolder {
    root: PathBuf,
}

/// How far a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellState {
    /// Nothing is there.
    Waiting,
    /// A process works on it now.
    Running,
    /// Stopped on the way; the next run goes on from its checkpoint.
    Stopped,
    /// Predictions are there.
    Finished,
}

impl StudyFolder {
    /// A folder that may not exist yet.
    pub fn new(root: &Path) -> Self {
        StudyFolder { root: root.to_owned() }
    }

    /// An existing study; says what is missing otherwise.
    pub fn open(root: &Path) -> Result<Self, Fault> {
        let folder = Self::new(root);
        if !folder.plan_file().is_file() {
            return Err(Fault::data(root.display(), "there is no study here")
                .expected("a folder with plan.json in it")
                .hint("`howfar run study.toml --out FOLDER` makes one"));
        }
        Ok(folder)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `plan.json`.
    pub fn plan_file(&self) -> PathBuf {
        self.root.join("plan.json")
    }

    /// `choice.json`: the chosen k of every recipe, written before anything else is opened.
    pub fn choice_file(&self) -> PathBuf {
        self.root.join("choice.json")
    }

    /// `audit.json`.
    pub fn audit_file(&self) -> PathBuf {
        self.root.join("audit.json")
    }

    /// `results.json`.
    pub fn results_file(&self) -> PathBuf {
        self.root.join("results.json")
    }

    /// `timing.json`.
    pub fn timing_file(&self) -> PathBuf {
        self.root.join("timing.json")
    }

    /// `runs/<cell>`.
    pub fn run_folder(&self, cell: &Cell) -> PathBuf {
        self.root.join("runs").join(cell.name())
    }

    /// Reads the plan.
    pub fn read_plan(&self) -> Result<Plan, Fault> {
        let (format, version) = Plan::FORMAT;
        files::read_json(&self.plan_file(), format, version)
    }

    /// Writes the plan.
    pub fn write_plan(&self, plan: &Plan) -> Result<(), Fault> {
        files::create_folder(&self.root)?;
        files::write_json(&self.plan_file(), plan)
    }

    /// What a cell's network said of an unseen set.
    pub(crate) fn judged_file(&self, cell: &Cell, judge: &str) -> PathBuf {
        self.run_folder(cell).join(format!("unseen-{judge}.parquet"))
    }

    /// What a finished cell's network said of every face of the plan; sets go by the names that they have in it.
    pub fn predictions(&self, plan: &Plan, cell: &Cell) -> Result<Vec<Prediction>, Fault> {
        let names: BTreeMap<String, &String> = plan.sets.iter().map(|set| (set.id(), &set.info.name)).collect();
        let own = self.run_folder(cell).join(OWN_PREDICTIONS);
        let files = [own].into_iter().chain(cell.judges.iter().map(|judge| self.judged_file(cell, judge)));
        let mut predictions = Vec::new();
        for file in files {
            for prediction in read_predictions(&file)? {
                let Some(name) = names.get(&prediction.set) else {
                    return Err(Fault::data(file.display(), "a prediction is of a set that is none of the study's")
                        .found(prediction.set)
                        .hint("delete the cell's folder and run the study again"));
                };
                predictions.push(Prediction { set: (*name).clone(), ..prediction });
            }
        }
        Ok(predictions)
    }

    /// What `finished.json` of a cell says, if it is trained and all unseen sets of its plan are predicted.
    pub fn finished(&self, cell: &Cell) -> Result<Option<FinishedCell>, Fault> {
        let is_judged = cell.judges.iter().all(|judge| self.judged_file(cell, judge).is_file());
        if is_judged { self.trained(cell) } else { Ok(None) }
    }

    /// What `finished.json` of a cell says, if its training is over and its own people are predicted.
    pub(crate) fn trained(&self, cell: &Cell) -> Result<Option<FinishedCell>, Fault> {
        let file = self.run_folder(cell).join("finished.json");
        if !file.is_file() {
            return Ok(None);
        }
        let (format, version) = FinishedCell::FORMAT;
        files::read_json(&file, format, version).map(Some)
    }

    /// How far a cell is.
    pub fn state(&self, cell: &Cell) -> Result<CellState, Fault> {
        let folder = self.run_folder(cell);
        if !folder.is_dir() {
            return Ok(CellState::Waiting);
        }
        if self.finished(cell)?.is_some() {
            return Ok(CellState::Finished);
        }
        Ok(if is_locked(&folder)? { CellState::Running } else { CellState::Stopped })
    }
}

/// What a cell's network said of the study's own sets.
pub(crate) const OWN_PREDICTIONS: &str = "predictions.parquet";
const LOCK: &str = "lock";
/// Whoever looks whether a cell is locked holds it shared for a moment; so long a runner tries again.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Takes the lock of a run folder; none where another process holds it. The system releases it when its holder dies.
pub(crate) fn try_lock(run_folder: &Path) -> Result<Option<File>, Fault> {
    let path = run_folder.join(LOCK);
    let file = File::create(&path).map_err(|e| Fault::io(&path, "create", &e))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(e)) => return Err(Fault::io(&path, "lock", &e)),
        }
    }
    Ok(None)
}

/// Whether a process works in a run folder. Nothing is written, and two who look do not disturb each other.
fn is_locked(run_folder: &Path) -> Result<bool, Fault> {
    let path = run_folder.join(LOCK);
    let Ok(file) = File::open(&path) else { return Ok(false) };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(e)) => Err(Fault::io(&path, "look at the lock of", &e)),
    }
}
