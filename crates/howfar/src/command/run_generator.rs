//! `howfar generator run WEIGHTS INPUTS --out PICTURES`: one generator on given numbers, so that it can be compared
//! with the program that its weights come from.

use std::path::{Path, PathBuf};

use howfar_face::{Fault, files};
use howfar_import::{ForeignFile, read_file};
use howfar_net::gan::GeneratorShape;
use howfar_net::{Named, NetFault, Precision, TensorFile};
use serde_json::json;

use crate::command::generate::{in_weights, read_generator};
use crate::console::Console;

/// Run a generator on given numbers, and write its pictures as numbers.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  howfar generator run identity.safetensors latents.safetensors \\
      --out pictures.safetensors

Of a StyleGAN2 INPUTS holds `z` [N, Z]; its noise is the one kept in the weights. Of a StarGAN \
INPUTS holds `faces` [N, C, H, W] in -1..1 and `labels` [N, E]. The file that is written holds `pictures` [N, C, H, \
W]. Both are safetensors. So reference/public_weights.py compares generators with the public programs.")]
pub struct Args {
    /// Weights of a StyleGAN2 or a StarGAN, trained here or imported.
    weights: PathBuf,
    /// Numbers to put in: safetensors, or a dictionary of tensors that PyTorch saved.
    inputs: PathBuf,
    /// How far a StyleGAN2's people keep from the mean person: 1 as trained, 0 is always the same.
    #[arg(long, default_value_t = 1.0)]
    truncation: f32,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

/// Reads, runs one picture after the other, writes.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let generator = read_generator(&args.weights)?;
    let fault = |fault: NetFault| in_weights(&args.inputs, fault);
    let names: &[&str] = match generator.shape {
        GeneratorShape::StyleGan2(_) => &["z"],
        GeneratorShape::StarGan(_) => &["faces", "labels"],
    };
    let (network, mut inputs) = (generator.parameters.prepare(), inputs(&args.inputs, names)?);
    let (values, [n, side, n_channels]) = match generator.shape {
        GeneratorShape::StyleGan2(shape) => {
            let n = n_rows(&args.inputs, &inputs, "z")?;
            let z = inputs.take("z", &[n, shape.z_size]).map_err(fault)?;
            let one = |z: &[f32]| shape.drawn(&network, z, args.truncation);
            (z.chunks_exact(shape.z_size).flat_map(one).collect::<Vec<_>>(), [n, shape.side, shape.n_channels])
        }
        GeneratorShape::StarGan(shape) => {
            let n = n_rows(&args.inputs, &inputs, "labels")?;
            let labels = inputs.take("labels", &[n, shape.n_classes]).map_err(fault)?;
            let faces = inputs.take("faces", &[n, shape.n_channels, shape.side, shape.side]).map_err(fault)?;
            let faces = channels_last(&faces, shape.side, shape.n_channels);
            let pairs = faces.chunks_exact(shape.side * shape.side * shape.n_channels);
            let pairs = pairs.zip(labels.chunks_exact(shape.n_classes));
            let one = |(face, label): (&[f32], &[f32])| shape.transferred(&network, face, label);
            (pairs.flat_map(one).collect(), [n, shape.side, shape.n_channels])
        }
    };
    let pictures = Named {
        name: "pictures".to_owned(),
        shape: vec![n, n_channels, side, side],
        values: channels_first(&values, side, n_channels),
    };
    let bytes = TensorFile::write(&json!({}), &[pictures], Precision::Full).map_err(fault)?;
    files::write(&args.out, &bytes)?;
    console.answer(&format!("{}: {n} pictures of {side} pixels a side", args.out.display()));
    Ok(())
}

/// The tensors with these names in a file of any program. Others stay where they are: they may share their numbers,
/// and copies would not.
fn inputs(path: &Path, names: &[&str]) -> Result<TensorFile, Fault> {
    let bytes = read_file(path)?;
    let file = ForeignFile::read(&path.display().to_string(), &bytes)?;
    let wanted = file.tensors.into_iter().filter(|(name, _)| names.contains(&name.as_str()));
    let named = wanted.map(|(name, tensor)| {
        let values = Named { name: name.clone(), shape: tensor.shape().to_vec(), values: tensor.values() };
        (name, values)
    });
    Ok(TensorFile { metadata: json!({}), tensors: named.collect() })
}

/// The first size of a tensor.
fn n_rows(path: &Path, inputs: &TensorFile, name: &str) -> Result<usize, Fault> {
    let n = inputs.tensors.get(name).and_then(|tensor| tensor.shape.first().copied()).filter(|n| *n > 0);
    n.ok_or_else(|| {
        let found = inputs.tensors.keys().cloned().collect::<Vec<_>>().join(", ");
        Fault::data(path.display(), format!("the tensor {name} is missing or empty"))
            .found(if found.is_empty() { "none that goes in".to_owned() } else { found })
            .hint("howfar generator run --help says what goes in")
    })
}

/// `[N, C, H, W]` -> `[N, H, W, C]`
fn channels_last(values: &[f32], side: usize, n_channels: usize) -> Vec<f32> {
    let area = side * side;
    let one = |picture: &[f32]| {
        let pixel = |at: usize| (0..n_channels).map(move |channel| channel * area + at);
        (0..area).flat_map(pixel).map(|at| picture[at]).collect::<Vec<_>>()
    };
    values.chunks_exact(n_channels * area).flat_map(one).collect()
}

/// `[N, H, W, C]` -> `[N, C, H, W]`
fn channels_first(values: &[f32], side: usize, n_channels: usize) -> Vec<f32> {
    let area = side * side;
    let one = |picture: &[f32]| {
        let plane = |channel: usize| (0..area).map(move |at| at * n_channels + channel);
        (0..n_channels).flat_map(plane).map(|at| picture[at]).collect::<Vec<_>>()
    };
    values.chunks_exact(n_channels * area).flat_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_channels_is_turned_and_turned_back() {
        let first: Vec<f32> = (0..24).map(|i| i as f32).collect();
        let last = channels_last(&first, 2, 3);
        assert_eq!(last[..6], [0.0, 4.0, 8.0, 1.0, 5.0, 9.0]);
        assert_eq!(channels_first(&last, 2, 3), first);
    }
}
