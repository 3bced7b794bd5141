//! Instance norm on the kernel of `howfar-kernel`, with ReLU after it or without: what `operations.rs` plugs in on a
//! CPU.
//!
//! In and out: activations channels last. Gradients are by hand.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::{Tensor, TensorData};
use howfar_kernel::{InstanceNorm, InstructionSet};

use crate::gan::convolution::{dense, numbers};
use crate::gan::resampling::INSTANCE_EPSILON;

/// Pictures and what comes after the norm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormMap {
    shape: [usize; 4],
    relu: bool,
}

impl NormMap {
    fn kernel(&self) -> InstanceNorm {
        let [_, h, w, c] = self.shape;
        InstanceNorm { n_pixels: h * w, n_channels: c, epsilon: INSTANCE_EPSILON, relu: self.relu }
    }

    /// The pictures, and what the way back needs.
    fn apply(&self, [x, scale, shift]: [&FlexTensor; 3]) -> (FlexTensor, Vec<f32>) {
        let (mut out, mut moments) = (vec![0.0; self.shape.iter().product()], Vec::new());
        let rows = [numbers(scale), numbers(shift)];
        self.kernel().forward(InstructionSet::best(), numbers(x), rows, &mut out, &mut moments);
        (FlexTensor::from_data(TensorData::new(out, self.shape)), moments)
    }
}

/// The norm as an operation of Burn.
#[backend_extension(Flex, Autodiff)]
pub trait NormOps: Backend {
    /// Normalises.
    fn instance_norm(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        map: NormMap,
    ) -> FloatTensor<Self>;
}

impl NormOps for Flex {
    fn instance_norm(x: FlexTensor, scale: FlexTensor, shift: FlexTensor, map: NormMap) -> FlexTensor {
        map.apply([&dense(x), &dense(scale), &dense(shift)]).0
    }
}

impl<C: CheckpointStrategy> NormOps for Autodiff<Flex, C> {
    fn instance_norm(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        map: NormMap,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (scale, scale_node), (shift, shift_node)) =
            (x.into_parts(), scale.into_parts(), shift.into_parts());
        let [x, scale, shift] = [x, scale, shift].map(dense);
        let (out, moments) = map.apply([&x, &scale, &shift]);
        match NormBackward.prepare::<C>([x_node, scale_node, shift_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(([x, scale, shift], moments, map), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}

#[derive(Debug)]
struct NormBackward;

impl Backward<Flex, 3> for NormBackward {
    type State = ([FlexTensor; 3], Vec<f32>, NormMap);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let ([x, scale, shift], moments, map) = ops.state;
        let slope = dense(grads.consume::<Flex>(&ops.node));
        let c = map.shape[3];
        let mut input = vec![0.0; map.shape.iter().product()];
        let mut rows = [vec![0.0; c], vec![0.0; c]];
        let [scale_to, shift_to] = &mut rows;
        let [x, scale, shift] = [&x, &scale, &shift].map(numbers);
        let (set, slope, to) = (InstructionSet::best(), numbers(&slope), [&mut scale_to[..], shift_to]);
        map.kernel().backward(set, x, [scale, shift], &moments, slope, &mut input, to);
        let [x_node, scale_node, shift_node] = ops.parents;
        let [scale_to, shift_to] = rows;
        if let Some(node) = x_node {
            grads.register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(input, map.shape)));
        }
        for (node, row) in [(scale_node, scale_to), (shift_node, shift_to)] {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(row, [c])));
            }
        }
    }
}

/// As [`crate::gan::operations::instance_norm`], with ReLU after it where asked for.
pub(crate) fn instance_norm(x: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>, relu: bool) -> Tensor<4> {
    let map = NormMap { shape: x.dims(), relu };
    let (x, scale, shift) = (x.into_dispatch(), scale.into_dispatch(), shift.into_dispatch());
    Tensor::from_dispatch(<Dispatch as NormOps>::instance_norm(x, scale, shift, map))
}
