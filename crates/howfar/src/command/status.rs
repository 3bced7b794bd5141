//! `howfar status STUDY`: how far a study is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use howfar_face::Fault;
use howfar_protocol::Cell;
use howfar_study::{CellState, FailedCell, Runner, StudyFolder, all_cells, runners_at};

use crate::command::stop_flag;
use crate::command::study_args::StudyPlace;
use crate::console::Console;

/// Show how far a study is, who works on it and which cells failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar status my-study\n  howfar status my-study --watch\n  \
    howfar status my-study --json")]
pub struct Args {
    #[command(flatten)]
    study: StudyPlace,
    /// Show it again whenever it changes, until results are there.
    #[arg(long)]
    watch: bool,
}

/// Time between two looks. Only the study's folder is asked.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
/// Failed cells that are named.
const MOST_FAILED: usize = 5;

/// Counts the cells by state.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::open(&args.study.folder()?)?;
    if !args.watch {
        let standing = Standing::of(&folder)?;
        if console.json() {
            console.answer_json(&standing.json(&folder));
        } else {
            console.answer(&standing.words(&folder));
        }
        return Ok(());
    }
    let stop = stop_flag();
    let mut before = String::new();
    loop {
        let standing = Standing::of(&folder)?;
        let words = if console.json() { console.json_line(&standing.json(&folder)) } else { standing.words(&folder) };
        if words != before {
            console.answer(&words);
            before = words;
        }
        if standing.is_over(&folder) {
            return Ok(());
        }
        for _ in 0..10 {
            if stop.load(Ordering::SeqCst) {
                return Err(Fault::interrupted("the study itself goes on").hint("run the same command again to watch"));
            }
            std::thread::sleep(BETWEEN_LOOKS / 10);
        }
    }
}

/// Where a study stands.
struct Standing {
    name: String,
    is_chosen: bool,
    states: BTreeMap<String, CellState>,
    runners: Vec<Runner>,
    failed: Vec<(usize, Cell, FailedCell)>,
}

impl Standing {
    fn of(folder: &StudyFolder) -> Result<Self, Fault> {
        let plan = folder.read_plan()?;
        let is_chosen = folder.choice_file().is_file();
        let cells = all_cells(&plan, folder)?;
        let states = folder.states(&cells)?;
        let mut failed = Vec::new();
        for (place, cell) in cells.iter().enumerate().filter(|(place, _)| states[*place].1 == CellState::Failed) {
            failed.extend(folder.failed(cell)?.map(|failure| (place, cell.clone(), failure)));
        }
        let runners = runners_at(folder.root())?;
        Ok(Standing { name: plan.study.name, is_chosen, states: states.into_iter().collect(), runners, failed })
    }

    fn count(&self, state: CellState) -> usize {
        self.states.values().filter(|s| **s == state).count()
    }

    fn is_over(&self, folder: &StudyFolder) -> bool {
        self.is_chosen && self.count(CellState::Finished) == self.states.len() && folder.results_file().is_file()
    }

    fn json(&self, folder: &StudyFolder) -> serde_json::Value {
        let runners: Vec<_> =
            self.runners.iter().map(|r| serde_json::json!({"host": r.host, "process": r.pid})).collect();
        let failed = |(place, cell, failure): &(usize, Cell, FailedCell)| {
            let (name, code) = (cell.name(), failure.exit_code);
            serde_json::json!({"cell": place, "name": name, "error": failure.error, "exit_code": code})
        };
        serde_json::json!({
            "study": self.name, "chosen": self.is_chosen, "results": folder.results_file().is_file(),
            "cells": self.states, "runners": runners, "failed": self.failed.iter().map(failed).collect::<Vec<_>>(),
        })
    }

    fn words(&self, folder: &StudyFolder) -> String {
        let mut lines = vec![format!(
            "{}: {} of {} cells finished, {} running, {} stopped on the way, {} failed, {} waiting",
            self.name,
            self.count(CellState::Finished),
            self.states.len(),
            self.count(CellState::Running),
            self.count(CellState::Stopped),
            self.count(CellState::Failed),
            self.count(CellState::Waiting)
        )];
        if !self.runners.is_empty() {
            let hosts: BTreeSet<&str> = self.runners.iter().map(|runner| runner.host.as_str()).collect();
            let hosts: Vec<String> = hosts
                .into_iter()
                .map(|host| format!("{host} ({})", self.runners.iter().filter(|runner| runner.host == host).count()))
                .collect();
            lines.push(format!("processes at work: {}", hosts.join(", ")));
        }
        for (place, _, failure) in self.failed.iter().take(MOST_FAILED) {
            lines.push(format!("cell {place} failed: {}", failure.first_line()));
        }
        if self.failed.len() > MOST_FAILED {
            lines.push(format!("and {} more; --json lists all", self.failed.len() - MOST_FAILED));
        }
        if !self.is_chosen {
            lines.push("k is not chosen yet: the controls follow when these cells are finished".to_owned());
        } else if folder.results_file().is_file() {
            lines.push(format!("results are there: {}", folder.root().join("report.html").display()));
        }
        lines.join("\n")
    }
}
