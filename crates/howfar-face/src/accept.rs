//! Takes over what somebody changed by hand in a face set: its faces get the identity that they have now.
//!
//! In: a set whose files are not as it was written. Out: the same folder, whole again, and what was different.
//! Everything is read and checked before anything is written; `face_set.json` is replaced last. Until then the set is
//! refused as before, so that a kill at any moment leaves a set that the same call mends.

use std::collections::BTreeMap;
use std::path::Path;

use crate::checksum::file_sha256;
use crate::content_hash::ContentHash;
use crate::dataset_card::{CARD_FILE, dataset_card, words_of_card};
use crate::face_set::{INFO_FILE, VERSION};
use crate::shards::{for_each_group, open_table};
use crate::{FaceSet, FaceSetInfo, Fault, Shard, files};

/// What readers of the set are told from then on.
const CAVEAT: &str = "Faces of this set were changed by hand after it was written.";

/// What was changed by hand and is now part of the set.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The set as it is now.
    pub set: FaceSet,
    /// What `face_set.json` said before.
    pub before: FaceSetInfo,
    /// Shards that were not as they had been written.
    pub changed_files: Vec<String>,
    /// Pictures that had other pixels than their rows said; the rows say it now.
    pub n_pictures: u64,
}

impl Accepted {
    /// What was different, a sentence each; none where the set was as it had been written.
    pub fn words(&self) -> Vec<String> {
        let now = self.set.info();
        let mut words = Vec::new();
        if now.n_faces != self.before.n_faces {
            words.push(format!("{} faces, {} before", now.n_faces, self.before.n_faces));
        }
        if self.n_pictures > 0 {
            words.push(format!("{} pictures with other pixels", self.n_pictures));
        }
        if now.content_sha256 != self.before.content_sha256 && words.is_empty() {
            words.push(
                "other classes, people, provenances, parents, sources or order of faces, or pictures that \
                brought their own checksums"
                    .to_owned(),
            );
        }
        if !self.changed_files.is_empty() {
            words.push(format!("changed files: {}", self.changed_files.join(", ")));
        }
        if now.content_sha256 != self.before.content_sha256 {
            words.push(format!("content {}, {} before", now.content_sha256, self.before.content_sha256));
        }
        words
    }
}

/// What a shard holds.
struct Read {
    n_faces: u64,
    /// Pictures that do not match their rows' checksums.
    n_pictures: u64,
    of_database: BTreeMap<String, u64>,
}

/// Renews checksums, counts and identity of the set in `folder`. Faces that cannot be read at all (a label that is no
/// class, a picture that is none) are refused as ever; nothing is written then.
pub fn accept_changes(folder: &Path) -> Result<Accepted, Fault> {
    let set = FaceSet::open(folder)?;
    let lock = files::lock_folder(folder, "taking over changes")?;
    let accepted = renew(&set);
    drop(lock);
    files::remove_file(&folder.join(files::LOCK_FILE))?;
    accepted
}

fn renew(set: &FaceSet) -> Result<Accepted, Fault> {
    let (folder, before) = (set.folder(), set.info());
    let mut content = ContentHash::default();
    let found = before.shards.iter().map(|shard| read(set, shard, &mut content)).collect::<Result<Vec<_>, _>>()?;
    let mut info = before.clone();
    let mut changed_files = Vec::new();
    for (shard, read) in info.shards.iter_mut().zip(&found) {
        let path = folder.join(&shard.file);
        let sha256 = file_sha256(&path).map_err(|e| Fault::io(&path, "read", &e))?;
        if sha256 != shard.sha256 {
            changed_files.push(shard.file.clone());
        }
        shard.sha256 = if read.n_pictures > 0 { rewrite(&path, &before.classes)? } else { sha256 };
        shard.n_faces = read.n_faces;
    }
    info.n_faces = found.iter().map(|read| read.n_faces).sum();
    for of in &mut info.databases {
        of.n_faces = found.iter().filter_map(|read| read.of_database.get(&of.database)).sum();
    }
    info.content_sha256 = content.finish();
    if info.content_sha256 != before.content_sha256 && !info.caveats.iter().any(|caveat| caveat == CAVEAT) {
        info.caveats.push(CAVEAT.to_owned());
    }
    if info != *before {
        // Shards that are written anew have the columns of this version.
        info.version = VERSION;
        renew_card(folder, before, &info)?;
        files::write_json(&folder.join(INFO_FILE), &info)?;
    }
    let n_pictures = found.iter().map(|read| read.n_pictures).sum();
    Ok(Accepted { set: FaceSet::open(folder)?, before: before.clone(), changed_files, n_pictures })
}

