//! Safetensors in and out: named tensors of 32-bit or 16-bit floats and one JSON value under the key `howfar`.
//!
//! In: tensors of 32-bit floats and how exactly to keep them. Out: bytes, and tensors of 32-bit floats again. One key
//! alone, because the format keeps its metadata in a hash map, whose order would change the bytes from run to run. That
//! value carries the digest of itself and all tensors, so that a flipped bit is an error and no other number; files
//! without one, of older versions and other hands, are read as they are.

use std::collections::{BTreeMap, HashMap};

use half::f16;
use howfar_safetensors::{Dtype, TEXT_BYTES};
use safetensors::tensor::TensorView;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::NetFault;

const KEY: &str = "howfar";
/// Of the value under [`KEY`]: the digest of the rest of it and of the tensors.
const DIGEST: &str = "sha256";
/// What stands in its place while it is computed.
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How exactly the numbers of a file are kept. Reading takes both, even in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32 bits a number: bit for bit what was trained.
    #[default]
    Full,
    /// 16 bits a number: 11 significant bits, up to 65504. Half the bytes, for weights that a program carries in
    /// itself.
    Half,
}

/// A tensor with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Unique in its file.
    pub name: String,
    /// Sizes, the last one running fastest.
    pub shape: Vec<usize>,
    /// The numbers.
    pub values: Vec<f32>,
}

impl Named {
    /// The first number that is not finite.
    pub fn not_finite(&self) -> Option<f32> {
        first_not_finite(&self.values)
    }
}

/// The first number that is not finite.
pub(crate) fn first_not_finite(values: &[f32]) -> Option<f32> {
    // A block at a time without a branch in it, which the compiler turns into vectors.
    let is_whole = |block: &[f32]| block.iter().fold(true, |whole, v| whole & v.is_finite());
    let broken = values.chunks(4096).find(|block| !is_whole(block))?;
    broken.iter().copied().find(|v| !v.is_finite())
}

/// The contents of a safetensors file.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorFile {
    /// What is said of the tensors.
    pub metadata: Value,
    /// The tensors by name.
    pub tensors: BTreeMap<String, Named>,
}

