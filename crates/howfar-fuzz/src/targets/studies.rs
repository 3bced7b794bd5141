//! A study's folder: its plan, its choices, its results, what its processes say of themselves, and the predictions that
//! results are made from.
//!
//! In: one damaged file of a whole study of small faces. Out: whether what `status`, `report`, `study cells` and `study
//! analyse` do with it went through.

use std::path::{Path, PathBuf};

use howfar_face::{Fault, Provenance, files};
use howfar_protocol::{Cell, Part, Prediction, SetInput, Study, write_predictions};
use howfar_report::{Pictures, TextFormat, Timing, csv, html, matrix_csv, matrix_html, matrix_text, terminal_summary};
use howfar_study::{LoadedStudy, StudyFolder, ToDo, all_cells, analyse, cell_times, runners_at};
use serde_json::json;

use crate::made::{CLASSES, face_set};
use crate::target::{Seeds, Target, is_taken, moved, put};

/// Every cell of a study.
pub(crate) const PLAN: Target = Target::text("plan-json", plan, |place, bytes| {
    put(place, "study/plan.json", &moved(bytes, ELSEWHERE, &place.display().to_string()));
    let read = cells(place);
    is_taken(read.and_then(|_| LoadedStudy::reopen(&folder(place))))
});
/// The k that was chosen.
pub(crate) const CHOICE: Target = Target::text(
    "choice-json",
    |place| kept(place, "choice.json"),
    |place, bytes| {
        put(place, "study/choice.json", bytes);
        is_taken(cells(place))
    },
);
/// Everything that a report says.
pub(crate) const RESULTS: Target = Target::text("results-json", results, |place, bytes| {
    put(place, "study/results.json", bytes);
    is_taken(report(place))
});
/// How often the faces that judge were looked at.
pub(crate) const LOOKS: Target = Target::text(
    "looks-json",
    |place| kept(place, "looks.json"),
    |place, bytes| {
        put(place, "study/looks.json", bytes);
        is_taken(report(place))
    },
);
/// What a run took.
pub(crate) const TIMING: Target = Target::text("timing-json", timing, |place, bytes| {
    put(place, "study/timing.json", bytes);
    is_taken(report(place))
});
/// A process at work.
pub(crate) const RUNNER: Target = Target::text("runner-json", runner, |place, bytes| {
    put(place, "study/runners/other.json", bytes);
    is_taken(runners_at(&place.join("study")).and_then(|_| cells(place)))
});
/// Whose a cell is.
pub(crate) const LEASE: Target = Target::text("lease", lease, |place, bytes| {
    put_in_run(place, "lease-1", bytes);
    is_taken(cells(place))
});
/// What a cell ended with.
pub(crate) const FAILED: Target = Target::text("failed-json", failed, |place, bytes| {
    put_in_run(place, "failed.json", bytes);
    is_taken(cells(place))
});
/// What a cell has come to.
pub(crate) const FINISHED: Target = Target::text(
    "finished-json",
    |place| kept_of_run(place, "finished.json"),
    |place, bytes| {
        put_in_run(place, "finished.json", bytes);
        is_taken(cells(place)) & analysed(place)
    },
);
/// What a cell took.
pub(crate) const CELL_TIMING: Target = Target::text(
    "cell-timing-json",
    |place| kept_of_run(place, "timing.json"),
    |place, bytes| {
        put_in_run(place, "timing.json", bytes);
        is_taken(cells(place))
    },
);
/// What the audits have found.
pub(crate) const AUDIT: Target = Target::text("audit-json", audit, |place, bytes| {
    put(place, "study/audit.json", bytes);
    analysed(place)
});
/// Predictions that results are made from.
pub(crate) const ANALYSIS: Target = Target::bytes(
    "analysis",
    |place| kept_of_run(place, "predictions.parquet"),
    |place, bytes| {
        put_in_run(place, "predictions.parquet", bytes);
        analysed(place)
    },
);

/// In place of the folder that the sets of a plan lie in: inputs are the same wherever they are tried.
/// The text that results are shown as.
const TEXT: TextFormat = TextFormat { width: 80, is_unicode: true };

const ELSEWHERE: &str = "/elsewhere";
/// Names the folder of the cell whose files are damaged.
const RUN: &str = "run.txt";

