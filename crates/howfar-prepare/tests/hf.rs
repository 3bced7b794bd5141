//! Hugging Face datasets of anyone, in every usual compression, through the adapter `hf`.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod tables;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use howfar_face::{Face, FaceSet, Fault, Provenance};
use howfar_prepare::{Detect, FolderClasses, PrepareReport, PrepareRequest, Reason, Source, SourceSettings, prepare};
use parquet::basic::Compression;
use parquet::file::properties::WriterVersion;
use tables::{Leaf, Leaves, PICTURE_NUMBER_TEXT, Writing, class_names, compressions, picture, rows, write_table};

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Desk { folder: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn request(&self, path: &str) -> PrepareRequest {
        let source = Source { adapter: "hf".to_owned(), path: self.at(path) };
        let request = PrepareRequest::new(vec![source], self.at("out/faces"));
        PrepareRequest { detect: Detect::None, max_losses: 1.0, ..request }
    }

    fn run(&self, request: &PrepareRequest) -> Result<PrepareReport, Fault> {
        let _ = std::fs::remove_dir_all(self.at("out"));
        prepare(request, &mut |_| ControlFlow::Continue(()))
    }

    fn rejects(&self) -> String {
        std::fs::read_to_string(self.at("out/faces.rejects.csv")).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.at(name), text).unwrap();
    }
}

fn faces(folder: &Path) -> Vec<Face> {
    let mut faces = Vec::new();
    let collect = |face| {
        faces.push(face);
        Ok(())
    };
    FaceSet::open(folder).unwrap().for_each(collect).unwrap();
    faces
}

fn classes_of(report: &PrepareReport) -> Vec<(String, u64)> {
    report.classes.iter().filter(|c| c.faces > 0).map(|c| (c.class.clone(), c.faces)).collect()
}

#[test]
fn every_usual_compression_gives_the_same_faces() {
    let desk = Desk::new();
    let mut contents = Vec::new();
    for (i, compression) in compressions().into_iter().enumerate() {
        for (dictionary, version) in [(true, WriterVersion::PARQUET_1_0), (false, WriterVersion::PARQUET_2_0)] {
            let _ = std::fs::remove_dir_all(desk.at("db"));
            let note = Some(class_names(&["angry", "sad"]));
            let writing = Writing { compression, dictionary, version, note };
            write_table(
                &desk.at("db/data/train-00000-of-00001.parquet"),
                PICTURE_NUMBER_TEXT,
                &[rows(0, 5), rows(5, 4)],
                &writing,
            );
            write_table(&desk.at("db/data/test-00000-of-00001.parquet"), PICTURE_NUMBER_TEXT, &[rows(9, 3)], &writing);
            let report = desk.run(&desk.request("db")).unwrap();
            assert_eq!((report.n_faces, report.n_persons), (12, 6), "{compression:?} {report}");
            assert_eq!(classes_of(&report), [("anger".to_owned(), 6), ("sadness".to_owned(), 6)]);
            let set = FaceSet::open(&desk.at("out/faces")).unwrap();
            contents.push(set.info().content_sha256.clone());
            if i == 0 {
                let told: Vec<_> = faces(&desk.at("out/faces"))
                    .iter()
                    .map(|f| (f.labels.source.clone(), f.labels.subject.to_string()))
                    .collect();
                assert_eq!(told[0], ("data/test-00000-of-00001.parquet#0".to_owned(), "db:s4".to_owned()));
                assert_eq!(told[11], ("data/train-00000-of-00001.parquet#8".to_owned(), "db:s4".to_owned()));
                let said = report.to_string();
                for part in ["classes from the column `label`", "6 people from the column `subject`", "not stated"] {
                    assert!(said.contains(part), "{said}");
                }
            }
        }
    }
    contents.dedup();
    assert_eq!(contents.len(), 1, "{contents:?}");
}

#[test]
fn the_picture_of_a_row_is_that_rows() {
    let desk = Desk::new();
    write_table(&desk.at("a.parquet"), PICTURE_NUMBER_TEXT, &[rows(0, 40), rows(40, 30)], &Writing::default());
    let request = PrepareRequest {
        size: 48,
        settings: SourceSettings { classes: FolderClasses::Any, ..SourceSettings::default() },
        ..desk.request("a.parquet")
    };
    let report = desk.run(&request).unwrap();
    assert_eq!(report.n_faces, 70);
    for (row, face) in faces(&desk.at("out/faces")).iter().enumerate() {
        let expected = image::load_from_memory(&picture(row as u32)).unwrap().to_luma8().into_raw();
        assert_eq!(face.picture.data, expected, "row {row}");
    }
}

