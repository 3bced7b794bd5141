//! Runs the built program in a folder of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::process::Command;

use howfar_face::{FaceSet, FaceSetInfo, FaceSetWriter, SubjectId};
use tempfile::TempDir;

/// What a run said.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A folder that goes away with the test.
pub fn workplace() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn outcome(mut command: Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `howfar` with arguments.
pub fn howfar(place: &TempDir, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_howfar"));
    command.args(arguments).current_dir(place.path());
    outcome(command)
}

/// Runs a shell script whose `$0` is the program.
pub fn shell(place: &TempDir, script: &str) -> Outcome {
    let mut command = Command::new("bash");
    command.args(["-c", script, env!("CARGO_BIN_EXE_howfar")]).current_dir(place.path());
    outcome(command)
}

/// Draws a small `studio` set.
pub fn draw(place: &TempDir, out: &str, people: u32, seed: u64) {
    draw_style(place, out, people, seed, "studio");
}

/// Draws a small set.
pub fn draw_style(place: &TempDir, out: &str, people: u32, seed: u64, style: &str) {
    let (people, seed) = (people.to_string(), seed.to_string());
    let arguments =
        ["draw", "--people", &people, "--seed", &seed, "--style", style, "--name", out, "--out", out, "--size", "48"];
    let drawn = howfar(place, &arguments);
    assert_eq!(drawn.code, 0, "{}", drawn.stderr);
}

/// Copies the set `real` as `name`, every face a child of `parent`.
pub fn with_parent(place: &TempDir, name: &str, parent: &str) {
    let set = FaceSet::open(&place.path().join("real")).unwrap();
    let info = FaceSetInfo::new(name, set.info().classes.clone(), set.info().preprocessing.clone());
    let mut writer = FaceSetWriter::create(&place.path().join(name), info).unwrap();
    set.for_each(|mut face| {
        face.labels.subject = SubjectId::new(name, face.labels.subject.person())?;
        face.labels.parent = Some(parent.parse()?);
        writer.push(&face)
    })
    .unwrap();
    writer.finish().unwrap();
}

/// Labelled, generated and unseen faces of a small study, in folders of these names.
pub fn draw_three_sets(place: &TempDir) {
    draw_style(place, "real", 8, 1, "studio");
    draw_style(place, "generated", 6, 2, "wild");
    draw_style(place, "unseen", 3, 3, "unseen");
}

/// Writes `study.toml` from its tables.
pub fn study(place: &TempDir, tables: &str) {
    fs::write(place.path().join("study.toml"), format!("name = \"s\"\n{tables}")).unwrap();
}