fn read(set: &FaceSet, shard: &Shard, content: &mut ContentHash) -> Result<Read, Fault> {
    let (mut n_pictures, mut of_database) = (0, BTreeMap::new());
    let n_faces = set.for_each_row_of(shard, |row, place| {
        let (_, sha256) = row.picture(place)?;
        n_pictures += u64::from(sha256 != row.sha256);
        *of_database.entry(row.labels.subject.database().to_owned()).or_default() += 1;
        content.add(&set.info().classes[row.labels.label], &row.labels, &sha256);
        Ok(())
    })?;
    Ok(Read { n_faces, n_pictures, of_database })
}

/// Puts a shard whose rows say what their pictures are in the place of the one at `path`, in the same row groups; its
/// SHA-256.
fn rewrite(path: &Path, classes: &[String]) -> Result<String, Fault> {
    let partial = files::partial_name(path);
    let written = write_with_true_sums(path, &partial, classes).inspect_err(|_| {
        // Half a shard helps nobody, and the disk may be full.
        let _ = files::remove_file(&partial);
    })?;
    files::rename(&partial, path)?;
    Ok(written)
}

fn write_with_true_sums(from: &Path, to: &Path, classes: &[String]) -> Result<String, Fault> {
    let mut writer = open_table(to, classes)?;
    let place = from.display().to_string();
    for_each_group(from, classes.len(), |mut group| {
        for row in &mut group {
            row.sha256 = row.picture(&place)?.1;
        }
        writer.write(&group)
    })?;
    writer.finish()?.finish(to)
}

