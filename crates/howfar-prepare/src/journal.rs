//! What was looked at so far, on disk: a stopped or killed preparation goes on from here.
//!
//! In: for each candidate, in order, what looking at it gave. Out: the same, read again as often as wanted, one entry
//! in memory at a time. Two files in `NAME.looked` beside the set: `entries`, and `looked.json`, which says how much of
//! it is whole and what was asked for. Everything of another request is thrown away. A stop loses nothing, a kill the
//! entries since the last [`Journal::keep`].

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use howfar_face::{Fault, files};
use serde::{Deserialize, Serialize};

use crate::decode::Note;
use crate::listing::Reason;

const FORMAT: &str = "howfar looked-at pictures";
const VERSION: u32 = 1;
const RECORD_FILE: &str = "looked.json";
const ENTRIES_FILE: &str = "entries";
/// No head of an entry is longer, in bytes: one that says so is damaged.
const LONGEST_HEAD: u32 = 1 << 24;

/// What looking at one candidate gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Entry {
    /// SHA-256 of its decoded pixels, and of the box that says which face is meant; none for videos and for what cannot
    /// be read.
    pub pixels_sha256: Option<String>,
    /// A face for each picture, or why there is none.
    pub faces: Vec<LookedAt>,
}

/// One picture of a candidate: a video has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LookedAt {
    /// Its name in the set.
    pub source: String,
    /// What was done to the picture that a reader should know.
    pub note: Option<Note>,
    pub face: Result<EncodedFace, (Reason, String)>,
}

/// A prepared face as it will lie in the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodedFace {
    pub png: Vec<u8>,
    /// Of the pixels.
    pub sha256: String,
    /// Whether its eyes were found, where they were looked for.
    pub has_eyes: bool,
}

/// The head of an entry: everything but the pictures, whose lengths it says.
#[derive(Serialize, Deserialize)]
struct Head {
    pixels_sha256: Option<String>,
    faces: Vec<FaceHead>,
}

#[derive(Serialize, Deserialize)]
struct FaceHead {
    source: String,
    note: Option<Note>,
    n_bytes: usize,
    sha256: String,
    has_eyes: bool,
    reason: Option<(Reason, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    format: String,
    version: u32,
    /// SHA-256 of what was asked for and of the files that it was asked of.
    request_sha256: String,
    n_entries: u64,
    n_bytes: u64,
}

/// Entries in the making.
pub(crate) struct Journal {
    folder: PathBuf,
    record: Record,
    writer: BufWriter<File>,
    /// Held while the journal lives: two writers would mix their entries.
    _lock: File,
}

impl Journal {
    /// `NAME.looked` beside the set.
    pub fn folder_of(out: &Path) -> PathBuf {
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(".looked");
        out.with_file_name(name)
    }

    /// Opens the journal of a set, keeping what an earlier start of the same request left.
    pub fn open(out: &Path, request_sha256: String) -> Result<Self, Fault> {
        let folder = Self::folder_of(out);
        files::create_folder(&folder)?;
        let lock = files::lock_folder(&folder, "preparing this set")?;
        let path = folder.join(ENTRIES_FILE);
        let kept: Option<Record> = files::read_json(&folder.join(RECORD_FILE), FORMAT, VERSION).ok();
        let length = std::fs::metadata(&path).map_or(0, |file| file.len());
        let kept = kept.filter(|kept| kept.request_sha256 == request_sha256 && kept.n_bytes <= length);
        let record = kept.unwrap_or(Record {
            format: FORMAT.to_owned(),
            version: VERSION,
            request_sha256,
            n_entries: 0,
            n_bytes: 0,
        });
        let fail = |e: std::io::Error| Fault::io(&path, "open", &e);
        let file = OpenOptions::new().create(true).append(true).truncate(false).open(&path).map_err(fail)?;
        // What a kill left half written.
        file.set_len(record.n_bytes).map_err(|e| Fault::io(&path, "cut", &e))?;
        Ok(Journal { folder, record, writer: BufWriter::new(file), _lock: lock })
    }

    /// Entries that are there.
    pub fn n_entries(&self) -> u64 {
        self.record.n_entries
    }

