//! Folders as labs have them: what each level of a tree is taken for, what is said of it, and what is refused.
//!
//! The files are made and empty: nothing here decodes a picture, but for the last test.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use howfar_face::{Expression, Fault};
use howfar_prepare::{
    Detect, FolderClasses, LevelKind, PrepareRequest, Reason, Source, SourceSettings, UnderstoodSource, prepare,
    understand,
};

/// A folder of made files.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn with(files: &[&str]) -> Self {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        files.iter().for_each(|name| desk.write(name, b""));
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        std::fs::write(self.at(name), bytes).unwrap();
    }

    fn request(&self, adapter: &str, path: &str) -> PrepareRequest {
        let source = Source { adapter: adapter.to_owned(), path: self.at(path) };
        PrepareRequest { detect: Detect::None, ..PrepareRequest::new(vec![source], self.at("out/faces")) }
    }
}

fn understood(request: &PrepareRequest) -> UnderstoodSource {
    understand(request).unwrap().sources.remove(0)
}

fn refused(request: &PrepareRequest) -> Fault {
    understand(request).unwrap_err()
}

/// Classes and pictures, as in `anger 2, fear 1`.
fn counts(source: &UnderstoodSource) -> String {
    source.classes.iter().map(|c| format!("{} {}", c.class, c.pictures)).collect::<Vec<_>>().join(", ")
}

#[test]
fn layouts_of_expressions_are_understood_wherever_splits_wrappers_and_persons_stand() {
    let cases: [(&[&str], &str, u64); 12] = [
        (&["anger/1.png", "fear/2.png"], "anger 1, fear 1", 0),
        (&["train/anger/1.png", "VALID/Angry/2.png", "test/fear/3.png"], "anger 2, fear 1", 0),
        (&["train_set/0_anger/1.png", "train_set/1-fear/2.png"], "anger 1, fear 1", 0),
        (&["DOWNLOAD/CK+48/anger/1.png", "DOWNLOAD/CK+48/fear/2.png"], "anger 1, fear 1", 0),
        (&["anger/fold_1/1.png", "fear/fold_2/2.png"], "anger 1, fear 1", 0),
        (&["Set A/anger/1.png", "Set B/fear/2.png"], "anger 1, fear 1", 0),
        (&["001/anger/a.png", "001/fear/b.png", "002/anger/c.png"], "anger 2, fear 1", 2),
        (&["anger/001/a.png", "fear/001/b.png", "anger/002/c.png"], "anger 2, fear 1", 2),
        (&["x/P001/train/Anger/1.jpeg", "x/P002/test/Fear/1.jpeg"], "anger 1, fear 1", 2),
        (&["VL/Strong/P001/Anger/0.jpeg", "VL/Strong/P002/Fear/0.jpeg"], "anger 1, fear 1", 2),
        (&["male/anger/1.png", "female/fear/2.png"], "anger 1, fear 1", 0),
        (&["anna/AN/1.png", "anna/HA/2.png", "berta/HA/3.png"], "anger 1, happiness 2", 2),
    ];
    for (files, classes, persons) in cases {
        let source = understood(&Desk::with(files).request("folder", ""));
        assert_eq!((counts(&source).as_str(), source.n_persons), (classes, persons), "{files:?}");
    }
}

#[test]
fn each_picture_is_of_the_person_whose_folder_it_lies_in() {
    for files in [["001/anger/a.png", "002/fear/a.png"], ["anger/001/a.png", "fear/002/a.png"]] {
        let source = understood(&Desk::with(&files).request("folder", ""));
        assert!(source.caveats.iter().any(|c| c.contains("taken as 2 people (001, 002)")), "{:?}", source.caveats);
        assert!(source.levels.iter().any(|level| level.kind == LevelKind::Person));
    }
}

#[test]
fn what_systems_leave_behind_is_counted_once_and_is_neither_class_nor_picture_of_any_adapter() {
    let left = [
        "__MACOSX/anger/._1.png",
        "@eaDir/anger/1.png",
        ".ipynb_checkpoints/2.png",
        "lost+found/3.png",
        "$RECYCLE.BIN/4.png",
        "System Volume Information/5.png",
        "anger/Thumbs.db",
        "anger/._S010_004_00000017.png",
        "fear/.DS_Store",
        "fear/desktop.ini",
    ];
    let pictures = ["anger/S010_004_00000017.png", "fear/S011_004_00000018.png"];
    let desk = Desk::with(&[&left[..], &pictures[..]].concat());
    for adapter in ["folder", "ckplus48"] {
        let source = understood(&desk.request(adapter, ""));
        assert_eq!(counts(&source), "anger 1, fear 1");
        let rejects: Vec<_> = source.rejects.iter().map(|r| (r.reason, r.files)).collect();
        assert_eq!(rejects, [(Reason::SystemFile, left.len() as u64)], "{adapter}");
    }
}

