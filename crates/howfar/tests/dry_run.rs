//! `howfar prepare --dry-run` as a user runs it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;

use program::{howfar, workplace};

#[test]
fn it_says_what_would_be_read_and_writes_nothing() {
    let place = workplace();
    for name in ["001/anger/a.png", "002/fear/b.png", "002/.DS_Store"] {
        let path = place.path().join("data").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"not even a picture").unwrap();
    }
    let told = howfar(&place, &["prepare", "folder:data", "--dry-run"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    for part in ["level 1  people", "001, 002", "level 2  classes", "2 pictures of 2 people", "system file"] {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);

    let told = howfar(&place, &["prepare", "folder:data", "--dry-run", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(json["sources"][0]["levels"][0]["kind"], "person");
    assert_eq!(json["sources"][0]["classes"][1]["first"][0], "002/fear/b.png");
}

#[test]
fn a_setting_that_no_source_reads_and_numbers_for_classes_are_refused() {
    let place = workplace();
    for name in ["data/0/a.png", "data/1/b.png"] {
        fs::create_dir_all(place.path().join(name).parent().unwrap()).unwrap();
        fs::write(place.path().join(name), b"").unwrap();
    }
    let refused = howfar(&place, &["prepare", "jaffe:data", "--label-pattern", "(?<label>.)", "--out", "faces"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("--label-pattern"), "{}", refused.stderr);
    let refused = howfar(&place, &["prepare", "folder:data", "--dry-run"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("--label-map"), "{}", refused.stderr);
}
