//! The course of a study: what somebody who watches it may see, from files alone.
//!
//! In: a study's folder, on whatever machine. Out: which cells are how far, what their networks say of validation
//! people, and how long the rest may take. Test people and unseen databases are counted once, at the end, when k is
//! chosen: nothing here reads a prediction.

use std::collections::{BTreeMap, HashMap};

use howfar_face::{Fault, files};
use howfar_protocol::{Cell, Treatment};
use howfar_train::read_epochs;
use serde::Serialize;

use crate::analysis::all_cells;
use crate::folder::{CellState, StudyFolder};
use crate::presence::{Runner, runners_at};
use crate::run_cell::cell_times;

/// Where a study stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Course {
    /// Its name.
    pub study: String,
    /// Whether k is chosen: the cells at the chosen k are known then.
    pub is_chosen: bool,
    /// Whether `results.json` is there.
    pub has_results: bool,
    /// How many cells there are in each state.
    pub counts: BTreeMap<&'static str, usize>,
    /// What is trained, in the order of the plan.
    pub rows: Vec<CourseRow>,
    /// The processes at work, as far as a look can tell.
    pub runners: Vec<Runner>,
    /// Cells whose last attempt ended with an error.
    pub failed: Vec<FailedAttempt>,
    /// Seconds until the known cells are finished, if each takes as long as those like it took; none before the first.
    pub seconds_left: Option<f64>,
}

/// All cells that are trained on the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CourseRow {
    /// How and what is trained: recipe and network.
    pub trained: String,
    /// On what, in words.
    pub words: String,
    /// On what.
    #[serde(flatten)]
    pub treatment: Treatment,
    /// Its place on the curve, if it has one.
    pub curve_k: Option<f64>,
    /// Splits and seeds.
    pub cells: Vec<CourseCell>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CourseCell {
    /// Its number, as `study cell --index` takes it.
    pub place: usize,
    /// Which split.
    pub split: u32,
    /// Which repetition.
    pub seed: u32,
    /// How far it is.
    pub state: CellState,
    /// The share of its longest training that is over: 0 to 1.
    pub share: f64,
    /// Of a finished cell: the share of validation faces that the kept network tells rightly; a program that trains
    /// need not tell.
    pub validation: Option<f64>,
}

/// An attempt that ended with an error.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FailedAttempt {
    /// The cell's number.
    pub place: usize,
    /// The error's first line.
    pub error: String,
}

/// Follows a study; what was finished once is not read again.
#[derive(Debug)]
pub struct CourseWatcher {
    folder: StudyFolder,
    finished: HashMap<String, Finished>,
}

/// What is known of a finished cell.
#[derive(Debug, Clone, Copy)]
struct Finished {
    validation: Option<f64>,
    seconds: Option<f64>,
}

impl CourseWatcher {
    /// Reads nothing yet.
    pub fn new(folder: StudyFolder) -> Self {
        CourseWatcher { folder, finished: HashMap::new() }
    }

    /// The study's folder.
    pub fn folder(&self) -> &StudyFolder {
        &self.folder
    }

    /// Looks again.
    ///
    /// # Errors
    /// Where the plan or a finished cell cannot be read.
    pub fn look(&mut self) -> Result<Course, Fault> {
        let plan = self.folder.read_plan()?;
        let cells = all_cells(&plan, &self.folder)?;
        let states = self.folder.states(&cells)?;
        let (mut rows, mut failed) = (Vec::<CourseRow>::new(), Vec::new());
        let mut counts = BTreeMap::new();
        let mut places: BTreeMap<(String, Treatment), usize> = BTreeMap::new();
        for (place, (cell, (name, state))) in cells.iter().zip(&states).enumerate() {
            *counts.entry(state.name()).or_insert(0) += 1;
            if *state == CellState::Failed {
                let error = self.folder.failed(cell)?.map(|f| f.first_line().to_owned()).unwrap_or_default();
                failed.push(FailedAttempt { place, error });
            }
            let trained = trained(cell);
            let row = *places.entry((trained.clone(), cell.treatment.clone())).or_insert_with(|| {
                rows.push(CourseRow::new(trained, cell));
                rows.len() - 1
            });
            let (share, validation) = match state {
                CellState::Finished => (1.0, self.finished(cell, name)?.validation),
                CellState::Waiting => (0.0, None),
                _ => (self.share(cell), None),
            };
            let (split, seed) = (cell.split_idx, cell.seed_idx);
            rows[row].cells.push(CourseCell { place, split, seed, state: *state, share, validation });
        }
        Ok(Course {
            is_chosen: files::is_there(&self.folder.choice_file())?,
            has_results: files::is_there(&self.folder.results_file())?,
            counts,
            seconds_left: self.seconds_left(&rows, &states),
            rows,
            runners: runners_at(self.folder.root())?,
            failed,
            study: plan.study.name,
        })
    }