/// A file with texts as classes, bytes without a structure around them, and numbers of persons.
const BYTES_TEXT_NUMBER: &str = "optional binary img; optional binary emotion (UTF8); optional double id;";

fn bytes_text_number(emotions: &[&str], ids: &[Option<f64>]) -> Leaves {
    let pictures = (0..emotions.len() as u32).map(|i| Some(picture(i))).collect();
    vec![(Leaf::Bytes(pictures), 1), (Leaf::texts(emotions), 1), (Leaf::Reals(ids.to_vec()), 1)]
}

#[test]
fn texts_are_classes_and_a_number_of_its_own_in_every_row_is_no_person() {
    let desk = Desk::new();
    let cases = [
        ([Some(1.0), Some(1.0), None, Some(2.0)], 3, "2 people from the column `id`"),
        ([Some(1.0), Some(2.0), Some(3.0), Some(4.0)], 4, "another value in every row"),
    ];
    for (ids, n_persons, said) in cases {
        let leaves = bytes_text_number(&["Happy", "happiness ", "sad", "fearful"], &ids);
        write_table(&desk.at("a.parquet"), BYTES_TEXT_NUMBER, &[leaves], &Writing::default());
        let report = desk.run(&desk.request("a.parquet")).unwrap();
        assert_eq!((report.n_faces, report.n_persons), (4, n_persons), "{report}");
        assert!(report.to_string().contains(said), "{report}");
        let request = PrepareRequest {
            settings: SourceSettings { subject_column: Some("id".to_owned()), ..SourceSettings::default() },
            ..desk.request("a.parquet")
        };
        assert!(desk.run(&request).unwrap().to_string().contains("people from the column `id`"));
    }
}

#[test]
fn names_of_numbers_come_from_the_card_the_infos_or_a_table_of_the_users() {
    let desk = Desk::new();
    write_table(&desk.at("db/data/train-00000.parquet"), PICTURE_NUMBER_TEXT, &[rows(0, 4)], &Writing::default());
    let fault = desk.run(&desk.request("db")).unwrap_err().to_string();
    for part in ["column label: every label is a number", "0, 1", "--label-map"] {
        assert!(fault.contains(part), "{fault}");
    }
    desk.write("map.csv", "0,happy\n1,sad\n");
    let request = PrepareRequest {
        settings: SourceSettings { label_map: Some(desk.at("map.csv")), ..SourceSettings::default() },
        ..desk.request("db")
    };
    assert_eq!(classes_of(&desk.run(&request).unwrap()), [("happiness".to_owned(), 2), ("sadness".to_owned(), 2)]);
    desk.write(
        "db/README.md",
        "---\ndataset_info:\n  features:\n  - name: image\n    dtype: image\n  - name: label\n    dtype:\n      \
            class_label:\n        names:\n          '0': fear\n          '1': disgust\n---\n",
    );
    let request = desk.request("db/data/train-00000.parquet");
    for request in [desk.request("db"), request] {
        assert_eq!(classes_of(&desk.run(&request).unwrap()), [("disgust".to_owned(), 2), ("fear".to_owned(), 2)]);
    }
    desk.write(
        "db/dataset_infos.json",
        r#"{"default": {"features": {"label": {"names": ["sad", "fear"], "_type": "ClassLabel"}}}}"#,
    );
    assert_eq!(
        classes_of(&desk.run(&desk.request("db")).unwrap()),
        [("fear".to_owned(), 2), ("sadness".to_owned(), 2)]
    );
}

