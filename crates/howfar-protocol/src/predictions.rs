//! The prediction file of a cell: what its network said of every face.
//!
//! In: predictions, or a file and the parts that are wanted of it. Out: a file, or one prediction after the other: a reader that wants
//! one part holds no more than one row group of it.

use std::collections::HashMap;
use std::path::Path;

use howfar_face::files::AtomicFile;
use howfar_face::table::{Column, ColumnKind, ColumnSpec, TableReader, TableWriter};
use howfar_face::{Fault, SubjectId};
use serde::{Deserialize, Serialize};

/// Which faces a figure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Real training people.
    Training,
    /// The generated faces that were trained on.
    Generated,
    /// Real validation people.
    Validation,
    /// Real test people.
    Test,
    /// Generated identities that were not trained on: with the paper's protocol they join the test people.
    GeneratedTest,
    /// Another database.
    Unseen,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Training, Self::Generated, Self::Validation, Self::Test, Self::GeneratedTest, Self::Unseen];

    /// The word that stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Generated => "generated",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::GeneratedTest => "generated-test",
            Self::Unseen => "unseen",
        }
    }
}

/// What a network said of one face.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Which faces it belongs to.
    pub part: Part,
    /// The face set's name.
    pub set: String,
    /// The face's row in that set.
    pub row: u64,
    /// Whose face it is.
    pub subject: SubjectId,
    /// The true class.
    pub label: usize,
    /// One probability a class; they sum to 1.
    pub probabilities: Vec<f32>,
}

impl Prediction {
    /// The most probable class; the first of equals.
    pub fn predicted(&self) -> usize {
        most_probable(&self.probabilities)
    }
}

/// A prediction that lies elsewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredictionRef<'p> {
    /// Which faces it belongs to.
    pub part: Part,
    /// The face set's name.
    pub set: &'p str,
    /// The face's row in that set.
    pub row: u64,
    /// Whose face it is.
    pub subject: &'p SubjectId,
    /// The true class.
    pub label: usize,
    /// One probability a class; they sum to 1.
    pub probabilities: &'p [f32],
}

impl PredictionRef<'_> {
    /// The most probable class; the first of equals.
    pub fn predicted(&self) -> usize {
        most_probable(self.probabilities)
    }
}

impl<'p> From<&'p Prediction> for PredictionRef<'p> {
    fn from(Prediction { part, set, row, subject, label, probabilities }: &'p Prediction) -> Self {
        PredictionRef { part: *part, set, row: *row, subject, label: *label, probabilities }
    }
}

/// The most probable class; the first of equals.
pub fn most_probable(probabilities: &[f32]) -> usize {
    let mut best = 0;
    for (class, probability) in probabilities.iter().enumerate() {
        if *probability > probabilities[best] {
            best = class;
        }
    }
    best
}

const COLUMNS: [ColumnSpec; 6] = [
    ColumnSpec::new("part", ColumnKind::Text),
    ColumnSpec::new("set", ColumnKind::Text),
    ColumnSpec::new("row", ColumnKind::Int),
    ColumnSpec::new("subject", ColumnKind::Text),
    ColumnSpec::new("label", ColumnKind::Int),
    ColumnSpec::new("probabilities", ColumnKind::FloatList),
];
const ROWS_A_GROUP: usize = 50_000;

/// Writes a prediction file, whole or not at all.
pub fn write_predictions(path: &Path, classes: &[String], predictions: &[Prediction]) -> Result<(), Fault> {
    let metadata = [("howfar predictions", serde_json::json!({"version": 1, "classes": classes}).to_string())];
    let mut table = TableWriter::new(AtomicFile::create(path)?, path, &COLUMNS, &metadata)?;
    // A group holds one part, so that who wants one reads no other.
    let groups = predictions.chunk_by(|a, b| a.part == b.part).flat_map(|part| part.chunks(ROWS_A_GROUP));
    for group in groups {
        let text = |f: fn(&Prediction) -> String| Column::Text(group.iter().map(|p| Some(f(p))).collect());
        table.write(&[
            text(|p| p.part.name().to_owned()),
            text(|p| p.set.clone()),
            Column::Int(group.iter().map(|p| p.row as i64).collect()),
            text(|p| p.subject.to_string()),
            Column::Int(group.iter().map(|p| p.label as i64).collect()),
            Column::FloatList(group.iter().map(|p| Some(p.probabilities.clone())).collect()),
        ])?;
    }
    table.finish()?.finish()
}

/// Gives every prediction of some parts, in the order of the file.
pub fn for_each_prediction(path: &Path, parts: &[Part], mut each: impl FnMut(PredictionRef<'_>)) -> Result<(), Fault> {
    let table = TableReader::open(path, &COLUMNS)?;
    let mut people: HashMap<String, SubjectId> = HashMap::new();
    for group in 0..table.n_groups() {
        let of_rows = table.read_texts(group, 0)?;
        let part_of = |row: usize| {
            let name = of_rows.get(row);
            let known = Part::ALL.into_iter().find(|part| part.name() == name);
            known.ok_or_else(|| Fault::data(path.display(), "unknown part").found(name))
        };
        let mut wanted = Vec::new();
        for row in 0..of_rows.len() {
            let part = part_of(row)?;
            if parts.contains(&part) {
                wanted.push((row, part));
            }
        }
        if wanted.is_empty() {
            continue;
        }
        let [sets, subjects] = [table.read_texts(group, 1)?, table.read_texts(group, 3)?];
        let [rows, labels] = [table.read_ints(group, 2)?, table.read_ints(group, 4)?];
        let probabilities = table.read_float_lists(group, 5)?;
        for (at, part) in wanted {
            let name = subjects.get(at);
            if !people.contains_key(name) {
                people.insert(name.to_owned(), name.parse()?);
            }
            each(PredictionRef {
                part,
                set: sets.get(at),
                row: rows[at] as u64,
                subject: &people[name],
                label: labels[at] as usize,
                probabilities: probabilities.get(at),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_read_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("predictions.parquet");
        let predictions: Vec<Prediction> = (0..3u8)
            .map(|i| Prediction {
                part: Part::ALL[usize::from(i)],
                set: "unseen-set".into(),
                row: u64::from(i),
                subject: SubjectId::new("db", &format!("p{i}")).unwrap(),
                label: usize::from(i),
                probabilities: vec![0.25, 0.5, 0.25],
            })
            .collect();
        write_predictions(&path, &["a".into(), "b".into(), "c".into()], &predictions).unwrap();
        let read = |parts: &[Part]| {
            let mut read = Vec::new();
            for_each_prediction(&path, parts, |p| {
                let PredictionRef { part, set, row, subject, label, probabilities } = p;
                let (set, subject, probabilities) = (set.to_owned(), subject.clone(), probabilities.to_vec());
                read.push(Prediction { part, set, row, subject, label, probabilities });
            })
            .unwrap();
            read
        };
        assert_eq!(read(&Part::ALL), predictions);
        assert_eq!(read(&[predictions[1].part]), predictions[1..2], "a part alone");
        assert_eq!(predictions[0].predicted(), 1);
    }
}
