//! `howfar study export-predictions STUDY`: what a study's networks said of every face, as one long table.

use std::path::PathBuf;

use howfar_evaluate::wording::grouped;
use howfar_face::Fault;
use howfar_study::{ExportedTable, LoadedStudy, StudyFolder, export_predictions};

use crate::command::study_args::StudyPlace;
use crate::console::Console;

/// Write the predictions of a study as a table that other programs read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar study export-predictions my-study --out my-study.parquet\n\n\
    docs/formats.md describes the table; `howfar study analyse --predictions TABLE` computes the study's \
    results from it.")]
pub struct Args {
    #[command(flatten)]
    study: StudyPlace,
    /// The table to write: Parquet where its name ends so, else CSV. Without it: the study's name with `.parquet`.
    #[arg(long, value_name = "TABLE")]
    out: Option<PathBuf>,
}

/// Writes a row for each face of each cell.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::open(&args.study.folder()?)?;
    let loaded = LoadedStudy::reopen(&folder)?;
    let name = || PathBuf::from(format!("{}.parquet", loaded.study().name));
    let out = args.out.clone().unwrap_or_else(name);
    let ExportedTable { n_rows, n_cells } = export_predictions(&loaded, &folder, &out)?;
    if console.json() {
        console.answer_json(&serde_json::json!({"table": out, "n_rows": n_rows, "n_cells": n_cells}));
    } else {
        let (n_rows, n_cells) = (grouped(n_rows as u64), grouped(n_cells as u64));
        console.answer(&format!("{}: {n_rows} predictions of {n_cells} cells", out.display()));
    }
    Ok(())
}