#[test]
fn rows_without_a_class_or_a_picture_are_left_out_with_their_place() {
    let desk = Desk::new();
    let mut leaves = rows(0, 5);
    leaves[0].0 =
        Leaf::Bytes(vec![Some(picture(1)), None, Some(picture(2)), Some(b"no picture".to_vec()), Some(vec![])]);
    leaves[2].0 = Leaf::Numbers(vec![Some(0), Some(1), Some(-1), Some(0), None]);
    let writing = Writing { note: Some(class_names(&["angry", "sad"])), ..Writing::default() };
    write_table(&desk.at("a.parquet"), PICTURE_NUMBER_TEXT, &[leaves], &writing);
    let report = desk.run(&desk.request("a.parquet")).unwrap();
    assert_eq!(report.n_faces, 1);
    let reasons: Vec<_> = report.rejects.iter().map(|r| (r.reason, r.files)).collect();
    assert_eq!(reasons, [(Reason::NoLabel, 2), (Reason::Unreadable, 2)]);
    assert!(desk.rejects().contains("a.parquet#1,unreadable,the row has no picture"), "{}", desk.rejects());
}

#[test]
fn what_cannot_be_a_dataset_is_refused_with_what_to_do() {
    let desk = Desk::new();
    let writing = Writing::default();
    let image = "optional group image { optional binary bytes; optional binary path (UTF8); }";
    let n = |n: u32| rows(0, n);
    write_table(
        &desk.at("no_label.parquet"),
        &format!("{image} optional int64 width;"),
        &[n(2)[..3].to_vec()],
        &writing,
    );
    write_table(
        &desk.at("no_image.parquet"),
        "optional binary text (UTF8); optional int64 label;",
        &[vec![(Leaf::texts(&["a"]), 1), (Leaf::numbers(&[0]), 1)]],
        &writing,
    );
    let mut paths = n(2);
    paths[0].0 = Leaf::Bytes(vec![None, None]);
    write_table(&desk.at("paths.parquet"), PICTURE_NUMBER_TEXT, &[paths], &writing);
    write_table(
        &desk.at("path_texts.parquet"),
        "optional binary image (UTF8); optional int64 label;",
        &[vec![(Leaf::texts(&["a.png"]), 1), (Leaf::numbers(&[0]), 1)]],
        &writing,
    );
    write_table(&desk.at("good.parquet"), PICTURE_NUMBER_TEXT, &[n(4)], &writing);
    let whole = std::fs::read(desk.at("good.parquet")).unwrap();
    std::fs::write(desk.at("cut.parquet"), &whole[..whole.len() - 9]).unwrap();
    desk.write("lfs.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n");
    std::fs::create_dir(desk.at("pictures")).unwrap();
    std::fs::write(desk.at("pictures/1.png"), picture(1)).unwrap();
    std::fs::create_dir(desk.at("arrow")).unwrap();
    desk.write("arrow/data-00000-of-00001.arrow", "ARROW1");
    for (name, parts) in [
        ("no_label.parquet", ["no column of classes", "image, width", "--label-column"]),
        ("no_image.parquet", ["no column of pictures", "text, label", "{bytes, path}"]),
        ("paths.parquet", ["pictures' paths, not the pictures", "p0.png", "folder:"]),
        ("path_texts.parquet", ["pictures' paths, not the pictures", "column image", "metadata.csv"]),
        ("cut.parquet", ["not a Parquet file", "cut.parquet", "anew"]),
        ("lfs.parquet", ["pointer of Git LFS", "lfs.parquet", "git lfs pull"]),
        ("pictures", ["no Parquet file is here", "pictures", "folder:"]),
        ("arrow", ["no Parquet file is here", "Arrow", "to_parquet"]),
    ] {
        let fault = desk.run(&desk.request(name)).unwrap_err();
        assert_eq!(fault.kind().exit_code(), 3, "{fault}");
        for part in parts {
            assert!(fault.to_string().contains(part), "{name}: {fault}");
        }
    }
    let request = PrepareRequest {
        settings: SourceSettings { label_column: Some("emotion".to_owned()), ..SourceSettings::default() },
        ..desk.request("good.parquet")
    };
    let fault = desk.run(&request).unwrap_err().to_string();
    assert!(fault.contains("the column emotion is missing") && fault.contains("image, label, subject"), "{fault}");
}

