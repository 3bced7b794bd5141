//! Convolutions on the kernels of `howfar-kernel`, as an operation of Burn with gradients by hand: what `operations.rs`
//! plugs in on a CPU.
//!
//! In: activations channels last, weights as in PyTorch. Out: activations channels last. A transposed convolution is
//! the gradient of the input of a convolution, and the other way round, so that one operation with a switch is all
//! there is.

use std::cell::RefCell;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::{Tensor, TensorData};
use howfar_kernel::{InstructionSet, Window, WindowRoom};

thread_local! {
    static ROOM: RefCell<WindowRoom> = RefCell::default();
}

/// One of the two maps between the input and the output of a convolution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowMap {
    window: Window,
    n: usize,
    /// From output to input.
    transposed: bool,
}

impl WindowMap {
    fn shape_to(&self) -> [usize; 4] {
        let Window { height, width, n_in, .. } = self.window;
        let [h, w, c] = if self.transposed { [height, width, n_in] } else { self.window.shape_out() };
        [self.n, h, w, c]
    }

    fn turned(self) -> Self {
        WindowMap { transposed: !self.transposed, ..self }
    }

    fn apply(&self, x: &FlexTensor, weight: &FlexTensor) -> FlexTensor {
        let shape = self.shape_to();
        let mut out = vec![0.0; shape.iter().product()];
        let (set, x, weight) = (InstructionSet::best(), numbers(x), numbers(weight));
        // Taken out while it is used: a thread that waits for others may begin another convolution.
        let mut room = ROOM.take();
        if self.transposed {
            self.window.input_gradient(set, x, weight, &mut out, &mut room);
        } else {
            self.window.forward(set, x, weight, &mut out, &mut room);
        }
        ROOM.set(room);
        FlexTensor::from_data(TensorData::new(out, shape))
    }

    fn weight_slope(&self, x: &FlexTensor, slope: &FlexTensor) -> FlexTensor {
        let Window { n_in, n_out, side, .. } = self.window;
        let (input, output) = if self.transposed { (slope, x) } else { (x, slope) };
        let mut weight = vec![0.0; n_out * n_in * side * side];
        let mut room = ROOM.take();
        self.window.weight_gradient(InstructionSet::best(), numbers(input), numbers(output), &mut weight, &mut room);
        ROOM.set(room);
        FlexTensor::from_data(TensorData::new(weight, [n_out, n_in, side, side]))
    }
}

/// Convolutions as operations of Burn.
#[backend_extension(Flex, Autodiff)]
pub trait WindowOps: Backend {
    /// The convolution or the transposed one.
    fn window_map(x: FloatTensor<Self>, weight: FloatTensor<Self>, map: WindowMap) -> FloatTensor<Self>;
}

impl WindowOps for Flex {
    fn window_map(x: FlexTensor, weight: FlexTensor, map: WindowMap) -> FlexTensor {
        map.apply(&dense(x), &dense(weight))
    }
}

impl<C: CheckpointStrategy> WindowOps for Autodiff<Flex, C> {
    fn window_map(x: FloatTensor<Self>, weight: FloatTensor<Self>, map: WindowMap) -> FloatTensor<Self> {
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let (x, weight) = (dense(x), dense(weight));
        let out = map.apply(&x, &weight);
        match WindowBackward.prepare::<C>([x_node, weight_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, weight, map), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}

#[derive(Debug)]
struct WindowBackward;

impl Backward<Flex, 2> for WindowBackward {
    type State = (FlexTensor, FlexTensor, WindowMap);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight, map) = ops.state;
        let slope = dense(grads.consume::<Flex>(&ops.node));
        let [x_node, weight_node] = ops.parents;
        if let Some(node) = x_node {
            grads.register::<Flex>(node.id, map.turned().apply(&slope, &weight));
        }
        if let Some(node) = weight_node {
            grads.register::<Flex>(node.id, map.weight_slope(&x, &slope));
        }
    }
}

/// A view is copied once; what lies dense already is not.
pub(crate) fn dense(x: FlexTensor) -> FlexTensor {
    if x.as_slice::<f32>().is_some() { x } else { x.to_contiguous() }
}

/// The numbers of a dense tensor.
pub(crate) fn numbers(x: &FlexTensor) -> &[f32] {
    x.as_slice::<f32>().expect("contiguous numbers of 32 bits")
}

fn mapped(x: Tensor<4>, weight: Tensor<4>, window: Window, transposed: bool) -> Tensor<4> {
    let map = WindowMap { window, n: x.dims()[0], transposed };
    Tensor::from_dispatch(<Dispatch as WindowOps>::window_map(x.into_dispatch(), weight.into_dispatch(), map))
}

/// As [`crate::gan::operations::convolve`], without bias.
pub(crate) fn convolve(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let ([_, height, width, n_in], [n_out, _, side, _]) = (x.dims(), weight.dims());
    mapped(x, weight, Window { height, width, n_in, n_out, side, stride, padding }, false)
}

/// As [`crate::gan::operations::convolve_transposed`], without bias.
pub(crate) fn convolve_transposed(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let ([_, height, width, n_out], [_, n_in, side, _]) = (x.dims(), weight.dims());
    let before = |edge: usize| (edge - 1) * stride + side - 2 * padding;
    let (height, width) = (before(height), before(width));
    mapped(x, weight, Window { height, width, n_in, n_out, side, stride, padding }, true)
}