#[test]
fn wrapper_folders_of_archives_are_passed_by_named_adapters() {
    let cases: [(&str, &[&str], &str); 4] = [
        (
            "ckplus48",
            &["CK+48/anger/S010_004_00000017.png", "CK+48/fear/S011_004_00000018.png", "CK+48/readme.txt"],
            "anger 1, fear 1",
        ),
        (
            "rafdb",
            &["DATASET/train/1/train_00001_aligned.jpg", "DATASET/test/6/test_0001_aligned.jpg", "readme.txt"],
            "anger 1, surprise 1",
        ),
        ("fer2013", &["archive/train/angry/Training_1.jpg", "archive/test/3/PublicTest_2.jpg"], "anger 1, happiness 1"),
        ("kdef", &["KDEF_and_AKDEF/KDEF/AF01/AF01AFS.JPG", "KDEF_and_AKDEF/KDEF/AF01/AF01ANS.JPG"], "anger 1, fear 1"),
    ];
    for (adapter, files, classes) in cases {
        let source = understood(&Desk::with(files).request(adapter, ""));
        assert_eq!(counts(&source), classes, "{adapter}");
        let firsts: Vec<&str> = source.classes.iter().flat_map(|c| c.first.iter().map(String::as_str)).collect();
        assert!(
            firsts.iter().all(|first| files.contains(first)),
            "names stay relative to the folder given: {firsts:?}"
        );
    }
}

#[test]
fn a_single_level_of_other_names_is_the_classes_and_that_is_said() {
    let source =
        understood(&Desk::with(&["train/cat/1.png", "train/dog/2.png", "test/dog/3.png"]).request("folder", ""));
    assert_eq!(counts(&source), "cat 1, dog 2");
    assert!(source.caveats[0].contains("the folders are the classes (cat 1, dog 2)"), "{:?}", source.caveats);
}

#[test]
fn several_levels_of_other_names_are_refused_with_the_tree_until_the_level_is_told() {
    let desk = Desk::with(&["a/cat/1.png", "a/dog/2.png", "b/cat/3.png"]);
    let request = desk.request("folder", "");
    let fault = refused(&request);
    assert_eq!(fault.kind().exit_code(), 3);
    for part in ["several levels", "level 1", "a, b", "level 2", "cat, dog", "--class-level", "--label-pattern"] {
        assert!(fault.to_string().contains(part), "{part}: {fault}");
    }
    assert!(fault.to_string().lines().count() < 10, "{fault}");
    let told = |level| {
        understood(&PrepareRequest {
            settings: SourceSettings { class_level: Some(level), ..request.settings.clone() },
            ..request.clone()
        })
    };
    assert_eq!(counts(&told(1)), "a 2, b 1");
    assert_eq!(counts(&told(2)), "cat 2, dog 1");
    let too_deep = refused(&PrepareRequest {
        settings: SourceSettings { class_level: Some(3), ..request.settings.clone() },
        ..request.clone()
    })
    .to_string();
    assert!(too_deep.contains("no picture lies 3 folders deep") && too_deep.contains("a/cat/1.png"), "{too_deep}");
    let pattern = Some("(?<label>bird)/".to_owned());
    let fault = refused(&PrepareRequest {
        settings: SourceSettings { label_pattern: pattern, ..request.settings.clone() },
        ..request.clone()
    })
    .to_string();
    assert!(fault.contains("finds a label in no path") && fault.contains("a/cat/1.png"), "{fault}");
    let pattern = Some("(?<label>cat|dog)/".to_owned());
    assert_eq!(
        counts(&understood(&PrepareRequest {
            settings: SourceSettings { label_pattern: pattern, ..request.settings.clone() },
            ..request.clone()
        })),
        "cat 2, dog 1"
    );
}

