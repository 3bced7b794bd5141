//! A network prepared for inference: weights in the order of the kernels, norms a part of them.

use std::borrow::Cow;

use howfar_kernel::{InstructionSet, PackedDense};

use crate::architecture::{Architecture, Dense};
use crate::composed::EPSILON;
use crate::engine::{dense_sizes, sizes};
use crate::weights::{Parameter, Weights, block_offsets, dense_offset};

/// Pictures that go through all blocks before the next ones do: what lies between two blocks stays in the cache.
const PICTURES_AT_ONCE: usize = 32;

/// A network in inference. Each output depends on its picture alone.
#[derive(Debug)]
pub struct Prepared<'a> {
    architecture: &'a Architecture,
    /// Weights in the order of the kernels, and biases.
    blocks: Vec<(Vec<f32>, Cow<'a, [f32]>)>,
    dense: Vec<PackedDense>,
    /// What lies between layers.
    between: [Vec<f32>; 2],
    flat: Vec<f32>,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(architecture: &'a Architecture, weights: &'a Weights) -> Self {
        let blocks = architecture.blocks.iter().zip(block_offsets(architecture)).map(|(block, at)| {
            let mut packed = Vec::new();
            let (weight, bias) = folded(&weights.parameters[at..], block.norm);
            sizes(block).pack(InstructionSet::best(), &weight, &mut packed);
            (packed, bias)
        });
        let dense =
            weights.parameters[dense_offset(architecture)..].chunks_exact(2).enumerate().map(|(i, parameters)| {
                let [weight, bias] = [0, 1].map(|at| &parameters[at].values[..]);
                PackedDense::new(dense_sizes(architecture, i), InstructionSet::best(), weight, bias)
            });
        Prepared {
            architecture,
            blocks: blocks.collect(),
            dense: dense.collect(),
            between: Default::default(),
            flat: Vec::new(),
        }
    }

    /// What comes out for pictures: logits or places.
    ///
    /// # Shapes
    /// `inputs` `[N, H, W, C]`, scaled as in training -> `[N, E]`
    pub fn outputs(&mut self, inputs: &[f32]) -> Vec<f32> {
        let n_dense = self.dense.len();
        self.after_dense(n_dense, inputs)
    }

    /// What the last dense layer sees of pictures, in the order of the kernels: pixels, then channels.
    ///
    /// # Shapes
    /// `inputs` `[N, H, W, C]`, scaled as in training -> `[N, D]`, `D` the values into the last dense layer
    pub fn features(&mut self, inputs: &[f32]) -> Vec<f32> {
        let n_hidden = self.dense.len() - 1;
        self.after_dense(n_hidden, inputs)
    }

    /// What comes out for features: the last dense layer alone.
    ///
    /// # Shapes
    /// `features` `[N, D]`, as [`Prepared::features`] gives them -> `[N, E]`
    pub fn outputs_of(&mut self, features: &[f32]) -> Vec<f32> {
        let layers = self.architecture.dense.iter().zip(&mut self.dense);
        layers.last().map_or_else(Vec::new, |(layer, packed)| through(layer, packed, features))
    }

    /// Through all blocks and the first `n_dense` dense layers.
    fn after_dense(&mut self, n_dense: usize, inputs: &[f32]) -> Vec<f32> {
        let (set, n_inputs) = (InstructionSet::best(), self.architecture.n_inputs());
        let (n, n_flat) = (inputs.len() / n_inputs, self.architecture.dense[0].n_in);
        self.flat.resize(n * n_flat, 0.0);
        let pictures = inputs.chunks(PICTURES_AT_ONCE * n_inputs);
        for (inputs, flat) in pictures.zip(self.flat.chunks_mut(PICTURES_AT_ONCE * n_flat)) {
            let (n, last) = (inputs.len() / n_inputs, self.blocks.len() - 1);
            let [x, out] = &mut self.between;
            for (i, (block, (packed, bias))) in self.architecture.blocks.iter().zip(&self.blocks).enumerate() {
                let sizes = sizes(block);
                let from = if i == 0 { inputs } else { &x[..] };
                if i == last {
                    sizes.infer(set, from, packed, bias, flat);
                } else {
                    out.resize(n * sizes.n_outputs(), 0.0);
                    sizes.infer(set, from, packed, bias, out);
                    std::mem::swap(x, out);
                }
            }
        }
        let mut x = Cow::Borrowed(&self.flat[..]);
        for (layer, packed) in self.architecture.dense.iter().zip(&mut self.dense).take(n_dense) {
            x = Cow::Owned(through(layer, packed, &x));
        }
        x.into_owned()
    }
}

/// Through one dense layer.
fn through(layer: &Dense, packed: &mut PackedDense, x: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; x.len() / layer.n_in * layer.n_out];
    packed.infer(x, &mut out);
    if layer.relu {
        out.iter_mut().for_each(|v| *v = v.max(0.0));
    }
    out
}

/// Weight and bias of a block; a norm by statistics that stand is a part of them.
fn folded(parameters: &[Parameter], norm: bool) -> (Cow<'_, [f32]>, Cow<'_, [f32]>) {
    let (weight, bias) = (&parameters[0].values[..], &parameters[1].values[..]);
    if !norm {
        return (Cow::Borrowed(weight), Cow::Borrowed(bias));
    }
    let row = |i: usize| &parameters[i].values[..];
    let (scale, shift, mean, variance) = (row(2), row(3), row(4), row(5));
    let factors: Vec<f32> = scale.iter().zip(variance).map(|(s, v)| s / (v + EPSILON).sqrt()).collect();
    let per_channel = weight.len() / factors.len();
    let weight = weight.chunks(per_channel).zip(&factors).flat_map(|(w, f)| w.iter().map(move |w| w * f)).collect();
    let bias = bias.iter().zip(mean).zip(&factors).zip(shift).map(|(((b, m), f), s)| (b - m) * f + s).collect();
    (Cow::Owned(weight), Cow::Owned(bias))
}
