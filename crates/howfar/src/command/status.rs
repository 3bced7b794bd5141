//! `howfar status STUDY`: how far a study is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use howfar_face::Fault;
use howfar_study::{CellState, StudyFolder, all_cells};

use crate::console::Console;

/// Show how far a study is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar status my-study --json")]
pub struct Args {
    /// The study's folder.
    study: PathBuf,
}

/// Counts the cells by state.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::open(&args.study)?;
    let plan = folder.read_plan()?;
    let chosen = folder.choice_file().is_file();
    let cells = all_cells(&plan, &folder)?;
    let states = folder.states(&cells)?;
    let count = |state| states.iter().filter(|(_, s)| *s == state).count();
    if console.json() {
        let cells: BTreeMap<&String, &CellState> = states.iter().map(|(name, state)| (name, state)).collect();
        let report = folder.results_file().is_file();
        console.answer_json(
            &serde_json::json!({"study": plan.study.name, "chosen": chosen, "results": report, "cells": cells}),
        );
        return Ok(());
    }
    console.answer(&format!(
        "{}: {} of {} cells finished, {} running, {} stopped on the way, {} waiting",
        plan.study.name,
        count(CellState::Finished),
        states.len(),
        count(CellState::Running),
        count(CellState::Stopped),
        count(CellState::Waiting)
    ));
    if !chosen {
        console.answer("k is not chosen yet: the controls follow when these cells are finished");
    } else if folder.results_file().is_file() {
        console.answer(&format!("results are there: {}", folder.root().join("report.html").display()));
    }
    Ok(())
}
