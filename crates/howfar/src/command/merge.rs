//! `howfar study merge A B --out C`: the cells of several folders of one study in one.

use std::path::{Path, PathBuf};

use howfar_face::Fault;
use howfar_study::{Merged, StudyFolder, merge};

use crate::console::Console;

/// Join folders of one study that were computed apart: their finished cells, into a new folder.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: howfar study merge from-cluster from-desk --out my-study\n\nThe folders must have the same \
    plan. Cells that both have finished must say the same. `howfar run study.toml --out my-study` then computes what \
    is missing, results and report."
)]
pub struct Args {
    /// Folders of the same study.
    #[arg(required = true, num_args = 2..)]
    studies: Vec<PathBuf>,
    /// The folder to make, or one of the same study to add to.
    #[arg(long)]
    out: PathBuf,
}

/// Joins.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let folders: Vec<StudyFolder> = args.studies.iter().map(|s| StudyFolder::open(s)).collect::<Result<_, _>>()?;
    let Merged { n_cells, n_finished, n_copied, n_equal } = merge(&folders, &StudyFolder::new(&args.out))?;
    if console.json() {
        console.answer_json(&serde_json::json!({
            "cells": n_cells, "finished": n_finished, "copied": n_copied, "equal": n_equal,
        }));
        return Ok(());
    }
    console.answer(&format!(
        "{}: {n_finished} of {n_cells} cells finished; {n_copied} were copied, {n_equal} stood in several folders and \
         say the same",
        shown(&args.out)
    ));
    Ok(())
}

fn shown(path: &Path) -> std::path::Display<'_> {
    path.display()
}