fn folder(place: &Path) -> StudyFolder {
    StudyFolder::new(&place.join("study"))
}

/// Reads the plan and all that is said of its cells, as `status` and `study cells` do.
fn cells(place: &Path) -> Result<Vec<Cell>, Fault> {
    let folder = StudyFolder::open(&place.join("study"))?;
    let plan = folder.read_plan()?;
    let cells = all_cells(&plan, &folder)?;
    folder.states(&cells)?;
    for cell in &cells {
        folder.finished(cell)?;
        folder.failed(cell)?.map(|failed| failed.first_line().len());
    }
    cell_times(&folder, &cells)?;
    Ok(cells)
}

/// Reads results and shows them in every way.
fn report(place: &Path) -> Result<usize, Fault> {
    let folder = StudyFolder::open(&place.join("study"))?;
    let results = folder.read_results()?;
    let (format, version) = Timing::FORMAT;
    let timing: Option<Timing> = match folder.timing_file().is_file() {
        true => Some(files::read_json(&folder.timing_file(), format, version)?),
        false => None,
    };
    let looks = folder.read_looks()?;
    let page = html(&results, timing.as_ref(), looks.as_ref(), &Pictures::default());
    let text = terminal_summary(&results, looks.as_ref(), TEXT);
    let all = [results.clone(), results];
    Ok(page.len()
        + text.len()
        + csv(&all[0]).len()
        + matrix_csv(&all).len()
        + matrix_html(&all).len()
        + matrix_text(&all).len())
}

/// Computes the results anew.
fn analysed(place: &Path) -> bool {
    is_taken(LoadedStudy::reopen(&folder(place)).and_then(|loaded| analyse(&loaded, &folder(place))))
}

/// A whole study with predictions that nobody has computed, its results among its files.
fn whole_study(place: &Path) -> Result<(), Box<dyn std::error::Error>> {
    face_set(&place.join("real"), Provenance::Real, "db", 8)?;
    face_set(&place.join("generated"), Provenance::Drawn, "heads", 4)?;
    face_set(&place.join("unseen"), Provenance::Real, "other", 3)?;
    let sets = ["real", "generated", "unseen"].map(|name| place.join(name).display().to_string());
    let text = format!(
        "name = \"small\"\nexpressions = {CLASSES:?}\n[real]\nsets = [{:?}]\n\
         split = {{ train = 4, validation = 2, test = 2 }}\n\
         [generated]\nsets = [{:?}]\n[unseen]\nsets = [{:?}]\n[grid]\nk = [0, 1]\nseeds = 2\narms = [\"mix\"]\n\
         [train]\nepochs = 4\n",
        sets[0], sets[1], sets[2],
    );
    let loaded = LoadedStudy::open(&Study::parse(&text, "study.toml")?)?;
    let folder = folder(place);
    folder.write_plan(loaded.plan())?;
    for cell in &loaded.plan().cells {
        write_run(&folder, &loaded.plan().sets, cell)?;
    }
    // Chooses k, which says which cells there are beside those of the plan.
    let to_do = ToDo::of(&loaded, &folder)?;
    for place in &to_do.missing {
        write_run(&folder, &loaded.plan().sets, &to_do.cells[*place])?;
    }
    analyse(&loaded, &folder)?;
    let cell = loaded.plan().cells.last().ok_or("a study has cells")?;
    std::fs::write(place.join(RUN), cell.name())?;
    Ok(())
}

