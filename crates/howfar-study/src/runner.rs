//! Runs the cells of a study side by side on the cores, one thread a cell, in two stages: what chooses k, then the
//! controls at the chosen k.
//!
//! In: a workbench and a folder. Out: finished cells; events for whoever watches. Which thread runs a cell, and when,
//! never reaches its numbers.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use howfar_face::{Fault, files};
use howfar_protocol::Cell;
use howfar_train::Event;

use crate::analysis::{choose, write_choices};
use crate::folder::StudyFolder;
use crate::run_cell::{CellOutcome, run_cell};
use crate::workbench::Workbench;

/// What happens while a study runs.
#[derive(Debug, Clone)]
pub enum StudyEvent {
    /// A stage begins: so many cells, of which some were finished before.
    Stage {
        /// What the stage is for.
        name: &'static str,
        /// Its cells.
        n_cells: usize,
        /// Those that need no work.
        n_finished: usize,
        /// Pictures that training will see in the unfinished ones, at most.
        n_pictures: u64,
    },
    /// A cell starts or goes on from its checkpoint.
    Started {
        /// Position in the stage.
        cell_idx: usize,
        /// Its name.
        cell: Box<Cell>,
    },
    /// An epoch of a cell is over.
    Epoch {
        /// Position in the stage.
        cell_idx: usize,
        /// What the training said.
        event: Event,
        /// Pictures an epoch.
        n_pictures: u64,
    },
    /// A cell is finished.
    Finished {
        /// Position in the stage.
        cell_idx: usize,
        /// Pictures of epochs that early stopping saved.
        n_pictures_saved: u64,
    },
}

/// Runs all cells and leaves `choice.json`. `stop` is looked at after every epoch.
pub fn run_study(
    workbench: &Workbench,
    folder: &StudyFolder,
    n_jobs: usize,
    stop: &AtomicBool,
    watch: &(dyn Fn(StudyEvent) + Sync),
) -> Result<(), Fault> {
    folder.write_plan(workbench.plan())?;
    files::create_folder(&folder.root().join("runs"))?;
    let run = |name, cells: &[Cell]| run_stage(workbench, folder, cells, n_jobs, stop, &Stage { name, watch });
    run("cells that choose k", &workbench.plan().cells)?;
    let choices = choose(workbench, folder)?;
    write_choices(folder, &choices)?;
    let controls: Vec<Cell> =
        choices.iter().flat_map(|(recipe, choice)| workbench.plan().controls(*recipe, choice.compared)).collect();
    run("controls at the chosen k", &controls)
}

struct Stage<'a> {
    name: &'static str,
    watch: &'a (dyn Fn(StudyEvent) + Sync),
}

fn run_stage(
    workbench: &Workbench,
    folder: &StudyFolder,
    cells: &[Cell],
    n_jobs: usize,
    stop: &AtomicBool,
    stage: &Stage<'_>,
) -> Result<(), Fault> {
    let mut open = Vec::new();
    for cell in cells {
        if folder.finished(cell)?.is_none() {
            open.push(cell.clone());
        }
    }
    (stage.watch)(StudyEvent::Stage {
        name: stage.name,
        n_cells: cells.len(),
        n_finished: cells.len() - open.len(),
        n_pictures: workbench.n_pictures(&open)?,
    });
    // The largest first, so that no core waits long for the last one.
    let mut order = Vec::new();
    for (cell_idx, cell) in open.iter().enumerate() {
        order.push((std::cmp::Reverse(workbench.mixture(cell)?.len()), cell_idx));
    }
    order.sort_unstable();
    let next = AtomicUsize::new(0);
    let failure: Mutex<Option<Fault>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..n_jobs.clamp(1, open.len().max(1)) {
            scope.spawn(|| {
                while let Some((_, cell_idx)) = order.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let result = run_one(workbench, folder, &open[*cell_idx], *cell_idx, stop, stage);
                    if let Err(fault) = result {
                        failure.lock().expect("no thread panics with the lock").get_or_insert(fault);
                        stop.store(true, Ordering::SeqCst);
                    }
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                }
            });
        }
    });
    match failure.into_inner().expect("no thread panics with the lock") {
        Some(fault) => Err(fault),
        None if stop.load(Ordering::SeqCst) => Err(stopped()),
        None => Ok(()),
    }
}

fn stopped() -> Fault {
    Fault::interrupted("every finished cell and the last checkpoint of the others are kept")
        .hint("run the same command again to go on")
}

fn run_one(
    workbench: &Workbench,
    folder: &StudyFolder,
    cell: &Cell,
    cell_idx: usize,
    stop: &AtomicBool,
    stage: &Stage<'_>,
) -> Result<(), Fault> {
    (stage.watch)(StudyEvent::Started { cell_idx, cell: Box::new(cell.clone()) });
    let n_pictures = workbench.mixture(cell)?.len() as u64;
    let outcome = run_cell(workbench, folder, cell, &mut |event| {
        (stage.watch)(StudyEvent::Epoch { cell_idx, event: event.clone(), n_pictures });
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if outcome == CellOutcome::Busy {
        return Err(Fault::machine(folder.run_folder(cell).display(), "another process works on this cell")
            .hint("wait for it to end, then run the same command again"));
    }
    let n_epochs = folder.finished(cell)?.map_or(0, |f| f.n_epochs);
    let n_pictures_saved = u64::from(cell.settings.epochs.saturating_sub(n_epochs)) * n_pictures;
    (stage.watch)(StudyEvent::Finished { cell_idx, n_pictures_saved });
    Ok(())
}
