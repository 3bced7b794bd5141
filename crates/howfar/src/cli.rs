//! The command line: one variant a command. Parsing builds values; no work is done here.

use clap::{Parser, Subcommand};

use crate::command;

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
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    pub quiet: bool,
    /// Compute with these instructions instead of the fastest that the CPU has; part of a cell's identity.
    #[arg(long, value_name = "SET", global = true, help_heading = GLOBAL, value_parser = ["plain", "avx2", "avx512"])]
    pub isa: Option<String>,
    /// Print the licences of everything that howfar is made of.
    #[arg(long, exclusive = true)]
    pub licenses: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Draw two small face sets, generate a third, run a study on them and write a report.
    Demo(command::demo::Args),
    /// Turn a database's photographs into a face set: detect, align, crop, gray, resize.
    Prepare(Box<command::prepare::Args>),
    /// Draw a face set from the parametric head.
    Draw(command::draw::Args),
    /// Draw charts of what the parameters of drawn faces do.
    DrawCharts(command::draw_charts::Args),
    /// Fit a style of drawn faces to a face set's light, camera and tone.
    FitStyle(command::fit_style::Args),
    /// Generate a balanced face set: people that do not exist, or yours, each with every expression.
    Generate(command::generate::Args),
    /// Import weights of another program; nothing in the file is run.
    ImportWeights(command::import_weights::Args),
    /// Print what is in a weight file of any program; nothing in it is run.
    InspectWeights(command::inspect_weights::Args),
    /// Run a generator on given numbers, and write its pictures as numbers.
    RunGenerator(command::run_generator::Args),
    /// Print what is in a face set.
    Inspect(command::inspect::Args),
    /// Draw a contact sheet of a face set: people × expressions.
    Sheet(command::sheet::Args),
    /// Write a trained network as a file that other programs run: ONNX, PyTorch, safetensors.
    Export(command::export::Args),
    /// Write a face set as class folders of PNG.
    ExportFaces(command::export_faces::Args),
    /// Train one network on a face set.
    Train(command::train::Args),
    /// Train a classifier on the features of your network; what a study's `train.command` names.
    TrainFeatures(command::train_features::Args),
    /// Train the network that draws people or the one that changes expressions.
    TrainGenerator(command::train_generator::Args),
    /// Train the network that finds eyes, nose and mouth, on drawn faces alone.
    TrainLandmarks(command::train_landmarks::Args),
    /// Measure a trained network on a face set.
    Evaluate(command::evaluate::Args),
    /// Measure how far generated faces are from real ones, beside how far real ones are from each other.
    EvaluateGenerator(command::evaluate_generator::Args),
    /// Predict the expressions of the faces in photographs.
    Predict(command::predict::Args),
    /// Write a commented study file to start from.
    Init(command::init::Args),
    /// Show what a study would run, and how long it may take.
    Plan(command::plan::Args),
    /// Run a study: its training runs (cells), then results and report. Resumes where it stopped.
    Run(command::run::Args),
    /// Train on each database of a study alone and test on all others: a matrix of databases.
    CrossDatabase(command::cross_database::Args),
    /// Submit a study to Slurm: its cells as arrays of jobs, then the report. Again: what is missing.
    Submit(Box<command::submit::Args>),
    /// List the cells of a study as commands, one a line, for other schedulers.
    Cells(command::cells::Args),
    /// Run some cells of a study (training runs); what a cluster calls.
    RunCell(command::run_cell::Args),
    /// Become a program that ends with its parent.
    #[command(hide = true)]
    WithParent(command::with_parent::Args),
    /// Join folders of one study that were computed apart.
    Merge(command::merge::Args),
    /// Show how far a study is.
    Status(command::status::Args),
    /// Check a study's faces, or any face sets, for leaks, duplicates, shortcuts and wrong labels.
    Audit(command::audit::Args),
    /// Compare a published accuracy with what a study's seeds give for that treatment on those faces.
    CheckClaim(command::check_claim::Args),
    /// Check the calibration of the statistics on simulated studies with known ground truth.
    CheckStatistics(command::check_statistics::Args),
    /// Compute results from predictions: a study's own anew, or anyone's in a table.
    #[command(visible_alias = "analyze")]
    Analyse(command::analyse::Args),
    /// Write the predictions of a study as a table that other programs read.
    ExportPredictions(command::export_predictions::Args),
    /// Write a study's report anew from its results.
    Report(command::report::Args),
    /// Report what this machine has and what that means for howfar.
    Doctor(command::doctor::Args),
}
