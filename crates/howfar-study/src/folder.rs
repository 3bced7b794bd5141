//! The layout of a study folder (`docs/formats.md`) and what state each cell in it is in.

use std::fs::File;
use std::path::{Path, PathBuf};

use howfar_evaluate::{Looks, Results};
use howfar_face::{Fault, files};
use howfar_protocol::{Cell, Plan};
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

    /// `looks.json`: how often the faces that judge were looked at.
    pub fn looks_file(&self) -> PathBuf {
        self.root.join("looks.json")
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

    /// Reads the results; those of an older howfar say how to make them anew.
    pub fn read_results(&self) -> Result<Results, Fault> {
        let (format, version) = Results::FORMAT;
        files::read_json_since(&self.results_file(), format, version, version)
            .map_err(|fault| fault.hint("`howfar analyse STUDY` computes them anew from the predictions"))
    }

    /// The looks at the faces that judge; none where nobody counted them.
    pub fn read_looks(&self) -> Result<Option<Looks>, Fault> {
        let (format, version) = Looks::FORMAT;
        let is_there = self.looks_file().is_file();
        is_there.then(|| files::read_json(&self.looks_file(), format, version)).transpose()
    }

    /// What `finished.json` of a cell says, if it is finished.
    pub fn finished(&self, cell: &Cell) -> Result<Option<FinishedCell>, Fault> {
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
        Ok(if try_lock(&folder)?.is_some() { CellState::Stopped } else { CellState::Running })
    }
}

/// Takes the lock of a run folder; none where another process holds it. The system releases it when its holder dies.
pub(crate) fn try_lock(run_folder: &Path) -> Result<Option<File>, Fault> {
    let path = run_folder.join("lock");
    let file = File::create(&path).map_err(|e| Fault::io(&path, "create", &e))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(e)) => Err(Fault::io(&path, "lock", &e)),
    }
}
