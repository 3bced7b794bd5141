//! The up/down filter on the kernel of `howfar-kernel`: what `operations.rs` plugs in on a CPU.
//!
//! In: activations channels last. Out: activations channels last. The gradient of a filter is another one.

use howfar_kernel::{InstructionSet, Resample};

use crate::gan::resampling::Resampling;
use crate::tensor::{Operation, Tensor, operate, untyped};

/// An up/down filter of pictures of one size.
#[derive(Debug, Clone, PartialEq)]
struct Filter {
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

    fn shape_to(&self) -> [usize; 4] {
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
            picture: self.shape_to(),
            taps: self.taps.iter().rev().copied().collect(),
            up: self.down,
            down: self.up,
            padding: (self.taps.len() as isize - self.padding.0 - 1, after(1)),
        }
    }

    fn apply(&self, x: &[f32]) -> Vec<f32> {
        let ([_, h, w, c], shape) = (self.picture, self.shape_to());
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

impl Operation for Filter {
    fn shape(&self) -> Vec<usize> {
        self.shape_to().to_vec()
    }

    fn forward(&self, inputs: &[&[f32]]) -> (Vec<f32>, Vec<f32>) {
        (self.apply(inputs[0]), Vec::new())
    }

    fn needs_inputs(&self) -> bool {
        false
    }

    fn backward(&self, _: &[&[f32]], _: &[f32], slope: &[f32], _: &[bool]) -> Vec<Vec<f32>> {
        vec![self.turned().apply(slope)]
    }
}

/// As [`crate::gan::operations::resample`].
pub(crate) fn resample(x: Tensor<4>, taps: &[f32], resampling: Resampling) -> Tensor<4> {
    let Resampling { up, down, padding, gain } = resampling;
    let sum: f32 = taps.iter().sum();
    let taps = taps.iter().rev().map(|tap| tap / sum * gain.sqrt()).collect();
    let filter = Filter { picture: x.dims(), taps, up, down, padding };
    operate(filter, vec![untyped(x)])
}
