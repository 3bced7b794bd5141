//! `log.txt` in a study's folder: what was done there, by whom and when, one line an event.
//!
//! In: events as they come, of any number of processes. Out: lines that are added and never changed. No result is made
//! from it and no hash covers it; a log that cannot be written stops no study.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use howfar_face::{printable_name, shortened};

use crate::clock::utc_seconds;

/// Bytes after which nothing is added; the next command keeps such a file as `log.old.txt` and begins anew.
const MOST_BYTES: u64 = 1 << 20;
/// Characters of an event.
const MOST_CHARACTERS: usize = 2000;

/// The log of one study, as this process writes it.
#[derive(Debug)]
pub struct StudyLog {
    path: PathBuf,
    file: File,
}

impl StudyLog {
    /// Opens that of the study in `folder`, which must be there; none where it cannot be written.
    pub fn open(folder: &Path) -> Option<Self> {
        let path = folder.join("log.txt");
        if std::fs::metadata(&path).is_ok_and(|data| data.len() >= MOST_BYTES) {
            std::fs::rename(&path, folder.join("log.old.txt")).ok()?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path).ok()?;
        Some(StudyLog { path, file })
    }

    /// Whether it is that of the study in `folder`.
    pub fn is_in(&self, folder: &Path) -> bool {
        self.path.parent() == Some(folder)
    }

    /// Adds an event, in one write.
    pub fn add(&mut self, event: &str) {
        let size = self.file.metadata().map_or(MOST_BYTES, |data| data.len());
        if size >= MOST_BYTES {
            return;
        }
        let event = printable_name(event);
        let (now, process) = (utc_seconds(SystemTime::now()), std::process::id());
        let line = format!("{now} [{process}] {}\n", shortened(&event, MOST_CHARACTERS));
        let _ = self.file.write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(place: &Path, name: &str) -> String {
        std::fs::read_to_string(place.join(name)).unwrap()
    }

    #[test]
    fn an_event_is_a_line_with_time_and_process_and_lines_are_added() {
        let place = tempfile::tempdir().unwrap();
        let mut log = StudyLog::open(place.path()).unwrap();
        assert!(log.is_in(place.path()));
        log.add("run begins");
        StudyLog::open(place.path()).unwrap().add("two\nlines\u{1b}[1m");
        let text = read(place.path(), "log.txt");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].ends_with(&format!("UTC [{}] run begins", std::process::id())), "{text}");
        assert!(lines[1].contains("two\\nlines") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn a_full_log_takes_no_more_and_the_next_command_begins_another() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("log.txt"), vec![b'x'; MOST_BYTES as usize - 1]).unwrap();
        let mut log = StudyLog::open(place.path()).unwrap();
        log.add("the last one");
        log.add("one too many");
        let full = read(place.path(), "log.txt");
        assert!(full.contains("the last one") && !full.contains("one too many"));
        StudyLog::open(place.path()).unwrap().add("anew");
        assert_eq!(read(place.path(), "log.old.txt"), full);
        assert!(read(place.path(), "log.txt").ends_with("anew\n"));
        assert!(StudyLog::open(&place.path().join("nowhere")).is_none());
    }
}
