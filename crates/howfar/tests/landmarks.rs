//! The network that finds the eyes: what it finds in drawn faces that it has not seen, and the command that trains it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::process::Command;

use howfar_crop::preprocess_photo;
use howfar_draw::{FaceSpec, HeadModel, STYLE_NAMES, Style, draw_face};
use howfar_face::{Expression, Preprocessing};
use howfar_net::LandmarkNetwork;

const SIDE: u32 = 96;

/// Distance of the found eyes from the drawn ones, in eye distances; none where they were rejected as implausible.
fn error(style: &Style, person: u32, expression: Expression) -> Option<f64> {
    let drawn = draw_face(HeadModel::shared(), style, 987, &FaceSpec::full(person, expression), SIDE);
    let photo = image::GrayImage::from_raw(SIDE, SIDE, drawn.pixels).unwrap();
    let preprocessing = Preprocessing::standard("none", "landmarks", 64);
    let found = preprocess_photo(&photo.into(), &preprocessing).unwrap()[0].eyes?;
    let eyes = [36..42, 42..48].map(|eye| {
        let sum = |k: usize| eye.clone().map(|i| f64::from(drawn.landmarks[2 * i + k])).sum::<f64>() / 6.0;
        [sum(0), sum(1)]
    });
    let apart = (eyes[1][0] - eyes[0][0]).hypot(eyes[1][1] - eyes[0][1]);
    let off = found.iter().zip(eyes).map(|(found, eye)| (found.x - eye[0]).hypot(found.y - eye[1])).sum::<f64>() / 2.0;
    Some(off / apart)
}

#[test]
fn eyes_of_drawn_faces_are_found() {
    let mut errors = Vec::new();
    for name in STYLE_NAMES {
        let style = Style::named(name).unwrap();
        for (person, expression) in (0..).zip(Expression::ALL) {
            errors.push(error(&style, person, expression).unwrap_or(f64::INFINITY));
        }
    }
    errors.sort_by(f64::total_cmp);
    let median = errors[errors.len() / 2];
    let n_far = errors.iter().filter(|e| **e > 0.15).count();
    assert!(median < 0.06 && n_far <= 3, "median {median:.3} of the eyes' distance, {n_far} far off: {errors:.3?}");
}

/// Trains for two steps with this many threads and reads what was written.
fn train(threads: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("landmarks.safetensors");
    let run = Command::new(env!("CARGO_BIN_EXE_howfar"))
        .args(["train-landmarks", "--people", "2", "--steps", "2", "--seed", "4", "--out"])
        .arg(&out)
        .env("RAYON_NUM_THREADS", threads)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    std::fs::read(out).unwrap()
}

#[test]
fn training_gives_the_same_bytes_with_any_number_of_threads() {
    let bytes = train("1");
    assert_eq!(bytes, train("3"));
    let (network, card) = LandmarkNetwork::from_bytes(&bytes).unwrap();
    assert_eq!((network.n_points(), &card["data"], &card["steps"]), (68, &"drawn faces alone".into(), &2.into()));
}

/// A training that is stopped at some moment and run again writes what one writes that nobody stopped.
#[cfg(unix)]
#[test]
fn a_stopped_training_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let command = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_howfar"));
        command.args(["train-landmarks", "--people", "1", "--steps", "12", "--out"]).arg(folder.path().join(name));
        command
    };
    assert!(command("whole").output().unwrap().status.success());
    let mut stopped = command("stopped").spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    Command::new("kill").args(["-TERM", &stopped.id().to_string()]).status().unwrap();
    let code = stopped.wait().unwrap().code();
    // A fast machine may be done, a slow one may not even listen yet: whatever happened, the next run goes on.
    assert!([None, Some(0), Some(75)].contains(&code), "{code:?}");
    assert!(command("stopped").output().unwrap().status.success());
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(read("whole") == read("stopped"));
    assert!(!folder.path().join("stopped.checkpoint").exists());
    std::fs::write(folder.path().join("other.checkpoint"), b"not a state").unwrap();
    assert_eq!(command("other").output().unwrap().status.code(), Some(3));
}

#[test]
fn nothing_to_learn_from_is_refused() {
    for arguments in [["--people", "0"], ["--steps", "0"]] {
        let run = Command::new(env!("CARGO_BIN_EXE_howfar"))
            .args(["train-landmarks", "--out", "never-written"])
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(2), "{}", String::from_utf8_lossy(&run.stderr));
    }
}
