//! `howfar report STUDY`: the report anew from `results.json`, and what `run` prints.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::SystemTime;

use howfar_evaluate::Results;
use howfar_face::{Fault, encode_png, files, memory_bytes};
use howfar_report::{CellTime, Machine, Pictures, SheetPicture, TextFormat, Timing};
use howfar_study::{LoadedStudy, StudyFolder, all_cells, cell_times};

use crate::browser;
use crate::clock::utc;
use crate::command::study_args::StudyPlace;
use crate::command::{doctor, n_cores};
use crate::console::{Console, is_unicode};

/// Write a study's report anew from its results.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar report my-study\n  howfar report my-study --open")]
pub struct Args {
    #[command(flatten)]
    study: StudyPlace,
    /// Open it in your browser.
    #[arg(long)]
    open: bool,
}

/// Writes the report.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::open_results(&args.study.folder()?)?;
    let results = write_report(&folder)?;
    print_results(&results, &folder, console)?;
    if args.open { browser::open(&folder.root().join("report.html")) } else { Ok(()) }
}

/// The answer on stdout, its last line the claim (on a terminal, its last paragraph).
pub fn print_results(results: &Results, folder: &StudyFolder, console: &Console) -> Result<(), Fault> {
    if console.json() {
        console.answer_json(results);
    } else {
        let looks = folder.read_looks()?;
        console.note(&format!("report: {}", folder.root().join("report.html").display()));
        let format = TextFormat { width: console.columns(), is_unicode: is_unicode() };
        let summary = howfar_report::terminal_summary(results, looks.as_ref(), format);
        console.answer(&console.fit(summary.trim_end()));
    }
    Ok(())
}

/// `report.html` and `table.csv` from what lies in the study's folder.
pub fn write_report(folder: &StudyFolder) -> Result<Results, Fault> {
    let results = folder.read_results()?;
    let (format, version) = Timing::FORMAT;
    let timing = match folder.timing_file().is_file() {
        true => Some(files::read_json::<Timing>(&folder.timing_file(), format, version)?),
        false => None,
    };
    let pictures = Pictures { sheets: read_sheets(folder, &results)?, faces: read_faces(folder, &results)? };
    let html = howfar_report::html(&results, timing.as_ref(), folder.read_looks()?.as_ref(), &pictures);
    files::write(&folder.root().join("report.html"), html.as_bytes())?;
    files::write(&folder.root().join("table.csv"), howfar_report::csv(&results).as_bytes())?;
    Ok(results)
}

fn read_sheets(folder: &StudyFolder, results: &Results) -> Result<Vec<SheetPicture>, Fault> {
    let mut sheets = Vec::new();
    for (set_idx, set) in results.study.sets.iter().enumerate() {
        let file = folder.root().join("sheets").join(format!("{set_idx:02}.png"));
        if file.is_file() {
            let caption =
                format!("{} set: {} faces of {} {}", set.role.words(), set.n_faces, set.n_people, set.members());
            sheets.push(SheetPicture { title: set.name.clone(), caption, png: files::read(&file)? });
        }
    }
    Ok(sheets)
}

/// The faces that the mix makes newly correct or newly wrong, as `run` left them.
fn read_faces(folder: &StudyFolder, results: &Results) -> Result<BTreeMap<(String, u64), Vec<u8>>, Fault> {
    let mut faces = BTreeMap::new();
    for (set, row) in changed_faces(results) {
        let file = face_file(folder, results, &set, row);
        if file.is_file() {
            faces.insert((set, row), files::read(&file)?);
        }
    }
    Ok(faces)
}

/// The faces that the mix makes newly correct or newly wrong, where reports look for them.
pub fn write_changed_faces(loaded: &LoadedStudy, folder: &StudyFolder, results: &Results) -> Result<(), Fault> {
    files::create_folder(&folder.root().join("sheets").join("faces"))?;
    for (set, row) in changed_faces(results) {
        if let Some(picture) = loaded.picture(&set, row) {
            files::write(&face_file(folder, results, &set, row), &encode_png(&picture))?;
        }
    }
    Ok(())
}

/// Set and row of every face that a report shows by itself.
fn changed_faces(results: &Results) -> BTreeSet<(String, u64)> {
    let all = results.recipes.iter().flat_map(|recipe| &recipe.changed);
    all.flat_map(|changed| changed.fixed.iter().chain(&changed.broken))
        .map(|face| (face.set.clone(), face.row))
        .collect()
}

/// Where its picture lies in a study's folder.
fn face_file(folder: &StudyFolder, results: &Results, set: &str, row: u64) -> PathBuf {
    let set_idx = results.study.sets.iter().position(|s| s.name == set).unwrap_or(results.study.sets.len());
    folder.root().join("sheets").join("faces").join(format!("{set_idx:02}-{row}.png"))
}

/// `timing.json`: when the run began, the machine and what every cell took.
pub fn write_timing(loaded: &LoadedStudy, folder: &StudyFolder, begun: SystemTime, seconds: f64) -> Result<(), Fault> {
    let times = cell_times(folder, &all_cells(loaded.plan(), folder)?)?;
    let cells = times.into_iter().map(|c| CellTime {
        name: c.name,
        seconds: c.seconds,
        images_per_second: c.images_per_second,
        epochs: c.n_epochs,
        kept_epoch: c.kept_epoch,
    });
    let machine = Machine {
        cores: n_cores(),
        processor: doctor::processor(),
        instruction_set: howfar_train::instruction_set().to_owned(),
        memory_bytes: memory_bytes(),
    };
    let (format, version) = Timing::FORMAT;
    let cells = cells.collect();
    let timing = Timing {
        format: format.to_owned(),
        version,
        machine,
        started: Some(utc(begun)),
        total_seconds: seconds,
        cells,
    };
    files::write_json(&folder.timing_file(), &timing)
}
