//! Writes a face set: shards as the faces come, then the card and `face_set.json`, then one rename of the folder.
//!
//! In: faces, one at a time. Out: a folder that appears under its name only when it is complete. Memory holds one row
//! group at most. Its Parquet files are `shards.rs`, what a stopped writer goes on from is `unfinished.rs`.

use std::path::{Path, PathBuf};

use crate::content_hash::ContentHash;
use crate::dataset_card::{CARD_FILE, dataset_card};
use crate::face_set::{INFO_FILE, VERSION};
use crate::row::Row;
use crate::shards::{OpenShard, for_each_group};
use crate::unfinished::Unfinished;
use crate::{Face, FaceLabels, FaceSet, FaceSetInfo, Fault, files};

/// How many faces lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupSizes {
    /// Faces in one row group: what a reader holds in memory, and what a kill loses at most.
    pub group: usize,
    /// Faces in one Parquet file.
    pub shard: u64,
}

impl GroupSizes {
    /// 500 faces per row group, 20,000 per file, which is some 60 MB of 64×64 gray pictures.
    pub const STANDARD: Self = GroupSizes { group: 500, shard: 20_000 };
}

/// A face set in the making. Dropped before [`FaceSetWriter::finish`], it leaves nothing behind; one that was begun
/// with [`FaceSetWriter::resume`] leaves what the next one goes on from.
pub struct FaceSetWriter {
    target: PathBuf,
    partial: PathBuf,
    info: FaceSetInfo,
    sizes: GroupSizes,
    content: ContentHash,
    group: Vec<Row>,
    shard: OpenShard,
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
        let n_classes = writer.info.classes.len();
        for shard in shards {
            for_each_group(&writer.partial.join(&shard.file), n_classes, |rows| {
                writer.count(&rows);
                Ok(())
            })?;
            writer.shard.skip();
            writer.info.shards.push(shard);
        }
        for group in groups {
            for_each_group(&writer.partial.join(&group.file), n_classes, |rows| {
                writer.count(&rows);
                writer.shard.append(&rows)
            })?;
        }
        // A kill between a shard's last group and its end leaves it full and open.
        if writer.shard.n_rows() >= sizes.shard {
            writer.close_shard()?;
        }
        if let Some(rest) = rest {
            for_each_group(&writer.partial.join(&rest.file), n_classes, |rows| {
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
            shard: OpenShard::first(&partial, &info.classes),
            partial,
            // What is said of another set holds here, but for how that one lies on disk.
            info: FaceSetInfo {
                version: VERSION,
                n_faces: 0,
                shards: Vec::new(),
                content_sha256: String::new(),
                ..info
            },
            sizes,
            content: ContentHash::default(),
            group: Vec::new(),
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

    /// Keeps a text beside the faces that are pushed from here on: a writer that goes on finds the one that belongs to
    /// the last face it finds.
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
        let shard_full = self.shard.n_rows() + self.group.len() as u64 == self.sizes.shard;
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
        self.keep(&rows)?;
        self.count(&rows);
        self.shard.append(&rows)
    }

    /// Counts the rows of a group and adds them to the set's identity.
    fn count(&mut self, rows: &[Row]) {
        for Row { labels, sha256, .. } in rows {
            let class = self.info.classes.get(labels.label).map_or("", String::as_str);
            self.content.add(class, labels, sha256);
        }
        self.info.n_faces += rows.len() as u64;
    }

    /// Keeps a group that is about to be written, so that a later writer can write it again.
    fn keep(&mut self, rows: &[Row]) -> Result<(), Fault> {
        let Some(unfinished) = &mut self.unfinished else { return Ok(()) };
        let group = self.shard.write_apart(unfinished.next_group(), rows)?;
        unfinished.keep_group(group)
    }

    /// Keeps the faces that do not fill a group yet.
    fn keep_rest(&mut self) -> Result<(), Fault> {
        let Some(unfinished) = self.unfinished.as_mut().filter(|_| !self.group.is_empty()) else { return Ok(()) };
        let rest = self.shard.write_apart(unfinished.rest_file(), &self.group)?;
        unfinished.keep_rest(rest)
    }

    fn close_shard(&mut self) -> Result<(), Fault> {
        let Some(shard) = self.shard.close()? else { return Ok(()) };
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.keep_shard(&shard)?;
        }
        self.info.shards.push(shard);
        Ok(())
    }
}

fn refuse_existing(target: &Path) -> Result<(), Fault> {
    if target.exists() {
        return Err(Fault::usage(target.display(), "this already exists; a face set is never overwritten")
            .hint("give another --out, or remove the folder first"));
    }
    Ok(())
}

impl Drop for FaceSetWriter {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let open = self.shard.abandon();
        // Nobody is there to be told; what is not kept is drawn again.
        let _ = self.keep_rest();
        if self.unfinished.as_ref().is_some_and(|unfinished| unfinished.n_faces() > 0) {
            let _ = files::remove_file(&open);
        } else {
            let _ = std::fs::remove_dir_all(&self.partial);
        }
    }
}

#[cfg(test)]
mod tests;
