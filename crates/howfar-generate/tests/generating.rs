//! Generated sets: balanced, the same bytes after a stop, with lineage, and whatever the two networks' sizes are.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use howfar_face::test_sets::{TestSet, labels};
use howfar_face::{Face, FaceLabels, FaceSet, FaultKind, GeneratorCard, GroupSizes, Lineage, Provenance};
use howfar_generate::{GenerateRequest, Reason, Screen, embedded_expression, embedded_identity, generate};
use howfar_net::gan::{Generator, GeneratorShape, Parameters, StarGanShape, StyleGan2Shape};
use howfar_random::Seeds;
use serde_json::json;

const CLASSES: [&str; 3] = ["anger", "neutral", "surprise"];

fn generator(shape: GeneratorShape, trained_on: &str) -> Generator {
    let parameters = Parameters::initial(&shape.slots(), &mut Seeds::new(1).stream("weights", &[0]));
    let card = json!({
        "generator": { "name": "test", "seed": 1, "trained_on": [trained_on], "trained_on_content": [format!("content \
            of {trained_on}")], "settings": "" },
        "classes": CLASSES, "steps": 7,
    });
    Generator { shape, parameters, card }
}

/// Draws coloured people of 32 pixels.
fn identity() -> Generator {
    let shape = StyleGan2Shape { channel_base: 128, channel_max: 4, ..StyleGan2Shape::standard(32, 3) };
    generator(
        GeneratorShape::StyleGan2(StyleGan2Shape { z_size: 8, w_size: 8, mapping_layers: 1, ..shape }),
        "db:drawn",
    )
}

/// Gives expressions to gray faces of 48 pixels.
fn expression() -> Generator {
    let shape = StarGanShape { generator_channels: 4, repeats: 1, ..StarGanShape::standard(48, 1, 3) };
    generator(GeneratorShape::StarGan(shape), "db:moved")
}

fn request<'a>(identity: &'a Generator, expression: &'a Generator, out: &'a Path) -> GenerateRequest<'a> {
    GenerateRequest {
        identity: Some(identity),
        expression,
        from: None,
        people: Some(11),
        expressions: &[],
        truncation: 0.8,
        intensity: (0.5, 1.0),
        screen: None,
        seed: 4,
        name: "gan",
        out,
        sizes: GroupSizes { group: 5, shard: 15 },
    }
}

fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for sub in ["", "data"] {
        for entry in std::fs::read_dir(folder.join(sub)).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
            all.insert(entry.strip_prefix(folder).unwrap().display().to_string(), std::fs::read(&entry).unwrap());
        }
    }
    all
}

fn faces_of(set: &FaceSet) -> Vec<Face> {
    let mut faces = Vec::new();
    set.for_each(|face| {
        faces.push(face);
        Ok(())
    })
    .unwrap();
    faces
}

#[test]
fn a_set_is_balanced_and_says_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, expression, out) = (identity(), expression(), folder.path().join("set"));
    let set = generate(&request(&identity, &expression, &out), &mut |_, _| ControlFlow::Continue(())).unwrap().set;
    let info = set.info();
    assert_eq!(info.classes, ["anger", "surprise"], "neutral is not asked for");
    let card = info.generator.as_ref().unwrap();
    assert_eq!(card.trained_on.iter().map(ToString::to_string).collect::<Vec<_>>(), ["db:drawn", "db:moved"]);
    assert_eq!(card.trained_on_content, ["content of db:drawn", "content of db:moved"]);
    let faces = faces_of(&set);
    assert_eq!(faces.len(), 22);
    for (i, face) in faces.iter().enumerate() {
        assert_eq!(face.labels.label, i % 2);
        assert_eq!(face.labels.subject.person(), format!("{:07}", i / 2));
        assert_eq!((face.labels.provenance, &face.labels.parent), (Provenance::Generated, &None));
        assert_eq!((face.picture.width, face.picture.channels), (48, 1));
    }
    assert_ne!(faces[0].picture, faces[1].picture, "another expression is another picture");
    assert_ne!(faces[0].picture, faces[2].picture, "another person is another picture");
}

#[test]
fn a_stopped_generation_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, expression) = (identity(), expression());
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    generate(&request(&identity, &expression, &whole), &mut |_, _| ControlFlow::Continue(())).unwrap();
    for stop_after in [8, 16] {
        let mut tell = |done, _| if done >= stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let fault = generate(&request(&identity, &expression, &broken), &mut tell).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Interrupted, "{fault}");
    }
    let mut begun = None;
    let mut tell = |done, _| {
        begun.get_or_insert(done);
        ControlFlow::Continue(())
    };
    generate(&request(&identity, &expression, &broken), &mut tell).unwrap();
    assert!(begun.unwrap() > 16, "it went on where it was");
    assert_eq!(files_of(&whole), files_of(&broken));
}