    /// Appends what looking at the next candidate gave.
    pub fn push(&mut self, entry: &Entry) -> Result<(), Fault> {
        let path = self.folder.join(ENTRIES_FILE);
        let face_head = |looked: &LookedAt| {
            let (source, note) = (looked.source.clone(), looked.note);
            match &looked.face {
                Ok(face) => FaceHead {
                    source,
                    note,
                    n_bytes: face.png.len(),
                    sha256: face.sha256.clone(),
                    has_eyes: face.has_eyes,
                    reason: None,
                },
                Err(reason) => {
                    let (sha256, reason) = (String::new(), Some(reason.clone()));
                    FaceHead { source, note, n_bytes: 0, sha256, has_eyes: false, reason }
                }
            }
        };
        let head =
            Head { pixels_sha256: entry.pixels_sha256.clone(), faces: entry.faces.iter().map(face_head).collect() };
        let head = serde_json::to_vec(&head).map_err(|e| Fault::data(path.display(), e.to_string()))?;
        let pngs = entry.faces.iter().filter_map(|looked| looked.face.as_ref().ok()).map(|face| face.png.as_slice());
        let length = (head.len() as u32).to_le_bytes();
        for bytes in [length.as_slice(), &head].into_iter().chain(pngs) {
            self.writer.write_all(bytes).map_err(|e| Fault::io(&path, "write", &e))?;
            self.record.n_bytes += bytes.len() as u64;
        }
        self.record.n_entries += 1;
        Ok(())
    }

    /// Makes what was pushed so far last.
    pub fn keep(&mut self) -> Result<(), Fault> {
        let path = self.folder.join(ENTRIES_FILE);
        let fail = |e: std::io::Error| Fault::io(&path, "write", &e);
        self.writer.flush().map_err(fail)?;
        self.writer.get_ref().sync_data().map_err(fail)?;
        files::write_json(&self.folder.join(RECORD_FILE), &self.record)
    }

    /// Calls `visit` with every entry in order.
    pub fn for_each(&mut self, visit: impl FnMut(usize, Entry) -> Result<(), Fault>) -> Result<(), Fault> {
        self.read(true, visit)
    }

    /// The same without the pictures, which are not read: every face has an empty one.
    pub fn for_each_head(&mut self, visit: impl FnMut(usize, Entry) -> Result<(), Fault>) -> Result<(), Fault> {
        self.read(false, visit)
    }

    fn read(
        &mut self,
        with_pictures: bool,
        mut visit: impl FnMut(usize, Entry) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.keep()?;
        let path = self.folder.join(ENTRIES_FILE);
        let file = File::open(&path).map_err(|e| Fault::io(&path, "open", &e))?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        for entry_idx in 0..self.record.n_entries as usize {
            let entry = read_entry(&mut reader, with_pictures).map_err(|what| {
                Fault::data(path.display(), format!("entry {entry_idx} of the pictures looked at is damaged: {what}"))
                    .hint(format!("remove {} and run the same command again", self.folder.display()))
            })?;
            visit(entry_idx, entry)?;
        }
        Ok(())
    }

