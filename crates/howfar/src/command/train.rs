//! `howfar train FACES… --out MODEL`: one network by hand, with validation people of its own.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use howfar_face::{FaceSet, FaceStore, Fault, Lineage, Preprocessing, Provenance, SubjectId, files};
use howfar_protocol::{Ingredients, Mixture, Network, Recipe, Split, SplitPart, Treatment};
use howfar_random::Seeds;
use howfar_track::Tracker;
use howfar_train::{Classifier, Model, Precision, Trained, TrainingInputs, epoch_seconds, read_start};

use crate::command::track::{BY_HAND, training_name, write_training};
use crate::command::{DeviceArg, stop_flag};
use crate::console::Console;
use crate::study_progress::epoch_words;

/// Train one network on face sets.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar train faces/studio --network compact --seed 1 --out model.safetensors\n  \
    howfar train drawn/studio drawn/wild --network medium \\\n      --detect detector --precision half --out \
    model.safetensors")]
pub struct Args {
    /// The folders of the face sets; the first one says which classes are learned.
    #[arg(required = true)]
    faces: Vec<PathBuf>,
    /// The model to write.
    #[arg(long)]
    out: PathBuf,
    /// How to train.
    #[arg(long, value_parser = Recipe::ALL.map(Recipe::name), default_value = "modern")]
    recipe: String,
    /// Which network; the recipe's if not given.
    #[arg(long, value_parser = Network::ALL.map(Network::name))]
    network: Option<String>,
    /// A file of weights to begin with: a model of `howfar train`, or VGG16 of `howfar weights import`. The output
    /// layer is drawn anew.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// At most so many epochs; the recipe's if not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// The seed of weights, orders and the choice of validation people.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Share of the people that choose the epoch and are never trained on.
    #[arg(long, default_value_t = 0.1)]
    validation: f64,
    /// How `predict` finds the faces of photographs; as the faces were prepared if not given. Drawn faces were not
    /// looked for in photographs, so a model of them that is meant for photographs wants `detector`.
    #[arg(long, value_parser = ["detector", "none"])]
    detect: Option<String>,
    /// Bits of a weight in the file: 32 (full) or 16 (half).
    #[arg(long, value_parser = ["full", "half"], default_value = "full")]
    precision: String,
    /// Write the training for a tracker when it is over: tensorboard:FOLDER or mlflow:http://HOST:PORT; several times
    /// if you like.
    #[arg(long, value_name = "TRACKER")]
    track: Vec<String>,
    #[command(flatten)]
    device: DeviceArg,
}

/// Splits off validation people, trains, saves.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    args.device.pin()?;
    if !(args.validation > 0.0 && args.validation < 1.0) {
        return Err(Fault::usage("--validation", "not a share of the people")
            .found(args.validation)
            .expected("above 0 and below 1"));
    }
    let trackers = args.track.iter().map(|text| Tracker::parse(text)).collect::<Result<Vec<_>, _>>()?;
    // One that does not answer says so before the work.
    trackers.iter().try_for_each(|tracker| tracker.has(BY_HAND, &training_name(&args.out)).map(drop))?;
    let (pool, preprocessing, mut lineage) = read(args, console)?;
    let seeds = Seeds::new(args.seed);
    let sides = Sides::of(args, &pool, seeds)?;
    let mixture =
        Mixture::new(&Treatment::BASELINE, &pool, &Ingredients::of_people(&pool, 0..pool.len(), &sides.split)?, seeds)?;
    let network = args.network.as_deref().and_then(Network::from_name).unwrap_or_else(|| recipe(args).network());
    let settings = settings(args, network);
    let start = match &args.weights {
        Some(path) => Some(starting_weights(path, network, (&pool, seeds), &mut lineage, console)?),
        None => None,
    };
    // A run that was stopped goes on from what lies here.
    let folder = run_folder(&args.out);
    files::create_folder(&folder)?;
    let lock = files::lock_folder(&folder, "training in this folder")?;
    let inputs = TrainingInputs {
        pool: &pool,
        mixture: &mixture,
        validation: &sides.validation,
        settings: &settings,
        seeds,
        start: start.as_ref(),
        folder: &folder,
        preprocessing: &preprocessing,
    };
    let trained = train(&inputs, console)?;
    let precision = if args.precision == "half" { Precision::Half } else { Precision::Full };
    let answer = words(args, &trained, mixture.len(), &sides, whose(&pool));
    let Trained { model, kept_epoch, history, .. } = trained;
    model.with_lineage(lineage).save_with(&args.out, precision)?;
    let seconds = epoch_seconds(&folder)?;
    drop(lock);
    files::remove_folder(&folder)?;
    console.answer(&answer);
    write_training(&trackers, (&args.out, &settings), (&history, kept_epoch), &seconds)?;
    Ok(())
}