#[test]
fn a_folder_one_level_too_high_never_makes_classes_of_persons() {
    let compound = Desk::with(&["S001/x_angry.png", "S001/x_awe.png", "S002/y_sad.png", "S002/y.png"]);
    let source = understood(&PrepareRequest {
        settings: SourceSettings {
            label_pattern: Some("_(?<label>[a-z]+)".to_owned()),
            ignore: vec!["awe".to_owned()],
            ..SourceSettings::default()
        },
        ..compound.request("folder", "")
    });
    assert_eq!(counts(&source), "anger 1, sadness 1");
    let rejects: Vec<_> = source.rejects.iter().map(|r| (r.reason, r.files)).collect();
    assert_eq!(rejects, [(Reason::NameNotKnown, 1), (Reason::NotAskedFor, 1)]);

    let numbered = Desk::with(&["S001/1.png", "S001/2.png", "S002/3.png"]);
    let fault = refused(&numbered.request("folder", "")).to_string();
    assert!(fault.contains("looks like a person's number") && fault.contains("--label-pattern"), "{fault}");

    let desk = Desk::with(&["S001/x_angry.png", "S001/x_sad.png", "S002/y_angry.png"]);
    let request = desk.request("folder", "");
    assert!(refused(&request).to_string().contains("--label-pattern"));
    let pattern = Some(r"(?<person>S\d+)/._(?<label>[a-z]+)\.".to_owned());
    let told = PrepareRequest {
        settings: SourceSettings {
            subject_pattern: pattern.clone(),
            label_pattern: pattern,
            ..SourceSettings::default()
        },
        ..request.clone()
    };
    let source = understood(&told);
    assert_eq!((counts(&source).as_str(), source.n_persons), ("anger 2, sadness 1", 2));

    let named = Desk::with(&["anna/1_happy.png", "anna/2_sad.png", "berta/3_happy.png"]);
    let request = named.request("folder", "");
    let fault = refused(&request).to_string();
    assert!(fault.contains("3 of 3 pictures, such as anna/1_happy.png"), "{fault}");
    assert!(fault.contains("--label-pattern") && !fault.contains("  `--subject"), "{fault}");
    let any = PrepareRequest {
        settings: SourceSettings { classes: FolderClasses::Any, ..request.settings.clone() },
        ..request
    };
    assert_eq!(counts(&understood(&any)), "anna 2, berta 1");

    let named = Desk::with(&["anna/1.png", "anna/2.png", "berta/3.png"]);
    let subject_pattern = Some("^(?<person>[^/]+)/".to_owned());
    let fault = refused(&PrepareRequest {
        settings: SourceSettings { subject_pattern, ..SourceSettings::default() },
        ..named.request("folder", "")
    })
    .to_string();
    assert!(fault.contains("the people are the classes"), "{fault}");
    let manifest = "path,label,subject\nanna/1.png,A,a1\nanna/2.png,A,a1\nberta/3.png,B,b1\nberta/4.png,B,b1\n";
    named.write("berta/4.png", b"");
    named.write("list.csv", manifest.as_bytes());
    assert!(refused(&named.request("folder", "list.csv")).to_string().contains("the people are the classes"));
}

#[test]
fn one_class_alone_and_a_class_without_a_picture_are_refused() {
    let desk = Desk::with(&["anger/001/1.png", "anger/002/2.png"]);
    let request = desk.request("folder", "");
    assert!(refused(&request).to_string().contains("one class alone"));
    let asked = PrepareRequest { expressions: vec![Expression::Anger], ..request };
    assert_eq!(counts(&understood(&asked)), "anger 2", "who asks for one expression gets it");

    let desk = Desk::with(&["anger/1.png", "fear/2.png", "sad/notes.txt"]);
    std::fs::create_dir(desk.at("happy")).unwrap();
    let request = desk.request("folder", "");
    let fault = refused(&request).to_string();
    assert!(fault.contains("a class folder has no picture") && fault.contains("happy, sad"), "{fault}");
    let ignore = vec!["happy".to_owned(), "sad".to_owned()];
    assert_eq!(
        counts(&understood(&PrepareRequest {
            settings: SourceSettings { ignore, ..request.settings.clone() },
            ..request
        })),
        "anger 1, fear 1"
    );
}

