//! The contents of `timing.json`: when, how long and on what machine. Kept apart from the results, which are the same
//! bytes on every run.

use serde::{Deserialize, Serialize};

/// `timing.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Always `howfar timing`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// Where it ran.
    pub machine: Machine,
    /// When the run that ended it began, as in `2026-11-24 04:18 UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// Wall-clock seconds of all cells computed, evaluation and report included.
    pub total_seconds: f64,
    /// The cells in the order of the plan.
    pub cells: Vec<CellTime>,
}

impl Timing {
    /// Name and version of the format.
    pub const FORMAT: (&'static str, u32) = ("howfar timing", 1);
}

/// The machine that computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Cores that the program may use.
    pub cores: usize,
    /// The CPU's own name.
    pub processor: String,
    /// What the kernels run on: `avx512`, `avx2`, `plain` …
    pub instruction_set: String,
    /// Bytes of main memory; none where the system does not tell.
    pub memory_bytes: Option<u64>,
}

/// What one training run took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellTime {
    /// The cell's name, which is its folder in `runs/`.
    pub name: String,
    /// Wall-clock seconds, training and prediction.
    pub seconds: f64,
    /// Training pictures a second, forward and backward.
    pub images_per_second: f64,
    /// Epochs that were trained.
    pub epochs: u32,
    /// The epoch whose weights were kept, from 1.
    pub kept_epoch: u32,
}
