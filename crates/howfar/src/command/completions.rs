//! `howfar completions SHELL`: what the shell offers when a word is begun.

use clap_complete::{Shell, generate};
use howfar_face::Fault;

use crate::cli;
use crate::console::Console;

/// Print the completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar completions bash > ~/.local/share/bash-completion/completions/howfar
  howfar completions zsh > ~/.zfunc/_howfar
  howfar completions fish > ~/.config/fish/completions/howfar.fish

A new shell has them. For zsh the folder must be in its fpath before compinit runs.")]
pub struct Args {
    /// Which shell.
    #[arg(value_parser = clap::builder::EnumValueParser::<Shell>::new())]
    shell: Shell,
}

/// Prints.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let mut script = Vec::new();
    generate(args.shell, &mut cli::command(), "howfar", &mut script);
    console.answer(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}
