//! Weights of other programs: looked into, taken over, used; a file that would run code is refused and nothing runs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;

use program::{draw_style, howfar, shell, workplace};

const STARGAN: &[u8] = include_bytes!("../../howfar-import/tests/data/stargan.ckpt");
const STYLEGAN2: &[u8] = include_bytes!("../../howfar-import/tests/data/stylegan2.pkl");

#[test]
fn a_stargan_of_the_public_code_gives_expressions_to_faces() {
    let place = workplace();
    fs::write(place.path().join("G.ckpt"), STARGAN).unwrap();
    let seen = howfar(&place, &["weights", "inspect", "G.ckpt", "--json"]);
    let seen: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!((seen["kind"].as_str(), seen["settings"]["c_dim"].as_u64()), (Some("stargan-generator"), Some(3)));
    let unnamed = howfar(&place, &["weights", "import", "G.ckpt", "--out", "G.safetensors"]);
    assert_eq!(unnamed.code, 2, "{}", unnamed.stderr);
    assert!(unnamed.stderr.contains("--classes") && unnamed.stderr.contains("3, in the order"), "{}", unnamed.stderr);
    let import =
        ["weights", "import", "G.ckpt", "--classes", "anger,fear,surprise", "--size", "64", "--out", "G.safetensors"];
    let twice = import.map(|word| if word == "anger,fear,surprise" { "anger,fear,anger" } else { word });
    let twice = howfar(&place, &twice);
    assert_eq!(twice.code, 2, "{}", twice.stderr);
    assert!(twice.stderr.contains("--classes: a class is named twice"), "{}", twice.stderr);
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
    let evil = howfar(&place, &["weights", "import", "evil.pkl", "--out", "x.safetensors"]);
    assert!(
        evil.code == 3 && evil.stderr.contains("posix.system") && evil.stderr.contains("evil.pkl"),
        "{}",
        evil.stderr
    );
    // A network of 8 pixels a side, which nobody publishes.
    let tiny = howfar(&place, &["weights", "import", "tiny.pkl", "--out", "x.safetensors"]);
    assert!(
        tiny.code == 3 && tiny.stderr.contains("tiny.pkl, side: StyleGAN2 doubles its pictures"),
        "{}",
        tiny.stderr
    );
    assert!(!place.path().join("x.safetensors").exists());
    assert!(!place.path().join("ran.x").exists());
}

/// A safetensors file of one number, with this name.
fn safetensors(name: &str) -> Vec<u8> {
    let head = format!(r#"{{"{name}":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}}"#);
    [&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), &[0; 4]].concat()
}

