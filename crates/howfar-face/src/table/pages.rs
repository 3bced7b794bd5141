//! The heads of a column's pages, looked at before the library reads the pages.
//!
//! In: a file and where a column's pages lie in it. Out: a sentence where a head claims what cannot be. The library
//! allocates what a head claims; a damaged one may claim gigabytes. What a page claims beyond its head is `deltas.rs`.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use parquet::file::metadata::ColumnChunkMetaData;

/// Pages that unpack to no more than this are never refused, in bytes.
const ALWAYS_FINE: i64 = 64 << 20;
/// No usual compression makes a page of pictures or words smaller than by this factor.
const MOST_COMPRESSED: i64 = 1024;
/// Nested structures of a head, and values of one.
const DEEPEST: usize = 8;
/// Bytes of one head: old writers put the least and the greatest value of a page into it.
const LONGEST: u64 = 16 << 20;

/// Where the pages of a column lie, and what is known of them.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    /// The first byte in the file.
    start: u64,
    /// Bytes of all pages with their heads.
    length: u64,
    /// Bytes of the unpacked pages, as the file says.
    unpacked: i64,
    /// Values that there can be.
    n_values: i64,
}

/// What a head says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    unpacked: i64,
    packed: i64,
    n_values: i64,
    is_dictionary: bool,
}

/// Whether every page of a column can be what its head says. `n_values` is how many there can be in all: rows, or for
/// lists what the file says.
///
/// # Errors
/// A sentence on the first page that cannot be.
pub fn check_pages(file: &File, chunk: &ColumnChunkMetaData, n_values: i64) -> Result<(), String> {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let place = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed_size()).ok());
    let (start, length) = place.ok_or("the file says that a column lies before its beginning")?;
    check(file, Chunk { start, length, unpacked: chunk.uncompressed_size(), n_values })
}

fn check(file: &File, chunk: Chunk) -> Result<(), String> {
    let failed = |e: std::io::Error| e.to_string();
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(chunk.start)).map_err(failed)?;
    let mut left = chunk.length;
    for page in 1.. {
        if left == 0 {
            break;
        }
        let mut bytes = Counted { reader: (&mut reader).take(left.min(LONGEST)), n: 0 };
        let head = read_head(&mut bytes).ok_or_else(|| format!("the head of page {page} is damaged"))?;
        left = left.saturating_sub(bytes.n);
        let packed = u64::try_from(head.packed).ok().filter(|packed| *packed <= left);
        let Some(packed) = packed else {
            return Err(format!("page {page} claims {} bytes where {left} are left", head.packed));
        };
        let most = chunk.unpacked.max(ALWAYS_FINE).max(head.packed.saturating_mul(MOST_COMPRESSED));
        if !(0..=most).contains(&head.unpacked) {
            return Err(format!("page {page} of {packed} bytes claims to unpack to {}", head.unpacked));
        }
        // A value of a dictionary has four bytes at least.
        let most = if head.is_dictionary { head.unpacked / 4 + 1 } else { chunk.n_values };
        if !(0..=most).contains(&head.n_values) {
            return Err(format!("page {page} claims {} values where there can be {most}", head.n_values));
        }
        left -= packed;
        let packed = i64::try_from(packed).map_err(|e| e.to_string())?;
        reader.seek_relative(packed).map_err(failed)?;
    }
    Ok(())
}

/// A head in Thrift's compact protocol; `None` where it is none.
fn read_head(bytes: &mut impl Read) -> Option<Head> {
    let mut head = Head::default();
    read_struct(bytes, 0, &mut |bytes, field, kind| {
        match (field, kind) {
            (2, INTEGER) => head.unpacked = integer(bytes)?,
            (3, INTEGER) => head.packed = integer(bytes)?,
            (5 | 7 | 8, STRUCT) => {
                head.is_dictionary = field == 7;
                read_struct(bytes, 1, &mut |bytes, inner, kind| match (inner, kind) {
                    (1, INTEGER) => {
                        head.n_values = integer(bytes)?;
                        Some(())
                    }
                    _ => skip(bytes, kind, 2),
                })?;
            }
            _ => skip(bytes, kind, 1)?,
        }
        Some(())
    })?;
    Some(head)
}

