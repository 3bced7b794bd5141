//! Trained networks as files that other programs run: ONNX, with a classifier's preprocessing in the graph, PyTorch,
//! safetensors.
//!
//! In: a [`Model`] or a [`Generator`]. Out: a file. Computes no face and trains nothing; that other programs say what
//! howfar says is tested by them (`python/tests/test_export.py`).

mod onnx;
mod pickle;
mod torch;
mod zip;

use std::path::Path;

use howfar_face::{Fault, files};
use howfar_net::gan::Generator;
use howfar_net::{Named, NetFault, Precision, TensorFile};
use howfar_train::Model;
use serde_json::json;

/// What a network is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A graph that takes pictures and gives probabilities, or one that gives pictures (opset 18).
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
    let n_values = model.classifier().weights().parameters.iter().map(|tensor| tensor.values.len()).sum();
    refuse_too_large(n_values, format, path)?;
    let bytes = match format {
        ExportFormat::Onnx => onnx::of_classifier(model),
        ExportFormat::Torch => torch::bytes(&model.classifier().tensors("")),
        ExportFormat::Safetensors => {
            let tensors: Vec<Named> = model.classifier().tensors("");
            let about = json!({"format": "howfar export", "version": 1, "model": about(model)});
            TensorFile::write(&about, &tensors, Precision::Full).map_err(|fault| in_file(path, &fault))?
        }
    };
    files::write(path, &bytes)
}

/// Writes a generator, whole or not at all. As safetensors it stays a weight file of howfar's, in 32 bits.
pub fn write_generator(generator: &Generator, format: ExportFormat, path: &Path) -> Result<(), Fault> {
    refuse_too_large(generator.parameters.n_values(), format, path)?;
    let bytes = match format {
        ExportFormat::Onnx => onnx::of_generator(generator),
        ExportFormat::Torch => torch::bytes(&generator.parameters.tensors("")),
        ExportFormat::Safetensors => generator.to_bytes(Precision::Full).map_err(|fault| in_file(path, &fault))?,
    };
    files::write(path, &bytes)
}

fn in_file(path: &Path, fault: &NetFault) -> Fault {
    Fault::data(path.display(), fault.to_string())
}

/// A file of Protocol Buffers ends at 2 GiB, an archive of PyTorch as it is written here at 4.
fn refuse_too_large(n_values: usize, format: ExportFormat, path: &Path) -> Result<(), Fault> {
    let n_values = n_values as u64;
    // The sums of squares of StyleGAN2's weights, nine of which make one, are written as well.
    let n_more = if format == ExportFormat::Onnx { n_values / 9 } else { 0 };
    let n_bytes = 4 * (n_values + n_more) + ROOM_FOR_NAMES;
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

/// Bytes of a file that are no weights, about: names, and a card of as many as safetensors take.
const ROOM_FOR_NAMES: u64 = 1 << 24;

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
