//! No figure can be another study's, another split's or another set's: what judges is held out, and a finished cell is
//! used again for nothing but itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use howfar_face::{FaceSet, FaceSetWriter};
use program::{Outcome, draw_style, howfar, study, with_parent, workplace};
use tempfile::TempDir;

const STUDY: &str = "[real]
sets = [\"real\"]
split = { train = 4, validation = 2, test = 2 }
[generated]
sets = [\"generated\"]
[unseen]
sets = [\"unseen\"]
[grid]
k = [0, 1]
seeds = 2
arms = [\"mix\"]
[train]
epochs = 3
";

fn prepare(place: &TempDir) {
    program::draw_three_sets(place);
    study(place, STUDY);
}

fn run(place: &TempDir) -> Outcome {
    let outcome = howfar(place, &["run", "study.toml", "--out", "out"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    outcome
}

fn results(place: &TempDir) -> serde_json::Value {
    serde_json::from_slice(&fs::read(place.path().join("out/results.json")).unwrap()).unwrap()
}

/// The people of a set.
fn people(place: &TempDir, set: &str) -> Vec<String> {
    let mut people = BTreeSet::new();
    let set = FaceSet::open(&place.path().join(set)).unwrap();
    set.for_each_labels(|labels| {
        people.insert(labels.subject.to_string());
    })
    .unwrap();
    people.into_iter().collect()
}

/// When the weights of every cell were written.
fn models(place: &TempDir) -> BTreeMap<PathBuf, SystemTime> {
    let cells = fs::read_dir(place.path().join("out/runs")).unwrap();
    let model = |cell: fs::DirEntry| cell.path().join("model.safetensors");
    cells.map(|cell| model(cell.unwrap())).map(|file| (file.clone(), modified(&file))).collect()
}

fn modified(file: &Path) -> SystemTime {
    fs::metadata(file).unwrap().modified().unwrap()
}

/// Copies a set with another name and a change to each face.
fn copy(place: &TempDir, from: &str, to: &str, change: impl Fn(&mut howfar_face::Face)) {
    let set = FaceSet::open(&place.path().join(from)).unwrap();
    let mut info = set.info().clone();
    (info.name, info.shards, info.n_faces) = (to.to_owned(), Vec::new(), 0);
    let mut writer = FaceSetWriter::create(&place.path().join(to), info).unwrap();
    set.for_each(|mut face| {
        change(&mut face);
        writer.push(&face)
    })
    .unwrap();
    writer.finish().unwrap();
}

#[test]
fn what_judges_is_refused_wherever_it_trains_before_any_work() {
    let place = workplace();
    prepare(&place);
    copy(&place, "real", "real-again", |_| ());
    copy(&place, "unseen", "unseen-again", |_| ());
    copy(&place, "unseen", "stolen", |face| {
        face.labels.subject = format!("other:{}", face.labels.subject.person()).parse().unwrap();
    });
    with_parent(&place, "children", &people(&place, "unseen")[0]);
    let cases = [
        ("\"unseen\"", "\"real-again\"", "the same faces stand in the study twice"),
        ("\"generated\"", "\"unseen-again\"", "the same faces stand in the study twice"),
        ("\"generated\"", "\"stolen\"", "the same picture would be trained on and judge"),
        ("\"generated\"", "\"children\"", "a face descends from a person who judges"),
    ];
    for (set, other, words) in cases {
        study(&place, &STUDY.replace(set, other));
        for command in ["plan", "run"] {
            let refused = howfar(
                &place,
                &[&[command, "study.toml"], &["--out", "no"][..2 * usize::from(command == "run")]].concat(),
            );
            assert_eq!(refused.code, 3, "{other}: {}", refused.stdout);
            assert!(refused.stderr.contains(words), "{other}: {}", refused.stderr);
        }
        assert!(!place.path().join("no").exists(), "{other}: nothing is begun");
    }
}

#[test]
fn a_matrix_leaves_out_what_was_made_of_those_who_judge_and_says_so() {
    let place = workplace();
    prepare(&place);
    draw_style(&place, "near", 8, 4, "studio");
    draw_style(&place, "far", 8, 5, "unseen");
    let card = place.path().join("generated/face_set.json");
    let seen = format!("\"trained_on\": {:?}", people(&place, "far"));
    let with = fs::read_to_string(&card).unwrap().replace("\"trained_on\": []", &seen);
    fs::write(&card, with).unwrap();
    let text = STUDY.replace("train = 4, validation = 2, test = 2", "train = 0.5, validation = 0.25, test = 0.25");
    study(
        &place,
        &text.replace("[\"generated\"]", "[\"generated\", \"clean\"]").replace("[\"unseen\"]", "[\"near\", \"far\"]"),
    );
    draw_style(&place, "clean", 8, 6, "wild");
    let matrix = howfar(&place, &["study", "cross-database", "study.toml", "--out", "matrix"]);
    assert_eq!(matrix.code, 0, "{}", matrix.stderr);
    let plain = howfar(&place, &["run", "study.toml", "--out", "plain"]);
    assert_eq!(plain.code, 3, "a study alone is refused: {}", plain.stderr);
    for name in ["real", "near", "far"] {
        let words = format!("trained on {name}: generated is left out");
        assert!(matrix.stderr.contains(&words) && matrix.stdout.contains(&words), "{words}: {}", matrix.stderr);
    }
}

#[test]
fn one_more_unseen_set_is_predicted_with_the_kept_networks() {
    let place = workplace();
    prepare(&place);
    run(&place);
    let before = models(&place);
    draw_style(&place, "far", 3, 5, "unseen");
    study(&place, &STUDY.replace("[\"unseen\"]", "[\"far\", \"unseen\"]"));
    run(&place);
    assert_eq!(models(&place), before, "nothing was trained again");
    let sets = results(&place)["recipes"][0]["claims"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["set"].clone())
        .collect::<Vec<_>>();
    assert!(sets.contains(&"far".into()) && sets.contains(&"unseen".into()), "{sets:?}");
    // A fresh folder says the same.
    let together = fs::read(place.path().join("out/results.json")).unwrap();
    let fresh = howfar(&place, &["run", "study.toml", "--out", "fresh"]);
    assert_eq!(fresh.code, 0, "{}", fresh.stderr);
    assert!(together == fs::read(place.path().join("fresh/results.json")).unwrap(), "results differ");
}

#[test]
fn a_set_that_is_called_otherwise_is_the_same_one() {
    let place = workplace();
    prepare(&place);
    run(&place);
    let before = models(&place);
    for set in ["unseen", "real", "generated"] {
        let file = place.path().join(set).join("face_set.json");
        let renamed = format!("\"name\": \"{set}-renamed\"");
        let text = fs::read_to_string(&file).unwrap().replacen(&format!("\"name\": \"{set}\""), &renamed, 1);
        fs::write(&file, text).unwrap();
    }
    study(&place, &STUDY.replace("seeds = 2", "seeds = 3"));
    run(&place);
    let after = models(&place);
    assert!(before.iter().all(|(file, time)| after.get(file) == Some(time)), "finished cells are used again");
    let results = results(&place);
    let unseen: Vec<&serde_json::Value> =
        results["recipes"][0]["claims"].as_array().unwrap().iter().filter(|claim| claim["part"] == "unseen").collect();
    assert_eq!(unseen.len(), 1, "one database, not two: {unseen:#?}");
    assert_eq!((&unseen[0]["set"], unseen[0]["n_seeds"].as_u64()), (&"unseen-renamed".into(), Some(3)));
}

#[test]
fn an_edited_split_file_makes_other_cells_and_a_plan_holds_from_any_folder() {
    let place = workplace();
    prepare(&place);
    let people = people(&place, "real");
    let write = |order: Vec<&String>| {
        let parts = ["train", "train", "train", "train", "validation", "validation", "test", "test"];
        let lines = order.iter().zip(parts).map(|(person, part)| format!("{person},{part}\n"));
        fs::write(place.path().join("split.csv"), format!("subject,part\n{}", lines.collect::<String>())).unwrap();
    };
    study(&place, &STUDY.replace("{ train = 4, validation = 2, test = 2 }", "{ file = \"split.csv\" }"));
    write(people.iter().collect());
    run(&place);
    let first = models(&place);
    write(people.iter().rev().collect());
    run(&place);
    let both = models(&place);
    assert_eq!(both.len(), 2 * first.len(), "no cell of the former split is taken for the new one");
    // The file as it was, and the study from another folder: everything is there.
    write(people.iter().collect());
    fs::create_dir(place.path().join("elsewhere")).unwrap();
    let program = env!("CARGO_BIN_EXE_howfar");
    let from_elsewhere = |arguments: &[&str]| {
        let output =
            Command::new(program).args(arguments).current_dir(place.path().join("elsewhere")).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    from_elsewhere(&["run", "../study.toml", "--out", "../out"]);
    assert_eq!(models(&place), both, "the folder it was called from decides nothing");
    from_elsewhere(&["study", "analyse", "../out"]);
    assert!(from_elsewhere(&["study", "cell", "../out", "--index", "0"]).contains("was finished before"));
    assert!(from_elsewhere(&["status", "../out"]).contains("6 of 6 cells finished"));
}

#[test]
fn ctrl_c_stops_in_every_look() {
    let place = workplace();
    prepare(&place);
    study(&place, &STUDY.replace("seeds = 2", "seeds = 9").replace("epochs = 3", "epochs = 30"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_howfar"))
        .args(["run", "study.toml", "--out", "out", "--until-sure", "--jobs", "1"])
        .current_dir(place.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        said += &format!("{}\n", line.unwrap());
        let n_seen = said.matches("look 2 of").count();
        if n_seen == 1 && said.ends_with("seeds\n") {
            Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        }
    }
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(75), "{said}");
    assert!(!said.contains("look 3 of"), "{said}");
}

#[test]
fn two_studies_of_one_name_do_not_share_a_folder_unless_asked() {
    let place = workplace();
    prepare(&place);
    let study = STUDY.replace("epochs = 3", "epochs = 1");
    fs::create_dir(place.path().join("other")).unwrap();
    fs::write(place.path().join("study.toml"), format!("name = \"twin\"\n{study}")).unwrap();
    let up = study.replace("sets = [\"", "sets = [\"../");
    fs::write(place.path().join("other/study.toml"), format!("name = \"twin\"\n{up}")).unwrap();
    for _ in 0..2 {
        let own = howfar(&place, &["run", "study.toml"]);
        assert_eq!(own.code, 0, "{}", own.stderr);
    }
    let other = howfar(&place, &["run", "other/study.toml"]);
    assert_eq!(other.code, 2, "{}", other.stderr);
    assert!(other.stderr.contains("another study of this name") && other.stderr.contains("--out"), "{}", other.stderr);
    let asked = howfar(&place, &["run", "other/study.toml", "--out", "twin"]);
    assert_eq!(asked.code, 0, "{}", asked.stderr);
}

#[test]
fn a_k_that_adds_nothing_and_two_that_are_one_are_refused_when_planned() {
    let place = workplace();
    prepare(&place);
    let cases = [
        ("k = [0, 1]", "k = [0, 0.1]", "k = 0.1 adds nothing"),
        ("k = [0, 1]", "k = [0, 1, 1.1]", "k = 1 and k = 1.1 are one mixture"),
        ("k = [0, 1]", "k = [0, 0.3]\npeople_percent = [25]", "k = 0.3 adds nothing to 25 % of the people"),
    ];
    for (k, other, words) in cases {
        study(&place, &STUDY.replace(k, other));
        let refused = howfar(&place, &["plan", "study.toml"]);
        assert_eq!(refused.code, 3, "{}", refused.stdout);
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
}

#[test]
fn a_plan_tells_time_and_memory_of_all_parts_of_the_work() {
    let place = workplace();
    prepare(&place);
    study(&place, &STUDY.replace("arms = [\"mix\"]", "arms = [\"mix\", \"generated-only\", \"repeat\"]"));
    let plan = howfar(&place, &["plan", "study.toml"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    let parts = ["in all", "audits of the faces", "cells that choose k", "controls at the chosen k", "predictions"];
    assert!(parts.iter().all(|part| plan.stdout.contains(part)), "{}", plan.stdout);
    // Two seeds with a split each; the ladder of `repeat` is there before k is chosen.
    let waiting = "then 2 cells at the chosen k:\n  generated only             2 cells\n";
    assert!(plan.stdout.contains(waiting), "{}", plan.stdout);
    assert!(!cfg!(target_os = "linux") || plan.stdout.contains("GB of memory"), "{}", plan.stdout);
}
