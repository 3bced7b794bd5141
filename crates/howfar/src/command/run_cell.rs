//! `howfar study cell STUDY --index 0-9`: some cells, what a cluster calls. Safe to start twice.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use howfar_face::{Fault, FaultKind};
use howfar_protocol::Cell;
use howfar_study::{CellOutcome, LoadedStudy, StudyFolder, ToDo, all_cells, is_at_work, places_of_words, run_cell};
use howfar_train::{Event, Parallelism};

use crate::command::study_args::StudyPlace;
use crate::command::{begins, n_cores, pin_as_planned, stop_flag};
use crate::console::Console;

/// Run some cells of a study (training runs); what a cluster calls.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  howfar study cell my-study --index 3\n  howfar study cell my-study --index 0-9,12\n  \
    howfar study cell my-study --part 0 --of 20\n\nThe cells are those of plan.json, then, once choice.json is there, \
    those at the chosen k. Finished cells are skipped; after an error the other cells are run all the same. The exit \
    code is 75 where a cell was stopped or another process is at it: run the same command again."
)]
pub struct Args {
    #[command(flatten)]
    study: StudyPlace,
    /// Which cells, from 0: numbers and ranges with commas between them.
    #[arg(long, value_name = "PLACES", required_unless_present = "part")]
    index: Option<String>,
    /// Instead: the cells of this part, from 0, of the stage that the study is at. Where the first is over, k is
    /// chosen.
    #[arg(long, value_name = "I", requires = "of", conflicts_with = "index")]
    part: Option<usize>,
    /// Into so many parts the stage is dealt out.
    #[arg(long, value_name = "N", requires = "part", value_parser = clap::value_parser!(u32).range(1..))]
    of: Option<u32>,
    /// Threads of the training; all cores if not given. No result depends on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    threads: Option<u32>,
}

/// Runs the cells, one after the other.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::open(&args.study.folder()?)?;
    console.log_into(folder.root(), &begins());
    pin_as_planned(&folder)?;
    let loaded = LoadedStudy::reopen(&folder)?;
    let (cells, places) = asked(args, &loaded, &folder)?;
    let presence = folder.presence()?;
    let stop = stop_flag();
    let n_threads = args.threads.map_or_else(n_cores, |n| n as usize);
    let threads = Parallelism { n_jobs: 1, n_threads }.pools()?.remove(0);
    let mut failure: Option<Fault> = None;
    // Those that others are at come last: by then most are finished, and who died meanwhile is known.
    let mut to_do: VecDeque<(usize, bool)> = places.into_iter().map(|place| (place, false)).collect();
    while let Some((place, is_again)) = to_do.pop_front() {
        let cell = &cells[place];
        let is_stopped = || stop.load(Ordering::SeqCst);
        let mut watch = |event: &Event, _| {
            if *event != Event::Waiting {
                console.note(&crate::study_progress::epoch_words(&cell.name(), event));
            }
            if is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let outcome = if is_again && is_at_work(&folder, &presence, cell, &is_stopped)? {
            Ok(CellOutcome::Busy)
        } else {
            threads.install(|| run_cell(&loaded, &folder, &presence, (cell, 0), &mut watch))
        };
        let words = match outcome {
            Ok(CellOutcome::WasFinished) => "was finished before",
            Ok(CellOutcome::Finished) => "is finished",
            Ok(CellOutcome::Busy) if !is_again => {
                to_do.push_back((place, true));
                "is being run by another process: looked at again after the others"
            }
            Ok(CellOutcome::Busy) => {
                let busy = || Fault::interrupted(format!("another process is at cell {place} ({})", cell.name()));
                failure.get_or_insert_with(|| busy().hint("run the same command again when it has ended"));
                "is being run by another process"
            }
            Err(fault) if fault.kind() == FaultKind::Interrupted => return Err(failure.unwrap_or(fault)),
            Err(fault) => {
                console.note(&format!("cell {place} ({}): {fault}", cell.name()));
                failure = Some(failure.filter(|before| before.kind() != FaultKind::Interrupted).unwrap_or(fault));
                "failed"
            }
        };
        console.answer(&format!("cell {place} ({}) {words}", cell.name()));
        console.detail(&format!("cell {place} ({}) {words}", cell.name()));
        if is_stopped() {
            return Err(
                failure.unwrap_or_else(|| Fault::interrupted("between two cells").hint("run the same command again"))
            );
        }
    }
    failure.map_or(Ok(()), Err)
}

/// All cells, and the places of those that are asked for, all of them there. A part is every so many-th cell of the
/// stage that the study is at, so that parts are alike.
fn asked(args: &Args, loaded: &LoadedStudy, folder: &StudyFolder) -> Result<(Vec<Cell>, Vec<usize>), Fault> {
    if let (Some(part), Some(n_parts)) = (args.part, args.of) {
        if part >= n_parts as usize {
            return Err(Fault::usage("--part", "there is no such part")
                .found(part)
                .expected(format!("0 to {}", n_parts - 1)));
        }
        let to_do = ToDo::of(loaded, folder)?;
        return Ok((to_do.cells, to_do.places.skip(part).step_by(n_parts as usize).collect()));
    }
    let cells = all_cells(loaded.plan(), folder)?;
    let words = args.index.as_deref().unwrap_or_default();
    let there = || format!("0 to {}", cells.len() - 1);
    let places = places_of_words(words).ok_or_else(|| {
        Fault::usage("--index", "these are no places of cells")
            .found(words)
            .expected(format!("numbers and ranges such as 0-9,12, from {}", there()))
    })?;
    match places.iter().find(|place| **place >= cells.len()) {
        Some(place) => Err(Fault::usage("--index", "there is no such cell").found(place).expected(there())),
        None => Ok((cells, places)),
    }
}
