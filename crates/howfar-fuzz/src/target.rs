//! What is fuzzed: a reader, and whole inputs of it that are damaged.
//!
//! In: a folder of this process's own, bytes. Out: whether the reader took them. A reader may refuse in words and
//! nothing else: no panic, no loop without an end, no memory beyond a bound.

use std::error::Error;
use std::path::Path;

use howfar_face::{Fault, acts_on_terminals};

/// Whole inputs, or why they could not be made.
pub type Seeds = Result<Vec<Vec<u8>>, Box<dyn Error>>;

/// Characters of a refusal: it fits a screen (`howfar_face::Fault`), but for a character that a terminal acts on, which
/// is written in eight.
const LONGEST_REFUSAL: usize = 8 * 3600;

/// What an input is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes: lengths, places, numbers of every width.
    Bytes,
    /// Text: lines, words, numbers in words.
    Text,
}

/// A reader with inputs to begin with.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What it is called on the command line and in the names of files.
    pub name: &'static str,
    /// How its inputs are damaged.
    pub kind: Kind,
    /// What a process that reads may have, program, stacks and files included, in MiB.
    pub mebibytes: u64,
    /// Writes what stands beside the input into the folder; gives whole inputs.
    pub seeds: fn(&Path) -> Seeds,
    /// Reads an input, in the same folder; whether it was taken.
    pub run: fn(&Path, &[u8]) -> bool,
    /// Makes checksums right again, so that damage comes beyond them; half of the inputs go through it.
    pub mend: Option<fn(&mut [u8])>,
}

impl Target {
    /// A reader of bytes within 1 GiB.
    pub(crate) const fn bytes(name: &'static str, seeds: fn(&Path) -> Seeds, run: fn(&Path, &[u8]) -> bool) -> Self {
        Target { name, kind: Kind::Bytes, mebibytes: 1024, seeds, run, mend: None }
    }

    /// A reader of text within 1 GiB.
    pub(crate) const fn text(name: &'static str, seeds: fn(&Path) -> Seeds, run: fn(&Path, &[u8]) -> bool) -> Self {
        Target { kind: Kind::Text, ..Self::bytes(name, seeds, run) }
    }

    /// The same where a whole file may ask for more memory.
    pub(crate) const fn within(self, mebibytes: u64) -> Self {
        Target { mebibytes, ..self }
    }

    /// The same with checksums that are made right again.
    pub(crate) const fn mended(self, mend: fn(&mut [u8])) -> Self {
        Target { mend: Some(mend), ..self }
    }
}

/// Whether a reader took its input; a refusal must fit a screen and do nothing else to a terminal.
pub(crate) fn is_taken<T>(answer: Result<T, Fault>) -> bool {
    let Err(fault) = answer else { return true };
    let words = fault.to_string();
    assert!(words.chars().count() < LONGEST_REFUSAL, "a refusal of {} characters", words.chars().count());
    assert!(!words.contains(acts_on_terminals), "a refusal that a terminal acts on: {words:?}");
    false
}

/// Writes a file of the process's own folder, and the folders above it.
pub(crate) fn put(place: &Path, name: &str, bytes: &[u8]) {
    let path = place.join(name);
    let folder = path.parent().unwrap_or(place);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes));
    written.expect("the process's own folder can be written");
}

/// The same bytes with one text in place of another.
pub(crate) fn moved(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (mut moved, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let Some(at) = rest.windows(from.len()).position(|window| window == from.as_bytes()) {
        moved.extend_from_slice(&rest[..at]);
        moved.extend_from_slice(to.as_bytes());
        rest = &rest[at + from.len()..];
    }
    moved.extend_from_slice(rest);
    moved
}
