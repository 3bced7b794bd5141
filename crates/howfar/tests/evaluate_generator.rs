//! `howfar generator evaluate` on drawn faces.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod program;

use program::{Outcome, howfar, workplace};
use serde_json::Value;
use tempfile::TempDir;

fn draw(place: &TempDir, out: &str, more: &str) {
    let command = format!("draw --out {out} {more}");
    let drawn = howfar(place, &command.split_whitespace().collect::<Vec<_>>());
    assert_eq!(drawn.code, 0, "{}", drawn.stderr);
}

fn measured(place: &TempDir, generated: &str, real: &str) -> Value {
    let Outcome { code, stdout, stderr } = howfar(place, &["generator", "evaluate", generated, real, "--json"]);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn faces_of_one_kind_are_near_and_others_are_far() {
    let place = workplace();
    draw(&place, "real", "--people 16 --seed 1 --style studio");
    draw(&place, "same", "--people 8 --seed 2 --style studio");
    draw(&place, "dull", "--people 8 --seed 2 --style wild --intensity 0");
    let [same, dull] = ["same", "dull"].map(|set| measured(&place, set, "real"));
    assert_eq!(same["n_real_faces"], 48);
    for figures in [&same, &dull] {
        assert_eq!(figures["real"]["n_faces"], figures["generated_at_equal_count"]["n_faces"]);
        assert_eq!(figures["real"], same["real"], "the reference asks the real set alone");
        let counts: Vec<u64> =
            figures["diversity"].as_array().unwrap().iter().map(|at| at["n_faces"].as_u64().unwrap()).collect();
        assert_eq!(counts, [6, 12, 24, 48]);
    }
    let figure = |set: &Value, name: &str| set["generated_at_equal_count"][name].as_f64().unwrap();
    for distance in ["frechet_distance", "kernel_distance"] {
        assert!(figure(&dull, distance) > 2.0 * figure(&same, distance).max(0.0), "{distance}: {dull} {same}");
    }
    assert!(figure(&dull, "coverage") < figure(&same, "coverage"));
    assert!(same["generated_labels"]["accuracy_percent"].as_f64().unwrap() > 90.0, "{same}");
    assert!(dull["generated_labels"]["accuracy_percent"].as_f64().unwrap() < 50.0, "{dull}");
    let identity = |set: &Value, key: &str| set["generated_identity"][key].as_f64().unwrap();
    assert_eq!((identity(&same, "n_people"), same["real_identity"]["n_people"].as_u64()), (8.0, Some(16)));
    assert!(identity(&same, "kept_percent") > 2.0 * identity(&same, "chance_percent"), "{same}");
    let words = howfar(&place, &["generator", "evaluate", "same", "real"]).stdout;
    for word in [
        "features: howfar's own expression network",
        "Fréchet distance",
        "1/8 of the people",
        "nearest is the same",
        "label agreement",
        "accuracy",
    ] {
        assert!(words.contains(word), "{word}: {words}");
    }
}

#[test]
fn sets_that_cannot_be_compared_are_named() {
    let place = workplace();
    draw(&place, "real", "--people 16 --seed 1");
    draw(&place, "small", "--people 4 --size 48");
    draw(&place, "alone", "--people 1");
    draw(&place, "pair", "--people 2 --expressions anger,fear");
    draw(&place, "neutral", "--people 4 --expressions neutral");
    let cases = [
        ("small", "real", "small and real: the two sets have faces of different sizes"),
        ("small", "small", "small and small: howfar's network looks at faces of another size"),
        ("real", "alone", "alone: too few people"),
        ("real", "pair", "half of the real faces: too few faces"),
        ("neutral", "real", "neutral and real: the two sets share no class"),
        ("nowhere", "real", "nowhere"),
    ];
    for (generated, real, what) in cases {
        let outcome = howfar(&place, &["generator", "evaluate", generated, real]);
        assert_eq!(outcome.code, 3, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(what), "{what}: {}", outcome.stderr);
    }
}

#[test]
fn a_network_of_ones_own_takes_faces_of_any_size_and_looks_at_each_once() {
    let place = workplace();
    draw(&place, "real", "--people 8 --seed 1 --size 48");
    draw(&place, "made", "--people 4 --seed 2 --size 56 --colour rgb");
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reference");
    let free = format!("{reference}/feature_network_free.onnx");
    let measure = |more: &[&str]| {
        let arguments = ["generator", "evaluate", "made", "real", "--json", "--features", &free];
        let outcome = howfar(&place, &[&arguments, more].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        serde_json::from_str::<Value>(&outcome.stdout).unwrap()
    };
    let figures = measure(&[]);
    let named = figures["features"].as_str().unwrap();
    assert!(named.contains("feature_network_free.onnx") && named.contains("5 values of \"features\""), "{named}");
    assert_eq!((&figures["generated_labels"], &figures["real_labels"]), (&Value::Null, &Value::Null));
    assert_eq!(figures["generated_identity"]["n_faces"], 24);
    let other = measure(&["--features-range=-1..1"]);
    assert_ne!(figures["generated"]["frechet_distance"], other["generated"]["frechet_distance"], "another range");
    let without = howfar(&place, &["generator", "evaluate", "made", "real", "--features-range", "0..1"]);
    assert_eq!(without.code, 2, "{}", without.stderr);
    let threads = |n: &str| {
        let script = format!(
            "RAYON_NUM_THREADS={n} RTEN_NUM_THREADS={n} $0 generator evaluate made real --json --features {free}"
        );
        program::shell(&place, &script).stdout
    };
    assert_eq!(threads("1"), threads("3"), "no number of threads changes a bit");
}
