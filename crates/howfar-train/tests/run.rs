//! Training runs on a small set of striped pictures: they learn, stop, resume and repeat.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use howfar_face::test_sets::{TestSet, labels};
use howfar_face::{FaceLabels, FaceSet, FaceStore, FaultKind, Picture, Provenance, SubjectId, files};
use howfar_protocol::{
    Augmentation, Ingredients, Keep, Mixture, Network, Optimiser, PixelScaling, Recipe, Schedule, Split, SplitPart,
    TrainingSettings, Treatment,
};
use howfar_random::Seeds;
use howfar_train::{Event, Model, Parallelism, Trained, TrainingInputs, measure_speed, predict, train};
use rand::Rng;

const SIDE: usize = 32;

/// Ten people, two classes: stripes across or stripes down, with noise; in colours, the stripes of the second class are
/// blue.
fn face_set(folder: &Path, colour: &str) -> FaceSet {
    striped(folder, colour, false)
}

/// The same, or gray pictures whose left and right are exchanged.
fn striped(folder: &Path, colour: &str, mirrored: bool) -> FaceSet {
    let mut set = TestSet::new("stripes", &["across", "down"], SIDE as u32);
    set.info.preprocessing.colour = colour.to_owned();
    let n_channels = set.info.preprocessing.n_channels();
    for person in 0..10 {
        for i in 0..6 {
            let mut noise = Seeds::new(person).stream("noise", &[i]);
            let label = i as usize % 2;
            let value = |i: usize| {
                let (p, channel) = (i / n_channels, i % n_channels);
                let along = if label == 0 { p / SIDE } else { p % SIDE };
                let is_striped = n_channels == 1 || channel == 2 * label;
                (40 + 120 * usize::from(is_striped) * (along / 4 % 2) + (noise.next_u32() % 60) as usize) as u8
            };
            let mut data: Vec<u8> = (0..SIDE * SIDE * n_channels).map(value).collect();
            if mirrored {
                data.chunks_exact_mut(SIDE).for_each(<[u8]>::reverse);
            }
            let (width, height, channels) = (SIDE as u32, SIDE as u32, n_channels as u32);
            let of_face = labels(label, &format!("stripes:p{person}"), Provenance::Drawn);
            let of_face = FaceLabels { source: format!("{person}-{i}"), ..of_face };
            set.push(of_face, Picture { width, height, channels, data });
        }
    }
    set.write(folder)
}

struct Bench {
    _folder: tempfile::TempDir,
    set: FaceSet,
    pool: FaceStore,
    split: Split,
    seeds: Seeds,
}

impl Bench {
    fn new() -> Self {
        Self::of_colour("gray")
    }

    fn of_colour(colour: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let set = face_set(folder.path(), colour);
        let mut pool = FaceStore::new(set.info().classes.clone(), &set.info().preprocessing);
        pool.add(&set).unwrap();
        let people: BTreeSet<SubjectId> = (0..pool.len()).map(|f| pool.face(f).labels.subject.clone()).collect();
        let seeds = Seeds::new(11);
        let split = Split::by_counts(&people, [6, 2, 2], seeds).unwrap();
        Bench { _folder: folder, set, pool, split, seeds }
    }

    fn faces(&self, part: SplitPart) -> Vec<usize> {
        (0..self.pool.len()).filter(|f| self.split.side(&self.pool.face(*f).labels.subject) == Some(part)).collect()
    }

