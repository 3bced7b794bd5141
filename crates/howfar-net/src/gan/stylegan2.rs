//! The sizes of StyleGAN2 (Karras et al. 2020) and the tensors of both its networks.
//!
//! In: sizes. Out: names, shapes and initial numbers, those of the public PyTorch code (`mapping.fc0.weight`,
//! `synthesis.b4.const` …). Weights begin with deviation 1 and are scaled where they are used (equalised learning
//! rate).

use serde::{Deserialize, Serialize};

use crate::NetFault;
use crate::gan::parameters::{Slot, Start};

/// The sizes of both networks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StyleGan2Shape {
    /// Pixels a side: a power of two from 32 to 1024.
    pub side: usize,
    /// 1 or 3.
    pub n_channels: usize,
    /// Numbers that a person is drawn from.
    pub z_size: usize,
    /// Numbers of the intermediate latent.
    pub w_size: usize,
    /// Layers of the mapping network.
    pub mapping_layers: usize,
    /// How much slower the mapping network learns (0.01).
    pub mapping_rate: f32,
    /// Channels at a resolution are this over its side …
    pub channel_base: usize,
    /// … and at most this.
    pub channel_max: usize,
    /// Activations are cut off beyond ± this where they were in training (published networks with 16-bit layers).
    pub clamp: Option<f32>,
    /// Pictures that are compared with each other in the discriminator (4).
    pub group: usize,
}

impl StyleGan2Shape {
    /// The public code's sizes for the paper's configuration F.
    pub fn standard(side: usize, n_channels: usize) -> Self {
        StyleGan2Shape {
            side,
            n_channels,
            z_size: 512,
            w_size: 512,
            mapping_layers: 8,
            mapping_rate: 0.01,
            channel_base: 32_768,
            channel_max: 512,
            clamp: None,
            group: 4,
        }
    }

    /// Refuses sizes that the networks cannot have.
    pub fn check(&self) -> Result<(), NetFault> {
        if !self.side.is_power_of_two() || !(32..=1024).contains(&self.side) {
            let expected = "32, 64, 128, 256, 512 or 1024";
            return Err(NetFault::new("side", "StyleGAN2 doubles its pictures from 4 pixels on", self.side, expected));
        }
        if ![1, 3].contains(&self.n_channels) {
            return Err(NetFault::new("channels", "faces are gray or coloured", self.n_channels, "1 or 3"));
        }
        let counts = [
            ("z_size", self.z_size, 4096),
            ("w_size", self.w_size, 4096),
            ("mapping_layers", self.mapping_layers, 32),
            ("channel_max", self.channel_max, 4096),
            ("group", self.group, 256),
        ];
        for (place, value, most) in counts {
            if !(1..=most).contains(&value) {
                return Err(NetFault::new(place, "StyleGAN2 cannot have this size", value, format!("1 to {most}")));
            }
        }
        if !(self.side..=1 << 24).contains(&self.channel_base) {
            let expected = format!("{} (one channel at full size) or more", self.side);
            return Err(NetFault::new("channel_base", "no channel would be left", self.channel_base, expected));
        }
        if !(self.mapping_rate.is_finite() && self.mapping_rate > 0.0) {
            return Err(NetFault::new("mapping_rate", "not a factor", self.mapping_rate, "a number above 0"));
        }
        if let Some(clamp) = self.clamp.filter(|clamp| !(clamp.is_finite() && *clamp > 0.0)) {
            return Err(NetFault::new(
                "clamp",
                "activations cannot be cut off there",
                clamp,
                "a number above 0, or null",
            ));
        }
        Ok(())
    }

    /// Sides of all blocks, from 4 up.
    pub fn sides(&self) -> Vec<usize> {
        (2..=self.side.ilog2()).map(|power| 1 << power).collect()
    }

    /// Channels at a resolution.
    pub fn channels(&self, side: usize) -> usize {
        (self.channel_base / side).min(self.channel_max)
    }

    /// Styles that the synthesis takes: one a convolution and one for the last picture.
    pub fn n_styles(&self) -> usize {
        2 * self.sides().len()
    }

