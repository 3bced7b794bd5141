//! Writes a face set: shards as the faces come, then the card and `face_set.json`, then one rename of the folder.
//!
//! In: faces, one at a time. Out: a folder that appears under its name only when it is complete. Memory holds one row
//! group at most.

use std::path::{Path, PathBuf};

use crate::content_hash::ContentHash;
use crate::dataset_card::{CARD_FILE, dataset_card, hugging_face_features};
use crate::face_set::INFO_FILE;
use crate::hashing_file::HashingFile;
use crate::row::{COLUMNS, Row, columns, rows};
use crate::table::{Column, TableReader, TableWriter};
use crate::unfinished::Unfinished;
use crate::{Face, FaceLabels, FaceSet, FaceSetInfo, Fault, Shard, files};

/// How many faces lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupSizes {
    /// Faces in one row group: what a reader holds in memory, and what a kill loses at most.
    pub group: usize,
    /// Faces in one Parquet file.
    pub shard: u64,
}

impl GroupSizes {
    /// 500 faces a row group, 20,000 a file, which is some 60 MB of 64×64 gray pictures.
    pub const STANDARD: Self = GroupSizes { group: 500, shard: 20_000 };
}

/// A face set in the making. Dropped before [`FaceSetWriter::finish`], it leaves nothing behind; one that was begun with
/// [`FaceSetWriter::resume`] leaves what the next one goes on from.
pub struct FaceSetWriter {
    target: PathBuf,
    partial: PathBuf,
    info: FaceSetInfo,
    sizes: GroupSizes,
    content: ContentHash,
    group: Vec<Row>,
    shard: Option<(TableWriter<HashingFile>, u64)>,
    unfinished: Option<Unfinished>,
    finished: bool,
}

impl FaceSetWriter {
    /// Begins a set that will appear at `target`, which must not exist yet: nothing is overwritten.
    pub fn create(target: &Path, info: FaceSetInfo) -> Result<Self, Fault> {
        refuse_existing(target)?;
        let partial = files::partial_name(target);
        files::remove_folder(&partial)?;
        files::create_folder(&partial.join("data"))?;
        Ok(Self::empty(target, partial, info, GroupSizes::STANDARD, None))
    }

    /// Begins a set, or goes on with one that a stopped or killed writer of the same `info`, `sizes` and `request` left
    /// in `NAME.partial`. [`FaceSetWriter::n_faces`] says how many faces are there already: push those that follow. The
    /// finished set has the same bytes as an unbroken one. What another request left is removed.
    pub fn resume(target: &Path, info: FaceSetInfo, sizes: GroupSizes, request: &str) -> Result<Self, Fault> {
        refuse_existing(target)?;
        let partial = files::partial_name(target);
        let request = format!("{sizes:?}\n{request}");
        let unfinished = Unfinished::open(&partial, &info, &request)?;
        let (shards, groups) = (unfinished.shards().to_vec(), unfinished.groups().to_vec());
        let rest = unfinished.rest().cloned();
        let mut writer = Self::empty(target, partial, info, sizes, Some(unfinished));
        for shard in shards {
            writer.for_each_group(&shard, |writer, rows| {
                writer.count(&rows);
                Ok(())
            })?;
            writer.info.shards.push(shard);
        }
        for group in groups {
            writer.for_each_group(&group, |writer, rows| {
                writer.count(&rows);
                writer.append(&columns(&rows))
            })?;
        }
        // A kill between a shard's last group and its end leaves it full and open.
        if writer.shard.as_ref().is_some_and(|(_, n)| *n >= sizes.shard) {
            writer.close_shard()?;
        }
        if let Some(rest) = rest {
            writer.for_each_group(&rest, |writer, rows| {
                writer.group.extend(rows);
                Ok(())
            })?;
        }
        Ok(writer)
    }

    fn empty(
        target: &Path,
        partial: PathBuf,
        info: FaceSetInfo,
        sizes: GroupSizes,
        unfinished: Option<Unfinished>,
    ) -> Self {
        FaceSetWriter {
            target: target.to_owned(),
            partial,
            info,
            sizes,
            content: ContentHash::default(),
            group: Vec::new(),
            shard: None,
            unfinished,
            finished: false,
        }
    }

    /// Faces pushed so far, with those that were there before.
    pub fn n_faces(&self) -> u64 {
        self.info.n_faces + self.group.len() as u64
    }

    /// What [`FaceSetWriter::set_note`] was told before the last of the faces that are there.
    pub fn note(&self) -> Option<&str> {
        self.unfinished.as_ref().and_then(Unfinished::note)
    }

