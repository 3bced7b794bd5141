//! The frame of an ONNX file, looked at before the library reads it: whether every length fits what it lies in, every
//! number ends, and graphs lie in each other no deeper than networks do.
//!
//! In: a file's bytes. Out: a sentence where they are no such frame. The library (rten-onnx) believes lengths, which
//! may claim any memory or lead backwards, reads a number without an end for ever, and follows graphs as deep as they
//! go.

/// How deep messages may lie in each other; a graph in a graph is three levels down.
const DEEPEST: usize = 64;
/// Bytes of the longest number.
const LONGEST_NUMBER: usize = 10;

/// What the library makes of a field that has a length.
#[derive(Debug, Clone, Copy)]
enum Within {
    /// A message.
    Message(Message),
    /// Numbers, one after the other.
    Numbers,
    /// Text, or bytes that are taken or passed over as they are.
    Bytes,
}

/// The messages of `onnx.proto` that the library looks into.
#[derive(Debug, Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    Sequence,
    TensorType,
    Shape,
    /// One that holds no other: of texts and numbers alone.
    Flat,
}

impl Message {
    /// What a field holds, by its number in `onnx.proto`.
    fn field(self, number: u64) -> Within {
        use Message::{Attribute, Flat, Graph, Model, Node, Sequence, Shape, Tensor, TensorType, Type, ValueInfo};
        Within::Message(match (self, number) {
            (Model, 7) | (Attribute, 6) => Graph,
            (Model, 8 | 14) | (Tensor, 13) | (Shape, 1) => Flat,
            (Graph, 1) => Node,
            (Graph, 5) | (Attribute, 5) => Tensor,
            (Graph, 11..=13) => ValueInfo,
            (Node, 5) => Attribute,
            (ValueInfo, 2) | (Sequence, 1) => Type,
            (Type, 1) => TensorType,
            (Type, 4) => Sequence,
            (TensorType, 2) => Shape,
            (Tensor, 5 | 7) => return Within::Numbers,
            _ => return Within::Bytes,
        })
    }
}

/// Whether a file can be read as what it says it is.
pub(super) fn check(file: &[u8]) -> Result<(), String> {
    walk(file, Message::Model, 0)
}

fn walk(mut message: &[u8], kind: Message, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("its graphs lie in each other more than {DEEPEST} levels deep"));
    }
    while !message.is_empty() {
        let tag = number(&mut message)?;
        match tag & 7 {
            0 => drop(number(&mut message)?),
            1 => drop(piece(&mut message, 8)?),
            2 => {
                let length = number(&mut message)?;
                let inner = piece(&mut message, length)?;
                match kind.field(tag >> 3) {
                    Within::Message(of) => walk(inner, of, depth + 1)?,
                    Within::Numbers => numbers(inner)?,
                    Within::Bytes => {}
                }
            }
            // The beginning and end of a group, which has no length.
            3 | 4 => {}
            5 => drop(piece(&mut message, 4)?),
            kind => return Err(format!("a field is of kind {kind}, which there is not")),
        }
    }
    Ok(())
}

fn numbers(mut message: &[u8]) -> Result<(), String> {
    while !message.is_empty() {
        number(&mut message)?;
    }
    Ok(())
}

/// A number of seven bits a byte, the lowest first.
fn number(from: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for (i, byte) in from.iter().take(LONGEST_NUMBER).enumerate() {
        // The tenth byte has room for one bit.
        if i + 1 == LONGEST_NUMBER && *byte > 1 {
            break;
        }
        value |= u64::from(byte & 127) << (7 * i);
        if *byte < 128 {
            *from = &from[i + 1..];
            return Ok(value);
        }
    }
    Err("a number does not end".to_owned())
}

/// So many bytes.
fn piece<'b>(from: &mut &'b [u8], n: u64) -> Result<&'b [u8], String> {
    let split = usize::try_from(n).ok().and_then(|n| from.split_at_checked(n));
    let (piece, rest) = split.ok_or_else(|| format!("a field claims {n} bytes where {} are left", from.len()))?;
    *from = rest;
    Ok(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/../../reference/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn whole_networks_pass_and_cut_ones_do_not() {
        for name in ["face_detector_yunet.onnx", "face_detector_scrfd.onnx", "feature_network_free.onnx"] {
            let file = reference(name);
            assert_eq!(check(&file), Ok(()), "{name}");
            assert!(check(&file[..file.len() - 1]).is_err(), "{name}");
        }
    }

    #[test]
    fn what_the_library_would_believe_is_refused() {
        // A graph in an attribute of a node in a graph …, from the inside out.
        let mut nested = Vec::new();
        for tag in [6 << 3 | 2, 5 << 3 | 2, 1 << 3 | 2].into_iter().cycle().take(3 * 30) {
            let n = nested.len();
            nested.splice(0..0, [tag, n as u8 & 127 | 128, (n >> 7) as u8]);
        }
        nested.splice(0..0, [7 << 3 | 2, nested.len() as u8 & 127 | 128, (nested.len() >> 7) as u8]);
        for (file, words) in [
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1][..], "does not end"),
            (&[0xff; 4], "does not end"),
            (&[0x12, 0xff, 0xff, 0xff, 0xff, 7, 1], "claims 2147483647 bytes where 1 are left"),
            (&[0x12, 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], "where 0 are left"),
            (&[0x0f], "kind 7"),
            (&nested, "levels deep"),
        ] {
            let said = check(file).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