    /// Removes the journal: the set is written.
    pub fn clear(self) -> Result<(), Fault> {
        drop(self.writer);
        files::remove_folder(&self.folder)
    }
}

fn read_entry(reader: &mut BufReader<File>, with_pictures: bool) -> Result<Entry, String> {
    let mut length = [0; 4];
    reader.read_exact(&mut length).map_err(|e| e.to_string())?;
    let length = u32::from_le_bytes(length);
    if length > LONGEST_HEAD {
        return Err(format!("a head of {length} bytes"));
    }
    let mut head = vec![0; length as usize];
    reader.read_exact(&mut head).map_err(|e| e.to_string())?;
    let Head { pixels_sha256, faces } = serde_json::from_slice(&head).map_err(|e| e.to_string())?;
    let mut entry = Entry { pixels_sha256, faces: Vec::with_capacity(faces.len()) };
    for FaceHead { source, note, n_bytes, sha256, has_eyes, reason } in faces {
        let face = match reason {
            Some(reason) => Err(reason),
            None if !with_pictures => {
                // Backwards there would be no end.
                let n_bytes = i64::try_from(n_bytes).map_err(|e| e.to_string())?;
                reader.seek_relative(n_bytes).map_err(|e| e.to_string())?;
                Ok(EncodedFace { png: Vec::new(), sha256, has_eyes })
            }
            None => {
                let mut png = Vec::new();
                reader.take(n_bytes as u64).read_to_end(&mut png).map_err(|e| e.to_string())?;
                if png.len() != n_bytes {
                    return Err("the file ends early".to_owned());
                }
                Ok(EncodedFace { png, sha256, has_eyes })
            }
        };
        entry.faces.push(LookedAt { source, note, face });
    }
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(i: u8) -> Entry {
        let face = if i.is_multiple_of(3) {
            Err((Reason::NoFace, format!("in {i}")))
        } else {
            Ok(EncodedFace { png: vec![i; usize::from(i)], sha256: format!("{i}"), has_eyes: i > 4 })
        };
        let looked = LookedAt { source: format!("{i}.png"), note: (i == 7).then_some(Note::TwelveInSixteen), face };
        Entry { pixels_sha256: i.is_multiple_of(2).then(|| "x".to_owned()), faces: vec![looked; usize::from(i % 4)] }
    }

    fn read(journal: &mut Journal) -> Vec<Entry> {
        let mut entries = Vec::new();
        let collect = |_, entry| {
            entries.push(entry);
            Ok(())
        };
        journal.for_each(collect).unwrap();
        entries
    }

    #[test]
    fn heads_are_the_entries_without_their_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&folder.path().join("faces"), "a".to_owned()).unwrap();
        (0..9).for_each(|i| journal.push(&entry(i)).unwrap());
        let mut entries = read(&mut journal);
        let faces = entries.iter_mut().flat_map(|entry| &mut entry.faces);
        faces.filter_map(|looked| looked.face.as_mut().ok()).for_each(|face| face.png.clear());
        let mut heads = Vec::new();
        let collect = |_, head| {
            heads.push(head);
            Ok(())
        };
        journal.for_each_head(collect).unwrap();
        assert_eq!(heads, entries);
    }

    #[test]
    fn a_journal_goes_on_after_a_stop_and_forgets_what_a_kill_left_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("faces");
        let open = |request: &str| Journal::open(&out, request.to_owned()).unwrap();
        let mut journal = open("a");
        (0..5).for_each(|i| journal.push(&entry(i)).unwrap());
        journal.keep().unwrap();
        // Written, but not kept: as if killed here.
        journal.push(&entry(5)).unwrap();
        drop(journal);
        let mut journal = open("a");
        assert_eq!(journal.n_entries(), 5);
        (5..12).for_each(|i| journal.push(&entry(i)).unwrap());
        assert_eq!(read(&mut journal), (0..12).map(entry).collect::<Vec<_>>());
        drop(journal);
        assert_eq!(open("another request").n_entries(), 0);
    }

    #[test]
    fn two_at_once_are_refused_and_damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("faces");
        let mut journal = Journal::open(&out, "a".to_owned()).unwrap();
        let second = Journal::open(&out, "a".to_owned()).err().unwrap().to_string();
        assert!(second.contains("another howfar is preparing this set"), "{second}");
        journal.push(&entry(1)).unwrap();
        journal.keep().unwrap();
        let path = folder.path().join("faces.looked/entries");
        std::fs::write(&path, vec![0xff; std::fs::metadata(&path).unwrap().len() as usize]).unwrap();
        let fault = journal.for_each(|_, _| Ok(())).unwrap_err().to_string();
        assert!(fault.contains("entry 0 of the pictures looked at is damaged"), "{fault}");
        // A picture so long that the next head would be this one again.
        let head = |n: u64| {
            let nothing = r#""note":null,"sha256":"","has_eyes":false,"reason":null"#;
            let face = format!(r#"{{"source":"","n_bytes":{n},{nothing}}}"#);
            let head = format!(r#"{{"pixels_sha256":null,"faces":[{face}]}}"#);
            [&(head.len() as u32).to_le_bytes()[..], head.as_bytes()].concat()
        };
        let length = head(u64::MAX).len() as u64;
        std::fs::write(&path, head(0u64.wrapping_sub(length))).unwrap();
        journal.record.n_entries = u64::MAX;
        let fault = journal.for_each_head(|_, _| Ok(())).unwrap_err().to_string();
        assert!(fault.contains("entry 0 of the pictures looked at is damaged"), "{fault}");
        journal.clear().unwrap();
        assert!(!folder.path().join("faces.looked").exists());
    }
}
