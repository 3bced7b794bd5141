//! Follows a study that runs and draws it on a terminal, again and again.
//!
//! In: the study's folder and, of cells that this process runs, events. Out: the picture of `study_view.rs`, on stderr.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use howfar_face::Fault;
use howfar_protocol::Plan;
use howfar_study::{CellSoFar, CellState, RowSoFar, StudyEvent, StudyFolder, StudySoFar, rows_so_far, seconds_left};
use howfar_train::Event;

use crate::console::Console;
use crate::study_view::StudyView;

/// Between two pictures.
const BETWEEN_PICTURES: Duration = Duration::from_millis(250);
/// Between two looks into the folder, at least, and in units of what the last look took.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
const LOOKS_APART: u32 = 20;

/// A look at a study's folder.
#[derive(Debug, Default)]
pub struct Look {
    so_far: StudySoFar,
    /// All cells that are known.
    pub cells: Vec<CellSoFar>,
    rows: Vec<RowSoFar>,
    is_chosen: bool,
}

impl Look {
    /// Looks again. What was known before stays where the folder cannot be read.
    pub fn again(&mut self, folder: &StudyFolder, plan: &Plan) -> Result<(), Fault> {
        let cells = self.so_far.look(folder, plan)?;
        self.rows = rows_so_far(folder, &cells)?;
        self.is_chosen = folder.choice_file().is_file();
        self.cells = cells;
        Ok(())
    }

    /// Draws it.
    pub fn draw(&self, name: &str, seconds_left: Option<f64>, notes: &[String], console: &Console) {
        let (cells, rows, is_chosen) = (&self.cells, &self.rows, self.is_chosen);
        let view = StudyView { name, cells, rows, is_chosen, seconds_left, notes };
        console.draw(view.lines(&console.terminal()));
    }
}

/// A study that this process runs.
pub struct LiveStudy<'a> {
    console: &'a Console,
    folder: &'a StudyFolder,
    plan: &'a Plan,
    own: Mutex<Own>,
}

/// What events said of the stage that runs.
#[derive(Default)]
struct Own {
    /// Names of begun cells, by their index in the stage.
    names: HashMap<usize, String>,
    /// How far they are; files say it later.
    states: HashMap<String, (CellState, f64)>,
    n_pictures: u64,
    n_pictures_done: u64,
    begun: Option<Instant>,
}

impl Own {
    /// By the rate of pictures since the stage began.
    fn seconds_left(&self) -> Option<f64> {
        let seconds = self.begun?.elapsed().as_secs_f64();
        let rate = self.n_pictures_done as f64 / seconds.max(1e-3);
        (self.n_pictures_done > 0).then(|| self.n_pictures.saturating_sub(self.n_pictures_done) as f64 / rate)
    }
}

impl<'a> LiveStudy<'a> {
    /// Nothing is drawn yet.
    pub fn new(console: &'a Console, folder: &'a StudyFolder, plan: &'a Plan) -> Self {
        LiveStudy { console, folder, plan, own: Mutex::default() }
    }

    /// Keeps an event for the next picture.
    pub fn tell(&self, event: &StudyEvent) {
        let mut own = self.own.lock().expect("keeping an event does not panic");
        match event {
            StudyEvent::Stage { n_pictures, .. } => {
                *own = Own { n_pictures: *n_pictures, begun: Some(Instant::now()), ..Own::default() };
            }
            StudyEvent::Started { cell_idx, cell } => {
                own.names.insert(*cell_idx, cell.name());
            }
            StudyEvent::Epoch { cell_idx, event, n_pictures } => {
                own.n_pictures_done += n_pictures;
                let Some(name) = own.names.get(cell_idx).cloned() else { return };
                let share = match event {
                    Event::Epoch { epoch, n_epochs, .. } => f64::from(*epoch) / f64::from((*n_epochs).max(1)),
                    Event::Resumed { .. } => 0.0,
                    _ => own.states.get(&name).map_or(0.0, |(_, share)| *share),
                };
                own.states.insert(name, (CellState::Running, share));
            }
            StudyEvent::Finished { cell_idx, n_pictures_saved } => {
                own.n_pictures_done += n_pictures_saved;
                if let Some(name) = own.names.get(cell_idx).cloned() {
                    own.states.insert(name, (CellState::Finished, 1.0));
                }
            }
            StudyEvent::Waiting { .. } => {}
        }
    }

    /// Draws as long as the work goes on, and leaves the last picture.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let (end, ended) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            // Where there is no thread for it, nothing is drawn.
            let _ = std::thread::Builder::new().spawn_scoped(scope, move || self.draw_until(&ended));
            let done = work();
            drop(end);
            done
        })
    }

    fn draw_until(&self, ended: &Receiver<()>) {
        let mut look = Look::default();
        let mut next_look = Instant::now();
        loop {
            let is_over = ended.recv_timeout(BETWEEN_PICTURES) != Err(RecvTimeoutError::Timeout);
            if is_over || Instant::now() >= next_look {
                let begun = Instant::now();
                // What the folder does not say now, it says at the next look, or whoever works there says why.
                let _ = look.again(self.folder, self.plan);
                next_look = Instant::now() + BETWEEN_LOOKS.max(begun.elapsed() * LOOKS_APART);
            }
            let seconds_left = self.bring_up_to_date(&mut look.cells);
            if !look.cells.is_empty() {
                look.draw(&self.plan.study.name, seconds_left, &[], self.console);
            }
            if is_over {
                self.console.leave_picture();
                return;
            }
        }
    }

    /// What this process knows before files say it, and the time that is left.
    fn bring_up_to_date(&self, cells: &mut [CellSoFar]) -> Option<f64> {
        let own = self.own.lock().expect("keeping an event does not panic");
        for cell in cells.iter_mut().filter(|cell| cell.state != CellState::Finished) {
            if let Some((state, share)) = own.states.get(&cell.name) {
                (cell.state, cell.share) = (*state, share.max(cell.share));
            }
        }
        own.seconds_left().or_else(|| seconds_left(cells))
    }
}
