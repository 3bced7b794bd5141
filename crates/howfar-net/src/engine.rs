//! Training and inference on the kernels of `howfar-kernel`, from slice to slice: tested against the reference in
//! `composed.rs`.
//!
//! In: an architecture, weights, scaled pictures, a slope of what came out. Out: logits or places, the slope of every
//! tensor. Batches are shared out over the threads of the caller's pool, whose number changes no bit. All buffers are
//! used again by the next batch.

use howfar_kernel::{BackRoom, Block as Sizes, Dense as DenseSizes, DenseRoom, Dropout, Forward, Gradients};
use howfar_kernel::{InstructionSet, Norm};

use crate::architecture::{Architecture, Block};
use crate::composed::{BatchStatistics, EPSILON};
use crate::forward::Dropped;
use crate::weights::{Parameter, Weights, block_offsets, dense_offset};

/// Slopes in the order of the weights; none for what is not trained.
pub(crate) type Slopes = Vec<Option<Vec<f32>>>;

/// Buffers of a network for one batch after the other.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    packed: Vec<f32>,
    blocks: Vec<Forward>,
    /// After each dense layer with its ReLU and dropout.
    dense: Vec<Vec<f32>>,
    /// The slope of what lies between two layers, and of what lies before.
    slopes: [Vec<f32>; 2],
    back_room: BackRoom,
    dense_room: DenseRoom,
}

impl Engine {
    /// A batch through the network in training: what comes out, and what the normalised blocks measured.
    ///
    /// # Shapes
    /// `inputs` `[N, H, W, C]` -> `[N, E]`
    pub(crate) fn forward(
        &mut self,
        architecture: &Architecture,
        weights: &Weights,
        inputs: &[f32],
        dropped: &Dropped,
    ) -> (&[f32], Vec<BatchStatistics>) {
        let (set, n) = (InstructionSet::best(), inputs.len() / architecture.n_inputs());
        self.blocks.resize_with(architecture.blocks.len(), Forward::default);
        self.dense.resize_with(architecture.dense.len(), Vec::new);
        let mut statistics = Vec::new();
        for (i, (block, at)) in architecture.blocks.iter().zip(block_offsets(architecture)).enumerate() {
            let (sizes, parameters) = (sizes(block), &weights.parameters[at..]);
            sizes.pack(set, &parameters[0].values, &mut self.packed);
            let (before, after) = self.blocks.split_at_mut(i);
            let (x, to) = (before.last().map_or(inputs, |before| &before.out), &mut after[0]);
            let norm = block.norm.then(|| norm(parameters));
            sizes.forward(set, x, &self.packed, &parameters[1].values, norm, dropped.blocks[i], to);
            if block.norm {
                let [rows, columns, _] = sizes.shape_convolved();
                let (mean, variance) = (to.mean.clone(), to.variance.clone());
                statistics.push(BatchStatistics { mean, variance, count: n * rows * columns });
            }
        }
        for (i, dense) in architecture.dense.iter().enumerate() {
            let parameters = &weights.parameters[dense_offset(architecture) + 2 * i..];
            let (before, after) = self.dense.split_at_mut(i);
            let x = before.last().map_or_else(|| last_out(&self.blocks, inputs), |before| &before[..]);
            let out = &mut after[0];
            out.resize(n * dense.n_out, 0.0);
            let sizes = dense_sizes(architecture, i);
            sizes.forward(set, x, &parameters[0].values, &parameters[1].values, out, &mut self.dense_room);
            if dense.relu {
                out.iter_mut().for_each(|v| *v = v.max(0.0));
            }
            if let Some(dropout) = dropped.dense[i] {
                out.iter_mut().zip(dropout.factors(n * dense.n_out)).for_each(|(v, factor)| *v *= factor);
            }
        }
        (self.dense.last().map_or(&[], |out| &out[..]), statistics)
    }

