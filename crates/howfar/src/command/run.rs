//! `howfar run study.toml`: the stages in order: read, run cells, analyse, report.

use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use howfar_evaluate::{Results, Verdict};
use howfar_face::{FaceSet, Fault, encode_png, files};
use howfar_net::InstructionSet;
use howfar_picture::contact_sheet;
use howfar_protocol::Study;
use howfar_study::{LoadedStudy, Presence, StudyFolder, audit_study, run_study};
use howfar_track::Tracker;

use crate::command::study_args::{StudyFile, out_folder};
use crate::command::track::{RESULTS, Tracking};
use crate::command::{CoreArgs, begins, pin, report, stop_flag};
use crate::console::{Console, duration_words};
use crate::study_progress::{StudyProgress, step_words};

/// Run a study: its cells, then results and report. Resumes where it stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar run study.toml --out my-study --jobs 2")]
pub struct Args {
    #[command(flatten)]
    study: StudyFile,
    /// The study's folder; if not given, the study's name, unless another study file has its results there.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Add seeds in rounds, up to `grid.seeds`, and stop when the answer is settled: it helps, hurts, or makes less
    /// than two points' difference. The intervals allow for the repeated looks (sequential analysis).
    #[arg(long)]
    until_sure: bool,
    /// Write each cell, as it is finished, and the results for a tracker: tensorboard:FOLDER or
    /// mlflow:http://HOST:PORT.
    #[arg(long, value_name = "TRACKER")]
    track: Vec<String>,
    #[command(flatten)]
    cores: CoreArgs,
}

/// People on a sheet of the report.
const PEOPLE_ON_A_SHEET: usize = 6;

/// Runs a study from its file.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let study = args.study.read()?;
    let out = out_folder(&study, args.out.as_deref())?;
    let trackers = args.track.iter().map(|text| Tracker::parse(text)).collect::<Result<Vec<_>, _>>()?;
    // One that cannot be asked is told of before hours of work.
    for tracker in &trackers {
        tracker.has(&study.name, RESULTS)?;
    }
    let results = if args.until_sure {
        run_until_sure(&study, &out, args.cores, &trackers, console)?
    } else {
        run_to_report(&study, &out, args.cores, &trackers, console)?
    };
    report::print_results(&results, &StudyFolder::new(&out), console)
}

/// Look after look, each with more seeds; the cells of a look are those of the looks before and new ones.
fn run_until_sure(
    study: &Study,
    out: &Path,
    cores: CoreArgs,
    trackers: &[Tracker],
    console: &Console,
) -> Result<Results, Fault> {
    let n_seeds = study.grid.seeds;
    let looks = howfar_evaluate::looks(n_seeds);
    for (i, look) in looks.iter().enumerate() {
        let mut of_look = study.clone();
        of_look.grid.seeds = look.n_seeds;
        of_look.grid.seeds_at_most = Some(n_seeds);
        console.note(&format!("look {} of at most {}: {} of {n_seeds} seeds", i + 1, looks.len(), look.n_seeds));
        let results = run_to_report(&of_look, out, cores, trackers, console)?;
        let settled = howfar_evaluate::settled(&results);
        if settled.is_settled() || look.n_seeds == n_seeds {
            let words = match settled {
                Verdict::Helps => "settled: it helps",
                Verdict::Hurts => "settled: it hurts",
                Verdict::Equivalent => "settled: it makes less than two points' difference",
                Verdict::Open => "still open with all seeds",
            };
            let saved = 100 * (n_seeds - look.n_seeds) / n_seeds;
            console.note(&format!(
                "{words} after {} of {n_seeds} seeds; {saved} % of the cells were not needed",
                look.n_seeds
            ));
            return Ok(results);
        }
    }
    Err(Fault::usage("grid.seeds", "there is no seed to run"))
}

