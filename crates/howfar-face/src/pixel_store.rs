//! Pixels of many faces, one after the other: in memory up to a bound, what goes beyond in a file.
//!
//! In: faces of one size. Out: their bytes. The file lies where the system keeps temporary files (`TMPDIR`), belongs to
//! this process alone and goes with it; the system's cache keeps in memory what is asked for often.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::{Fault, files, memory_bytes};

/// Bytes of memory of a machine that does not say.
const USUAL_MEMORY: u64 = 16_000_000_000;
/// Names how many GB of pixels a store keeps in memory.
const VARIABLE: &str = "HOWFAR_PIXELS_GB";

/// Bytes by position.
#[derive(Debug, Clone)]
pub(crate) struct PixelStore {
    memory: Vec<u8>,
    /// Bytes that memory may hold.
    most: u64,
    overflow: Option<Overflow>,
    /// The first read that failed.
    fault: Arc<OnceLock<Fault>>,
}

#[derive(Debug, Clone)]
struct Overflow {
    file: Arc<File>,
    n_bytes: u64,
}

impl PixelStore {
    /// An empty one, for a quarter of the machine's memory, or as many GB as `HOWFAR_PIXELS_GB` says.
    pub fn new() -> Self {
        let asked = std::env::var(VARIABLE).ok().and_then(|gb| gb.parse::<f64>().ok()).filter(|gb| *gb >= 0.0);
        Self::for_bytes(asked.map_or_else(|| memory_bytes().unwrap_or(USUAL_MEMORY) / 4, |gb| (gb * 1e9) as u64))
    }

    pub fn for_bytes(most: u64) -> Self {
        PixelStore { memory: Vec::new(), most, overflow: None, fault: Arc::default() }
    }

    /// Adds a face.
    pub fn push(&mut self, pixels: &[u8]) -> Result<(), Fault> {
        if self.overflow.is_none() && self.memory.len() as u64 + pixels.len() as u64 <= self.most {
            self.memory.extend_from_slice(pixels);
            return Ok(());
        }
        let place = std::env::temp_dir();
        let overflow = match &mut self.overflow {
            Some(overflow) => overflow,
            none => none.insert(Overflow { file: Arc::new(nameless(&place)?), n_bytes: 0 }),
        };
        write_at(&overflow.file, pixels, overflow.n_bytes).map_err(|e| {
            Fault::io(&place, "keep faces that do not fit into memory", &e)
                .hint(format!("let TMPDIR name a folder with more room, or {VARIABLE} more memory"))
        })?;
        overflow.n_bytes += pixels.len() as u64;
        Ok(())
    }

    /// The `n` bytes of a face from `begin` on. Should the disk fail, they are 0 and [`PixelStore::check`] says so.
    pub fn get(&self, begin: usize, n: usize) -> Cow<'_, [u8]> {
        if let Some(pixels) = self.memory.get(begin..begin + n) {
            return Cow::Borrowed(pixels);
        }
        let mut pixels = vec![0; n];
        if let Some(overflow) = &self.overflow
            && let Err(e) = read_at(&overflow.file, &mut pixels, (begin - self.memory.len()) as u64)
        {
            let _ = self.fault.set(Fault::io(&std::env::temp_dir(), "read back faces that are kept there", &e));
        }
        Cow::Owned(pixels)
    }

    /// Fails if a read failed: nothing that was computed since may be used.
    pub fn check(&self) -> Result<(), Fault> {
        self.fault.get().map_or(Ok(()), |fault| Err(fault.clone()))
    }
}

/// A file that nobody else finds and that goes with this process.
fn nameless(folder: &Path) -> Result<File, Fault> {
    let path = folder.join(format!("howfar-{}.pixels", files::process_token()));
    let open = |path: &Path| OpenOptions::new().read(true).write(true).create_new(true).open(path);
    // One process may have several stores.
    let (path, file) = (0..)
        .map(|i| path.with_extension(format!("{i}.pixels")))
        .map(|path| (path.clone(), open(&path)))
        .find(|(_, file)| !matches!(file, Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists))
        .expect("numbers do not end");
    let file = file.map_err(|e| Fault::io(&path, "create a file for faces that do not fit into memory", &e))?;
    // Where an open file cannot lose its name, it stays until somebody clears temporary files away.
    let _ = std::fs::remove_file(&path);
    Ok(file)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        (bytes, offset) = (&bytes[n..], offset + n as u64);
    }
    Ok(())
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => (bytes, offset) = (&mut bytes[n..], offset + n as u64),
        }
    }
    Ok(())
}

/// In a page of a browser there is no file: nothing was written that could be read.
#[cfg(not(any(unix, windows)))]
fn write_at(_file: &File, _bytes: &[u8], _offset: u64) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(not(any(unix, windows)))]
fn read_at(_file: &File, _bytes: &mut [u8], _offset: u64) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_into_memory_is_read_back_as_it_was() {
        let mut store = PixelStore::for_bytes(25);
        let faces: Vec<Vec<u8>> = (0..7).map(|i| vec![i; 10]).collect();
        faces.iter().for_each(|face| store.push(face).unwrap());
        assert_eq!(store.memory.len(), 20, "two faces fit");
        let copy = store.clone();
        for (i, face) in faces.iter().enumerate() {
            assert_eq!((&*store.get(10 * i, 10), &*copy.get(10 * i, 10)), (face.as_slice(), face.as_slice()));
        }
        assert!(store.check().is_ok());
    }

    #[test]
    fn a_disk_that_fails_is_told_and_no_number_is_taken_for_one() {
        let mut store = PixelStore::for_bytes(0);
        store.push(&[1; 10]).unwrap();
        assert_eq!(&*store.get(0, 10), [1; 10]);
        store.overflow.as_ref().unwrap().file.set_len(5).unwrap();
        assert_eq!(&*store.get(0, 10).len().to_string(), "10");
        assert!(store.check().unwrap_err().what().contains("read back faces"));
    }
}
