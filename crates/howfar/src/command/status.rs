//! `howfar status STUDY`: how far a study is.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use howfar_face::Fault;
use howfar_protocol::Cell;
use howfar_study::{CellState, FailedCell, Runner, StudyFolder, all_cells, runners_at, seconds_left};

use crate::command::stop_flag;
use crate::command::study_args::StudyPlace;
use crate::console::Console;
use crate::live_study::Look;

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
    let outcome = if !console.json() && console.is_live() && std::io::stdout().is_terminal() {
        watch_live(&folder, console)
    } else {
        watch(&folder, console)
    };
    console.leave_picture();
    outcome
}

/// Words, whenever they change.
fn watch(folder: &StudyFolder, console: &Console) -> Result<(), Fault> {
    let mut before = String::new();
    loop {
        let standing = Standing::of(folder)?;
        let words = if console.json() { console.json_line(&standing.json(folder)) } else { standing.words(folder) };
        if words != before {
            console.answer(&words);
            before = words;
        }
        if standing.is_over(folder) {
            return Ok(());
        }
        pause(BETWEEN_LOOKS, &mut || ())?;
    }
}

/// The picture that `run` draws, from files alone.
fn watch_live(folder: &StudyFolder, console: &Console) -> Result<(), Fault> {
    let mut look = Look::default();
    loop {
        let begun = Instant::now();
        let plan = folder.read_plan()?;
        look.again(folder, &plan)?;
        let cells = look.cells.iter().map(|cell| (cell.cell.clone(), (cell.name.clone(), cell.state)));
        let standing = Standing::of_cells(folder, plan.study.name.clone(), cells)?;
        let notes: Vec<String> = standing.details(folder);
        let mut draw = || look.draw(&plan.study.name, seconds_left(&look.cells), &notes, console);
        draw();
        if standing.is_over(folder) {
            return Ok(());
        }
        // A terminal that changes its size has the picture at once; a slow disk is asked less often.
        pause(BETWEEN_LOOKS.max(begun.elapsed() * 10), &mut draw)?;
    }
}

/// Waits, and does something all the while, unless the user has seen enough.
fn pause(time: Duration, each: &mut dyn FnMut()) -> Result<(), Fault> {
    let (begun, stop) = (Instant::now(), stop_flag());
    while begun.elapsed() < time {
        if stop.load(Ordering::SeqCst) {
            return Err(Fault::interrupted("the study itself goes on").hint("run the same command again to watch"));
        }
        std::thread::sleep(BETWEEN_LOOKS / 10);
        each();
    }
    Ok(())
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
        let cells = all_cells(&plan, folder)?;
        let states = folder.states(&cells)?;
        Self::of_cells(folder, plan.study.name, cells.into_iter().zip(states))
    }

    /// Of cells that were looked at, each with its name and state, in the plan's order.
    fn of_cells(
        folder: &StudyFolder,
        name: String,
        cells: impl Iterator<Item = (Cell, (String, CellState))>,
    ) -> Result<Self, Fault> {
        let is_chosen = folder.choice_file().is_file();
        let (mut states, mut failed) = (BTreeMap::new(), Vec::new());
        for (place, (cell, (name, state))) in cells.enumerate() {
            if state == CellState::Failed {
                failed.extend(folder.failed(&cell)?.map(|failure| (place, cell, failure)));
            }
            states.insert(name, state);
        }
        Ok(Standing { name, is_chosen, states, runners: runners_at(folder.root())?, failed })
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
        let counts = format!(
            "{}: {} of {} cells finished, {} running, {} stopped on the way, {} failed, {} waiting",
            self.name,
            self.count(CellState::Finished),
            self.states.len(),
            self.count(CellState::Running),
            self.count(CellState::Stopped),
            self.count(CellState::Failed),
            self.count(CellState::Waiting)
        );
        let is_open =
            (!self.is_chosen).then_some("k is not chosen yet: the controls follow when these cells are finished");
        let lines = std::iter::once(counts).chain(self.details(folder)).chain(is_open.map(str::to_owned));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Who is at work, what failed, where results are.
    fn details(&self, folder: &StudyFolder) -> Vec<String> {
        let mut lines = Vec::new();
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
        if self.is_chosen && folder.results_file().is_file() {
            lines.push(format!("results are there: {}", folder.root().join("report.html").display()));
        }
        lines
    }
}
