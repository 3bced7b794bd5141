//! `howfar study cells STUDY`: the cells to run, one command a line, for whatever starts commands on many machines.

use std::path::{Path, PathBuf};

use howfar_face::Fault;
use howfar_study::{LoadedStudy, StudyFolder, ToDo, places_in_words};

use crate::command::study_args::StudyPlace;
use crate::console::Console;

/// List the cells of a study as commands, one a line: for GNU parallel, Snakemake, PBS and others.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar study cells my-study --missing | parallel --jobs 8\n  \
    howfar study cells my-study --stage 2 --missing --chunk 10\n\nThe second stage is known when the first is over; k \
    is chosen on the way. When no cell is missing, `howfar run study.toml --out my-study` writes results and report. \
    Exit codes of the commands: 0 done, 75 stopped or done elsewhere at this moment (run it again), others as in \
    `howfar --help`.")]
pub struct Args {
    #[command(flatten)]
    study: StudyPlace,
    /// 1: the cells that choose k; 2: those at the chosen k. Without it, the stage that the study is at.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2))]
    stage: Option<u32>,
    /// Leave out cells that are finished.
    #[arg(long)]
    missing: bool,
    /// Cells in one command.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    chunk: u32,
    /// Threads of each command.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
    threads: u32,
}

/// Prints the commands.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::open(&args.study.folder()?)?;
    let loaded = LoadedStudy::reopen(&folder)?;
    let to_do = match args.stage {
        Some(stage) => ToDo::of_stage(stage, &loaded, &folder)?,
        None => ToDo::of(&loaded, &folder)?,
    };
    let places = if args.missing { to_do.missing.clone() } else { to_do.places.clone().collect() };
    let chunks: Vec<String> = places.chunks(args.chunk as usize).map(places_in_words).collect();
    let program = program()?;
    let study = absolute(folder.root())?;
    let [program, study] = [&program, &study].map(|path| quoted(&path.to_string_lossy()));
    let command = |places: &String| format!("{program} study cell {study} --threads {} --index {places}", args.threads);
    if console.json() {
        let commands: Vec<_> = chunks.iter().map(|c| serde_json::json!({"index": c, "command": command(c)})).collect();
        console.answer_json(&serde_json::json!({
            "stage": to_do.stage, "n_cells": to_do.places.len(), "n_missing": to_do.missing.len(), "commands": commands,
        }));
        return Ok(());
    }
    chunks.iter().for_each(|chunk| console.answer(&command(chunk)));
    let (n_missing, n_cells) = (to_do.missing.len(), to_do.places.len());
    console.note(&format!("stage {} of 2: {n_missing} of {n_cells} cells are not finished", to_do.stage));
    Ok(())
}

/// This program, as machines that share its disk find it.
pub fn program() -> Result<PathBuf, Fault> {
    std::env::current_exe().map_err(|e| Fault::machine("howfar", format!("cannot tell where this program lies: {e}")))
}

/// A path that holds from any folder.
pub fn absolute(path: &Path) -> Result<PathBuf, Fault> {
    std::path::absolute(path).map_err(|e| Fault::io(path, "make absolute", &e))
}

/// A word of a shell's command line.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_a_quoted_word_as_it_was() {
        for word in ["plain/word_1.toml", "two words", "it's", "$HOME;rm", "", "ümlaut"] {
            let done = std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", quoted(word))).output();
            assert_eq!(String::from_utf8(done.unwrap().stdout).unwrap(), word);
        }
        assert_eq!(quoted("plain/word_1.toml"), "plain/word_1.toml");
    }
}
