//! Whole preparations of tiny databases made on the spot: what is written, what is left out, what is said.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use howfar_face::{Colour, Expression, Face, FaceSet, Fault, Provenance};
use howfar_prepare::{Detect, Layout, PrepareReport, PrepareRequest, Reason, Source, SourceSettings, export, prepare};

/// A smooth pattern that differs with every seed.
fn save_picture(path: &Path, seed: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let value = |x: u32, y: u32| (x * (3 + seed % 5) + y * (1 + seed % 7) + seed * 13) as u8;
    image::GrayImage::from_fn(48, 48, |x, y| image::Luma([value(x, y)])).save(path).unwrap();
}

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn with(pictures: &[&str]) -> Self {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        for (seed, name) in (1..).zip(pictures) {
            save_picture(&desk.at(name), seed);
        }
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn request(&self, adapter: &str, path: &str) -> PrepareRequest {
        let source = Source { adapter: adapter.to_owned(), path: self.at(path) };
        PrepareRequest { detect: Detect::None, ..PrepareRequest::new(vec![source], self.at("out/faces")) }
    }

    fn rejects(&self) -> String {
        std::fs::read_to_string(self.at("out/faces.rejects.csv")).unwrap()
    }
}

fn run(request: &PrepareRequest) -> Result<PrepareReport, Fault> {
    prepare(request, &mut |_| ControlFlow::Continue(()))
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

#[test]
fn a_folder_becomes_a_set_and_each_file_left_out_has_a_reason() {
    let desk = Desk::with(&["db/happy/1.png", "db/sad/2.png", "db/contempt/3.png", "db/sad/5.png"]);
    std::fs::write(desk.at("db/sad/4.png"), b"\x89PNG\r\n\x1a\n cut short").unwrap();
    std::fs::write(desk.at("db/readme.txt"), b"words").unwrap();
    std::fs::copy(desk.at("db/sad/5.png"), desk.at("db/sad/6.png")).unwrap();
    let report = run(&PrepareRequest { max_losses: 0.2, ..desk.request("folder", "db") }).unwrap();
    assert_eq!(report.n_faces, 4);
    let reasons: Vec<_> = report.rejects.iter().map(|r| (r.reason, r.files)).collect();
    assert_eq!(reasons, [(Reason::NotAPicture, 1), (Reason::NotAskedFor, 1), (Reason::Unreadable, 1)]);
    assert!(desk.rejects().contains("db,sad/4.png,unreadable,\"cannot be decoded"), "{}", desk.rejects());
    let faces = faces(&desk.at("out/faces"));
    let told: Vec<_> = faces.iter().map(|f| (f.labels.source.as_str(), f.labels.subject.to_string())).collect();
    let expected = [
        ("happy/1.png", "db:happy/1"),
        ("sad/2.png", "db:sad/2"),
        ("sad/5.png", "db:sad/5"),
        ("sad/6.png", "db:sad/5"),
    ];
    assert_eq!(told, expected.map(|(source, subject)| (source, subject.to_owned())));
    let text = report.to_string();
    for part in ["4 faces of 3 people", "left out: 3", "nobody says whose", "1 pictures repeat", "terms of db"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn pixels_under_two_classes_or_two_persons_are_left_out() {
    let desk = Desk::with(&["db/happy/a_1.png", "db/happy/b_2.png", "db/sad/c_3.png"]);
    std::fs::copy(desk.at("db/happy/a_1.png"), desk.at("db/sad/d_1.png")).unwrap();
    std::fs::copy(desk.at("db/happy/b_2.png"), desk.at("db/happy/e_2.png")).unwrap();
    let subject_pattern = Some("/(?<person>[a-z])_".to_owned());
    let report = run(&PrepareRequest {
        settings: SourceSettings { subject_pattern, ..SourceSettings::default() },
        ..desk.request("folder", "db")
    })
    .unwrap();
    let reasons: Vec<_> = report.rejects.iter().map(|r| (r.reason, r.files)).collect();
    assert_eq!(reasons, [(Reason::TwoClasses, 2), (Reason::TwoPersons, 2)]);
    assert_eq!((report.n_faces, report.n_persons), (1, 1));
}

#[test]
fn a_published_database_keeps_its_contradictions_as_one_person() {
    let desk = Desk::with(&["db/train/angry/Training_1.jpg", "db/test/happy/PublicTest_3.jpg"]);
    std::fs::create_dir_all(desk.at("db/train/fear")).unwrap();
    std::fs::copy(desk.at("db/train/angry/Training_1.jpg"), desk.at("db/train/fear/Training_2.jpg")).unwrap();
    let report = run(&desk.request("fer2013", "db")).unwrap();
    assert_eq!((report.n_faces, report.n_persons, report.rejects.len()), (3, 2, 0), "{report}");
    assert!(report.to_string().contains("2 pictures stand in their database under two classes"), "{report}");
}

#[test]
fn when_nothing_is_left_the_reasons_are_counted_and_listed() {
    let desk = Desk::with(&[]);
    for class in ["happy", "sad"] {
        std::fs::create_dir_all(desk.at("db").join(class)).unwrap();
        std::fs::write(desk.at("db").join(class).join("1.jpg"), b"").unwrap();
    }
    let fault = run(&desk.request("folder", "db")).unwrap_err().to_string();
    assert!(fault.contains("no face is left") && fault.contains("2 unreadable"), "{fault}");
    assert!(desk.rejects().contains("the file is empty"));
    assert!(!desk.at("out/faces").exists() && !desk.at("out/faces.partial").exists());
}

#[test]
fn the_same_bytes_with_any_number_of_threads() {
    let names: Vec<String> = (0..40).map(|i| format!("db/{}/{i}.png", ["happy", "sad", "fear"][i % 3])).collect();
    let desk = Desk::with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let hash = |threads: usize| {
        let request = PrepareRequest { out: desk.at(&format!("out{threads}")), ..desk.request("folder", "db") };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run(&request)).unwrap();
        FaceSet::open(&request.out).unwrap().info().shards[0].sha256.clone()
    };
    assert_eq!(hash(1), hash(5));
}

#[test]
fn two_databases_join_their_terms_and_keep_their_persons_apart() {
    let desk = Desk::with(&["a/anger/S010_004_00000017.png", "b/KA.AN1.39.tiff"]);
    let mut request = desk.request("ckplus48", "a");
    request.sources.push(Source { adapter: "jaffe".to_owned(), path: desk.at("b") });
    let report = run(&request).unwrap();
    assert_eq!(report.licences.iter().map(|l| l.database.as_str()).collect::<Vec<_>>(), ["ckplus48", "jaffe"]);
    assert_eq!(report.n_persons, 2);
    assert!(report.caveats.iter().any(|c| c.starts_with("jaffe: pictures per class differ")), "{:?}", report.caveats);
    assert!(report.caveats.iter().any(|c| c == "ckplus48: 1 people instead of the published 118"));
}

#[test]
fn arbitrary_classes_do_not_mix_with_expressions() {
    let desk = Desk::with(&["cats/tabby/1.png", "cats/black/2.png", "b/KA.AN1.39.tiff"]);
    let mut request = desk.request("folder", "cats");
    let report = run(&request).unwrap();
    assert_eq!(report.classes.iter().map(|c| c.class.as_str()).collect::<Vec<_>>(), ["black", "tabby"]);
    request.sources.push(Source { adapter: "jaffe".to_owned(), path: desk.at("b") });
    request.out = desk.at("out2");
    assert!(run(&request).unwrap_err().to_string().contains("jaffe has expressions"));
}

#[test]
fn an_existing_set_and_two_folders_of_one_name_are_refused_before_any_work() {
    let desk = Desk::with(&["a/faces/happy/1.png", "b/faces/happy/2.png"]);
    let mut request = desk.request("folder", "a/faces");
    request.sources.push(Source { adapter: "folder".to_owned(), path: desk.at("b/faces") });
    assert!(run(&request).unwrap_err().to_string().contains("two sources are called faces"));
    std::fs::create_dir_all(&request.out).unwrap();
    assert!(run(&request).unwrap_err().to_string().contains("never overwritten"));
}

#[test]
fn made_faces_are_called_what_the_user_says_they_are() {
    let desk = Desk::with(&["made/anger/1.png", "made/fear/2.png"]);
    for provenance in [Provenance::Real, Provenance::Drawn, Provenance::Generated] {
        let out = desk.at(provenance.name());
        run(&PrepareRequest { provenance, out: out.clone(), ..desk.request("folder", "made") }).unwrap();
        assert!(faces(&out).iter().all(|face| face.labels.provenance == provenance), "{provenance:?}");
    }
}

#[test]
fn a_stop_leaves_nothing_half_written() {
    let desk = Desk::with(&["db/happy/1.png", "db/sad/2.png"]);
    let request = desk.request("folder", "db");
    for n_reports in 0..4 {
        let mut n = 0;
        let stopped = prepare(&request, &mut |_| {
            n += 1;
            if n > n_reports { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(stopped.unwrap_err().kind().exit_code(), 75);
        assert!(!request.out.exists() && !desk.at("out/faces.partial").exists());
    }
}

#[test]
fn limit_expressions_colour_and_size_are_followed() {
    let desk = Desk::with(&["db/happy/1.png", "db/happy/2.png", "db/sad/3.png"]);
    let request = PrepareRequest {
        limit: Some(1),
        size: 32,
        colour: Colour::Rgb,
        expressions: vec![Expression::Happiness],
        name: Some("few".to_owned()),
        ..desk.request("folder", "db")
    };
    assert_eq!(run(&request).unwrap().n_faces, 1);
    let info = FaceSet::open(&request.out).unwrap().info().clone();
    assert_eq!(
        (info.name.as_str(), info.classes, info.preprocessing.colour.as_str()),
        ("few", vec!["happiness".to_owned()], "rgb")
    );
    let face = &faces(&request.out)[0];
    assert_eq!((face.picture.width, face.picture.channels), (32, 3));
}

#[test]
fn what_is_exported_reads_back_with_its_persons_and_pixels() {
    let desk = Desk::with(&["db/happy/p__1_a.png", "db/happy/q_b.png", "db/sad/q_c.png"]);
    let subject_pattern = Some("/(?<person>[a-z]+[_0-9]*)_[abc]".to_owned());
    run(&PrepareRequest {
        settings: SourceSettings { subject_pattern, ..SourceSettings::default() },
        ..desk.request("folder", "db")
    })
    .unwrap();
    let set = FaceSet::open(&desk.at("out/faces")).unwrap();
    let counts = export(&set, Layout::Folder, &desk.at("exported")).unwrap();
    assert_eq!((counts["happiness"], counts["sadness"], counts["fear"]), (2, 1, 0));
    assert!(export(&set, Layout::Folder, &desk.at("exported")).is_err());
    let again = PrepareRequest {
        out: desk.at("again"),
        settings: SourceSettings {
            subject_pattern: Some("(?<person>[^/]+?__.+?)__".to_owned()),
            ..SourceSettings::default()
        },
        ..desk.request("folder", "exported")
    };
    assert_eq!(run(&again).unwrap().n_persons, 2);
    let pictures = |folder: &Path| faces(folder).into_iter().map(|f| f.picture).collect::<Vec<_>>();
    assert_eq!(pictures(&desk.at("again")), pictures(&desk.at("out/faces")));
}

#[test]
fn videos_of_mmi_give_frames_of_their_middle() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        println!("skipped: no ffmpeg here");
        return;
    }
    let desk = Desk::with(&[]);
    std::fs::create_dir_all(desk.at("mmi/Sessions/1")).unwrap();
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=96x64:rate=25,trim=end_frame=9"])
        .args(["-c:v", "mpeg4"])
        .arg(desk.at("mmi/Sessions/1/S001-002.avi"))
        .status();
    assert!(made.unwrap().success());
    std::fs::write(desk.at("mmi/Sessions/1/S001-002.xml"), r#"<a><Metatag Name="Emotion" Value="6"/></a>"#).unwrap();
    std::fs::write(desk.at("mmi/Sessions/1/session.xml"), r#"<session><subject id="9"/></session>"#).unwrap();
    run(&desk.request("mmi", "mmi")).unwrap();
    let faces = faces(&desk.at("out/faces"));
    let told: Vec<_> = faces.iter().map(|f| (f.labels.source.as_str(), f.labels.subject.to_string())).collect();
    let expected = [3, 4, 5].map(|i| (format!("Sessions/1/S001-002.avi#{i}"), "mmi:9".to_owned()));
    assert_eq!(told, expected.each_ref().map(|(source, subject)| (source.as_str(), subject.clone())));
}
