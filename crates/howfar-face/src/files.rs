//! Files and folders with the path in every error; writes are whole or not there.
//!
//! In: paths. Out: bytes, texts, entries. howfar's own JSON files, with format and version, are `files/json.rs`.

mod json;

use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

pub use self::json::{read_json, read_json_since, refuse_version, write_json};
use crate::{Fault, refuse_stand_in};

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    fs::read(path).map_err(|e| Fault::io(path, "read", &e))
}

/// Whether a file is there. What may not be looked at is an error: it is there, or is not, but nobody knows.
pub fn is_there(path: &Path) -> Result<bool, Fault> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.is_file()),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(e) => Err(Fault::io(path, "look for", &e)),
    }
}

/// Reads a whole file of at most `most` bytes. A folder, a pipe and a device are refused: they have no length, and
/// some never end.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, Fault> {
    let fail = |e: std::io::Error| Fault::io(path, "read", &e);
    // Asked of the path, because opening a pipe waits for who writes into it.
    let kind = fs::metadata(path).map_err(fail)?.file_type();
    if !kind.is_file() {
        return Err(Fault::data(path.display(), "cannot read: this is no regular file")
            .found(if kind.is_dir() { "a folder" } else { "a pipe or a device" })
            .expected("a file"));
    }
    let file = File::open(path).map_err(fail)?;
    let n_bytes = file.metadata().map_err(fail)?.len();
    let mut bytes = Vec::new();
    if n_bytes <= most {
        bytes.reserve_exact(n_bytes as usize + 1);
        // It may have grown since its length was asked for.
        file.take(most + 1).read_to_end(&mut bytes).map_err(fail)?;
    }
    let n_bytes = n_bytes.max(bytes.len() as u64);
    if n_bytes > most {
        return Err(Fault::data(path.display(), "the file is larger than howfar reads")
            .found(format!("{} MiB", n_bytes >> 20))
            .expected(format!("up to {} MiB", most >> 20)));
    }
    Ok(bytes)
}

/// Bytes of a weight file of howfar's own: a network of table 1 for pictures of 512 pixels a side has 2 GiB.
const WEIGHT_BYTES: u64 = 4 << 30;

/// Reads a weight file of howfar's own.
pub fn read_weights(path: &Path) -> Result<Vec<u8>, Fault> {
    let bytes = read_at_most(path, WEIGHT_BYTES)?;
    refuse_stand_in(path, &bytes)?;
    Ok(bytes)
}

/// Reads a whole text file, which must be UTF-8.
pub fn read_text(path: &Path) -> Result<String, Fault> {
    String::from_utf8(read(path)?).map_err(|e| {
        Fault::data(path.display(), "the text is not UTF-8")
            .found(format!("a wrong byte at position {}", e.utf8_error().valid_up_to()))
            .hint("save the file as UTF-8")
    })
}

/// Creates a folder and its parents; an existing one is fine.
pub fn create_folder(path: &Path) -> Result<(), Fault> {
    fs::create_dir_all(path).map_err(|e| Fault::io(path, "create the folder", &e))
}

/// The file in a folder that a writer holds locked.
pub const LOCK_FILE: &str = "lock";

/// Keeps other writers out of `folder` as long as the returned file lives, and clears away what writers that were
/// killed left half written. `doing` says what the others would be told that another one does there.
pub fn lock_folder(folder: &Path, doing: &str) -> Result<File, Fault> {
    let path = folder.join(LOCK_FILE);
    let file = File::create(&path).map_err(|e| Fault::io(&path, "create", &e))?;
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Err(Fault::usage(folder.display(), format!("another howfar is {doing} at this moment"))
            .hint("wait for it, or give another --out"));
    }
    // Some file systems have no locks; one writer is the rule there too.
    remove_leftovers(folder)?;
    Ok(file)
}

