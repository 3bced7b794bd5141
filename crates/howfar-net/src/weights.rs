//! The numbers of a network by name, in PyTorch's layout: convolutions `[out, in, 3, 3]`, dense layers `[out, in]` with
//! the inputs in the order channel, row, column.
//!
//! In: an architecture and a stream. Out: initial weights. Table 1 starts as Keras does, because its authors' code is
//! Keras (Glorot uniform, zero biases); the other networks start as PyTorch's layers do (uniform in ±1/√fan-in), with
//! zero biases; VGG16 as He et al. (2015) do (uniform in ±√(6/fan-in)). Batch norm starts at scale 1, shift 0, running
//! mean 0, running variance 1.

use howfar_random::uniform;
use rand_chacha::ChaCha8Rng;

use crate::Architecture;
use crate::weight_file::first_not_finite;

/// One named tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// `block1.convolution.weight`, `dense1.bias` …
    pub name: String,
    /// Sizes, the last one running fastest.
    pub shape: Vec<usize>,
    /// The numbers.
    pub values: Vec<f32>,
    /// False for running statistics, which no gradient reaches.
    pub trained: bool,
}

/// All tensors of a network, in the order of its layers: weight and bias of each layer, and where a block is normalised
/// scale, shift, running mean and running variance after them.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// The tensors.
    pub parameters: Vec<Parameter>,
}

/// Where the tensors of a block begin: convolution weight, bias, then scale, shift, running mean, running variance.
pub(crate) fn block_offsets(architecture: &Architecture) -> Vec<usize> {
    let mut offset = 0;
    architecture
        .blocks
        .iter()
        .map(|block| {
            let here = offset;
            offset += if block.norm { 6 } else { 2 };
            here
        })
        .collect()
}

/// Where the tensors of the dense layers begin.
pub(crate) fn dense_offset(architecture: &Architecture) -> usize {
    architecture.blocks.iter().map(|block| if block.norm { 6 } else { 2 }).sum()
}

/// A tensor that a network has, before anything is kept for its numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub name: String,
    pub shape: Vec<usize>,
    /// What its numbers are in a blank network.
    pub blank: f32,
    pub trained: bool,
}

impl Place {
    pub fn parameter(self, values: Vec<f32>) -> Parameter {
        Parameter { name: self.name, shape: self.shape, values, trained: self.trained }
    }
}

impl Weights {
    /// The tensors of a network in the order of its layers. Costs nothing however large they are, so that a file's
    /// header can be compared with its tensors first.
    pub(crate) fn places(architecture: &Architecture) -> Vec<Place> {
        let mut places = Vec::new();
        let mut add = |name: String, shape: &[usize], blank: f32, trained: bool| {
            places.push(Place { name, shape: shape.to_vec(), blank, trained });
        };
        for (i, block) in architecture.blocks.iter().enumerate() {
            let name = |part: &str| format!("block{}.{part}", i + 1);
            add(name("convolution.weight"), &[block.n_out, block.n_in, 3, 3], 0.0, true);
            add(name("convolution.bias"), &[block.n_out], 0.0, true);
            if block.norm {
                add(name("norm.weight"), &[block.n_out], 1.0, true);
                add(name("norm.bias"), &[block.n_out], 0.0, true);
                add(name("norm.running_mean"), &[block.n_out], 0.0, false);
                add(name("norm.running_var"), &[block.n_out], 1.0, false);
            }
        }
        for (i, dense) in architecture.dense.iter().enumerate() {
            add(format!("dense{}.weight", i + 1), &[dense.n_out, dense.n_in], 0.0, true);
            add(format!("dense{}.bias", i + 1), &[dense.n_out], 0.0, true);
        }
        places
    }

    /// All tensors at zero, scales and running variances at one.
    pub fn blank(architecture: &Architecture) -> Self {
        let blank = |place: Place| {
            let values = vec![place.blank; place.shape.iter().product()];
            place.parameter(values)
        };
        Weights { parameters: Self::places(architecture).into_iter().map(blank).collect() }
    }

    /// Initial weights from a stream.
    pub fn initial(architecture: &Architecture, rng: &mut ChaCha8Rng) -> Self {
        let mut weights = Self::blank(architecture);
        for parameter in weights.parameters.iter_mut().filter(|p| p.shape.len() > 1) {
            let taps: usize = parameter.shape[2..].iter().product();
            let (fan_out, fan_in) = (parameter.shape[0] * taps, parameter.shape[1] * taps);
            let bound = architecture.plan.initial.bound(fan_in, fan_out);
            for value in &mut parameter.values {
                *value = (2.0 * uniform(rng) - 1.0) * bound;
            }
        }
        weights
    }

    /// The first tensor with a number that is not finite, and that number.
    pub fn not_finite(&self) -> Option<(&str, f32)> {
        not_finite(&self.parameters)
    }

    /// Numbers that training moves.
    pub fn n_trained(&self) -> usize {
        self.parameters.iter().filter(|p| p.trained).map(|p| p.values.len()).sum()
    }
}

/// The first tensor with a number that is not finite, and that number.
pub(crate) fn not_finite(parameters: &[Parameter]) -> Option<(&str, f32)> {
    parameters.iter().find_map(|p| Some((p.name.as_str(), first_not_finite(&p.values)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PictureShape;
    use crate::landmark_network::LANDMARKS;
    use howfar_network::Network;
    use rand::SeedableRng;

    #[test]
    fn every_network_has_as_many_parameters_as_the_table_says() {
        for plan in Network::ALL.map(Network::plan).into_iter().chain([&LANDMARKS]) {
            let architecture = Architecture::new(plan, 6, PictureShape::gray(64)).unwrap();
            assert_eq!(Weights::blank(&architecture).n_trained(), plan.n_parameters, "{}", plan.name);
        }
    }

    #[test]
    fn table_1_starts_within_glorots_bound_and_fills_it() {
        let architecture = Architecture::new(Network::Table1Valid.plan(), 6, PictureShape::gray(48)).unwrap();
        let weights = Weights::initial(&architecture, &mut ChaCha8Rng::seed_from_u64(1));
        let conv2 = &weights.parameters[2];
        assert_eq!(conv2.name, "block2.convolution.weight");
        let bound = (6.0f32 / (9.0 * 96.0)).sqrt();
        let top = conv2.values.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        assert!(top <= bound && top > 0.99 * bound, "{top} {bound}");
        assert!(weights.parameters[3].values.iter().all(|b| *b == 0.0));
    }
}
