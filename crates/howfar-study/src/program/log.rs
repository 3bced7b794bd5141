//! What a program prints: kept in a file that cannot grow without end, and looked through for progress.
//!
//! In: the program's stdout and stderr as they come. Out: `program.log`, the last lines of stderr, and what the last
//! JSON line on stdout said.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use howfar_face::Fault;
use serde::Deserialize;

/// Bytes of the beginning that are kept, and as many of the end.
const KEPT: usize = 4 << 20;
/// Bytes of a line that are looked at.
const LINE: usize = 64 << 10;
/// Lines of stderr that an error shows, and characters of each.
const SHOWN: usize = 20;
const SHOWN_WIDTH: usize = 400;

/// Which of the program's two voices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// Progress and anything else.
    Out,
    /// What an error shows.
    Err,
}

/// What a program says of its progress.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct Said {
    /// Epochs that are over.
    pub epoch: Option<f64>,
    /// Of so many.
    pub epochs: Option<f64>,
    /// Steps that are over.
    pub step: Option<f64>,
    /// Of so many.
    pub steps: Option<f64>,
    /// A loss.
    pub loss: Option<f64>,
    /// Whether nobody was told yet.
    #[serde(skip)]
    pub is_news: bool,
}

impl Said {
    /// The share of the work that is done, as far as it can be told.
    pub fn share(&self, n_epochs: u32) -> f64 {
        let share = match (self.step, self.steps, self.epoch) {
            (Some(step), Some(steps), _) => step / steps,
            (_, _, Some(epoch)) => epoch / self.epochs.unwrap_or(f64::from(n_epochs)),
            _ => 0.0,
        };
        if share.is_finite() { share } else { 0.0 }
    }
}

/// Shared by the threads that listen.
#[derive(Clone)]
pub(crate) struct Log(Arc<Mutex<Kept>>);

struct Kept {
    file: Option<File>,
    path: PathBuf,
    n_head: usize,
    tail: VecDeque<u8>,
    n_left_out: u64,
    said: Said,
    last_lines: VecDeque<String>,
    failure: Option<Fault>,
}

impl Log {
    /// Begins a log anew.
    pub fn create(path: &Path) -> Result<Self, Fault> {
        let file = File::create(path).map_err(|e| Fault::io(path, "create", &e))?;
        Ok(Log(Arc::new(Mutex::new(Kept {
            file: Some(file),
            path: path.to_owned(),
            n_head: 0,
            tail: VecDeque::new(),
            n_left_out: 0,
            said: Said::default(),
            last_lines: VecDeque::new(),
            failure: None,
        }))))
    }

    /// Listens to a voice until it ends.
    pub fn listen(&self, voice: Voice, mut from: impl Read) {
        let (mut chunk, mut line) = (vec![0; 64 << 10], Vec::new());
        while let Ok(n) = from.read(&mut chunk) {
            if n == 0 {
                break;
            }
            let mut kept = self.kept();
            kept.write(&chunk[..n]);
            for byte in &chunk[..n] {
                if *byte == b'\n' {
                    kept.line(voice, &line);
                    line.clear();
                } else if line.len() < LINE {
                    line.push(*byte);
                }
            }
        }
        if !line.is_empty() {
            self.kept().line(voice, &line);
        }
    }

    /// What was said last; news once.
    pub fn said(&self) -> Said {
        let mut kept = self.kept();
        let said = kept.said.clone();
        kept.said.is_news = false;
        said
    }

    /// Writes what is left of the log, and gives the last lines of stderr.
    pub fn end(&self) -> Result<Vec<String>, Fault> {
        let mut kept = self.kept();
        kept.end();
        match kept.failure.take() {
            Some(fault) => Err(fault),
            None => Ok(kept.last_lines.iter().cloned().collect()),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nobody panics while listening")
    }
}

impl Kept {
    fn write(&mut self, bytes: &[u8]) {
        let n = bytes.len().min(KEPT - self.n_head);
        let (head, tail) = bytes.split_at(n);
        self.n_head += n;
        self.append(head);
        self.tail.extend(tail);
        let n_too_many = self.tail.len().saturating_sub(KEPT);
        self.n_left_out += n_too_many as u64;
        drop(self.tail.drain(..n_too_many));
    }

    fn append(&mut self, bytes: &[u8]) {
        if let Some(Err(error)) = self.file.as_mut().map(|file| file.write_all(bytes)) {
            self.failure.get_or_insert_with(|| Fault::io(&self.path, "write", &error));
            self.file = None;
        }
    }

    fn end(&mut self) {
        if self.n_left_out > 0 {
            self.append(format!("\n[howfar: {} bytes are left out here]\n", self.n_left_out).as_bytes());
        }
        let tail: Vec<u8> = self.tail.drain(..).collect();
        self.append(&tail);
        self.n_left_out = 0;
    }

    fn line(&mut self, voice: Voice, line: &[u8]) {
        if voice == Voice::Err {
            let text = String::from_utf8_lossy(line);
            self.last_lines.push_back(text.trim_end().chars().take(SHOWN_WIDTH).collect());
            if self.last_lines.len() > SHOWN {
                self.last_lines.pop_front();
            }
        } else if line.first() == Some(&b'{')
            && let Ok(said) = serde_json::from_slice::<Said>(line)
        {
            self.said = Said { is_news: true, ..said };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_are_kept_and_progress_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program.log");
        let log = Log::create(&path).unwrap();
        let mut text = b"first\n{\"step\": 1, \"steps\": 4, \"loss\": 0.5, \"more\": []}\n{broken\n".to_vec();
        (0..200_000).for_each(|i| text.extend(format!("line {i} of many that nobody will read, ever\n").bytes()));
        text.extend(b"last");
        log.listen(Voice::Out, text.as_slice());
        log.listen(Voice::Err, (0..30).map(|i| format!("error {i}\n")).collect::<String>().as_bytes());
        let said = log.said();
        assert_eq!((said.share(10), said.loss, said.is_news), (0.25, Some(0.5), true));
        assert!(!log.said().is_news);
        let lines = log.end().unwrap();
        assert_eq!((lines.len(), lines[0].as_str(), lines[19].as_str()), (20, "error 10", "error 29"));
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(kept.starts_with("first\n") && kept.ends_with("error 29\n") && kept.contains("last"));
        assert!(kept.contains("bytes are left out here") && kept.len() < 2 * KEPT + 100, "{}", kept.len());
    }

    #[test]
    fn a_share_is_a_number_whatever_was_said() {
        let said = |text: &str| serde_json::from_str::<Said>(text).unwrap().share(20);
        assert_eq!(said("{\"epoch\": 5}"), 0.25);
        assert_eq!(said("{\"epoch\": 5, \"epochs\": 10}"), 0.5);
        assert_eq!(said("{\"step\": 5, \"steps\": 0}"), 0.0);
        assert_eq!(said("{\"loss\": 2}"), 0.0);
    }
}
