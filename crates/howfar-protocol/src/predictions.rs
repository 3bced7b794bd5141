//! The prediction file of a cell: what its network said of every face.
//!
//! In: predictions, or a file and the parts that are wanted of it. Out: a file, or one prediction after the other: a
//! reader that wants one part holds no more than one row group of it.

use std::collections::HashMap;
use std::fmt::Display;
use std::path::Path;

use howfar_face::files::{self, AtomicFile};
use howfar_face::table::{ColumnSpec, TableReader, TableWriter};
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
    /// People who choose k for databases that are not trained on: of sets that do nothing else, or of a labelled set
    /// that is left out.
    Choosing,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Training,
        Self::Generated,
        Self::Validation,
        Self::Test,
        Self::GeneratedTest,
        Self::Unseen,
        Self::Choosing,
    ];

    /// Whether its faces are told apart by their set; the labelled sets of a study are one.
    pub fn is_by_set(self) -> bool {
        matches!(self, Self::Unseen | Self::Choosing)
    }

    /// The word that stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Generated => "generated",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::GeneratedTest => "generated-test",
            Self::Unseen => "unseen",
            Self::Choosing => "choosing",
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
    /// One probability per class; they sum to 1.
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
    /// One probability per class; they sum to 1.
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

/// How far what others call probabilities may be from 0, from 1 and from a sum of 1.
const ROUNDING: f64 = 1e-3;

/// Refuses what are no probabilities of one face. `place` is where they stand, `column` says what stands for a class.
pub fn check_probabilities(
    numbers: &[f64],
    place: impl Display,
    column: impl Fn(usize) -> String,
) -> Result<(), Fault> {
    let is_one = |number: &f64| (-ROUNDING..=1.0 + ROUNDING).contains(number);
    if let Some(class) = numbers.iter().position(|number| !is_one(number)) {
        return Err(Fault::data(place, "this is no probability")
            .found(column(class))
            .expected("a number from 0 to 1 for each class"));
    }
    let sum: f64 = numbers.iter().sum();
    if (sum - 1.0).abs() > ROUNDING {
        return Err(Fault::data(place, "the probabilities of a face do not sum to 1")
            .found(sum)
            .expected(format!("1 ± {ROUNDING}"))
            .hint("scores and logits are none: take their softmax"));
    }
    Ok(())
}

/// The note in the footer, and the version of the format that is written; older ones are read, too.
const FORMAT: &str = "howfar predictions";
const VERSION: u32 = 2;
static COLUMNS: [ColumnSpec<Prediction>; 6] = [
    ColumnSpec::text("part", |p| Some(p.part.name().into())),
    ColumnSpec::text("set", |p| Some(p.set.as_str().into())),
    ColumnSpec::int("row", |p| p.row as i64),
    ColumnSpec::text("subject", |p| Some(p.subject.to_string().into())),
    ColumnSpec::int("label", |p| p.label as i64),
    ColumnSpec::float_list("probabilities", |p| Some(&p.probabilities)),
];
/// Probabilities are rounded.
const SLIGHTLY_ABOVE_1: f32 = 1.001;
/// Rows per row group.
const GROUP_ROWS: usize = 50_000;

/// Writes a prediction file, whole or not at all.
pub fn write_predictions(path: &Path, classes: &[String], predictions: &[Prediction]) -> Result<(), Fault> {
    let note = [(FORMAT, serde_json::json!({"version": VERSION, "classes": classes}).to_string())];
    let mut table = TableWriter::new(AtomicFile::create(path)?, path, &COLUMNS, &note)?;
    // A group holds one part, so that who wants one reads no other.
    let groups = predictions.chunk_by(|a, b| a.part == b.part).flat_map(|part| part.chunks(GROUP_ROWS));
    for group in groups {
        table.write(group)?;
    }
    table.finish()?.finish()
}

