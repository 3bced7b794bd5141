//! Leaks planted on purpose are found, and clean faces give no alarm.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::f32::consts::TAU;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use howfar_evaluate::Finding;
use howfar_face::test_sets::TestSet;
use howfar_face::{Face, FaceLabels, GeneratorCard, Licence, Picture, Provenance, SubjectId};
use howfar_protocol::Study;
use howfar_random::{Seeds, normal, uniform};
use howfar_study::{AuditPlace, AuditedFaces, LoadedStudy, StudyFolder, audit_faces, audit_study};
use tempfile::TempDir;

const SIDE: u32 = 48;
const CLASSES: [&str; 2] = ["grating", "rings"];

/// A made face: waves that are a person's, a pattern that is a class's, noise that is the shot's.
fn picture(person: u64, class: usize, shot: u64) -> Vec<u8> {
    let mut stream = Seeds::new(person).stream("person", &[]);
    let waves: Vec<[f32; 4]> = (0..6)
        .map(|_| {
            let mut between = |low: f32, high: f32| low + (high - low) * uniform(&mut stream);
            [between(-2.5, 2.5), between(-2.5, 2.5), between(0.0, 1.0), between(8.0, 22.0)]
        })
        .collect();
    let mut noise = Seeds::new(shot).stream("shot", &[person, class as u64]);
    let level = |i: u32| {
        let (x, y) = ((i % SIDE) as f32 / SIDE as f32, (i / SIDE) as f32 / SIDE as f32);
        let wave = |w: &[f32; 4]| w[3] * (TAU * (w[0] * x + w[1] * y + w[2])).sin();
        let pattern = if class == 0 { (TAU * 5.0 * x).sin() } else { (TAU * 8.0 * (x - 0.5).hypot(y - 0.5)).sin() };
        let level = 120.0 + waves.iter().map(wave).sum::<f32>() + 20.0 * pattern + 5.0 * normal(&mut noise);
        level.clamp(0.0, 255.0) as u8
    };
    (0..SIDE * SIDE).map(level).collect()
}

fn labels(set: &str, person: &str, class: usize, provenance: Provenance) -> FaceLabels {
    let subject = SubjectId::new(set, person).unwrap();
    FaceLabels { source: format!("{person}-{class}"), ..FaceLabels::of(class, subject, provenance) }
}

/// A set of `n` people with a face of each class; `change` may alter a face before it is written.
fn set(place: &TempDir, name: &str, people: std::ops::Range<u64>, change: impl Fn(u64, &mut Face)) -> PathBuf {
    let mut set = TestSet::new(name, &CLASSES, SIDE);
    set.info.licences.push(Licence { database: name.to_owned(), terms: "made for a test".to_owned() });
    let provenance = if name == "generated" { Provenance::Generated } else { Provenance::Real };
    if provenance == Provenance::Generated {
        set.info.generator = Some(GeneratorCard {
            name: "waves".to_owned(),
            seed: 1,
            trained_on: Vec::new(),
            trained_on_content: Vec::new(),
            settings: String::new(),
        });
    }
    for (i, person) in people.enumerate() {
        for class in 0..CLASSES.len() {
            let labels = labels(name, &format!("p{i:03}"), class, provenance);
            let mut face = Face { picture: Picture::gray(SIDE, SIDE, picture(person, class, 1)), labels };
            change(i as u64, &mut face);
            set.push(face.labels, face.picture);
        }
    }
    set.write(place.path());
    place.path().join(name)
}

fn audit(sets: &[PathBuf], scratch: &Path) -> Vec<Finding> {
    let stop = AtomicBool::new(false);
    let place = AuditPlace { scratch: scratch.join("audit"), watch: &|_| (), stop: &stop };
    audit_faces(&AuditedFaces::of_sets(sets).unwrap(), &place).unwrap().findings
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().filter(|finding| finding.is_caveat).map(|finding| finding.code.as_str()).collect()
}

#[test]
fn clean_faces_give_no_alarm() {
    let place = tempfile::tempdir().unwrap();
    let sets = [set(&place, "real", 0..24, |_, _| ()), set(&place, "generated", 100..124, |_, _| ())];
    let findings = audit(&sets, place.path());
    assert_eq!(codes(&findings), [""; 0], "{findings:#?}");
    let labels = findings.iter().find(|finding| finding.audit == "labels").unwrap();
    assert!(labels.figures["generated_percent"] > 90.0, "{labels:?}");
}

#[test]
fn a_shot_under_another_name_is_found_re_lit_and_mirrored() {
    let place = tempfile::tempdir().unwrap();
    let copy = |i: u64, face: &mut Face| {
        if i == 3 {
            let stolen = picture(5, face.labels.label, 1);
            let mirrored = stolen.chunks_exact(SIDE as usize).flat_map(|row| row.iter().rev());
            face.picture.data = mirrored.map(|level| (f32::from(*level) * 0.8 + 12.0) as u8).collect();
        }
    };
    let sets = [set(&place, "real", 0..24, |_, _| ()), set(&place, "generated", 100..124, copy)];
    let findings = audit(&sets, place.path());
    assert_eq!(codes(&findings), ["copied-faces"], "{findings:#?}");
    assert!(
        findings.iter().any(|f| f.examples.iter().any(|e| e.contains("generated:p003") && e.contains("real:p005")))
    );
}