/// The card is made anew where it is ours, not where somebody wrote into it.
fn renew_card(folder: &Path, before: &FaceSetInfo, now: &FaceSetInfo) -> Result<(), Fault> {
    let path = folder.join(CARD_FILE);
    let words = dataset_card(before);
    let is_ours = files::read_text(&path).is_ok_and(|text| words_of_card(&text) == words_of_card(&words));
    if is_ours { files::write(&path, dataset_card(now).as_bytes()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;
    use crate::test_sets::labels;
    use crate::{Face, FaceLabels, FaceSetWriter, GroupSizes, Picture, Preprocessing, Provenance, SubjectId};

    fn face(i: u8) -> Face {
        let labels = labels(usize::from(i % 2), &format!("test:p{i}"), Provenance::Real);
        let labels = FaceLabels { source: format!("{i}.png"), ..labels };
        Face { picture: Picture::gray(8, 8, (0..64).map(|p: u8| p.wrapping_mul(i)).collect()), labels }
    }

    /// Seven faces in three shards.
    fn written(folder: &Path) -> FaceSet {
        let classes = ["anger", "joy"].map(str::to_owned).to_vec();
        let info = FaceSetInfo::new("test", classes, Preprocessing::standard("none", "none", 8));
        let sizes = GroupSizes { group: 2, shard: 3 };
        let mut writer = FaceSetWriter::resume(folder, info, sizes, "it").unwrap();
        (0..7).for_each(|i| writer.push(&face(i)).unwrap());
        writer.finish().unwrap()
    }

    /// What another program makes of a shard, in one row group.
    fn edit(set: &FaceSet, shard: usize, change: impl FnOnce(&mut Vec<Row>)) {
        let mut all = Vec::new();
        set.for_each_row_of(&set.info().shards[shard], |row, _| {
            all.push(row);
            Ok(())
        })
        .unwrap();
        change(&mut all);
        let path = set.folder().join(&set.info().shards[shard].file);
        let mut table = open_table(&path, &set.info().classes).unwrap();
        table.write(&all).unwrap();
        table.finish().unwrap().finish(&path).unwrap();
    }

    fn edit_info(set: &FaceSet, change: impl FnOnce(&mut FaceSetInfo)) {
        let mut info = set.info().clone();
        change(&mut info);
        files::write_json(&set.folder().join(INFO_FILE), &info).unwrap();
    }

    /// What the two readers of a set say; `for_each_labels` believes the checksums of pictures.
    fn refusals(folder: &Path) -> [String; 2] {
        let words = |read: Result<(), Fault>| read.err().map(|fault| fault.to_string()).unwrap_or_default();
        let set = FaceSet::open(folder).unwrap();
        [words(set.for_each(|_| Ok(()))), words(set.for_each_labels(|_| ()))]
    }

    /// A change, and what is said of it.
    struct Case {
        name: &'static str,
        change: fn(&FaceSet),
        refused: &'static str,
        /// Words of the two answers of `accept_changes`.
        accepted: &'static str,
    }

    const CASES: &[Case] = &[
        Case {
            name: "a label",
            change: |set| edit(set, 1, |rows| rows[0].labels.label = 0),
            refused: "another file data/train-00001-of-00003.parquet; content",
            accepted: "changed files: data/train-00001-of-00003.parquet",
        },
        Case {
            name: "two faces swapped",
            change: |set| edit(set, 0, |rows| rows.swap(0, 1)),
            refused: "another file data/train-00000-of-00003.parquet",
            accepted: "order of faces",
        },
        Case {
            name: "a person",
            change: |set| edit(set, 2, |rows| rows[0].labels.subject = SubjectId::new("test", "p0").unwrap()),
            refused: "another file data/train-00002-of-00003.parquet",
            accepted: "other classes, people",
        },
        Case {
            name: "a parent",
            change: |set| edit(set, 2, |rows| rows[0].labels.parent = Some(SubjectId::new("x", "y").unwrap())),
            refused: "another file data/train-00002-of-00003.parquet",
            accepted: "parents",
        },
        Case {
            name: "a picture with its checksum",
            change: |set| edit(set, 1, |rows| rows[1] = Row { labels: rows[1].labels.clone(), ..Row::of(&face(9)) }),
            refused: "another file data/train-00001-of-00003.parquet",
            accepted: "brought their own checksums",
        },
        Case {
            name: "a picture without its checksum",
            change: |set| edit(set, 1, |rows| rows[1].png = Row::of(&face(9)).png),
            refused: "row 1: the picture does not match its checksum",
            accepted: "1 pictures with other pixels",
        },
        Case {
            name: "a face less",
            change: |set| edit(set, 0, |rows| drop(rows.pop())),
            refused: "another number of faces than recorded\n  found     2\n  expected  3",
            accepted: "6 faces, 7 before",
        },
        Case {
            name: "classes renamed",
            change: |set| edit_info(set, |info| info.classes.swap(0, 1)),
            refused: "all shards as written, but another face_set.json",
            accepted: "other classes",
        },
        Case {
            name: "a number of faces",
            change: |set| edit_info(set, |info| info.n_faces = 8),
            refused: "the number of faces is not that of the shards",
            accepted: "7 faces, 8 before",
        },
        Case {
            name: "an identity",
            change: |set| edit_info(set, |info| info.content_sha256 = "0".repeat(64)),
            refused: "its own identity or classes were edited",
            accepted: "before",
        },
    ];

    #[test]
    fn every_change_is_refused_with_what_differs_until_it_is_accepted() {
        for Case { name, change, refused, accepted } in CASES {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path().join("a");
            let set = written(&folder);
            change(&set);
            let [whole, labels] = refusals(&folder);
            assert!(whole.contains(refused), "{name}: {whole}");
            // Pixels alone are not looked at by those who read labels alone.
            assert_eq!(labels.is_empty(), *name == "a picture without its checksum", "{name}: {labels}");
            let answer = accept_changes(&folder).unwrap();
            assert!(answer.words().join("; ").contains(accepted), "{name}: {:?}", answer.words());
            assert_eq!(refusals(&folder), ["", ""], "{name}");
            assert_eq!(accept_changes(&folder).unwrap().words(), [""; 0], "{name}: a second time");
            assert!(!folder.join(files::LOCK_FILE).exists());
            let caveats = &answer.set.info().caveats;
            let moved = answer.set.info().content_sha256 != set.info().content_sha256;
            assert_eq!(caveats.len(), usize::from(moved || *name == "an identity"), "{name}: {caveats:?}");
        }
    }

    #[test]
    fn an_accepted_set_is_the_one_that_the_writer_would_have_written() {
        let folder = tempfile::tempdir().unwrap();
        let set = written(&folder.path().join("a"));
        edit(&set, 1, |rows| {
            rows[0].labels.label = 0;
            rows[1].png = Row::of(&face(9)).png;
        });
        let accepted = accept_changes(set.folder()).unwrap();
        let info = FaceSetInfo { shards: Vec::new(), n_faces: 0, ..set.info().clone() };
        let mut writer = FaceSetWriter::create(&folder.path().join("b"), info).unwrap();
        for i in 0..7 {
            let mut face = face(i);
            face.labels.label = if i == 3 { 0 } else { face.labels.label };
            face.picture = if i == 4 { super::tests::face(9).picture } else { face.picture };
            writer.push(&face).unwrap();
        }
        assert_eq!(accepted.set.info().content_sha256, writer.finish().unwrap().info().content_sha256);
        for shard in &accepted.set.info().shards {
            assert_eq!(file_sha256(&set.folder().join(&shard.file)).unwrap(), shard.sha256);
        }
        let card = files::read_text(&set.folder().join(CARD_FILE)).unwrap();
        assert!(card.contains(CAVEAT), "{card}");
    }

    #[test]
    fn a_kill_before_the_last_step_leaves_a_refused_set_that_the_same_call_mends() {
        let folder = tempfile::tempdir().unwrap();
        let [killed, whole] = ["killed", "whole"].map(|name| written(&folder.path().join(name)));
        let change = |rows: &mut Vec<Row>| rows[1].png = Row::of(&face(9)).png;
        [&killed, &whole].iter().for_each(|set| edit(set, 1, change));
        let expected = accept_changes(whole.folder()).unwrap();
        // A shard has its new checksums, `face_set.json` is the old one, and half a shard lies about.
        rewrite(&killed.folder().join(&killed.info().shards[1].file), &killed.info().classes).unwrap();
        std::fs::write(killed.folder().join("data/train-00001-of-00003.parquet.partial"), "half").unwrap();
        assert!(refusals(killed.folder())[0].contains("another file data/train-00001-of-00003.parquet"));
        let mended = accept_changes(killed.folder()).unwrap();
        assert_eq!(mended.set.info(), expected.set.info());
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let set = written(&folder.path().join("a"));
        edit(&set, 0, |rows| rows[1].png = Row::of(&face(9)).png);
        edit(&set, 2, |rows| rows[0].png = b"no picture".to_vec());
        let bytes = |shard: usize| files::read(&set.folder().join(&set.info().shards[shard].file)).unwrap();
        let before = bytes(0);
        let fault = accept_changes(set.folder()).unwrap_err();
        assert!(fault.place().contains("train-00002-of-00003.parquet, row 0"), "{fault}");
        assert_eq!((bytes(0) == before, FaceSet::open(set.folder()).unwrap().info() == set.info()), (true, true));
    }
}
