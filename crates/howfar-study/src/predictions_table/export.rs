//! Writes the predictions of a study as the long table that `study analyse --predictions` and other programs read.
//!
//! In: a loaded study and its folder. Out: a row for each face of each cell, in the order of the cells. What no row can
//! say of a cell's training stands in the column `howfar` of its first row.

use std::collections::HashMap;
use std::path::Path;

use howfar_evaluate::CellSource;
use howfar_face::Fault;
use howfar_face::table::{FlatColumn, FlatWriter};
use howfar_protocol::{Cell, Choose, MixtureRatio, Part, PredictionRef, Study};

use super::card::{Card, StudyCard, TrainedCard};
use super::columns::{Column, PROBABILITY};
use crate::analysis::{FinishedCells, all_cells};
use crate::facts::{people_of_nobody_known, study_facts};
use crate::folder::StudyFolder;
use crate::loaded_study::LoadedStudy;

/// Rows that are written at a time.
const AT_ONCE: usize = 50_000;
/// The columns that are written; those of probabilities and [`Column::Howfar`] follow.
const WRITTEN: [Column; 18] = [
    Column::Model,
    Column::Source,
    Column::Arm,
    Column::K,
    Column::Weight,
    Column::PeoplePercent,
    Column::Budget,
    Column::LeftOut,
    Column::Split,
    Column::Seed,
    Column::Part,
    Column::Set,
    Column::Face,
    Column::Person,
    Column::PersonKnown,
    Column::Group,
    Column::Provenance,
    Column::True,
];

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportedTable {
    /// Rows.
    pub n_rows: usize,
    /// Cells.
    pub n_cells: usize,
}

/// Writes the table of a study whose cells are finished; Parquet where its name ends so, else CSV.
///
/// # Errors
/// Where a cell is not finished, and of the disk.
pub fn export_predictions(loaded: &LoadedStudy, folder: &StudyFolder, path: &Path) -> Result<ExportedTable, Fault> {
    let cells = all_cells(loaded.plan(), folder)?;
    let source = FinishedCells::with_groups(loaded, folder, &cells);
    let classes = &loaded.study().expressions;
    let names: Vec<String> = WRITTEN
        .iter()
        .map(|column| column.name().to_owned())
        .chain(classes.iter().map(|class| format!("{PROBABILITY}{class}")))
        .chain([Column::Howfar.name().to_owned()])
        .collect();
    let mut writer = FlatWriter::create(path, &names)?;
    let known = known_of_faces(loaded);
    let (mut table, mut n_rows) = (Table::new(classes.len()), 0);
    for (cell_idx, cell) in cells.iter().enumerate() {
        let mut card = card(loaded, cell, &source, cell_idx)?.text();
        source.read(cell_idx, &Part::ALL, &mut |prediction| {
            let (provenance, is_known) = known.get(&(prediction.set, prediction.row)).copied().unwrap_or(("", true));
            let group = source.group(prediction.set, prediction.row);
            let label = classes.get(prediction.label).map_or("", String::as_str);
            let card = std::mem::take(&mut card);
            table.add(&Row { cell, prediction: &prediction, group, provenance, is_known, label, card });
        })?;
        if table.n_rows() >= AT_ONCE || cell_idx + 1 == cells.len() {
            n_rows += table.n_rows();
            writer.write(&std::mem::replace(&mut table, Table::new(classes.len())).flat())?;
        }
    }
    writer.finish()?;
    Ok(ExportedTable { n_rows, n_cells: cells.len() })
}

fn card(loaded: &LoadedStudy, cell: &Cell, source: &FinishedCells<'_>, cell_idx: usize) -> Result<Card, Fault> {
    let study: &Study = loaded.study();
    let budgets = if study.train.budgets.is_empty() { &study.grid.k } else { &study.train.budgets };
    let Choose { rule, .. } = study.choose;
    Ok(Card {
        study: (cell_idx == 0).then(|| StudyCard { facts: study_facts(loaded), rule }),
        trained: TrainedCard {
            recipe: cell.recipe,
            settings: cell.settings.clone(),
            n_parameters: howfar_train::n_parameters(&cell.settings.network, loaded.pool()),
            budget: study.budget(cell.recipe),
            budgets: budgets.clone(),
        },
        training: source.training(cell_idx)?,
    })
}

