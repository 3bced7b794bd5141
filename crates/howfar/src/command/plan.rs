//! `howfar plan study.toml`: what would run, what it needs, how long it may take.

mod next;

use std::path::PathBuf;

use howfar_face::Fault;
use howfar_protocol::{Cell, Study};
use howfar_study::{LoadedStudy, StudyFolder, estimate};

use crate::command::CoreArgs;
use crate::command::run::plan_into;
use crate::command::study_args::{StudyFile, out_folder};
use crate::console::{Console, duration_words};
use crate::study_progress::parallelism_words;

/// Show what a study would run, and how long it may take.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar plan study.toml\n  howfar plan study.toml --write --out my-study\n  \
    howfar plan --from my-study")]
pub struct Args {
    #[command(flatten)]
    study: StudyFile,
    /// Instead, from a finished study's folder: which further cells would tell most.
    #[arg(long, value_name = "FOLDER", conflicts_with = "study")]
    from: Option<PathBuf>,
    /// Make the study's folder and leave the plan in it, for `study cells`, `study cell` and clusters; measure nothing.
    #[arg(long, conflicts_with = "from")]
    write: bool,
    /// The folder that --write makes; if not given, the study's name.
    #[arg(long, requires = "write")]
    out: Option<PathBuf>,
    #[command(flatten)]
    cores: CoreArgs,
}

/// Plans, measures a few steps, prints.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    if let Some(folder) = &args.from {
        return next::run(folder, console);
    }
    let study = args.study.read()?;
    if args.write {
        return write(args, &study, console);
    }
    let loaded = LoadedStudy::open(&study)?;
    if console.json() {
        console.answer_json(loaded.plan());
        return Ok(());
    }
    let plan = loaded.plan();
    let estimate = estimate(&loaded, args.cores.cores())?;
    let measured = &estimate.measured;
    for track in plan.tracks() {
        let cells: Vec<Cell> = plan.cells.iter().filter(|cell| track.has(cell)).cloned().collect();
        let n_pictures = loaded.n_pictures(&cells)?;
        let source = track.source.as_ref().map(|source| format!(", generated: {source}")).unwrap_or_default();
        console.answer(&format!(
            "recipe {}, {}{source}: {} cells, {n_pictures} training pictures{}",
            track.recipe.name(),
            track.network_words(),
            cells.len(),
            match measured.speeds.get(&(track.recipe, track.network.clone())) {
                Some(speed) => format!(" at {speed:.0} a second"),
                None => ", trained by a program: how long it takes is not known".to_owned(),
            }
        ));
        for (first, n) in by_treatment(&cells) {
            let mixture = loaded.n_pictures(std::slice::from_ref(first))? / u64::from(first.settings.epochs);
            let treatment = &first.treatment;
            let (words, k) = (format!("{treatment:#}"), treatment.k);
            console.answer(&format!("  {words:<15} k = {k:<4} {n:>3} cells, {mixture} pictures per epoch"));
        }
    }
    let second = &estimate.second_stage;
    if !second.is_empty() {
        console.answer(&format!("then {} cells at the chosen k:", second.len()));
        for (first, n) in by_treatment(second) {
            console.answer(&format!("  {:<24} {n:>3} cells", format!("{:#}", first.treatment)));
        }
    }
    if loaded.n_left_out() > 0 {
        console.answer(&format!("{} faces of other classes are left out", loaded.n_left_out()));
    }
    let is_known = |(_, seconds): &&(&str, f64)| *seconds > 0.0;
    let parts: Vec<String> = (estimate.seconds.iter().filter(is_known))
        .map(|(what, seconds)| format!("{} {what}", duration_words(*seconds)))
        .collect();
    let all = if study.program().is_some() { "beside what the program takes" } else { "in all" };
    console.answer(&format!(
        "about {} {all}, {}, less where training stops early: {}",
        duration_words(estimate.total_seconds()),
        parallelism_words(measured.parallelism),
        parts.join(", ")
    ));
    if let Some(bytes) = estimate.memory_bytes {
        console.answer(&format!("about {:.1} GB of memory", bytes as f64 / 1e9));
    }
    Ok(())
}

/// Leaves the plan in the study's folder.
fn write(args: &Args, study: &Study, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::new(&out_folder(study, args.out.as_deref())?);
    let (loaded, _presence) = plan_into(study, &folder, console)?;
    if console.json() {
        console.answer_json(loaded.plan());
        return Ok(());
    }
    console.answer(&format!(
        "{}: {} cells that choose k, {} instructions",
        folder.plan_file().display(),
        loaded.plan().cells.len(),
        loaded.plan().instruction_set
    ));
    Ok(())
}

/// The first cell of each treatment, in order, and how many there are.
fn by_treatment(cells: &[Cell]) -> Vec<(&Cell, usize)> {
    let mut groups: Vec<(&Cell, usize)> = Vec::new();
    for cell in cells {
        match groups.iter_mut().find(|(first, _)| first.treatment == cell.treatment) {
            Some((_, n)) => *n += 1,
            None => groups.push((cell, 1)),
        }
    }
    groups
}
