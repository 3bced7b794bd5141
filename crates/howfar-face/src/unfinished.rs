//! What a stopped writer of a face set goes on from: finished shards, the finished row groups of the next one as small
//! files, and a record that names them with their hashes.
//!
//! In: the partial folder and a text that says what was asked for. Out: the files that may be trusted; everything of
//! another request, and every file that changed, is thrown away. A stop loses nothing, a kill the faces since the last
//! row group at most.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::checksum::{file_sha256, sha256_hex};
use crate::{FaceSetInfo, Fault, Shard, files};

const FORMAT: &str = "howfar unfinished face set";
const VERSION: u32 = 1;
const RECORD_FILE: &str = "unfinished.json";
const GROUPS_FOLDER: &str = "groups";
const REST_FILE: &str = "groups/rest.parquet";

/// The contents of `unfinished.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    format: String,
    version: u32,
    /// SHA-256 of what was asked for.
    request_sha256: String,
    /// Faces in the files below.
    n_faces: u64,
    /// Complete shards.
    shards: Vec<Shard>,
    /// Row groups of the shard that comes next.
    groups: Vec<Shard>,
    /// Faces of the row group that comes next, if the writer was stopped in good order.
    rest: Option<Shard>,
    /// What the writer's owner keeps beside the faces.
    #[serde(default)]
    note: Option<String>,
}

impl Record {
    fn files(&self) -> impl Iterator<Item = &Shard> {
        self.shards.iter().chain(&self.groups).chain(&self.rest)
    }
}

/// The files that a stopped writer goes on from.
#[derive(Debug)]
pub(crate) struct Unfinished {
    partial: PathBuf,
    record: Record,
    /// Held while the writer lives: two writers of one folder would mix their files.
    _lock: File,
}

impl Unfinished {
    /// Opens `partial`, keeping what an earlier writer of the same request finished there and nothing else.
    pub fn open(partial: &Path, info: &FaceSetInfo, request: &str) -> Result<Self, Fault> {
        let request_sha256 = request_sha256(partial, info, request)?;
        files::create_folder(partial)?;
        let lock = files::lock_folder(partial, "writing this set")?;
        if let Some(record) = trusted(partial, &request_sha256) {
            return Ok(Unfinished { partial: partial.to_owned(), record, _lock: lock });
        }
        for entry in files::sorted_entries(partial)?.into_iter().filter(|entry| !entry.ends_with(files::LOCK_FILE)) {
            if entry.is_dir() { files::remove_folder(&entry)? } else { files::remove_file(&entry)? }
        }
        files::create_folder(&partial.join("data"))?;
        files::create_folder(&partial.join(GROUPS_FOLDER))?;
        let (format, version, shards, groups) = (FORMAT.to_owned(), VERSION, Vec::new(), Vec::new());
        let record = Record { format, version, request_sha256, n_faces: 0, shards, groups, rest: None, note: None };
        Ok(Unfinished { partial: partial.to_owned(), record, _lock: lock })
    }

    pub fn n_faces(&self) -> u64 {
        self.record.n_faces
    }

    pub fn shards(&self) -> &[Shard] {
        &self.record.shards
    }

    pub fn groups(&self) -> &[Shard] {
        &self.record.groups
    }

    pub fn rest(&self) -> Option<&Shard> {
        self.record.rest.as_ref()
    }

    pub fn note(&self) -> Option<&str> {
        self.record.note.as_deref()
    }

    /// Takes a note, which is recorded together with the next faces.
    pub fn set_note(&mut self, note: String) {
        self.record.note = Some(note);
    }

    /// Where the next row group is to be written, within the partial folder.
    pub fn next_group(&self) -> String {
        format!("{GROUPS_FOLDER}/{:05}.parquet", self.record.groups.len())
    }

    /// Where the faces after the last row group are to be written.
    pub fn rest_file(&self) -> String {
        REST_FILE.to_owned()
    }

    /// Records a row group that lies at [`Unfinished::next_group`]; it holds the rest that there was.
    pub fn keep_group(&mut self, group: Shard) -> Result<(), Fault> {
        self.record.groups.push(group);
        self.record.rest = None;
        self.save()
    }

    /// Records the faces that lie at [`Unfinished::rest_file`].
    pub fn keep_rest(&mut self, rest: Shard) -> Result<(), Fault> {
        self.record.rest = Some(rest);
        self.save()
    }

    /// Records a complete shard, which makes its row groups superfluous.
    pub fn keep_shard(&mut self, shard: &Shard) -> Result<(), Fault> {
        let groups = std::mem::take(&mut self.record.groups);
        self.record.shards.push(shard.clone());
        self.save()?;
        groups.iter().try_for_each(|group| files::remove_file(&self.partial.join(&group.file)))
    }

    /// Removes everything that is not part of the set.
    pub fn clear(self) -> Result<(), Fault> {
        files::remove_folder(&self.partial.join(GROUPS_FOLDER))?;
        files::remove_file(&self.partial.join(files::LOCK_FILE))?;
        files::remove_file(&self.partial.join(RECORD_FILE))
    }

    fn save(&mut self) -> Result<(), Fault> {
        self.record.n_faces = self.record.files().map(|file| file.n_faces).sum();
        files::write_json(&self.partial.join(RECORD_FILE), &self.record)
    }
}

fn request_sha256(partial: &Path, info: &FaceSetInfo, request: &str) -> Result<String, Fault> {
    let info = serde_json::to_vec(info).map_err(|e| Fault::data(partial.display(), e.to_string()))?;
    Ok(sha256_hex(&[request.as_bytes(), b"\n", &info]))
}

/// The record, if it belongs to this request and every file is as recorded.
fn trusted(partial: &Path, request_sha256: &str) -> Option<Record> {
    let record: Record = files::read_json(&partial.join(RECORD_FILE), FORMAT, VERSION).ok()?;
    give_back_names(partial, &record.shards);
    let whole = |file: &Shard| file_sha256(&partial.join(&file.file)).is_ok_and(|found| found == file.sha256);
    let n_faces = record.files().try_fold(0_u64, |sum, file| sum.checked_add(file.n_faces));
    let same = record.request_sha256 == request_sha256 && n_faces == Some(record.n_faces);
    (same && record.files().all(whole)).then_some(record)
}

/// A kill during the last renames leaves shards under their final names.
fn give_back_names(partial: &Path, shards: &[Shard]) {
    for entry in files::sorted_entries(&partial.join("data")).unwrap_or_default() {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number = name.strip_prefix("train-").and_then(|rest| rest.get(..5)?.parse::<usize>().ok());
        if let Some(shard) = number.and_then(|number| shards.get(number)) {
            // A failure shows as a missing shard.
            let _ = files::rename(&entry, &partial.join(&shard.file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preprocessing;

    #[test]
    fn numbers_of_faces_that_no_number_holds_are_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let info = FaceSetInfo::new("a", vec!["b".to_owned()], Preprocessing::standard("none", "none", 16));
        let mut unfinished = Unfinished::open(folder.path(), &info, "asked for").unwrap();
        let shard = |n_faces| Shard { file: "data/a".to_owned(), n_faces, sha256: String::new() };
        unfinished.record.shards = vec![shard(u64::MAX), shard(1)];
        files::write_json(&folder.path().join(RECORD_FILE), &unfinished.record).unwrap();
        drop(unfinished);
        assert_eq!(Unfinished::open(folder.path(), &info, "asked for").unwrap().shards(), []);
    }
}
