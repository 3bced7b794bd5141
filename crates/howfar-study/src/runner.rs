//! Runs the cells of a study on the cores, as `cores.rs` shares them out, in two stages: what chooses k, then the
//! controls at the chosen k.
//!
//! In: a loaded study and a folder. Out: finished cells; events for whoever watches. Which thread or process runs a
//! cell, and when, never reaches its numbers: processes that run one study in one folder share its cells.

use std::collections::{BTreeSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use howfar_face::{Fault, files};
use howfar_protocol::Cell;
use howfar_train::{Event, Parallelism};

use crate::analysis::{choose, compared, write_choices};
use crate::cores::{Chooser, Cores, cell_sizes, largest_first};
use crate::folder::StudyFolder;
use crate::lease;
use crate::loaded_study::LoadedStudy;
use crate::presence::Presence;
use crate::run_cell::{CellOutcome, run_cell};

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
        /// How the cores are shared out.
        parallelism: Parallelism,
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
        /// Pictures per epoch.
        n_pictures: u64,
    },
    /// A cell is finished.
    Finished {
        /// Position in the stage.
        cell_idx: usize,
        /// Pictures of epochs that early stopping saved.
        n_pictures_saved: u64,
    },
    /// Nothing is left to begin, and other processes are still at some cells of the stage.
    Waiting {
        /// So many.
        n_cells: usize,
    },
}

/// Runs all cells and leaves `choice.json`. `stop` is looked at after every epoch.
pub fn run_study(
    loaded: &LoadedStudy,
    folder: &StudyFolder,
    presence: &Presence,
    cores: Cores,
    stop: &AtomicBool,
    watch: &(dyn Fn(StudyEvent) + Sync),
) -> Result<(), Fault> {
    check_memory(loaded)?;
    files::create_folder(&folder.root().join("runs"))?;
    let mut chooser = Chooser::new(cores);
    let mut run =
        |name, cells: &[Cell]| run_stage(loaded, folder, cells, &mut chooser, &Stage { name, presence, stop, watch });
    run("cells that choose k", &loaded.plan().cells)?;
    let choices = choose(loaded, folder)?;
    write_choices(folder, &choices)?;
    run("controls at the chosen k", &loaded.plan().controls(&compared(&choices)))
}

/// Refuses networks for whose weights alone this machine does not have the memory; how many faces each cell is trained
/// on, its own training asks.
pub(crate) fn check_memory(loaded: &LoadedStudy) -> Result<(), Fault> {
    loaded.plan().cells.iter().try_for_each(|cell| howfar_train::check_memory(&cell.settings, loaded.pool(), 1))
}

struct Stage<'a> {
    name: &'static str,
    presence: &'a Presence,
    stop: &'a AtomicBool,
    watch: &'a (dyn Fn(StudyEvent) + Sync),
}

fn run_stage(
    loaded: &LoadedStudy,
    folder: &StudyFolder,
    cells: &[Cell],
    chooser: &mut Chooser,
    stage: &Stage<'_>,
) -> Result<(), Fault> {
    let (mut open, mut names) = (Vec::new(), BTreeSet::new());
    for cell in cells {
        // Cells of two tracks may be one: the same weights under two names, say.
        if !names.insert(cell.name()) {
            continue;
        }
        match folder.finished(cell)? {
            None => open.push(cell.clone()),
            Some(_) => lease::sweep(&folder.run_folder(cell), stage.presence)?,
        }
    }
    let mut sizes = cell_sizes(loaded, &open)?;
    for (cell, (_, n_pictures)) in open.iter().zip(&mut sizes) {
        if folder.trained(cell)?.is_some() {
            *n_pictures = 0; // an unseen set has come: predictions alone are missing
        }
    }
    let parallelism = chooser.choose(loaded, &sizes)?;
    let parallelism = Parallelism { n_jobs: parallelism.n_jobs.min(open.len()), ..parallelism };
    (stage.watch)(StudyEvent::Stage {
        name: stage.name,
        n_cells: cells.len(),
        n_finished: cells.len() - open.len(),
        n_pictures: sizes.iter().map(|(_, n_pictures)| n_pictures).sum(),
        parallelism,
    });
    let queue = Queue::new(largest_first(&sizes));
    let failure: Mutex<Option<Fault>> = Mutex::new(None);
    let stop = stage.stop;
    let work = |slot: usize| {
        while let Some(cell_idx) = queue.next(stage) {
            let result = run_one(loaded, folder, (&open[cell_idx], slot), cell_idx, stage);
            queue.done(cell_idx, matches!(result, Ok(CellOutcome::Busy)));
            if let Err(fault) = result {
                failure.lock().expect("no thread panics with the lock").get_or_insert(fault);
                stop.store(true, Ordering::SeqCst);
            }
        }
    };
    let pools = parallelism.pools()?;
    std::thread::scope(|scope| {
        for (slot, threads) in pools.iter().enumerate() {
            let work = &work;
            let work = move || threads.install(|| work(slot));
            if let Err(error) = std::thread::Builder::new().spawn_scoped(scope, work) {
                failure.lock().expect("no thread panics with the lock").get_or_insert(Fault::threads(error));
                stop.store(true, Ordering::SeqCst);
            }
        }
    });
    match failure.into_inner().expect("no thread panics with the lock") {
        Some(fault) => Err(fault),
        None if stop.load(Ordering::SeqCst) => Err(stopped()),
        None => Ok(()),
    }
}

