//! Safetensors: foreign ones in, ours out, one tensor after the other so that no second copy is held.
//!
//! In: bytes, or a recognised network. Out: tensors, or a file that is whole or not there. Ours hold 32-bit floats and
//! one JSON value under the key `howfar`, as all weight files of howfar do.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use howfar_face::files::AtomicFile;
use howfar_face::{Fault, printable_name};
use howfar_safetensors::Dtype;
use serde_json::{Map, Value, json};

use crate::number::NumberKind;
use crate::tensor::Storage;
use crate::{NetworkFile, Tensor, limits};

/// Reads any safetensors file, within the limits that pickles have.
pub(crate) fn read<'a>(name: &str, bytes: &'a [u8]) -> Result<BTreeMap<String, Tensor<'a>>, Fault> {
    let broken = |what: String| {
        Fault::data(name, "this is not a whole safetensors file").found(what).hint("copy or download the file anew")
    };
    let mut tensors = BTreeMap::new();
    for (name, found) in howfar_safetensors::read(bytes).map_err(broken)?.tensors {
        let kind = kind(found.kind).ok_or_else(|| broken(format!("tensor {name:?} of kind {:?}", found.kind)))?;
        let tensor = Tensor::whole(Storage { kind, bytes: found.bytes }, found.shape).map_err(broken)?;
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

/// Writes a network: `format`, `version`, `kind` and `settings` under the key `howfar`, all numbers in 32 bits.
pub fn write(path: &Path, network: &NetworkFile<'_, '_>) -> Result<(), Fault> {
    let mut header = Map::new();
    let about = json!({"format": "howfar weights", "version": 1, "kind": network.kind, "settings": network.settings});
    header.insert("__metadata__".into(), json!({"howfar": about.to_string()}));
    let mut at = 0usize;
    for (name, tensor) in &network.tensors {
        if network.kind != "unknown"
            && let Some(value) = tensor.not_finite()
        {
            return Err(Fault::data(printable_name(name), "a weight is not a finite number")
                .found(value)
                .expected("finite numbers"));
        }
        let end = at.saturating_add(tensor.n_values().saturating_mul(4));
        if end > limits::WRITTEN_BYTES {
            return Err(Fault::data(path.display(), "refused: the tensors would fill more than 1 GiB")
                .hint("keep one network's numbers alone: torch.save(network.state_dict(), …)"));
        }
        header.insert((*name).to_owned(), json!({"dtype": "F32", "shape": tensor.shape(), "data_offsets": [at, end]}));
        at = end;
    }
    let mut text = Value::Object(header).to_string();
    // The numbers begin at a multiple of 8.
    text.extend(std::iter::repeat_n(' ', text.len().next_multiple_of(8) - text.len()));
    let mut file = AtomicFile::create(path)?;
    let fail = |e: std::io::Error| Fault::io(path, "write", &e);
    file.write_all(&(text.len() as u64).to_le_bytes()).map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    for tensor in network.tensors.values() {
        tensor.write(&mut file).map_err(fail)?;
    }
    file.finish()
}

fn kind(dtype: Dtype) -> Option<NumberKind> {
    Some(match dtype {
        Dtype::F64 => NumberKind::Float64,
        Dtype::F32 => NumberKind::Float32,
        Dtype::F16 => NumberKind::Float16,
        Dtype::BF16 => NumberKind::BFloat16,
        Dtype::I64 => NumberKind::Int64,
        Dtype::I32 => NumberKind::Int32,
        Dtype::I16 => NumberKind::Int16,
        Dtype::I8 => NumberKind::Int8,
        Dtype::U8 => NumberKind::UInt8,
        Dtype::BOOL => NumberKind::Bool,
        _ => return None,
    })
}
