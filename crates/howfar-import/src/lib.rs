//! Weight files of other programs, read without running any code in them, and written as safetensors.
//!
//! In: the bytes of a PyTorch file (zip, older format, whole layers), a `.pkl` of stylegan2-ada or stylegan3, or
//! safetensors. Out: named tensors, which network they are, and a safetensors file with the public names. Knows no
//! faces and computes nothing.

mod archive;
mod collect;
mod global;
mod limits;
mod machine;
mod number;
mod opcode;
mod recognise;
mod source;
mod tensor;
mod torch;
mod value;
mod weights_file;

use std::collections::BTreeMap;
use std::path::Path;

use howfar_face::{Fault, files, refuse_stand_in};

pub use collect::Made;
pub use number::NumberKind;
pub use recognise::{NetworkFile, recognise};
pub use tensor::Tensor;
pub use weights_file::write;

/// What is in a foreign weight file.
#[derive(Debug)]
pub struct ForeignFile<'a> {
    /// The format in words.
    pub format: &'static str,
    /// The tensors by name.
    pub tensors: BTreeMap<String, Tensor<'a>>,
    /// Networks by name, with what they were made with.
    pub made: BTreeMap<String, Made>,
}

/// Reads the bytes of a file that is within the limits, and of nothing that is no file.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Fault> {
    let bytes = files::read_at_most(path, limits::FILE_BYTES)?;
    refuse_stand_in(path, &bytes)?;
    Ok(bytes)
}

impl<'a> ForeignFile<'a> {
    /// Reads a file; `name` is what messages call it.
    pub fn read(name: &str, bytes: &'a [u8]) -> Result<Self, Fault> {
        let (format, mut loaded) = match bytes {
            [b'P', b'K', 3, 4, ..] => ("PyTorch, zip", torch::zip(name, bytes)?),
            [0x80, 2..=5, ..] => {
                let loaded = torch::pickle(name, bytes)?;
                let is_older = matches!(loaded.storages, torch::Storages::Behind(_));
                (if is_older { "PyTorch, older format" } else { "pickle" }, loaded)
            }
            [_, _, _, _, _, _, _, _, b'{', ..] => {
                let tensors = weights_file::read(name, bytes)?;
                return Ok(ForeignFile { format: "safetensors", tensors, made: BTreeMap::new() });
            }
            _ => {
                let first = bytes.iter().take(8).map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
                return Err(Fault::data(name, "no weight file that howfar knows")
                    .found(format!("a file that begins with {first}"))
                    .expected("PyTorch's .pt, .pth or .ckpt, a .pkl of stylegan2-ada or stylegan3, or safetensors")
                    .hint("load it in PyTorch and save its numbers: torch.save(network.state_dict(), …)"));
            }
        };
        let found = collect::collect(&mut loaded)?;
        if found.tensors.is_empty() {
            return Err(Fault::data(name, "no tensor is in this file").expected("the weights of a network"));
        }
        Ok(ForeignFile { format, tensors: found.tensors, made: found.made })
    }
}
