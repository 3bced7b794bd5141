//! `howfar export [MODEL] --as onnx|torch|safetensors`: a trained network as a file that other programs run.

use std::path::{Path, PathBuf};

use howfar_export::{ExportFormat, write};
use howfar_face::Fault;
use howfar_train::Model;
use serde_json::json;

use crate::console::Console;

/// Write a trained network as a file that other programs run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar export --as onnx --out expression.onnx
  howfar export model.safetensors --as torch

Without a model, howfar's own network is written. The ONNX file takes cropped faces (8 bits, red, green, blue) and \
gives probabilities; docs/export.md shows how Python and JavaScript use it.")]
pub struct Args {
    /// A model of `howfar train`.
    model: Option<PathBuf>,
    /// What to write: a graph with the preprocessing in it, or the numbers alone.
    #[arg(long = "as", value_name = "FORMAT", value_parser = ExportFormat::ALL.map(ExportFormat::name))]
    format: String,
    /// The file to write; the model's name with the format's ending if not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Reads, writes.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let model = args.model.as_deref().map_or_else(|| Ok(Model::embedded()), Model::load)?;
    let format = ExportFormat::from_name(&args.format)
        .ok_or_else(|| Fault::usage("--as", "there is no such format").found(&args.format))?;
    let beside = args.model.clone().unwrap_or_else(|| PathBuf::from("expression"));
    let out = args.out.clone().unwrap_or_else(|| beside.with_extension(format.ending()));
    let place = |path: &Path| path.canonicalize().ok();
    if args.model.as_deref().and_then(place).is_some_and(|model| place(&out) == Some(model)) {
        return Err(Fault::usage("--out", "the model itself would be overwritten")
            .found(out.display())
            .expected("another file"));
    }
    write(&model, format, &out)?;
    if console.json() {
        console.answer_json(&json!({"file": out, "format": format.name(), "classes": model.classes()}));
        return Ok(());
    }
    console.answer(&format!(
        "{}: {} of {}",
        out.display(),
        model.classifier().architecture().plan.name,
        model.classes().join(", ")
    ));
    Ok(())
}
