//! A training that is stopped and resumed ends with the same bytes as an unbroken one, whatever is kept when; one
//! that diverges keeps what was good; a card names whom the generator has seen.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use howfar_face::test_sets::{TestSet, labels};
use howfar_face::{FaceSet, FaceSetInfo, FaceSetWriter, FaultKind, GeneratorCard, Lineage, Picture, Provenance};
use howfar_generate::{
    Recipe, Sheet, StarGanRecipe, StarGanSettings, StepLosses, StyleGan2Recipe, TrainRequest, TrainingFaces, settings,
    train,
};
use howfar_net::{Named, Precision, TensorFile, gan::Generator};
use serde_json::Value;

/// What an unbroken training leaves, but for TensorBoard's file, which holds times, and the sheets on the way.
const FILES: [&str; 5] =
    ["generator.safetensors", "losses.jsonl", "settings.toml", "checkpoint.safetensors", "sheets/0000006.png"];
const NEVER: Duration = Duration::from_secs(1 << 40);

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
    let mut set = TestSet::new("squares", &["dark", "bright"], 64);
    for i in 0..12usize {
        let pixel = |at: usize| ((at * (i + 3) % 50) + 150 * (i % 2)) as u8;
        let picture = Picture::gray(64, 64, (0..64 * 64).map(pixel).collect());
        set.push(labels(i % 2, &format!("db:p{}", i / 2), Provenance::Drawn), picture);
    }
    set.write(folder)
}

fn run<R: Recipe>(
    set: &FaceSet,
    text: &str,
    out: &Path,
    stop_after: Option<u64>,
) -> Result<Generator, howfar_face::Fault> {
    run_keeping::<R>(set, text, out, stop_after, NEVER)
}

