//! `howfar plan --from`: which further cells would tell most, as the results of a study say.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;

use program::{Outcome, howfar, workplace};
use serde_json::{Value, json};

/// Results of `howfar demo`, as an earlier howfar wrote them.
const RESULTS: &str = include_str!("../../howfar-report/tests/golden/v2/results.json");

/// What `plan --from` says of a study with these laws.
fn plan(laws: &Value, arguments: &[&str]) -> Outcome {
    let place = workplace();
    let mut results: Value = serde_json::from_str(RESULTS).unwrap();
    results["recipes"][0]["law"] = laws.clone();
    fs::create_dir(place.path().join("s")).unwrap();
    fs::write(place.path().join("s/plan.json"), "{}").unwrap();
    fs::write(place.path().join("s/results.json"), results.to_string()).unwrap();
    let all: Vec<&str> = ["plan", "--from", "s"].iter().chain(arguments).copied().collect();
    howfar(&place, &all)
}

fn law(fitted: &Value) -> Value {
    json!([{"part": "unseen", "set": "mmi", "sentence": "No law of the curve.", "fitted": fitted}])
}

#[test]
fn proposals_come_with_what_they_tell_what_they_cost_and_the_line_that_asks_for_them() {
    let point = json!({"k": 5.0, "accuracy_percent": 50.0, "band_percent": [45.0, 55.0]});
    let next = json!({
        "what": "k = 10", "lines": "k = [0, 1, 2, 5, 10]", "reason": "what is foretold is measured",
        "cost_runs": 55.0, "band_width_points": 6.0, "then_points": 2.5
    });
    let fitted = json!({
        "form": "no effect", "formula": "e = a", "parameters": {"a": 0.5}, "chi_square": 1.0,
        "degrees_of_freedom": 3, "p": 0.8, "forms": [], "n_people": 80, "largest": 5.0, "measured": [point],
        "curve": [point], "doubled": {"points": 0.1, "band_points": [-3.0, 3.0]}, "more_people": null,
        "enough": null, "equal": [], "next": [next]
    });
    let told = plan(&law(&fitted), &[]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let words = "k = 10: what is foretold is measured; the band of what twice the largest k changes narrows from 6.0 \
        to about 2.5 points, for the training of about 55 runs of real faces alone. In [grid]: k = [0, 1, 2, 5, 10]";
    assert!(told.stdout.contains(words), "{}", told.stdout);
    let json = plan(&law(&fitted), &["--json"]);
    let answer: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(answer[0][1][0]["fitted"]["next"][0]["what"], "k = 10", "{}", json.stdout);
}

#[test]
fn without_a_law_it_says_why_and_what_grid_it_takes() {
    let told = plan(&law(&Value::Null), &[]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stdout.contains("No law of the curve."), "{}", told.stdout);
    assert!(told.stdout.contains("k = [0, 1, 2, 5]"), "{}", told.stdout);
    let older = plan(&json!([]), &[]);
    assert_eq!(older.code, 3, "{}", older.stderr);
    assert!(older.stderr.contains("howfar study analyse"), "{}", older.stderr);
}

#[test]
fn a_study_file_and_a_finished_study_are_not_asked_for_together() {
    let both = plan(&json!([]), &["study.toml"]);
    assert_eq!(both.code, 2, "{}", both.stderr);
    let neither = howfar(&workplace(), &["plan"]);
    assert_eq!(neither.code, 2, "{}", neither.stderr);
}
