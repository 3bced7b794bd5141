//! `howfar run study.toml`: the stages in order: read, run cells, analyse, report.

use std::path::{Path, PathBuf};
use std::time::Instant;

use howfar_evaluate::Results;
use howfar_face::{FaceSet, Fault, contact_sheet, encode_png, files};
use howfar_protocol::Study;
use howfar_study::{AuditPlace, StudyFolder, Workbench, audit_study, run_study};

use crate::command::{CoreArgs, report, stop_flag};
use crate::console::{Console, duration_words};
use crate::journey::Journey;

/// Run a study: its cells, then results and report. Resumes where it stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar run study.toml --out my-study --jobs 2")]
pub struct Args {
    /// The study file.
    study: PathBuf,
    /// The study's folder; the study's name if not given.
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    cores: CoreArgs,
}

/// People on a sheet of the report.
const PEOPLE_ON_A_SHEET: usize = 6;

/// Runs a study from its file.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let study = Study::read(&args.study)?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(&study.name));
    let results = run_to_report(&study, &out, args.cores, console)?;
    report::print_results(&results, &out, console);
    Ok(())
}

/// Cells, results, sheets, report.
pub fn run_to_report(study: &Study, out: &Path, cores: CoreArgs, console: &Console) -> Result<Results, Fault> {
    let started = Instant::now();
    let workbench = Workbench::open(study)?;
    let folder = StudyFolder::new(out);
    files::create_folder(out)?;
    let stop = stop_flag();
    let journey = Journey::new(console);
    run_study(&workbench, &folder, cores.cores(), &stop, &|event| journey.tell(&event))?;
    journey.finish();
    let tell = |what: &str| console.note(&format!("audit: {what}"));
    audit_study(&workbench, &folder, &AuditPlace { scratch: out.join("audit"), watch: &tell, stop: &stop })?;
    let results = howfar_study::analyse(&workbench, &folder)?;
    write_sheets(&workbench, &folder)?;
    report::write_timing(&workbench, &folder, started.elapsed().as_secs_f64())?;
    report::write_report(&folder)?;
    console.note(&format!("{} after {}", folder.root().display(), duration_words(started.elapsed().as_secs_f64())));
    Ok(results)
}

/// A contact sheet of each face set, for the report.
fn write_sheets(workbench: &Workbench, folder: &StudyFolder) -> Result<(), Fault> {
    let sheets = folder.root().join("sheets");
    files::create_folder(&sheets)?;
    for (set_idx, path) in workbench.folders().iter().enumerate() {
        let sheet = contact_sheet(&FaceSet::open(path)?, PEOPLE_ON_A_SHEET, 1)?;
        files::write(&sheets.join(format!("{set_idx:02}.png")), &encode_png(&sheet))?;
    }
    Ok(())
}