#[test]
fn names_that_differ_by_case_blanks_or_unicode_form_are_one() {
    let desk =
        Desk::with(&["Cat/1.png", "cat/2.png", "dog /3.png", "dog/4.png", "caf\u{e9}/5.png", "cafe\u{301}/6.png"]);
    let source = understood(&desk.request("folder", ""));
    assert_eq!(counts(&source), "Cat 2, caf\u{e9} 2, dog 2");
    assert!(source.caveats.iter().any(|c| c.contains("are one class")), "{:?}", source.caveats);

    let desk = Desk::with(&["anger/S01_1.png", "Angry/s01_2.png", "fear/S02_3.png"]);
    let pattern = Some(r"/(?<person>\w\d+)_".to_owned());
    let source = understood(&PrepareRequest {
        settings: SourceSettings { subject_pattern: pattern, ..SourceSettings::default() },
        ..desk.request("folder", "")
    });
    assert_eq!((counts(&source).as_str(), source.n_persons), ("anger 2, fear 1", 2));
    assert!(source.caveats.iter().any(|c| c.contains("Angry = anger = anger")), "{:?}", source.caveats);
    assert!(source.caveats.iter().any(|c| c.contains("one person")), "{:?}", source.caveats);

    desk.write(
        "list.csv",
        b"path,label,subject\nanger/S01_1.png,anger,S01\nAngry/s01_2.png,fear,s01\nfear/S02_3.png,fear,x\n",
    );
    assert_eq!(understood(&desk.request("folder", "list.csv")).n_persons, 2);

    let desk = Desk::with(&["a/Cat/1.png", "a/dog/2.png", "b/cat/3.png", "b/dog/4.png"]);
    let mut request = desk.request("folder", "a");
    request.sources.extend(desk.request("folder", "b").sources);
    let sources = understand(&request).unwrap().sources;
    assert_eq!([counts(&sources[0]), counts(&sources[1])], ["Cat 1, dog 1", "Cat 1, dog 1"], "in two sources");
}

#[test]
fn class_names_that_nearly_agree_are_said_where_names_are_taken_as_they_are() {
    let desk = Desk::with(&["anger/1.png", "angry/2.png", "fear/3.png"]);
    let source = understood(&PrepareRequest {
        settings: SourceSettings { classes: FolderClasses::Any, ..SourceSettings::default() },
        ..desk.request("folder", "")
    });
    assert_eq!(counts(&source), "anger 1, angry 1, fear 1");
    assert!(source.caveats.iter().any(|c| c.contains("anger and angry")), "{:?}", source.caveats);
}

#[test]
fn numbers_are_not_silently_classes() {
    let desk = Desk::with(&["train/0/1.jpg", "train/1/2.jpg", "train/7/3.jpg"]);
    let request = desk.request("folder", "");
    let fault = refused(&request).to_string();
    for part in ["is a number", "affectnet", "fer2013", "rafdb", "--label-map", "--any-classes"] {
        assert!(fault.contains(part), "{part}: {fault}");
    }
    let any = PrepareRequest {
        settings: SourceSettings { classes: FolderClasses::Any, ..request.settings.clone() },
        ..request.clone()
    };
    assert_eq!(counts(&understood(&any)), "0 1, 1 1, 7 1");

    desk.write("map.csv", b"0,neutral\n1,Happy\n7,-\n");
    let mapped = PrepareRequest {
        settings: SourceSettings { label_map: Some(desk.at("map.csv")), ..request.settings.clone() },
        ..request.clone()
    };
    let source = understood(&mapped);
    assert_eq!(counts(&source), "happiness 1, neutral 1");
    assert!(source.rejects.iter().any(|r| r.reason == Reason::NotAskedFor && r.files == 1), "{:?}", source.rejects);

    desk.write("map.csv", b"0,neutral\n");
    let fault = refused(&mapped).to_string();
    assert!(fault.contains("2 labels are not in this map") && fault.contains("1, 7"), "{fault}");
}