    fn finished(&mut self, cell: &Cell, name: &str) -> Result<Finished, Fault> {
        if let Some(known) = self.finished.get(name) {
            return Ok(*known);
        }
        let place = self.folder.run_folder(cell);
        let kept = self.folder.finished(cell)?.map_or(0, |finished| finished.kept_epoch);
        let epochs = match files::is_there(&place.join("epochs.jsonl"))? {
            true => read_epochs(&place, &cell.settings)?,
            false => Vec::new(),
        };
        let validation = epochs.iter().find(|epoch| epoch.epoch == kept).map(|epoch| epoch.validation_accuracy);
        let seconds = cell_times(&self.folder, std::slice::from_ref(cell))?.first().map(|times| times.seconds);
        let found = Finished { validation, seconds };
        self.finished.insert(name.to_owned(), found);
        Ok(found)
    }

    /// Of a cell on its way: the epochs that its file tells of; what cannot be read says nothing.
    fn share(&self, cell: &Cell) -> f64 {
        let text = std::fs::read_to_string(self.folder.run_folder(cell).join("epochs.jsonl")).unwrap_or_default();
        (text.lines().count() as f64 / f64::from(cell.settings.epochs.max(1))).min(1.0)
    }

    /// Each cell as long as the mean of those trained on the same; where there is none, of all, by their pictures.
    fn seconds_left(&self, rows: &[CourseRow], states: &[(String, CellState)]) -> Option<f64> {
        let seconds = |row: &CourseRow| {
            let known = row.cells.iter().filter_map(|cell| self.finished.get(&states[cell.place].0)?.seconds);
            mean(known)
        };
        let size = |row: &CourseRow| 1.0 + row.treatment.k.value();
        let by_size = mean(rows.iter().filter_map(|row| Some(seconds(row)? / size(row))));
        let mut left = 0.0;
        for row in rows {
            let open = row.cells.iter().filter(|cell| cell.state != CellState::Finished);
            let shares: f64 = open.map(|cell| 1.0 - cell.share).sum();
            if shares > 0.0 {
                left += shares * seconds(row).or_else(|| Some(by_size? * size(row)))?;
            }
        }
        let n_running = states.iter().filter(|(_, state)| *state == CellState::Running).count();
        by_size.map(|_| left / n_running.max(1) as f64)
    }
}

impl CourseRow {
    fn new(trained: String, cell: &Cell) -> Self {
        let treatment = cell.treatment.clone();
        let curve_k = treatment.curve_k().map(|k| k.value());
        CourseRow { trained, words: treatment.to_string(), treatment, curve_k, cells: Vec::new() }
    }
}

/// `modern, compact from NAME`.
fn trained(cell: &Cell) -> String {
    format!("{}, {}", cell.settings.network.recipe_words(cell.recipe), cell.settings.network_words())
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / f64::from(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(k: f64, cells: &[(usize, CellState, f64)]) -> CourseRow {
        let treatment: Treatment = serde_json::from_value(serde_json::json!({"arm": "mix", "k": k})).unwrap();
        let cell = |&(place, state, share)| CourseCell { place, split: 0, seed: 0, state, share, validation: None };
        let cells = cells.iter().map(cell).collect();
        CourseRow { trained: String::new(), words: String::new(), treatment, curve_k: Some(k), cells }
    }

    #[test]
    fn the_time_left_is_that_of_like_cells_shared_by_those_who_run() {
        use CellState::{Finished, Running, Waiting};
        let mut watcher = CourseWatcher::new(StudyFolder::new(std::path::Path::new("nowhere")));
        let rows =
            [row(1.0, &[(0, Finished, 1.0), (1, Running, 0.5)]), row(3.0, &[(2, Running, 0.25), (3, Waiting, 0.0)])];
        let states = [Finished, Running, Running, Waiting].map(|state| (String::new(), state));
        let states: Vec<_> =
            states.into_iter().zip(["a", "b", "c", "d"]).map(|((_, s), n)| (n.to_owned(), s)).collect();
        assert_eq!(watcher.seconds_left(&rows, &states), None, "nothing is known before the first");
        watcher.finished.insert("a".into(), super::Finished { validation: None, seconds: Some(10.0) });
        // Half of a cell like the first, and 1.75 of twice its pictures, by two.
        assert_eq!(watcher.seconds_left(&rows, &states), Some((5.0 + 1.75 * 20.0) / 2.0));
    }
}
