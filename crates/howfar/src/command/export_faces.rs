//! `howfar faces export`: a face set in the layouts that other programs read.

use std::path::PathBuf;

use howfar_face::{FaceSet, Fault};
use howfar_prepare::{Layout, export};
use serde_json::json;

use crate::console::Console;

/// Write a face set as class folders, an image folder with a table, a WebDataset or Parquet for a hub.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar faces export faces/studio --out exported
  howfar faces export faces/studio --as webdataset --out shards

docs/formats.md shows what lies in each. Whether a database's terms allow to pass its faces on is for you to know; \
they are copied into the dataset card.")]
pub struct Args {
    /// The face set's folder.
    faces: PathBuf,
    /// The layout to write: class folders of PNG; PNG with metadata.csv (Hugging Face's image folder); tar files of
    /// PNG, class and JSON; Parquet with a dataset card and Croissant.
    #[arg(long = "as", value_name = "LAYOUT", value_parser = Layout::ALL.map(Layout::name), default_value = "folder")]
    layout: String,
    /// The folder to write; must not exist yet.
    #[arg(long)]
    out: PathBuf,
}

/// Writes every face.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let layout = Layout::from_name(&args.layout)
        .ok_or_else(|| Fault::usage("--as", "there is no such layout").found(&args.layout))?;
    let counts = export(&FaceSet::open(&args.faces)?, layout, &args.out)?;
    if console.json() {
        console.answer_json(&json!({"folder": args.out, "layout": layout.name(), "faces": counts}));
        return Ok(());
    }
    let words: Vec<String> = counts.iter().map(|(class, n)| format!("{class} {n}")).collect();
    console.answer(&format!("{}: {}", args.out.display(), words.join(", ")));
    Ok(())
}
