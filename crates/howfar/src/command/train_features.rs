//! `howfar train-features JOB --features NETWORK.onnx`: a trainer for studies (docs/trainers.md) whose faces are seen
//! through a network of the user's; what is trained is a small classifier on its features.

mod cache;
mod job;

use std::path::PathBuf;

use howfar_face::Fault;
use howfar_face::table::{FlatColumn, FlatWriter};
use howfar_protocol::HeadName;
use howfar_random::Seeds;
use howfar_train::{FeatureRows, Head, HeadKind, LabelledRows};

use crate::console::Console;
use cache::FeatureCache;
use job::{HandedFaces, Job};

/// Units of the hidden layer of `mlp`.
const HIDDEN: usize = 64;

/// Train a classifier on the features of your network; what a study's `train.command` names.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  howfar train-features job.json --features dinov2.onnx --head mlp\n\nA study file names \
    it as its train.command (docs/trainers.md), and howfar adds the job. Each face goes through the network once; its \
    features are kept in features/ of the study's folder."
)]
pub struct Args {
    /// The job; howfar names it.
    job: PathBuf,
    /// The network (ONNX, input N×C×H×W); its first output is the features. Faces of any size are resized to its input.
    #[arg(long, value_name = "FILE.onnx")]
    features: PathBuf,
    /// What black and white are in its input; any other scaling belongs into the file.
    #[arg(long, value_name = "BLACK..WHITE", default_value = "0..1", allow_hyphen_values = true)]
    features_range: String,
    /// Multinomial logistic regression, or one hidden layer of 64 units.
    #[arg(long, value_name = "KIND", default_value = "linear",
        value_parser = HeadName::ALL.map(HeadName::name))]
    head: String,
}

/// Reads the job, computes what features are missing, trains and answers.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let job = Job::read(&args.job)?;
    let mut cache = FeatureCache::open(&job, &args.features, &args.features_range)?;
    let (training, validation) = (job.faces(&job.training)?, job.faces(&job.validation)?);
    let asked = job.faces(&job.predict)?;
    // A few steps of the progress bar are the features.
    let tell = |share: f64| console.answer(&format!("{{\"step\": {share:.3}, \"steps\": 1}}"));
    let [of_training, of_validation, of_asked] = [&training, &validation, &asked].map(|faces| {
        let rows = cache.features(&faces.pictures)?;
        tell(0.2);
        Ok::<FeatureRows, Fault>(rows)
    });
    let (of_training, of_validation, of_asked) = (of_training?, of_validation?, of_asked?);
    let kind = if args.head == HeadName::Mlp.name() { HeadKind::Hidden(HIDDEN) } else { HeadKind::Linear };
    let stream = Seeds::new(u64::from(job.seed)).stream("head on features", &[]);
    let (head, penalty) = Head::fit_best(
        kind,
        job.classes.len(),
        labelled(&of_training, &training),
        labelled(&of_validation, &validation),
        &stream,
        |tried, n| tell(0.2 + 0.8 * tried as f64 / n as f64),
    );
    console.note(&format!("{} of {} features, penalty {penalty}", args.head, of_training.n_features));
    answer(&job, &head.logits(&of_asked))
}

fn labelled<'a>(rows: &'a FeatureRows, faces: &'a HandedFaces) -> LabelledRows<'a> {
    LabelledRows { rows, labels: &faces.labels, weights: &faces.weights }
}

fn answer(job: &Job, logits: &[Vec<f64>]) -> Result<(), Fault> {
    let columns = job.classes.iter().map(|class| format!("logit_{class}"));
    let names: Vec<String> = std::iter::once("row".to_owned()).chain(columns).collect();
    let mut table = FlatWriter::create(&job.answer.join("predictions.parquet"), &names)?;
    let rows = FlatColumn::Ints((0..logits.len() as i64).collect());
    let column = |class: usize| FlatColumn::Doubles(logits.iter().map(|row| row[class]).collect());
    table.write(&std::iter::once(rows).chain((0..job.classes.len()).map(column)).collect::<Vec<_>>())?;
    table.finish()
}
