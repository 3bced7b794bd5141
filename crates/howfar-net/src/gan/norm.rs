//! Instance norm on the kernel of `howfar-kernel`, with ReLU after it or without: what `operations.rs` plugs in on a
//! CPU.
//!
//! In and out: activations channels last. Gradients are by hand.

use howfar_kernel::{InstanceNorm, InstructionSet};

use crate::gan::resampling::INSTANCE_EPSILON;
use crate::tensor::{Operation, Tensor, operate, untyped};

/// Pictures and what comes after the norm.
#[derive(Debug, Clone, Copy, PartialEq)]
struct NormMap {
    shape: [usize; 4],
    relu: bool,
}

impl NormMap {
    fn kernel(&self) -> InstanceNorm {
        let [_, h, w, c] = self.shape;
        InstanceNorm { n_pixels: h * w, n_channels: c, epsilon: INSTANCE_EPSILON, relu: self.relu }
    }
}

impl Operation for NormMap {
    fn shape(&self) -> Vec<usize> {
        self.shape.to_vec()
    }

    /// The pictures, and the moments that the way back needs.
    fn forward(&self, inputs: &[&[f32]]) -> (Vec<f32>, Vec<f32>) {
        let (mut out, mut moments) = (vec![0.0; inputs[0].len()], Vec::new());
        self.kernel().forward(InstructionSet::best(), inputs[0], [inputs[1], inputs[2]], &mut out, &mut moments);
        (out, moments)
    }

    fn backward(&self, inputs: &[&[f32]], moments: &[f32], slope: &[f32], _: &[bool]) -> Vec<Vec<f32>> {
        let c = self.shape[3];
        let (mut input, mut scale, mut shift) = (vec![0.0; slope.len()], vec![0.0; c], vec![0.0; c]);
        let (set, rows) = (InstructionSet::best(), [inputs[1], inputs[2]]);
        self.kernel().backward(set, inputs[0], rows, moments, slope, &mut input, [&mut scale, &mut shift]);
        vec![input, scale, shift]
    }
}

/// As [`crate::gan::operations::instance_norm`], with ReLU after it where asked for.
pub(crate) fn instance_norm(x: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>, relu: bool) -> Tensor<4> {
    operate(NormMap { shape: x.dims(), relu }, vec![untyped(x), untyped(scale), untyped(shift)])
}
