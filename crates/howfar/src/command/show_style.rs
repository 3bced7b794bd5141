//! `howfar style show NAME`: a style as a file, to start one's own from.

use howfar_draw::{FITTED_BY, Style, style_schema};
use howfar_face::Fault;

use crate::console::Console;

/// Print a style as a file, to start your own from.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar style show wild > my.toml
  howfar style show --schema > style.schema.json

docs/styles.md lists the keys. An editor that knows TOML schemas takes the last with the line \
`#:schema style.schema.json` in the style file.")]
pub struct Args {
    /// studio, wild, unseen or a style file of your own, which is shown as it is understood.
    #[arg(value_name = "NAME|FILE.toml", required_unless_present = "schema")]
    style: Option<String>,
    /// Print the JSON schema of style files, which editors check them by.
    #[arg(long, conflicts_with = "style")]
    schema: bool,
}

/// Prints.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let Some(name) = &args.style else {
        console.answer_json(&style_schema());
        return Ok(());
    };
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
