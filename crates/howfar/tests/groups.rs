//! Groups of faces, from a manifest through the set to `faces inspect`.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;

use howfar_face::{FaceSet, FaceSetInfo, FaceSetWriter};
use program::{draw, draw_style, howfar, study, workplace};
use tempfile::TempDir;

#[test]
fn a_column_of_groups_reaches_the_set_and_inspect_counts_it() {
    let place = workplace();
    draw(&place, "drawn", 4, 5);
    assert_eq!(howfar(&place, &["faces", "export", "drawn", "--out", "png"]).code, 0);
    assert!(
        howfar(&place, &["faces", "inspect", "drawn"]).stdout.contains("groups      "),
        "drawn faces know their age"
    );
    let words =
        ["prepare", "folder:png", "--detect", "none", "--provenance", "drawn", "--size", "48", "--out", "plain"];
    let prepared = howfar(&place, &words);
    assert_eq!(prepared.code, 0, "{}", prepared.stderr);
    assert!(
        !howfar(&place, &["faces", "inspect", "plain"]).stdout.contains("groups"),
        "a set without groups says nothing of them"
    );
    let mut manifest = "path,label,group\n".to_owned();
    for (class, group) in [("anger", "left light"), ("fear", "right light"), ("sadness", "")] {
        let pictures = fs::read_dir(place.path().join("png").join(class)).unwrap();
        let mut names: Vec<_> = pictures.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names.iter().for_each(|name| manifest += &format!("png/{class}/{name},{class},{group}\n"));
    }
    fs::write(place.path().join("m.csv"), manifest).unwrap();
    let words =
        ["prepare", "folder:m.csv", "--detect", "none", "--provenance", "drawn", "--size", "48", "--out", "set"];
    let prepared = howfar(&place, &words);
    assert_eq!(prepared.code, 0, "{}", prepared.stderr);
    let words = howfar(&place, &["faces", "inspect", "set"]).stdout;
    assert!(words.contains("groups      left light 4, right light 4, of none 4"), "{words}");
    let json: serde_json::Value =
        serde_json::from_str(&howfar(&place, &["faces", "inspect", "set", "--json"]).stdout).unwrap();
    assert_eq!(json["per_group"], serde_json::json!({"left light": 4, "right light": 4}));
}

/// Copies the set `unseen` as `lit`: every second face is lit from the left, the others from the right.
fn light(place: &TempDir) {
    let set = FaceSet::open(&place.path().join("unseen")).unwrap();
    let info = FaceSetInfo::new("lit", set.info().classes.clone(), set.info().preprocessing.clone());
    let mut writer = FaceSetWriter::create(&place.path().join("lit"), info).unwrap();
    let mut is_left = false;
    set.for_each(|mut face| {
        is_left = !is_left;
        face.labels.group = Some(if is_left { "left light" } else { "right light" }.to_owned());
        writer.push(&face)
    })
    .unwrap();
    writer.finish().unwrap();
}

#[test]
fn a_study_says_which_group_gains_least() {
    let place = workplace();
    draw(&place, "real", 6, 1);
    draw(&place, "generated", 3, 2);
    draw_style(&place, "unseen", 3, 3, "unseen");
    light(&place);
    let tables = "[real]\nsets = [\"real\"]\nsplit = { train = 2, validation = 2, test = 2 }\n\
        [generated]\nsets = [\"generated\"]\n[unseen]\nsets = [\"lit\"]\n\
        [grid]\nk = [0, 1]\nseeds = 2\narms = [\"mix\"]\n[train]\nepochs = 2\n";
    study(&place, tables);
    let run = howfar(&place, &["run", "study.toml", "--out", "out"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("Gains least of 2 groups of unseen: lit: "), "{}", run.stdout);
    let results = fs::read(place.path().join("out/results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_slice(&results).unwrap();
    let details = results["recipes"][0]["details"].as_array().unwrap();
    let of_lit = details.iter().find(|details| details["set"] == "lit").unwrap();
    assert_eq!(of_lit["groups_by"], "group");
    let groups = of_lit["groups"].as_array().unwrap();
    let found: Vec<(&str, u64)> =
        groups.iter().map(|of| (of["group"].as_str().unwrap(), of["n_people"].as_u64().unwrap())).collect();
    assert_eq!(found, [("left light", 3), ("right light", 3)]);
    let n_faces: u64 = groups.iter().map(|of| of["n_faces"].as_u64().unwrap()).sum();
    assert_eq!(of_lit["calibration"]["n_faces"], n_faces);
    let page = fs::read_to_string(place.path().join("out/report.html")).unwrap();
    assert!(page.contains("In detail at k = 1") && page.contains("Who gains least?"));
}