/// Audits, cells, results, sheets, report; what trackers are told.
pub fn run_to_report(
    study: &Study,
    out: &Path,
    cores: CoreArgs,
    trackers: &[Tracker],
    console: &Console,
) -> Result<Results, Fault> {
    let (started, begun) = (Instant::now(), SystemTime::now());
    let folder = StudyFolder::new(out);
    if folder.plan_file().is_file() {
        console.log_into(out, &begins());
    }
    let (loaded, presence) = plan_into(study, &folder, console)?;
    console.log_into(out, &begins());
    console.detail(&planned_words(&loaded));
    let stop = stop_flag();
    let tell = |what: &str| console.note(&format!("audit: {what}"));
    let audit = audit_study(&loaded, &folder, &presence, &tell, stop)?;
    audit.leaks().for_each(|leak| console.warn(&format!("{} ({}) {}", leak.text, leak.code, leak.advice)));
    let progress = StudyProgress::new(console, &folder, loaded.plan());
    let tracking = Tracking::new(trackers, &folder, loaded.plan(), console);
    let tell = |event| {
        progress.tell(&event);
        if let Some(words) = step_words(&event) {
            console.detail(&words);
        }
        tracking.tell(event);
    };
    progress.during(|| run_study(&loaded, &folder, &presence, cores.cores(), stop, &tell))?;
    let results = howfar_study::analyse(&loaded, &folder)?;
    console.detail(&format!("results are written: {}", results.answer));
    write_sheets(&loaded, &folder)?;
    report::write_changed_faces(&loaded, &folder, &results)?;
    report::write_timing(&loaded, &folder, begun, started.elapsed().as_secs_f64())?;
    report::write_report(&folder)?;
    tracking.finish(&results)?;
    console.note(&format!("{} after {}", folder.root().display(), duration_words(started.elapsed().as_secs_f64())));
    Ok(results)
}

/// The study in a line of the log.
fn planned_words(loaded: &LoadedStudy) -> String {
    let plan = loaded.plan();
    let sets = plan.sets.iter().map(|set| format!("{} ({} faces)", set.info.name, set.info.n_faces));
    let sets = sets.collect::<Vec<_>>().join(", ");
    let (name, n_cells) = (&plan.study.name, plan.cells.len());
    format!("study {name}: {n_cells} cells choose k; {} instructions; {sets}", plan.instruction_set)
}

/// Reads and plans a study, leaves its plan in `folder` and says that this process works there. Where there is a plan
/// of the same study, it is computed with the same instructions, so that its cells are those that are there. Beside
/// other processes it may be no other study.
pub fn plan_into(study: &Study, folder: &StudyFolder, console: &Console) -> Result<(LoadedStudy, Presence), Fault> {
    // What cannot be read is planned anew.
    let before = if folder.plan_file().is_file() { folder.read_plan().ok() } else { None };
    if let Some(planned) = before.as_ref().map(|plan| plan.instruction_set.as_str()) {
        let fastest = InstructionSet::available().last().map_or("plain", |set| set.name());
        if pin(planned).is_err() {
            console.warn(&format!(
                "what lies in {} was computed with {planned} instructions, which are not used here: its cells are \
                 computed anew",
                folder.root().display()
            ));
        } else if planned != fastest {
            console.note(&format!("computing with {planned} instructions, as this study's plan says"));
        }
    }
    let loaded = LoadedStudy::open(study)?;
    let presence = folder.presence()?;
    let before = before.filter(|before| before != loaded.plan());
    if let Some(before) = before.as_ref().filter(|before| !before.is_same_study(loaded.plan()))
        && presence.is_accompanied()?
    {
        let words =
            format!("{}, {} cells, {} instructions", before.study.name, before.cells.len(), before.instruction_set);
        return Err(Fault::usage(folder.root().display(), "another process works on another study in this folder")
            .found(words)
            .expected("the same study, whose cells they share, or a folder of its own")
            .hint("give another --out, or wait for it"));
    }
    if before.is_some() {
        // A choice of another plan's cells is none of this one's.
        files::remove_file(&folder.choice_file())?;
    }
    if !presence.is_accompanied()? {
        folder.remove_leftovers()?;
    }
    folder.write_plan(loaded.plan())?;
    Ok((loaded, presence))
}

/// A contact sheet of each face set, for the report.
fn write_sheets(loaded: &LoadedStudy, folder: &StudyFolder) -> Result<(), Fault> {
    let sheets = folder.root().join("sheets");
    files::create_folder(&sheets)?;
    for (set_idx, path) in loaded.folders().iter().enumerate() {
        let sheet = contact_sheet(&FaceSet::open(path)?, None, PEOPLE_ON_A_SHEET, 1)?;
        files::write(&sheets.join(format!("{set_idx:02}.png")), &encode_png(&sheet))?;
    }
    Ok(())
}
