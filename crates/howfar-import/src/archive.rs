//! The zip archives that PyTorch writes: entries one after the other, none of them packed.
//!
//! In: the bytes of an archive. Out: where the bytes of each entry lie. A packed entry, one that lies outside of the
//! file or in another one, and one whose two headers disagree are refused. Checksums are not compared: PyTorch can be
//! told to write none. Knows nothing of tensors.

use std::collections::BTreeMap;

use howfar_face::Fault;

use crate::limits;
use crate::source::Source;

const END: [u8; 4] = *b"PK\x05\x06";
const DIRECTORY: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Bytes of the end record without its comment, and of the longest comment.
const END_BYTES: usize = 22;
const LONGEST_COMMENT: usize = 65_535;

/// The entries of an archive by name.
#[derive(Debug)]
pub(crate) struct Archive<'a> {
    entries: BTreeMap<&'a str, &'a [u8]>,
    name: String,
}

impl<'a> Archive<'a> {
    /// Reads the directory at the end of the archive and checks each entry against it.
    pub fn open(name: &str, bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut source = Source::new(name, bytes);
        let (start, n_entries) = directory(&mut source)?;
        source.at = start;
        let mut entries = BTreeMap::new();
        let mut places = Vec::new();
        for _ in 0..n_entries {
            let at = source.at;
            let (name, place) = entry(&mut source)?;
            if entries.insert(name, &bytes[place.0..place.1]).is_some() {
                return Err(source.fault(at, "two entries of the archive have one name").found(name));
            }
            places.push(place);
        }
        places.sort_unstable();
        if let Some(pair) = places.windows(2).find(|pair| pair[1].0 < pair[0].1) {
            return Err(source.fault(pair[1].0, "two entries of the archive lie in each other"));
        }
        Ok(Archive { entries, name: name.to_owned() })
    }

    /// The entry that ends in `suffix`, with what comes before it.
    pub fn ending(&self, suffix: &str) -> Option<(&'a str, &'a [u8])> {
        self.entries.iter().find_map(|(name, bytes)| Some((name.strip_suffix(suffix)?, *bytes)))
    }

    /// The bytes of an entry.
    pub fn get(&self, name: &str) -> Result<&'a [u8], Fault> {
        self.entries.get(name).copied().ok_or_else(|| {
            Fault::data(&self.name, "an entry of the archive is missing")
                .found(format!("{} other entries", self.entries.len()))
                .expected(name)
        })
    }
}

/// Where the directory starts, and how many entries it has.
fn directory(source: &mut Source<'_>) -> Result<(usize, usize), Fault> {
    let bytes = source.bytes;
    let last = bytes.len().saturating_sub(END_BYTES);
    let first = last.saturating_sub(LONGEST_COMMENT);
    let end = (first..=last).rev().find(|at| bytes[*at..].starts_with(&END));
    source.at = end.ok_or_else(|| {
        source
            .fault(bytes.len(), "the zip archive has no end")
            .hint("the file was cut short: fetch it again and compare its size")
    })?;
    source.take(10)?;
    let n_entries = source.u16()?;
    source.u32()?;
    let start = source.u32()?;
    if n_entries > limits::ENTRIES || start > bytes.len() {
        return Err(source.fault(source.at, "the directory of the zip archive does not fit the file"));
    }
    Ok((start, n_entries))
}

/// The name of an entry and where its bytes begin and end.
fn entry<'a>(source: &mut Source<'a>) -> Result<(&'a str, (usize, usize)), Fault> {
    let at = source.at;
    if source.array()? != DIRECTORY {
        return Err(source.fault(at, "the directory of the zip archive is damaged"));
    }
    source.take(4)?;
    let (flags, method) = (source.u16()?, source.u16()?);
    source.take(8)?;
    let (packed, size) = (source.u32()?, source.u32()?);
    let (n_name, n_extra, n_comment) = (source.u16()?, source.u16()?, source.u16()?);
    source.take(8)?;
    let local = source.u32()?;
    let name = source.text(n_name)?;
    source.take(n_extra + n_comment)?;
    if method != 0 || packed != size || flags & 1 != 0 {
        return Err(source
            .fault(at, format!("the entry {name:?} of the zip archive is packed or encrypted"))
            .expected("entries as they are, as torch.save writes them")
            .hint("load and save the file again in PyTorch, or pack the archive anew with `zip -0`"));
    }
    let mut head = Source { name: source.name.clone(), bytes: source.bytes, at: local.min(source.bytes.len()) };
    let signature = head.array()?;
    head.take(22)?;
    let (n_name, n_extra) = (head.u16()?, head.u16()?);
    let twin = head.text(n_name)?;
    if signature != LOCAL || twin != name {
        return Err(source.fault(local, "an entry of the zip archive does not stand where its directory says"));
    }
    head.take(n_extra)?;
    let begin = head.at;
    head.take(size)?;
    Ok((name, (begin, head.at)))
}
