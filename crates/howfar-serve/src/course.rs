//! Where a study stands, as its page shows it.
//!
//! In: a study's folder. Out: a value that becomes JSON. What test people and unseen databases say is not read before
//! the results have it (`howfar-study/src/so_far.rs`).

use std::collections::BTreeMap;
use std::time::SystemTime;

use howfar_face::{Fault, files};
use howfar_protocol::{Cell, MixtureRatio};
use howfar_study::{
    CellSoFar, CellState, RowSoFar, Runner, StudyFolder, StudySoFar, rows_so_far, runners_at, seconds_left,
};
use serde::Serialize;

/// Where a study stands.
#[derive(Debug, Serialize)]
pub(crate) struct Course {
    study: String,
    /// Whether k is chosen: what is trained at the chosen k is known then.
    is_chosen: bool,
    /// The answer in a sentence, where results are there.
    answer: Option<String>,
    /// Cells in each state.
    counts: BTreeMap<&'static str, usize>,
    rows: Vec<Row>,
    runners: Vec<Runner>,
    failed: Vec<String>,
    /// Seconds until the last known cell is finished; none before the first.
    seconds_left: Option<f64>,
}

/// What is trained on the same.
#[derive(Debug, Serialize)]
struct Row {
    /// Recipe and network, and the generated set where several stand side by side.
    track: String,
    /// What it is trained on.
    words: String,
    /// Its place on the curve, if it has one.
    curve_k: Option<f64>,
    /// Whether it stands at the chosen k.
    is_chosen: bool,
    /// On faces that choose k, in percent, and over labelled faces alone, in points.
    mean_percent: Option<f64>,
    gain_points: Option<f64>,
    gain_interval_points: Option<[f64; 2]>,
    cells: Vec<Square>,
}

/// A cell of the table.
#[derive(Debug, Serialize)]
struct Square {
    split: u32,
    seed: u32,
    state: CellState,
    share: f64,
    figure_percent: Option<f64>,
}

/// What earlier looks have read and is not read again.
#[derive(Debug, Default)]
pub(crate) struct Known {
    cells: StudySoFar,
    /// The answer, and when the results that have it were written.
    answer: Option<(SystemTime, String)>,
}

impl Known {
    /// The answer of the results; none before they are there.
    fn answer(&mut self, folder: &StudyFolder) -> Result<Option<String>, Fault> {
        let file = folder.results_file();
        let Ok(written) = std::fs::metadata(&file).and_then(|data| data.modified()) else { return Ok(None) };
        match &self.answer {
            Some((then, answer)) if *then == written => Ok(Some(answer.clone())),
            _ => {
                let answer = folder.read_results()?.answer;
                self.answer = Some((written, answer.clone()));
                Ok(Some(answer))
            }
        }
    }
}

impl Course {
    /// Looks again.
    pub(crate) fn look(folder: &StudyFolder, known: &mut Known) -> Result<Self, Fault> {
        let plan = folder.read_plan()?;
        let cells = known.cells.look(folder, &plan)?;
        let mut counts = BTreeMap::new();
        cells.iter().for_each(|cell| *counts.entry(cell.state.name()).or_insert(0) += 1);
        let is_chosen = files::is_there(&folder.choice_file())?;
        let failed = cells.iter().filter(|cell| cell.state == CellState::Failed);
        let failed = failed.map(|cell| failed_words(folder, &cell.cell)).collect::<Result<Vec<_>, _>>()?;
        Ok(Course {
            study: plan.study.name,
            is_chosen,
            answer: known.answer(folder)?,
            counts,
            rows: rows_so_far(folder, &cells)?.iter().map(|row| Row::new(row, &cells)).collect(),
            runners: runners_at(folder.root())?,
            failed,
            seconds_left: seconds_left(&cells),
        })
    }
}

impl Row {
    fn new(row: &RowSoFar, cells: &[CellSoFar]) -> Self {
        let square = |place: &usize| {
            let CellSoFar { cell, state, share, figure_percent, .. } = &cells[*place];
            let (split, seed) = (cell.split_idx, cell.seed_idx);
            Square { split, seed, state: *state, share: *share, figure_percent: *figure_percent }
        };
        let source = row.treatment.source.as_ref().map(|source| format!(", {source}")).unwrap_or_default();
        Row {
            track: format!("{}{source}", row.track),
            words: row.treatment.to_string(),
            curve_k: row.treatment.curve_k().map(MixtureRatio::value),
            is_chosen: row.is_chosen,
            mean_percent: row.mean_percent,
            gain_points: row.gain.map(|gain| gain.points),
            gain_interval_points: row.gain.and_then(|gain| gain.interval_points),
            cells: row.cells.iter().map(square).collect(),
        }
    }
}

fn failed_words(folder: &StudyFolder, cell: &Cell) -> Result<String, Fault> {
    let error = folder.failed(cell)?.map(|failure| failure.first_line().to_owned()).unwrap_or_default();
    Ok(format!("{}, split {}, seed {}: {error}", cell.treatment, cell.split_idx, cell.seed_idx))
}
