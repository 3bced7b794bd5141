//! What a network is made of, as a value.
//!
//! In: nothing. Out: the words for layers in which the table of networks is written. Does not know pictures, weights or
//! an engine.

/// What a 3×3 convolution sees beyond the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Zeros, so that the output is as large as the input.
    Same,
    /// Nothing: the output is 2 smaller in both directions.
    Valid,
}

impl Padding {
    /// Zeros on each side of the input.
    pub fn border(self) -> usize {
        match self {
            Self::Same => 1,
            Self::Valid => 0,
        }
    }
}

/// How weights begin: uniformly between ± a bound that depends on the numbers that go into and come out of a layer.
/// Biases begin at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initial {
    /// √(1 / in), PyTorch's default: for networks whose norms take the scale away.
    Default,
    /// √(6 / in), He et al. (2015): keeps the variance behind ReLU, which many layers without norm need.
    He,
    /// √(6 / (in + out)), Glorot and Bengio (2010), as Keras begins.
    Glorot,
}

impl Initial {
    /// The bound for a layer.
    pub fn bound(self, fan_in: usize, fan_out: usize) -> f32 {
        match self {
            Self::Default => (1.0 / fan_in as f32).sqrt(),
            Self::He => (6.0 / fan_in as f32).sqrt(),
            Self::Glorot => (6.0 / (fan_in + fan_out) as f32).sqrt(),
        }
    }
}

/// Convolution 3×3 with bias, then batch norm where the network has it, ReLU, 2×2 max pooling (or not), dropout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockPlan {
    /// Channels out.
    pub n_out: usize,
    /// Whether the output is halved; an odd last row or column is left out.
    pub pool: bool,
    /// Share of the outputs that training drops.
    pub dropout: f32,
}

/// A hidden dense layer with bias and ReLU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DensePlan {
    /// Values out.
    pub n_out: usize,
    /// Share of the outputs that training drops.
    pub dropout: f32,
}

/// All of a network but its input and its output layer, a dense one that gives a number a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// The word that stands in files and on the command line.
    pub name: &'static str,
    /// Numbers that training moves, for six classes of gray pictures of 64×64 pixels.
    pub n_parameters: usize,
    /// Of every convolution.
    pub padding: Padding,
    /// Whether the channels are normalised over the batch behind every convolution.
    pub norm: bool,
    /// How weights begin.
    pub initial: Initial,
    /// Convolutions in order.
    pub blocks: &'static [BlockPlan],
    /// Hidden dense layers in order.
    pub hidden: &'static [DensePlan],
}

/// A block with pooling.
pub(crate) const fn pooled(n_out: usize, dropout: f32) -> BlockPlan {
    BlockPlan { n_out, pool: true, dropout }
}

/// A block without pooling.
pub(crate) const fn plain(n_out: usize) -> BlockPlan {
    BlockPlan { n_out, pool: false, dropout: 0.0 }
}

/// A hidden dense layer.
pub(crate) const fn hidden(n_out: usize, dropout: f32) -> DensePlan {
    DensePlan { n_out, dropout }
}
