//! Groups of faces, from a manifest through the set to `inspect`.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;

use program::{draw, howfar, workplace};

#[test]
fn a_column_of_groups_reaches_the_set_and_inspect_counts_it() {
    let place = workplace();
    draw(&place, "drawn", 4, 5);
    assert_eq!(howfar(&place, &["export-faces", "drawn", "--out", "png"]).code, 0);
    assert!(
        !howfar(&place, &["inspect", "drawn"]).stdout.contains("groups"),
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
    let words = howfar(&place, &["inspect", "set"]).stdout;
    assert!(words.contains("groups      left light 4, right light 4, of none 4"), "{words}");
    let json: serde_json::Value = serde_json::from_str(&howfar(&place, &["inspect", "set", "--json"]).stdout).unwrap();
    assert_eq!(json["per_group"], serde_json::json!({"left light": 4, "right light": 4}));
}
