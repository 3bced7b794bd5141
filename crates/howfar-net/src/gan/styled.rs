//! What surrounds a styled convolution, on the kernels of `howfar-kernel`, in inference (no gradients).
//!
//! In and out: activations channels last on a CPU. In training `stylegan2_generator.rs` composes the same of Burn's
//! operations.

use burn::backend::flex::FlexTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::{Device, Tensor, TensorData};
use howfar_kernel::{InstructionSet, Styled, scale_channels};

use crate::gan::convolution::{dense, numbers};
use crate::gan::stylegan2_layers::SLOPE;

/// Both ends of a styled convolution as operations of Burn.
#[backend_extension(Flex)]
pub trait StyledOps: Backend {
    /// Scales the channels of each picture.
    fn scaled(x: FloatTensor<Self>, scale: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Scales the channels of each picture, adds noise and bias; leaky ReLU times √2.
    fn finished(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        noise: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl StyledOps for Flex {
    fn scaled(x: FlexTensor, scale: FlexTensor) -> FlexTensor {
        let [x, scale] = [x, scale].map(dense);
        let shape = x.layout().shape().clone();
        let mut out = vec![0.0; shape.num_elements()];
        scale_channels(InstructionSet::best(), numbers(&x), numbers(&scale), shape[3], &mut out);
        FlexTensor::from_data(TensorData::new(out, shape))
    }

    fn finished(x: FlexTensor, scale: FlexTensor, noise: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let [mut x, scale, noise, bias] = [x, scale, noise, bias].map(dense);
        if x.storage::<f32>().len() != x.layout().shape().num_elements() {
            // A part of a larger tensor.
            x = FlexTensor::from_data(TensorData::new(numbers(&x).to_vec(), x.layout().shape().clone()));
        }
        let (scale, noise, bias) = (numbers(&scale), numbers(&noise), numbers(&bias));
        let styled = Styled { scale, noise, strength: 1.0, bias, slope: SLOPE, gain: std::f32::consts::SQRT_2 };
        // In place, unless somebody else holds the pictures.
        styled.run(InstructionSet::best(), x.storage_mut());
        x
    }
}

/// Whether this module can compute with it.
pub(crate) fn serves<const D: usize>(x: &Tensor<D>) -> bool {
    !x.is_autodiff() && x.device() == Device::flex()
}

/// # Shapes
/// `x` `[N, H, W, C]`, `scale` `[N, C]`
pub(crate) fn scaled(x: Tensor<4>, scale: Tensor<2>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as StyledOps>::scaled(x.into_dispatch(), scale.into_dispatch()))
}

/// # Shapes
/// `x` `[N, H, W, C]`, `scale` `[N, C]`, `noise` `[N or 1, H, W, 1]`, `bias` `[C]`
pub(crate) fn finished(x: Tensor<4>, scale: Tensor<2>, noise: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    let (x, scale, noise) = (x.into_dispatch(), scale.into_dispatch(), noise.into_dispatch());
    Tensor::from_dispatch(<Dispatch as StyledOps>::finished(x, scale, noise, bias.into_dispatch()))
}
