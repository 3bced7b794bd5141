//! What happened in training: events while it runs, one line per epoch in `epochs.jsonl`.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use howfar_face::{Fault, files};
use serde::{Deserialize, Serialize};

/// Something that happened in training.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An epoch is over.
    Epoch {
        /// From 1.
        epoch: u32,
        /// The most there can be.
        n_epochs: u32,
        /// Mean loss over the epoch's pictures, each taken before its step, with label smoothing.
        training_loss: f64,
        /// Mean cross-entropy on the validation faces, without label smoothing.
        validation_loss: f64,
        /// Share of validation faces that are told rightly.
        validation_accuracy: f64,
        /// Time of this epoch.
        seconds: f64,
    },
    /// Training goes on from a checkpoint.
    Resumed {
        /// Epochs that the checkpoint has.
        n_epochs_done: u32,
    },
    /// A program that trains in place of a network says how far it is.
    Program {
        /// Epochs that are over.
        epoch: Option<f64>,
        /// Steps that are over.
        step: Option<f64>,
        /// A loss.
        loss: Option<f64>,
    },
    /// Nothing has happened; whoever watches may end it.
    Waiting,
    /// There is a checkpoint that cannot be used, so training starts from the beginning.
    CheckpointIgnored {
        /// What is wrong with it.
        reason: String,
    },
}

/// A line of `epochs.jsonl`. It holds no times: these bytes are the same on every start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRecord {
    /// From 1.
    pub epoch: u32,
    /// Mean loss over the epoch's pictures, with label smoothing.
    pub training_loss: f64,
    /// Mean cross-entropy on the validation faces.
    pub validation_loss: f64,
    /// Share of validation faces that are told rightly.
    pub validation_accuracy: f64,
}

/// A training's history in its folder.
pub(crate) const EPOCHS: &str = "epochs.jsonl";
/// What each of its epochs took on this machine.
const TIMING: &str = "timing.jsonl";

/// Writes all lines so far, whole or not at all.
pub(crate) fn write_epochs(folder: &Path, history: &[EpochRecord]) -> Result<(), Fault> {
    let path = folder.join(EPOCHS);
    let mut text = String::new();
    for record in history {
        text += &serde_json::to_string(record).map_err(|e| Fault::data(path.display(), e.to_string()))?;
        text.push('\n');
    }
    files::write(&path, text.as_bytes())
}

/// Adds a line to `timing.jsonl`, which no result is made from.
pub(crate) fn append_timing(folder: &Path, epoch: u32, seconds: f64) -> Result<(), Fault> {
    let path = folder.join(TIMING);
    let fail = |e: std::io::Error| Fault::io(&path, "write", &e);
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(fail)?;
    writeln!(file, "{{\"epoch\":{epoch},\"seconds\":{seconds:.3}}}").map_err(fail)
}

/// What each epoch took, in seconds, as far as the folder of a training tells it.
pub fn epoch_seconds(folder: &Path) -> Result<HashMap<u32, f64>, Fault> {
    #[derive(Deserialize)]
    struct Line {
        epoch: u32,
        seconds: f64,
    }
    let path = folder.join(TIMING);
    let text = if files::is_there(&path)? { files::read_text(&path)? } else { String::new() };
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    Ok(lines.map(|line| (line.epoch, line.seconds)).collect())
}
