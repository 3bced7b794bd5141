//! Safetensors files, read within limits: the one reader for weights of howfar and of other programs.
//!
//! In: the bytes of a file. Out: texts that it says of itself, and kind, sizes and bytes of each tensor by name. The
//! safetensors crate checks where tensors lie; its own reader bounds neither their number nor their names, and takes
//! the last of two tensors of one name. What is in a tensor is not looked at.

mod head;

use std::collections::BTreeMap;

pub use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use head::Head;

/// Tensors of a file.
pub const TENSORS: usize = 50_000;
/// Bytes of a tensor's name.
pub const NAME_BYTES: usize = 256;
/// Sizes of a tensor.
pub const DIMENSIONS: usize = 8;
/// Bytes of the head, as the safetensors crate bounds them.
pub const HEAD_BYTES: usize = 100_000_000;
/// Texts that a file says of itself …
pub const TEXTS: usize = 1_000;
/// … and their bytes together: a card that names 70,000 people has 2 MB.
pub const TEXT_BYTES: usize = 16 << 20;

/// A tensor within a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor<'a> {
    /// How its numbers are kept.
    pub kind: Dtype,
    /// Sizes, the last one running fastest; at most [`DIMENSIONS`], and their product fits `bytes`.
    pub shape: Vec<usize>,
    /// The numbers, lowest byte first.
    pub bytes: &'a [u8],
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct File<'a> {
    /// What the file says of itself, by key.
    pub texts: BTreeMap<String, String>,
    /// The tensors by name.
    pub tensors: BTreeMap<String, Tensor<'a>>,
}

/// Reads a file. What is refused comes back in words: a damaged or cut file, overlaps, gaps, two tensors of one name,
/// and whatever exceeds the limits of this module.
pub fn read(bytes: &[u8]) -> Result<File<'_>, String> {
    let (head, data) = parts(bytes)?;
    let Head { texts, tensors } = serde_json::from_str(head).map_err(|e| short(&e.to_string()))?;
    let mut tensors: Vec<(String, TensorInfo)> = tensors.into_iter().collect();
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    // The crate compares sizes with places; it keeps its own copy of both.
    let checked = Metadata::new(None, tensors.clone()).map_err(|e| short(&e.to_string()))?;
    if checked.data_len() != data.len() {
        return Err(format!("the tensors fill {} bytes, and {} are there", checked.data_len(), data.len()));
    }
    let tensor = |(name, info): (String, TensorInfo)| {
        let (begin, end) = info.data_offsets;
        (name, Tensor { kind: info.dtype, shape: info.shape, bytes: &data[begin..end] })
    };
    Ok(File { texts, tensors: tensors.into_iter().map(tensor).collect() })
}

/// The head as text, and the numbers behind it.
fn parts(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let (n, rest) = bytes.split_first_chunk::<8>().ok_or("the file ends before its head")?;
    let n = usize::try_from(u64::from_le_bytes(*n)).unwrap_or(usize::MAX);
    if n > HEAD_BYTES {
        return Err(format!("a head of {n} bytes; {HEAD_BYTES} are allowed"));
    }
    let (head, data) = rest.split_at_checked(n).ok_or("the file ends within its head")?;
    Ok((std::str::from_utf8(head).map_err(|e| e.to_string())?, data))
}

/// Words with at most 300 characters: they may quote the file.
fn short(words: &str) -> String {
    words.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(head: &str, data: &[u8]) -> Vec<u8> {
        [&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), data].concat()
    }

    #[test]
    fn texts_and_tensors_read_as_they_were_written() {
        let head = r#"{"b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]},"__metadata__":{"k":"v"},
            "a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#;
        let bytes = file(head, &[1, 2, 3, 4, 5, 6, 7, 8]);
        let read = read(&bytes).unwrap();
        assert_eq!(read.texts, BTreeMap::from([("k".to_owned(), "v".to_owned())]));
        let tensor = |kind, shape: &[usize], bytes| Tensor { kind, shape: shape.to_vec(), bytes };
        assert_eq!(read.tensors["a"], tensor(Dtype::F32, &[], &bytes[bytes.len() - 8..bytes.len() - 4]));
        assert_eq!(read.tensors["b"], tensor(Dtype::F16, &[2], &[5, 6, 7, 8]));
    }

    #[test]
    fn whatever_exceeds_a_limit_is_refused_with_the_limit() {
        let empty = r#"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#;
        let named = |name: &str| format!(r#"{{"{name}":{empty}}}"#);
        let many: Vec<String> = (0..=TENSORS).map(|i| format!(r#""{i}":{empty}"#)).collect();
        let texts: Vec<String> = (0..=TEXTS).map(|i| format!(r#""{i}":"""#)).collect();
        for (head, words) in [
            (format!("{{{}}}", many.join(",")), "more than 50000 tensors"),
            (named(&"n".repeat(NAME_BYTES + 1)), "a name of 257 bytes"),
            (named("a").replace("[0]", "[0,1,1,1,1,1,1,1,1]"), "more than 8 sizes"),
            (format!(r#"{{"__metadata__":{{{}}}}}"#, texts.join(",")), "more than 1000 texts"),
            (
                format!(r#"{{"__metadata__":{{"a":"{}"}}}}"#, "x".repeat(TEXT_BYTES)),
                "texts of more than 16777216 bytes",
            ),
            (format!(r#"{{"a":{empty},"a":{empty}}}"#), "two tensors are called \"a\""),
            (r#"{"__metadata__":{},"__metadata__":{}}"#.to_owned(), "__metadata__ twice"),
            (r#"{"__metadata__":{"a":"1","a":"2"}}"#.to_owned(), "two texts are called \"a\""),
            (named("a").replace("\"dtype\"", "\"junk\":[1,[2,3]],\"dtype\""), "unknown field `junk`"),
            (named("a").replace("[0,0]", "[0,4]"), "nvalid"),
            (named("a").replace("[0]", "[18446744073709551615,2]"), "verflow"),
        ] {
            let words_found = read(&file(&head, b"")).unwrap_err();
            assert!(words_found.contains(words), "{words}: {words_found}");
            assert!(words_found.len() < 400, "{words}");
        }
        assert!(read(&file(&named("a"), b"1")).unwrap_err().contains("0 bytes, and 1 are there"));
        assert!(read(&u64::MAX.to_le_bytes()).unwrap_err().contains("a head of"));
        for cut in [0, 7, 8, 20] {
            assert!(read(&file(&named("a"), b"")[..cut]).is_err(), "{cut}");
        }
    }
}
