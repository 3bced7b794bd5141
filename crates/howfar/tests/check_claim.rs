//! `howfar study check-claim`: a published accuracy beside the seeds of a study; what is not there is told with what
//! is.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;

use program::{Outcome, howfar, workplace};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Results of `howfar demo`, as an earlier howfar wrote them.
const RESULTS: &str = include_str!("../../howfar-report/tests/golden/v2/results.json");

/// A study's folder with these accuracies of the seeds at k = 5 on the unseen set `mmi` and on test people.
fn study(seeds: &[f64]) -> TempDir {
    let place = workplace();
    let mut results: Value = serde_json::from_str(RESULTS).unwrap();
    let row = |arm: &str, k: f64, part: &str, set: &str| {
        let idx: Vec<usize> = (0..seeds.len()).collect();
        json!({"arm": arm, "k": k, "part": part, "set": set, "seeds": idx, "accuracy_percent": seeds})
    };
    let rows = [
        row("real", 0.0, "test", ""),
        row("mix", 2.0, "unseen", "mmi"),
        row("mix", 5.0, "unseen", "mmi"),
        row("mix", 5.0, "test", ""),
    ];
    if !seeds.is_empty() {
        results["recipes"][0]["by_seed"] = json!(rows);
    }
    fs::create_dir(place.path().join("s")).unwrap();
    fs::write(place.path().join("s/plan.json"), "{}").unwrap();
    fs::write(place.path().join("s/results.json"), results.to_string()).unwrap();
    place
}

const SEEDS: [f64; 5] = [46.0, 44.0, 50.0, 47.0, 48.0];

fn check(place: &TempDir, arguments: &[&str]) -> Outcome {
    let all: Vec<&str> = ["study", "check-claim", "s"].iter().chain(arguments).copied().collect();
    howfar(place, &all)
}

#[test]
fn a_published_figure_is_set_beside_one_run_and_the_best_of_several() {
    let place = study(&SEEDS);
    let told = check(&place, &["--published", "58.3", "--k", "5", "--on", "mmi", "--best-of", "9"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    for words in [
        "mix, k = 5 on unseen: mmi: 47.0 % on average over 5 seeds (44.0 to 50.0, standard deviation 2.2 points).",
        "58.3 % published is +11.3 points from that. A further run lies in 40.2 to 53.8 % with 95 %",
        "0 of 5 seeds do. So one run of this treatment does not give that by its luck in training.",
        "As the best of 9 runs: 49.7 % on average (48.0 to 50.0 %) when the seeds are drawn again, 0.0 % of such draws",
    ] {
        assert!(told.stdout.contains(words), "{words} in {}", told.stdout);
    }
    let low = check(&place, &["--published", "48", "--k", "5", "--json"]);
    let answer: Value = serde_json::from_str(&low.stdout).unwrap();
    assert_eq!(answer[0]["check"]["is_within_one_run"], true, "{}", low.stdout);
    assert_eq!(answer[0]["seeds"]["part"], "test");
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let place = study(&SEEDS);
    let cases: [(&[&str], &str); 5] = [
        (&["--published", "50", "--k", "5", "--on", "jaffe"], "expected  one of test, mmi"),
        (&["--published", "50", "--k", "5", "--on", "mmi", "--arm", "repeat"], "expected  one of mix"),
        (&["--published", "50", "--k", "3", "--on", "mmi"], "expected  one of 2, 5"),
        (&["--published", "583", "--k", "5"], "expected  a number from 0 to 100"),
        (&["--published", "50", "--k", "-1"], "k"),
    ];
    for (arguments, expected) in cases {
        let refused = check(&place, arguments);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains(expected), "{expected} in {}", refused.stderr);
    }
}

#[test]
fn one_seed_and_older_results_say_why_not() {
    let one = check(&study(&[50.0]), &["--published", "50", "--k", "5"]);
    assert_eq!(one.code, 3, "{}", one.stderr);
    assert!(one.stderr.contains("two seeds at least"), "{}", one.stderr);
    let older = check(&study(&[]), &["--published", "50", "--k", "5"]);
    assert_eq!(older.code, 3, "{}", older.stderr);
    assert!(older.stderr.contains("howfar study analyse"), "{}", older.stderr);
}
