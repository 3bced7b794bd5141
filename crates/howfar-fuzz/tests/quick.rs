//! A hundred damaged files for every reader, in the program that tries millions (`.ci/fuzz`).

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeSet;
use std::process::Command;

use howfar_fuzz::{TARGETS, input};

/// Damaged inputs of each target, or as many as a second allows.
const TRIES: &str = "100";

#[test]
fn no_reader_breaks_by_a_hundred_damaged_files() {
    let kept = tempfile::tempdir().unwrap();
    let tried = Command::new(env!("CARGO_BIN_EXE_howfar-fuzz"))
        .args(["--tries", TRIES, "--seconds", "1", "--keep"])
        .arg(kept.path())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&tried.stdout), String::from_utf8_lossy(&tried.stderr));
    assert!(tried.status.success(), "{said}");
    for target in TARGETS {
        let is_its_line = |line: &str| line.split_whitespace().next() == Some(target.name);
        assert!(said.lines().any(is_its_line), "{}: {said}", target.name);
    }
}

#[test]
fn every_whole_input_is_taken_and_is_the_same_wherever_it_is_made() {
    let (mut names, mut refused) = (BTreeSet::new(), Vec::new());
    for target in TARGETS {
        assert!(names.insert(target.name), "two targets are called {}", target.name);
        let places = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [seeds, elsewhere] = [0, 1].map(|i: usize| {
            (target.seeds)(places[i].path()).unwrap_or_else(|error| panic!("{}: {error}", target.name))
        });
        assert!(!seeds.is_empty() && seeds == elsewhere, "{}", target.name);
        for (number, bytes) in seeds.iter().enumerate() {
            assert_eq!(input(target, &seeds, 1, number as u64), *bytes);
            if !(target.run)(places[0].path(), bytes) {
                refused.push((target.name, number));
            }
        }
    }
    assert_eq!(refused, []);
}