    fn train(
        &self,
        settings: &TrainingSettings,
        folder: &Path,
        watch: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<Trained, howfar_face::Fault> {
        let all = 0..self.pool.len();
        let ingredients = Ingredients::of_people(&self.pool, all, &self.split).unwrap();
        let mixture = Mixture::new(&Treatment::BASELINE, &self.pool, &ingredients, self.seeds).unwrap();
        let inputs = TrainingInputs {
            pool: &self.pool,
            mixture: &mixture,
            validation: &self.faces(SplitPart::Validation),
            settings,
            seeds: self.seeds,
            start: None,
            folder,
            preprocessing: &self.set.info().preprocessing,
        };
        train(&inputs, watch)
    }
}

fn go_on(_: &Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn settings(epochs: u32) -> TrainingSettings {
    TrainingSettings { epochs, batch: 7, ..Recipe::Modern.settings() }
}

#[test]
fn a_network_learns_and_its_model_says_the_same_after_a_trip_to_disk() {
    let (bench, folder) = (Bench::new(), tempfile::tempdir().unwrap());
    let trained = bench.train(&settings(12), folder.path(), &mut go_on).unwrap();
    assert_eq!((trained.kept_epoch, trained.n_epochs), (12, 12));
    assert!(trained.history[11].validation_accuracy >= 0.9, "{:?}", trained.history);
    let test = bench.faces(SplitPart::Test);
    let said = predict(&trained.model, &bench.pool, &test).unwrap();
    let right = test.iter().zip(&said).filter(|(f, p)| p[bench.pool.face(**f).labels.label] > 0.5).count();
    assert!(right >= 11, "{right} of {}", test.len());
    let path = folder.path().join("model.safetensors");
    trained.model.save(&path).unwrap();
    assert_eq!(predict(&Model::load(&path).unwrap(), &bench.pool, &test).unwrap(), said);
    assert_eq!(predict(&trained.model, &bench.pool, &test[3..4]).unwrap(), said[3..4]);
    assert!(!folder.path().join("checkpoint").exists());
}

#[test]
fn a_robust_network_says_the_same_of_a_face_and_of_its_mirror_image_for_any_number_of_threads() {
    let bench = Bench::new();
    let robust = TrainingSettings { epochs: 3, batch: 7, ..Recipe::Robust.settings() };
    let train = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bench.train(&robust, tempfile::tempdir().unwrap().path(), &mut go_on)).unwrap().model
    };
    let model = train(1);
    assert_eq!(model, train(3), "pictures are changed alike on any number of threads");
    let folder = tempfile::tempdir().unwrap();
    let mut mirrored = FaceStore::new(bench.set.info().classes.clone(), &bench.set.info().preprocessing);
    mirrored.add(&striped(folder.path(), "gray", true)).unwrap();
    let all: Vec<usize> = (0..bench.pool.len()).collect();
    let (seen, turned) = (predict(&model, &bench.pool, &all).unwrap(), predict(&model, &mirrored, &all).unwrap());
    assert!(seen.iter().flatten().zip(turned.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-5));
    let once = bench.train(&settings(3), folder.path(), &mut go_on).unwrap().model;
    assert_ne!(predict(&once, &bench.pool, &all).unwrap(), predict(&once, &mirrored, &all).unwrap());
}

