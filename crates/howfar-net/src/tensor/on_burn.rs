//! Burn's tensors under the names of `on_cpu.rs`, for GPUs.
//!
//! In and out: as there. On a CPU operations are the same kernels, plugged in as an extension of Burn's back end; on
//! a GPU layers are Burn's own.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as Slopes;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchTensor, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions, MaxPoolOptions, PadMode};
pub use burn::tensor::{Device, Gradients, Tensor};
use burn::tensor::{Shape, TensorData, activation, module};

use super::Operation;

/// The CPU.
pub fn cpu() -> Device {
    Device::flex()
}

/// A tensor of numbers.
pub fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The numbers of a tensor.
pub fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec::<f32>().expect("all tensors of this crate hold 32-bit floats")
}

/// A tensor whose number of axes the next one to use it knows.
pub(crate) fn untyped<const D: usize>(x: Tensor<D>) -> DispatchTensor {
    x.into_dispatch()
}

/// Whether a gradient may be asked for of what is made of it.
pub(crate) fn is_tracked<const D: usize>(x: &Tensor<D>) -> bool {
    x.is_autodiff()
}

/// Whether the kernels can read it.
pub(crate) fn on_cpu<const D: usize>(x: &Tensor<D>) -> bool {
    x.device() == Device::flex()
}

/// Zeros before and after the numbers of each axis.
pub(crate) fn pad_zeros<const D: usize>(x: Tensor<D>, ring: [(usize, usize); D]) -> Tensor<D> {
    x.pad(ring, PadMode::Constant(0.0))
}

/// So many numbers more at both ends of each axis, reflected at the last one.
pub(crate) fn pad_reflected<const D: usize>(x: Tensor<D>, reach: [usize; D]) -> Tensor<D> {
    x.pad(reach.map(|reach| (reach, reach)), PadMode::Reflect)
}

/// x above 0, 0 elsewhere.
pub(crate) fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::relu(x)
}

/// x above 0, `slope` · x elsewhere.
pub(crate) fn leaky_relu<const D: usize>(x: Tensor<D>, slope: f32) -> Tensor<D> {
    activation::leaky_relu(x, f64::from(slope))
}

/// `above` where x is above `bound`, `below` elsewhere, as a constant.
pub(crate) fn step<const D: usize>(x: Tensor<D>, bound: f32, [below, above]: [f32; 2]) -> Tensor<D> {
    x.detach().greater_elem(bound).float() * (above - below) + below
}

/// The hyperbolic tangent.
pub(crate) fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::tanh(x)
}

/// The logarithm of each row's softmax.
pub(crate) fn log_softmax(x: Tensor<2>) -> Tensor<2> {
    activation::log_softmax(x, 1)
}

/// A convolution, channels first, with a window of any sides.
pub(crate) fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> Tensor<4> {
    module::conv2d(x, weight, bias, ConvOptions::new(stride, padding, [1, 1], 1))
}

/// A transposed convolution, channels first.
pub(crate) fn conv_transpose2d(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let options = ConvTransposeOptions::new([stride; 2], [padding; 2], [0, 0], [1, 1], 1);
    module::conv_transpose2d(x, weight, None, options)
}

/// The largest of 2×2 pixels; a last odd row or column is left out.
pub(crate) fn max_pool2d(x: Tensor<4>) -> Tensor<4> {
    module::max_pool2d(x, MaxPoolOptions::new([2, 2]))
}

/// What an operation of up to three inputs gives.
pub(crate) fn operate<const D: usize>(operation: impl Operation, inputs: Vec<DispatchTensor>) -> Tensor<D> {
    let call = Call { operation: Arc::new(operation), n_inputs: inputs.len() };
    let mut inputs = inputs.into_iter();
    let mut next = || inputs.next().unwrap_or_else(|| untyped(tensor::<1>(vec![0.0], [1], &cpu())));
    let [a, b, c] = [next(), next(), next()];
    Tensor::from_dispatch(<Dispatch as OperationOps>::operate(a, b, c, call))
}

/// An operation, and how many of three inputs it has.
#[derive(Debug, Clone)]
pub struct Call {
    operation: Arc<dyn Operation>,
    n_inputs: usize,
}

impl Call {
    fn forward(&self, inputs: &[FlexTensor; 3]) -> (FlexTensor, Vec<f32>) {
        let slices = inputs.each_ref().map(flat);
        let (out, kept) = self.operation.forward(&slices[..self.n_inputs]);
        (FlexTensor::from_data(TensorData::new(out, self.operation.shape())), kept)
    }
}

/// Operations as those of Burn.
#[backend_extension(Flex, Autodiff)]
pub trait OperationOps: Backend {
    /// What the operation gives.
    fn operate(a: FloatTensor<Self>, b: FloatTensor<Self>, c: FloatTensor<Self>, call: Call) -> FloatTensor<Self>;
}

impl OperationOps for Flex {
    fn operate(a: FlexTensor, b: FlexTensor, c: FlexTensor, call: Call) -> FlexTensor {
        call.forward(&[a, b, c].map(dense)).0
    }
}

impl<C: CheckpointStrategy> OperationOps for Autodiff<Flex, C> {
    fn operate(a: FloatTensor<Self>, b: FloatTensor<Self>, c: FloatTensor<Self>, call: Call) -> FloatTensor<Self> {
        let ((a, a_node), (b, b_node), (c, c_node)) = (a.into_parts(), b.into_parts(), c.into_parts());
        let inputs = [a, b, c].map(dense);
        let (out, kept) = call.forward(&inputs);
        let shapes = inputs.each_ref().map(|x| x.layout().shape().clone());
        let inputs = if call.operation.needs_inputs() { inputs.to_vec() } else { Vec::new() };
        match OperationBackward.prepare::<C>([a_node, b_node, c_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((shapes, inputs, kept, call), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}

#[derive(Debug)]
struct OperationBackward;

impl Backward<Flex, 3> for OperationBackward {
    type State = ([Shape; 3], Vec<FlexTensor>, Vec<f32>, Call);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Slopes, _: &mut Checkpointer) {
        let (shapes, inputs, kept, Call { operation, n_inputs }) = ops.state;
        let slope = dense(grads.consume::<Flex>(&ops.node));
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let slices: Vec<&[f32]> = inputs.iter().take(n_inputs).map(flat).collect();
        let slopes = operation.backward(&slices, &kept, flat(&slope), &wanted[..n_inputs]);
        for ((node, slope), shape) in ops.parents.into_iter().zip(slopes).zip(shapes) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(slope, shape)));
            }
        }
    }
}

/// A view is copied once; what lies dense already is not.
fn dense(x: FlexTensor) -> FlexTensor {
    if x.as_slice::<f32>().is_some() { x } else { x.to_contiguous() }
}

/// The numbers of a dense tensor.
fn flat(x: &FlexTensor) -> &[f32] {
    x.as_slice::<f32>().expect("contiguous numbers of 32 bits")
}
