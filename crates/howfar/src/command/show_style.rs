//! `howfar style show NAME`: a style as a file, to start one's own from.

use howfar_draw::{FITTED_BY, Style};
use howfar_face::Fault;

use crate::console::Console;

/// Print a style as a file, to start your own from.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar style show wild > my.toml\n\ndocs/styles.md lists the keys.")]
pub struct Args {
    /// studio, wild, unseen or a style file of your own, which is shown as it is understood.
    #[arg(value_name = "NAME|FILE.toml")]
    style: String,
}

/// Prints.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let name = &args.style;
    match Style::embedded_text(name) {
        Some(text) => console.answer(text.trim_end()),
        // A file is shown as it is understood, with what its base fills in.
        None => {
            let style = Style::find("NAME|FILE.toml", name)?;
            let text = if style.is_fitted_without_a_trace(name) {
                style.to_toml_with(&format!("{FITTED_BY}, by one that kept no record of whose pictures it saw."))?
            } else {
                style.to_toml()?
            };
            console.answer(text.trim_end());
        }
    }
    Ok(())
}
