//! The blocks of a network as operations of our own on Burn's Flex back end, channels last, with their gradients written
//! by hand. The kernels are those of `howfar-kernel`; their twin is `composed.rs`.

use std::sync::{Arc, OnceLock};

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Tensor, TensorData};
use howfar_kernel::{Block as Sizes, Forward, InstructionSet, Norm as KernelNorm};

use crate::architecture::Block;
use crate::composed::{BatchStatistics, EPSILON, Norm};

/// Where a normalised block in training leaves the moments of its batch.
type Moments = Arc<OnceLock<[Vec<f32>; 2]>>;

#[backend_extension(Flex, Autodiff)]
pub trait BlockOperations: Backend {
    /// Convolution, ReLU, pooling. `x` `[N, H, W, C]`, `weight` `[C', C, 3, 3]`, `bias` `[C']` -> `[N, H', W', C']`
    fn plain_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        sizes: Sizes,
    ) -> FloatTensor<Self>;

    /// The same with batch norm by the batch's own statistics, which are left in `moments`.
    fn normed_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        sizes: Sizes,
        moments: Moments,
    ) -> FloatTensor<Self>;
}

/// Convolution, normalisation, ReLU, pooling, as [`crate::composed::block`] but channels last.
///
/// # Shapes
/// `x` `[N, H, W, C]`, `weight` `[C', C, 3, 3]`, `bias` `[C']` -> `[N, H', W', C']`
pub(crate) fn block(
    block: &Block,
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    norm: Norm,
) -> (Tensor<4>, Option<BatchStatistics>) {
    let [n, height, width, _] = x.dims();
    let (n_in, n_out, pool, border) = (block.n_in, block.n_out, block.pool, block.padding.border());
    let sizes = Sizes { height, width, n_in, n_out, border, pool };
    let plain = |x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>| {
        let (x, weight, bias) = (x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
        Tensor::from_dispatch(<Dispatch as BlockOperations>::plain_block(x, weight, bias, sizes))
    };
    match norm {
        Norm::None => (plain(x, weight, bias), None),
        Norm::Running { scale, shift, mean, variance } => {
            // A norm by statistics that stand is a part of the convolution.
            let factor = scale / (variance + EPSILON).sqrt();
            let weight = weight * factor.clone().reshape([n_out, 1, 1, 1]);
            (plain(x, weight, (bias - mean) * factor + shift), None)
        }
        Norm::Batch { scale, shift } => {
            let moments = Moments::default();
            let out = <Dispatch as BlockOperations>::normed_block(
                x.into_dispatch(),
                weight.into_dispatch(),
                bias.into_dispatch(),
                scale.into_dispatch(),
                shift.into_dispatch(),
                sizes,
                moments.clone(),
            );
            let [rows, columns, _] = sizes.shape_convolved();
            let statistics = moments.get().map(|[mean, variance]| BatchStatistics {
                mean: mean.clone(),
                variance: variance.clone(),
                count: n * rows * columns,
            });
            (Tensor::from_dispatch(out), statistics)
        }
    }
}

/// Runs the kernel of a block in training.
fn forward(sizes: &Sizes, inputs: &Inputs) -> Forward {
    let Inputs { x, weight, bias, norm } = inputs;
    let norm = norm.as_ref().map(kernel_norm);
    sizes.forward(InstructionSet::best(), numbers(x), numbers(weight), numbers(bias), norm)
}

fn kernel_norm((scale, shift): &(FlexTensor, FlexTensor)) -> KernelNorm<'_> {
    KernelNorm { scale: numbers(scale), shift: numbers(shift), epsilon: EPSILON }
}

/// What goes into a block, row by row in memory.
#[derive(Debug, Clone)]
struct Inputs {
    x: FlexTensor,
    weight: FlexTensor,
    bias: FlexTensor,
    /// Scale and shift.
    norm: Option<(FlexTensor, FlexTensor)>,
}

/// What the way back needs.
#[derive(Debug, Clone)]
struct Kept {
    sizes: Sizes,
    inputs: Inputs,
    convolved: Arc<Vec<f32>>,
    mean: Vec<f32>,
    variance: Vec<f32>,
}

impl Kept {
    /// Splits what a block gave into what is kept and what goes on.
    fn of(sizes: Sizes, inputs: Inputs, forward: Forward) -> (Self, Vec<f32>) {
        let Forward { out, convolved, mean, variance } = forward;
        (Kept { sizes, inputs, convolved: Arc::new(convolved), mean, variance }, out)
    }

    fn backward(&self, gradient: FlexTensor, wants_input: bool) -> howfar_kernel::Gradients {
        // The gradient may be a view: after a sum it is one number for all.
        let gradient = row_by_row(gradient);
        self.sizes.backward(
            InstructionSet::best(),
            numbers(&self.inputs.x),
            numbers(&self.inputs.weight),
            self.inputs.norm.as_ref().map(kernel_norm),
            &self.convolved,
            [&self.mean, &self.variance],
            numbers(&gradient),
            wants_input,
        )
    }
}

