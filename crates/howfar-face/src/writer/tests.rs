//! Writers that are stopped, killed and started again.

use super::*;
use crate::hashing_file::HashingFile;
use crate::row::COLUMNS;
use crate::table::{ColumnSpec, TableWriter};
use crate::test_sets::labels;
use crate::{DrawnLabels, Picture, Preprocessing, Provenance, SubjectId};

fn info() -> FaceSetInfo {
    let classes = vec!["anger".to_owned(), "joy".to_owned()];
    FaceSetInfo::new("test", classes, Preprocessing::standard("none", "none", 8))
}

fn face(i: u8) -> Face {
    let drawn = i.is_multiple_of(2).then(|| {
        Box::new(DrawnLabels {
            intensity: 0.5,
            action_units: vec![0.25; 3],
            landmarks: vec![1.0; 136],
            pose: [1.0, 2.0, 3.0],
            light: [0.0, 0.0, 1.0],
        })
    });
    let provenance = if i.is_multiple_of(2) { Provenance::Drawn } else { Provenance::Real };
    let labels = FaceLabels {
        parent: i.is_multiple_of(3).then(|| SubjectId::new("other", "q").unwrap()),
        group: i.is_multiple_of(3).then(|| format!("group {i}")),
        source: format!("{i}.png"),
        drawn,
        ..labels(usize::from(i % 2), &format!("test:p{i}"), provenance)
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
        .replace(&format!("\"version\": {VERSION},\n  \"name\""), "\"version\": 99,\n  \"name\"");
    std::fs::write(&file, text).unwrap();
    let fault = FaceSet::open(set.folder()).unwrap_err();
    assert!(fault.to_string().contains("written by a newer howfar"), "{fault}");
}

#[test]
fn columns_of_somebody_elses_and_their_order_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let set = write(&folder.path().join("a"), 4);
    let path = set.folder().join(&set.info().shards[0].file);
    let mut all = Vec::new();
    for_each_group(&path, 2, |rows| {
        all.extend(rows);
        Ok(())
    })
    .unwrap();
    let own = ColumnSpec::int("own", |row: &Row| row.png.len() as i64);
    let columns: Vec<ColumnSpec<Row>> = COLUMNS.iter().rev().cloned().chain([own]).collect();
    let mut table = TableWriter::new(HashingFile::create(&path).unwrap(), &path, columns.leak(), &[]).unwrap();
    table.write(&all).unwrap();
    table.finish().unwrap().finish(&path).unwrap();
    let mut read = Vec::new();
    set.for_each(|f| {
        read.push(f);
        Ok(())
    })
    .unwrap();
    assert_eq!(read, (0..4).map(face).collect::<Vec<_>>());
}
