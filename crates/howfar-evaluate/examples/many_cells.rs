//! How long a large study takes from predictions to results, and how much memory:
//! `cargo run --release -p howfar-evaluate --example many_cells -- 10000 10000`.
//!
//! In: a number of cells and of faces that each predicts. Out: times and memory. Predictions are made and written to
//! 200 files in a folder for throw-away things, which cells share; each cell reads and decodes its own. Cells are of
//! five generated sets side by side, 100 seeds, as many k as it takes; a fifth of the faces each are training and
//! generated ones, a tenth each validate and test, the rest are of an unseen database. A person has five faces.

#![allow(clippy::print_stdout, reason = "an example prints")]

#[path = "../tests/made/mod.rs"]
#[allow(dead_code, reason = "only the study's facts are made as in the tests")]
mod made;

use std::path::PathBuf;
use std::time::Instant;

use howfar_evaluate::{CellSource, CellTraining, Choosers, StudyFacts, TrackPlan, analyse_from, choose_all};
use howfar_face::{Fault, SubjectId};
use howfar_protocol::{
    Cell, MixtureRatio, Part, Prediction, PredictionRef, Recipe, Track, Treatment, for_each_prediction,
    write_predictions,
};
use howfar_random::{Seeds, uniform};
use made::Made;

const N_FILES: usize = 200;
const N_SEEDS: u32 = 100;
const N_SETS: usize = 5;
const FACES_A_PERSON: usize = 5;

struct MadeCells {
    cells: Vec<Cell>,
    folder: PathBuf,
}

impl MadeCells {
    fn file(&self, file_idx: usize) -> PathBuf {
        self.folder.join(format!("{file_idx}.parquet"))
    }
}

impl CellSource for MadeCells {
    fn cells(&self) -> Vec<&Cell> {
        self.cells.iter().collect()
    }

    fn training(&self, _: usize) -> Result<CellTraining, Fault> {
        Ok(CellTraining::default())
    }

    fn read(&self, cell_idx: usize, parts: &[Part], each: &mut dyn FnMut(PredictionRef<'_>)) -> Result<(), Fault> {
        // Cells of one seed have different files, and so have those of one k.
        for_each_prediction(&self.file((cell_idx * 7 + cell_idx / N_SEEDS as usize) % N_FILES), parts, each)
    }
}

fn predictions(file_idx: usize, n_faces: usize, n_classes: usize) -> Vec<Prediction> {
    let mut stream = Seeds::new(file_idx as u64).stream("made predictions", &[]);
    let prediction = |face: usize| {
        let part = match 10 * face / n_faces {
            0 | 1 => Part::Training,
            2 | 3 => Part::Generated,
            4 => Part::Validation,
            5 => Part::Test,
            _ => Part::Unseen,
        };
        let set = if part == Part::Unseen { "unseen" } else { "own" };
        let label = face % n_classes;
        let said = if uniform(&mut stream) < 0.6 { label } else { (label + 1) % n_classes };
        let probability = |class| if class == said { 0.6 } else { 0.4 / (n_classes - 1) as f32 };
        Prediction {
            part,
            set: set.to_owned(),
            row: face as u64,
            subject: SubjectId::new(set, &format!("p{:05}", face / FACES_A_PERSON)).expect("a plain name"),
            label,
            probabilities: (0..n_classes).map(probability).collect(),
        }
    };
    (0..n_faces).map(prediction).collect()
}

/// Cells, the tracks they are of and all k.
fn cells(n_cells: usize) -> (Vec<Cell>, Vec<Track>, Vec<MixtureRatio>) {
    let settings = Recipe::Modern.settings();
    let sources: Vec<String> = (0..N_SETS).map(|i| format!("generated-{i}")).collect();
    let n_k = (n_cells / N_SEEDS as usize - 1).div_ceil(N_SETS);
    let all_k: Vec<MixtureRatio> = (0..=n_k).map(|k| MixtureRatio::new(k as f64).expect("from 0 up")).collect();
    let mixes = all_k[1..].iter().flat_map(|k| sources.iter().map(|s| Treatment::on_curve(*k, Some(s))));
    let mut cells = Vec::new();
    for treatment in std::iter::once(Treatment::BASELINE).chain(mixes) {
        cells.extend((0..N_SEEDS).map(|seed_idx| Cell {
            treatment: treatment.clone(),
            seed_idx,
            settings: settings.clone(),
            ..first_cell()
        }));
    }
    cells.truncate(n_cells);
    let track = |source: &String| Track {
        recipe: Recipe::Modern,
        network: settings.network.clone(),
        start: None,
        source: Some(source.clone()),
    };
    (cells, sources.iter().map(track).collect(), all_k)
}

fn first_cell() -> Cell {
    let settings = serde_json::to_value(Recipe::Modern.settings()).expect("plain data");
    let cell = serde_json::json!({
        "recipe": "modern", "arm": "real", "k": 0.0, "split_idx": 0, "seed_idx": 0, "settings": settings,
        "inputs_sha256": ""
    });
    serde_json::from_value(cell).expect("a cell")
}

fn main() -> Result<(), Fault> {
    let mut args = std::env::args().skip(1).map(|n| n.parse::<usize>().expect("a number"));
    let (n_cells, n_faces) = (args.next().unwrap_or(1000), args.next().unwrap_or(1000));
    let folder = std::env::temp_dir().join(format!("howfar-many-cells-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| Fault::io(&folder, "create", &e))?;
    let (cells, tracks, k) = cells(n_cells);
    let source = MadeCells { cells, folder };
    let facts = StudyFacts { k, n_seeds: N_SEEDS, n_splits: 1, ..Made::default().facts() };
    for file_idx in 0..N_FILES {
        let made = predictions(file_idx, n_faces, facts.classes.len());
        write_predictions(&source.file(file_idx), &facts.classes, &made)?;
    }
    let started = Instant::now();
    let told = |what: &str| println!("{what} after {:.1} s", started.elapsed().as_secs_f64());
    println!("{} cells of {n_faces} faces", source.cells.len());
    let plan = |track: Track| TrackPlan::plain(track, 1, &facts.k);
    let tracks: Vec<TrackPlan> = tracks.into_iter().map(plan).collect();
    let choosers = Choosers::validation(1);
    let choices = choose_all(tracks.clone(), &choosers, &source)?;
    told(&format!("k of {} tracks is chosen", choices.len()));
    let results = analyse_from(facts, &choosers, &tracks, &source)?;
    let n_bytes = serde_json::to_string(&results).expect("results are plain data").len();
    told(&format!("results of {} kB are there", n_bytes / 1000));
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("memory at most: {}", memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown"));
    std::fs::remove_dir_all(&source.folder).map_err(|e| Fault::io(&source.folder, "remove", &e))
}
