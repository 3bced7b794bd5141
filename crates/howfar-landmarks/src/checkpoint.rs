//! The state of a training of the landmark network beside the file that it will write, so that a stopped one goes on.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use howfar_crop::{LANDMARK_SIDE, N_LANDMARKS};
use howfar_face::{Fault, files};
use howfar_net::{LandmarkNetwork, NetFault, OptimiserKind, Precision, TensorFile, Trainer};
use serde_json::{Value, json};

/// Where the state is kept, and what it must be the state of.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    /// Everything that decides the numbers.
    inputs: Value,
}

impl Checkpoint {
    /// `OUT.checkpoint` beside the weight file.
    pub fn beside(out: &Path, inputs: Value) -> Self {
        let mut name: OsString = out.file_name().unwrap_or_default().to_owned();
        name.push(".checkpoint");
        Checkpoint { path: out.with_file_name(name), inputs }
    }

    /// The state of a training that was stopped; none where there is none, a fault where it is of another one.
    pub fn read(&self, optimiser: OptimiserKind) -> Result<Option<Trainer<LandmarkNetwork>>, Fault> {
        if !files::is_there(&self.path)? {
            return Ok(None);
        }
        let mut file = TensorFile::read(&files::read(&self.path)?).map_err(|fault| self.fault(fault))?;
        if file.metadata["inputs"] != self.inputs {
            return Err(Fault::usage(self.path.display(), "this training was begun with other settings")
                .found(&file.metadata["inputs"])
                .expected(&self.inputs)
                .hint("give the same settings, another --out, or remove this file"));
        }
        let n_steps = file.metadata["n_steps"].as_u64().unwrap_or(0);
        let network = LandmarkNetwork::take(N_LANDMARKS, LANDMARK_SIDE as usize, &mut file, "model.");
        let trainer = network.and_then(|network| Trainer::resume(network, optimiser, &mut file, n_steps));
        trainer.map(Some).map_err(|fault| self.fault(fault))
    }

    /// Keeps the state.
    pub fn write(&self, trainer: &Trainer<LandmarkNetwork>) -> Result<(), Fault> {
        let header = json!({ "inputs": self.inputs, "n_steps": trainer.n_steps() });
        let bytes =
            TensorFile::write(&header, &trainer.tensors(), Precision::Full).map_err(|fault| self.fault(fault))?;
        files::write(&self.path, &bytes)
    }

    /// Removes the state; the weight file is there now.
    pub fn remove(&self) -> Result<(), Fault> {
        files::remove_file(&self.path)
    }

    fn fault(&self, fault: NetFault) -> Fault {
        Fault::data(format!("{}, {}", self.path.display(), fault.place), fault.what)
            .found(fault.found)
            .expected(fault.expected)
            .hint("remove this file; the training begins anew then")
    }
}
