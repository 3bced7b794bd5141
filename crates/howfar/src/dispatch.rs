//! From a parsed command to its work.

use howfar_face::Fault;

use crate::cli::{Command, Faces, Generator, Study, Style, Weights};
use crate::command::{
    analyse, audit, cells, check_claim, check_statistics, completions, cross_database, demo, doctor, draw, draw_charts,
    evaluate, evaluate_generator, export, export_faces, export_predictions, fit_style, generate, import_weights, init,
    inspect, inspect_weights, man, merge, plan, predict, prepare, report, run, run_cell, run_generator, serve, sheet,
    show_style, status, submit, track, train, train_features, train_generator, train_landmarks, with_parent,
};
use crate::console::Console;

/// Runs a command.
pub fn run(command: Command, console: &Console) -> Result<(), Fault> {
    match command {
        Command::Demo(args) => demo::run(args.pinned()?, console),
        Command::Prepare(args) => prepare::run(args.pinned()?, console),
        Command::Draw(args) => draw::run(&args, console),
        Command::Generate(args) => generate::run(args.pinned()?, console),
        Command::Init(args) => init::run(&args, console),
        Command::Plan(args) => plan::run(args.pinned()?, console),
        Command::Run(args) => run::run(args.pinned()?, console),
        Command::Submit(args) => submit::run(args.pinned()?, console),
        Command::Status(args) => status::run(&args, console),
        Command::Report(args) => report::run(&args, console),
        Command::Audit(args) => audit::run(args.pinned()?, console),
        Command::Train(args) => train::run(args.pinned()?, console),
        Command::Evaluate(args) => evaluate::run(args.pinned()?, console),
        Command::Predict(args) => predict::run(args.pinned()?, console),
        Command::Serve(args) => serve::run(&args, console),
        Command::Export(args) => export::run(&args, console),
        Command::Doctor(args) => doctor::run(&args, console),
        Command::Faces(Faces::Inspect(args)) => inspect::run(&args, console),
        Command::Faces(Faces::Sheet(args)) => sheet::run(&args, console),
        Command::Faces(Faces::Export(args)) => export_faces::run(&args, console),
        Command::Study(Study::Analyse(args)) => analyse::run(&args, console),
        Command::Study(Study::Cells(args)) => cells::run(&args, console),
        Command::Study(Study::Cell(args)) => run_cell::run(&args, console),
        Command::Study(Study::Merge(args)) => merge::run(&args, console),
        Command::Study(Study::ExportPredictions(args)) => export_predictions::run(&args, console),
        Command::Study(Study::Track(args)) => track::run(&args, console),
        Command::Study(Study::CheckClaim(args)) => check_claim::run(&args, console),
        Command::Study(Study::CrossDatabase(args)) => cross_database::run(args.pinned()?, console),
        Command::Study(Study::CheckStatistics(args)) => check_statistics::run(&args, console),
        Command::Style(Style::Show(args)) => show_style::run(&args, console),
        Command::Style(Style::Fit(args)) => fit_style::run(&args, console),
        Command::Style(Style::Chart(args)) => draw_charts::run(&args, console),
        Command::Generator(Generator::Train(args)) => train_generator::run(args.pinned()?, console),
        Command::Generator(Generator::Evaluate(args)) => evaluate_generator::run(args.pinned()?, console),
        Command::Generator(Generator::Run(args)) => run_generator::run(args.pinned()?, console),
        Command::Weights(Weights::Import(args)) => import_weights::run(&args, console),
        Command::Weights(Weights::Inspect(args)) => inspect_weights::run(&args, console),
        Command::Completions(args) => completions::run(&args, console),
        Command::Man(args) => man::run(&args, console),
        Command::TrainFeatures(args) => train_features::run(args.pinned()?, console),
        Command::TrainLandmarks(args) => train_landmarks::run(args.pinned()?, console),
        Command::WithParent(args) => with_parent::run(&args),
    }
}
