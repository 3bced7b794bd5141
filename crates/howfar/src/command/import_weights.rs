//! `howfar weights import FILE --out WEIGHTS`: weights of other programs as safetensors; nothing in the file is run.

use std::path::PathBuf;

use howfar_face::{Fault, Preprocessing, files};
use howfar_import::{ForeignFile, NetworkFile, read_file, recognise, write};
use howfar_net::gan::{Generator, GeneratorShape, Parameters, Slot, StarGanShape, StyleGan2Shape};
use howfar_net::{Named, Precision, TensorFile};
use serde_json::{Value, json};

use crate::command::generate::in_weights;
use crate::console::Console;

/// Numbers of a generator; StyleGAN2 at 1024 pixels has 33 million. Four copies of so many stay below 1 GiB.
const MOST_NUMBERS: usize = 60_000_000;

/// Import weights of another program: StyleGAN2's .pkl, StarGAN's .ckpt, VGG16's .pth, safetensors.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar weights import network.pkl --out identity.safetensors
  howfar weights import 200000-G.ckpt --size 256 --out expression.safetensors \\
      --classes neutral,happiness,sadness,surprise,fear,disgust,anger

Generators can then be given to `howfar generate`. Nothing in the file is run; docs/generators.md says what is read.")]
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
    refuse_repeated_classes(&args.classes)?;
    let bytes = read_file(&args.file)?;
    let file = ForeignFile::read(&args.file.display().to_string(), &bytes)?;
    let network = recognise(&file);
    let words = format!("{}: {}, {} tensors", args.out.display(), network.kind, network.tensors.len());
    let n_left_out = network.left_out.len();
    match generator_shape(args, &network)? {
        Some(shape) => {
            let generator = generator(args, &network, shape, &slots(args, shape)?)?;
            // What was read is not held beside what is written.
            drop(network);
            drop(file);
            drop(bytes);
            let written = generator.to_bytes(Precision::Full).map_err(|fault| in_weights(&args.file, fault))?;
            files::write(&args.out, &written)?;
        }
        None => write(&args.out, &network)?,
    }
    console.answer(&words);
    if n_left_out > 0 {
        console.note(&format!("{n_left_out} running statistics were left out: each picture's own are used"));
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
            let channel_base = channels.iter().map(|(side, n)| side.saturating_mul(*n)).max().unwrap_or(0);
            if size("c_dim") > 0 {
                return Err(Fault::data(args.file.display(), "this StyleGAN2 draws by label, which howfar's does not")
                    .found(format!("{} labels", size("c_dim")))
                    .expected("a network that was trained without labels"));
            }
            only_the_usual_filter(args, network)?;
            let standard = StyleGan2Shape::standard(side, size("img_channels"));
            let number = |field: &str| network.settings[field].as_f64().map(|value| value as f32);
            Ok(Some(GeneratorShape::StyleGan2(StyleGan2Shape {
                z_size: size("z_dim"),
                w_size: size("w_dim"),
                mapping_layers: size("num_layers"),
                channel_base,
                channel_max,
                clamp: number("conv_clamp"),
                mapping_rate: number("lr_multiplier").unwrap_or(standard.mapping_rate),
                ..standard
            })))
        }
        // Weights to begin a training with.
        "vgg16" => Ok(None),
        "stargan-discriminator" => {
            Err(Fault::data(args.file.display(), "this is the discriminator of a StarGAN, which draws nothing")
                .expected("the generator, in the file beside it whose name ends in -G.ckpt"))
        }
        _ => {
            let names: Vec<&str> = network.tensors.keys().copied().take(3).collect();
            Err(Fault::data(args.file.display(), "no network that howfar can use is in this file")
                .found(format!("{} tensors: {} …", network.tensors.len(), names.join(", ")))
                .expected(
                    "a StyleGAN2 (.pkl), a StarGAN's generator (-G.ckpt) or a VGG16 (.pth) in the shapes of \
                    their public codes",
                )
                .hint("`howfar weights inspect` shows everything in it"))
        }
    }
}

/// A class named twice would be drawn twice and learnt as two.
fn refuse_repeated_classes(classes: &[String]) -> Result<(), Fault> {
    let repeated = classes.iter().enumerate().find(|(i, class)| classes[..*i].contains(class));
    match repeated {
        Some((_, class)) => Err(Fault::usage("--classes", "a class is named twice").found(class)),
        None => Ok(()),
    }
}

/// Refuses a StyleGAN2 whose pictures grow by another filter than [1, 3, 3, 1], which its file keeps as an outer
/// product.
fn only_the_usual_filter(args: &Args, network: &NetworkFile<'_, '_>) -> Result<(), Fault> {
    const TAPS: [f32; 4] = [1.0, 3.0, 3.0, 1.0];
    let usual: Vec<f32> = TAPS.iter().flat_map(|a| TAPS.map(|b| a * b / 64.0)).collect();
    let filters = network.tensors.iter().filter(|(name, _)| name.ends_with(".resample_filter"));
    let mut others = filters.map(|(_, filter)| filter.values()).filter(|filter| *filter != usual);
    match others.next() {
        Some(filter) => {
            Err(Fault::data(args.file.display(), "this StyleGAN2 resizes with a filter that howfar's does not have")
                .found(format!("{filter:?}"))
                .expected("[1, 3, 3, 1] along both sides"))
        }
        None => Ok(()),
    }
}

/// A generator that `howfar generate` takes. Tensors that it does not have stay behind.
fn generator(
    args: &Args,
    network: &NetworkFile<'_, '_>,
    shape: GeneratorShape,
    slots: &[Slot],
) -> Result<Generator, Fault> {
    let named = |slot: &Slot| {
        let tensor = network.tensors.get(slot.name.as_str())?;
        // One of another shape is refused for its shape below; its numbers, which may be many, are not needed for that.
        let values = if tensor.shape() == slot.shape { tensor.values() } else { Vec::new() };
        let named = Named { name: slot.name.clone(), shape: tensor.shape().to_vec(), values };
        Some((slot.name.clone(), named))
    };
    let tensors = slots.iter().filter_map(named).collect();
    let mut tensors = TensorFile { metadata: json!({}), tensors };
    let (side, n_channels) = match shape {
        GeneratorShape::StarGan(s) => (s.side, s.n_channels),
        GeneratorShape::StyleGan2(s) => (s.side, s.n_channels),
    };
    let colour = if n_channels == 3 { "rgb" } else { "gray" };
    let preprocessing =
        Preprocessing { colour: colour.to_owned(), ..Preprocessing::standard("unknown", "unknown", side as u32) };
    let parameters = Parameters::take(slots, &mut tensors, "").map_err(|fault| in_weights(&args.file, fault))?;
    let card: Value = json!({"classes": args.classes, "preprocessing": preprocessing, "imported": network.settings});
    Ok(Generator { shape, parameters, card })
}

/// The tensors of a generator, if it may be made.
fn slots(args: &Args, shape: GeneratorShape) -> Result<Vec<Slot>, Fault> {
    match shape {
        GeneratorShape::StarGan(shape) => shape.check(),
        GeneratorShape::StyleGan2(shape) => shape.check(),
    }
    .map_err(|fault| in_weights(&args.file, fault))?;
    let slots = shape.slots();
    let n: usize = slots.iter().map(|slot| slot.shape.iter().product::<usize>()).sum();
    if n > MOST_NUMBERS {
        return Err(Fault::data(args.file.display(), "refused: the generator is larger than howfar reads")
            .found(format!("{n} numbers"))
            .expected(format!("up to {MOST_NUMBERS}")));
    }
    Ok(slots)
}
