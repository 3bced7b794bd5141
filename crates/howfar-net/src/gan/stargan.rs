//! StarGAN (Choi et al. 2018): a generator that shows a face with another label, and a critic that tells real from
//! generated faces and reads the label.
//!
//! In: sizes; tensors of the networks; pictures in −1..1, channels last, and labels. Out: pictures, scores. Names and
//! initial numbers are those of the public PyTorch code (`main.0.weight` …). Knows neither losses nor files.

use serde::{Deserialize, Serialize};

use crate::NetFault;
use crate::gan::dual::leaky_slope;
use crate::gan::operations::{convolve, convolve_transposed, instance_norm, normed_relu};
use crate::gan::parameters::{Leaves, Slot, Start};
use crate::tensor::{Tensor, leaky_relu, tanh};

/// Slope of the critic's leaky ReLU below 0.
const SLOPE: f32 = 0.01;
/// Halvings of the generator before its residual blocks.
const HALVINGS: usize = 2;

/// The sizes of both networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StarGanShape {
    /// Pixels a side of the faces: 48 to 256, a multiple of 4.
    pub side: usize,
    /// 1 or 3.
    pub n_channels: usize,
    /// Labels that a face can be given.
    pub n_classes: usize,
    /// Channels after the generator's first convolution.
    pub generator_channels: usize,
    /// Residual blocks of the generator.
    pub repeats: usize,
    /// Channels after the critic's first convolution.
    pub critic_channels: usize,
    /// Halvings of the critic.
    pub halvings: usize,
}

impl StarGanShape {
    /// The public code's sizes: 64 channels, 6 residual blocks, a critic of 6 halvings; 5 halvings for faces below 64
    /// pixels, because the sixth would find less than a pixel.
    pub fn standard(side: usize, n_channels: usize, n_classes: usize) -> Self {
        let halvings = (side.max(2).ilog2() as usize).min(6);
        StarGanShape { side, n_channels, n_classes, generator_channels: 64, repeats: 6, critic_channels: 64, halvings }
    }

    /// Refuses sizes that the networks cannot have.
    pub fn check(&self) -> Result<(), NetFault> {
        let within = |place, value: usize, range: std::ops::RangeInclusive<usize>| {
            if range.contains(&value) {
                return Ok(());
            }
            let expected = format!("{} to {}", range.start(), range.end());
            Err(NetFault::new(place, "StarGAN cannot have this size", value, expected))
        };
        within("side", self.side, 48..=256)?;
        if !self.side.is_multiple_of(4) {
            return Err(NetFault::new("side", "the generator halves the face twice", self.side, "a multiple of 4"));
        }
        if ![1, 3].contains(&self.n_channels) {
            return Err(NetFault::new("channels", "faces are gray or coloured", self.n_channels, "1 or 3"));
        }
        within("classes", self.n_classes, 2..=64)?;
        within("generator_channels", self.generator_channels, 1..=256)?;
        within("repeats", self.repeats, 0..=32)?;
        within("critic_channels", self.critic_channels, 1..=256)?;
        within("halvings", self.halvings, 1..=self.side.ilog2() as usize)
    }

    /// The fewest bytes that a training of checked sizes holds with so many faces a step: both networks' weights with
    /// gradients and Adam's two moments, and of each face what every convolution gave, for the way back.
    pub fn training_bytes(&self, batch: u64) -> u64 {
        let weights = self.generator_slots().into_iter().chain(self.critic_slots());
        let n_weights: usize = weights.map(|slot| slot.shape.iter().product::<usize>()).sum();
        let (n, area) = (self.generator_channels, self.side * self.side);
        // A halving doubles the channels of a quarter of the pixels.
        let outside = 2 * (n * area + n * area / 2);
        let inside = (1 + 2 * self.repeats) * (n * area / 4);
        let critic: usize = (1..=self.halvings).map(|i| (self.critic_channels << (i - 1)) * (area >> (2 * i))).sum();
        crate::training_bytes(4 * n_weights, outside + inside + critic + self.n_channels * area, batch)
    }

