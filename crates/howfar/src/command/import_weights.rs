//! `howfar import-weights FILE --out WEIGHTS`: weights of other programs as safetensors; nothing in the file is run.

use std::path::PathBuf;

use howfar_face::{Fault, Preprocessing, files};
use howfar_import::{ForeignFile, NetworkFile, read_file, recognise, write};
use howfar_net::gan::{Generator, GeneratorShape, Parameters, StarGanShape, StyleGan2Shape};
use howfar_net::{Named, NetFault, Precision, TensorFile};
use serde_json::{Value, json};

use crate::command::generate::in_weights;
use crate::console::Console;

/// Take weights over from another program: StyleGAN2's .pkl, StarGAN's .ckpt, VGG16's .pth, safetensors.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar import-weights network.pkl --out identity.safetensors
  howfar import-weights 200000-G.ckpt --classes neutral,happiness,sadness,surprise,fear,disgust,anger --size 256 --out expression.safetensors
Generators can then be given to `howfar generate`. Nothing in the file is run; docs/generators.md tells what is read.")]
pub struct Args {
    /// The weight file.
    file: PathBuf,
    /// What a StarGAN's labels mean, in its order, separated by commas.
    #[arg(long, value_delimiter = ',')]
    classes: Vec<String>,
    /// Pixels a side of the faces that a StarGAN was trained on; its weights do not tell.
    #[arg(long, default_value_t = 256)]
    size: usize,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

/// Reads, recognises, writes.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let bytes = read_file(&args.file)?;
    let file = ForeignFile::read(&args.file.display().to_string(), &bytes)?;
    let network = recognise(&file);
    match generator_shape(args, &network)? {
        Some(shape) => files::write(&args.out, &generator(args, &network, shape)?)?,
        None => write(&args.out, &network)?,
    }
    console.answer(&format!("{}: {}, {} tensors", args.out.display(), network.kind, network.tensors.len()));
    if !network.left_out.is_empty() {
        console
            .note(&format!("{} running statistics were left out: each picture's own are used", network.left_out.len()));
    }
    Ok(())
}

/// The sizes of a generator that `howfar generate` can run.
fn generator_shape(args: &Args, network: &NetworkFile<'_, '_>) -> Result<Option<GeneratorShape>, Fault> {
    let size = |field: &str| network.settings[field].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    match network.kind {
        "stargan-generator" => {
            let n_classes = size("c_dim");
            if args.classes.len() != n_classes {
                return Err(Fault::usage("--classes", "a StarGAN's labels need names")
                    .found(format!("{} names", args.classes.len()))
                    .expected(format!("{n_classes}, in the order in which it was trained")));
            }
            let standard = StarGanShape::standard(args.size, size("img_channels"), n_classes);
            let shape = StarGanShape { generator_channels: size("conv_dim"), repeats: size("repeat_num"), ..standard };
            Ok(Some(GeneratorShape::StarGan(shape)))
        }
        "stylegan2" => {
            let side = size("img_resolution");
            let channels: Vec<(usize, usize)> = network.settings["channels"]
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(side, n)| Some((side.parse().ok()?, usize::try_from(n.as_u64()?).ok()?)))
                .collect();
            let channel_max = channels.iter().map(|(_, n)| *n).max().unwrap_or(0);
            let channel_base = channels.iter().map(|(side, n)| side * n).max().unwrap_or(0);
            let clamp = network.settings["init_kwargs"]["synthesis_kwargs"]["conv_clamp"].as_f64().map(|c| c as f32);
            Ok(Some(GeneratorShape::StyleGan2(StyleGan2Shape {
                z_size: size("z_dim"),
                w_size: size("w_dim"),
                mapping_layers: size("num_layers"),
                channel_base,
                channel_max,
                clamp,
                ..StyleGan2Shape::standard(side, size("img_channels"))
            })))
        }
        _ => Ok(None),
    }
}

/// The bytes of a weight file that `howfar generate` takes.
fn generator(args: &Args, network: &NetworkFile<'_, '_>, shape: GeneratorShape) -> Result<Vec<u8>, Fault> {
    let fault = |fault: NetFault| in_weights(&args.file, fault);
    let named = network.tensors.iter().map(|(name, tensor)| Named {
        name: (*name).to_owned(),
        shape: tensor.shape().to_vec(),
        values: tensor.values(),
    });
    let bytes = TensorFile::write(&json!({}), &named.collect::<Vec<_>>(), Precision::Full).map_err(fault)?;
    let mut tensors = TensorFile::read(&bytes).map_err(fault)?;
    let (side, n_channels) = match shape {
        GeneratorShape::StarGan(s) => (s.side, s.n_channels),
        GeneratorShape::StyleGan2(s) => (s.side, s.n_channels),
    };
    let colour = if n_channels == 3 { "rgb" } else { "gray" };
    let preprocessing =
        Preprocessing { colour: colour.to_owned(), ..Preprocessing::standard("unknown", "unknown", side as u32) };
    let parameters = Parameters::take(&shape.slots(), &mut tensors, "").map_err(fault)?;
    let card: Value = json!({"classes": args.classes, "preprocessing": preprocessing, "imported": network.settings});
    Generator { shape, parameters, card }.to_bytes(Precision::Full).map_err(fault)
}
