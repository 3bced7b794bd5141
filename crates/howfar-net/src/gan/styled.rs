//! What comes after a styled convolution, on the kernels of `howfar-kernel`, in inference (no gradients).
//!
//! In and out: activations channels last on a CPU. In training `stylegan2_generator.rs` composes the same of the
//! tensors' operations.

use howfar_kernel::{InstructionSet, Styled};

use crate::gan::stylegan2_layers::SLOPE;
use crate::tensor::{Tensor, cpu, is_tracked, numbers, on_cpu, tensor};

/// Whether this module can compute with what a convolution gave.
pub(crate) fn serves(x: &Tensor<4>) -> bool {
    on_cpu(x) && !is_tracked(x)
}

/// Scales the channels of each picture, adds noise and bias; leaky ReLU times √2.
///
/// # Shapes
/// `x` `[N, H, W, C]`, `scale` `[N, C]`, `noise` `[N or 1, H, W, 1]`, `bias` `[C]`
pub(crate) fn finished(x: Tensor<4>, scale: Tensor<2>, noise: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    let shape = x.dims();
    let (scale, noise, bias) = (numbers(scale), numbers(noise), numbers(bias));
    let gain = std::f32::consts::SQRT_2;
    let styled = Styled { scale: &scale, noise: &noise, strength: 1.0, bias: &bias, slope: SLOPE, gain };
    // In place, unless somebody else holds the pictures.
    let mut x = numbers(x);
    styled.run(InstructionSet::best(), &mut x);
    tensor(x, shape, &cpu())
}
