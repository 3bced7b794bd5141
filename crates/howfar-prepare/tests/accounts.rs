//! Preparations that are stopped, that lose pictures, that repeat some: nothing goes without a word, nothing is done
//! twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use howfar_face::{FaceSet, Fault};
use howfar_prepare::{Detect, PrepareReport, PrepareRequest, Progress, Reason, Source, Stage, prepare};

/// A smooth pattern that differs with every seed; no face.
fn save_picture(path: &Path, seed: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let value = |x: u32, y: u32| (x * (3 + seed % 5) + y * (1 + seed % 7) + seed * 13 + seed / 256 * x * y) as u8;
    image::GrayImage::from_fn(48, 48, |x, y| image::Luma([value(x, y)])).save(path).unwrap();
}

fn request(folder: &Path, sources: &[&str]) -> PrepareRequest {
    let source = |adapter: &&str| Source { adapter: (*adapter).to_owned(), path: folder.join(adapter) };
    PrepareRequest::new(sources.iter().map(source).collect(), folder.join("out/faces"))
}

fn run(request: &PrepareRequest) -> Result<PrepareReport, Fault> {
    prepare(request, &mut |_| ControlFlow::Continue(()))
}

/// Runs until `stop` says so; what was told of the stage of looking.
fn run_until(request: &PrepareRequest, stop: impl Fn(Progress) -> bool) -> (Result<PrepareReport, Fault>, Vec<u64>) {
    let mut looked = Vec::new();
    let result = prepare(request, &mut |progress| {
        if progress.stage == Stage::Looking {
            looked.push(progress.done);
        }
        if stop(progress) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (result, looked)
}

fn shards(set: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(set.join("data")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        files.push((PathBuf::from(path.file_name().unwrap()), bytes));
    }
    files.sort();
    files
}

#[test]
fn a_stop_at_any_moment_costs_nothing_and_ends_in_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..600 {
        save_picture(&folder.path().join(format!("folder/{}/{i}.png", ["fear", "anger"][i as usize % 2])), i);
    }
    let whole = PrepareRequest { detect: Detect::None, ..request(folder.path(), &["folder"]) };
    run(&whole).unwrap();
    let broken = PrepareRequest { out: folder.path().join("out/broken"), ..whole.clone() };
    let stops: [(Stage, u64, u64); 4] =
        [(Stage::Looking, 0, 0), (Stage::Looking, 256, 0), (Stage::Looking, 512, 256), (Stage::Writing, 0, 512)];
    for (stage, at, begin) in stops {
        let (result, looked) = run_until(&broken, |p| p.stage == stage && p.done >= at);
        assert_eq!((result.unwrap_err().kind().exit_code(), looked[0]), (75, begin));
        assert!(!broken.out.exists() && folder.path().join("out/broken.looked").exists());
    }
    let (result, looked) = run_until(&broken, |_| false);
    result.unwrap();
    assert_eq!(looked, [600]);
    assert_eq!(shards(&broken.out), shards(&whole.out));
    let left: Vec<_> = std::fs::read_dir(folder.path().join("out")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains(".looked")), "{left:?}");
}

#[test]
fn a_picture_that_changed_after_a_stop_is_looked_at_again() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..3 {
        save_picture(&folder.path().join(format!("folder/{}/{i}.png", ["fear", "anger"][i as usize % 2])), i);
    }
    let request = PrepareRequest { detect: Detect::None, ..request(folder.path(), &["folder"]) };
    run_until(&request, |p| p.stage == Stage::Writing).0.unwrap_err();
    save_picture(&folder.path().join("folder/fear/0.png"), 77);
    let (result, looked) = run_until(&request, |_| false);
    result.unwrap();
    assert_eq!(looked, [0, 3]);
}

