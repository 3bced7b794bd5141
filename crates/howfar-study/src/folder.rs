//! The layout of a study folder (`docs/formats.md`) and what state each cell in it is in.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use howfar_evaluate::{Looks, Results};
use howfar_face::{Fault, files};
use howfar_protocol::{Cell, Part, Plan};
use serde::{Deserialize, Serialize};

use crate::failed_cell::FailedCell;
use crate::finished_cell::FinishedCell;
use crate::lease;
use crate::presence::{Presence, runner_of};

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
    /// The last attempt ended with an error, which `failed.json` in its folder says.
    Failed,
    /// Predictions are there.
    Finished,
}

impl CellState {
    /// As in JSON.
    pub fn name(self) -> &'static str {
        match self {
            CellState::Waiting => "waiting",
            CellState::Running => "running",
            CellState::Stopped => "stopped",
            CellState::Failed => "failed",
            CellState::Finished => "finished",
        }
    }
}

impl StudyFolder {
    /// A folder that may not exist yet.
    pub fn new(root: &Path) -> Self {
        StudyFolder { root: root.to_owned() }
    }

    /// An existing study; says what is missing otherwise.
    pub fn open(root: &Path) -> Result<Self, Fault> {
        let folder = Self::new(root);
        if !files::is_there(&folder.plan_file())? && files::is_there(&folder.results_file())? {
            return Err(Fault::data(
                root.display(),
                "these are results of a table of predictions, and there is no study",
            )
            .expected("a folder with plan.json in it, which has cells to run")
            .hint(
                "`howfar report FOLDER` writes the report anew, `howfar study analyse --predictions TABLE` the results",
            ));
        }
        if !files::is_there(&folder.plan_file())? {
            return Err(Fault::data(root.display(), "there is no study here")
                .expected("a folder with plan.json in it")
                .hint("`howfar run study.toml --out FOLDER` makes one"));
        }
        Ok(folder)
    }

    /// An existing study, or the results of a table of predictions.
    pub fn open_results(root: &Path) -> Result<Self, Fault> {
        let folder = Self::new(root);
        if folder.results_file().is_file() { Ok(folder) } else { Self::open(root) }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `plan.json`.
    pub fn plan_file(&self) -> PathBuf {
        self.root.join("plan.json")
    }

    /// `choice.json`: the chosen k of every recipe, written before what test people and unseen sets say is counted.
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
        let plan: Plan = files::read_json_since(&self.plan_file(), format, Plan::OLDEST, version)?;
        Ok(plan.of_today())
    }

    /// Writes the plan.
    pub fn write_plan(&self, plan: &Plan) -> Result<(), Fault> {
        files::create_folder(&self.root)?;
        files::write_json(&self.plan_file(), plan)
    }

    /// Reads the results; those of an older howfar say how to make them anew.
    pub fn read_results(&self) -> Result<Results, Fault> {
        let (format, version) = Results::FORMAT;
        files::read_json_since(&self.results_file(), format, Results::OLDEST, version)
            .map_err(|fault| fault.hint("`howfar study analyse STUDY` computes them anew from the predictions"))
    }

    /// The looks at the faces that judge; none where nobody counted them.
    pub fn read_looks(&self) -> Result<Option<Looks>, Fault> {
        let (format, version) = Looks::FORMAT;
        let is_there = files::is_there(&self.looks_file())?;
        is_there.then(|| files::read_json(&self.looks_file(), format, version)).transpose()
    }

    /// What a cell's network said of a set that it was not trained on: one that chooses, or an unseen one.
    pub(crate) fn asked_file(&self, cell: &Cell, part: Part, set: &str) -> PathBuf {
        self.run_folder(cell).join(format!("{}-{set}.parquet", part.name()))
    }

    /// The files of what a cell's network said of some parts.
    pub(crate) fn prediction_files(&self, cell: &Cell, parts: &[Part]) -> Vec<PathBuf> {
        // Those of a labelled set that was left out stand among the cell's own.
        let own = parts.iter().any(|part| *part != Part::Unseen).then(|| self.run_folder(cell).join(OWN_PREDICTIONS));
        let asked = cell.asked().filter(|(part, _)| parts.contains(part));
        own.into_iter().chain(asked.map(|(part, set)| self.asked_file(cell, part, set))).collect()
    }

