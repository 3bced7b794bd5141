//! A whole study on drawn faces: it runs, resumes after kills to the same bytes, and says what it found.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use program::{draw_style, howfar, workplace};
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
[train]
epochs = 4
";

fn prepare(place: &TempDir) {
    program::draw_three_sets(place);
    program::study(place, STUDY);
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn a_study_killed_three_times_ends_in_the_same_bytes_as_an_unbroken_one() {
    let place = workplace();
    prepare(&place);
    let unbroken = howfar(&place, &["run", "study.toml", "--out", "unbroken", "--jobs", "2"]);
    assert_eq!(unbroken.code, 0, "{}", unbroken.stderr);
    for n_finished in [1, 3, 5] {
        kill_when(&place, n_finished);
    }
    let finished = howfar(&place, &["run", "study.toml", "--out", "broken", "--jobs", "1"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    for file in ["results.json", "choice.json", "looks.json", "plan.json", "table.csv"] {
        let [a, b] = ["unbroken", "broken"].map(|out| read(&place.path().join(out).join(file)));
        assert!(a == b, "{file} differs");
    }
}

#[test]
fn seeds_are_added_until_the_answer_is_settled_and_the_rest_is_saved() {
    let place = workplace();
    prepare(&place);
    program::study(&place, &STUDY.replace("seeds = 2", "seeds = 9\narms = [\"mix\"]"));
    let sure = howfar(&place, &["run", "study.toml", "--out", "sure", "--until-sure"]);
    assert_eq!(sure.code, 0, "{}", sure.stderr);
    assert!(sure.stderr.contains("look 1 of at most 3: 3 of 9 seeds"), "{}", sure.stderr);
    let results: serde_json::Value = serde_json::from_slice(&read(&place.path().join("sure/results.json"))).unwrap();
    let n_seeds = results["study"]["n_seeds"].as_u64().unwrap();
    let saved = format!("after {n_seeds} of 9 seeds; {} % of the cells were not needed", 100 * (9 - n_seeds) / 9);
    assert!(sure.stderr.contains(&saved), "{}", sure.stderr);
    let answer = results["answer"].as_str().unwrap();
    assert!(answer.contains(&format!("Looked at after {n_seeds} of at most 9 seeds")), "{answer}");
    let n_cells = fs::read_dir(place.path().join("sure/runs")).unwrap().count();
    assert_eq!(n_cells as u64, 3 * n_seeds, "labelled faces alone for two budgets, and the mix");
    let again = howfar(&place, &["study", "analyse", "sure"]);
    assert_eq!((again.code, again.stdout.contains(answer)), (0, true), "{}", again.stdout);
}

/// Starts the study and kills it (SIGKILL) once so many cells are finished and another one has begun.
fn kill_when(place: &TempDir, n_finished: usize) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_howfar"))
        .args(["run", "study.toml", "--out", "broken", "--jobs", "1"])
        .current_dir(place.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let runs = place.path().join("broken/runs");
    let count = |file: &str| {
        let folders = fs::read_dir(&runs).into_iter().flatten().flatten();
        folders.filter(|folder| folder.path().join(file).is_file()).count()
    };
    while !(count("finished.json") >= n_finished && count("checkpoint/epochs.jsonl") > 0) {
        assert!(child.try_wait().unwrap().is_none(), "the study ended before it could be killed");
        assert!(begun.elapsed() < Duration::from_secs(300), "no cell was finished");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_last_line_is_the_claim_and_every_file_is_there() {
    let place = workplace();
    prepare(&place);
    let outcome = howfar(&place, &["run", "study.toml", "--out", "out", "--quiet"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let results: serde_json::Value = serde_json::from_slice(&read(&place.path().join("out/results.json"))).unwrap();
    assert_eq!(outcome.stdout.trim_end().lines().last(), results["answer"].as_str());
    for file in
        ["plan.json", "choice.json", "timing.json", "report.html", "table.csv", "sheets/00.png", "sheets/02.png"]
    {
        assert!(place.path().join("out").join(file).is_file(), "{file}");
    }
    // A second start finds everything finished; a cell asked for twice is computed once.
    let again = howfar(&place, &["run", "study.toml", "--out", "out"]);
    assert!(again.stderr.contains("finished before"), "{}", again.stderr);
    let cell = howfar(&place, &["study", "cell", "out", "--index", "0"]);
    assert!(cell.stdout.contains("was finished before"), "{}", cell.stdout);
    let status = howfar(&place, &["status", "out"]);
    assert!(status.stdout.contains("cells finished, 0 running, 0 stopped"), "{}", status.stdout);
}

#[test]
fn another_grid_in_the_same_folder_is_another_look_at_the_same_faces_and_the_same_one_is_not() {
    let place = workplace();
    prepare(&place);
    let n_looks = |words: &str| {
        let run = howfar(&place, &["run", "study.toml", "--out", "out"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let told = format!("These faces have been judged {words} in this folder");
        let report = String::from_utf8(read(&place.path().join("out/report.html"))).unwrap();
        assert!(run.stdout.contains(&told) && report.contains(&told), "{}", run.stdout);
        for words in ["real faces alone", "of real faces", "real faces and k"] {
            assert!(
                !run.stdout.contains(words) && !report.contains(words),
                "drawn labelled faces are not real: {words}"
            );
        }
        let looks: serde_json::Value = serde_json::from_slice(&read(&place.path().join("out/looks.json"))).unwrap();
        looks["looks"].as_array().unwrap().len()
    };
    program::study(&place, &STUDY.replace("seeds = 2", "seeds = 2\narms = [\"mix\"]"));
    assert_eq!((n_looks("once"), n_looks("once")), (1, 1));
    program::study(&place, &STUDY.replace("seeds = 2", "seeds = 3\narms = [\"mix\"]"));
    assert_eq!(n_looks("2 times"), 2);
    let timing: serde_json::Value = serde_json::from_slice(&read(&place.path().join("out/timing.json"))).unwrap();
    let started = timing["started"].as_str().unwrap();
    assert!(started.starts_with("20") && started.ends_with(" UTC") && started.len() == 20, "{started}");
    let results = place.path().join("out/results.json");
    let older = String::from_utf8(read(&results)).unwrap().replacen("\"version\": 4", "\"version\": 1", 1);
    fs::write(&results, older).unwrap();
    let report = howfar(&place, &["report", "out"]);
    assert_eq!(report.code, 3, "{}", report.stderr);
    assert!(
        ["written by an older howfar", "howfar study analyse STUDY"].iter().all(|words| report.stderr.contains(words))
    );
    assert_eq!(howfar(&place, &["study", "analyse", "out"]).code, 0);
}

#[test]
fn a_model_trained_by_hand_is_evaluated_and_predicts() {
    let place = workplace();
    draw_style(&place, "real", 6, 1, "studio");
    let arguments = ["train", "real", "--epochs", "2", "--out", "m.safetensors", "--quiet"];
    let trained = howfar(&place, &arguments);
    assert_eq!(trained.code, 0, "{}", trained.stderr);
    let evaluated = howfar(&place, &["evaluate", "m.safetensors", "real", "--json"]);
    let figures: serde_json::Value = serde_json::from_str(&evaluated.stdout).unwrap();
    assert!(figures["accuracy_percent"].as_f64().is_some(), "{}", evaluated.stdout);
    assert_eq!(howfar(&place, &["faces", "export", "real", "--out", "png"]).code, 0);
    let png = fs::read_dir(place.path().join("png/fear")).unwrap().next().unwrap().unwrap().path();
    let predicted = howfar(&place, &["predict", "m.safetensors", png.to_str().unwrap(), "--json"]);
    let seen: serde_json::Value = serde_json::from_str(&predicted.stdout).unwrap();
    let sum: f64 = seen[0]["probabilities"].as_object().unwrap().values().map(|p| p.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-4, "{}", predicted.stdout);
    let again = howfar(&place, &["train", "real", "--epochs", "2", "--out", "n.safetensors", "--quiet"]);
    assert_eq!(again.code, 0);
    let [a, b] = ["m.safetensors", "n.safetensors"].map(|m| read(&place.path().join(m)));
    assert!(a == b, "the same seed gave other weights");
}

#[test]
fn sets_side_by_side_every_arm_fewer_people_and_the_papers_count_stand_in_one_study() {
    let place = workplace();
    prepare(&place);
    draw_style(&place, "other", 8, 4, "studio");
    let study = STUDY
        .replace("sets = [\"generated\"]", "sets = [\"generated\", \"other\"]\nside_by_side = true")
        .replace(
            "seeds = 2",
            "seeds = 2\npeople_percent = [50]\narms = [\"mix\", \"repeat\", \"augment\", \"pretrain\", \"curated\"]",
        )
        // As the paper counts, generated identities train, validate and test: six of them in all.
        .replace("train = 4, validation = 2, test = 2", "train = 3, validation = 1, test = 2")
        .replace("[real]", "protocol = \"paper\"\n[real]");
    program::study(&place, &study);
    let run = howfar(&place, &["run", "study.toml", "--out", "out", "--quiet"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let results: serde_json::Value = serde_json::from_slice(&read(&place.path().join("out/results.json"))).unwrap();
    let tracks = results["recipes"].as_array().unwrap();
    let sources: Vec<&str> = tracks.iter().map(|track| track["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["generated", "other", "together"]);
    for track in tracks {
        let arms = track["controls"].as_array().unwrap().iter().map(|claim| claim["baseline_arm"].as_str().unwrap());
        let arms: std::collections::BTreeSet<&str> = arms.collect();
        assert_eq!(
            arms.into_iter().collect::<Vec<_>>(),
            ["augment", "curated", "generated-only", "pretrain", "repeat"]
        );
        // Nothing stops early: every picture comes in each of four epochs, those of `pretrain` in its two stages.
        let training = track["training"].as_array().unwrap();
        assert!(training.iter().any(|arm| arm["arm"] == "pretrain"));
        for arm in training {
            let [pictures, seen, steps] =
                ["n_pictures", "n_pictures_seen", "n_steps"].map(|figure| arm[figure].as_f64().unwrap());
            assert_eq!(
                (seen, &arm["n_epochs"], &arm["kept_epoch"]),
                (4.0 * pictures, &4.0.into(), &4.0.into()),
                "{arm}"
            );
            assert!((pictures / 32.0).ceil() * 4.0 <= steps && steps <= (pictures / 32.0).ceil() * 4.0 + 4.0, "{arm}");
        }
        let curve = track["exchange"][0]["curve"].as_array().unwrap();
        assert_eq!(curve.iter().map(|p| p["n_people"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 3]);
        let rows = track["as_the_paper_counts"].as_array().unwrap();
        let [zero, one] = [&rows[0], &rows[1]].map(|row| {
            ["real_test_percent", "generated_test_percent", "mixed_test_percent"].map(|figure| row[figure].as_f64())
        });
        assert_eq!((zero[0], zero[1]), (zero[2], None), "without generated faces both counts are one");
        let mean = (one[0].unwrap() + one[1].unwrap()) / 2.0;
        assert!((mean - one[2].unwrap()).abs() < 1e-9, "at k = 1 half of the test faces are generated: {one:?}");
    }
    let report = String::from_utf8(read(&place.path().join("out/report.html"))).unwrap();
    assert!(["Side by side", "Worth in identities", "As the paper counts"].iter().all(|words| report.contains(words)));
}

#[test]
fn a_network_stands_beside_itself_with_weights_to_begin_with() {
    let place = workplace();
    prepare(&place);
    draw_style(&place, "more", 8, 5, "wild");
    let train = ["train", "more", "--epochs", "60", "--out", "taught.safetensors"];
    assert_eq!(howfar(&place, &train).code, 0);
    let networks = "network = [\"compact\", { name = \"compact\", weights = \"taught.safetensors\" }]\nepochs = 12";
    let text = STUDY.replace("epochs = 4", networks).replace("seeds = 2", "seeds = 2\narms = [\"mix\"]");
    program::study(&place, &text);
    let results = || -> serde_json::Value {
        let run = howfar(&place, &["run", "study.toml", "--out", "out", "--quiet"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        serde_json::from_slice(&read(&place.path().join("out/results.json"))).unwrap()
    };
    let first = results();
    let accuracy = |track: usize| {
        let rows = first["recipes"][track]["table"].as_array().unwrap().iter();
        let of_mix = rows
            .filter(|row| row["arm"] == "mix" && ["validation", "test", "unseen"].iter().any(|p| row["part"] == *p));
        of_mix.map(|row| row["accuracy_percent"].as_f64().unwrap()).sum::<f64>() / 3.0
    };
    let [fresh, taught] = [accuracy(0), accuracy(1)];
    assert!(taught > fresh + 10.0, "twelve epochs after sixty on other faces: {fresh} {taught}");
    assert_eq!(first["recipes"][1]["settings"]["start"]["name"], "taught");
    let table = String::from_utf8(read(&place.path().join("out/table.csv"))).unwrap();
    assert!(table.contains(",compact from taught,"), "{table}");
    let n_cells = || fs::read_dir(place.path().join("out/runs")).unwrap().count();
    assert_eq!(n_cells(), 12);

    // Other weights under the same name are other cells; those of the network drawn anew stay.
    let train = ["train", "more", "--epochs", "1", "--weights", "taught.safetensors", "--out", "other.safetensors"];
    let trained = howfar(&place, &train);
    assert_eq!(trained.code, 0, "{}", trained.stderr);
    assert!(trained.stderr.contains("taught.safetensors: 24 of 26 tensors are imported"), "{}", trained.stderr);
    fs::rename(place.path().join("other.safetensors"), place.path().join("taught.safetensors")).unwrap();
    results();
    assert_eq!(n_cells(), 18);

    program::study(&place, &text.replace("name = \"compact\"", "name = \"medium\""));
    let refused = howfar(&place, &["run", "study.toml", "--out", "out"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    for words in ["taught.safetensors", "another network", "found     compact", "expected  medium"] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
}

#[test]
fn every_database_is_learned_from_and_judged_by_every_other() {
    let place = workplace();
    prepare(&place);
    draw_style(&place, "unseen-too", 8, 6, "unseen");
    let text = STUDY
        .replace("train = 4, validation = 2, test = 2", "train = 0.5, validation = 0.25, test = 0.25")
        .replace("sets = [\"unseen\"]", "sets = [\"unseen-too\"]")
        .replace("seeds = 2", "seeds = 2\narms = [\"mix\"]");
    program::study(&place, &text);
    let matrix = howfar(&place, &["study", "cross-database", "study.toml", "--out", "matrix", "--quiet"]);
    assert_eq!(matrix.code, 0, "{}", matrix.stderr);
    let csv = String::from_utf8(read(&place.path().join("matrix/matrix.csv"))).unwrap();
    let pairs: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').skip(3).take(3).collect()).collect();
    let expected = [["real", "real", "test"], ["real", "unseen-too", "unseen"], ["unseen-too", "real", "unseen"]];
    assert_eq!(pairs[..3], expected);
    assert_eq!(pairs[3], ["unseen-too", "unseen-too", "test"]);
    for study in ["real", "unseen-too"] {
        assert!(place.path().join("matrix").join(study).join("report.html").is_file());
        assert!(matrix.stdout.contains(&format!("trained on {study}, k = ")), "{}", matrix.stdout);
    }

    program::study(
        &place,
        &text.replace("train = 0.5, validation = 0.25, test = 0.25", "train = 5, validation = 2, test = 2"),
    );
    let too_many = howfar(&place, &["study", "cross-database", "study.toml", "--out", "too-many"]);
    assert_eq!(too_many.code, 2, "{}", too_many.stderr);
    assert!(too_many.stderr.contains("real: use fractions or folds"), "{}", too_many.stderr);
    assert!(!place.path().join("too-many").exists(), "no work before every set was looked at");
    program::study(&place, &text.replace("[unseen]\nsets = [\"unseen-too\"]\n", ""));
    let alone = howfar(&place, &["study", "cross-database", "study.toml", "--out", "alone"]);
    assert_eq!(alone.code, 2, "{}", alone.stderr);
    assert!(alone.stderr.contains("a matrix needs databases"), "{}", alone.stderr);
}

#[test]
fn the_papers_experiments_are_a_study_that_can_be_planned() {
    let place = workplace();
    let drawn = howfar(&place, &["init", "paper", "--drawn", "stand-ins", "--people", "12"]);
    assert_eq!(drawn.code, 0, "{}", drawn.stderr);
    let plan = howfar(&place, &["plan", "stand-ins/study.toml"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    assert!(plan.stdout.contains("mix             k = 20"), "{}", plan.stdout);
    let ours = [
        "--real",
        "stand-ins/faces/labelled-a",
        "--unseen",
        "stand-ins/faces/far",
        "--generated",
        "stand-ins/faces/near",
    ];
    let written = howfar(&place, &[&["init", "paper"], &ours[..]].concat());
    assert_eq!(written.code, 0, "{}", written.stderr);
    assert!(written.stdout.contains("sets = [\"stand-ins/faces/labelled-a\"]"), "{}", written.stdout);
    assert!(written.stderr.contains("needs 120 generated identities, and the sets have 12"), "{}", written.stderr);
    let missing = howfar(&place, &["init", "paper", "--real", "a", "--unseen", "b", "--generated", "c"]);
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    assert!(missing.stderr.contains("a: there is no such face set"), "{}", missing.stderr);
}
