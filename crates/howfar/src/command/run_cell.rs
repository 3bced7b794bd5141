//! `howfar run-cell STUDY --index I`: one cell, what a cluster calls. Safe to start twice.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use howfar_face::Fault;
use howfar_study::{CellOutcome, LoadedStudy, StudyFolder, all_cells, run_cell};

use crate::command::stop_flag;
use crate::console::Console;

/// Run one cell of a study; what a cluster calls.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar run-cell my-study --index 3\n\nThe cells are those of plan.json, then, once \
    choice.json is there, the controls at the chosen k.")]
pub struct Args {
    /// The study's folder.
    study: PathBuf,
    /// Which cell, from 0.
    #[arg(long)]
    index: usize,
}

/// Runs the cell.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::open(&args.study)?;
    let loaded = LoadedStudy::open(&folder.read_plan()?.study)?;
    let cells = all_cells(loaded.plan(), &folder)?;
    let cell = cells.get(args.index).ok_or_else(|| {
        Fault::usage("--index", "there is no such cell").found(args.index).expected(format!("0 to {}", cells.len() - 1))
    })?;
    let stop = stop_flag();
    let outcome = run_cell(&loaded, &folder, cell, &mut |event, _| {
        console.note(&crate::study_progress::epoch_words(&cell.name(), event));
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let words = match outcome {
        CellOutcome::WasFinished => "was finished before",
        CellOutcome::Finished => "is finished",
        CellOutcome::Busy => "is being run by another process",
    };
    console.answer(&format!("cell {} ({}) {words}", args.index, cell.name()));
    Ok(())
}