/// Kinds of fields that are asked for; 6 and 4 are integers of other lengths, written alike.
const INTEGER: u8 = 5;
const STRUCT: u8 = 12;

/// What is done with a field, given its number and its kind.
type Visit<'v, R> = &'v mut dyn FnMut(&mut R, i64, u8) -> Option<()>;

fn read_struct<R: Read>(bytes: &mut R, depth: usize, visit: Visit<'_, R>) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    let mut field = 0_i64;
    loop {
        let first = byte(bytes)?;
        let (step, kind) = (i64::from(first >> 4), first & 15);
        if kind == 0 {
            return Some(());
        }
        field = if step == 0 { integer(bytes)? } else { field.checked_add(step)? };
        visit(bytes, field, kind)?;
    }
}

fn skip<R: Read>(bytes: &mut R, kind: u8, depth: usize) -> Option<()> {
    match kind {
        // The two truth values stand in the kind itself.
        1 | 2 => Some(()),
        3 => byte(bytes).map(drop),
        4..=6 => integer(bytes).map(drop),
        7 => pass(bytes, 8),
        8 => {
            let length = varint(bytes)?;
            pass(bytes, length)
        }
        9 | 10 => {
            let first = byte(bytes)?;
            let n = if first >> 4 == 15 { varint(bytes)? } else { u64::from(first >> 4) };
            let element = first & 15;
            // A truth value within a list has a byte of its own.
            let element = if matches!(element, 1 | 2) { 3 } else { element };
            (depth < DEEPEST && n <= LONGEST).then_some(())?;
            (0..n).try_for_each(|_| skip(bytes, element, depth + 1))
        }
        12 => read_struct(bytes, depth, &mut |bytes, _, kind| skip(bytes, kind, depth + 1)),
        _ => None,
    }
}

fn pass(bytes: &mut impl Read, n: u64) -> Option<()> {
    (std::io::copy(&mut bytes.take(n), &mut std::io::sink()).ok()? == n).then_some(())
}

fn byte(bytes: &mut impl Read) -> Option<u8> {
    let mut one = [0];
    bytes.read_exact(&mut one).ok()?;
    Some(one[0])
}

fn varint(bytes: &mut impl Read) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let next = byte(bytes)?;
        value |= u64::from(next & 127) << shift;
        if next < 128 {
            return Some(value);
        }
    }
    None
}

fn integer(bytes: &mut impl Read) -> Option<i64> {
    let zigzag = varint(bytes)?;
    Some((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
}

/// Counts what is read.
struct Counted<R> {
    reader: R,
    n: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.n += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_and_what_is_not_asked_for_is_passed_over() {
        // type 0, unpacked 100, packed 60, checksum 1, data page of 7 values with encodings and statistics.
        let bytes = [
            0x15, 0, 0x15, 200, 1, 0x15, 120, 0x15, 2, 0x1c, 0x15, 14, 0x15, 0, 0x15, 6, 0x15, 6, 0x1c, 0x18, 2, 9, 9,
            0, 0, 0,
        ];
        let head = read_head(&mut bytes.as_slice());
        assert_eq!(head, Some(Head { unpacked: 100, packed: 60, n_values: 7, is_dictionary: false }));
        for n in 0..bytes.len() {
            assert_eq!(read_head(&mut &bytes[..n]), None, "{n} bytes of it");
        }
    }

    #[test]
    fn structures_that_never_end_are_none() {
        assert_eq!(read_head(&mut [0x1c_u8; 4096].as_slice()), None);
        assert_eq!(read_head(&mut [0x19_u8, 0xfc].repeat(99).as_slice()), None);
    }
}
