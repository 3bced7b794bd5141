//! `howfar demo`: the main job on embedded defaults: draw, mix, study, report.

use std::path::PathBuf;

use howfar_face::{Fault, files};
use howfar_protocol::Study;
use howfar_study::StudyFolder;

use crate::command::CoreArgs;
use crate::command::draw::{Request, draw_unless_there};
use crate::command::report;
use crate::command::run::run_to_report;
use crate::console::Console;

/// Draw three small face sets, run a study on them and write a report.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar demo --out howfar-demo")]
pub struct Args {
    /// The folder to write.
    #[arg(long, default_value = "howfar-demo")]
    out: PathBuf,
    #[command(flatten)]
    cores: CoreArgs,
}

/// The demo's drawn face sets: name, style, identities, seed.
const DRAWN: [(&str, &str, u32, u64); 3] =
    [("studio", "studio", 24, 1), ("wild", "wild", 60, 2), ("unseen", "unseen", 24, 3)];

/// The demo's study; written beside the face sets, so that it can be changed and run again.
const STUDY: &str = include_str!("../../demo.toml");

/// Draws, runs, reports. Started again, it goes on where it stopped.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    files::create_folder(&args.out.join("faces"))?;
    for (name, style, people, seed) in DRAWN {
        let out = args.out.join("faces").join(name);
        draw_unless_there(&Request { name: Some(name), ..Request::plain(people, style, seed, &out) }, console)?;
    }
    let study_file = args.out.join("study.toml");
    files::write(&study_file, STUDY.as_bytes())?;
    let results = run_to_report(&Study::read(&study_file)?, &args.out, args.cores, &[], console)?;
    report::print_results(&results, &StudyFolder::new(&args.out), console)
}
