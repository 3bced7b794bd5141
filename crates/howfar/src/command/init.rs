//! `howfar init`: a commented study file to start from; `howfar init paper`: that of the paper's experiments.

mod ask;
mod paper;

use std::path::{Path, PathBuf};

use howfar_face::{Fault, files};

use crate::console::Console;

/// Write a commented study file to start from, or that of the paper's experiments.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  howfar init study.toml
  howfar init --ask
  howfar init paper --real faces/rafd --real faces/oulu \\
      --unseen faces/mmi --unseen faces/ckplus --generated faces/gan > study.toml
  howfar init paper --drawn stand-ins
  howfar init --schema > study.schema.json

An editor that knows TOML schemas takes the last with the line `#:schema study.schema.json` in the study file.")]
pub struct Args {
    /// The file to write; an existing one is kept.
    #[arg(default_value = "study.toml")]
    study: PathBuf,
    /// Print the JSON schema of study files, which editors check them by.
    #[arg(long)]
    schema: bool,
    /// Ask what goes in, at a terminal: sets below this folder are offered, answers are checked at once.
    #[arg(long, conflicts_with = "schema")]
    ask: bool,
    #[command(subcommand)]
    template: Option<Template>,
}

/// Studies that are known beforehand.
#[derive(Debug, clap::Subcommand)]
enum Template {
    /// The paper's experiments (VISAPP 2023), on face sets of yours or on drawn stand-ins.
    Paper(paper::Args),
}

/// The file that `init` writes; a test reads it as a study.
pub const TEMPLATE: &str = include_str!("../../study.toml");

/// What study files may say; tests hold it to the program and to every study of the repository.
const SCHEMA: &str = include_str!("../../../../docs/study.schema.json");

/// Writes the template.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    if let Some(Template::Paper(args)) = &args.template {
        return paper::run(args, console);
    }
    if args.schema {
        console.answer(SCHEMA.trim_end());
        return Ok(());
    }
    keep_existing(&args.study, "another name: howfar init other.toml")?;
    if args.ask {
        files::write(&args.study, ask::at_terminal(&args.study, console)?.as_bytes())?;
        console.note(&format!("wrote {}; next: howfar plan {0}", args.study.display()));
        return Ok(());
    }
    files::write(&args.study, TEMPLATE.as_bytes())?;
    console.note(&format!("wrote {}; name your face sets in it, then: howfar plan {0}", args.study.display()));
    Ok(())
}

/// What a user may have changed is not written over.
fn keep_existing(study: &Path, other: &str) -> Result<(), Fault> {
    if study.exists() {
        return Err(Fault::usage(study.display(), "this file already exists; it is kept as it is")
            .hint(format!("give {other}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_template_is_a_study_with_the_defaults() {
        let study = howfar_protocol::Study::parse(super::TEMPLATE, "template").unwrap();
        let defaults = howfar_protocol::Study::parse(
            "name = \"my-study\"\n[real]\nsets = [\"faces/real\"]\n[generated]\nsets = [\"faces/generated\"]\n\
                [unseen]\nsets = [\"faces/unseen\"]\n",
            "minimal",
        )
        .unwrap();
        assert_eq!((&study.real, &study.train, &study.choose), (&defaults.real, &defaults.train, &defaults.choose));
        assert_eq!(study.grid, defaults.grid);
        assert_eq!(study.recipe, defaults.recipe);
        assert_eq!(study.expressions, defaults.expressions);
    }
}
