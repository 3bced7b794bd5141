//! `howfar study analyse STUDY`: results anew from the predictions. `--predictions TABLE`: the same of anyone's
//! predictions.

use std::path::{Path, PathBuf};

use howfar_evaluate::wording::grouped;
use howfar_face::Fault;
use howfar_protocol::ClaimedMeasure;
use howfar_study::{LoadedStudy, PredictionsTable, StudyFolder, TableOptions, usual_folder};

use crate::command::study_args::StudyPlace;
use crate::command::{begins, report};
use crate::console::Console;

/// Compute results from predictions: a study's own anew, or anyone's in a table.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar study analyse my-study\n  \
    howfar study analyse --predictions mine.csv --out mine\n\n\
    docs/formats.md describes the table; `howfar study export-predictions` writes that of a study.")]
pub struct Args {
    #[command(flatten)]
    study: StudyPlace,
    /// A long table of predictions, CSV or Parquet: arm, k, seed, split, part, set, face, person, true, and predicted
    /// or p_CLASS for each class.
    #[arg(long, value_name = "TABLE", conflicts_with = "study")]
    predictions: Option<PathBuf>,
    /// The folder for the table's results. Without it: the table's name without its ending.
    #[arg(long, value_name = "STUDY", conflicts_with = "study")]
    out: Option<PathBuf>,
    /// What the table's results claim. Without it: macro recall if classes are unequal, else accuracy.
    #[arg(long, value_name = "MEASURE", conflicts_with = "study", value_parser = ["accuracy", "macro-recall"])]
    measure: Option<String>,
    /// The smallest difference that matters, in points. Without it: 2.
    #[arg(long, value_name = "POINTS", conflicts_with = "study")]
    smallest_gain: Option<f64>,
}

/// Analyses and writes results and report.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    if let Some(table) = &args.predictions {
        return of_table(args, table, console);
    }
    let folder = StudyFolder::open(&args.study.folder()?)?;
    console.log_into(folder.root(), &begins());
    let loaded = LoadedStudy::reopen(&folder)?;
    let results = howfar_study::analyse(&loaded, &folder)?;
    console.detail(&format!("results are written: {}", results.answer));
    report::write_changed_faces(&loaded, &folder, &results)?;
    report::write_report(&folder)?;
    report::print_results(&results, &folder, console)
}

fn of_table(args: &Args, table: &Path, console: &Console) -> Result<(), Fault> {
    if let Some(points) = args.smallest_gain.filter(|points| !(*points > 0.0 && *points <= 50.0)) {
        return Err(Fault::usage("--smallest-gain", "no difference that could matter")
            .found(points)
            .expected("points above 0, such as 2"));
    }
    let measure = args.measure.as_deref().map(|measure| match measure {
        "macro-recall" => ClaimedMeasure::MacroRecall,
        _ => ClaimedMeasure::Accuracy,
    });
    let out = args.out.clone().unwrap_or_else(|| usual_folder(table));
    let name = out.file_name().unwrap_or(out.as_os_str()).to_string_lossy().into_owned();
    let options = TableOptions { name, measure, smallest_gain_points: args.smallest_gain };
    let predictions = PredictionsTable::open(table, &options)?;
    let (n_rows, n_cells) = predictions.size();
    console.note(&format!("{} predictions of {} cells", grouped(n_rows as u64), grouped(n_cells as u64)));
    if !predictions.unread_columns().is_empty() {
        console.note(&format!("columns that are not read: {}", predictions.unread_columns().join(", ")));
    }
    let results = predictions.analyse()?;
    let folder = predictions.write(&results, &out)?;
    report::write_report(&folder)?;
    report::print_results(&results, &folder, console)
}
