//! `howfar audit STUDY|FACES…`: what would make the figures mean something else.

use std::path::PathBuf;

use howfar_evaluate::Finding;
use howfar_face::{Fault, files};
use howfar_study::{AuditPlace, AuditedFaces, LoadedStudy, StudyFolder, audit_faces, audit_study};

use crate::command::{pin_as_planned, report, stop_flag};
use crate::console::Console;

/// Check a study's faces, or any face sets, for leaks, duplicates, shortcuts and wrong labels.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar audit my-study\n  howfar audit faces/rafd faces/generated --json")]
pub struct Args {
    /// A study's folder, or one or more face sets. Of sets, photographs count as the real faces, others as mixed in.
    #[arg(required = true, value_name = "STUDY|FACES")]
    places: Vec<PathBuf>,
}

/// Audits and prints what was found; a study's results and report take it in.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let stop = stop_flag();
    let watch = |what: &str| console.note(&format!("audit: {what}"));
    let findings = match args.places.as_slice() {
        [study] if study.join("plan.json").is_file() => {
            let folder = StudyFolder::open(study)?;
            pin_as_planned(&folder)?;
            let loaded = LoadedStudy::reopen(&folder)?;
            let findings = audit_study(&loaded, &folder, &folder.presence()?, &watch, stop)?.findings;
            if folder.results_file().is_file() {
                howfar_study::analyse(&loaded, &folder)?;
                report::write_report(&folder)?;
            }
            findings
        }
        sets => {
            let scratch = std::env::temp_dir().join(format!("howfar-audit-{}", std::process::id()));
            let faces = AuditedFaces::of_sets(sets)?;
            let audit = audit_faces(&faces, &AuditPlace { scratch: scratch.clone(), watch: &watch, stop });
            // A stopped audit of loose sets keeps nothing: there is no folder to go on from.
            if audit.is_err() && scratch.is_dir() {
                files::remove_folder(&scratch)?;
            }
            audit?.findings
        }
    };
    if console.json() {
        console.answer_json(&findings);
    } else {
        findings.iter().for_each(|finding| console.answer(&words(finding)));
    }
    Ok(())
}

/// A finding, its advice and where to look.
fn words(finding: &Finding) -> String {
    let mark = if finding.is_caveat { "!" } else { " " };
    let mut text = format!("{mark} {}: {} ({})", finding.audit, finding.text, finding.code);
    if !finding.advice.is_empty() {
        text += &format!("\n    {}", finding.advice);
    }
    finding.examples.iter().for_each(|example| text += &format!("\n    {example}"));
    text
}
