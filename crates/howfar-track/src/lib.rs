//! Figures of trainings where trackers look for them: event files of TensorBoard, a server of MLflow.
//!
//! In: what a run was made with, its figures by epoch, its last figures, pictures and files. Out: a run, under the same
//! name however often it is written. Knows no study; nothing is asked but the server that is named.

mod event;
mod mlflow;
mod tensorboard;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use howfar_face::{Fault, files};

/// A setting, as trackers sort and filter by.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// A number.
    Number(f64),
    /// Words.
    Text(String),
}

/// The figures of one epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct EpochFigures {
    /// From 1.
    pub epoch: u32,
    /// How long it took, if that is known.
    pub seconds: f64,
    /// Figures by name, such as `loss/training`.
    pub figures: Vec<(&'static str, f64)>,
}

/// A training, as trackers show it.
#[derive(Debug, Clone)]
pub struct TrackedRun {
    /// The study's name: runs that are compared.
    pub experiment: String,
    /// Its own name.
    pub name: String,
    /// When it ended.
    pub ended: SystemTime,
    /// What it was made with.
    pub settings: BTreeMap<String, Setting>,
    /// In their order.
    pub epochs: Vec<EpochFigures>,
    /// What came of it, by name, such as `accuracy/test`.
    pub results: BTreeMap<String, f64>,
    /// PNG files by name.
    pub pictures: Vec<(String, PathBuf)>,
    /// Files to keep with it: the report, the model.
    pub files: Vec<PathBuf>,
}

/// Where runs are written.
#[derive(Debug, Clone)]
pub struct Tracker(Kind);

#[derive(Debug, Clone)]
enum Kind {
    /// A log folder.
    TensorBoard(PathBuf),
    MlFlow(mlflow::Server),
}

impl Tracker {
    /// `tensorboard:FOLDER` or `mlflow:http://HOST:PORT`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match text.split_once(':') {
            Some(("tensorboard", folder)) if !folder.is_empty() => Ok(Tracker(Kind::TensorBoard(folder.into()))),
            Some(("mlflow", url)) if url.starts_with("http://") => Ok(Tracker(Kind::MlFlow(mlflow::Server::new(url)))),
            Some(("mlflow", url)) if url.starts_with("https://") => {
                Err(Fault::usage("TRACKER", "servers are asked by plain HTTP alone")
                    .found(text)
                    .expected("mlflow:http://HOST:PORT")
                    .hint("a tunnel to the server's machine, or a proxy on this one, speaks HTTPS for howfar"))
            }
            _ => Err(Fault::usage("TRACKER", "there is no such tracker")
                .found(text)
                .expected("tensorboard:FOLDER or mlflow:http://HOST:PORT")),
        }
    }

    /// Writes a run; one that is there is replaced.
    pub fn write(&self, run: &TrackedRun) -> Result<(), Fault> {
        match &self.0 {
            Kind::TensorBoard(folder) => tensorboard::write(folder, run),
            Kind::MlFlow(server) => server.write(run),
        }
    }

    /// Whether a run is there.
    pub fn has(&self, experiment: &str, name: &str) -> Result<bool, Fault> {
        match &self.0 {
            Kind::TensorBoard(folder) => files::is_there(&tensorboard::file(folder, experiment, name)),
            Kind::MlFlow(server) => server.has(experiment, name),
        }
    }
}

/// When each epoch ended, in seconds since 1970, from the end backwards.
fn ends(run: &TrackedRun) -> Vec<f64> {
    let mut at = seconds(run.ended);
    let mut ends: Vec<f64> = Vec::new();
    for epoch in run.epochs.iter().rev() {
        ends.push(at);
        at -= epoch.seconds;
    }
    ends.reverse();
    ends
}

/// When the first epoch began.
fn begin(run: &TrackedRun) -> f64 {
    seconds(run.ended) - run.epochs.iter().map(|epoch| epoch.seconds).sum::<f64>()
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
