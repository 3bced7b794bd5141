//! The two penalties on gradients of StyleGAN2 with first-order autodiff: R1 and path length.
//!
//! In: numbers of a network, pictures or latents. Out: the penalty's value, and a loss whose gradient with respect to
//! the numbers is the penalty's. A gradient g = ∇D(x) is taken in a first pass; held constant as a direction, the
//! change of D along it is an ordinary output whose gradient is exact. Knows no schedule.

use crate::gan::dual::Dual;
use crate::gan::parameters::{Leaves, Parameters, number};
use crate::gan::stylegan2::StyleGan2Shape;
use crate::gan::stylegan2_generator::NoiseInput;
use crate::tensor::{Device, Tensor, numbers};

/// What a penalty gives.
pub struct Penalty {
    /// Its value, without any weight.
    pub value: f32,
    /// A loss with its gradient.
    pub loss: Tensor<1>,
    /// The tensors that the loss is a function of.
    pub leaves: Leaves,
}

impl StyleGan2Shape {
    /// R1 (Mescheder et al. 2018): the mean of ‖∇D(x)‖² over a batch of real pictures.
    ///
    /// # Shapes
    /// `pictures` `[N, H, W, C]` on a device that does not differentiate
    pub fn r1(&self, discriminator: &Parameters, pictures: Tensor<4>, device: &Device) -> Penalty {
        let n = pictures.dims()[0] as f32;
        let x = pictures.clone().autodiff().require_grad();
        let logits = self.discriminate(&discriminator.frozen(device), Dual::constant(x.clone())).value;
        let g = x.grad(&logits.sum().backward()).expect("the pictures are tracked");
        let value = number((g.clone() * g.clone()).sum()) / n;
        let leaves = discriminator.tracked(device);
        let along = self.discriminate(&leaves, Dual::along(pictures.autodiff(), g.autodiff()));
        let tangent = along.tangent.expect("a tangent went in");
        Penalty { value, loss: tangent.sum() * (2.0 / n), leaves }
    }

    /// Path length (Karras et al. 2020): the mean of (‖Jᵀ y‖ − `target`)² over latents, with J the derivative of the
    /// picture with respect to the styles and y noise of the size of the picture. Lengths come beside it.
    ///
    /// # Shapes
    /// `z` `[N, Z]`, `direction` (y) `[N, H, W, C]` on a device that does not differentiate -> lengths `[N]`
    pub fn path_length(
        &self,
        generator: &Parameters,
        z: Tensor<2>,
        direction: Tensor<4>,
        noise: &NoiseInput,
        target: impl FnOnce(&[f32]) -> f32,
        device: &Device,
    ) -> (Penalty, Vec<f32>) {
        let (n, n_styles) = (z.dims()[0], self.n_styles());
        let (z, direction) = (z.autodiff(), direction.autodiff());
        let frozen = generator.frozen(device);
        let styles = self.broadcast(self.map(&frozen, z.clone())).detach().require_grad();
        let pictures = self.synthesise(&frozen, &Dual::constant(styles.clone()), noise).value;
        let gradients = (pictures * direction.clone()).sum().backward();
        let g = styles.grad(&gradients).expect("the styles are tracked");
        // ‖g‖ is the root of the mean over layers of the squared length in each.
        let squares = (g.clone() * g.clone()).sum_dim(2).mean_dim(1);
        let lengths = (squares + 1e-12).sqrt();
        let all = numbers(lengths.clone());
        let off = lengths.clone() - target(&all);
        let v = g / lengths / n_styles as f32;
        let leaves = generator.tracked(device);
        let styles = self.broadcast(self.map(&leaves, z));
        let pictures = self.synthesise(&leaves, &Dual::along(styles, v.autodiff()), noise);
        let tangent = pictures.tangent.expect("a tangent went in") * direction;
        let change = tangent.flatten::<2>(1, 3).sum_dim(1);
        let value = number((off.clone() * off.clone()).mean());
        let loss = (off.reshape([n, 1]).autodiff() * change * 2.0).mean();
        (Penalty { value, loss, leaves }, all)
    }
}
