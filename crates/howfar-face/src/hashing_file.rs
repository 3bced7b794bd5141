//! A file that is hashed while it is written. In: bytes. Out: a synced file and its SHA-256. Gives it no name of its
//! own.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::Fault;
use crate::checksum::Hasher;

/// A file that hashes what is written to it.
pub(crate) struct HashingFile {
    file: BufWriter<File>,
    hasher: Hasher,
}

impl HashingFile {
    pub fn create(path: &Path) -> Result<Self, Fault> {
        let file = File::create(path).map_err(|e| Fault::io(path, "create", &e))?;
        Ok(HashingFile { file: BufWriter::new(file), hasher: Hasher::default() })
    }

    /// Syncs the file, which lies at `path`; its SHA-256.
    pub fn finish(self, path: &Path) -> Result<String, Fault> {
        let fail = |e: &std::io::Error| Fault::io(path, "write", e);
        let file = self.file.into_inner().map_err(|e| fail(e.error()))?;
        file.sync_all().map_err(|e| fail(&e))?;
        Ok(self.hasher.finish())
    }
}

impl Write for HashingFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
