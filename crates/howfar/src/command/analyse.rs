//! `howfar analyse STUDY`: results anew from the predictions.

use std::path::PathBuf;

use howfar_face::Fault;
use howfar_study::{LoadedStudy, StudyFolder};

use crate::command::report;
use crate::console::Console;

/// Compute a study's results anew from its predictions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar analyse my-study")]
pub struct Args {
    /// The study's folder.
    study: PathBuf,
}

/// Analyses and writes results and report.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::open(&args.study)?;
    let loaded = LoadedStudy::reopen(&folder)?;
    let results = howfar_study::analyse(&loaded, &folder)?;
    report::write_changed_faces(&loaded, &folder, &results)?;
    report::write_report(&folder)?;
    report::print_results(&results, &folder, console)
}
