//! Studies whose training is a program of somebody else (docs/trainers.md): what it is handed, what its answer becomes,
//! and how a program that misbehaves is ended.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use howfar_face::FaceSet;
use program::{Outcome, draw_style, howfar, study, workplace};
use tempfile::TempDir;

const STUDY: &str = "[real]
sets = [\"real\"]
split = { train = 3, validation = 2, test = 2 }
[generated]
sets = [\"generated\"]
[unseen]
sets = [\"unseen\"]
[grid]
k = [0, 1]
seeds = 1
arms = [\"mix\"]
[train]
command = [\"sh\", \"trainer.sh\"]
faces = \"png\"
epochs = 2
budget = \"epochs\"
timeout_min = TIMEOUT
environment = { MODE = \"WORD\" }
";

fn prepared(mode: &str) -> TempDir {
    let place = workplace();
    draw_style(&place, "real", 7, 1, "studio");
    draw_style(&place, "generated", 4, 2, "wild");
    draw_style(&place, "unseen", 2, 3, "unseen");
    let trainer = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/trainer.sh");
    fs::copy(trainer, place.path().join("trainer.sh")).unwrap();
    misbehave(&place, mode);
    place
}

fn misbehave(place: &TempDir, mode: &str) {
    let minutes = if mode == "sleeps" { "0.04" } else { "10" };
    study(place, &STUDY.replace("WORD", mode).replace("TIMEOUT", minutes));
}

fn run(place: &TempDir, out: &str) -> Outcome {
    howfar(place, &["run", "study.toml", "--out", out])
}

fn cells(place: &TempDir, out: &str) -> Vec<PathBuf> {
    let mut cells: Vec<PathBuf> =
        fs::read_dir(place.path().join(out).join("runs")).unwrap().map(|cell| cell.unwrap().path()).collect();
    cells.sort();
    cells
}

/// Whether a process runs that has this in its command line.
fn runs(words: &str) -> bool {
    let said = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    String::from_utf8_lossy(&said.stdout).lines().any(|line| line == words)
}

#[test]
fn a_program_takes_a_study_to_its_report() {
    let place = prepared("well");
    let done = run(&place, "out");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let folder = place.path().join("out");
    let results = fs::read_to_string(folder.join("results.json")).unwrap();
    assert!(results.contains("\"program\": \"trainer\"") && folder.join("report.html").is_file());
    let cells = cells(&place, "out");
    assert_eq!(cells.len(), 2, "real and mix");
    for cell in &cells {
        assert!(cell.join("finished.json").is_file() && cell.join("predictions.parquet").is_file());
        assert!(fs::read_to_string(cell.join("program.log")).unwrap().contains("\"epoch\": 1"));
        assert_eq!(fs::read_to_string(cell.join("epochs.jsonl")).unwrap().lines().count(), 1);
        assert!(!cell.join("program").exists(), "what was handed over is cleared away");
    }
    // Every row of a prediction is that of its face: the program answers by the picture alone.
    let pictures = pictures(&place);
    let mut n = 0;
    for cell in &cells {
        for entry in fs::read_dir(cell).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.extension().is_some_and(|ending| ending == "parquet") {
                howfar_protocol::for_each_prediction(&entry, &howfar_protocol::Part::ALL, |prediction| {
                    let class = pictures[&(prediction.subject.to_string(), prediction.row)];
                    assert_eq!(prediction.predicted(), class);
                    n += 1;
                })
                .unwrap();
            }
        }
    }
    assert!(n > 100, "{n}");

    // The name, the time that it has and a comment in the study file change no cell; the program's text does.
    let again = run(&place, "out");
    assert!(again.code == 0 && again.stderr.contains("2 finished before"), "{}", again.stderr);
    let text = fs::read_to_string(place.path().join("trainer.sh")).unwrap();
    fs::write(place.path().join("trainer.sh"), text + "# another program\n").unwrap();
    let other = run(&place, "other");
    assert_eq!(other.code, 0, "{}", other.stderr);
    let names = |out: &str| self::cells(&place, out).iter().map(|cell| cell.file_name().unwrap().to_owned()).collect();
    let [one, two]: [Vec<_>; 2] = ["out", "other"].map(names);
    assert!(one.iter().all(|name| !two.contains(name)), "{one:?} {two:?}");
}

/// The class that the trainer names for each face: by the bytes of its PNG file.
fn pictures(place: &TempDir) -> std::collections::HashMap<(String, u64), usize> {
    let mut classes = std::collections::HashMap::new();
    for set in ["real", "generated", "unseen"] {
        let mut row = 0;
        let open = FaceSet::open(&place.path().join(set)).unwrap();
        open.for_each(|face| {
            let bytes = howfar_face::encode_png(&face.picture);
            classes.insert((face.labels.subject.to_string(), row), bytes.len() % 6);
            row += 1;
            Ok(())
        })
        .unwrap();
    }
    classes
}

#[test]
fn an_answer_that_cannot_be_right_is_refused_with_its_row() {
    let place = prepared("well");
    for (mode, code, words) in [
        ("constant", 3, "the same answer stands for every face"),
        ("drops", 3, "rows are missing in the answer"),
        ("twice", 3, "a row is answered twice"),
        ("nan", 3, "the column `p_"),
        ("sums", 3, "the probabilities of a face do not sum to 1"),
        ("classes", 3, "the column `p_surprise` is missing"),
        ("labels", 3, "KeyError: 'label'"),
        ("epochs", 3, "this is no record of an epoch"),
        ("silent", 3, "the program ended without an answer"),
        ("sleeps", 3, "did not end within 0.04 minutes"),
    ] {
        misbehave(&place, mode);
        let out = format!("out-{mode}");
        let ended = run(&place, &out);
        assert_eq!(ended.code, code, "{mode}: {}", ended.stderr);
        assert!(ended.stderr.contains(words) && ended.stderr.contains("expected"), "{mode}: {}", ended.stderr);
        assert!(cells(&place, &out).iter().all(|cell| !cell.join("finished.json").exists()), "{mode}");
    }
    assert!(!runs("sleep 611"));
    // A program that is not there is refused before any work.
    study(&place, &STUDY.replace("\"sh\"", "\"no-such-program\"").replace("TIMEOUT", "1"));
    let ended = run(&place, "out-none");
    assert!(ended.code == 4 && ended.stderr.contains("the program cannot be started"), "{}", ended.stderr);
    assert!(!place.path().join("out-none").exists());
    // The job of the last one is still there, and is what the document's schema says.
    let cell = &cells(&place, "out-sleeps")[0];
    let read = |path: &Path| serde_json::from_slice::<serde_json::Value>(&fs::read(path).unwrap()).unwrap();
    let job = read(&cell.join("program/job.json"));
    let schema = read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/job.schema.json")));
    for (job, schema) in [(&job, &schema), (&job["settings"], &schema["properties"]["settings"])] {
        let keys: Vec<&String> = job.as_object().unwrap().keys().collect();
        let known: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, known);
        assert_eq!(schema["required"].as_array().unwrap().len(), keys.len());
    }
    assert_eq!((&job["threads"], &job["channels"], &job["faces"]), (&n_cores().into(), &1.into(), &"png".into()));
    // Nothing is lost: with a right answer the same folder comes to its end.
    misbehave(&place, "well");
    let done = howfar(&place, &["run", "study.toml", "--out", "out-well"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
}

#[test]
fn children_end_with_their_program_and_a_hundred_megabytes_of_words_fill_no_disk() {
    let place = prepared("children");
    let done = run(&place, "children");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let begun = Instant::now();
    while runs("sleep 622") || runs("sleep 623") {
        assert!(begun.elapsed() < Duration::from_secs(10), "children are left");
        std::thread::sleep(Duration::from_millis(50));
    }
    misbehave(&place, "loud");
    let done = run(&place, "loud");
    assert_eq!(done.code, 0, "{}", done.stderr);
    for cell in cells(&place, "loud") {
        assert!(fs::metadata(cell.join("program.log")).unwrap().len() < 9 << 20);
    }
}

#[test]
fn a_study_sees_its_faces_through_a_network_of_the_user_and_each_face_once() {
    let place = prepared("well");
    let network = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reference/feature_network_free.onnx");
    fs::copy(network, place.path().join("network.onnx")).unwrap();
    let table = "network = { name = \"linear\", features = \"network.onnx\" }";
    let command = "command = [\"howfar\", \"train-features\", \"--features\", \"network.onnx\", \"--head=mlp\"]";
    for (head, asked) in [("linear", table), ("mlp", command)] {
        let text = STUDY.replace("command = [\"sh\", \"trainer.sh\"]", asked).replace("faces = \"png\"\n", "");
        study(&place, &text.replace("TIMEOUT", "10"));
        let done = howfar(&place, &["run", "study.toml", "--out", "out"]);
        assert_eq!(done.code, 0, "{head}: {}", done.stderr);
        let results = fs::read_to_string(place.path().join("out/results.json")).unwrap();
        assert!(results.contains("\"program\": \"network\""));
        fs::rename(place.path().join("out"), place.path().join(head)).unwrap();
    }
    let network = fs::read_dir(place.path().join("linear/features")).unwrap().next().unwrap().unwrap().path();
    let kept = fs::read_dir(network).unwrap().map(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        howfar_net::TensorFile::read(&bytes).unwrap().tensors["features"].shape[0]
    });
    // All of the labelled and the unseen faces, and the generated ones that were mixed in.
    let n = kept.sum::<usize>();
    assert!((7 * 6 + 2 * 6..=7 * 6 + 2 * 6 + 4 * 6).contains(&n), "{n}");
}

fn n_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Waits until a program has begun, and gives the file of its starts.
fn wait_for_start(folder: &Path, n: usize) -> PathBuf {
    let begun = Instant::now();
    loop {
        let runs = fs::read_dir(folder.join("runs")).into_iter().flatten().flatten();
        let mut files = runs.map(|cell| cell.path().join("program/checkpoint/starts"));
        let has_begun = |file: &PathBuf| fs::read_to_string(file).is_ok_and(|text| text.lines().count() >= n);
        if let Some(file) = files.find(has_begun) {
            return file;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "no program begins");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_program_that_is_stopped_or_killed_goes_on_from_what_it_left() {
    let place = prepared("resumes");
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_howfar"));
        command.args(["run", "study.toml", "--out", "out"]).current_dir(place.path());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let signal = |pid: u32, name: &str| {
        assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
    };
    let folder = place.path().join("out");
    // Stopped: it is told, leaves what it has, and ends.
    let first = start();
    let starts = wait_for_start(&folder, 1);
    signal(first.id(), "-TERM");
    let ended = first.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(75), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(fs::read_to_string(&starts).unwrap().ends_with("stopped\n"));
    // Killed: the program ends with howfar.
    let second = start();
    wait_for_start(&folder, 3);
    let pid = fs::read_to_string(&starts).unwrap().lines().last().unwrap().to_owned();
    signal(second.id(), "-KILL");
    second.wait_with_output().unwrap();
    let begun = Instant::now();
    while cfg!(target_os = "linux") && Path::new("/proc").join(&pid).exists() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the program outlives howfar");
        std::thread::sleep(Duration::from_millis(20));
    }
    // The other cell begins at its own first start, so it is stopped twice as well.
    for n in 0.. {
        let run = start();
        let begun = Instant::now();
        let mut run = run;
        while run.try_wait().unwrap().is_none() {
            let waits = runs("sleep 634");
            if waits && begun.elapsed() > Duration::from_millis(200) {
                signal(run.id(), "-TERM");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        if run.wait().unwrap().success() {
            break;
        }
        assert!(n < 6, "it never comes to its end");
    }
    assert!(folder.join("report.html").is_file());
    assert_eq!(fs::read_to_string(&starts).unwrap().lines().count(), 4, "three starts, one of which was told to stop");
}
