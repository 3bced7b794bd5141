//! Tables of predictions: that of a study gives the study's results, and one of scikit-learn what NumPy computes by
//! hand (`reference/predictions_table.py`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;
use std::path::Path;

use program::{draw_style, howfar, workplace};
use serde_json::Value;
use tempfile::TempDir;

const STUDY: &str = "[real]
sets = [\"real\"]
split = { train = 4, validation = 2, test = 2 }
[generated]
sets = [\"generated\", \"others\"]
side_by_side = true
[unseen]
sets = [\"unseen\"]
[grid]
k = [0, 1]
arms = [\"mix\", \"generated-only\", \"weighted\"]
weights = [0.5]
people_percent = [50]
seeds = 2
[train]
epochs = 2
";

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).unwrap()
}

fn study(place: &TempDir) {
    for (name, people, seed, style) in
        [("real", 8, 1, "studio"), ("generated", 8, 2, "wild"), ("others", 8, 5, "wild"), ("unseen", 3, 3, "unseen")]
    {
        draw_style(place, name, people, seed, style);
    }
    program::study(place, STUDY);
    let run = howfar(place, &["run", "study.toml", "--out", "out"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

/// Results without what takes pictures: the audits of the faces, and the caveats that come of them.
fn without_pictures(mut results: Value) -> Value {
    let audits = results["audits"].take();
    let codes: Vec<&str> = audits.as_array().unwrap().iter().filter_map(|audit| audit["code"].as_str()).collect();
    let of_pictures = ["exchange-saw-everybody", "weights-unknown", "unlike-preprocessing"];
    let caveats = results["caveats"].as_array_mut().unwrap();
    caveats.retain(|caveat| {
        let code = caveat["code"].as_str().unwrap();
        !codes.contains(&code) && !of_pictures.contains(&code)
    });
    results
}

#[test]
fn the_table_of_a_study_gives_the_studys_results() {
    let place = workplace();
    study(&place);
    let expected = without_pictures(read(&place.path().join("out/results.json")));
    for table in ["table.parquet", "table.csv"] {
        let exported = howfar(&place, &["study", "export-predictions", "out", "--out", table]);
        assert_eq!(exported.code, 0, "{}", exported.stderr);
        assert!(exported.stdout.contains("predictions of"), "{}", exported.stdout);
        let out = format!("of-{table}");
        let analysed = howfar(&place, &["study", "analyse", "--predictions", table, "--out", &out]);
        assert_eq!(analysed.code, 0, "{}", analysed.stderr);
        let found = read(&place.path().join(&out).join("results.json"));
        assert_eq!(analysed.stdout.trim_end().lines().last(), found["answer"].as_str());
        let mut differences = Vec::new();
        differ("results", &expected, &without_pictures(found), &mut differences);
        assert!(differences.is_empty(), "{table}: {differences:#?}");
        let csv = |folder: &str| fs::read_to_string(place.path().join(folder).join("table.csv")).unwrap();
        assert_eq!(csv(&out), csv("out"));
    }
    // The folder is a study's no more than its results are.
    let status = howfar(&place, &["status", "of-table.csv"]);
    assert_eq!(status.code, 3);
    assert!(status.stderr.contains("these are results of a table of predictions"), "{}", status.stderr);
    let report = howfar(&place, &["report", "of-table.csv"]);
    assert_eq!(report.code, 0, "{}", report.stderr);
    let run = howfar(&place, &["run", "study.toml", "--out", "of-table.csv"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let over = howfar(&place, &["study", "analyse", "--predictions", "table.csv", "--out", "out"]);
    assert_eq!(over.code, 2, "{}", over.stderr);
    assert!(over.stderr.contains("a study lies in this folder"), "{}", over.stderr);
}

/// Where two values differ.
fn differ(place: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(of_a), Value::Object(of_b)) => {
            let keys: std::collections::BTreeSet<&String> = of_a.keys().chain(of_b.keys()).collect();
            keys.into_iter().for_each(|key| differ(&format!("{place}.{key}"), &a[key], &b[key], found));
        }
        (Value::Array(of_a), Value::Array(of_b)) if of_a.len() == of_b.len() => {
            of_a.iter().zip(of_b).enumerate().for_each(|(i, (a, b))| differ(&format!("{place}[{i}]"), a, b, found));
        }
        _ if a == b => {}
        _ => found.push(format!("{place}: {a} of the study, {b} of the table")),
    }
}

const REFERENCE: &str = include_str!("../../../reference/predictions_table.json");
const TABLE: &str = include_str!("../../../reference/predictions_table.csv");

#[test]
fn a_table_of_scikit_learn_gives_what_numpy_computes_by_hand() {
    let place = workplace();
    fs::write(place.path().join("mine.csv"), TABLE).unwrap();
    let analysed = howfar(&place, &["--json", "study", "analyse", "--predictions", "mine.csv"]);
    assert_eq!(analysed.code, 0, "{}", analysed.stderr);
    let results: Value = serde_json::from_str(&analysed.stdout).unwrap();
    assert_eq!(results, read(&place.path().join("mine/results.json")));
    let expected: Value = serde_json::from_str(REFERENCE).unwrap();
    let recipe = &results["recipes"][0];
    let is_near = |found: &Value, expected: &Value, what: &str| {
        let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
        assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{what}: {found}, NumPy {expected}");
    };
    let choice = &recipe["choice"];
    assert_eq!(
        (choice["chosen"].as_f64(), choice["best"].as_f64()),
        (expected["chosen"].as_f64(), expected["best"].as_f64())
    );
    for (found, by_hand) in
        choice["candidates"].as_array().unwrap().iter().zip(expected["candidates"].as_array().unwrap())
    {
        is_near(&found["k"], &by_hand["k"], "k");
        is_near(&found["validation_accuracy_percent"], &by_hand["accuracy_percent"], "validation accuracy");
        is_near(&found["below_best_points"], &by_hand["below_best_points"], "below the best");
        is_near(&found["standard_error_points"], &by_hand["error_points"], "its error");
        assert_eq!(found["adequate"], by_hand["adequate"]);
    }
    assert_eq!(recipe["claims"].as_array().unwrap().len(), 2);
    for claim in recipe["claims"].as_array().unwrap() {
        let part = claim["part"].as_str().unwrap();
        let by_hand = &expected["claims"][part];
        for (key, expected) in by_hand.as_object().unwrap() {
            match expected.as_array() {
                Some(ends) => (0..2).for_each(|i| is_near(&claim[key][i], &ends[i], &format!("{part} {key}"))),
                None => is_near(&claim[key], expected, &format!("{part} {key}")),
            }
        }
    }
    let of_test =
        |confusion: &&Value| confusion["part"] == "test" && confusion["k"].as_f64() == expected["chosen"].as_f64();
    let confusion = recipe["confusions"].as_array().unwrap().iter().find(of_test).unwrap();
    assert_eq!(confusion["counts"], expected["confusion_of_test"]);
    let answer = results["answer"].as_str().unwrap();
    assert!(answer.starts_with("k = 2 "), "{answer}");
    let report = fs::read_to_string(place.path().join("mine/report.html")).unwrap();
    assert!(report.contains("does not say how it was trained"));
    let faces = fs::read_to_string(place.path().join("mine/faces.csv")).unwrap();
    assert!(faces.starts_with("set,row,face\nlab,0,t0 calm 0\n"), "{}", &faces[..60]);
}

#[test]
fn what_cannot_be_used_is_an_error_with_its_line_and_nothing_is_written() {
    let place = workplace();
    for (change, code, words) in [
        (TABLE.replacen("mix,", "mixed,", 1), 3, "did you mean `mix`"),
        (TABLE.replacen(",person,", ",persons,", 1), 3, "did you mean `person`?"),
        (String::new(), 3, "the column `arm` is missing"),
    ] {
        fs::write(place.path().join("mine.csv"), change).unwrap();
        let analysed = howfar(&place, &["study", "analyse", "--predictions", "mine.csv"]);
        assert_eq!(analysed.code, code, "{}", analysed.stderr);
        assert!(analysed.stderr.contains(words) && analysed.stdout.is_empty(), "{}", analysed.stderr);
        assert!(!place.path().join("mine").exists());
    }
    for arguments in [
        &["study", "analyse"][..],
        &["study", "analyse", "study", "--predictions", "mine.csv"],
        &["study", "analyse", "study", "--out", "x"],
    ] {
        assert_eq!(howfar(&place, arguments).code, 2, "{arguments:?}");
    }
    fs::write(place.path().join("mine.csv"), TABLE).unwrap();
    let gain = howfar(&place, &["study", "analyse", "--predictions", "mine.csv", "--smallest-gain", "0"]);
    assert_eq!(gain.code, 2, "{}", gain.stderr);
    let missing = howfar(&place, &["study", "analyse", "--predictions", "none.csv"]);
    assert_eq!(missing.code, 3, "{}", missing.stderr);
}
