//! `howfar predict` right after installation: no model, one photograph; here a drawn face of 256 pixels.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;
use std::path::PathBuf;

use program::{Outcome, howfar, workplace};
use serde_json::Value;
use tempfile::TempDir;

/// A happy drawn face as a PNG.
fn photo(place: &TempDir) -> PathBuf {
    let arguments =
        ["draw", "--people", "1", "--seed", "3", "--size", "256", "--expressions", "happiness", "--out", "drawn"];
    assert_eq!(howfar(place, &arguments).code, 0);
    assert_eq!(howfar(place, &["faces", "export", "drawn", "--out", "png"]).code, 0);
    fs::read_dir(place.path().join("png/happiness")).unwrap().next().unwrap().unwrap().path()
}

fn answer(outcome: &Outcome) -> Vec<Value> {
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn without_a_model_a_face_gets_seven_probabilities_and_a_picture() {
    let place = workplace();
    let photo = photo(&place);
    let outcome = howfar(&place, &["predict", photo.to_str().unwrap(), "--picture", "seen.png", "--json"]);
    let seen = answer(&outcome);
    assert_eq!(seen.len(), 1, "one face was drawn: {seen:?}");
    let probabilities = seen[0]["probabilities"].as_object().unwrap();
    assert_eq!(probabilities.len(), 7);
    let sum: f64 = probabilities.values().map(|p| p.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    assert_eq!(seen[0]["expression"], "happiness");
    let picture = howfar_face::decode_png(&fs::read(place.path().join("seen.png")).unwrap(), "seen.png").unwrap();
    assert!(picture.width >= 256 && picture.height >= 256 && picture.channels == 3);
    let words = howfar(&place, &["predict", photo.to_str().unwrap()]);
    assert!(words.stdout.contains(": happiness"), "{}", words.stdout);
    assert!(words.stderr.contains("howfar's own network"), "{}", words.stderr);
    assert!(howfar(&place, &["predict", photo.to_str().unwrap(), "--quiet"]).stderr.is_empty());
}

#[test]
fn several_photographs_get_a_picture_each_and_none_is_replaced() {
    let place = workplace();
    let photo = photo(&place);
    let [a, b] = ["a.png", "b.png"].map(|name| place.path().join(name));
    fs::copy(&photo, &a).unwrap();
    fs::copy(&photo, &b).unwrap();
    let run = |picture: &str| howfar(&place, &["predict", "a.png", "b.png", "--detect", "none", "--picture", picture]);
    assert_eq!(run("seen").code, 0);
    assert_eq!(run("{}-seen.png").code, 0);
    for name in ["seen/a.png", "seen/b.png", "a-seen.png", "b-seen.png"] {
        assert!(place.path().join(name).is_file(), "{name}");
    }
    for (picture, what) in [("one.png", "two photographs"), (".", "would replace a photograph"), ("{}.jpg", "as PNG")] {
        let outcome = run(picture);
        assert_eq!(outcome.code, 2, "{picture}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(what) && outcome.stderr.contains("--picture"), "{}", outcome.stderr);
    }
    assert_eq!(fs::read(&a).unwrap(), fs::read(&photo).unwrap());
}

#[test]
fn a_photograph_that_cannot_be_read_is_named_and_the_others_are_answered() {
    let place = workplace();
    let photo = photo(&place);
    fs::write(place.path().join("broken.jpg"), b"this is no picture").unwrap();
    let missing = howfar(&place, &["predict", "nowhere.jpg"]);
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    assert!(missing.stderr.contains("nowhere.jpg: cannot read: there is no such file"), "{}", missing.stderr);
    let several = ["predict", "nowhere.jpg", "broken.jpg", photo.to_str().unwrap(), "--detect", "none"];
    let outcome = howfar(&place, &several);
    assert_eq!(outcome.code, 3);
    assert!(outcome.stderr.contains("nowhere.jpg") && outcome.stderr.contains("broken.jpg"), "{}", outcome.stderr);
    assert_eq!(outcome.stdout.lines().count(), 1, "{}", outcome.stdout);
    let no_photograph = howfar(&place, &["predict", "model.safetensors"]);
    assert_eq!(no_photograph.code, 2);
    assert!(no_photograph.stderr.contains("a model, but no photograph"), "{}", no_photograph.stderr);
    assert_eq!(howfar(&place, &["predict", "model.safetensors", "a.png"]).code, 3);
}

#[test]
fn a_set_without_neutral_faces_asks_for_its_own_classes() {
    let place = workplace();
    program::draw_style(&place, "six", 3, 1, "studio");
    let seven = "anger,disgust,fear,happiness,sadness,surprise,neutral";
    let arguments = ["draw", "--people", "4", "--size", "48", "--expressions", seven, "--out", "seven"];
    assert_eq!(howfar(&place, &arguments).code, 0);
    let train = ["train", "seven", "six", "--network", "medium", "--precision", "half", "--detect", "detector"];
    let arguments = [&train[..], &["--epochs", "1", "--out", "m.safetensors", "--quiet"]].concat();
    let trained = howfar(&place, &arguments);
    assert_eq!(trained.code, 0, "{}", trained.stderr);
    assert!(trained.stdout.contains("identities"), "{}", trained.stdout);
    // 16 bits a weight: below 200 kB where 32 bits would take 300.
    assert!(fs::metadata(place.path().join("m.safetensors")).unwrap().len() < 200_000);
    let outcome = howfar(&place, &["evaluate", "m.safetensors", "six", "--json"]);
    assert!(outcome.stderr.contains("the set has no class neutral"), "{}", outcome.stderr);
    let figures: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(figures["classes"].as_array().unwrap().len(), 6);
    assert_eq!(figures["classes_not_in_the_set"], serde_json::json!(["neutral"]));
    assert_eq!(figures["n_faces"], 18);
    assert_eq!(figures["confusion"].as_array().unwrap().len(), 6);
}
