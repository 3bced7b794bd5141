//! `howfar weights inspect FILE`: what is in a weight file of any program; nothing in it is run.

use std::path::PathBuf;

use howfar_face::{Fault, printable_name};
use howfar_import::{ForeignFile, read_file, recognise};
use serde_json::json;

use crate::console::Console;

/// Print what is in a weight file: PyTorch's, StyleGAN2's .pkl, safetensors. Nothing in it is run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar weights inspect network.pkl --json")]
pub struct Args {
    /// The weight file.
    file: PathBuf,
}

/// Reads the file and prints its network and tensors.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let bytes = read_file(&args.file)?;
    let file = ForeignFile::read(&args.file.display().to_string(), &bytes)?;
    let network = recognise(&file);
    let tensors: Vec<(&str, &[usize])> = file.tensors.iter().map(|(name, t)| (name.as_str(), t.shape())).collect();
    if console.json() {
        console.answer_json(&json!({
            "format": file.format, "kind": network.kind, "settings": network.settings,
            "tensors": tensors.iter().map(|(name, shape)| json!({"name": name, "shape": shape})).collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    console.answer(&format!("{}: {}, network {}", args.file.display(), file.format, network.kind));
    if network.kind != "unknown" {
        console.answer(&format!("  settings  {}", network.settings));
    }
    for (name, shape) in tensors {
        console.answer(&format!("  {}  {shape:?}", printable_name(name)));
    }
    Ok(())
}
