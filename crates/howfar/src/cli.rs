//! The command line: one variant a command. Parsing builds values; no work is done here.

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::command;
use crate::command::Computes;

/// Heading of the options that every command has.
const GLOBAL: &str = "Global options";

/// How much generated data to mix in, how far that helps on faces the model has never seen, and how sure that is.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    override_usage = "howfar [OPTIONS] <COMMAND>",
    arg_required_else_help = true,
    after_help = "Start with: howfar demo\n\nExit codes: 0 done, 1 a bug, 2 wrong usage or study file, 3 unusable \
    data, 4 the machine refused (disk, rights, missing program), 75 stopped (resume is possible)."
)]
pub struct Cli {
    /// Print the answer as JSON on stdout.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,
    /// Print no progress.
    #[arg(long, short, global = true, help_heading = GLOBAL, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print details on stderr: what a study's log says.
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    pub verbose: bool,
    /// Print the licences of everything that howfar is made of.
    #[arg(long, exclusive = true)]
    pub licenses: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// What the command line says.
    pub fn of_arguments() -> Result<Self, clap::Error> {
        Self::from_arg_matches(&command().try_get_matches()?)
    }
}

/// All commands. `-h` says of each option one sentence, `--help` all.
pub fn command() -> clap::Command {
    with_short_help(Cli::command())
}

fn with_short_help(command: clap::Command) -> clap::Command {
    let shorten = |option: clap::Arg| {
        let whole = option.get_help().map(ToString::to_string).unwrap_or_default();
        match whole.split_once(". ") {
            Some((first, _)) => option.help(first.to_owned()).long_help(whole.clone()),
            None => option,
        }
    };
    command.mut_args(shorten).mut_subcommands(with_short_help)
}

/// What to do: the main line first, then groups of what is asked for now and then.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Draw and generate small face sets, run a study on them and write a report.
    Demo(Computes<command::demo::Args>),
    /// Turn photographs into a face set: detect, align, crop, gray, resize.
    Prepare(Box<Computes<command::prepare::Args>>),
    /// Draw a face set from the parametric head.
    Draw(command::draw::Args),
    /// Generate faces of people that do not exist, or of yours, with every expression.
    Generate(Computes<command::generate::Args>),
    /// Write a commented study file to start from.
    Init(command::init::Args),
    /// Show what a study would run, and how long it may take.
    Plan(Computes<command::plan::Args>),
    /// Run a study to its report; resumes where it stopped.
    Run(Computes<command::run::Args>),
    /// Run a study on Slurm, or submit again what is missing.
    Submit(Box<Computes<command::submit::Args>>),
    /// Show how far a study is.
    Status(command::status::Args),
    /// Write a study's report anew from its results.
    Report(command::report::Args),
    /// Check faces for leaks, duplicates, shortcuts and wrong labels.
    Audit(Computes<command::audit::Args>),
    /// Train one network on a face set.
    Train(Computes<command::train::Args>),
    /// Measure a trained network on a face set.
    Evaluate(Computes<command::evaluate::Args>),
    /// Predict the expressions of the faces in photographs.
    Predict(Computes<command::predict::Args>),
    /// Show a study, a face set or a network in a browser.
    Serve(command::serve::Args),
    /// Write a trained network as ONNX, PyTorch or safetensors.
    Export(command::export::Args),
    /// Report what this machine has and what that means for howfar.
    Doctor(command::doctor::Args),
    /// Look into face sets: inspect, sheet, export.
    #[command(subcommand, after_help = "Example: howfar faces inspect faces/jaffe")]
    Faces(Faces),
    /// More about studies: analyse, cells, merge, claims, matrices.
    #[command(subcommand, after_help = "Example: howfar study analyse my-study")]
    Study(Study),
    /// Styles of drawn faces: show, fit, chart.
    #[command(subcommand, after_help = "Example: howfar style show wild > my.toml")]
    Style(Style),
    /// Networks that draw faces: train, evaluate, run.
    #[command(subcommand, after_help = "Example: howfar generator train stargan faces/wild --out runs/stargan")]
    Generator(Generator),
    /// Weight files of other programs: import, inspect.
    #[command(subcommand, after_help = "Example: howfar weights inspect network.pkl")]
    Weights(Weights),
    /// Print the completions for a shell.
    Completions(command::completions::Args),
    /// Write the manual's pages, one a command.
    #[command(hide = true)]
    Man(command::man::Args),
    /// Train a classifier on the features of your network; what a study's `train.command` names.
    #[command(hide = true)]
    TrainFeatures(Computes<command::train_features::Args>),
    /// Train the network that finds eyes, nose and mouth, on drawn faces alone.
    #[command(hide = true)]
    TrainLandmarks(Computes<command::train_landmarks::Args>),
    /// Become a program that ends with its parent.
    #[command(hide = true)]
    WithParent(command::with_parent::Args),
}

/// Face sets.
#[derive(Debug, Subcommand)]
pub enum Faces {
    /// Print what is in a face set.
    Inspect(command::inspect::Args),
    /// Draw a contact sheet of a face set: people × expressions.
    Sheet(command::sheet::Args),
    /// Write a face set as class folders of PNG.
    Export(command::export_faces::Args),
}

/// What few ask of studies.
#[derive(Debug, Subcommand)]
pub enum Study {
    /// Compute results from predictions: a study's own anew, or anyone's in a table.
    #[command(visible_alias = "analyze")]
    Analyse(command::analyse::Args),
    /// List the cells of a study as commands, one a line, for other schedulers.
    Cells(command::cells::Args),
    /// Run some cells of a study (training runs); what a cluster calls.
    Cell(command::run_cell::Args),
    /// Join folders of one study that were computed apart.
    Merge(command::merge::Args),
    /// Write the predictions of a study as a table that other programs read.
    ExportPredictions(command::export_predictions::Args),
    /// Write a study's trainings for TensorBoard or MLflow.
    Track(command::track::Args),
    /// Compare a published accuracy with what a study's seeds give for that treatment on those faces.
    CheckClaim(command::check_claim::Args),
    /// Train on each database of a study alone and test on all others: a matrix of databases.
    CrossDatabase(Computes<command::cross_database::Args>),
    /// Check the calibration of the statistics on simulated studies with known ground truth.
    CheckStatistics(command::check_statistics::Args),
}

/// Styles of drawn faces.
#[derive(Debug, Subcommand)]
pub enum Style {
    /// Print a style as a file, to start your own from.
    Show(command::show_style::Args),
    /// Fit a style of drawn faces to a face set's light, camera and tone.
    Fit(command::fit_style::Args),
    /// Draw charts of what the parameters of drawn faces do.
    Chart(command::draw_charts::Args),
}

/// Networks that draw faces.
#[derive(Debug, Subcommand)]
pub enum Generator {
    /// Train the network that draws people or the one that changes expressions.
    Train(Computes<command::train_generator::Args>),
    /// Measure how far generated faces are from real ones, beside how far real ones are from each other.
    Evaluate(Computes<command::evaluate_generator::Args>),
    /// Run a generator on given numbers, and write its pictures as numbers.
    Run(Computes<command::run_generator::Args>),
}

/// Weight files of other programs.
#[derive(Debug, Subcommand)]
pub enum Weights {
    /// Import weights of another program; nothing in the file is run.
    Import(command::import_weights::Args),
    /// Print what is in a weight file of any program; nothing in it is run.
    Inspect(command::inspect_weights::Args),
}
