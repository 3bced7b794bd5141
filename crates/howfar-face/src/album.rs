//! A face set to leaf through: what is known of every face, and the picture of any of them.
//!
//! In: an opened set. Out: labels in memory, pictures by their row, a row group read at a time and the last few kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::row::{COLUMNS, Row, place_of, rows};
use crate::table::TableReader;
use crate::{FaceLabels, FaceSet, FaceSetInfo, Fault};

/// Row groups whose pictures are kept in memory.
const KEPT_GROUPS: usize = 4;

/// A set whose faces can be asked for in any order, by several threads.
#[derive(Debug)]
pub struct Album {
    set: FaceSet,
    labels: Vec<FaceLabels>,
    groups: Vec<Group>,
    read: Mutex<VecDeque<(usize, Arc<Vec<Row>>)>>,
}

/// A row group of a shard.
#[derive(Debug)]
struct Group {
    shard_idx: usize,
    group_idx: usize,
    /// Its first row in the shard, and in the set.
    first: [u64; 2],
    n_rows: u64,
}

impl Album {
    /// Reads the labels of a set; what only a renderer knows of its faces is left out.
    ///
    /// # Errors
    /// Where the set is damaged or another one than it says ([`FaceSet::for_each_labels`]).
    pub fn open(set: FaceSet) -> Result<Self, Fault> {
        let mut labels = Vec::new();
        set.for_each_labels(|mut face| {
            face.drawn = None;
            labels.push(face);
        })?;
        let (mut groups, mut n_before) = (Vec::new(), 0);
        for (shard_idx, shard) in set.info().shards.iter().enumerate() {
            let table = TableReader::open(&set.folder().join(&shard.file), COLUMNS)?;
            let mut in_shard = 0;
            for group_idx in 0..table.n_groups() {
                let n_rows = table.n_rows(group_idx) as u64;
                groups.push(Group { shard_idx, group_idx, first: [in_shard, n_before], n_rows });
                (in_shard, n_before) = (in_shard + n_rows, n_before + n_rows);
            }
        }
        Ok(Album { set, labels, groups, read: Mutex::default() })
    }

    /// What `face_set.json` says.
    pub fn info(&self) -> &FaceSetInfo {
        self.set.info()
    }

    /// What is known of every face, by row.
    pub fn labels(&self) -> &[FaceLabels] {
        &self.labels
    }

    /// The picture of a row as a PNG file; none where there is no such row.
    ///
    /// # Errors
    /// Where the shard cannot be read, or the picture is not the one whose checksum it has.
    pub fn png(&self, row: u64) -> Result<Option<Vec<u8>>, Fault> {
        let end = |group: &Group| group.first[1] + group.n_rows;
        let place = self.groups.partition_point(|group| end(group) <= row);
        let Some(group) = self.groups.get(place) else { return Ok(None) };
        let rows = self.rows(place, group)?;
        let in_group = row - group.first[1];
        let Some(found) = usize::try_from(in_group).ok().and_then(|idx| rows.get(idx)) else { return Ok(None) };
        let file = self.file(group).display().to_string();
        found.clone().decode(&place_of(&file, group.first[0] + in_group))?;
        Ok(Some(found.png.clone()))
    }

    fn file(&self, group: &Group) -> std::path::PathBuf {
        self.set.folder().join(&self.set.info().shards[group.shard_idx].file)
    }

    fn rows(&self, place: usize, group: &Group) -> Result<Arc<Vec<Row>>, Fault> {
        let mut read = self.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, rows)) = read.iter().find(|(kept, _)| *kept == place) {
            return Ok(Arc::clone(rows));
        }
        let table = TableReader::open(&self.file(group), COLUMNS)?;
        let found = rows(&table, group.group_idx, self.info().classes.len(), group.first[0])?;
        let found = Arc::new(found.collect::<Result<Vec<Row>, Fault>>()?);
        read.push_back((place, Arc::clone(&found)));
        if read.len() > KEPT_GROUPS {
            read.pop_front();
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_sets::labels;
    use crate::{Face, FaceSetWriter, GroupSizes, Picture, Preprocessing, Provenance, decode_png};

    #[test]
    fn any_row_gives_its_own_picture_and_a_row_beyond_the_last_none() {
        let place = tempfile::tempdir().unwrap();
        let info = FaceSetInfo::new("a", vec!["joy".into(), "fear".into()], Preprocessing::standard("none", "none", 8));
        let sizes = GroupSizes { group: 3, shard: 9 };
        let mut writer = FaceSetWriter::resume(&place.path().join("a"), info, sizes, "").unwrap();
        let face = |row: usize| Face {
            picture: Picture::gray(8, 8, vec![row as u8; 64]),
            labels: labels(row % 2, &format!("a:p{row}"), Provenance::Drawn),
        };
        let faces: Vec<Face> = (0..47).map(face).collect();
        faces.iter().for_each(|face| writer.push(face).unwrap());
        let album = Album::open(writer.finish().unwrap()).unwrap();
        assert!(album.info().shards.len() > 1 && album.groups.len() > 3 * KEPT_GROUPS);
        for (row, face) in faces.iter().enumerate().rev().chain(faces.iter().enumerate().step_by(5)) {
            let png = album.png(row as u64).unwrap().unwrap();
            assert_eq!(decode_png(&png, "").unwrap(), face.picture);
            assert_eq!(album.labels()[row], face.labels);
        }
        assert_eq!(album.png(faces.len() as u64).unwrap(), None);
        assert_eq!(album.png(u64::MAX).unwrap(), None);
    }
}
