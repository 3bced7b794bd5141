//! Contact sheets of small face sets.

use super::*;
use howfar_face::test_sets::{TestSet, labels};
use howfar_face::{FaceLabels, Provenance, SubjectId, checksum::sha256_hex};

const SIDE: u32 = 12;

/// A set of one face for each `(person, class)`, filled with that face's number plus one.
fn face_set(folder: &std::path::Path, faces: &[(&str, usize)]) -> FaceSet {
    let mut set = TestSet::new("small", &["a", "b", "c"], SIDE);
    for (i, (person, label)) in faces.iter().enumerate() {
        set.push_plain(labels(*label, &format!("db:{person}"), Provenance::Drawn), i as u8 + 1);
    }
    set.write(folder)
}

/// Pixels above the faces.
fn top() -> u32 {
    line_height(NAME_SIZES.0) as u32 + 2 * GAP
}

/// Pixels before the faces, where the widest name is this one.
fn left_of(name: &str) -> u32 {
    Line::new(name, NAME_SIZES.0).width().ceil() as u32 + 3 * GAP
}

/// The value in the middle of every cell, row by row.
fn middles(sheet: &Picture, n_rows: u32, left: u32) -> Vec<u8> {
    let (step, top) = (SIDE + GAP, top());
    let at = |x: u32, y: u32| sheet.data[(y * sheet.width + x) as usize];
    let cells = (0..n_rows).flat_map(|row| (0..3).map(move |class| (row, class)));
    cells.map(|(row, class)| at(left + class * step + SIDE / 2, top + row * step + SIDE / 2)).collect()
}

#[test]
fn people_stand_in_rows_classes_in_columns_and_a_missing_one_is_gray() {
    let folder = tempfile::tempdir().unwrap();
    let set = face_set(folder.path(), &[("p2", 1), ("p1", 0), ("p1", 2), ("p1", 0), ("p2", 0)]);
    let sheet = contact_sheet(&set, None, 9, 1).unwrap();
    let left = left_of("p1").max(left_of("p2"));
    assert_eq!((sheet.width, sheet.height, sheet.channels), (left + 3 * 14, top() + 2 * 14, 1));
    assert_eq!(middles(&sheet, 2, left), [2, MISSING[0], 3, 5, 1, MISSING[0]]);
}

#[test]
fn parents_stand_before_what_was_made_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let faces = [("p1", 0), ("p2", 1), ("p3", 2)];
    let of_parents = face_set(&a, &faces);
    let mut made = TestSet::new("made", &["a", "b", "c"], SIDE);
    for (person, parent, label) in [("x", "p3", 0), ("y", "p1", 0), ("x", "p3", 1), ("y", "p1", 1)] {
        let parent = Some(SubjectId::new("db", parent).unwrap());
        let labels = labels(label, &format!("made:{person}"), Provenance::Generated);
        made.push_plain(FaceLabels { parent, ..labels }, 9);
    }
    let made = made.write(&b);
    let sheet = contact_sheet(&made, Some(&of_parents), 9, 1).unwrap();
    let left = left_of("x").max(left_of("y"));
    assert_eq!(middles(&sheet, 2, left), [3, 9, 9, 1, 9, 9]);
    let fault = contact_sheet(&of_parents, Some(&made), 9, 1).unwrap_err();
    assert!(fault.to_string().contains("none of the people on the sheet has a parent"), "{fault}");
}

#[test]
fn where_hardly_anyone_has_two_faces_columns_are_filled_by_class() {
    let folder = tempfile::tempdir().unwrap();
    let set = face_set(folder.path(), &[("p1", 0), ("p2", 0), ("p2", 0), ("p4", 0), ("p5", 0), ("p6", 2)]);
    let sheet = contact_sheet(&set, None, 2, 1).unwrap();
    assert_eq!(middles(&sheet, 2, GAP), [2, MISSING[0], 6, 4, MISSING[0], MISSING[0]]);
}