/// Removes what writers that were killed left half written in `folder` and the folders in it; for whoever is their only
/// writer.
pub fn remove_leftovers(folder: &Path) -> Result<(), Fault> {
    for Entry { path, is_folder } in sorted_kinds(folder)? {
        if is_folder && !path.is_symlink() {
            remove_leftovers(&path)?;
        } else if is_leftover(&path) {
            remove_file(&path)?;
        }
    }
    Ok(())
}

/// Whether a file has a name that an [`AtomicFile`] has before it is finished; files of other programs are theirs.
pub fn is_leftover(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let token =
        name.strip_suffix(PARTIAL).and_then(|name| name.strip_suffix('.')).and_then(|name| name.rsplit('.').next());
    token.and_then(|token| token.split_once('-')).is_some_and(|(process, number)| {
        process.len() == TOKEN_DIGITS
            && process.bytes().all(|b| b.is_ascii_hexdigit())
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Renames within one file system, replacing a file at the target.
pub fn rename(from: &Path, to: &Path) -> Result<(), Fault> {
    fs::rename(from, to).map_err(|e| Fault::io(to, &format!("rename {} to this", from.display()), &e))?;
    sync_folder(to.parent().unwrap_or(Path::new(".")));
    Ok(())
}

/// Removes a folder and what is in it; a missing one is fine.
pub fn remove_folder(path: &Path) -> Result<(), Fault> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Fault::io(path, "remove the folder", &e)),
        _ => Ok(()),
    }
}

/// Removes a file; a missing one is fine.
pub fn remove_file(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Fault::io(path, "remove", &e)),
        _ => Ok(()),
    }
}

/// The entries of a folder, sorted by name, so that no result depends on the file system.
pub fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let fail = |e: std::io::Error| Fault::io(folder, "list the folder", &e);
    let mut entries = fs::read_dir(folder)
        .map_err(fail)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(fail)?;
    entries.sort();
    Ok(entries)
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its path: that of the folder, and its name.
    pub path: PathBuf,
    /// Whether it is a folder, or a link to one.
    pub is_folder: bool,
}

