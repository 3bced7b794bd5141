//! Many processes, one study: they share its cells, take over those of the dead, and leave the bytes of an unbroken
//! run.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use program::{Outcome, draw_style, howfar, shell, study};
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
arms = [\"mix\", \"augment\"]
[choose]
rule = \"best-mean\"
[train]
epochs = 5
";

/// Face sets, a study, and the results of an unbroken run in `alone`: made once, in a folder that all tests share,
/// because a plan names its sets by their paths.
fn prepared() -> &'static TempDir {
    static PLACE: OnceLock<TempDir> = OnceLock::new();
    PLACE.get_or_init(|| {
        let tests = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // A static value is never dropped: the next time clears away what this one leaves.
        let _ = fs::remove_dir_all(tests.join("cluster"));
        let place = tempfile::Builder::new().prefix("cluster").rand_bytes(0).tempdir_in(tests).unwrap();
        program::draw_three_sets(&place);
        study(&place, STUDY);
        // The instructions of the stand-in's nodes.
        ended_well(&howfar(&place, &["run", "--isa", "avx2", "study.toml", "--out", "alone"]));
        place
    })
}

fn ended_well(outcome: &Outcome) {
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

fn start(place: &TempDir, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_howfar"));
    command.args(arguments).current_dir(place.path()).env("HOWFAR_STALE_SECONDS", "2");
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success());
}

/// What is on disk after a study but for times and the log, which tells them.
fn outcome(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_string_lossy().into_owned();
            if entry.is_dir() && name != "slurm" {
                open.push(entry);
            } else if !entry.is_dir() && !is_of_times(&name) {
                files.insert(entry.strip_prefix(folder).unwrap().to_owned(), fs::read(&entry).unwrap());
            }
        }
    }
    files
}

fn is_of_times(name: &str) -> bool {
    name.starts_with("timing.json") || ["report.html", "log.txt"].contains(&name)
}