/// The files of a finished cell.
fn write_run(folder: &StudyFolder, sets: &[SetInput], cell: &Cell) -> Result<(), Box<dyn std::error::Error>> {
    let run = folder.run_folder(cell);
    std::fs::create_dir_all(&run)?;
    let classes = CLASSES.map(str::to_owned);
    let said = |part: Part, set: &SetInput, people: std::ops::Range<u64>| {
        let database = &set.info.name;
        let faces = people.flat_map(|person| (0..CLASSES.len()).map(move |label| (person, label)));
        let prediction = faces.map(|(person, label)| {
            let mut probabilities = vec![0.25; CLASSES.len()];
            let is_right = !(person + label as u64 + u64::from(cell.seed_idx)).is_multiple_of(3);
            probabilities[if is_right { label } else { (label + 1) % CLASSES.len() }] = 0.5;
            let subject = format!("{database}:p{person}").parse()?;
            let row = person * CLASSES.len() as u64 + label as u64;
            Ok(Prediction { part, set: set.id(), row, subject, label, probabilities })
        });
        prediction.collect::<Result<Vec<_>, Fault>>()
    };
    let own = [said(Part::Validation, &sets[0], 0..2)?, said(Part::Test, &sets[0], 2..4)?].concat();
    write_predictions(&run.join("predictions.parquet"), &classes, &own)?;
    for (part, id) in cell.asked() {
        let set = sets.iter().find(|set| set.id() == id).ok_or("the plan has the set")?;
        write_predictions(&run.join(format!("{}-{id}.parquet", part.name())), &classes, &said(part, set, 0..3)?)?;
    }
    let finished = json!({
        "format": "howfar finished cell", "version": 1, "n_training_pictures": 12, "kept_epoch": 3, "n_epochs": 4,
    });
    std::fs::write(run.join("finished.json"), finished.to_string())?;
    let timing = json!({"format": "howfar cell timing", "version": 1, "seconds": 1.5, "n_pictures": 48});
    std::fs::write(run.join("timing.json"), timing.to_string())?;
    Ok(())
}

fn run_folder(place: &Path) -> PathBuf {
    let name = std::fs::read_to_string(place.join(RUN)).expect("the study was made before");
    place.join("study/runs").join(name)
}

fn put_in_run(place: &Path, name: &str, bytes: &[u8]) {
    put(&run_folder(place), name, bytes);
}

/// A file of the study as howfar wrote it.
fn kept(place: &Path, name: &str) -> Seeds {
    whole_study(place)?;
    Ok(vec![std::fs::read(place.join("study").join(name))?])
}

fn plan(place: &Path) -> Seeds {
    let plan = kept(place, "plan.json")?;
    Ok(plan.iter().map(|plan| moved(plan, &place.display().to_string(), ELSEWHERE)).collect())
}

fn kept_of_run(place: &Path, name: &str) -> Seeds {
    whole_study(place)?;
    Ok(vec![std::fs::read(run_folder(place).join(name))?])
}

fn made(place: &Path, file: &serde_json::Value) -> Seeds {
    whole_study(place)?;
    Ok(vec![serde_json::to_vec_pretty(file)?])
}

fn results(place: &Path) -> Seeds {
    let rich = include_bytes!("../../../howfar-report/tests/golden/v3/results.json").to_vec();
    Ok([kept(place, "results.json")?, vec![rich]].concat())
}

fn timing(place: &Path) -> Seeds {
    let machine =
        json!({"cores": 8, "processor": "a processor", "instruction_set": "avx2", "memory_bytes": 1u64 << 34});
    let cell = json!({"name": "a", "seconds": 1.5, "images_per_second": 32.0, "epochs": 4, "kept_epoch": 3});
    made(
        place,
        &json!({
            "format": "howfar timing", "version": 1, "machine": machine, "started": "2026-01-01 10:00",
            "total_seconds": 61.5,
            "cells": [cell, cell],
        }),
    )
}

fn runner(place: &Path) -> Seeds {
    let runner = json!({
        "format": "howfar runner", "version": 1, "host": "a", "boot": "b", "pid": 7, "beat": "000000000003",
    });
    let seeds = made(place, &runner)?;
    put_in_run(place, "lease-1", b"other");
    std::fs::remove_file(run_folder(place).join("finished.json"))?;
    Ok(seeds)
}

fn lease(place: &Path) -> Seeds {
    runner(place)?;
    Ok(vec![b"other".to_vec(), b"ab12cd34ab12cd34-0".to_vec()])
}

fn failed(place: &Path) -> Seeds {
    made(
        place,
        &json!({"format": "howfar failed cell", "version": 1, "exit_code": 3, "error": "faces: there is none\n  hint"}),
    )
}

fn audit(place: &Path) -> Seeds {
    let finding = json!({
        "audit": "identity", "code": "one-person", "is_caveat": true, "text": "a", "advice": "b",
        "figures": {"share": 0.5}, "examples": ["c"],
    });
    made(place, &json!({"format": "howfar audit", "version": 1, "inputs_sha256": "0", "findings": [finding]}))
}