    /// The tensors of the generator.
    pub fn generator_slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        let mut n = self.generator_channels;
        slots.push(convolution("main.0", [n, self.n_channels + self.n_classes, 7, 7]));
        slots.extend(norm("main.1", n));
        for i in self.down_places() {
            slots.push(convolution(&format!("main.{i}"), [2 * n, n, 4, 4]));
            n *= 2;
            slots.extend(norm(&format!("main.{}", i + 1), n));
        }
        for i in self.block_places() {
            for (taps, scales) in [(0, 1), (3, 4)] {
                slots.push(convolution(&format!("main.{i}.main.{taps}"), [n, n, 3, 3]));
                slots.extend(norm(&format!("main.{i}.main.{scales}"), n));
            }
        }
        for i in self.up_places() {
            slots.push(convolution(&format!("main.{i}"), [n, n / 2, 4, 4]));
            n /= 2;
            slots.extend(norm(&format!("main.{}", i + 1), n));
        }
        slots.push(convolution(&format!("main.{}", self.last_place()), [self.n_channels, n, 7, 7]));
        slots
    }

    /// The tensors of the critic.
    pub fn critic_slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        let (mut n_in, mut n) = (self.n_channels, self.critic_channels);
        for i in 0..self.halvings {
            let start = Start::Uniform(1.0 / ((n_in * 16) as f32).sqrt());
            slots.push(Slot::trained(format!("main.{}.weight", 2 * i), &[n, n_in, 4, 4], start));
            slots.push(Slot::trained(format!("main.{}.bias", 2 * i), &[n], start));
            (n_in, n) = (n, 2 * n);
        }
        let k = self.side >> self.halvings;
        let start = |taps: usize| Start::Uniform(1.0 / ((n_in * taps) as f32).sqrt());
        slots.push(Slot::trained("conv1.weight", &[1, n_in, 3, 3], start(9)));
        slots.push(Slot::trained("conv2.weight", &[self.n_classes, n_in, k, k], start(k * k)));
        slots
    }

    /// Where the convolutions that halve the face stand in the public code's list of layers.
    pub fn down_places(&self) -> impl Iterator<Item = usize> + use<> {
        (0..HALVINGS).map(|i| 3 + 3 * i)
    }

    /// Where the residual blocks stand.
    pub fn block_places(&self) -> std::ops::Range<usize> {
        let first = 3 + 3 * HALVINGS;
        first..first + self.repeats
    }

    /// Where the transposed convolutions that double it again stand.
    pub fn up_places(&self) -> impl Iterator<Item = usize> + use<> {
        let first = self.block_places().end;
        (0..HALVINGS).map(move |i| first + 3 * i)
    }

    /// Where the convolution to the picture's channels stands.
    pub fn last_place(&self) -> usize {
        self.block_places().end + 3 * HALVINGS
    }

    /// The faces with other labels.
    ///
    /// # Shapes
    /// `faces` `[N, H, W, C]` in −1..1, `labels` `[N, E]` (one-hot; other numbers scale or mix) -> `[N, H, W, C]` in
    /// −1..1
    pub fn transfer(&self, generator: &Leaves, faces: Tensor<4>, labels: Tensor<2>) -> Tensor<4> {
        let [n, h, w, _] = faces.dims();
        let planes = labels.reshape([n, 1, 1, self.n_classes]).expand([n, h, w, self.n_classes]);
        let rows = |name: &str| [generator.get(&format!("{name}.weight")), generator.get(&format!("{name}.bias"))];
        let norm = |x, name: &str| {
            let [scale, shift] = rows(name);
            instance_norm(x, scale, shift)
        };
        let open = |x, name: &str| {
            let [scale, shift] = rows(name);
            normed_relu(x, scale, shift)
        };
        let weight = |name: String| generator.get::<4>(&format!("{name}.weight"));
        let mut x = Tensor::cat(vec![faces, planes], 3);
        x = open(convolve(x, weight("main.0".into()), None, 1, 3), "main.1");
        for i in self.down_places() {
            x = convolve(x, weight(format!("main.{i}")), None, 2, 1);
            x = open(x, &format!("main.{}", i + 1));
        }
        for i in self.block_places() {
            let y = convolve(x.clone(), weight(format!("main.{i}.main.0")), None, 1, 1);
            let y = open(y, &format!("main.{i}.main.1"));
            let y = convolve(y, weight(format!("main.{i}.main.3")), None, 1, 1);
            x = x + norm(y, &format!("main.{i}.main.4"));
        }
        for i in self.up_places() {
            x = convolve_transposed(x, weight(format!("main.{i}")), None, 2, 1);
            x = open(x, &format!("main.{}", i + 1));
        }
        tanh(convolve(x, weight(format!("main.{}", self.last_place())), None, 1, 3))
    }

    /// What the critic says of faces: how real each patch looks, the label's logits, and the slopes that every leaky
    /// ReLU took, as constants.
    ///
    /// # Shapes
    /// `faces` `[N, H, W, C]` -> `[N, h, w, 1]`, `[N, E]`
    pub fn judge(&self, critic: &Leaves, faces: Tensor<4>) -> Judged {
        let mut x = faces;
        let mut before = Vec::new();
        for i in 0..self.halvings {
            let bias = critic.get::<1>(&format!("main.{}.bias", 2 * i));
            let z = convolve(x, critic.get(&format!("main.{}.weight", 2 * i)), Some(bias), 2, 1);
            x = leaky_relu(z.clone(), SLOPE);
            before.push(z.detach());
        }
        let n = x.dims()[0];
        let scores = convolve(x.clone(), critic.get("conv1.weight"), None, 1, 1);
        let classes = convolve(x, critic.get("conv2.weight"), None, 1, 0).reshape([n, self.n_classes]);
        Judged { scores, classes, before }
    }

    /// How the scores change with the faces in direction `v`, at the faces that gave `before`: the critic without its
    /// biases, each leaky ReLU with the slope it took. Exact, because the critic is linear between the bends.
    ///
    /// # Shapes
    /// `v` `[N, H, W, C]` -> `[N, h, w, 1]`
    pub fn judge_along(&self, critic: &Leaves, v: Tensor<4>, before: Vec<Tensor<4>>) -> Tensor<4> {
        let mut v = v;
        for (i, z) in before.into_iter().enumerate() {
            v = convolve(v, critic.get(&format!("main.{}.weight", 2 * i)), None, 2, 1);
            v = v * leaky_slope(z, SLOPE, 1.0);
        }
        convolve(v, critic.get("conv1.weight"), None, 1, 1)
    }
}

/// The weight of a convolution as PyTorch begins it: uniform in ±1/√fan-in, whose second size it takes as the inputs
/// even where the convolution is transposed.
fn convolution(name: &str, shape: [usize; 4]) -> Slot {
    let fan_in = shape[1] * shape[2] * shape[3];
    Slot::trained(format!("{name}.weight"), &shape, Start::Uniform(1.0 / (fan_in as f32).sqrt()))
}

fn norm(name: &str, n: usize) -> [Slot; 2] {
    let slot = |part, value| Slot::trained(format!("{name}.{part}"), &[n], Start::Constant(value));
    [slot("weight", 1.0), slot("bias", 0.0)]
}

/// What the critic says of a batch.
pub struct Judged {
    /// How real each patch looks; higher is more real.
    pub scores: Tensor<4>,
    /// The label's logits.
    pub classes: Tensor<2>,
    /// What went into every leaky ReLU, as constants.
    pub before: Vec<Tensor<4>>,
}