fn assert_as_alone(place: &TempDir, folder: &str) {
    let [alone, other] = ["alone", folder].map(|folder| outcome(&place.path().join(folder)));
    assert_eq!(alone.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    alone.iter().for_each(|(file, bytes)| assert!(other[file] == *bytes, "{} differs", file.display()));
}

/// Epochs that were trained in a folder and those that its cells have: a cell that two trained has too many.
fn n_epochs(folder: &Path) -> [usize; 2] {
    let lines = |file: &str| {
        let cells = fs::read_dir(folder.join("runs")).unwrap().map(|cell| cell.unwrap().path().join(file));
        cells.map(|file| fs::read_to_string(file).unwrap().lines().count()).sum()
    };
    [lines("timing.jsonl"), lines("epochs.jsonl")]
}

/// Waits until a cell of a study is being trained.
fn wait_for_epochs(folder: &Path, n: usize) {
    let begun = Instant::now();
    let n_now = || {
        let cells = fs::read_dir(folder.join("runs")).into_iter().flatten().map(|cell| cell.unwrap().path());
        let files = cells.flat_map(|cell| ["epochs.jsonl", "checkpoint/epochs.jsonl"].map(|file| cell.join(file)));
        files.filter_map(|file| fs::read_to_string(file).ok()).map(|text| text.lines().count()).sum::<usize>()
    };
    while n_now() < n {
        assert!(begun.elapsed() < Duration::from_secs(120), "no cell begins");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn processes_on_one_folder_share_its_cells_and_each_is_trained_once() {
    let place = prepared();
    let run = ["run", "--isa", "avx2", "study.toml", "--out", "shared", "--jobs", "1", "--threads", "1"];
    let together = [0, 1, 2].map(|_| start(place, &run));
    for child in together {
        let (code, said) = end(child);
        assert_eq!(code, Some(0), "{said}");
    }
    assert_as_alone(place, "shared");
    let [trained, kept] = n_epochs(&place.path().join("shared"));
    assert_eq!(trained, kept, "a cell was trained twice");
    assert!(!place.path().join("shared/runners").exists() && !place.path().join("shared/audit").exists());
}

#[test]
fn the_cells_of_one_that_was_killed_or_hangs_are_taken_over() {
    let place = prepared();
    let run = ["run", "--isa", "avx2", "study.toml", "--out", "taken", "--jobs", "1", "--threads", "1"];
    let folder = place.path().join("taken");
    let (mut killed, hung, whole) = (start(place, &run), start(place, &run), start(place, &run));
    wait_for_epochs(&folder, 6);
    killed.kill().unwrap();
    killed.wait().unwrap();
    signal(&hung, "STOP");
    let (code, said) = end(whole);
    assert_eq!(code, Some(0), "{said}");
    assert_as_alone_beside_a_hung_one(place);
    // It wakes in a study that is done.
    signal(&hung, "CONT");
    let (code, said) = end(hung);
    assert_eq!(code, Some(0), "{said}");
    assert_as_alone(place, "taken");
}

fn assert_as_alone_beside_a_hung_one(place: &TempDir) {
    let results = |folder: &str| fs::read(place.path().join(folder).join("results.json")).unwrap();
    assert!(results("alone") == results("taken"));
}

#[test]
fn beside_others_no_other_study_is_run_in_their_folder() {
    let place = prepared();
    let child =
        start(place, &["run", "--isa", "avx2", "study.toml", "--out", "beside", "--jobs", "1", "--threads", "1"]);
    wait_for_epochs(&place.path().join("beside"), 1);
    fs::write(place.path().join("other.toml"), format!("name = \"s\"\nseed = 7\n{STUDY}")).unwrap();
    let refused = howfar(place, &["run", "other.toml", "--out", "beside"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("another process works on another study in this folder"), "{}", refused.stderr);
    let (code, said) = end(child);
    assert_eq!(code, Some(0), "{said}");
    assert_as_alone(place, "beside");
}

#[test]
fn lines_of_cells_run_anywhere_make_the_study_and_folders_are_joined() {
    let place = prepared();
    ended_well(&howfar(place, &["plan", "--isa", "avx2", "study.toml", "--write", "--out", "lines"]));
    let early = howfar(place, &["study", "cells", "lines", "--stage", "2"]);
    assert_eq!(early.code, 2);
    assert!(early.stderr.contains("k is not chosen yet"), "{}", early.stderr);
    let lines = |arguments: &[&str]| {
        let listed = howfar(place, &[&["study", "cells", "lines", "--missing"], arguments].concat());
        ended_well(&listed);
        listed.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let first = lines(&["--chunk", "2"]);
    assert!(first.len() > 1 && first[0].ends_with("--threads 1 --index 0-1"), "{first:?}");
    first.iter().for_each(|line| ended_well(&shell(place, line)));
    let second = lines(&[]);
    assert!(second[0].contains("study cell") && !place.path().join("lines/results.json").exists(), "{second:?}");
    let stage =
        serde_json::from_str::<serde_json::Value>(&howfar(place, &["study", "cells", "lines", "--json"]).stdout)
            .unwrap();
    assert_eq!((stage["stage"].as_u64(), stage["n_missing"].as_u64()), (Some(2), Some(second.len() as u64)));
    for part in ["0", "1"] {
        ended_well(&howfar(place, &["study", "cell", "lines", "--part", part, "--of", "2"]));
    }
    assert!(lines(&[]).is_empty());
    ended_well(&howfar(place, &["run", "study.toml", "--out", "lines"]));
    assert_as_alone(place, "lines");
    // Half of the cells here, half there; one of them in both.
    for (half, places) in [("left", "0-2"), ("right", "2-9")] {
        ended_well(&howfar(place, &["plan", "--isa", "avx2", "study.toml", "--write", "--out", half]));
        let run = howfar(place, &["study", "cell", half, "--index", places]);
        assert!(run.code == 0 || run.stderr.contains("there is no such cell"), "{}", run.stderr);
        let last = howfar(place, &["study", "cells", half, "--json"]).stdout;
        let n = serde_json::from_str::<serde_json::Value>(&last).unwrap()["n_cells"].as_u64().unwrap();
        ended_well(&howfar(
            place,
            &["study", "cell", half, "--index", &format!("2-{}", if half == "left" { 2 } else { n - 1 })],
        ));
    }
    let joined = howfar(place, &["study", "merge", "left", "right", "--out", "joined"]);
    ended_well(&joined);
    assert!(joined.stdout.contains("1 stood in several folders"), "{}", joined.stdout);
    ended_well(&howfar(place, &["run", "study.toml", "--out", "joined"]));
    assert_as_alone(place, "joined");
    // Outcomes that disagree are not joined.
    let cells = fs::read_dir(place.path().join("right/runs")).unwrap().map(|cell| cell.unwrap().path());
    for cell in cells {
        fs::write(cell.join("epochs.jsonl"), "another history").unwrap();
    }
    let refused = howfar(place, &["study", "merge", "left", "right", "--out", "never"]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    assert!(refused.stderr.contains("the same cell has two outcomes") && !place.path().join("never").exists());
}

#[test]
fn what_a_cell_fails_with_is_kept_until_it_ends_well() {
    let place = prepared();
    ended_well(&howfar(place, &["plan", "--isa", "avx2", "study.toml", "--write", "--out", "failing"]));
    let plan: serde_json::Value =
        serde_json::from_slice(&fs::read(place.path().join("failing/plan.json")).unwrap()).unwrap();
    // A folder where a file belongs: no cell can write its history.
    ended_well(&howfar(place, &["study", "cell", "failing", "--index", "0"]));
    let name = fs::read_dir(place.path().join("failing/runs")).unwrap().next().unwrap().unwrap().file_name();
    let cell = place.path().join("failing/runs").join(&name);
    fs::remove_dir_all(&cell).unwrap();
    fs::create_dir_all(cell.join("epochs.jsonl/in-the-way")).unwrap();
    let failed = howfar(place, &["study", "cell", "failing", "--index", "0,1"]);
    assert_eq!(failed.code, 4, "{}", failed.stderr);
    assert!(failed.stdout.contains(") failed") && failed.stdout.contains("is finished"), "{}", failed.stdout);
    let status = howfar(place, &["status", "failing"]).stdout;
    assert!(
        status.contains("1 failed") && status.contains("cell 0 failed: ") && status.contains("epochs.jsonl"),
        "{status}"
    );
    fs::remove_dir_all(cell.join("epochs.jsonl")).unwrap();
    ended_well(&howfar(place, &["study", "cell", "failing", "--index", "0"]));
    assert!(howfar(place, &["status", "failing"]).stdout.contains(" 0 failed"));
    assert!(plan["cells"].as_array().unwrap().len() > 2);
}

/// Stands in for Slurm: `sbatch` keeps scripts with their numbers; whoever tests runs them.
const SLURM: &str = r#"#!/bin/bash
case $(basename "$0") in
sbatch)
    number=$(($(ls "$FAKE"/jobs | wc -l) + 1))
    cp "${!#}" "$FAKE/jobs/$number"
    echo "$@" >> "$FAKE/said"
    echo "$number" ;;
squeue) cat "$FAKE/queue" 2>/dev/null ;;
sinfo) echo "intel,avx2" ;;
scontrol) [ "$1" = show ] && echo "MaxArraySize            = 6" ;;
esac
exit 0
"#;

struct Slurm<'a> {
    place: &'a TempDir,
    folder: &'static str,
}

impl<'a> Slurm<'a> {
    fn new(place: &'a TempDir, folder: &'static str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        fs::create_dir_all(place.path().join(folder).join("jobs")).unwrap();
        for program in ["sbatch", "squeue", "sinfo", "scontrol"] {
            let file = place.path().join(folder).join(program);
            fs::write(&file, SLURM).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Slurm { place, folder }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        shell(self.place, &format!("{} exec $0 {}", self.environment(), arguments.join(" ")))
    }

    fn environment(&self) -> String {
        let fake = self.place.path().join(self.folder);
        format!("export FAKE={0} PATH={0}:$PATH SLURM_JOB_ID=99;", fake.display())
    }

    fn script(&self, job: usize) -> Option<String> {
        fs::read_to_string(self.place.path().join(self.folder).join("jobs").join(job.to_string())).ok()
    }

    /// Runs a job, or these tasks of an array.
    fn execute(&self, job: usize, tasks: Option<std::ops::Range<usize>>) -> Vec<Outcome> {
        let run = |task: Option<usize>| {
            let task = task.map(|task| format!("export SLURM_ARRAY_TASK_ID={task};")).unwrap_or_default();
            shell(self.place, &format!("{} {task} exec bash {}/jobs/{job}", self.environment(), self.folder))
        };
        tasks.map_or_else(|| vec![run(None)], |tasks| tasks.map(|task| run(Some(task))).collect())
    }

    fn n_tasks(&self, job: usize) -> Option<usize> {
        let script = self.script(job)?;
        let array = script.lines().find_map(|line| line.strip_prefix("#SBATCH --array=0-"))?;
        Some(array.split('%').next()?.parse::<usize>().unwrap() + 1)
    }
}

#[test]
fn a_study_goes_through_slurm_to_its_report_whatever_is_lost_on_the_way() {
    let place = prepared();
    let slurm = Slurm::new(place, "slurm-whole");
    let dry =
        slurm.run(&["submit", "study.toml", "--out", "there", "--dry-run", "--partition", "cpu", "--timeout-min", "9"]);
    ended_well(&dry);
    for line in ["#SBATCH --partition=cpu", "#SBATCH --time=9", "#SBATCH --requeue", "submit", "study cell"] {
        assert!(dry.stdout.contains(line), "{}", dry.stdout);
    }
    assert!(!place.path().join("there").exists(), "a dry run makes nothing");
    let too_many = slurm.run(&["submit", "study.toml", "--out", "there", "--chunk", "1"]);
    assert_eq!(too_many.code, 2);
    assert!(too_many.stderr.contains("up to 5 jobs (MaxArraySize of Slurm)"), "{}", too_many.stderr);
    let first = slurm.run(&["submit", "study.toml", "--out", "there", "--qos", "low"]);
    ended_well(&first);
    assert!(slurm.script(1).unwrap().contains("#SBATCH --qos=low"));
    // Two tasks are lost; the rest waits in the queue, where it is not submitted again.
    let n_tasks = slurm.n_tasks(1).unwrap();
    slurm.execute(1, Some(2..n_tasks)).iter().for_each(ended_well);
    fs::write(place.path().join("slurm-whole/queue"), "1 0 1\n2 N/A 2\n").unwrap();
    let again = slurm.run(&["submit", "there"]);
    ended_well(&again);
    assert!(slurm.script(3).unwrap().contains("#SBATCH --qos=low"), "options stay");
    assert_eq!(slurm.n_tasks(3), Some(2), "those of one task are in the queue");
    let enough = slurm.run(&["submit", "there"]);
    fs::write(place.path().join("slurm-whole/queue"), "1 0 1\n2 N/A 2\n3 0 3\n3 1 4\n").unwrap();
    let nothing = slurm.run(&["submit", "there"]);
    assert!(nothing.stdout.contains("nothing to submit"), "{} {}", enough.stdout, nothing.stdout);
    fs::remove_file(place.path().join("slurm-whole/queue")).unwrap();
    slurm.execute(1, Some(0..1)).iter().for_each(ended_well);
    slurm.execute(3, Some(0..2)).iter().for_each(ended_well);
    // Each follower submits the next round, and the last one writes the report.
    let mut job = 4;
    while slurm.script(job).is_some() {
        match slurm.n_tasks(job) {
            Some(n) => slurm.execute(job, Some(0..n)).iter().for_each(ended_well),
            None => slurm.execute(job, None).iter().for_each(ended_well),
        }
        job += 1;
    }
    let results = |folder: &str| fs::read(place.path().join(folder).join("results.json")).unwrap();
    assert!(results("there") == results("alone"));
    assert!(place.path().join("there/report.html").is_file());
    ended_well(&slurm.run(&["status", "there", "--watch"]));
}

#[test]
fn cells_that_fail_again_and_again_are_not_submitted_for_ever() {
    let place = prepared();
    let slurm = Slurm::new(place, "slurm-failing");
    // Its own faces, which are gone before a cell is trained.
    draw_style(place, "lost", 6, 9, "wild");
    fs::write(place.path().join("lost.toml"), format!("name = \"l\"\n{}", STUDY.replace("\"generated\"", "\"lost\"")))
        .unwrap();
    ended_well(&slurm.run(&["submit", "lost.toml", "--out", "failing-there"]));
    fs::rename(place.path().join("lost"), place.path().join("elsewhere")).unwrap();
    let n_tasks = slurm.n_tasks(1).unwrap();
    assert!(slurm.execute(1, Some(0..n_tasks)).iter().all(|task| task.code == 3));
    let next = slurm.execute(2, None).remove(0);
    assert_eq!(next.code, 3, "{}", next.stderr);
    assert!(slurm.script(3).is_none());
}