/// The entries of a folder, sorted by name, and which of them are folders. Asks the disk of links alone what they are.
pub fn sorted_kinds(folder: &Path) -> Result<Vec<Entry>, Fault> {
    let fail = |e: std::io::Error| Fault::io(folder, "list the folder", &e);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let kind = entry.file_type().map_err(fail)?;
        let path = entry.path();
        let is_folder = if kind.is_symlink() { path.is_dir() } else { kind.is_dir() };
        entries.push((entry.file_name(), Entry { path, is_folder }));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

/// A file that appears under its name only when it is complete: written beside it, synced, renamed. No two processes,
/// on whatever machines, write to one file: of those who finish the last one's stands there, whole. Dropped before
/// [`AtomicFile::finish`], it leaves nothing.
#[derive(Debug)]
pub struct AtomicFile {
    target: PathBuf,
    partial: PathBuf,
    writer: Option<BufWriter<File>>,
}

impl AtomicFile {
    /// Opens a file of this process alone beside the target.
    pub fn create(target: &Path) -> Result<Self, Fault> {
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let partial = with_ending(target, &format!(".{}-{number}.{PARTIAL}", process_token()));
        let file = File::create(&partial).map_err(|e| Fault::io(&partial, "create", &e))?;
        Ok(AtomicFile { target: target.to_owned(), partial, writer: Some(BufWriter::new(file)) })
    }

    /// Flushes, syncs and gives the file its name.
    pub fn finish(mut self) -> Result<(), Fault> {
        let writer = self.writer.take().expect("finish consumes the only writer");
        let fail = |e: &std::io::Error| Fault::io(&self.target, "write", e);
        let file = writer.into_inner().map_err(|e| fail(e.error()))?;
        file.sync_all().map_err(|e| fail(&e))?;
        drop(file);
        rename(&self.partial, &self.target)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer.as_mut().expect("open until finish").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.as_mut().expect("open until finish").flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            // What is buffered belongs to a file that will not exist.
            let _ = writer.into_parts();
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Writes a whole file or nothing.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(|e| Fault::io(path, "write", &e))?;
    file.finish()
}

/// The ending of what is not written to its end.
const PARTIAL: &str = "partial";

/// `NAME.partial` beside `NAME`: where a folder of files grows.
pub fn partial_name(target: &Path) -> PathBuf {
    with_ending(target, &format!(".{PARTIAL}"))
}

fn with_ending(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    target.with_file_name(name)
}

/// Digits of a [`process_token`].
const TOKEN_DIGITS: usize = 16;

/// A name that no other process has, on this machine or another. It names files for a moment and decides nothing.
pub fn process_token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    // The standard library's hash maps are seeded by the system: the one source of chance without a clock.
    TOKEN.get_or_init(|| format!("{:0TOKEN_DIGITS$x}", RandomState::new().build_hasher().finish()))
}

/// Makes a rename durable. Best effort: some file systems cannot sync a folder.
fn sync_folder(folder: &Path) {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if let Ok(handle) = File::open(folder) {
        let _ = handle.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_dropped_before_it_is_finished_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write(&path, b"old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(read(&path).unwrap(), b"old");
        assert_eq!(sorted_entries(folder.path()).unwrap(), [path]);
    }

    #[test]
    fn two_writers_of_one_file_leave_it_whole_and_the_next_writer_clears_away_what_a_kill_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        let (mut one, mut other) = (AtomicFile::create(&path).unwrap(), AtomicFile::create(&path).unwrap());
        one.write_all(b"one, and more").unwrap();
        other.write_all(b"other").unwrap();
        one.finish().unwrap();
        other.finish().unwrap();
        assert_eq!(read(&path).unwrap(), b"other");
        let mut killed = AtomicFile::create(&path).unwrap();
        killed.write_all(b"half").unwrap();
        std::mem::forget(killed);
        fs::create_dir(folder.path().join("a.partial")).unwrap();
        write(&folder.path().join("film.partial"), b"another program's").unwrap();
        drop(lock_folder(folder.path(), "writing").unwrap());
        let left: Vec<_> =
            ["a.partial", "a.txt", "film.partial", LOCK_FILE].map(|name| folder.path().join(name)).into();
        assert_eq!(sorted_entries(folder.path()).unwrap(), left);
    }

    #[test]
    fn what_is_no_file_or_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, &[7; 10]).unwrap();
        assert_eq!(read_at_most(&path, 10).unwrap(), [7; 10]);
        let fault = read_at_most(&path, 9).unwrap_err();
        assert_eq!((fault.what(), fault.kind()), ("the file is larger than howfar reads", crate::FaultKind::Data));
        assert!(read_at_most(folder.path(), 9).unwrap_err().to_string().contains("a folder"));
        #[cfg(unix)]
        for device in ["/dev/zero", "/dev/null"] {
            assert!(read_at_most(Path::new(device), 9).unwrap_err().to_string().contains("a pipe or a device"));
        }
        assert!(read_at_most(&folder.path().join("b"), 9).unwrap_err().to_string().contains("no such file"));
    }

    #[test]
    fn a_pointer_of_git_lfs_is_no_file_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n").unwrap();
        for fault in [read_weights(&path).unwrap_err(), read_json::<serde_json::Value>(&path, "f", 1).unwrap_err()] {
            assert!(fault.to_string().contains("hint: run `git lfs pull`"), "{fault}");
        }
    }

    #[test]
    fn a_newer_version_is_refused_politely() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write(&path, br#"{"format": "howfar thing", "version": 9}"#).unwrap();
        let fault = read_json::<serde_json::Value>(&path, "howfar thing", 1).unwrap_err();
        assert!(fault.to_string().contains("written by a newer howfar"), "{fault}");
        assert_eq!(fault.kind(), crate::FaultKind::Data);
    }
}
