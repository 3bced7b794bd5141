//! Weights of other programs: looked into, taken over, used; a file that would run code is refused and nothing runs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;

use program::{draw_style, howfar, workplace};

const STARGAN: &[u8] = include_bytes!("../../howfar-import/tests/data/stargan.ckpt");
const STYLEGAN2: &[u8] = include_bytes!("../../howfar-import/tests/data/stylegan2.pkl");

#[test]
fn a_stargan_of_the_public_code_gives_expressions_to_faces() {
    let place = workplace();
    fs::write(place.path().join("G.ckpt"), STARGAN).unwrap();
    let seen = howfar(&place, &["inspect-weights", "G.ckpt", "--json"]);
    let seen: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!((seen["kind"].as_str(), seen["settings"]["c_dim"].as_u64()), (Some("stargan-generator"), Some(3)));
    let unnamed = howfar(&place, &["import-weights", "G.ckpt", "--out", "G.safetensors"]);
    assert_eq!(unnamed.code, 2, "{}", unnamed.stderr);
    assert!(unnamed.stderr.contains("--classes") && unnamed.stderr.contains("3, in the order"), "{}", unnamed.stderr);
    let import =
        ["import-weights", "G.ckpt", "--classes", "anger,fear,surprise", "--size", "64", "--out", "G.safetensors"];
    let imported = howfar(&place, &import);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    assert!(imported.stderr.contains("running statistics were left out"), "{}", imported.stderr);
    draw_style(&place, "people", 2, 1, "studio");
    let made = howfar(&place, &["generate", "--from", "people", "--expression", "G.safetensors", "--out", "moved"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.stdout.contains("6 generated faces"), "{}", made.stdout);
}

#[test]
fn what_howfar_cannot_run_is_refused_with_the_reason() {
    let place = workplace();
    fs::write(place.path().join("evil.pkl"), b"\x80\x02cposix\nsystem\nX\x0a\0\0\0touch ran.xR.").unwrap();
    fs::write(place.path().join("tiny.pkl"), STYLEGAN2).unwrap();
    let evil = howfar(&place, &["import-weights", "evil.pkl", "--out", "x.safetensors"]);
    assert!(
        evil.code == 3 && evil.stderr.contains("posix.system") && evil.stderr.contains("evil.pkl"),
        "{}",
        evil.stderr
    );
    // A network of 8 pixels a side, which nobody publishes.
    let tiny = howfar(&place, &["import-weights", "tiny.pkl", "--out", "x.safetensors"]);
    assert!(
        tiny.code == 3 && tiny.stderr.contains("tiny.pkl, side: StyleGAN2 doubles its pictures"),
        "{}",
        tiny.stderr
    );
    assert!(!place.path().join("x.safetensors").exists());
    assert!(!place.path().join("ran.x").exists());
}
