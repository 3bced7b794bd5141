//! `howfar submit study.toml`: a study on a cluster with Slurm, round after round, until its report is there.
//!
//! What lies in the study's folder is the truth; the queue is asked once, so that nothing is submitted twice. A round
//! is an array of jobs for the cells that are missing, and one job behind it that comes here again: it chooses k and
//! submits the second stage, submits anew what was lost, or writes the report.

mod options;
mod queue;
mod round;
mod script;

use std::path::PathBuf;

use howfar_face::{Fault, files};
use howfar_protocol::Study;
use howfar_study::{Lease, LoadedStudy, StudyFolder, ToDo};

use crate::command::cells::absolute;
use crate::command::run::{plan_into, run_to_report};
use crate::command::study_args::{StudyPlace, out_folder};
use crate::command::{CoreArgs, pin, report};
use crate::console::Console;
use options::{Options, folder as slurm_folder, logs};
use queue::{Queue, oldest_instructions};
use round::{Round, Rounds};
use script::Scripts;

/// Submit a study to Slurm: its cells as arrays of jobs, stage after stage, then the report. Again: what is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar submit study.toml --out my-study --partition cpu --timeout-min 60\n  \
    howfar submit my-study\n  howfar submit study.toml --dry-run\n\nThe program, the study's folder and its face sets \
    must lie on a disk that all nodes share. `howfar status my-study --watch` shows how far it is. Whatever happened \
    (a node died, jobs were cancelled, a time limit), `howfar submit my-study` again submits what is missing, with \
    the options of before where none are given.")]
pub struct Args {
    #[command(flatten)]
    study: StudyPlace,
    /// The study's folder; if not given, the study's name.
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
    /// Print the scripts and submit nothing.
    #[arg(long)]
    dry_run: bool,
    /// How a job that follows a round calls this.
    #[arg(long, hide = true)]
    next: bool,
}

/// Submits what is missing, or writes the report.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let (study, out) = study_and_folder(args)?;
    let folder = StudyFolder::new(&out);
    let options = args.options.clone().or(Options::read(&folder)?);
    if args.dry_run {
        return show(&study, &folder, &options, console);
    }
    if !folder.plan_file().is_file() {
        // What no plan binds is planned for the oldest of the machines that may come.
        pin_unless_pinned(&oldest_instructions(options.partition.as_deref()), console);
    }
    let (loaded, presence) = plan_into(&study, &folder, console)?;
    let place = slurm_folder(&folder);
    let Some(_lease) = Lease::take(&place, &presence)? else {
        return Err(Fault::interrupted(format!("another process is submitting {}", out.display()))
            .hint("run the same command again"));
    };
    let to_do = ToDo::of(&loaded, &folder)?;
    let mut rounds = Rounds::read(&folder)?;
    if to_do.is_done() {
        if args.next {
            drop(loaded);
            let results = run_to_report(&study, &out, CoreArgs::default(), &[], console)?;
            return report::print_results(&results, &folder, console);
        }
        return submit_report(&folder, &options, &mut rounds, console);
    }
    if args.next {
        rounds.refuse_standstill(&to_do, &folder, options.rounds_without_progress())?;
    }
    submit_missing(&to_do, &folder, &options, &mut rounds, console)
}

/// The study and its folder, from either.
fn study_and_folder(args: &Args) -> Result<(Study, PathBuf), Fault> {
    let path = args.study.path()?;
    if path.is_dir() {
        return Ok((StudyFolder::open(&path)?.read_plan()?.study, absolute(&path)?));
    }
    let study = Study::read(&path)?;
    let out = out_folder(&study, args.out.as_deref())?;
    Ok((study, absolute(&out)?))
}

/// A pin of the command line stays.
fn pin_unless_pinned(instructions: &str, console: &Console) {
    if pin(instructions).is_ok() {
        console.note(&format!(
            "planned for {instructions} instructions: any node that has them may run any cell. Where all nodes have \
             avx512, --isa avx512 trains faster"
        ));
    }
}