#[test]
fn each_source_is_cropped_as_it_needs_whatever_stands_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..4 {
        save_picture(&folder.path().join(format!("ckplus48/anger/S01{i}_001_0000000{i}.png")), i);
        save_picture(&folder.path().join(format!("jaffe/KA.AN{i}.{i}.tiff")), 10 + i);
    }
    // Nothing on the second one's pictures is a face, so that all of them are lost, and all of the first stay.
    let request = PrepareRequest { max_losses: 1.0, ..request(folder.path(), &["ckplus48", "jaffe"]) };
    let report = run(&request).unwrap();
    assert_eq!(report.n_faces, 4, "{report}");
    let info = FaceSet::open(&request.out).unwrap().info().clone();
    let ways: Vec<_> = info
        .databases
        .iter()
        .map(|of| (of.database.as_str(), of.n_faces, of.n_lost, of.preprocessing.detection.as_str()))
        .collect();
    assert_eq!(ways, [("ckplus48", 4, 0, "none"), ("jaffe", 0, 4, "detector")]);
    assert_eq!(info.preprocessing.detection, "detector", "a new photograph has to be looked for in");
    let text = report.to_string();
    for part in
        ["cut in different ways: ", "jaffe: published 213 pictures (all), found 4, in the set 0: 4 no face found"]
    {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("counts are those published"), "{text}");
}

#[test]
fn what_loses_too_much_is_refused_until_it_is_allowed_and_nothing_is_looked_at_twice() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..8 {
        save_picture(&folder.path().join(format!("folder/{}/{i}.png", ["fear", "anger"][i as usize % 2])), i);
    }
    std::fs::write(folder.path().join("folder/fear/9.png"), b"\x89PNG\r\n\x1a\n cut short").unwrap();
    let request = PrepareRequest { detect: Detect::None, ..request(folder.path(), &["folder"]) };
    let fault = run(&request).unwrap_err();
    assert_eq!(fault.kind().exit_code(), 3);
    for part in ["folder: 1 of 9 (11 %)", "at most 10 %", "faces.rejects.csv", "--allow-losses"] {
        assert!(fault.to_string().contains(part), "{fault}");
    }
    assert!(!request.out.exists());
    let (result, looked) = run_until(&PrepareRequest { max_losses: 0.12, ..request.clone() }, |_| false);
    assert_eq!((result.unwrap().n_faces, looked), (8, vec![9]));
}

#[test]
fn of_repeats_the_part_that_judges_keeps_its_pictures_and_two_labels_keep_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join("fer2013").join(name);
    for (seed, name) in
        (1..).zip(["train/angry/Training_1.png", "train/fear/Training_2.png", "test/sad/PrivateTest_3.png"])
    {
        save_picture(&at(name), seed);
    }
    let copy = |from: &str, to: &str| {
        std::fs::create_dir_all(at(to).parent().unwrap()).unwrap();
        std::fs::copy(at(from), at(to)).unwrap();
    };
    copy("train/angry/Training_1.png", "test/angry/PrivateTest_4.png");
    copy("train/fear/Training_2.png", "validation/sad/PublicTest_5.png");
    let kept = run(&request(folder.path(), &["fer2013"])).unwrap();
    let text = kept.to_string();
    for part in [
        "fer2013: its parts share pictures: 1 of test stand in train",
        "1 of validation stand in train",
        "2 pictures stand in their database under two classes",
        "--drop-repeats",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(kept.n_faces, 5);
    let out = folder.path().join("out/dropped");
    let dropped = run(&PrepareRequest { drop_repeats: true, out: out.clone(), ..request(folder.path(), &["fer2013"]) });
    let mut sources = Vec::new();
    FaceSet::open(&out).unwrap().for_each_labels(|labels| sources.push(labels.source)).unwrap();
    assert_eq!(sources, ["test/angry/PrivateTest_4.png", "test/sad/PrivateTest_3.png"]);
    let reasons: Vec<_> = dropped.unwrap().rejects.iter().map(|r| (r.reason, r.files)).collect();
    assert_eq!(reasons, [(Reason::Repeated, 1), (Reason::TwoClasses, 2)]);
}