#[test]
fn a_damaged_page_of_pictures_is_named_with_file_group_and_row() {
    let desk = Desk::new();
    let note = Some(class_names(&["angry", "sad"]));
    let writing =
        Writing { note, dictionary: false, compression: Compression::GZIP(Default::default()), ..Writing::default() };
    write_table(&desk.at("a.parquet"), PICTURE_NUMBER_TEXT, &[rows(0, 8), rows(8, 4)], &writing);
    let start = tables::first_page(&desk.at("a.parquet"));
    let mut bytes = std::fs::read(desk.at("a.parquet")).unwrap();
    // Within the packed bytes of the first page, behind its head.
    for byte in &mut bytes[start + 50..start + 90] {
        *byte ^= 0xff;
    }
    std::fs::write(desk.at("a.parquet"), &bytes).unwrap();
    let report = desk.run(&desk.request("a.parquet")).unwrap();
    assert!((4..12).contains(&report.n_faces), "{report}");
    let rejects = desk.rejects();
    for part in ["a.parquet#0,unreadable", "row group 0, row 0: "] {
        assert!(rejects.contains(part), "{rejects}");
    }
}

#[test]
fn the_path_in_the_picture_column_is_seen_by_the_subject_pattern() {
    let desk = Desk::new();
    write_table(&desk.at("a.parquet"), PICTURE_NUMBER_TEXT, &[rows(0, 4)], &Writing::default());
    let subject_pattern = Some(r"a\.parquet/p(?<person>\d)\.png".to_owned());
    let request = PrepareRequest {
        settings: SourceSettings { subject_pattern, classes: FolderClasses::Any, ..SourceSettings::default() },
        ..desk.request("a.parquet")
    };
    let report = desk.run(&request).unwrap();
    assert_eq!((report.n_faces, report.n_persons), (4, 4), "{report}");
}

/// A face set of two generated faces with parents, made through the library's own writer.
fn made_set(folder: &Path) {
    use howfar_face::test_sets::{TestSet, labels};
    use howfar_face::{FaceLabels, GeneratorCard, Licence, Lineage, Picture};
    let mut set = TestSet::new("made", &["anger", "fear"], 16);
    let lineage = Lineage { people: ["ckplus:S010".parse().unwrap()].into(), content: Default::default() };
    set.info.generator = Some(GeneratorCard::new("gan".to_owned(), 7, lineage, String::new()));
    set.info.licences = vec![Licence { database: "ckplus".to_owned(), terms: "research only".to_owned() }];
    for label in 0..2_u8 {
        let labels = FaceLabels {
            parent: Some("ckplus:S010".parse().unwrap()),
            group: Some("female".to_owned()),
            source: format!("seed {label}"),
            ..labels(usize::from(label), &format!("gan:{label}"), Provenance::Generated)
        };
        let data = (0..=255).map(|i: u8| i.wrapping_mul(label + 1)).collect();
        set.push(labels, Picture::gray(16, 16, data));
    }
    set.write(folder);
}

#[test]
fn a_face_set_of_our_own_is_taken_over_with_its_people_parents_and_generator() {
    let desk = Desk::new();
    made_set(&desk.at("."));
    let report = desk.run(&PrepareRequest { size: 16, ..desk.request("made") }).unwrap();
    assert_eq!(classes_of(&report), [("anger".to_owned(), 1), ("fear".to_owned(), 1)]);
    let (before, after) = (faces(&desk.at("made")), faces(&desk.at("out/faces")));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.picture, after.picture);
        assert_eq!(
            (&before.labels.subject, before.labels.provenance, &before.labels.parent, &before.labels.source),
            (&after.labels.subject, after.labels.provenance, &after.labels.parent, &after.labels.source)
        );
        assert_eq!(after.labels.group.as_deref(), Some("female"));
    }
    let set = FaceSet::open(&desk.at("out/faces")).unwrap();
    assert_eq!(set.info().generator.as_ref().unwrap().trained_on, ["ckplus:S010".parse().unwrap()]);
    assert!(set.info().licences.iter().any(|l| l.database == "ckplus"), "{report}");
    let fault = desk.run(&desk.request("made/data/train-00000-of-00001.parquet")).unwrap_err().to_string();
    assert!(fault.contains("without the face_set.json"), "{fault}");
}

#[test]
fn a_face_set_in_another_compression_is_still_the_set() {
    let desk = Desk::new();
    made_set(&desk.at("."));
    let set = FaceSet::open(&desk.at("made")).unwrap();
    let shard = desk.at("made").join(&set.info().shards[0].file);
    let before = faces(&desk.at("made"));
    for compression in compressions() {
        tables::pack_anew(&shard, compression);
        assert_eq!(faces(&desk.at("made")), before, "{compression:?}");
    }
}