    /// Keeps a text beside the faces that are pushed from here on: a writer that goes on finds the one that belongs to the last face it
    /// finds.
    pub fn set_note(&mut self, note: String) {
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.set_note(note);
        }
    }

    /// Adds a remark that readers of the set should know.
    pub fn add_caveat(&mut self, caveat: String) {
        self.info.caveats.push(caveat);
    }

    /// Appends one face.
    pub fn push(&mut self, face: &Face) -> Result<(), Fault> {
        self.push_row(Row::of(face))
    }

    /// Appends a face whose picture was encoded before. `sha256` is that of its pixels ([`crate::Picture::sha256`]).
    pub fn push_encoded(&mut self, png: Vec<u8>, sha256: String, labels: FaceLabels) -> Result<(), Fault> {
        self.push_row(Row { png, sha256, labels })
    }

    fn push_row(&mut self, row: Row) -> Result<(), Fault> {
        self.group.push(row);
        let shard_full = self.shard.as_ref().map_or(0, |(_, n)| *n) + self.group.len() as u64 == self.sizes.shard;
        if self.group.len() == self.sizes.group || shard_full {
            self.write_group()?;
        }
        if shard_full {
            self.close_shard()?;
        }
        Ok(())
    }

    /// Writes what is left, the card and `face_set.json`, and gives the folder its name.
    pub fn finish(mut self) -> Result<FaceSet, Fault> {
        self.write_group()?;
        self.close_shard()?;
        if self.info.n_faces == 0 {
            return Err(Fault::data(self.target.display(), "no face is left for the set")
                .hint("look into the rejects for the reason of each file"));
        }
        let n_shards = self.info.shards.len();
        for (shard_idx, shard) in self.info.shards.iter_mut().enumerate() {
            let name = format!("data/train-{shard_idx:05}-of-{n_shards:05}.parquet");
            files::rename(&self.partial.join(&shard.file), &self.partial.join(&name))?;
            shard.file = name;
        }
        self.info.content_sha256 = std::mem::take(&mut self.content).finish();
        files::write(&self.partial.join(CARD_FILE), dataset_card(&self.info).as_bytes())?;
        files::write_json(&self.partial.join(INFO_FILE), &self.info)?;
        if let Some(unfinished) = self.unfinished.take() {
            unfinished.clear()?;
        }
        files::rename(&self.partial, &self.target)?;
        self.finished = true;
        FaceSet::open(&self.target)
    }

    fn write_group(&mut self) -> Result<(), Fault> {
        if self.group.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.group);
        let columns = columns(&rows);
        self.keep(&columns)?;
        self.count(&rows);
        self.append(&columns)
    }

    /// Counts the rows of a group and adds them to the set's identity.
    fn count(&mut self, rows: &[Row]) {
        for Row { labels, sha256, .. } in rows {
            let class = self.info.classes.get(labels.label).map_or("", String::as_str);
            self.content.add(class, labels, sha256);
        }
        self.info.n_faces += rows.len() as u64;
    }

    /// Writes a group into the open shard.
    fn append(&mut self, columns: &[Column]) -> Result<(), Fault> {
        let (mut table, n) = match self.shard.take() {
            Some(open) => open,
            None => (self.open_table(&self.shard_name())?, 0),
        };
        table.write(columns)?;
        self.shard = Some((table, n + n_rows(columns)));
        Ok(())
    }

    /// Keeps a group that is about to be written, so that a later writer can write it again.
    fn keep(&mut self, columns: &[Column]) -> Result<(), Fault> {
        let Some(file) = self.unfinished.as_ref().map(Unfinished::next_group) else { return Ok(()) };
        let group = self.write_apart(file, columns)?;
        self.unfinished.as_mut().map_or(Ok(()), |unfinished| unfinished.keep_group(group))
    }

    /// Keeps the faces that do not fill a group yet.
    fn keep_rest(&mut self) -> Result<(), Fault> {
        let file = self.unfinished.as_ref().filter(|_| !self.group.is_empty()).map(Unfinished::rest_file);
        let Some(file) = file else { return Ok(()) };
        let rest = self.write_apart(file, &columns(&self.group))?;
        self.unfinished.as_mut().map_or(Ok(()), |unfinished| unfinished.keep_rest(rest))
    }

    /// Writes a group into a file of its own.
    fn write_apart(&self, file: String, columns: &[Column]) -> Result<Shard, Fault> {
        let path = self.partial.join(&file);
        let write = || {
            let mut table = self.open_table(&file)?;
            table.write(columns)?;
            table.finish()?.finish(&path)
        };
        let sha256 = write().inspect_err(|_| {
            // Half a group helps nobody, and the disk may be full.
            let _ = files::remove_file(&path);
        })?;
        Ok(Shard { file, n_faces: n_rows(columns), sha256 })
    }

    /// Reads back what an earlier writer finished.
    fn for_each_group(
        &mut self,
        file: &Shard,
        mut visit: impl FnMut(&mut Self, Vec<Row>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let path = self.partial.join(&file.file);
        let (table, place) = (TableReader::open(&path, &COLUMNS)?, path.display().to_string());
        let (n_classes, mut n_rows) = (self.info.classes.len(), 0);
        for group_idx in 0..table.n_groups() {
            let group = rows(table.read(group_idx)?, n_classes, &place, n_rows).collect::<Result<Vec<Row>, Fault>>()?;
            n_rows += group.len() as u64;
            visit(self, group)?;
        }
        Ok(())
    }

    fn shard_name(&self) -> String {
        format!("data/shard-{:05}.parquet", self.info.shards.len())
    }

    fn open_table(&self, file: &str) -> Result<TableWriter<HashingFile>, Fault> {
        open_table(&self.partial.join(file), &self.info.classes)
    }

    fn close_shard(&mut self) -> Result<(), Fault> {
        let Some((table, n_faces)) = self.shard.take() else { return Ok(()) };
        let file = self.shard_name();
        let sha256 = table.finish()?.finish(&self.partial.join(&file))?;
        let shard = Shard { file, n_faces, sha256 };
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.keep_shard(&shard)?;
        }
        self.info.shards.push(shard);
        Ok(())
    }
}

