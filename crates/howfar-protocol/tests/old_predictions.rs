//! Prediction files as earlier versions wrote them: every one is read for ever.
//!
//! In: `golden/predictions-v*.parquet`, one file for each version of the format, all of the same predictions. A new
//! version gets its own file: the test of the current version says where it has left what it would be. Old files stay
//! as they are.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::path::{Path, PathBuf};

use howfar_face::files;
use howfar_protocol::{Part, Prediction, PredictionRef, for_each_prediction, write_predictions};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Two faces of every part.
fn predictions() -> Vec<Prediction> {
    let prediction = |(i, part): (usize, Part)| Prediction {
        part,
        set: ["faces", "glück"][i % 2].to_owned(),
        row: 1000 * i as u64,
        subject: format!("db:S{i:03}").parse().unwrap(),
        label: i % 3,
        probabilities: [[0.25, 0.5, 0.25], [0.125, 0.125, 0.75]][i % 2].to_vec(),
    };
    Part::ALL.into_iter().flat_map(|part| [part; 2]).enumerate().map(prediction).collect()
}

fn read(path: &Path) -> Vec<Prediction> {
    let mut read = Vec::new();
    for_each_prediction(path, &Part::ALL, |p| {
        let PredictionRef { part, set, row, subject, label, probabilities } = p;
        let (set, subject, probabilities) = (set.to_owned(), subject.clone(), probabilities.to_vec());
        read.push(Prediction { part, set, row, subject, label, probabilities });
    })
    .unwrap();
    read
}

#[test]
fn predictions_of_every_version_are_read() {
    let mut versions = files::sorted_entries(&golden()).unwrap();
    versions.retain(|file| file.extension().is_some_and(|ending| ending == "parquet"));
    assert!(!versions.is_empty());
    for version in versions {
        // The parts of those days: `choosing` came with version 2.
        let is_there = |p: &Prediction| p.part != Part::Choosing || !version.ends_with("predictions-v1.parquet");
        let expected: Vec<Prediction> = predictions().into_iter().filter(is_there).collect();
        assert_eq!(read(&version), expected, "{}", version.display());
    }
}

#[test]
fn what_is_written_now_says_what_the_file_of_its_version_says() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("predictions.parquet");
    write_predictions(&path, &["a", "b", "c"].map(str::to_owned), &predictions()).unwrap();
    assert_eq!(read(&path), predictions());
}
