//! A network on anyone's labelled pictures, and `predict` on folders and lists, with and without a detector of the
//! user's.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use program::{Outcome, howfar, workplace};
use serde_json::Value;
use tempfile::TempDir;

const PERSON: &str = r"(?<person>[^/]+?__.+?)__";

/// Class folders of drawn faces: four persons, the six expressions, 64 pixels.
fn pictures(place: &TempDir) {
    let drawn = howfar(place, &["draw", "--people", "4", "--seed", "5", "--size", "64", "--out", "drawn"]);
    assert_eq!(drawn.code, 0, "{}", drawn.stderr);
    assert_eq!(howfar(place, &["faces", "export", "drawn", "--out", "png"]).code, 0);
}

fn evaluate(place: &TempDir, arguments: &[&str]) -> Outcome {
    howfar(place, &[&["evaluate"], arguments].concat())
}

fn json(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|e| panic!("{e}: {}", outcome.stdout))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_folder_of_pictures_is_measured_in_one_line_with_intervals_over_people() {
    let place = workplace();
    pictures(&place);
    fs::write(place.path().join("png/happiness/notes.txt"), "no picture").unwrap();
    fs::write(place.path().join("png/happiness/a__1__broken.png"), "no picture").unwrap();
    let found = json(&evaluate(&place, &["folder:png", "--detect", "none", "--subject-pattern", PERSON, "--json"]));
    assert_eq!(
        (&found["n_faces"], &found["n_persons"], &found["n_faces_of_nobody_known"]),
        (&24.into(), &4.into(), &0.into())
    );
    for figure in ["accuracy", "macro_recall"] {
        let value = number(&found[format!("{figure}_percent")]);
        let ends = &found[format!("{figure}_interval_percent")];
        assert!(number(&ends[0]) <= value && value <= number(&ends[1]), "{figure}: {value} {ends}");
    }
    // Drawn faces are what the network inside has learned from.
    assert!(number(&found["accuracy_percent"]) > 50.0, "{found}");
    assert!((number(&found["largest_class_percent"]) - 100.0 / 6.0).abs() < 1e-9, "{found}");
    assert_eq!(found["classes_not_in_the_set"], serde_json::json!(["neutral"]));
    let reasons: Vec<&str> =
        found["left_out"].as_array().unwrap().iter().map(|r| r["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["not-a-picture", "unreadable"]);
    let words = evaluate(&place, &["folder:png", "--detect", "none", "--subject-pattern", PERSON]).stdout;
    for part in [
        "24 faces of 4 people",
        "95 % interval over people",
        "anger alone would score 16.7 %",
        "happiness  ",
        "left out: 2 (1 not a picture, 1 unreadable)",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let header = words.lines().find(|line| line.starts_with("true")).unwrap();
    for class in ["anger", "disgust", "fear", "happiness", "sadness", "surprise"] {
        assert!(header.contains(class), "{class}: {header}");
    }
    // Nothing stays behind beside the pictures.
    let mut left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["drawn", "png"]);
}

#[test]
fn a_face_set_and_its_pictures_get_the_same_figures_and_unknown_people_are_said() {
    let place = workplace();
    pictures(&place);
    let of_set = json(&evaluate(&place, &["drawn", "--json"]));
    let of_pictures =
        json(&evaluate(&place, &["folder:png", "--detect", "none", "--subject-pattern", PERSON, "--json"]));
    for key in ["n_faces", "n_persons", "accuracy_percent", "macro_recall_interval_percent", "confusion"] {
        assert_eq!(of_set[key], of_pictures[key], "{key}");
    }
    let nobody = evaluate(&place, &["folder:png", "--detect", "none"]);
    assert!(nobody.stdout.contains("24 faces of 24 people"), "{}", nobody.stdout);
    assert!(nobody.stdout.contains("Of 24 faces nobody says whose they are"), "{}", nobody.stdout);
}

#[test]
fn classes_are_matched_by_name_and_what_is_not_known_is_counted() {
    let place = workplace();
    pictures(&place);
    let train = ["train", "drawn", "--network", "medium", "--epochs", "1", "--out", "m.safetensors", "--quiet"];
    assert_eq!(howfar(&place, &train).code, 0);
    fs::rename(place.path().join("png/happiness"), place.path().join("png/Happy")).unwrap();
    fs::rename(place.path().join("png/fear"), place.path().join("png/neutral")).unwrap();
    let found = json(&evaluate(&place, &["m.safetensors", "folder:png", "--detect", "none", "--json"]));
    assert_eq!((&found["n_faces"], found["classes"].as_array().unwrap().len()), (&20.into(), 5));
    assert_eq!(found["classes_not_in_the_set"], serde_json::json!(["fear"]));
    assert_eq!(found["left_out"], serde_json::json!([{ "reason": "not-asked-for", "files": 4 }]));
    let refused = evaluate(&place, &["m.safetensors"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("a model, but no faces"), "{}", refused.stderr);
    let plain = evaluate(&place, &["png"]);
    assert_eq!(plain.code, 3);
    assert!(plain.stderr.contains("folder:png"), "{}", plain.stderr);
    let unknown = evaluate(&place, &["jafe:png"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean jaffe?"), "{}", unknown.stderr);
}

/// Three drawn faces, a gray picture, a broken one and files of the system below `photos`.
fn photos(place: &TempDir) {
    let draw =
        ["draw", "--people", "3", "--seed", "3", "--size", "256", "--expressions", "happiness", "--out", "large"];
    assert_eq!(howfar(place, &draw).code, 0);
    assert_eq!(howfar(place, &["faces", "export", "large", "--out", "large-png"]).code, 0);
    let folder = place.path().join("photos");
    fs::create_dir_all(folder.join("b/@eaDir")).unwrap();
    let faces: Vec<PathBuf> = howfar_face::files::sorted_entries(&place.path().join("large-png/happiness")).unwrap();
    for (face, name) in faces.iter().zip(["b/1.png", "b/2.png", "d.png"]) {
        fs::copy(face, folder.join(name)).unwrap();
    }
    image::GrayImage::from_pixel(90, 90, image::Luma([90])).save(folder.join("a.png")).unwrap();
    fs::write(folder.join("c.jpg"), "no picture").unwrap();
    for name in ["b/@eaDir/1.png", "b/._1.png", "notes.md"] {
        fs::write(folder.join(name), "of the system").unwrap();
    }
}

fn images(rows: &[Value]) -> Vec<String> {
    let name = |row: &Value| row["image"].as_str().unwrap().replace('\\', "/");
    rows.iter().map(name).collect()
}

#[test]
fn a_folder_gets_a_row_for_every_photograph_in_order() {
    let place = workplace();
    photos(&place);
    let outcome = howfar(&place, &["predict", "photos", "--json", "--csv", "seen.csv"]);
    assert_eq!(outcome.code, 3, "one cannot be read: {}", outcome.stderr);
    assert!(
        outcome.stderr.contains("c.jpg") && outcome.stderr.contains("1 files are no pictures"),
        "{}",
        outcome.stderr
    );
    let rows: Vec<Value> = serde_json::from_str(&outcome.stdout).unwrap();
    let expected = ["photos/a.png", "photos/b/1.png", "photos/b/2.png", "photos/c.jpg", "photos/d.png"];
    assert_eq!(images(&rows), expected);
    assert_eq!(outcome.stdout.lines().count(), rows.len() + 2, "a row a line");
    assert_eq!(rows[0]["problem"], "no face found");
    assert!(rows[3]["problem"].as_str().unwrap().contains("picture"), "{}", rows[3]);
    assert_eq!((&rows[1]["expression"], rows[1].get("problem")), (&"happiness".into(), None));
    let table = fs::read_to_string(place.path().join("seen.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[0].starts_with("image,face,left,top,width,height,") && lines[0].ends_with(",problem"),
        "{}",
        lines[0]
    );
    let n_fields = lines[0].split(',').count();
    assert!(lines.len() == 6 && lines[1].ends_with(",no face found") && lines[2].contains(",happiness,"), "{table}");
    assert_eq!(lines[2].split(',').count(), n_fields);
    // A list gives the same rows in its own order, from its own folder.
    fs::write(place.path().join("photos/list.csv"), "id,path\n1,d.png\n2,b/1.png\n").unwrap();
    let listed = howfar(&place, &["predict", "photos/list.csv", "--json"]);
    let of_list: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((listed.code, of_list), (0, vec![rows[4].clone(), rows[1].clone()]));
    let empty = howfar(&place, &["predict", "photos/b/@eaDir"]);
    assert_eq!(empty.code, 3, "{}", empty.stderr);
}

fn reference(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference").join(name);
    path.to_string_lossy().into_owned()
}

#[test]
fn a_users_detector_finds_the_faces_and_a_model_that_needs_it_says_which() {
    let place = workplace();
    pictures(&place);
    let [yunet, scrfd] = ["face_detector_yunet.onnx", "face_detector_scrfd.onnx"].map(reference);
    let found = json(&howfar(&place, &["predict", "png/anger", "--detector", &yunet, "--json"]));
    assert_eq!(found.as_array().unwrap().len(), 8, "this one tells two faces of any picture");
    let prepare = ["prepare", "folder:png", "--detector", &yunet, "--subject-pattern", PERSON, "--out", "set"];
    let prepared = howfar(&place, &prepare);
    assert_eq!(prepared.code, 0, "{}", prepared.stderr);
    let info: Value = serde_json::from_slice(&fs::read(place.path().join("set/face_set.json")).unwrap()).unwrap();
    assert!(info.to_string().contains("\"onnx:"), "{info}");
    let train = ["train", "set", "--network", "medium", "--epochs", "1", "--out", "m.safetensors", "--quiet"];
    assert_eq!(howfar(&place, &train).code, 0);
    for command in [&["predict", "m.safetensors", "png/anger"][..], &["evaluate", "m.safetensors", "folder:png"]] {
        let missing = howfar(&place, command);
        assert_eq!(missing.code, 2, "{}", missing.stderr);
        assert!(missing.stderr.contains("whose SHA-256 begins with"), "{}", missing.stderr);
        let other = howfar(&place, &[command, &["--detector", &scrfd]].concat());
        assert_eq!(other.code, 3, "{}", other.stderr);
        assert!(other.stderr.contains("not the network that the faces were found by"), "{}", other.stderr);
        let right = howfar(&place, &[command, &["--detector", &yunet]].concat());
        assert_eq!(right.code, 0, "{}", right.stderr);
    }
    let refused = howfar(&place, &["predict", "png/anger", "--detector", &reference("feature_network_words.onnx")]);
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("YuNet") && refused.stderr.contains("SCRFD"), "{}", refused.stderr);
}
