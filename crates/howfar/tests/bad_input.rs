//! Every kind of bad input gets its error and exit code (`docs/errors.md`), and leaves nothing half written.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;
use std::path::Path;

use program::{Outcome, howfar, workplace};

fn expect(outcome: &Outcome, code: i32, sentences: &[&str]) {
    assert_eq!(outcome.code, code, "{}", outcome.stderr);
    for sentence in sentences {
        assert!(outcome.stderr.contains(sentence), "expected {sentence:?} in:\n{}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
}

/// A gray PNG whose pixels depend on `salt`.
fn picture(path: &Path, salt: u8) {
    let data = (0..64 * 64).map(|i: usize| ((i % 61) as u8 * 3) ^ salt).collect();
    let png = howfar_face::encode_png(&howfar_face::Picture::gray(64, 64, data));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, png).unwrap();
}

#[test]
fn a_missing_folder() {
    let place = workplace();
    expect(&howfar(&place, &["faces", "inspect", "nowhere"]), 3, &["nowhere: there is no such face set", "hint:"]);
    expect(&howfar(&place, &["prepare", "jaffe:nowhere", "--out", "faces"]), 3, &["nowhere"]);
    assert!(!place.path().join("faces").exists());
}

/// A full disk behind stdout; a reader who closes the pipe has chosen to.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    let place = workplace();
    let told = |script: &str| program::shell(&place, script);
    expect(&told("\"$0\" prepare --list > /dev/full"), 4, &["stdout: cannot write the answer: no room"]);
    expect(&told("\"$0\" prepare --list --json > /dev/full"), 4, &["no room"]);
    expect(&told("set -o pipefail 2> /dev/null; \"$0\" prepare --list | true"), 0, &[]);
}

#[test]
fn a_folder_of_other_things_is_no_study() {
    let place = workplace();
    expect(&howfar(&place, &["init"]), 0, &[]);
    fs::create_dir(place.path().join("mine")).unwrap();
    fs::write(place.path().join("mine/thesis.tex"), "words").unwrap();
    let refused = howfar(&place, &["run", "study.toml", "--out", "mine"]);
    expect(&refused, 2, &["mine: this folder holds other things than a study", "no plan.json", "another --out"]);
    expect(&howfar(&place, &["run", "study.toml", "--out", "mine/thesis.tex"]), 2, &["this is a file"]);
    assert_eq!(fs::read_dir(place.path().join("mine")).unwrap().count(), 1);
}

#[test]
fn nothing_that_a_browser_could_be_shown() {
    let place = workplace();
    let file = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    expect(&howfar(&place, &["serve", "nowhere"]), 3, &["nowhere", "nothing of this name", "a face set"]);
    fs::create_dir(place.path().join("photos")).unwrap();
    expect(&howfar(&place, &["serve", "photos"]), 3, &["photos", "a folder of other things", "howfar prepare"]);
    file("model.safetensors", "x");
    expect(
        &howfar(&place, &["serve", "model.safetensors"]),
        3,
        &["model.safetensors", "the file ends before its head"],
    );
    expect(&howfar(&place, &["serve", "--address", "192.0.2.1"]), 4, &["nothing can listen here", "--address 0.0.0.0"]);
    file("study.toml", "name = \"s\"\n[real]\nsets = [\"real\"]\n");
    expect(&howfar(&place, &["serve"]), 3, &["there is no study here", "howfar run"]);
}

#[test]
fn a_device_that_was_not_compiled_in() {
    let place = workplace();
    for command in [&["generator", "train", "stargan"][..], &["train"]] {
        let rest = ["faces", "--out", "out", "--device", "cuda"];
        if !cfg!(feature = "cuda") {
            expect(&howfar(&place, &[command, &rest].concat()), 2, &["--device", "cuda", "--features cuda"]);
        }
    }
    assert!(!place.path().join("out").exists());
}

#[test]
fn a_rig_that_is_not_there_or_not_known() {
    let place = workplace();
    let draw = |rig: &str| howfar(&place, &["draw", "--people", "1", "--rig", rig, "--out", "faces"]);
    expect(&draw("ict:nowhere"), 3, &["nowhere: there is no such folder", "generic_neutral_mesh.obj", "hint:"]);
    expect(&draw("flame:nowhere"), 2, &["--rig: unknown rig", "ict:FOLDER"]);
    fs::create_dir_all(place.path().join("kit/FaceXModel")).unwrap();
    fs::write(place.path().join("kit/FaceXModel/generic_neutral_mesh.obj"), "v 0 0 0\nv 1 zero 0\n").unwrap();
    expect(&draw("ict:kit"), 3, &["generic_neutral_mesh.obj, line 2: a vertex is not three numbers"]);
    assert!(!place.path().join("faces").exists());
}

