//! Trained networks as files that other programs run: ONNX with the preprocessing in the graph, PyTorch, safetensors.
//!
//! In: a [`Model`]. Out: the bytes of a file. Computes no face and trains nothing; that other programs say what howfar
//! says is tested by them (`python/tests/test_export.py`).

mod onnx;
mod pickle;
mod torch;
mod zip;

use std::path::Path;

use howfar_face::{Fault, files};
use howfar_net::{Named, Precision, TensorFile};
use howfar_train::Model;
use serde_json::json;

/// What a network is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A graph that takes pictures and gives probabilities (opset 18).
    Onnx,
    /// A `state_dict` that `torch.load` opens, with weights only.
    Torch,
    /// The same tensors as 32-bit floats.
    Safetensors,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Onnx, Self::Torch, Self::Safetensors];

    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Onnx => "onnx",
            Self::Torch => "torch",
            Self::Safetensors => "safetensors",
        }
    }

    /// How its files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Onnx => "onnx",
            Self::Torch => "pt",
            Self::Safetensors => "safetensors",
        }
    }

    /// The format of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Writes a model, whole or not at all.
pub fn write(model: &Model, format: ExportFormat, path: &Path) -> Result<(), Fault> {
    refuse_too_large(model, format, path)?;
    let bytes = match format {
        ExportFormat::Onnx => onnx::bytes(model),
        ExportFormat::Torch => torch::bytes(&model.classifier().tensors("")),
        ExportFormat::Safetensors => {
            let tensors: Vec<Named> = model.classifier().tensors("");
            let about = json!({"format": "howfar export", "version": 1, "model": about(model)});
            TensorFile::write(&about, &tensors, Precision::Full)
                .map_err(|fault| Fault::data(path.display(), fault.to_string()))?
        }
    };
    files::write(path, &bytes)
}

/// A file of Protocol Buffers ends at 2 GiB, an archive of PyTorch as it is written here at 4.
fn refuse_too_large(model: &Model, format: ExportFormat, path: &Path) -> Result<(), Fault> {
    let parameters = &model.classifier().weights().parameters;
    let n_bytes = parameters.iter().map(|tensor| 4 * tensor.values.len() as u64).sum::<u64>() + ROOM_FOR_NAMES;
    let most = match format {
        ExportFormat::Onnx => 2 << 30,
        ExportFormat::Torch => 4 << 30,
        ExportFormat::Safetensors => return Ok(()),
    };
    if n_bytes < most {
        return Ok(());
    }
    Err(Fault::data(path.display(), format!("refused: the network is too large for a file of {}", format.name()))
        .found(format!("{n_bytes} bytes"))
        .expected(format!("fewer than {most}"))
        .hint("--as safetensors has no such bound"))
}

/// Bytes of a file that are no weights.
const ROOM_FOR_NAMES: u64 = 1 << 20;

/// What a program needs to know of a model beside its numbers.
fn about(model: &Model) -> serde_json::Value {
    json!({
        "network": model.classifier().architecture().plan.name,
        "classes": model.classes(),
        "side": model.side(),
        "channels": model.n_channels(),
        "scaling": model.scaling(),
        "test_flip": model.test_flip(),
        "preprocessing": model.preprocessing(),
    })
}