#[test]
fn people_of_a_set_keep_their_names_as_parents() {
    let folder = tempfile::tempdir().unwrap();
    let mut real = TestSet::new("real", &["neutral", "anger"], 64);
    // The set that people are taken from may be a generated one, whose maker saw somebody.
    let saw =
        Lineage { people: ["db:seen".parse().unwrap()].into(), content: ["content of db:seen".to_owned()].into() };
    real.info.generator = Some(GeneratorCard::new("gan".to_owned(), 1, saw, String::new()));
    for (person, label) in [("b", 1), ("a", 1), ("b", 0), ("c", 1)] {
        let group = Some(format!("group of {person}"));
        let labels = labels(label, &format!("db:{person}"), Provenance::Real);
        real.push_plain(FaceLabels { group, ..labels }, 90 + label as u8);
    }
    let real = real.write(folder.path());
    let (expression, out) = (expression(), folder.path().join("set"));
    let wanted = ["surprise".to_owned()];
    let request = GenerateRequest {
        identity: None,
        from: Some(&real),
        people: None,
        expressions: &wanted,
        ..request(&expression, &expression, &out)
    };
    let set = generate(&request, &mut |_, _| ControlFlow::Continue(())).unwrap().set;
    // In the order of the chosen faces: a's only one, b's neutral one, c's only one.
    let parents: Vec<String> = faces_of(&set).iter().map(|f| f.labels.parent.as_ref().unwrap().to_string()).collect();
    assert_eq!(parents, ["db:a", "db:b", "db:c"]);
    let groups: Vec<String> = faces_of(&set).into_iter().map(|f| f.labels.group.unwrap()).collect();
    assert_eq!(groups, ["group of a", "group of b", "group of c"]);
    let card = set.info().generator.as_ref().unwrap();
    assert_eq!(card.trained_on.iter().map(ToString::to_string).collect::<Vec<_>>(), ["db:moved", "db:seen"]);
    for content in [&real.info().content_sha256, "content of db:seen", "content of db:moved"] {
        assert!(card.trained_on_content.iter().any(|found| found == content), "{content}");
    }
    assert_eq!(card.trained_on_content.len(), 3);
    // Their own pictures are photographs: they must not be called generated.
    let (wanted, out) = (["person".to_owned()], folder.path().join("own"));
    let request = GenerateRequest { expressions: &wanted, out: &out, ..request };
    let fault = generate(&request, &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert_eq!((fault.kind(), fault.place()), (FaultKind::Usage, "--expressions"), "{fault}");
    assert!(!out.exists());
}

#[test]
fn a_card_whose_people_cannot_be_read_is_no_card_without_people() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, mut expression, out) = (identity(), expression(), folder.path().join("set"));
    expression.card["generator"]["trained_on"] = json!(["db:a", "nobody in particular"]);
    let fault = generate(&request(&identity, &expression, &out), &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(fault.to_string().contains("nobody in particular"), "{fault}");
    expression.card["generator"]["trained_on"] = json!(3);
    let fault = generate(&request(&identity, &expression, &out), &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(fault.place().contains("generator.trained_on"), "{fault}");
}

#[test]
fn a_persons_own_picture_changes_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, expression) = (identity(), expression());
    let made = |name: &str, wanted: &[&str]| {
        let (out, wanted) = (folder.path().join(name), wanted.iter().map(|&w| w.to_owned()).collect::<Vec<_>>());
        let request = GenerateRequest { expressions: &wanted, ..request(&identity, &expression, &out) };
        faces_of(&generate(&request, &mut |_, _| ControlFlow::Continue(())).unwrap().set)
    };
    let (with, without) = (made("with", &["person", "surprise"]), made("without", &["surprise"]));
    assert_eq!((with.len(), without.len()), (22, 11));
    for (pair, alone) in with.chunks(2).zip(&without) {
        assert_eq!(pair[1].picture, alone.picture);
        assert_ne!(pair[0].picture, pair[1].picture);
        assert_eq!(pair[0].labels.subject, alone.labels.subject);
        assert_eq!((pair[0].picture.width, pair[0].picture.channels), (48, 1), "as the StarGAN takes it");
    }
    let own = made("own", &["person"]);
    assert!(own.iter().zip(with.chunks(2)).all(|(own, pair)| own.picture == pair[0].picture));
}

