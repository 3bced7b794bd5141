//! Drawing a set: a killed and a stopped one go on to the same bytes, and what was asked for is recorded.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use howfar_face::FaceSet;
use program::{howfar, shell, workplace};
use tempfile::TempDir;

/// 10 faces per row group and 40 per file, so that a small set has several of both.
fn arguments(out: &str, people: &str) -> Vec<String> {
    let words =
        format!("draw --people {people} --size 48 --faces-per-group 10 --faces-per-shard 40 --name set --out {out}");
    words.split(' ').map(str::to_owned).collect()
}

fn draw(place: &TempDir, out: &str, people: &str) -> program::Outcome {
    let arguments = arguments(out, people);
    let outcome = howfar(place, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    outcome
}

fn start(place: &TempDir, out: &str, people: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_howfar"))
        .args(arguments(out, people))
        .current_dir(place.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Faces that the record of a partial set names.
fn n_kept(place: &TempDir, out: &str) -> u64 {
    let text = fs::read_to_string(place.path().join(format!("{out}.partial/unfinished.json"))).unwrap_or_default();
    let record: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    record["n_faces"].as_u64().unwrap_or(0)
}

/// Waits until so many faces are kept.
fn wait_for(place: &TempDir, child: &mut Child, out: &str, n_faces: u64) {
    let begun = Instant::now();
    while n_kept(place, out) < n_faces {
        assert!(child.try_wait().unwrap().is_none(), "the set was finished before it could be stopped");
        assert!(begun.elapsed() < Duration::from_secs(120), "nothing is kept");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(contents(&entry.path()).into_iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    found
}

#[test]
fn a_set_killed_twice_goes_on_to_the_same_bytes_as_an_unbroken_one() {
    let place = workplace();
    draw(&place, "unbroken", "50");
    for n_faces in [10, 150] {
        let mut child = start(&place, "broken", "50");
        wait_for(&place, &mut child, "broken", n_faces);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!place.path().join("broken").exists());
    }
    let kept = n_kept(&place, "broken");
    let outcome = draw(&place, "broken", "50");
    assert!(outcome.stderr.contains(&format!("going on: {kept} of 300")), "{kept}: {}", outcome.stderr);
    let [unbroken, broken] = ["unbroken", "broken"].map(|out| contents(&place.path().join(out)));
    assert_eq!(unbroken.keys().collect::<Vec<_>>(), broken.keys().collect::<Vec<_>>());
    assert_eq!(unbroken.len(), 2 + 8, "{:?}", unbroken.keys());
    assert!(unbroken == broken, "the bytes differ");
    assert!(!place.path().join("broken.partial").exists());
}

#[test]
fn a_stopped_set_keeps_every_face_and_another_request_starts_anew() {
    let place = workplace();
    let mut child = start(&place, "set", "60");
    wait_for(&place, &mut child, "set", 10);
    assert!(shell(&place, &format!("kill -INT {}", child.id())).code == 0);
    assert_eq!(child.wait().unwrap().code(), Some(75));
    let kept = n_kept(&place, "set");
    // Faces are drawn 96 at a time; all of those that were drawn are kept.
    assert!(kept >= 96 && kept.is_multiple_of(96), "{kept}");
    // The half file is gone; what is left is whole.
    assert!(!contents(&place.path().join("set.partial")).keys().any(|file| file.ends_with(".partial")));
    let other = draw(&place, "set", "5");
    assert!(!other.stderr.contains("going on"), "{}", other.stderr);
    assert_eq!(FaceSet::open(&place.path().join("set")).unwrap().info().n_faces, 30);
}

#[test]
fn a_kept_file_that_was_changed_is_not_trusted() {
    let place = workplace();
    let mut child = start(&place, "set", "50");
    wait_for(&place, &mut child, "set", 50);
    child.kill().unwrap();
    child.wait().unwrap();
    let shard = place.path().join("set.partial/data/shard-00000.parquet");
    let mut bytes = fs::read(&shard).unwrap();
    bytes[1000] ^= 1;
    fs::write(&shard, bytes).unwrap();
    let outcome = draw(&place, "set", "50");
    assert!(!outcome.stderr.contains("going on"), "{}", outcome.stderr);
    FaceSet::open(&place.path().join("set")).unwrap().for_each(|_| Ok(())).unwrap();
}

#[test]
fn a_full_disk_keeps_whole_groups_only_and_goes_on_when_there_is_room() {
    let place = workplace();
    // A limit of the system on the size of files stands in for a full disk: the open shard outgrows it.
    let words = arguments("set", "50").join(" ");
    let outcome = shell(&place, &format!("trap '' XFSZ; ulimit -f 64; exec \"$0\" {words}"));
    assert_eq!(outcome.code, 4, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("the same command goes on from it"), "{}", outcome.stderr);
    let kept = n_kept(&place, "set");
    assert!(kept > 0, "{}", outcome.stderr);
    let files = contents(&place.path().join("set.partial"));
    assert!(!files.keys().any(|file| file.starts_with("data/")), "{:?}", files.keys());
    let outcome = draw(&place, "set", "50");
    assert!(outcome.stderr.contains(&format!("going on: {kept} of 300")), "{}", outcome.stderr);
}

#[test]
fn colours_are_drawn_recorded_and_kept_by_the_commands_that_show_faces() {
    let place = workplace();
    let words = "draw --people 2 --expressions fear,neutral --colour rgb --size 48 --out s";
    assert_eq!(howfar(&place, &words.split(' ').collect::<Vec<_>>()).code, 0);
    let set = FaceSet::open(&place.path().join("s")).unwrap();
    assert_eq!(set.info().preprocessing.colour, "rgb");
    set.for_each(|face| {
        assert_eq!(face.picture.channels, 3);
        Ok(())
    })
    .unwrap();
    let said = howfar(&place, &["faces", "inspect", "s"]);
    assert!(said.stdout.contains("48×48 rgb"), "{}", said.stdout);
    for words in ["faces sheet s --out s.png", "faces export s --out folders"] {
        let outcome = howfar(&place, &words.split(' ').collect::<Vec<_>>());
        assert_eq!(outcome.code, 0, "{words}: {}", outcome.stderr);
    }
    let exported = contents(&place.path().join("folders"));
    for png in exported.iter().filter(|(name, _)| name.ends_with(".png")).map(|(_, png)| png) {
        assert_eq!(howfar_face::decode_png(png, "exported").unwrap().channels, 3);
    }
}

#[test]
fn what_was_begun_in_gray_does_not_go_on_in_colour() {
    let place = workplace();
    let mut child = start(&place, "set", "50");
    wait_for(&place, &mut child, "set", 10);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut words = arguments("set", "50");
    words.extend(["--colour", "rgb"].map(str::to_owned));
    let outcome = howfar(&place, &words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("going on"), "{}", outcome.stderr);
}

#[test]
fn intensities_takes_and_sequences_are_drawn_and_recorded() {
    let place = workplace();
    let words =
        "draw --people 2 --expressions fear,neutral --intensity 0.3..0.6 --takes 2 --sequence 3 --size 48 --out s";
    assert_eq!(howfar(&place, &words.split(' ').collect::<Vec<_>>()).code, 0);
    let set = FaceSet::open(&place.path().join("s")).unwrap();
    let card = set.info().generator.clone().unwrap();
    assert!(card.settings.contains("# intensity 0.3..0.6, takes 2, frames 3"), "{}", card.settings);
    let mut intensities = Vec::new();
    set.for_each(|face| {
        intensities.push((face.labels.label, face.labels.source, face.labels.drawn.unwrap().intensity));
        Ok(())
    })
    .unwrap();
    assert_eq!(intensities.len(), 2 * 2 * 2 * 3);
    for (row, (label, source, intensity)) in intensities.iter().enumerate() {
        assert_eq!(*source, format!("seed 1, take {} of 2, frame {} of 3", row / 3 % 2 + 1, row % 3 + 1));
        match (label, row % 3) {
            (1, _) | (_, 0) => assert_eq!(*intensity, 0.0),
            (_, 2) => assert!((0.3..=0.6).contains(intensity), "{intensity}"),
            _ => assert!((0.15..=0.3).contains(intensity), "{intensity}"),
        }
    }
    let wrong = howfar(&place, &["draw", "--people", "1", "--intensity", "30..100", "--out", "t"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("--intensity 0.3..1"), "{}", wrong.stderr);
}

#[test]
fn a_set_drawn_with_a_fitted_style_names_whose_pictures_the_style_saw() {
    let place = workplace();
    program::draw(&place, "real", 10, 1);
    let run = |words: &str| {
        let outcome = howfar(&place, &words.split(' ').collect::<Vec<_>>());
        assert_eq!(outcome.code, 0, "{words}: {}", outcome.stderr);
        outcome.stdout
    };
    run("style fit real --faces-a-trial 6 --out like.toml");
    // Somebody takes the blur out by hand.
    let file = place.path().join("like.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("blur_px = [", "blur_px = [0.0, 0.0] # was [", 1)).unwrap();
    let shown = run("style show like.toml");
    assert!(shown.contains("blur_px = [0.0, 0.0]") && shown.contains("    \"drawn-studio-1:0009\",\n]\n"), "{shown}");
    run("draw --people 6 --size 48 --style like.toml --out drawn");
    let real = FaceSet::open(&place.path().join("real")).unwrap();
    let card = |name: &str| FaceSet::open(&place.path().join(name)).unwrap().info().generator.clone().unwrap();
    let people: Vec<String> = (0..10).map(|i| format!("drawn-studio-1:{i:04}")).collect();
    let drawn = card("drawn");
    assert_eq!(drawn.trained_on.iter().map(ToString::to_string).collect::<Vec<_>>(), people);
    assert_eq!(drawn.trained_on_content, [real.info().content_sha256.clone()]);
    // A fit that begins with a fitted style descends from both sets, one to faces of a fitted style from whom that one
    // saw.
    run("draw --people 10 --size 48 --style like.toml --out more");
    run("style fit more --faces-a-trial 2 --base like.toml --name twice --out twice.toml");
    let twice = fs::read_to_string(place.path().join("twice.toml")).unwrap();
    let more = FaceSet::open(&place.path().join("more")).unwrap().info().content_sha256.clone();
    for trace in ["drawn-studio-1:0009", "drawn-like-real-1:0009", &more, &real.info().content_sha256] {
        assert_eq!(twice.matches(trace).count(), 1, "{trace}: {twice}");
    }
    assert!(card("real").lineage().is_empty(), "an embedded style saw nobody");
    let sets =
        "[real]\nsets = [\"real\"]\nsplit = { train = 6, validation = 2, test = 2 }\n[generated]\nsets = [\"drawn\"]\n";
    program::study(&place, sets);
    let refused = howfar(&place, &["run", "study.toml"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("style like-real saw drawn-studio-1:"), "{}", refused.stderr);
    // Before styles had such a record, their comment alone said that they were fitted.
    fs::write(&file, &text[..text.find("\n[fitted]").unwrap()]).unwrap();
    run("draw --people 1 --size 48 --style like.toml --out old");
    let caveats = FaceSet::open(&place.path().join("old")).unwrap().info().caveats.join(" ");
    assert!(caveats.contains("kept no record of whose pictures it saw"), "{caveats}");
    assert!(run("style show like.toml").starts_with("# Fitted by howfar style fit"));
    let refused = howfar(&place, &["style", "fit", "real", "--base", "like.toml", "--out", "twice.toml"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("kept no record of whose pictures it saw"), "{}", refused.stderr);
}