    /// Whether all sets of the plan that choose or are unseen are predicted.
    fn is_judged(&self, cell: &Cell) -> Result<bool, Fault> {
        for (part, set) in cell.asked() {
            if !files::is_there(&self.asked_file(cell, part, set))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What `finished.json` of a cell says, if it is trained and all unseen sets of its plan are predicted.
    pub fn finished(&self, cell: &Cell) -> Result<Option<FinishedCell>, Fault> {
        if self.is_judged(cell)? { self.trained(cell) } else { Ok(None) }
    }

    /// What `finished.json` of a cell says, if its training is over and its own people are predicted.
    pub(crate) fn trained(&self, cell: &Cell) -> Result<Option<FinishedCell>, Fault> {
        let file = self.run_folder(cell).join(FINISHED);
        if !files::is_there(&file)? {
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
            let state = if begun.contains(OsStr::new(&name)) { self.begun_state(cell)? } else { CellState::Waiting };
            Ok((name, state))
        };
        cells.iter().map(state).collect()
    }

    /// How far a cell is whose folder is there. Each of its last files is written in one step, so it is whole.
    fn begun_state(&self, cell: &Cell) -> Result<CellState, Fault> {
        let folder = self.run_folder(cell);
        if files::is_there(&folder.join(FINISHED))? && self.is_judged(cell)? {
            return Ok(CellState::Finished);
        }
        let holder = lease::holder(&folder)?;
        Ok(match holder.and_then(|token| runner_of(&self.root, &token)) {
            Some(_) => CellState::Running,
            None if FailedCell::file(&folder).is_file() => CellState::Failed,
            None => CellState::Stopped,
        })
    }

    /// Clears away what killed processes left half written beside the cells; for whoever is alone here. What they left
    /// in a cell goes with its lease.
    pub fn remove_leftovers(&self) -> Result<(), Fault> {
        for path in files::sorted_entries(&self.root)?.iter().filter(|path| files::is_leftover(path)) {
            files::remove_file(path)?;
        }
        let sheets = self.root.join("sheets");
        if sheets.is_dir() { files::remove_leftovers(&sheets) } else { Ok(()) }
    }

    /// Says that this process works in this folder, as long as the value lives.
    pub fn presence(&self) -> Result<Presence, Fault> {
        Presence::begin(&self.root)
    }

    /// What the last attempt at a cell ended with, if it was an error.
    pub fn failed(&self, cell: &Cell) -> Result<Option<FailedCell>, Fault> {
        FailedCell::read(&self.run_folder(cell))
    }
}

/// What a cell's network said of the study's own sets.
pub(crate) const OWN_PREDICTIONS: &str = "predictions.parquet";
/// The last file of a training: its presence means that the cell's own predictions are complete.
pub(crate) const FINISHED: &str = "finished.json";
#[cfg(test)]
mod tests {
    use howfar_protocol::Recipe;

    use super::*;
    use crate::lease::Lease;

    fn cell(seed_idx: u32) -> Cell {
        let settings = serde_json::to_value(Recipe::Modern.settings()).unwrap();
        serde_json::from_value(serde_json::json!({
            "recipe": "modern", "arm": "real", "k": 0.0, "split_idx": 0, "seed_idx": seed_idx,
            "settings": settings, "inputs_sha256": ""
        }))
        .unwrap()
    }

    #[test]
    fn how_far_cells_are_is_told_by_which_files_are_there_without_reading_them() {
        let place = tempfile::tempdir().unwrap();
        let folder = StudyFolder::new(place.path());
        let cells: Vec<Cell> = (0..6).map(cell).collect();
        let states = || folder.states(&cells).unwrap().into_iter().map(|(_, state)| state).collect::<Vec<_>>();
        assert_eq!(states(), [CellState::Waiting; 6], "there is no folder of runs yet");
        cells[1..].iter().for_each(|cell| std::fs::create_dir_all(folder.run_folder(cell)).unwrap());
        std::fs::write(folder.run_folder(&cells[1]).join("finished.json"), "not looked into").unwrap();
        let presence = folder.presence().unwrap();
        let _lease = Lease::take(&folder.run_folder(&cells[2]), &presence).unwrap().unwrap();
        std::fs::write(folder.run_folder(&cells[4]).join("lease-1"), "one that died").unwrap();
        FailedCell::write(&folder.run_folder(&cells[5]), &Fault::data("faces", "there is none")).unwrap();
        let expected = [
            CellState::Waiting,
            CellState::Finished,
            CellState::Running,
            CellState::Stopped,
            CellState::Stopped,
            CellState::Failed,
        ];
        assert_eq!(states(), expected);
    }
}
