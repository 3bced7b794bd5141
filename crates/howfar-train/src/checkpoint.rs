//! A checkpoint is everything: weights, running statistics, moments, steps, the best weights so far, the history.
//!
//! It is one safetensors file, so that no stop can leave halves that do not belong together. Random streams are keyed
//! by epoch and need no state. A checkpoint of other inputs or another version is not used.

use std::path::{Path, PathBuf};

use howfar_face::{Fault, files};
use howfar_net::{Architecture, Classifier, NetFault, OptimiserKind, Precision, TensorFile, Trainer};
use serde::{Deserialize, Serialize};

use crate::history::{EpochRecord, write_epochs};
use crate::model::in_file;

/// Raised with every change to the file or to the numbers of training.
const VERSION: u32 = 2;
const FORMAT: &str = "howfar checkpoint";

/// Where a training run stands at the end of an epoch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub trainer: Trainer,
    /// The best network so far, if the run keeps it.
    pub best: Option<Classifier>,
    pub history: Vec<EpochRecord>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    inputs: String,
    n_steps: u64,
    has_best: bool,
    history: Vec<EpochRecord>,
}

/// Removes the checkpoint of a run folder, should there be one; for a run that another process has finished.
pub fn forget_checkpoint(run_folder: &Path) -> Result<(), Fault> {
    files::remove_folder(&folder_in(run_folder))
}

fn folder_in(run_folder: &Path) -> PathBuf {
    run_folder.join("checkpoint")
}

/// The checkpoint of a run folder.
pub(crate) struct Checkpoint {
    folder: PathBuf,
    /// Says for which inputs the checkpoint holds.
    inputs: String,
}

impl Checkpoint {
    pub(crate) fn new(run_folder: &Path, inputs: String) -> Self {
        Checkpoint { folder: folder_in(run_folder), inputs }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("state.safetensors")
    }

    /// Writes the state, whole or not at all.
    pub(crate) fn write(&self, state: &State) -> Result<(), Fault> {
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            inputs: self.inputs.clone(),
            n_steps: state.trainer.n_steps(),
            has_best: state.best.is_some(),
            history: state.history.clone(),
        };
        let header = serde_json::to_value(header).map_err(|e| Fault::data(self.file().display(), e.to_string()))?;
        let mut tensors = state.trainer.tensors();
        tensors.extend(state.best.iter().flat_map(|best| best.tensors("best.")));
        let bytes =
            TensorFile::write(&header, &tensors, Precision::Full).map_err(|fault| in_file(&self.file(), fault))?;
        files::create_folder(&self.folder)?;
        files::write(&self.file(), &bytes)
    }

    /// Writes what has happened so far. In the run's folder the history appears when it is complete: a process that
    /// stood still while another one finished the run may write here and spoil nothing.
    pub(crate) fn write_epochs(&self, history: &[EpochRecord]) -> Result<(), Fault> {
        files::create_folder(&self.folder)?;
        write_epochs(&self.folder, history)
    }

    /// Reads the state. `None` where there is no checkpoint, a fault where there is one that cannot be used.
    pub(crate) fn read(&self, architecture: &Architecture, optimiser: OptimiserKind) -> Result<Option<State>, Fault> {
        if !files::is_there(&self.file())? {
            return Ok(None);
        }
        let bytes = files::read(&self.file())?;
        let fault = |what: &str| Fault::data(self.file().display(), what);
        let mut file = TensorFile::read(&bytes).map_err(|f| in_file(&self.file(), f))?;
        let header: Header =
            serde_json::from_value(file.metadata.clone()).map_err(|e| fault(&format!("damaged: {e}")))?;
        if header.format != FORMAT || header.version != VERSION {
            return Err(fault("the checkpoint is of another version"));
        }
        if header.inputs != self.inputs {
            return Err(fault("the checkpoint is of other settings or faces"));
        }
        let state = |file: &mut TensorFile| -> Result<State, NetFault> {
            let model = Classifier::take(architecture.clone(), file, "model.")?;
            let trainer = Trainer::resume(model, optimiser, file, header.n_steps)?;
            let best = header.has_best.then(|| Classifier::take(architecture.clone(), file, "best."));
            Ok(State { trainer, best: best.transpose()?, history: header.history.clone() })
        };
        state(&mut file).map(Some).map_err(|f| in_file(&self.file(), f))
    }

    /// Removes the checkpoint; a missing one is fine.
    pub(crate) fn remove(&self) -> Result<(), Fault> {
        files::remove_folder(&self.folder)
    }
}
