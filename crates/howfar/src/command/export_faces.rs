//! `howfar export-faces`: a face set as class folders.

use std::path::PathBuf;

use howfar_face::{FaceSet, Fault};

use crate::console::Console;

/// Write a face set as class folders of PNG.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar export-faces faces/studio --as folder --out exported")]
pub struct Args {
    /// The face set's folder.
    faces: PathBuf,
    /// The layout to write.
    #[arg(long = "as", value_parser = ["folder"], default_value = "folder")]
    layout: String,
    /// The folder to write; must not exist yet.
    #[arg(long)]
    out: PathBuf,
}

/// Writes one PNG a face.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let counts = howfar_prepare::export_folder(&FaceSet::open(&args.faces)?, &args.out)?;
    let words: Vec<String> = counts.iter().map(|(class, n)| format!("{class} {n}")).collect();
    console.answer(&format!("{}: {}", args.out.display(), words.join(", ")));
    Ok(())
}