#[test]
fn the_wrong_weights_are_refused_by_their_argument() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, expression, out) = (identity(), expression(), folder.path().join("set"));
    let refused = |identity, expression| {
        let result = generate(&request(identity, expression, &out), &mut |_, _| ControlFlow::Continue(()));
        result.unwrap_err().place().to_owned()
    };
    assert_eq!(refused(&expression, &expression), "--identity");
    assert_eq!(refused(&identity, &identity), "--expression");
}

#[test]
fn the_embedded_chain_shows_six_expressions_and_says_whom_it_saw() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, expression, out) = (embedded_identity(), embedded_expression(), folder.path().join("set"));
    let request = GenerateRequest { people: Some(3), ..request(&identity, &expression, &out) };
    let set = generate(&request, &mut |_, _| ControlFlow::Continue(())).unwrap().set;
    let info = set.info();
    assert_eq!((info.n_faces, info.classes.len()), (18, 6));
    let trained_on = &info.generator.as_ref().unwrap().trained_on;
    assert!(!trained_on.is_empty() && trained_on.iter().all(|subject| subject.database().starts_with("drawn")));
}

/// Two people, of numbers 0 and 1, whose faces play the part of those that a network was trained on.
fn training_faces(folder: &Path, identity: &Generator, expression: &Generator) -> FaceSet {
    let out = folder.join("training");
    let wanted = ["happiness".to_owned(), "surprise".to_owned()];
    let request = GenerateRequest {
        people: Some(2),
        expressions: &wanted,
        intensity: (1.0, 1.0),
        ..request(identity, expression, &out)
    };
    generate(&request, &mut |_, _| ControlFlow::Continue(())).unwrap().set
}

#[test]
fn people_with_copied_faces_are_replaced_and_a_stopped_or_killed_screening_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, expression) = (embedded_identity(), embedded_expression());
    let training = training_faces(folder.path(), &identity, &expression);
    let screen = Screen::new(&[training]).unwrap();
    let wanted = ["sadness".to_owned(), "surprise".to_owned()];
    let [whole, broken, killed] = ["whole", "broken", "killed"].map(|name| folder.path().join(name));
    let request = |out| GenerateRequest {
        people: Some(12),
        expressions: &wanted,
        intensity: (1.0, 1.0),
        screen: Some(&screen),
        // A kill after four faces leaves three: a person and a half.
        sizes: GroupSizes { group: 3, shard: 9 },
        ..request(&identity, &expression, out)
    };
    let made = generate(&request(&whole), &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!((made.n_people, made.left_out.n_for(Reason::Copy)), (12, 2), "{}", made.screened());
    let faces = faces_of(&made.set);
    let number = |face: &Face| face.labels.subject.person().parse::<u64>().unwrap();
    assert!(faces.chunks(2).all(|own| number(&own[0]) == number(&own[1])), "every person has every class");
    assert_eq!(number(&faces[0]).min(2), 2, "the first two are copies");
    assert_eq!(number(&faces[23]) + 1, 12 + made.left_out.n_people());
    assert!(made.set.info().caveats.contains(&made.screened()), "{:?}", made.set.info().caveats);
    for stop_after in [1, 5, 13] {
        let mut tell = |done, _| {
            // What a kill at this moment would leave.
            let _ = std::fs::remove_dir_all(killed.with_extension("partial"));
            copy_folder(&broken.with_extension("partial"), &killed.with_extension("partial"));
            if done >= stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let fault = generate(&request(&broken), &mut tell).map(|made| made.n_people).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Interrupted, "{fault}");
        let after_kill = generate(&request(&killed), &mut |_, _| ControlFlow::Continue(())).unwrap();
        assert_eq!((after_kill.left_out, files_of(&killed)), (made.left_out.clone(), files_of(&whole)), "{stop_after}");
        std::fs::remove_dir_all(&killed).unwrap();
    }
    let goes_on = generate(&request(&broken), &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!((goes_on.left_out, files_of(&broken)), (made.left_out, files_of(&whole)));
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let target = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy_folder(&entry, &target);
        } else {
            std::fs::copy(&entry, &target).unwrap();
        }
    }
}

#[test]
fn networks_that_draw_no_faces_end_with_the_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let (identity, expression, out) = (identity(), expression(), folder.path().join("set"));
    let screen = Screen::new(&[]).unwrap();
    let request = GenerateRequest { people: Some(40), screen: Some(&screen), ..request(&identity, &expression, &out) };
    let fault = generate(&request, &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert_eq!((fault.kind(), fault.place()), (FaultKind::Data, "--screen"));
    assert!(fault.to_string().contains("of 50 people; 50 with a"), "{fault}");
}
