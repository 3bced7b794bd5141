//! A zip archive of stored files, as `torch.load` reads it: nothing is compressed, and numbers begin at multiples of 64
//! bytes so that they can be mapped into memory.
//!
//! In: names and bytes. Out: an archive below 4 GiB.

/// Where the numbers of a file may begin.
const ALIGNMENT: usize = 64;
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Version 2.0, and times that are none: 1 January 1980.
const VERSION: u16 = 20;
const DATE: u16 = 0x21;

/// An archive in the making.
#[derive(Default)]
pub(crate) struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    n_files: u16,
}

impl Zip {
    /// Adds a file.
    pub fn add(&mut self, name: &str, content: &[u8]) {
        let at = self.bytes.len() as u32;
        let begins = self.bytes.len() + 30 + name.len();
        // An extra field of its own kind fills the room: two bytes of kind, two of length.
        let padding = (begins + 4).next_multiple_of(ALIGNMENT) - begins;
        let common = common(content);
        put(&mut self.bytes, &[&LOCAL.to_le_bytes(), &VERSION.to_le_bytes(), &common]);
        put(&mut self.bytes, &[&(name.len() as u16).to_le_bytes(), &(padding as u16).to_le_bytes(), name.as_bytes()]);
        put(&mut self.bytes, &[b"FB", &(padding as u16 - 4).to_le_bytes(), &vec![b'Z'; padding - 4], content]);
        put(&mut self.directory, &[&CENTRAL.to_le_bytes(), &VERSION.to_le_bytes(), &VERSION.to_le_bytes(), &common]);
        // No extra field, no comment, disk 0, no attributes.
        put(&mut self.directory, &[&(name.len() as u16).to_le_bytes(), &[0; 12], &at.to_le_bytes(), name.as_bytes()]);
        self.n_files += 1;
    }

    /// The whole archive.
    pub fn finish(mut self) -> Vec<u8> {
        let (at, length, n) = (self.bytes.len() as u32, self.directory.len() as u32, self.n_files.to_le_bytes());
        put(&mut self.bytes, &[&self.directory, &END.to_le_bytes(), &[0; 4], &n, &n]);
        put(&mut self.bytes, &[&length.to_le_bytes(), &at.to_le_bytes(), &[0; 2]]);
        self.bytes
    }
}

/// Flags, no compression, time and date, checksum, both lengths.
fn common(content: &[u8]) -> Vec<u8> {
    let (sum, length) = (crc32fast::hash(content).to_le_bytes(), (content.len() as u32).to_le_bytes());
    let mut bytes = Vec::new();
    put(&mut bytes, &[&[0; 6], &DATE.to_le_bytes(), &sum, &length, &length]);
    bytes
}

fn put(to: &mut Vec<u8>, pieces: &[&[u8]]) {
    pieces.iter().for_each(|piece| to.extend_from_slice(piece));
}