#[test]
fn scaling_repeats_every_pixel_of_faces_and_names_grow_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let set = face_set(folder.path(), &[("p1", 0), ("p1", 1), ("p1", 2)]);
    let (small, large) = (contact_sheet(&set, None, 1, 1).unwrap(), contact_sheet(&set, None, 1, 3).unwrap());
    let names = |sheet: &Picture| [sheet.width - 3 * (SIDE + GAP), sheet.height - SIDE - GAP];
    let (left, large_left) = (names(&small)[0], large.width - 3 * 3 * (SIDE + GAP));
    assert_eq!(large.height, 3 * small.height);
    assert!(large_left.abs_diff(3 * left) <= 3, "letters are as wide, but for rounding to whole pixels");
    for y in 3 * top()..large.height {
        for x in large_left..large.width {
            let small_at = (y / 3 * small.width + left + (x - large_left) / 3) as usize;
            assert_eq!(large.data[(y * large.width + x) as usize], small.data[small_at], "{x}, {y}");
        }
    }
    let ink = |sheet: &Picture| sheet.data.iter().map(|level| 255 - u64::from(*level)).sum::<u64>() as f64;
    let of_names = |sheet: &Picture, scale: u32| {
        let rows = &sheet.data[..(scale * top() * sheet.width) as usize];
        ink(&Picture::gray(sheet.width, scale * top(), rows.to_vec())) / f64::from(scale * scale)
    };
    assert!((of_names(&large, 3) / of_names(&small, 1) - 1.0).abs() < 0.1);
}

/// A set of one person and a face of 64 × 64 pixels for each class.
fn named(folder: &std::path::Path, classes: &[&str]) -> FaceSet {
    let mut set = TestSet::new("named", classes, 64);
    for label in 0..classes.len() {
        let data = (0..64 * 64).map(|i| (i * (label + 3) % 251) as u8).collect();
        set.push(labels(label, "db:p1", Provenance::Drawn), Picture::gray(64, 64, data));
    }
    set.write(folder)
}

/// The pixels of a part of a gray sheet.
fn part(sheet: &Picture, (left, top): (u32, u32), (width, height): (u32, u32)) -> Vec<u8> {
    let row = |y: u32| sheet.data[(y * sheet.width + left) as usize..][..width as usize].to_vec();
    (top..top + height).flat_map(row).collect()
}

#[test]
fn every_name_has_ink_of_its_own_and_none_is_a_row_of_boxes() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["glück", "GLÜCK", "gluck", "悲しみ", "喜び", "sürpriz", "surpriz", "злость", "حزن", "😀😀"];
    let sheet = contact_sheet(&named(&folder.path().join("set"), &words), None, 1, 1).unwrap();
    let name = |column: u32| part(&sheet, (left_of("p1") + column * (64 + GAP), 0), (64, top()));
    let names: Vec<Vec<u8>> = (0..words.len() as u32).map(name).collect();
    for (i, own) in names.iter().enumerate() {
        assert!(own.iter().any(|level| *level < 64), "{} has no ink", words[i]);
        assert!(names[..i].iter().all(|other| other != own), "{} looks like another name", words[i]);
    }
    let is_box = |word: &str| word.chars().all(|c| matches!(crate::fonts::Shape::of(c), crate::fonts::Shape::Unknown));
    assert_eq!(words.map(is_box), [false, false, false, false, false, false, false, false, false, true]);
}

#[test]
fn faces_keep_every_bit_whatever_the_names_are() {
    let folder = tempfile::tempdir().unwrap();
    let hash = |classes: [&str; 3], name: &str| {
        let set = named(&folder.path().join(name), &classes);
        let sheet = contact_sheet(&set, None, 1, 1).unwrap();
        let face = |column: u32| part(&sheet, (left_of("p1") + column * (64 + GAP), top()), (64, 64));
        let mut own = Vec::new();
        set.for_each(|face| {
            own.push(face.picture.data);
            Ok(())
        })
        .unwrap();
        assert_eq!((0..3).map(face).collect::<Vec<_>>(), own);
        sha256_hex(&own.iter().map(Vec::as_slice).collect::<Vec<_>>())
    };
    let expected = "b354a4a8c9adde0bb34184b67fcd81e02ff9e8f20a5f37e9c0d06abfb6ad74f8";
    assert_eq!(hash(["anger", "fear", "neutral"], "latin"), expected);
    assert_eq!(hash(["glück", "悲しみ", "sürpriz"], "others"), expected);
}