/// The cells of a stage that this process still looks at.
struct Queue(Mutex<Waiting>);

struct Waiting {
    /// Never tried here.
    open: VecDeque<usize>,
    /// Another process was at them when they were tried; they come again when nothing is open.
    elsewhere: VecDeque<usize>,
    /// Cells to try again before the next pause.
    n_tries: usize,
    was_told: bool,
}

impl Queue {
    fn new(order: Vec<usize>) -> Self {
        Queue(Mutex::new(Waiting { open: order.into(), elsewhere: VecDeque::new(), n_tries: 0, was_told: false }))
    }

    /// A cell to try; none when all are done or the study is stopped. Waits where other processes are at all that are
    /// left: should one of them die, its cells are done here.
    fn next(&self, stage: &Stage<'_>) -> Option<usize> {
        loop {
            if stage.stop.load(Ordering::SeqCst) {
                return None;
            }
            let mut waiting = self.0.lock().expect("no thread panics with the lock");
            if let Some(cell_idx) = waiting.open.pop_front() {
                return Some(cell_idx);
            }
            if waiting.elsewhere.is_empty() {
                return None;
            }
            if !waiting.was_told {
                waiting.was_told = true;
                (stage.watch)(StudyEvent::Waiting { n_cells: waiting.elsewhere.len() });
            }
            if waiting.n_tries > 0 {
                waiting.n_tries -= 1;
                return waiting.elsewhere.pop_front();
            }
            waiting.n_tries = waiting.elsewhere.len();
            drop(waiting);
            std::thread::sleep(stage.presence.pause());
        }
    }

    fn done(&self, cell_idx: usize, is_elsewhere: bool) {
        if is_elsewhere {
            self.0.lock().expect("no thread panics with the lock").elsewhere.push_back(cell_idx);
        }
    }
}

fn stopped() -> Fault {
    Fault::interrupted("every finished cell and the last checkpoint of the others are kept")
        .hint("run the same command again to go on")
}

fn run_one(
    loaded: &LoadedStudy,
    folder: &StudyFolder,
    (cell, slot): (&Cell, usize),
    cell_idx: usize,
    stage: &Stage<'_>,
) -> Result<CellOutcome, Fault> {
    (stage.watch)(StudyEvent::Started { cell_idx, cell: Box::new(cell.clone()) });
    let was_trained = folder.trained(cell)?.is_some();
    let outcome = run_cell(loaded, folder, stage.presence, (cell, slot), &mut |event, n_pictures| {
        (stage.watch)(StudyEvent::Epoch { cell_idx, event: event.clone(), n_pictures });
        if stage.stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if outcome == CellOutcome::Busy {
        return Ok(outcome);
    }
    let finished = folder.finished(cell)?;
    let n_epochs = finished.as_ref().map_or(0, |f| f.n_epochs);
    let n_pictures = finished.map_or(0, |f| f.n_training_pictures as u64);
    let n_epochs = match outcome {
        _ if was_trained => cell.settings.epochs,
        // What another process trained was not told here.
        CellOutcome::WasFinished => 0,
        _ => n_epochs,
    };
    let n_pictures_saved = u64::from(cell.settings.epochs.saturating_sub(n_epochs)) * n_pictures;
    (stage.watch)(StudyEvent::Finished { cell_idx, n_pictures_saved });
    Ok(outcome)
}