    /// The way back of the batch that [`Engine::forward`] saw last.
    ///
    /// # Shapes
    /// `inputs` as there, `slope` of what came out `[N, E]`, `to` as the weights; its buffers are used again
    pub(crate) fn backward(
        &mut self,
        architecture: &Architecture,
        weights: &Weights,
        inputs: &[f32],
        dropped: &Dropped,
        slope: &[f32],
        to: &mut Slopes,
    ) {
        let set = InstructionSet::best();
        to.resize_with(weights.parameters.len(), || None);
        for (to, parameter) in to.iter_mut().zip(&weights.parameters).filter(|(_, parameter)| parameter.trained) {
            to.get_or_insert_with(Vec::new).resize(parameter.values.len(), 0.0);
        }
        let mut buffers = to.iter_mut().map(|slope| slope.as_deref_mut().unwrap_or(&mut [])).collect::<Vec<_>>();
        let [behind, before] = &mut self.slopes;
        behind.clear();
        behind.extend_from_slice(slope);
        for (i, dense) in architecture.dense.iter().enumerate().rev() {
            let at = dense_offset(architecture) + 2 * i;
            if dense.relu {
                let factor = dropped.dense[i].map_or(1.0, Dropout::scale);
                let slopes = behind.iter_mut().zip(&self.dense[i]);
                slopes.for_each(|(slope, out)| *slope = if *out > 0.0 { *slope * factor } else { 0.0 });
            }
            let x = if i == 0 { last_out(&self.blocks, inputs) } else { &self.dense[i - 1][..] };
            before.resize(x.len(), 0.0);
            let [weight, bias] = &mut buffers[at..at + 2] else { unreachable!("a weight and a bias a layer") };
            let (sizes, values) = (dense_sizes(architecture, i), &weights.parameters[at].values);
            sizes.backward(set, x, values, behind, before, [weight, bias], &mut self.dense_room);
            std::mem::swap(behind, before);
        }
        let offsets = block_offsets(architecture);
        for (i, (block, at)) in architecture.blocks.iter().zip(offsets).enumerate().rev() {
            let x = last_out(&self.blocks[..i], inputs);
            before.resize(if i > 0 { x.len() } else { 0 }, 0.0);
            let (parameters, buffers) = (&weights.parameters[at..], &mut buffers[at..]);
            let [weight, bias, rest @ ..] = buffers else { unreachable!("a weight and a bias a block") };
            let norm_slopes = match rest {
                [scale, shift, ..] if block.norm => [&mut **scale, &mut **shift],
                _ => [&mut [][..], &mut [][..]],
            };
            let to = Gradients { input: (i > 0).then_some(&mut before[..]), weight, bias, norm: norm_slopes };
            let (norm, forward) = (block.norm.then(|| norm(parameters)), &self.blocks[i]);
            let values = &parameters[0].values;
            sizes(block).backward(set, x, values, norm, forward, behind, &mut self.back_room, to);
            std::mem::swap(behind, before);
        }
    }
}

/// What the last of some blocks gave, or what went into the first.
fn last_out<'a>(blocks: &'a [Forward], inputs: &'a [f32]) -> &'a [f32] {
    blocks.last().map_or(inputs, |block| &block.out)
}

fn norm(parameters: &[Parameter]) -> Norm<'_> {
    Norm { scale: &parameters[2].values, shift: &parameters[3].values, epsilon: EPSILON }
}

pub(crate) fn sizes(block: &Block) -> Sizes {
    let (height, width, border) = (block.side, block.side, block.padding.border());
    Sizes { height, width, n_in: block.n_in, n_out: block.n_out, border, pool: block.pool }
}

/// The first dense layer sees pixels and channels, the others values.
pub(crate) fn dense_sizes(architecture: &Architecture, i: usize) -> DenseSizes {
    let dense = &architecture.dense[i];
    let n_channels = match architecture.blocks.last() {
        Some(block) if i == 0 => block.n_out,
        _ => dense.n_in,
    };
    DenseSizes { n_pixels: dense.n_in / n_channels, n_channels, n_out: dense.n_out }
}
