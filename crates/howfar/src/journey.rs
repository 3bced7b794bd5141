//! Draws the progress of a study: bars on a terminal, plain lines elsewhere.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use howfar_protocol::Cell;
use howfar_study::StudyEvent;
use howfar_train::{Crew, Event};
use indicatif::ProgressBar;

use crate::console::{Console, duration_words};

/// Between two plain lines of one stage.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Where a study is on its way.
pub struct Journey<'a> {
    console: &'a Console,
    state: Mutex<State>,
}

struct State {
    bar: ProgressBar,
    names: Vec<String>,
    n_cells: usize,
    n_finished: usize,
    done: u64,
    total: u64,
    started: Instant,
    last_line: Instant,
}

impl<'a> Journey<'a> {
    /// Nothing is drawn before the first stage.
    pub fn new(console: &'a Console) -> Self {
        let now = Instant::now();
        let state = State {
            bar: ProgressBar::hidden(),
            names: Vec::new(),
            n_cells: 0,
            n_finished: 0,
            done: 0,
            total: 0,
            started: now,
            last_line: now,
        };
        Journey { console, state: Mutex::new(state) }
    }

    /// Draws an event; threads may call it at the same time.
    pub fn tell(&self, event: &StudyEvent) {
        let mut state = self.state.lock().expect("drawing does not panic");
        match event {
            StudyEvent::Stage { name, n_cells, n_finished, n_pictures, crew } => {
                self.begin_stage(&mut state, name, (*n_cells, *n_finished), *n_pictures, *crew);
            }
            StudyEvent::Started { cell_idx, cell } => {
                if state.names.len() <= *cell_idx {
                    state.names.resize(cell_idx + 1, String::new());
                }
                state.names[*cell_idx] = short_name(cell);
            }
            StudyEvent::Epoch { cell_idx, event, n_pictures } => {
                state.done += n_pictures;
                let words = epoch_words(&state.names[*cell_idx], event);
                self.advance(&mut state, &words);
            }
            StudyEvent::Finished { n_pictures_saved, .. } => {
                state.n_finished += 1;
                state.done += n_pictures_saved;
                let words = format!("{} of {} cells finished", state.n_finished, state.n_cells);
                self.advance(&mut state, &words);
            }
        }
    }

    /// Clears the bar.
    pub fn finish(&self) {
        self.state.lock().expect("drawing does not panic").bar.finish_and_clear();
    }

    fn begin_stage(
        &self,
        state: &mut State,
        name: &str,
        (n_cells, n_finished): (usize, usize),
        total: u64,
        crew: Crew,
    ) {
        state.bar.finish_and_clear();
        (state.n_cells, state.n_finished, state.done, state.total) = (n_cells, n_finished, 0, total);
        (state.started, state.last_line) = (Instant::now(), Instant::now());
        state.names.clear();
        if n_cells > 0 {
            let before = if n_finished > 0 { format!(", {n_finished} finished before") } else { String::new() };
            let crew = if n_finished < n_cells { format!(", {}", crew_words(crew)) } else { String::new() };
            self.console.note(&format!("{n_cells} {name}{before}{crew}"));
            state.bar = self.console.bar(total, "pictures");
        }
    }

    fn advance(&self, state: &mut State, words: &str) {
        state.bar.set_position(state.done);
        state.bar.set_message(words.to_owned());
        if !self.console.is_live() && state.last_line.elapsed() >= LINE_EVERY {
            state.last_line = Instant::now();
            let share = state.done as f64 / state.total.max(1) as f64;
            let left = state.started.elapsed().as_secs_f64() * (1.0 - share) / share.max(1e-6);
            self.console.note(&format!(
                "{:>3.0} %  {}/{} cells  {words}  {} left",
                100.0 * share,
                state.n_finished,
                state.n_cells,
                duration_words(left)
            ));
        }
    }
}

fn short_name(cell: &Cell) -> String {
    format!("{}, split {}, seed {}", cell.treatment, cell.split_idx, cell.seed_idx)
}

/// How the cores are shared out.
pub fn crew_words(Crew { n_jobs, n_threads }: Crew) -> String {
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
        other => format!("{name}  {other:?}"),
    }
}
