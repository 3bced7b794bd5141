//! A training that is stopped and resumed ends with the same bytes as an unbroken one, and its card names whom it has seen.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::ops::ControlFlow;
use std::path::Path;

use howfar_face::{
    Face, FaceLabels, FaceSet, FaceSetInfo, FaceSetWriter, FaultKind, GeneratorCard, Lineage, Picture, Preprocessing,
    Provenance, SubjectId,
};
use howfar_generate::{Recipe, StarGanRecipe, StyleGan2Recipe, TrainRequest, TrainingFaces, settings, train};
use howfar_net::{Precision, gan::Generator};

const STARGAN: &str =
    "channels = 2\nrepeats = 1\ncritic_channels = 2\nhalvings = 3\nbatch = 2\nsteps = 6\ncritic_steps = 2
rate = 1e-3\nsteady_steps = 3\nmirror = true
[losses]\ngradient_penalty = 10.0\nreconstruction = 10.0\nclassification = 1.0";

const STYLEGAN2: &str =
    "z_size = 4\nw_size = 4\nmapping_layers = 2\nchannel_base = 128\nchannel_max = 4\nbatch = 4\ngroup = 2
steps = 6\nrate = 1e-3\nmixing = 0.9\nmirror = true\naverage_half_life = 20\naverage_ramp = 0.5
[penalties]\nr1 = 1.0\nr1_every = 3\npath = 2.0\npath_every = 2
[augmentation]\ntarget = -2.0\nfaces = 100";

/// Twelve faces of six people with two labels: bright and dark squares.
fn face_set(folder: &Path) -> FaceSet {
    let classes = ["dark", "bright"].map(str::to_owned).to_vec();
    let info = FaceSetInfo::new("squares", classes, Preprocessing::standard("none", "none", 64));
    let mut writer = FaceSetWriter::create(&folder.join("faces"), info).unwrap();
    for i in 0..12usize {
        let pixel = |at: usize| ((at * (i + 3) % 50) + 150 * (i % 2)) as u8;
        let labels = FaceLabels {
            label: i % 2,
            subject: SubjectId::new("db", &format!("p{}", i / 2)).unwrap(),
            provenance: Provenance::Drawn,
            parent: None,
            source: String::new(),
            drawn: None,
        };
        let picture = Picture::gray(64, 64, (0..64 * 64).map(pixel).collect());
        writer.push(&Face { picture, labels }).unwrap();
    }
    writer.finish().unwrap()
}

fn run<R: Recipe>(
    set: &FaceSet,
    text: &str,
    out: &Path,
    stop_after: Option<u64>,
) -> Result<Generator, howfar_face::Fault> {
    let settings = settings::<R>(text, "here").unwrap();
    let mut faces = TrainingFaces::read(set).unwrap();
    let request =
        TrainRequest { settings: &settings, seed: 3, out, precision: Precision::Half, line_every: 4, keep_every: 5 };
    train::<R>(&request, &mut faces, &mut |progress| match stop_after {
        Some(step) if progress.step == step => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
}

fn stops_and_goes_on<R: Recipe>(text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let set = face_set(folder.path());
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let generator = run::<R>(&set, text, &whole, None).unwrap();
    for step in [1, 3, 5] {
        let fault = run::<R>(&set, text, &broken, Some(step)).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Interrupted, "{fault}");
    }
    run::<R>(&set, text, &broken, None).unwrap();
    for file in
        ["generator.safetensors", "losses.jsonl", "settings.toml", "checkpoint.safetensors", "sheets/0000006.png"]
    {
        let bytes = |folder: &Path| std::fs::read(folder.join(file)).unwrap();
        assert!(bytes(&whole) == bytes(&broken), "{} {file} differs", R::KIND);
    }
    let read = Generator::from_bytes(&std::fs::read(whole.join("generator.safetensors")).unwrap()).unwrap();
    assert_eq!(read.shape, generator.shape);
    let people = read.card["generator"]["trained_on"].as_array().unwrap();
    assert_eq!(people.len(), 6, "{people:?}");
    assert_eq!(read.card["generator"]["trained_on_content"], serde_json::json!([set.info().content_sha256]));
    assert_eq!(read.card["classes"], serde_json::json!(["dark", "bright"]));
    let other = text.replace("rate = 1e-3", "rate = 2e-3");
    let fault = run::<R>(&set, &other, &broken, None).err().unwrap();
    assert!(fault.to_string().contains("begun with other inputs"), "{fault}");
}

#[test]
fn stargan_goes_on_as_if_it_had_not_stopped() {
    stops_and_goes_on::<StarGanRecipe>(STARGAN);
}

#[test]
fn stylegan2_goes_on_as_if_it_had_not_stopped() {
    stops_and_goes_on::<StyleGan2Recipe>(STYLEGAN2);
}

#[test]
fn a_network_that_learns_from_generated_faces_descends_from_whom_their_generator_saw() {
    let folder = tempfile::tempdir().unwrap();
    let plain = face_set(folder.path());
    let saw = Lineage { people: ["db:seen".parse().unwrap()].into(), content: ["5e".to_owned()].into() };
    let info = FaceSetInfo {
        generator: Some(GeneratorCard::new("gan".to_owned(), 1, saw, String::new())),
        shards: Vec::new(),
        n_faces: 0,
        ..plain.info().clone()
    };
    let mut writer = FaceSetWriter::create(&folder.path().join("made"), info).unwrap();
    plain
        .for_each(|mut face| {
            face.labels.parent = Some("db:parent".parse()?);
            writer.push(&face)
        })
        .unwrap();
    let made = writer.finish().unwrap();
    let generator = run::<StarGanRecipe>(&made, STARGAN, &folder.path().join("run"), None).unwrap();
    let card: GeneratorCard = serde_json::from_value(generator.card["generator"].clone()).unwrap();
    let people: Vec<String> = card.trained_on.iter().map(ToString::to_string).collect();
    assert_eq!(people, ["db:p0", "db:p1", "db:p2", "db:p3", "db:p4", "db:p5", "db:parent", "db:seen"]);
    let mut content = vec!["5e".to_owned(), made.info().content_sha256.clone()];
    content.sort();
    assert_eq!(card.trained_on_content, content);
}

#[test]
fn two_trainings_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let set = face_set(folder.path());
    let out = folder.path().join("run");
    let settings = settings::<StarGanRecipe>(STARGAN, "here").unwrap();
    let mut faces = TrainingFaces::read(&set).unwrap();
    let request = TrainRequest {
        settings: &settings,
        seed: 3,
        out: &out,
        precision: Precision::Half,
        line_every: 4,
        keep_every: 5,
    };
    let mut refusals = Vec::new();
    train::<StarGanRecipe>(&request, &mut faces, &mut |_| {
        refusals.push(run::<StarGanRecipe>(&set, STARGAN, &out, None).err().unwrap());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(!refusals.is_empty());
    for fault in refusals {
        assert_eq!(fault.kind(), FaultKind::Usage, "{fault}");
        assert!(fault.to_string().contains("another howfar is training in this folder"), "{fault}");
    }
    // The first one is through: its folder is free.
    run::<StarGanRecipe>(&set, STARGAN, &out, None).unwrap();
}

#[test]
fn unknown_settings_are_refused_by_name() {
    let fault = settings::<StarGanRecipe>(&format!("colour = 3\n{STARGAN}"), "mine.toml").err().unwrap();
    assert!(fault.to_string().contains("colour") && fault.to_string().starts_with("mine.toml"), "{fault}");
}
