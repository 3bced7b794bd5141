//! `howfar study cross-database study.toml`: every real set against every other, one study each, and the matrix of
//! them.

use std::path::{Path, PathBuf};

use howfar_face::{FaceSet, Fault, files, portrait_rows};
use howfar_protocol::Study;
use howfar_study::leaking_sets;

use crate::command::CoreArgs;
use crate::command::run::run_to_report;
use crate::command::study_args::{StudyFile, own_folder};
use crate::console::Console;

/// Train on each database of a study alone and test on all others: a matrix of databases.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar study cross-database study.toml --out matrix\n\n\
    Each real and each unseen set of the study file becomes the real set of a study of its own, in which the others \
    are unseen; the rest of the file (generated sets, k, recipes, seeds) is theirs, too. A generated set that has \
    something of a study's test faces (its people, their children, a generator that saw them) is left out of that \
    study. People are split within each set, so the split must be fractions or folds.\n\n\
    Every study has its own report in the folder; matrix.html and matrix.csv hold them together. Resumes where it \
    stopped.")]
pub struct Args {
    #[command(flatten)]
    study: StudyFile,
    /// The folder of the studies and the matrix; the study's name with -matrix if not given.
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    cores: CoreArgs,
}

/// Runs the studies one after the other, then writes the matrix.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let study = args.study.read()?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}-matrix", study.name)));
    let sets: Vec<&PathBuf> = study.real.sets.iter().chain(&study.unseen.sets).collect();
    if sets.len() < 2 {
        return Err(Fault::usage(args.study.path().display(), "a matrix needs databases")
            .found("1")
            .expected("at least two in real.sets and unseen.sets"));
    }
    // A set whose people cannot be split is told before hours of work on the others.
    let names = sets.iter().map(|set| name_if_it_splits(&study, set)).collect::<Result<Vec<_>, _>>()?;
    let (mut studies, mut remarks) = (Vec::new(), Vec::new());
    for (set, name) in sets.iter().zip(names) {
        let mut folder = out.join(name.replace(['/', '\\'], "-"));
        if args.out.is_none() {
            folder = own_folder(&study, folder)?;
        }
        let (one, left_out) = without_leaks(with_real(&study, set, &name))?;
        remarks.extend(left_out.iter().map(|words| format!("trained on {name}: {words}")));
        studies.push((one, folder, name));
    }
    remarks.iter().for_each(|words| console.note(words));
    let mut all = Vec::new();
    for (i, (one, folder, name)) in studies.iter().enumerate() {
        console.note(&format!("{} of {}: trained on {name}", i + 1, studies.len()));
        all.push(run_to_report(one, folder, args.cores, &[], console)?);
    }
    files::write(&out.join("matrix.html"), howfar_report::matrix_html(&all).as_bytes())?;
    files::write(&out.join("matrix.csv"), howfar_report::matrix_csv(&all).as_bytes())?;
    if console.json() {
        console.answer_json(&all);
    } else {
        console.note(&format!("matrix: {}", out.join("matrix.html").display()));
        console.answer(howfar_report::matrix_text(&all).trim_end());
        remarks.iter().for_each(|words| console.answer(words));
    }
    Ok(())
}

fn name_if_it_splits(study: &Study, set: &Path) -> Result<String, Fault> {
    let set = FaceSet::open(set)?;
    let people = portrait_rows(&set)?.into_keys().collect();
    study.splits(&people).map_err(|fault| {
        fault.hint(format!("{}: use fractions or folds that the people of every set allow", set.folder().display()))
    })?;
    Ok(set.info().name.clone())
}

/// The same study with one real set and all the others unseen.
fn with_real(study: &Study, real: &Path, name: &str) -> Study {
    let mut one = study.clone();
    one.name = format!("{}: {name}", study.name);
    one.unseen.sets = study.real.sets.iter().chain(&study.unseen.sets).filter(|set| *set != real).cloned().collect();
    one.real.sets = vec![real.to_owned()];
    one
}

/// A study without the generated sets that have something of its test people in them, and why each was left out.
fn without_leaks(study: Study) -> Result<(Study, Vec<String>), Fault> {
    let leaking = leaking_sets(&study)?;
    let words = |(set, fault): &(PathBuf, Fault)| format!("{} is left out: {}", set.display(), fault.what());
    let left_out = leaking.iter().map(words).collect();
    let is_kept = |set: &&PathBuf| leaking.iter().all(|(other, _)| other != *set);
    let kept = study.generated.sets.iter().filter(is_kept).cloned().collect();
    Ok((study.with_generated(kept), left_out))
}
