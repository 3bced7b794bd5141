//! Training by a program of somebody else: what `train.command` asks for (docs/trainers.md).
//!
//! In: a cell and its mixture. Out: probabilities for every face that the cell predicts, or a fault that shows what the
//! program said. The job is `handed.rs`, the process `process.rs`, what it printed `log.rs`, its answer `answer.rs`.

mod answer;
mod handed;
mod log;
mod process;

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::Path;

use howfar_face::Fault;
use howfar_protocol::{Cell, Mixture, TIMEOUT_MIN};
use howfar_train::Event;

use crate::loaded_study::LoadedStudy;
use crate::requested_program::Program;

pub use process::become_program;

/// What a program made of a cell.
pub(crate) struct Done {
    /// Faces of both pools that were asked about, and for each one probability a class.
    pub answer: answer::Answer,
    /// Epochs that it says it trained, and the best of them.
    pub n_epochs: u32,
}

impl Program<'_> {
    /// Trains a cell. What it leaves in its checkpoint's folder stays; the job's other files go when it is done. `slot`
    /// counts the programs that run beside each other, for their GPUs.
    pub fn train(
        &self,
        (loaded, cell, mixture): (&LoadedStudy, &Cell, &Mixture),
        run_folder: &Path,
        slot: usize,
        watch: &mut dyn FnMut(&Event, u64) -> ControlFlow<()>,
    ) -> Result<Done, Fault> {
        let folder = std::path::absolute(run_folder.join("program")).map_err(|e| Fault::io(run_folder, "find", &e))?;
        let gpus = process::gpus(self.study.train.gpus.unwrap_or(0), slot)?;
        let job = handed::hand_over(loaded, cell, mixture, self.handed_as(), &folder, &gpus)?;
        let wanted = process::Wanted {
            command: &self.study.train.command,
            environment: &self.study.train.environment,
            folder: &self.folder,
            job: &job.file,
            cell: &cell.name(),
            gpus: self.study.train.gpus.map(|_| gpus.as_slice()),
            timeout_min: self.study.train.timeout_min.unwrap_or(TIMEOUT_MIN),
            log: &run_folder.join("program.log"),
        };
        let mut pictures = Pictures { done: 0, job: &job };
        let ended = process::run(&wanted, &mut |said| {
            let event = Event::Program { epoch: said.epoch, step: said.step, loss: said.loss };
            let event = if said.is_news { event } else { Event::Waiting };
            watch(&event, pictures.newly_done(said))
        });
        ended?;
        let answer = answer::read(&job, loaded.pool().classes())?;
        let n_epochs = answer::n_epochs(&job, run_folder)?.unwrap_or(cell.settings.epochs);
        let _ = watch(&Event::Waiting, pictures.rest());
        job.clear_away()?;
        Ok(Done { answer, n_epochs })
    }
}

/// Pictures of the progress bar that a program has done.
struct Pictures<'j> {
    done: u64,
    job: &'j handed::Job,
}

impl Pictures<'_> {
    fn newly_done(&mut self, said: &log::Said) -> u64 {
        let share = said.share(self.job.n_epochs).clamp(0.0, 1.0);
        let now = (share * self.job.n_pictures as f64) as u64;
        let newly = now.saturating_sub(self.done);
        self.done += newly;
        newly
    }

    fn rest(&self) -> u64 {
        self.job.n_pictures - self.done
    }
}

/// The command line of a program that is to end with this process.
pub(crate) fn words(command: &[String], job: &Path) -> Vec<OsString> {
    command.iter().map(OsString::from).chain([job.as_os_str().to_owned()]).collect()
}