/// Begins a shard at `path`.
pub(crate) fn open_table(path: &Path, classes: &[String]) -> Result<TableWriter<HashingFile>, Fault> {
    let file = HashingFile::create(path)?;
    TableWriter::new(file, path, &COLUMNS, &[("huggingface", hugging_face_features(classes))])
}

fn refuse_existing(target: &Path) -> Result<(), Fault> {
    if target.exists() {
        return Err(Fault::usage(target.display(), "this already exists; a face set is never overwritten")
            .hint("give another --out, or remove the folder first"));
    }
    Ok(())
}

fn n_rows(columns: &[Column]) -> u64 {
    match columns.first() {
        Some(Column::Image(images)) => images.len() as u64,
        _ => 0,
    }
}

impl Drop for FaceSetWriter {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        self.shard = None;
        // Nobody is there to be told; what is not kept is drawn again.
        let _ = self.keep_rest();
        if self.unfinished.as_ref().is_some_and(|unfinished| unfinished.n_faces() > 0) {
            let _ = files::remove_file(&self.partial.join(self.shard_name()));
        } else {
            let _ = std::fs::remove_dir_all(&self.partial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DrawnLabels, Picture, Preprocessing, Provenance, SubjectId};

    fn info() -> FaceSetInfo {
        let classes = vec!["anger".to_owned(), "joy".to_owned()];
        FaceSetInfo::new("test", classes, Preprocessing::standard("none", "none", 8))
    }

    fn face(i: u8) -> Face {
        let drawn = i.is_multiple_of(2).then(|| DrawnLabels {
            intensity: 0.5,
            action_units: vec![0.25; 3],
            landmarks: vec![1.0; 136],
            pose: [1.0, 2.0, 3.0],
            light: [0.0, 0.0, 1.0],
        });
        let labels = FaceLabels {
            label: usize::from(i % 2),
            subject: SubjectId::new("test", &format!("p{i}")).unwrap(),
            provenance: if i.is_multiple_of(2) { Provenance::Drawn } else { Provenance::Real },
            parent: i.is_multiple_of(3).then(|| SubjectId::new("other", "q").unwrap()),
            source: format!("{i}.png"),
            drawn,
        };
        Face { picture: Picture::gray(8, 8, (0..64).map(|p: u8| p.wrapping_mul(i)).collect()), labels }
    }

    fn write(folder: &Path, n: u8) -> FaceSet {
        let mut writer = FaceSetWriter::create(folder, info()).unwrap();
        for i in 0..n {
            writer.push(&face(i)).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn a_set_reads_back_what_was_written_and_twice_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (write(&folder.path().join("a"), 4), write(&folder.path().join("b"), 4));
        let mut read = Vec::new();
        a.for_each(|f| {
            read.push(f);
            Ok(())
        })
        .unwrap();
        assert_eq!(read, (0..4).map(face).collect::<Vec<_>>());
        assert_eq!(a.info(), b.info());
    }

    #[test]
    fn a_writer_that_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = FaceSetWriter::create(&folder.path().join("a"), info()).unwrap();
        writer.push(&face(1)).unwrap();
        drop(writer);
        assert!(files::sorted_entries(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn a_writer_stopped_anywhere_goes_on_to_the_same_set() {
        let folder = tempfile::tempdir().unwrap();
        let sizes = GroupSizes { group: 3, shard: 7 };
        let push = |writer: &mut FaceSetWriter, to: u64| {
            (writer.n_faces()..to).for_each(|i| writer.push(&face(i as u8)).unwrap());
        };
        let begin = |name: &str| FaceSetWriter::resume(&folder.path().join(name), info(), sizes, "19 faces").unwrap();
        let mut unbroken = begin("unbroken");
        push(&mut unbroken, 19);
        let expected = unbroken.finish().unwrap();
        for stop in 0..19 {
            let name = format!("broken-{stop}");
            for to in [stop, stop + 1] {
                let mut writer = begin(&name);
                push(&mut writer, to);
                drop(writer);
            }
            let mut writer = begin(&name);
            assert_eq!(writer.n_faces(), stop + 1);
            push(&mut writer, 19);
            let set = writer.finish().unwrap();
            assert_eq!(set.info(), expected.info(), "stopped after {stop}");
            assert_eq!(files::sorted_entries(set.folder()).unwrap().len(), 3);
        }
    }

    #[test]
    fn a_kill_between_the_last_group_of_a_shard_and_its_end_changes_no_byte() {
        let folder = tempfile::tempdir().unwrap();
        let target = |name: &str| folder.path().join(name);
        let sizes = GroupSizes { group: 2, shard: 4 };
        let resume = |name: &str| FaceSetWriter::resume(&target(name), info(), sizes, "it").unwrap();
        let push = |mut writer: FaceSetWriter, from: u8| {
            (from..10).for_each(|i| writer.push(&face(i)).unwrap());
            writer.finish().unwrap().info().clone()
        };
        let whole = push(resume("whole"), 0);
        let mut killed = resume("killed");
        for pair in [[0, 1], [2, 3]] {
            killed.group.extend(pair.map(|i| Row::of(&face(i))));
            killed.write_group().unwrap();
        }
        drop(killed);
        assert_eq!(push(resume("killed"), 4), whole);
    }

    #[test]
    fn a_note_is_found_again_with_the_faces_that_it_was_taken_with() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let resume = || FaceSetWriter::resume(&target, info(), GroupSizes { group: 2, shard: 5 }, "it").unwrap();
        let mut begin = 0;
        for end in [1, 3, 4, 8] {
            let mut writer = resume();
            assert_eq!(writer.n_faces(), begin);
            assert_eq!(writer.note().map(str::to_owned), (begin > 0).then(|| format!("face {}", begin - 1)));
            for i in begin..end {
                writer.set_note(format!("face {i}"));
                writer.push(&face(i as u8)).unwrap();
            }
            begin = end;
        }
    }

    #[test]
    fn two_writers_of_one_set_are_refused_and_another_request_starts_anew() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let resume = |request| FaceSetWriter::resume(&target, info(), GroupSizes { group: 1, shard: 9 }, request);
        let mut writer = resume("one").unwrap();
        writer.push(&face(1)).unwrap();
        assert!(resume("one").err().unwrap().to_string().contains("another howfar is writing"));
        drop(writer);
        assert_eq!(resume("one").unwrap().n_faces(), 1);
        assert_eq!(resume("two").unwrap().n_faces(), 0);
    }

    #[test]
    fn an_existing_folder_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let fault = FaceSetWriter::create(folder.path(), info()).err().unwrap();
        assert!(fault.to_string().contains("never overwritten"), "{fault}");
    }

    #[test]
    fn a_picture_that_was_changed_is_found_by_its_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let set = write(&folder.path().join("a"), 2);
        let shard = set.folder().join(&set.info().shards[0].file);
        let mut bytes = std::fs::read(&shard).unwrap();
        let sum = face(1).picture.sha256();
        let at = bytes.windows(64).position(|w| w == sum.as_bytes()).unwrap();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        std::fs::write(&shard, bytes).unwrap();
        let fault = set.for_each(|_| Ok(())).unwrap_err();
        assert!(fault.to_string().contains("row 1: the picture does not match its checksum"), "{fault}");
    }

    #[test]
    fn a_set_of_a_newer_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let set = write(&folder.path().join("a"), 1);
        let file = set.folder().join("face_set.json");
        let text = std::fs::read_to_string(&file)
            .unwrap()
            .replace("\"version\": 2,\n  \"name\"", "\"version\": 99,\n  \"name\"");
        std::fs::write(&file, text).unwrap();
        let fault = FaceSet::open(set.folder()).unwrap_err();
        assert!(fault.to_string().contains("written by a newer howfar"), "{fault}");
    }
}
