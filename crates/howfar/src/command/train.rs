//! `howfar train FACES --out MODEL`: one network by hand, with validation people of its own.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use howfar_face::{FaceSet, Fault, Pool, SubjectId, files};
use howfar_protocol::{Arm, Mixture, MixtureRatio, Network, Recipe, Seeds, Split, SplitPart};
use howfar_train::TrainingInputs;

use crate::command::stop_flag;
use crate::console::Console;
use crate::journey::epoch_words;

/// Train one network on a face set.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar train faces/studio --network compact --seed 1 --out model.safetensors")]
pub struct Args {
    /// The face set's folder.
    faces: PathBuf,
    /// The model to write.
    #[arg(long)]
    out: PathBuf,
    /// How to train: modern or paper.
    #[arg(long, value_parser = ["modern", "paper"], default_value = "modern")]
    recipe: String,
    /// table1-same, table1-valid or compact; the recipe's if not given.
    #[arg(long, value_parser = ["table1-same", "table1-valid", "compact"])]
    network: Option<String>,
    /// At most so many epochs; the recipe's if not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// The seed of weights, orders and the choice of validation people.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Share of the people that choose the epoch and are never trained on.
    #[arg(long, default_value_t = 0.1)]
    validation: f64,
}

/// Splits off validation people, trains, saves.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    if !(args.validation > 0.0 && args.validation < 1.0) {
        return Err(Fault::usage("--validation", "not a share of the people")
            .found(args.validation)
            .expected("above 0 and below 1"));
    }
    let set = FaceSet::open(&args.faces)?;
    let preprocessing = set.info().preprocessing.clone();
    let mut pool = Pool::new(set.info().classes.clone(), preprocessing.side as usize);
    let (real, _) = pool.add(&set)?;
    let people: BTreeSet<SubjectId> = real.clone().map(|f| pool.face(f).labels.subject.clone()).collect();
    let seeds = Seeds::new(args.seed);
    let n_validation = ((args.validation * people.len() as f64).round() as usize).max(1);
    let split = Split::by_counts(&people, [people.len().saturating_sub(n_validation), n_validation, 0], seeds)?;
    let side = |f: &usize| split.side(&pool.face(*f).labels.subject) == Some(SplitPart::Validation);
    let validation: Vec<usize> = real.clone().filter(side).collect();
    let mixture = Mixture::new(Arm::Real, MixtureRatio::ZERO, &pool, real, None, &split, seeds)?;
    // A run that was stopped goes on from what lies here.
    let mut run_name = args.out.file_name().unwrap_or_default().to_owned();
    run_name.push(".run");
    let folder = args.out.with_file_name(run_name);
    files::create_folder(&folder)?;
    let settings = settings(args);
    let inputs = TrainingInputs {
        pool: &pool,
        mixture: &mixture,
        validation: &validation,
        settings: &settings,
        seeds,
        folder: &folder,
        preprocessing: &preprocessing,
    };
    let stop = stop_flag();
    let trained = howfar_train::train(&inputs, &mut |event| {
        console.note(&epoch_words("training", event));
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    trained.model.save(&args.out)?;
    files::remove_folder(&folder)?;
    console.answer(&format!(
        "{}: trained on {} faces of {} people, weights of epoch {} of {}, {} validation people held out",
        args.out.display(),
        mixture.len(),
        people.len() - n_validation,
        trained.kept_epoch,
        trained.n_epochs,
        n_validation
    ));
    Ok(())
}

fn settings(args: &Args) -> howfar_protocol::TrainingSettings {
    let recipe = if args.recipe == "paper" { Recipe::Paper } else { Recipe::Modern };
    let defaults = recipe.settings();
    let named = |name: &String| Network::ALL.into_iter().find(|n| n.name() == name);
    howfar_protocol::TrainingSettings {
        network: args.network.as_ref().and_then(named).unwrap_or(defaults.network),
        epochs: args.epochs.unwrap_or(defaults.epochs),
        ..defaults
    }
}