#[test]
fn a_trace_of_the_codec_is_told_from_a_difference_in_looks() {
    let place = tempfile::tempdir().unwrap();
    // Every second pixel a little lighter, as a bad upscaling leaves it: no eye sees it, saving again removes it.
    let comb = |_: u64, face: &mut Face| {
        face.picture
            .data
            .iter_mut()
            .enumerate()
            .for_each(|(i, level)| *level = level.saturating_add(6 * (i % 2) as u8));
    };
    let real = set(&place, "real", 0..48, |_, _| ());
    let findings = audit(&[real.clone(), set(&place, "generated", 100..148, comb)], place.path());
    assert_eq!(codes(&findings), ["shortcut-codec"], "{findings:#?}");
}

#[test]
fn shuffled_labels_are_found() {
    let place = tempfile::tempdir().unwrap();
    let swap = |i: u64, face: &mut Face| {
        if i.is_multiple_of(2) {
            face.labels.label = 1 - face.labels.label;
        }
    };
    let sets = [set(&place, "real", 0..24, |_, _| ()), set(&place, "generated", 100..124, swap)];
    let findings = audit(&sets, place.path());
    assert_eq!(codes(&findings), ["labels-disagree"], "{findings:#?}");
}

/// A study of these sets; people 0 to 23 of the real set are split by a file: the last four test.
fn study(place: &TempDir) -> Study {
    let side = |i: u64| {
        if i < 16 {
            "train"
        } else if i < 20 {
            "validation"
        } else {
            "test"
        }
    };
    let rows: Vec<String> = (0..24).map(|i| format!("real:p{i:03},{}", side(i))).collect();
    std::fs::write(place.path().join("split.csv"), format!("subject,part\n{}\n", rows.join("\n"))).unwrap();
    let text = "name = \"leaky\"\nexpressions = [\"grating\", \"rings\"]\n[real]\nsets = [\"real\"]\nsplit = { file = \
        \"split.csv\" }\n[generated]\nsets = [\"generated\"]\n[grid]\nk = [0, 1]\n";
    std::fs::write(place.path().join("study.toml"), text).unwrap();
    Study::read(&place.path().join("study.toml")).unwrap()
}

#[test]
fn a_test_persons_face_among_the_generated_ones_is_refused_and_a_re_lit_one_is_found_in_a_study() {
    let place_of = |light: f32| {
        let place = tempfile::tempdir().unwrap();
        set(&place, "real", 0..24, |_, _| ());
        set(&place, "generated", 100..124, |i, face| {
            if i == 0 {
                let stolen = picture(22, face.labels.label, 1);
                face.picture.data = stolen.iter().map(|level| (f32::from(*level) * light) as u8).collect();
            }
        });
        place
    };
    let equal = place_of(1.0);
    let fault = LoadedStudy::open(&study(&equal)).unwrap_err().to_string();
    assert!(fault.contains("2 such pictures") && fault.contains("real:p022"), "{fault}");
    let place = place_of(0.9);
    let loaded = LoadedStudy::open(&study(&place)).unwrap();
    let folder = StudyFolder::new(place.path());
    let stop = AtomicBool::new(false);
    let presence = folder.presence().unwrap();
    let audit = audit_study(&loaded, &folder, &presence, &|_| (), &stop).unwrap();
    assert_eq!(codes(&audit.findings), ["duplicate-across-parts"], "{:#?}", audit.findings);
    assert!(!place.path().join("audit").exists());
    let again = |what: &str| panic!("{what} was audited twice");
    assert_eq!(audit_study(&loaded, &folder, &presence, &again, &stop).unwrap(), audit);
    // What is known of a generator is an input, too: with another card the audits run again.
    let file = place.path().join("generated/face_set.json");
    let card = std::fs::read_to_string(&file).unwrap().replace("\"trained_on\": []", "\"trained_on\": [\"real:p000\"]");
    std::fs::write(&file, card).unwrap();
    let n_begun = std::cell::Cell::new(0);
    let once_more = |_: &str| n_begun.set(n_begun.get() + 1);
    let loaded = LoadedStudy::open(&study(&place)).unwrap();
    assert_ne!(audit_study(&loaded, &folder, &presence, &once_more, &stop).unwrap().inputs_sha256, audit.inputs_sha256);
    assert!(n_begun.get() > 0);
}

#[test]
fn a_test_persons_child_and_a_generator_that_saw_one_are_refused() {
    let test_person = SubjectId::new("real", "p022").unwrap();
    let place = tempfile::tempdir().unwrap();
    set(&place, "real", 0..24, |_, _| ());
    set(&place, "generated", 100..124, |i, face| {
        if i == 7 {
            face.labels.parent = Some(test_person.clone());
        }
    });
    let fault = LoadedStudy::open(&study(&place)).unwrap_err().to_string();
    assert!(fault.contains("a face descends from a person who judges") && fault.contains("real:p022"), "{fault}");
    let place = tempfile::tempdir().unwrap();
    set(&place, "real", 0..24, |_, _| ());
    let generated = set(&place, "generated", 100..124, |_, _| ());
    let file = generated.join("face_set.json");
    let card = std::fs::read_to_string(&file).unwrap().replace("\"trained_on\": []", "\"trained_on\": [\"real:p022\"]");
    std::fs::write(&file, card).unwrap();
    let fault = LoadedStudy::open(&study(&place)).unwrap_err().to_string();
    assert!(fault.contains("trained on, or fitted to, faces that judge") && fault.contains("real:p022"), "{fault}");
}