    /// The fewest bytes that a training of checked sizes holds with so many pictures a step: both networks' weights
    /// with gradients and Adam's two moments, the generator's running mean, and of each picture what every convolution
    /// gave, for the way back.
    pub fn training_bytes(&self, batch: u64) -> u64 {
        let n_values = |slots: Vec<Slot>| slots.iter().map(|slot| slot.shape.iter().product::<usize>()).sum::<usize>();
        let (generator, discriminator) = (n_values(self.generator_slots()), n_values(self.discriminator_slots()));
        // Two convolutions of each network a resolution; one at the lowest of the generator.
        let given = self.sides().into_iter().map(|side| 3 * self.channels(side) * side * side);
        crate::training_bytes(5 * generator + 4 * discriminator, given.sum(), batch)
    }

    /// The tensors of mapping and synthesis.
    pub fn generator_slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        for i in 0..self.mapping_layers {
            let n_in = if i == 0 { self.z_size } else { self.w_size };
            slots.extend(dense(&format!("mapping.fc{i}"), self.w_size, n_in, self.mapping_rate, 0.0));
        }
        slots.push(Slot::kept("mapping.w_avg", &[self.w_size], Start::Constant(0.0)));
        for side in self.sides() {
            let (n, block) = (self.channels(side), format!("synthesis.b{side}"));
            if side == 4 {
                slots.push(Slot::trained(format!("{block}.const"), &[n, 4, 4], Start::Normal(1.0)));
            } else {
                slots.extend(self.styled_slots(&format!("{block}.conv0"), n, self.channels(side / 2), side));
            }
            slots.extend(self.styled_slots(&format!("{block}.conv1"), n, n, side));
            let picture = format!("{block}.torgb");
            slots.extend(convolution(&picture, self.n_channels, n, 1));
            slots.extend(dense(&format!("{picture}.affine"), n, self.w_size, 1.0, 1.0));
        }
        slots
    }

    /// A modulated convolution with its noise.
    fn styled_slots(&self, name: &str, n_out: usize, n_in: usize, side: usize) -> Vec<Slot> {
        let mut slots = convolution(name, n_out, n_in, 3);
        slots.extend(dense(&format!("{name}.affine"), n_in, self.w_size, 1.0, 1.0));
        slots.push(Slot::kept(format!("{name}.noise_const"), &[side, side], Start::Normal(1.0)));
        slots.push(Slot::trained(format!("{name}.noise_strength"), &[], Start::Constant(0.0)));
        slots
    }

    /// The tensors of the discriminator.
    pub fn discriminator_slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        for side in self.sides().into_iter().skip(1).rev() {
            let (n, n_out, block) = (self.channels(side), self.channels(side / 2), format!("b{side}"));
            if side == self.side {
                slots.extend(convolution(&format!("{block}.fromrgb"), n, self.n_channels, 1));
            }
            slots.extend(convolution(&format!("{block}.conv0"), n, n, 3));
            slots.extend(convolution(&format!("{block}.conv1"), n_out, n, 3));
            slots.push(Slot::trained(format!("{block}.skip.weight"), &[n_out, n, 1, 1], Start::Normal(1.0)));
        }
        let n = self.channels(4);
        slots.extend(convolution("b4.conv", n, n + 1, 3));
        slots.extend(dense("b4.fc", n, n * 16, 1.0, 0.0));
        slots.extend(dense("b4.out", 1, n, 1.0, 0.0));
        slots
    }
}

fn convolution(name: &str, n_out: usize, n_in: usize, k: usize) -> Vec<Slot> {
    vec![
        Slot::trained(format!("{name}.weight"), &[n_out, n_in, k, k], Start::Normal(1.0)),
        Slot::trained(format!("{name}.bias"), &[n_out], Start::Constant(0.0)),
    ]
}

fn dense(name: &str, n_out: usize, n_in: usize, rate: f32, bias: f32) -> Vec<Slot> {
    vec![
        Slot::trained(format!("{name}.weight"), &[n_out, n_in], Start::Normal(1.0 / rate)),
        Slot::trained(format!("{name}.bias"), &[n_out], Start::Constant(bias)),
    ]
}
