//! How far every cell of a running study is, and what those who choose k say so far: for whoever watches.
//!
//! In: a study's folder and plan, files alone. Out: a [`CellSoFar`] of each cell and a [`RowSoFar`] of each treatment.
//! Only predictions on faces that choose k are read here. What test people and unseen databases say is counted by
//! `analyse` alone: before `choice.json` is there it must not be known, and afterwards every count of it is a look that
//! `looks.json` has to record.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use howfar_evaluate::{Basis, ConfusionCounts, Doubt, PERCENT};
use howfar_face::{Fault, files};
use howfar_protocol::{Cell, ClaimedMeasure, Part, Plan, Treatment, for_each_prediction};

use crate::analysis::{all_cells, read_choices};
use crate::folder::{CellState, StudyFolder};
use crate::run_cell::{FIRST_STAGE, MODEL, cell_seconds};

/// A cell of a study that may still run.
#[derive(Debug, Clone)]
pub struct CellSoFar {
    /// The cell.
    pub cell: Cell,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub state: CellState,
    /// The share of its epochs that is over, 0 to 1; 0 where a program trains and has not finished.
    pub share: f64,
    /// The study's measure on the faces that choose k, in percent; none before the cell is finished, and of a cell that
    /// nobody chooses by.
    pub figure_percent: Option<f64>,
    /// What a finished cell took.
    pub seconds: Option<f64>,
}

/// The cells of one treatment, one of each split and seed.
#[derive(Debug, Clone, PartialEq)]
pub struct RowSoFar {
    /// Recipe and network.
    pub track: String,
    /// What is trained on.
    pub treatment: Treatment,
    /// Whether it is what stands at the chosen k.
    pub is_chosen: bool,
    /// Places of its cells, by split and seed.
    pub cells: Vec<usize>,
    /// Mean of the finished cells' figures, in percent.
    pub mean_percent: Option<f64>,
    /// Over labelled faces alone.
    pub gain: Option<GainSoFar>,
}

/// A paired difference to labelled faces alone, on the faces that choose k.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GainSoFar {
    /// Mean over pairs.
    pub points: f64,
    /// 95 % over pairs of cells (splits and seeds); none with one pair.
    pub interval_points: Option<[f64; 2]>,
}

/// A study that is looked at again and again: what is known of a finished cell is not read twice.
#[derive(Debug, Default)]
pub struct StudySoFar {
    known: HashMap<String, (Option<f64>, Option<f64>)>,
}

impl StudySoFar {
    /// All cells that are known now, each once, in the plan's order.
    ///
    /// # Errors
    /// Where the folder cannot be read. Predictions that cannot be read are left out: whoever analyses them is told.
    pub fn look(&mut self, folder: &StudyFolder, plan: &Plan) -> Result<Vec<CellSoFar>, Fault> {
        let cells = all_cells(plan, folder)?;
        let states = folder.states(&cells)?;
        let mut names = HashSet::new();
        let mut all = Vec::new();
        for (cell, (name, state)) in cells.into_iter().zip(states) {
            if !names.insert(name.clone()) {
                continue;
            }
            let (figure_percent, seconds) = match state {
                CellState::Finished => *self.known.entry(name.clone()).or_insert_with(|| figures(folder, plan, &cell)),
                _ => (None, None),
            };
            let share = match state {
                CellState::Finished => 1.0,
                CellState::Waiting => 0.0,
                _ => share(&folder.run_folder(&cell), &cell),
            };
            all.push(CellSoFar { cell, name, state, share, figure_percent, seconds });
        }
        Ok(all)
    }
}

/// The figure on the faces that choose, and the seconds, of a finished cell.
fn figures(folder: &StudyFolder, plan: &Plan, cell: &Cell) -> (Option<f64>, Option<f64>) {
    let measure = plan.study.measure.unwrap_or_default();
    let figure = choosing_part(plan, cell).and_then(|part| figure(folder, cell, part, measure).ok().flatten());
    (figure, cell_seconds(&folder.run_folder(cell)))
}

/// Which of its predictions choose k.
fn choosing_part(plan: &Plan, cell: &Cell) -> Option<Part> {
    if cell.treatment.left_out.is_some() || !cell.choosers.is_empty() {
        Some(Part::Choosing)
    } else {
        (!plan.leaves_out()).then_some(Part::Validation)
    }
}

/// The mean over databases, where several choose.
fn figure(folder: &StudyFolder, cell: &Cell, part: Part, measure: ClaimedMeasure) -> Result<Option<f64>, Fault> {
    let mut counts: BTreeMap<String, ConfusionCounts> = BTreeMap::new();
    for file in folder.prediction_files(cell, &[part]) {
        for_each_prediction(&file, &[part], |prediction| {
            let set = if part.is_by_set() { prediction.set } else { "" };
            if !counts.contains_key(set) {
                counts.insert(set.to_owned(), ConfusionCounts::new(prediction.probabilities.len()));
            }
            if let Some(counts) = counts.get_mut(set) {
                counts.add(prediction.label, prediction.predicted());
            }
        })?;
    }
    let of_set = |counts: &ConfusionCounts| match measure {
        ClaimedMeasure::Accuracy => counts.accuracy(),
        ClaimedMeasure::MacroRecall => counts.macro_recall(),
    };
    let n = counts.len() as f64;
    Ok((!counts.is_empty()).then(|| PERCENT * counts.values().map(of_set).sum::<f64>() / n))
}