/// Who is trained on and who chooses the epoch.
struct Sides {
    split: Split,
    /// Faces of the validation people, by their place in the pool.
    validation: Vec<usize>,
    n_people: usize,
    n_validation_people: usize,
}

impl Sides {
    fn of(args: &Args, pool: &FaceStore, seeds: Seeds) -> Result<Self, Fault> {
        let people: BTreeSet<SubjectId> = (0..pool.len()).map(|f| pool.face(f).labels.subject.clone()).collect();
        let n_validation = ((args.validation * people.len() as f64).round() as usize).max(1);
        let split = Split::by_counts(&people, [people.len().saturating_sub(n_validation), n_validation, 0], seeds)?;
        let side = |f: &usize| split.side(&pool.face(*f).labels.subject) == Some(SplitPart::Validation);
        let validation = (0..pool.len()).filter(side).collect();
        Ok(Sides { split, validation, n_people: people.len(), n_validation_people: n_validation })
    }
}

/// Weights to begin with; whoever they have learnt from joins the lineage.
fn starting_weights(
    path: &Path,
    network: Network,
    (pool, seeds): (&FaceStore, Seeds),
    lineage: &mut Lineage,
    console: &Console,
) -> Result<Classifier, Fault> {
    let (weights, _) = read_start(path, network, pool)?;
    let (n_taken, n) = weights.n_taken();
    // Weights of other programs have no record.
    lineage.add(Model::load(path).map(|model| model.lineage().clone()).unwrap_or_default());
    console.note(&format!("{}: {n_taken} of {n} tensors are imported, the others drawn anew", path.display()));
    Ok(weights.begin(&mut seeds.stream("weights", &[])))
}

/// Trains, says how far it is and stops in good order when it is told to.
fn train(inputs: &TrainingInputs<'_>, console: &Console) -> Result<Trained, Fault> {
    let stop = stop_flag();
    howfar_train::train(inputs, &mut |event| {
        console.note(&epoch_words("training", event));
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

fn words(args: &Args, trained: &Trained, n_faces: usize, sides: &Sides, whose: &str) -> String {
    format!(
        "{}: trained on {n_faces} faces of {} {whose}, weights of epoch {} of {}, {} validation {whose} held out",
        args.out.display(),
        sides.n_people - sides.n_validation_people,
        trained.kept_epoch,
        trained.n_epochs,
        sides.n_validation_people
    )
}

/// All faces of the first set's classes, how `predict` must prepare others, and whom and what a network learns from
/// here (with the validation people: they choose the epoch).
fn read(args: &Args, console: &Console) -> Result<(FaceStore, Preprocessing, Lineage), Fault> {
    let sets = args.faces.iter().map(|folder| FaceSet::open(folder)).collect::<Result<Vec<_>, _>>()?;
    let first =
        sets.first().map(|set| set.info().clone()).ok_or_else(|| Fault::usage("FACES", "no face set is named"))?;
    let mut preprocessing = first.preprocessing;
    let mut pool = FaceStore::new(first.classes, &preprocessing);
    let mut lineage = Lineage::default();
    for set in &sets {
        lineage.add(Lineage::of_content(set.info()));
        let (_, n_left_out) = pool.add(set)?;
        if n_left_out > 0 {
            let set = set.folder().display();
            console.note(&format!("{set}: {n_left_out} faces of classes that the first set lacks were left out"));
        }
    }
    match args.detect.as_deref() {
        Some("detector") if preprocessing.detection != "detector" => {
            preprocessing =
                Preprocessing { detection: "detector".to_owned(), alignment: "landmarks".to_owned(), ..preprocessing };
        }
        Some("none") => {
            preprocessing =
                Preprocessing { detection: "none".to_owned(), alignment: "none".to_owned(), ..preprocessing };
        }
        _ => {}
    }
    (0..pool.len()).for_each(|face| lineage.add_face(&pool.face(face).labels));
    Ok((pool, preprocessing, lineage))
}

/// Drawn faces belong to identities, not to people.
fn whose(pool: &FaceStore) -> &'static str {
    let drawn = (0..pool.len()).all(|f| pool.face(f).labels.provenance == Provenance::Drawn);
    if drawn { "identities" } else { "people" }
}

fn run_folder(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".run");
    out.with_file_name(name)
}

fn recipe(args: &Args) -> Recipe {
    Recipe::from_name(&args.recipe).unwrap_or(Recipe::Modern)
}

fn settings(args: &Args, network: Network) -> howfar_protocol::TrainingSettings {
    let defaults = recipe(args).settings();
    howfar_protocol::TrainingSettings {
        network: network.into(),
        epochs: args.epochs.unwrap_or(defaults.epochs),
        ..defaults
    }
}
