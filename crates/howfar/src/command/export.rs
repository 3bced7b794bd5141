//! `howfar export [MODEL] --as onnx|torch|safetensors`: a trained network as a file that other programs run.
//!
//! In: a model of `howfar train`, or a generator's weights; the file itself says which. Out: one file, and what it is.

use std::path::{Path, PathBuf};

use howfar_export::{ExportFormat, write, write_generator};
use howfar_face::{Fault, files};
use howfar_net::gan::{Generator, GeneratorShape};
use howfar_train::Model;
use serde_json::{Value, json};

use crate::command::generate::generator_in;

use crate::console::Console;

/// Write a trained network as a file that other programs run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar export --as onnx --out expression.onnx
  howfar export model.safetensors --as torch
  howfar export runs/stargan/generator.safetensors --as onnx

Without a model, howfar's own network is written. The ONNX file takes cropped faces (8 bits, red, green, blue) and \
gives probabilities; that of a generator takes and gives what `howfar generator run` does. docs/export.md shows how \
Python and JavaScript use them.")]
pub struct Args {
    /// A model of `howfar train`, or weights of a generator, trained here or imported.
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
    let network = args.model.as_deref().map_or_else(|| Ok(Network::Classifier(Model::embedded())), read)?;
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
    let (said, words) = match &network {
        Network::Classifier(model) => {
            write(model, format, &out)?;
            let name = model.classifier().architecture().plan.name;
            (json!({"classes": model.classes()}), format!("{name} of {}", model.classes().join(", ")))
        }
        Network::Generator(generator) => {
            write_generator(generator, format, &out)?;
            said_of(generator)
        }
    };
    if console.json() {
        let mut said = said;
        said["file"] = json!(out);
        said["format"] = json!(format.name());
        console.answer_json(&said);
        return Ok(());
    }
    console.answer(&format!("{}: {words}", out.display()));
    Ok(())
}

/// What a file may hold.
enum Network {
    Classifier(Model),
    Generator(Generator),
}

/// Reads a file of either kind.
fn read(path: &Path) -> Result<Network, Fault> {
    let bytes = files::read_weights(path)?;
    if Generator::is_in(&bytes) {
        return generator_in(&bytes, path).map(Network::Generator);
    }
    Model::from_bytes(&bytes, path).map(Network::Classifier)
}

/// What is said of a generator that was written: for programs, and for people.
fn said_of(generator: &Generator) -> (Value, String) {
    let (kind, classes) = (generator.shape.kind(), &generator.card["classes"]);
    match generator.shape {
        GeneratorShape::StarGan(shape) => {
            let words = format!("{kind}, {0} × {0} pixels, {1} labels", shape.side, shape.n_classes);
            (json!({"generator": kind, "classes": classes}), words)
        }
        GeneratorShape::StyleGan2(shape) => {
            (json!({"generator": kind}), format!("{kind}, {0} × {0} pixels", shape.side))
        }
    }
}