#[test]
fn a_wrong_adapter_names_the_right_one() {
    let desk = Desk::with(&["jaffe/KA.AN1.39.tiff", "jaffe/KA.FE1.40.tiff", "ck/anger/S010_004_00000017.png"]);
    desk.write("ck/fear/S011_004_00000018.png", b"");
    desk.write(
        "fer/fer2013.csv",
        format!("emotion,pixels,Usage\n0,{},Training\n", vec!["7"; 48 * 48].join(" ")).as_bytes(),
    );
    desk.write("mine/anger/1.png", b"");
    desk.write("mine/fear/2.png", b"");
    desk.write("ck.zip", b"PK");
    desk.write("ck.tar.gz", b"");
    desk.write("notes.txt", b"no list of anything\n");
    let cases = [
        ("ckplus48", "jaffe", "jaffe:"),
        ("jaffe", "ck", "ckplus48:"),
        ("folder", "jaffe", "jaffe:"),
        ("folder", "fer/fer2013.csv", "fer2013:"),
        ("rafd", "fer", "fer2013:"),
        ("kdef", "ck", "ckplus48:"),
        ("kdef", "mine", "folder:"),
        ("folder", "notes.txt", "path"),
        ("folder", "ck.zip", "unpack it"),
        ("jaffe", "ck.tar.gz", "unpack it"),
        ("folder", "mine/fear/2.png", "this is a picture"),
    ];
    for (adapter, path, part) in cases {
        let fault = refused(&desk.request(adapter, path));
        assert_eq!(fault.kind().exit_code(), 3, "{adapter}:{path}");
        assert!(fault.to_string().contains(part), "{adapter}:{path} {fault}");
    }
}

#[test]
fn the_dry_run_says_levels_counts_persons_first_files_and_what_is_left_out() {
    let names = ["001/anger/a.png", "001/anger/b.png", "001/anger/c.png", "001/anger/d.png", "002/contempt/e.png"];
    let desk = Desk::with(&names);
    desk.write("readme.txt", b"words");
    let understanding = understand(&desk.request("folder", "")).unwrap();
    let text = understanding.to_string();
    let parts = [
        "5 pictures of 2 people",
        "level 1  people",
        "level 2  classes",
        "anger            4        1  001/anger/a.png",
        "001/anger/a.png, 001/anger/b.png, 001/anger/c.png, …",
        "(not asked for)",
        "left out: 1",
        "not a picture",
    ];
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!desk.at("out").exists(), "nothing is written");
}

#[test]
fn two_sources_of_one_name_are_refused_as_in_prepare() {
    let desk = Desk::with(&["a/db/anger/1.png", "a/db/fear/2.png", "b/db/anger/1.png", "b/db/fear/2.png"]);
    let mut request = desk.request("folder", "a/db");
    request.sources.extend(desk.request("folder", "b/db").sources);
    assert!(refused(&request).to_string().contains("two sources are called db"));
}

#[test]
fn the_dry_run_refuses_what_prepare_refuses_and_tells_how_counts_differ() {
    let desk = Desk::with(&["pets/cat/1.png", "pets/dog/2.png", "jaffe/KA.AN1.39.tiff", "jaffe/KA.FE1.40.tiff"]);
    let alone = understand(&desk.request("jaffe", "jaffe")).unwrap();
    let caveats = alone.sources[0].caveats.join("\n");
    assert!(caveats.contains("differ from those published") && caveats.contains("anger 1 instead of 30"), "{caveats}");
    let mut mixed = desk.request("folder", "pets");
    mixed.sources.extend(desk.request("jaffe", "jaffe").sources);
    let fault = understand(&mixed).unwrap_err().to_string();
    assert!(fault.contains("some sources have expressions, others have other classes"), "{fault}");
}

#[test]
fn what_is_understood_is_what_is_prepared() {
    let desk = Desk { folder: tempfile::tempdir().unwrap() };
    let names = ["DOWNLOAD/001/anger/a.png", "DOWNLOAD/001/fear/b.png", "DOWNLOAD/002/anger/c.png"];
    for (seed, name) in (1_u32..).zip(names) {
        let path = desk.at("db").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let value = |x: u32, y: u32| (x * (3 + seed) + y * seed + seed * 13) as u8;
        image::GrayImage::from_fn(48, 48, |x, y| image::Luma([value(x, y)])).save(path).unwrap();
    }
    desk.write("db/.DS_Store", b"left");
    let request = desk.request("folder", "db");
    let report = prepare(&request, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((report.n_faces, report.n_persons), (3, 2));
    let rejects = std::fs::read_to_string(desk.at("out/faces.rejects.csv")).unwrap();
    assert!(rejects.contains("db,.DS_Store,system file"), "{rejects}");
    assert!(Path::new(&request.out).exists());
}