/// Gives every prediction of some parts, in the order of the file.
///
/// # Errors
/// Where the file is of a newer version, where a column is missing (columns that nobody knows are let be), and what
/// `each` says.
pub fn for_each_prediction(path: &Path, parts: &[Part], mut each: impl FnMut(PredictionRef<'_>)) -> Result<(), Fault> {
    let opened = open(path)?;
    let table = &opened.table;
    let mut people: HashMap<String, SubjectId> = HashMap::new();
    for group in 0..table.n_groups() {
        let wanted = wanted_rows(table, group, parts)?;
        if wanted.is_empty() {
            continue;
        }
        let (sets, subjects) = (table.texts(group, "set")?, table.texts(group, "subject")?);
        let (rows, labels) = (table.ints(group, "row")?, table.ints(group, "label")?);
        let probabilities = table.float_lists(group, "probabilities")?;
        for (at, part) in wanted {
            let label = class(&opened, labels[at], probabilities.get(at).unwrap_or_default())?;
            let name = subjects.get(at).unwrap_or_default();
            if !people.contains_key(name) {
                people.insert(name.to_owned(), name.parse()?);
            }
            each(PredictionRef {
                part,
                set: sets.get(at).unwrap_or_default(),
                row: rows[at] as u64,
                subject: &people[name],
                label,
                probabilities: probabilities.get(at).unwrap_or_default(),
            });
        }
    }
    Ok(())
}

/// A label, if it is one of the classes and there is a probability of each: those who count make room for every class.
fn class(table: &Opened, label: i64, probabilities: &[f32]) -> Result<usize, Fault> {
    let is_one = |p: &f32| !(*p < 0.0 || *p > SLIGHTLY_ABOVE_1);
    let n_classes = table.n_classes.unwrap_or(probabilities.len());
    let class = usize::try_from(label).ok().filter(|class| *class < n_classes);
    class.filter(|_| probabilities.len() == n_classes && probabilities.iter().all(is_one)).ok_or_else(|| {
        Fault::data(table.table.place(), "a prediction is none of the classes of its file")
            .found(format!("label {label}, {} probabilities", probabilities.len()))
            .expected(format!("a label below {n_classes}, and a probability from 0 to 1 for each class"))
            .hint("delete the cell's folder and run the study again")
    })
}

/// An opened file, and how many classes its footer says that it has.
struct Opened {
    table: TableReader,
    n_classes: Option<usize>,
}

/// Looks at the version before the columns.
fn open(path: &Path) -> Result<Opened, Fault> {
    let note = TableReader::note_of(path, FORMAT)?;
    let note: serde_json::Value = note.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    files::refuse_version(path.display(), FORMAT, &note["version"], 0..=VERSION)?;
    let n_classes = note["classes"].as_array().map(Vec::len);
    Ok(Opened { table: TableReader::open(path, &COLUMNS)?, n_classes })
}

/// The rows of a row group that are of these parts.
fn wanted_rows(table: &TableReader, group: usize, parts: &[Part]) -> Result<Vec<(usize, Part)>, Fault> {
    let names = table.texts(group, "part")?;
    let part_of = |row: usize| {
        let name = names.get(row).unwrap_or_default();
        let known = Part::ALL.into_iter().find(|part| part.name() == name);
        known.map(|part| (row, part)).ok_or_else(|| Fault::data(table.place(), "unknown part").found(name))
    };
    let rows = (0..table.n_rows(group)).map(part_of);
    rows.filter(|row| row.as_ref().map_or(true, |(_, part)| parts.contains(part))).collect()
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

    #[test]
    fn what_is_no_class_or_no_probability_of_each_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("predictions.parquet");
        let read = |label: usize, probabilities: &[f32]| {
            let subject = SubjectId::new("db", "p").unwrap();
            let (part, set, row, probabilities) = (Part::Test, "set".to_owned(), 0, probabilities.to_vec());
            let prediction = Prediction { part, set, row, subject, label, probabilities };
            write_predictions(&path, &["a".into(), "b".into()], &[prediction]).unwrap();
            for_each_prediction(&path, &Part::ALL, |_| ()).map_err(|fault| fault.to_string())
        };
        for (label, probabilities) in [(0, [0.25, 0.75]), (1, [1.000_001, 0.0]), (1, [f32::NAN, f32::NAN])] {
            assert_eq!(read(label, &probabilities), Ok(()), "what a network may say");
        }
        // A matrix of so many classes would take all memory, a sum of such squares overflows.
        for (label, probabilities) in [
            (2, &[0.25, 0.75][..]),
            (1 << 40, &[0.25, 0.75]),
            (usize::MAX, &[0.25, 0.75]),
            (0, &[1.0]),
            (2, &[0.25, 0.25, 0.5]),
            (0, &[]),
            (0, &[1e30, 0.0]),
            (0, &[1.0, -0.5]),
            (0, &[f32::INFINITY, 0.0]),
        ] {
            let said = read(label, probabilities).unwrap_err();
            assert!(said.contains("none of the classes"), "{label} {probabilities:?}: {said}");
        }
    }

    #[test]
    fn a_newer_version_is_refused_by_its_version_whatever_its_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("predictions.parquet");
        static NEWER: [ColumnSpec<Prediction>; 1] = [ColumnSpec::int("where", |p| p.row as i64)];
        let note = [(FORMAT, format!("{{\"version\": {}}}", VERSION + 1))];
        let table = TableWriter::new(AtomicFile::create(&path).unwrap(), &path, &NEWER, &note).unwrap();
        table.finish().unwrap().finish().unwrap();
        let fault = for_each_prediction(&path, &Part::ALL, |_| ()).unwrap_err().to_string();
        assert!(fault.contains("written by a newer howfar") && fault.contains("version 2"), "{fault}");
    }
}
