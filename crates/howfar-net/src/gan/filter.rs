//! The up/down filter on the kernel of `howfar-kernel`: what `operations.rs` plugs in on a CPU.
//!
//! In: activations channels last. Out: activations channels last. The gradient of a filter is another one.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::{Tensor, TensorData};
use howfar_kernel::{InstructionSet, Resample};

use crate::gan::convolution::{dense, numbers};
use crate::gan::resampling::Resampling;

/// An up/down filter of pictures of one size.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    picture: [usize; 4],
    /// Already with its gain, in the order of a correlation.
    taps: Vec<f32>,
    up: usize,
    down: usize,
    padding: (isize, isize),
}

impl Filter {
    fn out(&self, axis: usize) -> usize {
        let full = (self.picture[axis] * self.up) as isize + self.padding.0 + self.padding.1 - self.taps.len() as isize;
        (full / self.down as isize + 1) as usize
    }

    fn shape(&self) -> [usize; 4] {
        let [n, _, _, c] = self.picture;
        [n, self.out(1), self.out(2), c]
    }

    /// The filter that takes gradients back.
    fn turned(&self) -> Filter {
        let after = |axis: usize| {
            (self.picture[axis] * self.up) as isize - (self.out(axis) * self.down) as isize + self.padding.0
                - self.up as isize
                + 1
        };
        Filter {
            picture: self.shape(),
            taps: self.taps.iter().rev().copied().collect(),
            up: self.down,
            down: self.up,
            padding: (self.taps.len() as isize - self.padding.0 - 1, after(1)),
        }
    }

    fn apply(&self, x: &[f32]) -> Vec<f32> {
        let ([_, h, w, c], shape) = (self.picture, self.shape());
        let mut out = vec![0.0; shape.iter().product()];
        let filter = Resample {
            shape_in: [h, w, c],
            size_out: [shape[1], shape[2]],
            taps: &self.taps,
            up: self.up,
            down: self.down,
            padding: self.padding.0,
        };
        filter.run(InstructionSet::best(), x, &mut out);
        out
    }
}

/// The filter as an operation of Burn.
#[backend_extension(Flex, Autodiff)]
pub trait FilterOps: Backend {
    /// Filters.
    fn filter(x: FloatTensor<Self>, filter: Filter) -> FloatTensor<Self>;
}

impl Filter {
    fn of_tensor(&self, x: FlexTensor) -> FlexTensor {
        FlexTensor::from_data(TensorData::new(self.apply(numbers(&dense(x))), self.shape()))
    }
}

impl FilterOps for Flex {
    fn filter(x: FlexTensor, filter: Filter) -> FlexTensor {
        filter.of_tensor(x)
    }
}

impl<C: CheckpointStrategy> FilterOps for Autodiff<Flex, C> {
    fn filter(x: FloatTensor<Self>, filter: Filter) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        match FilterBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let out = filter.of_tensor(x);
                prep.finish(filter.turned(), out)
            }
            OpsKind::UnTracked(prep) => prep.finish(filter.of_tensor(x)),
        }
    }
}

#[derive(Debug)]
struct FilterBackward;

impl Backward<Flex, 1> for FilterBackward {
    type State = Filter;

    fn backward(self, ops: Ops<Filter, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let slope = grads.consume::<Flex>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            grads.register::<Flex>(node.id, ops.state.of_tensor(slope));
        }
    }
}

/// As [`crate::gan::operations::resample`].
pub(crate) fn resample(x: Tensor<4>, taps: &[f32], resampling: Resampling) -> Tensor<4> {
    let Resampling { up, down, padding, gain } = resampling;
    let sum: f32 = taps.iter().sum();
    let taps = taps.iter().rev().map(|tap| tap / sum * gain.sqrt()).collect();
    let picture = x.dims();
    let filter = Filter { picture, taps, up, down, padding };
    Tensor::from_dispatch(<Dispatch as FilterOps>::filter(x.into_dispatch(), filter))
}
