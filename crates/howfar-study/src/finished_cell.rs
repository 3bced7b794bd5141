//! `finished.json`: the last file of a cell.

use serde::{Deserialize, Serialize};

/// `finished.json`: the cell's predictions are complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishedCell {
    /// Always `howfar finished cell`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// Pictures per epoch.
    pub n_training_pictures: usize,
    /// The epoch whose weights were kept, from 1.
    pub kept_epoch: u32,
    /// Epochs that were run.
    pub n_epochs: u32,
}

impl FinishedCell {
    /// Name and version of the format.
    pub const FORMAT: (&'static str, u32) = ("howfar finished cell", 1);
}
