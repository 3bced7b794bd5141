//! The prediction file of a cell: what its network said of every face.

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
    for group in predictions.chunks(ROWS_A_GROUP) {
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

/// Reads a prediction file.
pub fn read_predictions(path: &Path) -> Result<Vec<Prediction>, Fault> {
    let table = TableReader::open(path, &COLUMNS)?;
    let mut predictions = Vec::new();
    for group_idx in 0..table.n_groups() {
        let Ok([Column::Text(parts), Column::Text(sets), Column::Int(rows), Column::Text(subjects), labels, lists]) =
            <[Column; 6]>::try_from(table.read(group_idx)?)
        else {
            unreachable!("the reader follows COLUMNS");
        };
        let (Column::Int(labels), Column::FloatList(lists)) = (labels, lists) else {
            unreachable!("the reader follows COLUMNS");
        };
        let texts = parts.into_iter().zip(sets).zip(subjects);
        for ((((part, set), subject), row), (label, list)) in texts.zip(rows).zip(labels.into_iter().zip(lists)) {
            let part = part.unwrap_or_default();
            predictions.push(Prediction {
                part: Part::ALL
                    .into_iter()
                    .find(|p| p.name() == part)
                    .ok_or_else(|| Fault::data(path.display(), "unknown part").found(part))?,
                set: set.unwrap_or_default(),
                row: row as u64,
                subject: subject.unwrap_or_default().parse()?,
                label: label as usize,
                probabilities: list.unwrap_or_default(),
            });
        }
    }
    Ok(predictions)
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
        assert_eq!(read_predictions(&path).unwrap(), predictions);
        assert_eq!(predictions[0].predicted(), 1);
    }
}
