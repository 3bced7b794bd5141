//! Which network a file holds, by the names and shapes of its tensors in the public codes.
//!
//! In: a foreign file. Out: a kind, its settings, and the tensors to keep under the public names. Sources of the names:
//! NVlabs/stylegan2-ada-pytorch `training/networks.py`, yunjey/stargan `model.py`, torchvision `models/vgg.py`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{ForeignFile, Tensor};

/// Names that checkpoints put before a network's own; the average of StyleGAN2's generator comes first.
const PREFIXES: [&str; 9] =
    ["G_ema.", "g_ema.", "", "state_dict.", "model.", "net.", "module.", "state_dict.module.", "G."];
/// Statistics of instance normalisation: never used, because each picture's own statistics are.
const RUNNING: [&str; 3] = [".running_mean", ".running_var", ".num_batches_tracked"];

/// The network of a file.
#[derive(Debug)]
pub struct NetworkFile<'f, 'a> {
    /// `stylegan2`, `stargan-generator`, `stargan-discriminator`, `vgg16` or `unknown`.
    pub kind: &'static str,
    /// Its sizes, as far as file and shapes tell.
    pub settings: Value,
    /// The tensors to keep.
    pub tensors: BTreeMap<&'f str, &'f Tensor<'a>>,
    /// Tensors of this network that are left out.
    pub left_out: Vec<&'f str>,
}

/// Recognises the network.
pub fn recognise<'f, 'a>(file: &'f ForeignFile<'a>) -> NetworkFile<'f, 'a> {
    for prefix in PREFIXES {
        let tensors: BTreeMap<_, _> =
            file.tensors.iter().filter_map(|(name, t)| Some((name.strip_prefix(prefix)?, t))).collect();
        let shapes = Shapes(&tensors);
        if let Some((kind, mut settings)) = shapes.network() {
            let mut argument_of = |part: &str, key: &str, argument: &str| {
                let made = file.made.get(format!("{prefix}{part}").trim_end_matches('.'));
                let found =
                    made.map(|made| if argument.is_empty() { &made.arguments } else { &made.arguments[argument] });
                if let Some(value) = found.filter(|value| !value.is_null()) {
                    settings.insert(key.into(), value.clone());
                }
            };
            argument_of("", "init_kwargs", "");
            // What a layer was made with, defaults of the program included: they differ between programs.
            argument_of("synthesis.b4.conv1", "conv_clamp", "conv_clamp");
            argument_of("mapping.fc0", "lr_multiplier", "lr_multiplier");
            let drops = |name: &str| kind.starts_with("stargan") && RUNNING.iter().any(|end| name.ends_with(end));
            let left_out = tensors.keys().copied().filter(|name| drops(name)).collect();
            let tensors = tensors.into_iter().filter(|(name, _)| !drops(name)).collect();
            return NetworkFile { kind, settings: settings.into(), tensors, left_out };
        }
    }
    let tensors = file.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    NetworkFile { kind: "unknown", settings: json!({}), tensors, left_out: Vec::new() }
}

struct Shapes<'m, 'f, 'a>(&'m BTreeMap<&'f str, &'f Tensor<'a>>);

type Found = Option<(&'static str, Map<String, Value>)>;

impl Shapes<'_, '_, '_> {
    fn network(&self) -> Found {
        let found = self.stylegan2().or_else(|| self.stargan_generator());
        found.or_else(|| self.stargan_discriminator()).or_else(|| self.vgg16())
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.0.get(name).map(|tensor| tensor.shape())
    }

    fn four(&self, name: &str) -> Option<[usize; 4]> {
        self.shape(name)?.try_into().ok()
    }

    fn two(&self, name: &str) -> Option<[usize; 2]> {
        self.shape(name)?.try_into().ok()
    }

    fn stylegan2(&self) -> Found {
        let [w_dim, n_inputs] = self.two("mapping.fc0.weight")?;
        let [_, w_dim] = self.two("synthesis.b4.conv1.affine.weight").unwrap_or([0, w_dim]);
        self.shape("synthesis.b4.const")?;
        let sides: Vec<usize> = (2..=10)
            .map(|power| 1 << power)
            .take_while(|side| self.shape(&format!("synthesis.b{side}.conv1.weight")).is_some())
            .collect();
        let side = *sides.last()?;
        let [img_channels, ..] = self.four(&format!("synthesis.b{side}.torgb.weight"))?;
        let channels: Map<_, _> = sides
            .iter()
            .filter_map(|side| {
                let [n, ..] = self.four(&format!("synthesis.b{side}.conv1.weight"))?;
                Some((side.to_string(), n.into()))
            })
            .collect();
        let [n_embedded, c_dim] = self.two("mapping.embed.weight").unwrap_or([0, 0]);
        let n_layers = (0..64).take_while(|i| self.shape(&format!("mapping.fc{i}.weight")).is_some()).count();
        let settings = json!({
            "z_dim": n_inputs.saturating_sub(n_embedded), "c_dim": c_dim, "w_dim": w_dim, "img_resolution": side,
            "img_channels": img_channels, "channels": channels, "num_layers": n_layers,
        });
        found("stylegan2", settings)
    }

    fn stargan_generator(&self) -> Found {
        let [conv_dim, n_in, 7, 7] = self.four("main.0.weight")? else { return None };
        let repeat_num = (0..256).filter(|i| self.four(&format!("main.{i}.main.0.weight")).is_some()).count();
        // Behind the residual blocks: two layers up of three parts each, then the picture.
        let [img_channels, ..] = self.four(&format!("main.{}.weight", 15 + repeat_num))?;
        let c_dim = n_in.checked_sub(img_channels)?;
        found(
            "stargan-generator",
            json!({"conv_dim": conv_dim, "c_dim": c_dim, "repeat_num": repeat_num, "img_channels": img_channels}),
        )
    }

    fn stargan_discriminator(&self) -> Found {
        let [conv_dim, img_channels, 4, 4] = self.four("main.0.weight")? else { return None };
        let [1, ..] = self.four("conv1.weight")? else { return None };
        let [c_dim, _, side, _] = self.four("conv2.weight")?;
        let repeat_num = (0..32).take_while(|i| self.four(&format!("main.{}.weight", 2 * i)).is_some()).count();
        let image_size = side.saturating_mul(1 << repeat_num);
        found(
            "stargan-discriminator",
            json!({
                "conv_dim": conv_dim, "c_dim": c_dim, "repeat_num": repeat_num, "img_channels": img_channels,
                "image_size": image_size,
            }),
        )
    }

    fn vgg16(&self) -> Found {
        let [64, img_channels, 3, 3] = self.four("features.0.weight")? else { return None };
        let [512, 512, 3, 3] = self.four("features.28.weight")? else { return None };
        let n_classes = self.two("classifier.6.weight").map(|[n, _]| n);
        found("vgg16", json!({"img_channels": img_channels, "n_classes": n_classes}))
    }
}

fn found(kind: &'static str, settings: Value) -> Found {
    match settings {
        Value::Object(settings) => Some((kind, settings)),
        _ => None,
    }
}