/// The scripts that would be submitted now.
fn show(study: &Study, folder: &StudyFolder, options: &Options, console: &Console) -> Result<(), Fault> {
    if !folder.plan_file().is_file() {
        let _ = pin(&oldest_instructions(options.partition.as_deref()));
    }
    let loaded = if folder.plan_file().is_file() { LoadedStudy::reopen(folder)? } else { LoadedStudy::open(study)? };
    let to_do = ToDo::of_stage(1, &loaded, folder)?;
    let to_do = if to_do.missing.is_empty() { ToDo::of(&loaded, folder)? } else { to_do };
    let round = Round::of(&to_do, &to_do.missing, Rounds::read(folder)?.next_number(), options)?;
    let scripts = Scripts::new(folder, &study.name, options)?;
    console.answer(&format!(
        "# {}: {} commands, the first with cells {}",
        round.file(),
        round.chunks.len(),
        round.first()
    ));
    if !round.chunks.is_empty() {
        console.answer(&scripts.array(&round));
    }
    console.answer("# when all of these have ended");
    console.answer(&scripts.next());
    Ok(())
}

/// A round of all that is missing and not in the queue, and the job behind it.
fn submit_missing(
    to_do: &ToDo,
    folder: &StudyFolder,
    options: &Options,
    rounds: &mut Rounds,
    console: &Console,
) -> Result<(), Fault> {
    let queue = Queue::ask()?;
    let queued = rounds.places_in(&queue, folder)?;
    let missing: Vec<usize> = to_do.missing.iter().copied().filter(|place| !queued.contains(place)).collect();
    let name = folder.read_plan()?.study.name;
    let scripts = Scripts::new(folder, &name, options)?;
    let n_cells = to_do.places.len();
    if missing.is_empty() {
        console.answer(&format!("all {} missing cells are in the queue: nothing to submit", to_do.missing.len()));
        if rounds.has_follower_in(&queue) {
            return Ok(());
        }
        return follow(&scripts, &rounds.jobs_in(&queue), None, rounds, console);
    }
    let round = Round::of(to_do, &missing, rounds.next_number(), options)?;
    // Options that no round can be made with are not remembered.
    options.write(folder)?;
    round.write(folder)?;
    files::create_folder(&logs(folder))?;
    let script = slurm_folder(folder).join(format!("{}.sh", round.name()));
    files::write(&script, scripts.array(&round).as_bytes())?;
    let job = queue::submit(&script, &[])?;
    console.answer(&format!(
        "stage {}: {} of {n_cells} cells in {} jobs, array {job}",
        round.stage,
        round.n_cells(),
        round.chunks.len()
    ));
    let mut after = rounds.jobs_in(&queue);
    after.push(job.clone());
    follow(&scripts, &after, Some((round, job)), rounds, console)
}

/// The job that comes here again when `after` have ended.
fn follow(
    scripts: &Scripts<'_>,
    after: &[String],
    round: Option<(Round, String)>,
    rounds: &mut Rounds,
    console: &Console,
) -> Result<(), Fault> {
    let script = slurm_folder(scripts.study()).join("next.sh");
    files::write(&script, scripts.next().as_bytes())?;
    let dependency = format!("--dependency=afterany:{}", after.join(":"));
    let follower = queue::submit(&script, if after.is_empty() { &[] } else { std::slice::from_ref(&dependency) })?;
    console.answer(&format!("job {follower} follows: it chooses k, submits what is then to do, or writes the report"));
    rounds.add(round, follower)
}

/// Nothing is missing: the report alone.
fn submit_report(folder: &StudyFolder, options: &Options, rounds: &mut Rounds, console: &Console) -> Result<(), Fault> {
    let queue = Queue::ask()?;
    if rounds.has_follower_in(&queue) {
        console.answer("all cells are finished, and the job that writes the report is in the queue");
        return Ok(());
    }
    options.write(folder)?;
    let name = folder.read_plan()?.study.name;
    files::create_folder(&logs(folder))?;
    console.answer("all cells are finished");
    follow(&Scripts::new(folder, &name, options)?, &[], None, rounds, console)
}