#[test]
fn an_empty_folder() {
    let place = workplace();
    fs::create_dir(place.path().join("empty")).unwrap();
    expect(&howfar(&place, &["prepare", "folder:empty", "--out", "faces"]), 3, &["empty"]);
    expect(&howfar(&place, &["faces", "inspect", "empty"]), 3, &["the folder is not a face set"]);
}

#[test]
fn an_unreadable_and_a_truncated_image_are_listed_and_the_others_prepared() {
    let place = workplace();
    let data = place.path().join("data");
    picture(&data.join("anger/s1_a.png"), 1);
    picture(&data.join("fear/s1_b.png"), 2);
    picture(&data.join("fear/s2_c.png"), 3);
    let whole = fs::read(data.join("fear/s2_c.png")).unwrap();
    fs::write(data.join("fear/s2_c.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(data.join("anger/s2_d.png"), b"this is no picture").unwrap();
    let prepare = ["prepare", "folder:data", "--detect", "none", "--out", "faces"];
    let refused = ["too many pictures could not be read", "data: 2 of 4 (50 %)", "--allow-losses"];
    expect(&howfar(&place, &prepare), 3, &refused);
    assert!(!place.path().join("faces").exists());
    let outcome = howfar(&place, &[&prepare[..], &["--allow-losses"]].concat());
    expect(&outcome, 0, &["going on: 4 of 4 pictures were looked at before"]);
    assert!(outcome.stdout.contains("2 faces"), "{}", outcome.stdout);
    let rejects = fs::read_to_string(place.path().join("faces.rejects.csv")).unwrap();
    assert!(rejects.contains("s2_c.png") && rejects.contains("s2_d.png"), "{rejects}");
}

#[test]
fn only_unreadable_images() {
    let place = workplace();
    fs::create_dir_all(place.path().join("data/anger")).unwrap();
    fs::write(place.path().join("data/anger/a.png"), b"this is no picture").unwrap();
    expect(&howfar(&place, &["prepare", "folder:data", "--detect", "none", "--out", "faces"]), 3, &["hint:"]);
    assert!(!place.path().join("faces").exists());
}

#[test]
fn a_class_folder_with_an_unknown_name() {
    let place = workplace();
    picture(&place.path().join("data/anger/a.png"), 1);
    picture(&place.path().join("data/happynes/b.png"), 2);
    let outcome = howfar(&place, &["prepare", "folder:data", "--detect", "none", "--out", "faces"]);
    expect(&outcome, 3, &["happynes", "happiness"]);
}

#[test]
fn two_labels_for_one_file() {
    let place = workplace();
    picture(&place.path().join("data/a.png"), 1);
    fs::write(place.path().join("data/list.csv"), "path,label,subject\na.png,anger,s1\na.png,fear,s1\n").unwrap();
    let outcome = howfar(&place, &["prepare", "folder:data/list.csv", "--detect", "none", "--out", "faces"]);
    expect(&outcome, 3, &["a.png", "anger", "fear"]);
}

#[test]
fn a_person_on_both_sides_of_a_split() {
    let place = workplace();
    program::draw(&place, "real", 6, 1);
    fs::write(
        place.path().join("split.csv"),
        "subject,part\ndrawn-studio-1:0000,train\ndrawn-studio-1:0001,validation\ndrawn-studio-1:0000,test\n",
    )
    .unwrap();
    program::study(&place, "[real]\nsets = [\"real\"]\nsplit = { file = \"split.csv\" }\n");
    let sentences = ["line 4: a person is on two sides of the split", "drawn-studio-1:0000", "line 2"];
    expect(&howfar(&place, &["plan", "study.toml"]), 2, &sentences);
}

#[test]
fn a_generated_face_whose_parent_is_a_test_person() {
    let place = workplace();
    program::draw(&place, "real", 6, 1);
    program::with_parent(&place, "children", "drawn-studio-1:0002");
    fs::write(
        place.path().join("split.csv"),
        "subject,part\ndrawn-studio-1:0000,train\ndrawn-studio-1:0001,validation\ndrawn-studio-1:0002,test\n",
    )
    .unwrap();
    program::study(
        &place,
        "[real]\nsets = [\"real\"]\nsplit = { file = \"split.csv\" }\n[generated]\nsets = [\"children\"]\n[grid]\nk = \
            [1]\n",
    );
    let sentences = ["a face descends from a person who judges", "drawn-studio-1:0002", "hint:"];
    expect(&howfar(&place, &["run", "study.toml"]), 3, &sentences);
}

#[test]
fn a_study_file_with_mistakes() {
    let place = workplace();
    let cases = [
        ("[grid]\nk = [0, -1]\n", "k = [0, -1]", "finite numbers from 0 up"),
        ("[grid]\nk = [\"two\"]\n", "k = [\"two\"]", "study.toml, line 5"),
        ("[train]\nepoch = 3\n", "unknown field `epoch`", "did you mean `epochs`?"),
        ("[real]\nsets = []\n", "duplicate key", "study.toml, line"),
    ];
    for (addition, what, answer) in cases {
        program::study(&place, &format!("[real]\nsets = [\"real\"]\n{addition}"));
        expect(&howfar(&place, &["run", "study.toml"]), 2, &[what, answer]);
    }
}

#[test]
fn a_disk_that_is_full() {
    let place = workplace();
    // A limit of the system on the size of files stands in for a full disk: writes fail half way.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" draw --people 20 --out faces";
    let outcome = program::shell(&place, script);
    expect(&outcome, 4, &["no room", "hint: free some space"]);
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_write_that_was_interrupted() {
    let place = workplace();
    // What a kill leaves behind: the partial folder. It is not a face set, and the next run starts anew.
    fs::create_dir_all(place.path().join("real.partial/data")).unwrap();
    fs::write(place.path().join("real.partial/data/shard-00000.parquet"), b"half").unwrap();
    expect(&howfar(&place, &["faces", "inspect", "real"]), 3, &["there is no such face set"]);
    program::draw(&place, "real", 2, 1);
    expect(&howfar(&place, &["faces", "inspect", "real"]), 0, &[]);
    assert!(!place.path().join("real.partial").exists());
}

#[test]
fn a_second_training_in_the_folder_of_a_running_one() {
    let place = workplace();
    program::draw(&place, "faces", 4, 1);
    for (folder, train) in [
        ("m.safetensors.run", &["train", "faces", "--epochs", "1", "--out", "m.safetensors"][..]),
        ("gan", &["generator", "train", "stargan", "faces", "--out", "gan"]),
    ] {
        let folder = place.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let _running = howfar_face::files::lock_folder(&folder, "training").unwrap();
        expect(&howfar(&place, train), 2, &["another howfar is training in this folder", "another --out"]);
    }
}

#[test]
fn a_face_set_of_a_newer_version() {
    let place = workplace();
    program::draw(&place, "real", 2, 1);
    let file = place.path().join("real/face_set.json");
    let text = fs::read_to_string(&file).unwrap().replacen("\"version\": 3", "\"version\": 4", 1);
    fs::write(&file, text).unwrap();
    let sentences = ["written by a newer howfar", "version 4", "version 3 or older"];
    expect(&howfar(&place, &["faces", "inspect", "real"]), 3, &sentences);
}

#[test]
fn a_mistyped_adapter_style_and_command() {
    let place = workplace();
    expect(&howfar(&place, &["prepare", "jafe:x", "--out", "y"]), 2, &["did you mean jaffe?"]);
    let outcome = howfar(&place, &["draw", "--people", "1", "--style", "studoi", "--out", "y"]);
    expect(&outcome, 2, &["did you mean studio?"]);
    expect(&howfar(&place, &["drwa"]), 2, &["draw"]);
}

/// A style file of these lines, below a name and a base.
fn style(place: &tempfile::TempDir, lines: &str) {
    fs::write(place.path().join("my.toml"), format!("name = \"mine\"\nbase = \"studio\"\n{lines}")).unwrap();
}

#[test]
fn a_style_file_with_mistakes() {
    let place = workplace();
    let cases: [(&str, &[&str]); 8] = [
        (
            "[tone]\nnoise_levels = [0.0, 99.0]\n",
            &[
                "my.toml, line 4: `tone.noise_levels`: 99.0 is above 60",
                "found     noise_levels = [0.0, 99.0]",
                "from 0 to 60",
            ],
        ),
        ("[hair]\nbald_share = -0.1\n", &["my.toml, line 4: `hair.bald_share` is below 0", "a number from 0 to 1"]),
        ("[light]\nambient = [0.6, 0.2]\n", &["line 4: `light.ambient` has its ends in the wrong order"]),
        ("[camera]\nyaw_deg = { mean = 0, sd = -2 }\n", &["line 4: `camera.yaw_deg.sd`: -2 is below 0"]),
        ("[tone]\ngama = [1, 1]\n", &["line 4: unknown key `gama` under [tone]", "did you mean `gamma`?"]),
        ("[tone]\ngamma = \"steep\"\n", &["line 4: `tone.gamma` is a text", "[lower, upper], both from 0.2 to 4"]),
        ("[tone]\ngamma = [1,\n", &["my.toml, line", "not TOML", "hint:"]),
        (
            "[acting.expressions]\nfear = [\n  { au = 1, probability = 2, intensity = [0, 1] },\n]\n",
            &["line 5: `acting.expressions.fear.probability` is above 1", "found     probability = 2"],
        ),
    ];
    for (lines, sentences) in cases {
        style(&place, lines);
        expect(&howfar(&place, &["draw", "--people", "1", "--style", "my.toml", "--out", "faces"]), 2, sentences);
        assert!(!place.path().join("faces").exists());
    }
    fs::write(place.path().join("my.toml"), "name = \"mine\"\n").unwrap();
    let outcome = howfar(&place, &["draw", "--people", "1", "--style", "my.toml", "--out", "faces"]);
    expect(&outcome, 2, &["my.toml, line 1: `about` is missing", "base = \"studio\""]);
    let outcome = howfar(&place, &["draw", "--people", "1", "--style", "none.toml", "--out", "faces"]);
    expect(&outcome, 3, &["none.toml", "there is no such file"]);
}

#[test]
fn a_style_of_ones_own_is_drawn_and_shown() {
    let place = workplace();
    style(&place, "[tone]\nmean_level = [60, 60]\n");
    let arguments = ["draw", "--people", "2", "--size", "48", "--style", "my.toml", "--out", "faces"];
    expect(&howfar(&place, &arguments), 0, &[]);
    assert!(howfar(&place, &["faces", "inspect", "faces"]).stdout.contains("mine"));
    let shown = howfar(&place, &["style", "show", "my.toml"]).stdout;
    assert!(shown.contains("mean_level = [60.0, 60.0]") && shown.contains("gamma = [0.75, 1.1]"), "{shown}");
    let embedded = howfar(&place, &["style", "show", "wild"]).stdout;
    assert!(embedded.starts_with("# Large variation") && embedded.contains("[acting.expressions]"), "{embedded}");
}

#[test]
fn a_set_too_small_to_fit_a_style_to() {
    let place = workplace();
    program::draw(&place, "real", 2, 1);
    let outcome = howfar(&place, &["style", "fit", "real", "--out", "like.toml"]);
    expect(&outcome, 3, &["real: too few faces to fit a style to", "found     12", "50 or more"]);
    expect(&howfar(&place, &["style", "fit", "real", "--base", "wlid", "--out", "like.toml"]), 2, &["--base", "wild?"]);
    expect(
        &howfar(&place, &["style", "fit", "real", "--name", "a b", "--out", "like.toml"]),
        2,
        &["--name", "hyphens"],
    );
    assert!(!place.path().join("like.toml").exists());
}

#[test]
fn a_feature_network_that_takes_no_pictures_or_is_none() {
    let place = workplace();
    let draw = howfar(&place, &["draw", "--people", "2", "--expressions", "fear", "--out", "faces"]);
    assert_eq!(draw.code, 0, "{}", draw.stderr);
    let words = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reference/feature_network_words.onnx");
    let measure = |network: &str, range: &str| {
        let arguments = ["generator", "evaluate", "faces", "faces", "--features", network, "--features-range", range];
        howfar(&place, &arguments)
    };
    expect(
        &measure(words, "0..1"),
        3,
        &["feature_network_words.onnx: the network does not take pictures", "n×20", "N×C×H×W"],
    );
    fs::write(place.path().join("text.onnx"), "no network").unwrap();
    expect(&measure("text.onnx", "0..1"), 3, &["text.onnx: this is not a network that can be read", "hint:"]);
    expect(&measure("nowhere.onnx", "0..1"), 3, &["nowhere.onnx", "there is no such file"]);
    expect(&measure(words, "1"), 2, &["--features-range: not what black and white become"]);
}

#[test]
fn networks_that_draw_no_faces_and_a_screen() {
    let place = workplace();
    let rest = ["--truncation", "40", "--expressions", "fear", "--screen", "--out", "faces"];
    let outcome = howfar(&place, &[&["generate", "--people", "60"], &rest[..]].concat());
    expect(
        &outcome,
        3,
        &["--screen: hardly anybody is left", "of 50 people", "shows no face", "at least 1 in 10", "hint:"],
    );
    assert!(!place.path().join("faces").exists());
}
