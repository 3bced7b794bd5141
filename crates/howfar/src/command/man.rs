//! `howfar man --out DIR`: a page of the manual for every command.

use std::path::PathBuf;

use howfar_face::{Fault, files};

use crate::cli;
use crate::console::Console;

/// Write the manual's pages, one a command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar man --out ~/.local/share/man/man1\n\nThen: man howfar-run")]
pub struct Args {
    /// The folder to write them to.
    #[arg(long)]
    out: PathBuf,
}

/// Writes.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    files::create_folder(&args.out)?;
    let mut command = cli::command();
    command.build();
    let n = write(&command, "howfar", args)?;
    console.answer(&format!("{}: {n} pages", args.out.display()));
    Ok(())
}

/// The page of a command and those of its commands.
fn write(command: &clap::Command, name: &str, args: &Args) -> Result<usize, Fault> {
    let path = args.out.join(format!("{name}.1"));
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(|e| Fault::io(&path, "write", &e))?;
    files::write(&path, &page)?;
    let mut n = 1;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        n += write(inner, &format!("{name}-{}", inner.get_name()), args)?;
    }
    Ok(n)
}
