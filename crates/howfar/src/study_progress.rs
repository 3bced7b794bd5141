//! Tells how far a study is, and the words for its cells and epochs.
//!
//! In: the study's events. Out: on a terminal the picture of `live_study.rs`, plain lines elsewhere, on stderr.

use std::sync::Mutex;

use howfar_protocol::{Cell, Plan};
use howfar_study::{StudyEvent, StudyFolder};
use howfar_train::{Event, Parallelism};

use crate::console::Console;
use crate::live_study::LiveStudy;
use crate::progress::Progress;

/// Where a study is on its way.
pub struct StudyProgress<'a> {
    console: &'a Console,
    /// What draws on a terminal.
    live: Option<LiveStudy<'a>>,
    state: Mutex<State<'a>>,
}

/// Of the stage that runs.
#[derive(Default)]
struct State<'a> {
    /// In training pictures; none before the first stage.
    progress: Option<Progress<'a>>,
    /// Of each cell that has started, by its index.
    names: Vec<String>,
    n_cells: usize,
    n_finished: usize,
    done: u64,
}

impl<'a> StudyProgress<'a> {
    /// Nothing is told before the first stage.
    pub fn new(console: &'a Console, folder: &'a StudyFolder, plan: &'a Plan) -> Self {
        let live = console.is_live().then(|| LiveStudy::new(console, folder, plan));
        StudyProgress { console, live, state: Mutex::default() }
    }

    /// Tells as long as the work goes on.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.live {
            Some(live) => live.during(work),
            None => work(),
        }
    }

    /// Tells an event; threads may call it at the same time.
    pub fn tell(&self, event: &StudyEvent) {
        if let Some(live) = &self.live {
            live.tell(event);
        }
        let mut state = self.state.lock().expect("drawing does not panic");
        match event {
            StudyEvent::Stage { name, n_cells, n_finished, n_pictures, parallelism } => {
                self.begin_stage(&mut state, name, (*n_cells, *n_finished), *n_pictures, *parallelism);
            }
            StudyEvent::Started { cell_idx, cell } => {
                if state.names.len() <= *cell_idx {
                    state.names.resize(cell_idx + 1, String::new());
                }
                state.names[*cell_idx] = short_name(cell);
            }
            StudyEvent::Epoch { event: Event::Waiting, n_pictures, .. } => state.done += n_pictures,
            StudyEvent::Epoch { cell_idx, event, n_pictures } => {
                state.done += n_pictures;
                let words = epoch_words(&state.names[*cell_idx], event);
                advance(&mut state, &words);
            }
            StudyEvent::Finished { n_pictures_saved, .. } => {
                state.n_finished += 1;
                state.done += n_pictures_saved;
                let words = format!("{} of {} cells finished", state.n_finished, state.n_cells);
                advance(&mut state, &words);
            }
            StudyEvent::Waiting { n_cells } => {
                let words = format!(
                    "nothing left to begin: {n_cells} cells of this stage went to other processes; waiting for them"
                );
                advance(&mut state, &words);
                self.console.note(&words);
            }
        }
    }

    fn begin_stage(
        &self,
        state: &mut State<'a>,
        name: &str,
        (n_cells, n_finished): (usize, usize),
        total: u64,
        parallelism: Parallelism,
    ) {
        *state = State { n_cells, n_finished, ..State::default() };
        if n_cells > 0 {
            let before = if n_finished > 0 { format!(", {n_finished} finished before") } else { String::new() };
            let parallelism =
                if n_finished < n_cells { format!(", {}", parallelism_words(parallelism)) } else { String::new() };
            self.console.note(&format!("{n_cells} {name}{before}{parallelism}"));
            let is_plain = self.live.is_none();
            state.progress = is_plain.then(|| Progress::new(self.console, "pictures", 0, total));
        }
    }
}

fn advance(state: &mut State<'_>, words: &str) {
    let count = format!("{}/{} cells", state.n_finished, state.n_cells);
    if let Some(progress) = &mut state.progress {
        progress.tell(state.done, &count, words);
    }
}

fn short_name(cell: &Cell) -> String {
    format!("{}, split {}, seed {}", cell.treatment, cell.split_idx, cell.seed_idx)
}

/// A step of a study for its log; epochs stand in files of their own.
pub fn step_words(event: &StudyEvent) -> Option<String> {
    match event {
        StudyEvent::Stage { name, n_cells, n_finished, parallelism, .. } => {
            let parallelism = parallelism_words(*parallelism);
            Some(format!("{n_cells} {name}, {n_finished} finished before, {parallelism}"))
        }
        StudyEvent::Started { cell_idx, cell } => {
            Some(format!("cell {cell_idx} of this stage begins: {}", cell.name()))
        }
        StudyEvent::Epoch { cell_idx, event, .. } => match event {
            Event::Resumed { n_epochs_done } => {
                Some(format!("cell {cell_idx} of this stage goes on after {n_epochs_done} epochs"))
            }
            Event::CheckpointIgnored { reason } => {
                Some(format!("cell {cell_idx} of this stage begins anew, its checkpoint cannot be used: {reason}"))
            }
            _ => None,
        },
        StudyEvent::Finished { cell_idx, .. } => Some(format!("cell {cell_idx} of this stage is finished")),
        StudyEvent::Waiting { n_cells } => Some(format!("waiting for {n_cells} cells of other processes")),
    }
}

/// How the cores are shared out.
pub fn parallelism_words(Parallelism { n_jobs, n_threads }: Parallelism) -> String {
    let threads = if n_threads == 1 { "one thread each".to_owned() } else { format!("{n_threads} threads each") };
    format!("{n_jobs} at once, {threads}")
}

/// One epoch in a line.
pub fn epoch_words(name: &str, event: &Event) -> String {
    match event {
        Event::Epoch { epoch, n_epochs, training_loss, validation_accuracy, .. } => format!(
            "{name}  epoch {epoch}/{n_epochs}  loss {training_loss:.2}  validation {:.1} %",
            100.0 * validation_accuracy
        ),
        Event::Program { epoch, step, loss } => {
            let number = |word: &str, number: &Option<f64>| number.map(|n| format!("  {word} {n}")).unwrap_or_default();
            let loss = loss.map(|loss| format!("  loss {loss:.2}")).unwrap_or_default();
            format!("{name}{}{}{loss}", number("epoch", epoch), number("step", step))
        }
        other => format!("{name}  {other:?}"),
    }
}