impl BlockOperations for Flex {
    fn plain_block(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, sizes: Sizes) -> FlexTensor {
        let (x, weight, bias) = (row_by_row(x), row_by_row(weight), row_by_row(bias));
        batch(&sizes, sizes.infer(InstructionSet::best(), numbers(&x), numbers(&weight), numbers(&bias)))
    }

    fn normed_block(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        sizes: Sizes,
        moments: Moments,
    ) -> FlexTensor {
        let norm = Some((row_by_row(scale), row_by_row(shift)));
        let inputs = Inputs { x: row_by_row(x), weight: row_by_row(weight), bias: row_by_row(bias), norm };
        let Forward { out, mean, variance, .. } = forward(&sizes, &inputs);
        let _ = moments.set([mean, variance]);
        batch(&sizes, out)
    }
}

impl<C: CheckpointStrategy> BlockOperations for Autodiff<Flex, C> {
    fn plain_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        sizes: Sizes,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (weight, weight_node), (bias, bias_node)) =
            (x.into_parts(), weight.into_parts(), bias.into_parts());
        match PlainBlock.prepare::<C>([x_node, weight_node, bias_node]).compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let inputs =
                    Inputs { x: row_by_row(x), weight: row_by_row(weight), bias: row_by_row(bias), norm: None };
                let forward = forward(&sizes, &inputs);
                let (kept, out) = Kept::of(sizes, inputs, forward);
                node.finish(kept, batch(&sizes, out))
            }
            OpsKind::UnTracked(node) => node.finish(Flex::plain_block(x, weight, bias, sizes)),
        }
    }

    fn normed_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        sizes: Sizes,
        moments: Moments,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (weight, weight_node), (bias, bias_node)) =
            (x.into_parts(), weight.into_parts(), bias.into_parts());
        let ((scale, scale_node), (shift, shift_node)) = (scale.into_parts(), shift.into_parts());
        let nodes = [x_node, weight_node, bias_node, scale_node, shift_node];
        match NormedBlock.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let norm = Some((row_by_row(scale), row_by_row(shift)));
                let inputs = Inputs { x: row_by_row(x), weight: row_by_row(weight), bias: row_by_row(bias), norm };
                let forward = forward(&sizes, &inputs);
                let (kept, out) = Kept::of(sizes, inputs, forward);
                let _ = moments.set([kept.mean.clone(), kept.variance.clone()]);
                node.finish(kept, batch(&sizes, out))
            }
            OpsKind::UnTracked(node) => node.finish(Flex::normed_block(x, weight, bias, scale, shift, sizes, moments)),
        }
    }
}

#[derive(Debug)]
struct PlainBlock;

impl Backward<Flex, 3> for PlainBlock {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let [x, weight, bias] = ops.parents;
        let Sizes { n_in, n_out, .. } = ops.state.sizes;
        let found = ops.state.backward(gradient, x.is_some());
        let input_shape = shape(&ops.state.inputs.x);
        for (node, values, shape) in [
            (x, found.input, &input_shape[..]),
            (weight, found.weight, &[n_out, n_in, 3, 3]),
            (bias, found.bias, &[n_out]),
        ] {
            if let Some(node) = node {
                gradients.register::<Flex>(node.id, flex(values, shape));
            }
        }
    }
}

#[derive(Debug)]
struct NormedBlock;

impl Backward<Flex, 5> for NormedBlock {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 5>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let [x, weight, bias, scale, shift] = ops.parents;
        let Sizes { n_in, n_out, .. } = ops.state.sizes;
        let found = ops.state.backward(gradient, x.is_some());
        let input_shape = shape(&ops.state.inputs.x);
        for (node, values, shape) in [
            (x, found.input, &input_shape[..]),
            (weight, found.weight, &[n_out, n_in, 3, 3]),
            (bias, found.bias, &[n_out]),
            (scale, found.scale, &[n_out]),
            (shift, found.shift, &[n_out]),
        ] {
            if let Some(node) = node {
                gradients.register::<Flex>(node.id, flex(values, shape));
            }
        }
    }
}

/// No copy where the tensor lies row by row over its whole buffer already.
fn row_by_row(tensor: FlexTensor) -> FlexTensor {
    if tensor.as_slice::<f32>().is_some() { tensor } else { tensor.to_contiguous() }
}

fn numbers(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice::<f32>().expect("tensors of this crate hold 32-bit floats and were laid row by row")
}

fn shape(tensor: &FlexTensor) -> Vec<usize> {
    tensor.layout().shape().to_vec()
}

fn flex(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.to_vec()))
}

/// The output of a block as a tensor.
fn batch(sizes: &Sizes, out: Vec<f32>) -> FlexTensor {
    let [rows, columns, channels] = sizes.shape_out();
    let n = out.len() / (rows * columns * channels);
    flex(out, &[n, rows, columns, channels])
}
