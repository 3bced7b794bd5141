//! The layout of a study folder (`docs/formats.md`) and what state each cell in it is in.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};

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

    /// What `finished.json` of a cell says, if it is finished.
    pub fn finished(&self, cell: &Cell) -> Result<Option<FinishedCell>, Fault> {
        let file = self.run_folder(cell).join("finished.json");
        if !file.is_file() {
            return Ok(None);
        }
        let (format, version) = FinishedCell::FORMAT;
        files::read_json(&file, format, version).map(Some)
    }

    /// How far these cells are, by one look into the folder of runs: only the files' presence is asked.
    pub fn states(&self, cells: &[Cell]) -> Result<Vec<(String, CellState)>, Fault> {
        let runs = self.root.join("runs");
        let begun: HashSet<OsString> = match std::fs::read_dir(&runs) {
            Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => HashSet::new(),
            Err(e) => return Err(Fault::io(&runs, "read", &e)),
        };
        let state = |cell: &Cell| {
            let name = cell.name();
            let state =
                if begun.contains(OsStr::new(&name)) { begun_state(&runs.join(&name))? } else { CellState::Waiting };
            Ok((name, state))
        };
        cells.iter().map(state).collect()
    }
}

/// How far the cell of a run folder is. Its last file is written in one step, so it is whole.
fn begun_state(run_folder: &Path) -> Result<CellState, Fault> {
    if run_folder.join("finished.json").is_file() {
        return Ok(CellState::Finished);
    }
    Ok(if try_lock(run_folder)?.is_some() { CellState::Stopped } else { CellState::Running })
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

#[cfg(test)]
mod tests {
    use howfar_protocol::Recipe;

    use super::*;

    fn cell(seed_idx: u32) -> Cell {
        let settings = serde_json::to_value(Recipe::Modern.settings()).unwrap();
        serde_json::from_value(serde_json::json!({
            "recipe": "modern", "arm": "real", "k": 0.0, "split_idx": 0, "seed_idx": seed_idx, "settings": settings, "inputs_sha256": ""
        }))
        .unwrap()
    }

    #[test]
    fn how_far_cells_are_is_told_by_which_files_are_there_without_reading_them() {
        let place = tempfile::tempdir().unwrap();
        let folder = StudyFolder::new(place.path());
        let cells: Vec<Cell> = (0..4).map(cell).collect();
        let states = || folder.states(&cells).unwrap().into_iter().map(|(_, state)| state).collect::<Vec<_>>();
        assert_eq!(states(), [CellState::Waiting; 4], "there is no folder of runs yet");
        cells[1..].iter().for_each(|cell| std::fs::create_dir_all(folder.run_folder(cell)).unwrap());
        std::fs::write(folder.run_folder(&cells[1]).join("finished.json"), "not looked into").unwrap();
        let _lock = try_lock(&folder.run_folder(&cells[2])).unwrap().unwrap();
        let expected = [CellState::Waiting, CellState::Finished, CellState::Running, CellState::Stopped];
        assert_eq!(states(), expected);
    }
}