/// The share of a cell's epochs that is over, by the lines of its history so far.
fn share(run_folder: &Path, cell: &Cell) -> f64 {
    let n_epochs = f64::from(cell.settings.epochs.max(1));
    let over = |folder: &Path| {
        let lines = files::read_text(&folder.join("checkpoint").join("epochs.jsonl"));
        lines.map_or(0.0, |text| text.lines().count() as f64 / n_epochs).min(1.0)
    };
    let first = run_folder.join(FIRST_STAGE);
    if !first.is_dir() {
        return over(run_folder);
    }
    let first = if first.join(MODEL).is_file() { 1.0 } else { over(&first) };
    (first + over(run_folder)) / 2.0
}

/// One row for each treatment of each recipe and network, in the plan's order.
///
/// # Errors
/// Where `choice.json` cannot be read.
pub fn rows_so_far(folder: &StudyFolder, cells: &[CellSoFar]) -> Result<Vec<RowSoFar>, Fault> {
    let choices = read_choices(folder)?;
    let is_chosen = |cell: &Cell| {
        let of_track = choices.iter().filter(|of| of.track.has(cell));
        of_track.map(|of| of.choice.at(of.choice.chosen, of.track.source.as_deref())).any(|at| at == cell.treatment)
    };
    let mut rows: Vec<RowSoFar> = Vec::new();
    for (place, CellSoFar { cell, .. }) in cells.iter().enumerate() {
        let recipe = cell.settings.network.recipe_words(cell.recipe);
        let track = format!("{recipe}, {}", cell.settings.network_words());
        match rows.iter_mut().find(|row| row.track == track && row.treatment == cell.treatment) {
            Some(row) => row.cells.push(place),
            None => rows.push(RowSoFar {
                track,
                treatment: cell.treatment.clone(),
                is_chosen: is_chosen(cell),
                cells: vec![place],
                mean_percent: None,
                gain: None,
            }),
        }
    }
    let baselines: Vec<RowSoFar> = rows.iter().filter(|row| is_baseline(&row.treatment)).cloned().collect();
    for row in &mut rows {
        row.cells.sort_by_key(|place| (cells[*place].cell.split_idx, cells[*place].cell.seed_idx));
        row.mean_percent = mean(&row.cells.iter().filter_map(|place| cells[*place].figure_percent).collect::<Vec<_>>());
        let same = |other: &&RowSoFar| other.track == row.track && other.treatment.left_out == row.treatment.left_out;
        let baseline = baselines.iter().find(same).filter(|_| !is_baseline(&row.treatment));
        row.gain = baseline.and_then(|baseline| gain(&differences(cells, &row.cells, &baseline.cells)));
    }
    Ok(rows)
}

/// Labelled faces alone, for their own steps.
fn is_baseline(treatment: &Treatment) -> bool {
    *treatment == Treatment { left_out: treatment.left_out.clone(), ..Treatment::BASELINE }
}

/// Of cells with one split and seed that are both finished.
fn differences(cells: &[CellSoFar], ours: &[usize], baseline: &[usize]) -> Vec<f64> {
    let run = |place: usize| (cells[place].cell.split_idx, cells[place].cell.seed_idx);
    let difference = |place: &usize| {
        let other = baseline.iter().find(|other| run(**other) == run(*place))?;
        Some(cells[*place].figure_percent? - cells[*other].figure_percent?)
    };
    ours.iter().filter_map(difference).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn gain(differences: &[f64]) -> Option<GainSoFar> {
    let points = mean(differences)?;
    let n = differences.len() as f64;
    let interval_points = (differences.len() > 1).then(|| {
        let squares: f64 = differences.iter().map(|value| (value - points).powi(2)).sum();
        let standard_error = (squares / (n - 1.0) / n).sqrt();
        Doubt { standard_error, degrees_of_freedom: n - 1.0, basis: Basis::SeedsAlone }.interval(points)
    });
    Some(GainSoFar { points, interval_points })
}

/// Seconds until the last known cell is finished, by what finished cells took: of the same treatment, else of any. None
/// before one is finished.
pub fn seconds_left(cells: &[CellSoFar]) -> Option<f64> {
    let of = |is_like: &dyn Fn(&CellSoFar) -> bool| {
        mean(&cells.iter().filter(|cell| is_like(cell)).filter_map(|cell| cell.seconds).collect::<Vec<_>>())
    };
    let any = of(&|_| true)?;
    let n_running = cells.iter().filter(|cell| cell.state == CellState::Running).count().max(1);
    let open = cells.iter().filter(|cell| cell.state != CellState::Finished);
    let left = open.map(|one| {
        let like = |cell: &CellSoFar| cell.cell.treatment == one.cell.treatment;
        (1.0 - one.share) * of(&like).unwrap_or(any)
    });
    Some(left.sum::<f64>() / n_running as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_has_an_interval_from_two_pairs_on() {
        assert_eq!(gain(&[]), None);
        assert_eq!(gain(&[2.0]), Some(GainSoFar { points: 2.0, interval_points: None }));
        // Student's t with two degrees of freedom: 4.302653 × 1 / √3.
        let three = gain(&[1.0, 2.0, 3.0]).unwrap();
        let [low, high] = three.interval_points.unwrap();
        assert!((three.points - 2.0).abs() < 1e-12);
        assert!((low - (2.0 - 2.484_138)).abs() < 1e-5 && (high - (2.0 + 2.484_138)).abs() < 1e-5, "{low} {high}");
    }
}