#[test]
fn a_tensors_name_does_nothing_to_the_terminal() {
    let place = workplace();
    fs::write(place.path().join("a.safetensors"), safetensors(r"w\u001b[2J\u009b1m\nerror: all is lost")).unwrap();
    for arguments in [&["weights", "inspect", "a.safetensors"][..], &["weights", "inspect", "a.safetensors", "--json"]]
    {
        let seen = howfar(&place, arguments);
        assert_eq!(seen.code, 0, "{}", seen.stderr);
        assert!(seen.stdout.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", seen.stdout);
        assert!(!seen.stdout.contains("\nerror"), "{:?}", seen.stdout);
    }
    // Names in faults, too.
    fs::write(place.path().join("b.safetensors"), safetensors(r"x\u001b[2J").repeat(2)).unwrap();
    fs::write(place.path().join("c.safetensors"), b"\x02\0\0\0\0\0\0\0{\x1b").unwrap();
    for file in ["b.safetensors", "c.safetensors"] {
        let refused = howfar(&place, &["weights", "inspect", file]);
        assert_eq!(refused.code, 3, "{}", refused.stderr);
        assert!(!refused.stderr.contains('\u{1b}'), "{:?}", refused.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_is_no_weight_file() {
    let place = workplace();
    draw_style(&place, "people", 1, 1, "studio");
    for command in [
        "weights inspect FILE",
        "weights import FILE --out x.safetensors",
        "generator run FILE FILE --out x.safetensors",
        "generate --people 1 --expression FILE --out x",
        "evaluate FILE people",
        "generator evaluate people people --features FILE",
    ] {
        for file in ["pipe", "/dev/zero"] {
            let command = command.replace("FILE", file);
            // Both were read for ever, the device into memory.
            let script = format!("[ -p pipe ] || mkfifo pipe; ulimit -v 8000000; timeout 60 \"$0\" {command}");
            let refused = shell(&place, &script);
            assert_eq!(refused.code, 3, "{command}: {}", refused.stderr);
            assert!(refused.stderr.contains("no regular file"), "{command}: {}", refused.stderr);
        }
    }
}

#[test]
fn a_generator_whose_header_asks_for_what_no_network_has_is_refused() {
    let place = workplace();
    let weights = include_bytes!("../../howfar-generate/data/identity.safetensors");
    let mut file = howfar_net::TensorFile::read(weights).unwrap();
    file.metadata["sizes"]["clamp"] = serde_json::json!(-1.0);
    let tensors: Vec<_> = file.tensors.into_values().collect();
    let bytes = howfar_net::TensorFile::write(&file.metadata, &tensors, howfar_net::Precision::Full).unwrap();
    fs::write(place.path().join("clamp.safetensors"), bytes).unwrap();
    let refused = howfar(&place, &["generate", "--people", "1", "--identity", "clamp.safetensors", "--out", "faces"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("clamp.safetensors, clamp"), "{}", refused.stderr);
}

const STARGAN_SETTINGS: &str =
    "channels = 2\nrepeats = 1\ncritic_channels = 2\nhalvings = 3\nbatch = 2\nsteps = 6\ncritic_steps = 2
rate = 1e-3\nsteady_steps = 3\nmirror = true
[losses]\ngradient_penalty = 10.0\nreconstruction = 10.0\nclassification = 1.0\n";

#[test]
fn a_training_that_no_machine_has_the_memory_for_is_refused_before_it_begins() {
    let place = workplace();
    draw_style(&place, "faces", 2, 1, "studio");
    fs::write(place.path().join("large.toml"), STARGAN_SETTINGS.replace("batch = 2", "batch = 2000000000")).unwrap();
    let train = ["generator", "train", "stargan", "faces", "--settings", "large.toml", "--out", "run"];
    let refused = howfar(&place, &train);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    for words in ["does not have the memory", "GB or more are needed", "that there are", "a smaller `batch`"] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    assert!(!place.path().join("run/settings.toml").exists(), "nothing has begun");
}

#[test]
fn a_training_that_diverges_ends_with_exit_code_3_and_keeps_what_howfar_can_read() {
    let place = workplace();
    draw_style(&place, "faces", 2, 1, "studio");
    fs::write(place.path().join("high.toml"), STARGAN_SETTINGS.replace("1e-3", "1e18")).unwrap();
    let train =
        ["generator", "train", "stargan", "faces", "--settings", "high.toml", "--keep-every", "0", "--full-precision"];
    let diverged = howfar(&place, &[&train[..], &["--out", "run"]].concat());
    assert_eq!(diverged.code, 3, "{}", diverged.stderr);
    assert!(
        diverged.stderr.contains("the training has diverged") && diverged.stderr.contains("lower `rate`"),
        "{}",
        diverged.stderr
    );
    assert!(!fs::read_to_string(place.path().join("run/losses.jsonl")).unwrap().contains("null"));
    // The same command finds a state that it can read, and comes to the same end.
    let again = howfar(&place, &[&train[..], &["--out", "run"]].concat());
    let fault = |outcome: &program::Outcome| outcome.stderr.split_once("error:").map(|(_, fault)| fault.to_owned());
    assert_eq!((again.code, fault(&again)), (3, fault(&diverged)));
}

#[test]
fn no_number_of_threads_and_no_moment_of_keeping_changes_a_trained_generator() {
    let place = workplace();
    draw_style(&place, "faces", 2, 1, "studio");
    fs::write(place.path().join("small.toml"), STARGAN_SETTINGS).unwrap();
    for (out, options) in [("a", &["--threads", "1", "--keep-every", "0"][..]), ("b", &["--threads", "3"])] {
        let train = ["generator", "train", "stargan", "faces", "--settings", "small.toml", "--out", out];
        let trained = howfar(&place, &[&train[..], options].concat());
        assert_eq!(trained.code, 0, "{}", trained.stderr);
    }
    for file in ["generator.safetensors", "checkpoint.safetensors", "losses.jsonl"] {
        let [a, b] = ["a", "b"].map(|out| fs::read(place.path().join(out).join(file)).unwrap());
        assert!(a == b, "{file} differs");
    }
}

#[test]
fn the_networks_that_come_with_howfar_draw_people_with_six_expressions() {
    let place = workplace();
    let draw = |out: &str, seed: &str| {
        let made = howfar(&place, &["generate", "--people", "2", "--seed", seed, "--out", out]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        assert!(made.stdout.contains("12 generated faces of 2 people"), "{}", made.stdout);
    };
    draw("once", "3");
    draw("again", "3");
    draw("other", "4");
    let faces = |out: &str| fs::read(place.path().join(out).join("data/train-00000-of-00001.parquet")).unwrap();
    assert!(faces("once") == faces("again") && faces("once") != faces("other"));
}