/// What the face sets know of faces, by set and row: where it comes from, and whether it is known who it is.
fn known_of_faces(loaded: &LoadedStudy) -> HashMap<(&str, u64), (&'static str, bool)> {
    let mut known = HashMap::new();
    for (pool, sets) in [(&loaded.pool, &loaded.pool_sets), (&loaded.unseen_pool, &loaded.unseen_sets)] {
        for (set_idx, set) in sets.iter().enumerate() {
            let nobody = people_of_nobody_known(pool, set_idx);
            for face in (0..pool.len()).map(|face| pool.face(face)).filter(|face| face.set_idx == set_idx) {
                let is_known = !nobody.contains(&face.labels.subject);
                known.insert((set.name.as_str(), face.row), (face.labels.provenance.name(), is_known));
            }
        }
    }
    known
}

/// A row that is written.
struct Row<'r> {
    cell: &'r Cell,
    prediction: &'r PredictionRef<'r>,
    group: Option<&'r str>,
    provenance: &'static str,
    is_known: bool,
    label: &'r str,
    card: String,
}

/// A value of a row.
enum Value {
    Text(String),
    Whole(i64),
    Number(Option<f64>),
    Probability(f32),
}

impl Row<'_> {
    fn value(&self, column: Column) -> Value {
        let Row { cell, prediction, .. } = self;
        let treatment = &cell.treatment;
        let text = |text: &str| Value::Text(text.to_owned());
        match column {
            Column::Model => Value::Text(format!("{}, {}", cell.recipe.name(), cell.settings.network_words())),
            Column::Source => text(treatment.source.as_deref().unwrap_or_default()),
            Column::Arm => text(treatment.arm.name),
            Column::K => Value::Number(Some(treatment.k.value())),
            Column::Weight => Value::Number(treatment.weight.map(MixtureRatio::value)),
            Column::PeoplePercent => Value::Number(treatment.people_percent.map(f64::from)),
            Column::Budget => Value::Number(treatment.budget.map(MixtureRatio::value)),
            Column::LeftOut => text(treatment.left_out.as_deref().unwrap_or_default()),
            Column::Split => Value::Whole(i64::from(cell.split_idx)),
            Column::Seed => Value::Whole(i64::from(cell.seed_idx)),
            Column::Part => text(prediction.part.name()),
            Column::Set => text(prediction.set),
            Column::Face => Value::Text(prediction.row.to_string()),
            Column::Person => Value::Text(prediction.subject.to_string()),
            Column::PersonKnown => Value::Text(self.is_known.to_string()),
            Column::Group => text(self.group.unwrap_or_default()),
            Column::Provenance => text(self.provenance),
            Column::True | Column::Predicted => text(self.label),
            Column::Howfar => Value::Text(self.card.clone()),
        }
    }
}

/// Rows that are not written yet, by column.
struct Table {
    columns: Vec<Vec<Value>>,
}

impl Table {
    fn new(n_classes: usize) -> Self {
        Table { columns: (0..WRITTEN.len() + n_classes + 1).map(|_| Vec::new()).collect() }
    }

    fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    fn add(&mut self, row: &Row<'_>) {
        let known = WRITTEN.iter().map(|column| row.value(*column));
        let probabilities = row.prediction.probabilities.iter().map(|p| Value::Probability(*p));
        let values = known.chain(probabilities).chain([row.value(Column::Howfar)]);
        self.columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }

    fn flat(self) -> Vec<FlatColumn> {
        self.columns.into_iter().map(flat).collect()
    }
}

/// All values of a column are of one kind.
fn flat(values: Vec<Value>) -> FlatColumn {
    let values = values.into_iter();
    match values.as_slice().first() {
        Some(Value::Whole(_)) => {
            FlatColumn::Ints(values.map(|value| if let Value::Whole(whole) = value { whole } else { 0 }).collect())
        }
        Some(Value::Number(_)) => {
            let number = |value| if let Value::Number(Some(number)) = value { number } else { f64::NAN };
            FlatColumn::Doubles(values.map(number).collect())
        }
        Some(Value::Probability(_)) => FlatColumn::Floats(
            values.map(|value| if let Value::Probability(p) = value { p } else { f32::NAN }).collect(),
        ),
        Some(Value::Text(_)) | None => {
            let text = |value| if let Value::Text(text) = value { text } else { String::new() };
            FlatColumn::Texts(values.map(text).collect())
        }
    }
}