fn run_keeping<R: Recipe>(
    set: &FaceSet,
    text: &str,
    out: &Path,
    stop_after: Option<u64>,
    keep_every: Duration,
) -> Result<Generator, howfar_face::Fault> {
    let settings = settings::<R>(text, "here").unwrap();
    let mut faces = TrainingFaces::read(set).unwrap();
    let request =
        TrainRequest { settings: &settings, seed: 3, out, precision: Precision::Full, line_every: 4, keep_every };
    train::<R>(&request, &mut faces, &mut |progress| match stop_after {
        Some(step) if progress.step == step => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
}

fn must_be_alike(whole: &Path, other: &Path) {
    for file in FILES {
        let bytes = |folder: &Path| fs::read(folder.join(file)).unwrap();
        assert!(bytes(whole) == bytes(other), "{file} of {} differs", other.display());
    }
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
    must_be_alike(&whole, &broken);
    // Every step kept, and no step but the last.
    let often = folder.path().join("often");
    run_keeping::<R>(&set, text, &often, None, Duration::ZERO).unwrap();
    must_be_alike(&whole, &often);
    let n_sheets = |folder: &Path| fs::read_dir(folder.join("sheets")).unwrap().count();
    assert_eq!((n_sheets(&whole), n_sheets(&often)), (1, 6));
    let read = Generator::from_bytes(&fs::read(whole.join("generator.safetensors")).unwrap()).unwrap();
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
        keep_every: NEVER,
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

/// A StarGAN whose losses (`WHAT` 0) or weights (1) are no longer numbers after step `AT`.
struct Breaks<const AT: u64, const WHAT: u8>(StarGanRecipe, bool);

impl<const AT: u64, const WHAT: u8> Recipe for Breaks<AT, WHAT> {
    type Settings = StarGanSettings;

    const KIND: &'static str = StarGanRecipe::KIND;

    fn new(settings: &StarGanSettings, faces: &TrainingFaces, seed: u64) -> Result<Self, howfar_face::Fault> {
        StarGanRecipe::new(settings, faces, seed).map(|recipe| Breaks(recipe, false))
    }

    fn resume(
        settings: &StarGanSettings,
        faces: &TrainingFaces,
        seed: u64,
        state: &Value,
        file: &mut TensorFile,
    ) -> Result<Self, howfar_face::Fault> {
        StarGanRecipe::resume(settings, faces, seed, state, file).map(|recipe| Breaks(recipe, false))
    }

    fn state(&self) -> (Value, Vec<Named>) {
        let (state, mut tensors) = self.0.state();
        if self.1 {
            tensors[0].values[0] = f32::NAN;
        }
        (state, tensors)
    }

    fn n_steps(&self) -> u64 {
        self.0.n_steps()
    }

    fn step(&mut self, faces: &mut TrainingFaces, step: u64) -> StepLosses {
        let mut losses = self.0.step(faces, step);
        self.1 = step + 1 == AT;
        if self.1 && WHAT == 0 {
            losses[1].1 = f32::INFINITY;
        }
        losses
    }

    fn not_finite(&self) -> Option<(String, f32)> {
        (self.1 && WHAT == 1).then(|| ("critic.main.0.bias".to_owned(), f32::NAN))
    }

    fn generator(&self) -> Generator {
        self.0.generator()
    }

    fn sheet(&self, faces: &mut TrainingFaces) -> Sheet {
        self.0.sheet(faces)
    }
}

#[test]
fn a_training_that_diverges_stops_before_it_writes_and_its_last_good_state_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let set = face_set(folder.path());
    let [whole, out] = ["whole", "out"].map(|name| folder.path().join(name));
    run::<StarGanRecipe>(&set, STARGAN, &whole, None).unwrap();
    let loss = run_keeping::<Breaks<4, 0>>(&set, STARGAN, &out, None, Duration::ZERO).err().unwrap();
    assert_eq!(loss.kind(), FaultKind::Data);
    for word in ["step 4", "diverged", "the loss critic/generated is inf", "`rate`", "state of step 3 are kept"] {
        assert!(loss.to_string().contains(word), "{word}: {loss}");
    }
    let read = |file: &str| fs::read(out.join(file)).unwrap();
    let good = [read("generator.safetensors"), read("checkpoint.safetensors")];
    assert_eq!(Generator::from_bytes(&good[0]).unwrap().card["steps"], 3);
    assert!(read("losses.jsonl").is_empty(), "the line of step 4 would hold a null");
    let weight = run_keeping::<Breaks<4, 1>>(&set, STARGAN, &out, None, Duration::ZERO).err().unwrap();
    assert!(weight.to_string().contains("NaN in critic.main.0.bias"), "{weight}");
    // Not even a stop on request keeps a state that could not be read again.
    let state = run::<Breaks<4, 2>>(&set, STARGAN, &out, Some(4)).err().unwrap();
    assert!(state.to_string().contains("NaN in generator.main.0.weight"), "{state}");
    assert!(good == [read("generator.safetensors"), read("checkpoint.safetensors")]);
    run::<StarGanRecipe>(&set, STARGAN, &out, None).unwrap();
    must_be_alike(&whole, &out);
}

#[test]
fn rates_that_no_network_stands_end_with_a_fault_and_no_null_in_the_losses() {
    let folder = tempfile::tempdir().unwrap();
    let set = face_set(folder.path());
    let out = folder.path().join("stargan");
    let diverged = |fault: howfar_face::Fault| assert!(fault.to_string().contains("diverged"), "{fault}");
    let high = |text: &str| text.replace("rate = 1e-3", "rate = 1e30");
    diverged(run_keeping::<StarGanRecipe>(&set, &high(STARGAN), &out, None, Duration::ZERO).err().unwrap());
    let out = folder.path().join("stylegan2");
    diverged(run_keeping::<StyleGan2Recipe>(&set, &high(STYLEGAN2), &out, None, Duration::ZERO).err().unwrap());
    for kind in ["stargan", "stylegan2"] {
        let losses = fs::read_to_string(folder.path().join(kind).join("losses.jsonl")).unwrap();
        assert!(!losses.contains("null"), "{kind}: {losses}");
        let weights = folder.path().join(kind).join("generator.safetensors");
        if weights.exists() {
            Generator::from_bytes(&fs::read(weights).unwrap()).unwrap();
        }
    }
}

#[test]
fn lines_of_losses_that_somebody_else_wrote_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let set = face_set(folder.path());
    let [whole, broken] = ["whole", "broken"].map(|name| folder.path().join(name));
    run::<StarGanRecipe>(&set, STARGAN, &whole, None).unwrap();
    run::<StarGanRecipe>(&set, STARGAN, &broken, Some(5)).unwrap_err();
    let path = broken.join("losses.jsonl");
    let lines = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{{}}\n{{\"step\":\"4\"}}\n[1]\n{lines}{{\"step\":5,\"cri")).unwrap();
    run::<StarGanRecipe>(&set, STARGAN, &broken, None).unwrap();
    must_be_alike(&whole, &broken);
}