impl TensorFile {
    /// The bytes of a file; the same contents give the same bytes. A number that `precision` cannot hold is refused,
    /// and so is more metadata than [`TensorFile::read`] takes.
    pub fn write(metadata: &Value, tensors: &[Named], precision: Precision) -> Result<Vec<u8>, NetFault> {
        let bytes = tensors.iter().map(|t| encode(t, precision)).collect::<Result<Vec<_>, _>>()?;
        let kind = match precision {
            Precision::Full => Dtype::F32,
            Precision::Half => Dtype::F16,
        };
        let text = with_digest(metadata, tensors, kind, &bytes);
        if KEY.len() + text.len() > TEXT_BYTES {
            let found = format!("{} bytes", text.len());
            return Err(NetFault::new(
                "weights",
                "too much is said of the tensors",
                found,
                format!("{TEXT_BYTES} bytes"),
            ));
        }
        let views = tensors
            .iter()
            .zip(&bytes)
            .map(|(t, bytes)| Ok((t.name.as_str(), TensorView::new(kind, t.shape.clone(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
        let header = HashMap::from([(KEY.to_owned(), text)]);
        views
            .and_then(|views| safetensors::serialize(views, Some(header)))
            .map_err(|e| NetFault::new("weights", "the tensors cannot be written", e, "sizes that fit the numbers"))
    }

    /// Reads the bytes of a file; wrong lengths, overlaps, two tensors of one name, other number types, whatever
    /// exceeds the limits of `howfar-safetensors` and contents of another digest are refused.
    pub fn read(bytes: &[u8]) -> Result<Self, NetFault> {
        let file = howfar_safetensors::read(bytes).map_err(|found| {
            NetFault::new("weights", "this is not a whole safetensors file", found, "a file written by howfar")
        })?;
        let text = file.texts.get(KEY).ok_or_else(|| {
            NetFault::new(
                "weights",
                "nothing says what these tensors are",
                "no key `howfar`",
                "a file written by howfar",
            )
        })?;
        let mut metadata: Value = serde_json::from_str(text)
            .map_err(|e| NetFault::new("weights", "the key `howfar` is damaged", e, "JSON"))?;
        if let Some(Value::String(expected)) = metadata.as_object_mut().and_then(|said| said.remove(DIGEST)) {
            let whole = file.tensors.iter().map(|(name, t)| (name.as_str(), &t.shape[..], t.kind, t.bytes));
            let found = digest(&text.replacen(&expected, NO_DIGEST, 1), whole);
            if expected != found {
                let what = "the file is damaged: its contents have another digest";
                return Err(NetFault::new("weights", what, found, expected));
            }
        }
        let mut tensors = BTreeMap::new();
        for (name, tensor) in file.tensors {
            let values = match tensor.kind {
                Dtype::F32 => tensor.bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
                Dtype::F16 => tensor.bytes.as_chunks::<2>().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect(),
                other => {
                    return Err(NetFault::new(name, "wrong kind of numbers", format!("{other:?}"), "F32 or F16"));
                }
            };
            tensors.insert(name.clone(), Named { name, shape: tensor.shape, values });
        }
        Ok(TensorFile { metadata, tensors })
    }

    /// What a file says of its tensors, without a look at them; none where it says nothing.
    pub(crate) fn metadata(bytes: &[u8]) -> Option<Value> {
        serde_json::from_str(howfar_safetensors::read(bytes).ok()?.texts.get(KEY)?).ok()
    }

    /// Takes a tensor out; a missing one, another shape and a number that is not finite are refused.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, NetFault> {
        let tensor = self.tensors.remove(name).ok_or_else(|| {
            NetFault::new(name, "this tensor is missing", "no such name", format!("a tensor of shape {shape:?}"))
        })?;
        if tensor.shape != shape {
            let (found, expected) = (format!("{:?}", tensor.shape), format!("{shape:?}"));
            return Err(NetFault::new(name, "this tensor has another shape", found, expected));
        }
        match tensor.not_finite() {
            Some(value) => Err(NetFault::new(name, "a weight is not a finite number", value, "finite numbers")),
            None => Ok(tensor.values),
        }
    }
}

/// What is said of the tensors, with the digest of all where it is an object.
fn with_digest(metadata: &Value, tensors: &[Named], kind: Dtype, bytes: &[Vec<u8>]) -> String {
    let mut metadata = metadata.clone();
    let Some(said) = metadata.as_object_mut() else { return metadata.to_string() };
    said.insert(DIGEST.to_owned(), NO_DIGEST.into());
    let text = metadata.to_string();
    let mut by_name: Vec<_> =
        tensors.iter().zip(bytes).map(|(t, bytes)| (t.name.as_str(), &t.shape[..], kind, &bytes[..])).collect();
    by_name.sort_unstable_by_key(|(name, ..)| *name);
    text.replacen(NO_DIGEST, &digest(&text, by_name.into_iter()), 1)
}

/// SHA-256 of what is said of the tensors, without the digest, and of the tensors in the order of their names, in
/// hexadecimal digits.
fn digest<'a>(said: &str, tensors: impl Iterator<Item = (&'a str, &'a [usize], Dtype, &'a [u8])>) -> String {
    let mut sum = Sha256::new();
    sum.update(format!("{said}\n"));
    for (name, shape, kind, bytes) in tensors {
        sum.update(format!("{name:?} {shape:?} {kind:?}\n"));
        sum.update(bytes);
    }
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The numbers of a tensor as bytes.
fn encode(tensor: &Named, precision: Precision) -> Result<Vec<u8>, NetFault> {
    match precision {
        Precision::Full => Ok(tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Precision::Half => {
            let too_large = |v: &&f32| v.is_finite() && !f16::from_f32(**v).is_finite();
            if let Some(value) = tensor.values.iter().find(too_large) {
                return Err(NetFault::new(&tensor.name, "too large for 16 bits", value, "numbers within ±65504"));
            }
            Ok(tensor.values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Value, Vec<Named>) {
        let tensor = |name: &str| Named { name: name.into(), shape: vec![2, 2], values: vec![1.0, -2.5, 0.0, 3.0] };
        (serde_json::json!({"version": 1}), vec![tensor("a"), tensor("b")])
    }

    #[test]
    fn a_file_reads_back_and_the_bytes_repeat() {
        let (metadata, tensors) = sample();
        let bytes = TensorFile::write(&metadata, &tensors, Precision::Full).unwrap();
        assert_eq!(bytes, TensorFile::write(&metadata, &tensors, Precision::Full).unwrap());
        let mut file = TensorFile::read(&bytes).unwrap();
        assert_eq!(file.metadata, metadata);
        assert_eq!(file.take("a", &[2, 2]).unwrap(), tensors[0].values);
        assert_eq!(file.take("a", &[2, 2]).unwrap_err().what, "this tensor is missing");
        assert_eq!(file.take("b", &[4]).unwrap_err().what, "this tensor has another shape");
    }

    #[test]
    fn a_cut_file_is_refused() {
        let (metadata, tensors) = sample();
        let bytes = TensorFile::write(&metadata, &tensors, Precision::Full).unwrap();
        for length in [0, 5, 40, bytes.len() - 1] {
            assert!(TensorFile::read(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_flipped_bit_is_refused_wherever_it_is_and_a_file_without_a_digest_is_read() {
        let (metadata, tensors) = sample();
        let bytes = TensorFile::write(&metadata, &tensors, Precision::Full).unwrap();
        let whole = TensorFile::read(&bytes).unwrap();
        for place in 0..8 * bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place / 8] ^= 1 << (place % 8);
            // A bit in the digest's own name leaves a name that nobody knows, and every number as it was.
            let is_harmless = |read: TensorFile| read.tensors == whole.tensors && read.metadata["version"] == 1;
            assert!(TensorFile::read(&damaged).map_or(true, is_harmless), "bit {place}");
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(text.contains(DIGEST));
        let views = [("a", TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap())];
        let header = HashMap::from([(KEY.to_owned(), "{}".to_owned())]);
        TensorFile::read(&safetensors::serialize(views, Some(header)).unwrap()).unwrap();
    }

    #[test]
    fn a_name_twice_and_more_than_howfar_says_are_refused() {
        let file = |head: &str| [&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), &[0; 4]].concat();
        let tensor = r#"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
        let texts = r#""__metadata__":{"howfar":"{}"}"#;
        TensorFile::read(&file(&format!(r#"{{{texts},"a":{tensor}}}"#))).unwrap();
        let twice = TensorFile::read(&file(&format!(r#"{{{texts},"a":{tensor},"a":{tensor}}}"#))).unwrap_err();
        assert!(twice.found.contains("two tensors are called \"a\""), "{twice}");
        let long = Value::String("x".repeat(TEXT_BYTES));
        let refused = TensorFile::write(&long, &[], Precision::Full).unwrap_err();
        assert_eq!(refused.what, "too much is said of the tensors");
    }

    #[test]
    fn half_the_bytes_keep_eleven_bits_and_refuse_what_they_cannot_hold() {
        let values: Vec<f32> = (0..999).map(|i| (i as f32 - 500.0) / 777.0).collect();
        let tensor =
            |values: &[f32]| vec![Named { name: "a".into(), shape: vec![values.len()], values: values.to_vec() }];
        let write = |values: &[f32], precision| TensorFile::write(&Value::Null, &tensor(values), precision);
        let (full, half) = (write(&values, Precision::Full).unwrap(), write(&values, Precision::Half).unwrap());
        assert!(half.len() < full.len() - 1990, "{} {}", half.len(), full.len());
        let read = TensorFile::read(&half).unwrap().take("a", &[999]).unwrap();
        assert!(values.iter().zip(&read).all(|(a, b)| (a - b).abs() <= a.abs() / 2048.0));
        assert_eq!(write(&read, Precision::Half).unwrap(), half, "what was read once reads the same for ever");
        assert_eq!(write(&[1e5], Precision::Half).unwrap_err().what, "too large for 16 bits");
    }
}