#[test]
fn every_network_takes_the_colours_of_its_set_and_refuses_others() {
    let (bench, gray) = (Bench::of_colour("rgb"), Bench::new());
    assert_eq!(bench.pool.pixels(0).len(), SIDE * SIDE * 3);
    // VGG16 halves five times; these pictures are too small for it, which `howfar-net` tests at 64×64.
    for (network, n_epochs) in [(Network::Compact, 12), (Network::Medium, 1), (Network::Table1Same, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let settings = TrainingSettings { network: network.into(), ..settings(n_epochs) };
        let trained = bench.train(&settings, folder.path(), &mut go_on).unwrap();
        assert_eq!(trained.model.n_channels(), 3);
        assert!(n_epochs == 1 || trained.history[11].validation_accuracy >= 0.9, "{:?}", trained.history);
        let path = folder.path().join("model.safetensors");
        trained.model.save(&path).unwrap();
        let (read, test) = (Model::load(&path).unwrap(), bench.faces(SplitPart::Test));
        assert_eq!(predict(&read, &bench.pool, &test).unwrap(), predict(&trained.model, &bench.pool, &test).unwrap());
        assert!(predict(&read, &gray.pool, &test).unwrap_err().what().contains("other colours"));
    }
}

#[test]
fn gray_faces_and_coloured_ones_are_brought_to_the_colours_of_the_pool() {
    let (rgb, gray) = (Bench::of_colour("rgb"), Bench::new());
    let mut pool = FaceStore::new(gray.set.info().classes.clone(), &rgb.set.info().preprocessing);
    pool.add(&gray.set).unwrap();
    assert!(pool.pixels(3).chunks(3).zip(gray.pool.pixels(3).iter()).all(|(three, one)| three == [*one; 3]));
    let mut pool = FaceStore::new(rgb.set.info().classes.clone(), &gray.set.info().preprocessing);
    pool.add(&rgb.set).unwrap();
    assert_eq!(pool.pixels(3).len(), SIDE * SIDE);
}

#[test]
fn a_run_that_was_stopped_ends_with_the_bits_of_one_that_was_not() {
    let bench = Bench::new();
    for keep in [Keep::Last, Keep::Best] {
        let settings = TrainingSettings { keep, patience: Some(4), ..settings(6) };
        let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let unbroken = bench.train(&settings, whole.path(), &mut go_on).unwrap();
        let stop_at = |epochs: &'static [u32]| {
            bench.train(&settings, parts.path(), &mut |event| match event {
                Event::Epoch { epoch, .. } if epochs.contains(epoch) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
        };
        for epoch in [&[1], &[3]] {
            assert_eq!(stop_at(epoch).unwrap_err().kind(), FaultKind::Interrupted);
        }
        let resumed = stop_at(&[]).unwrap();
        assert_eq!(resumed, unbroken);
        let lines = |folder: &Path| files::read(&folder.join("epochs.jsonl")).unwrap();
        assert_eq!(lines(parts.path()), lines(whole.path()));
    }
}

#[test]
fn a_damaged_or_foreign_checkpoint_is_told_and_not_used() {
    let (bench, folder) = (Bench::new(), tempfile::tempdir().unwrap());
    let unbroken = bench.train(&settings(2), tempfile::tempdir().unwrap().path(), &mut go_on).unwrap();
    let file = folder.path().join("checkpoint/state.safetensors");
    let other = TrainingSettings { learning_rate: 1e-3, ..settings(2) };
    bench.train(&other, folder.path(), &mut |_| ControlFlow::Break(())).unwrap_err();
    for damage in [false, true] {
        if damage {
            bench.train(&settings(2), folder.path(), &mut |_| ControlFlow::Break(())).unwrap_err();
            let bytes = files::read(&file).unwrap();
            files::write(&file, &bytes[..bytes.len() - 9]).unwrap();
        }
        let mut reasons = Vec::new();
        let mut watch = |event: &Event| {
            if let Event::CheckpointIgnored { reason } = event {
                reasons.push(reason.clone());
            }
            ControlFlow::Continue(())
        };
        assert_eq!(bench.train(&settings(2), folder.path(), &mut watch).unwrap(), unbroken);
        assert_eq!(reasons.len(), 1, "{damage}: {reasons:?}");
    }
}

#[test]
fn a_checkpoint_of_other_labels_is_not_gone_on_from() {
    let bench = Bench::new();
    let classes = ["across", "down"];
    // The labels of one side are turned, or of none.
    let turned = |side: Option<SplitPart>, classes: [&str; 2]| {
        let label = |face: usize| {
            let FaceLabels { label, subject, .. } = &bench.pool.face(face).labels;
            (face, if side.is_some() && bench.split.side(subject) == side { 1 - label } else { *label })
        };
        let labels: Vec<(usize, usize)> = (0..bench.pool.len()).map(label).collect();
        bench.pool.relabelled(classes.map(str::to_owned).to_vec(), &labels, <[u8]>::to_vec).unwrap()
    };
    let pools = [
        ("training labels", turned(Some(SplitPart::Training), classes)),
        ("validation labels", turned(Some(SplitPart::Validation), classes)),
        ("names of classes", turned(None, ["down", "across"])),
    ];
    for (name, pool) in pools {
        let mended = Bench { pool, ..Bench::new() };
        let unbroken = mended.train(&settings(2), tempfile::tempdir().unwrap().path(), &mut go_on).unwrap();
        let folder = tempfile::tempdir().unwrap();
        bench.train(&settings(2), folder.path(), &mut |_| ControlFlow::Break(())).unwrap_err();
        let mut ignored = 0;
        let mut watch = |event: &Event| {
            ignored += u32::from(matches!(event, Event::CheckpointIgnored { .. }));
            ControlFlow::Continue(())
        };
        assert_eq!(mended.train(&settings(2), folder.path(), &mut watch).unwrap(), unbroken, "{name}");
        assert_eq!(ignored, 1, "{name}");
    }
}

#[test]
fn patience_ends_a_run_and_the_best_epoch_is_kept() {
    let (bench, folder) = (Bench::new(), tempfile::tempdir().unwrap());
    // A rate of 0 never betters the first epoch, whose running statistics alone move.
    let settings = TrainingSettings {
        network: Network::Table1Valid.into(),
        learning_rate: 0.0,
        schedule: Schedule::Constant,
        optimiser: Optimiser::Adam,
        scaling: PixelScaling::UnitRange,
        augmentation: Some(Augmentation::COPIES),
        patience: Some(2),
        keep: Keep::Best,
        ..settings(9)
    };
    let trained = bench.train(&settings, folder.path(), &mut go_on).unwrap();
    assert_eq!((trained.kept_epoch, trained.n_epochs), (1, 3));
}

#[test]
fn the_speed_is_a_positive_number() {
    let parallelism = Parallelism { n_jobs: 2, n_threads: 2 };
    assert!(measure_speed(&settings(1), &Bench::new().pool, parallelism).unwrap() > 0.0);
}
