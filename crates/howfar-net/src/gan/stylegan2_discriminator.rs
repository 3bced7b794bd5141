//! StyleGAN2's discriminator: residual blocks that halve the side, the deviation within a group of pictures, a logit.
//!
//! In: tensors, pictures, channels last, with or without a tangent. Out: how real each looks. Knows neither losses nor
//! files.

use crate::gan::dual::Dual;
use crate::gan::operations::convolve;
use crate::gan::parameters::Leaves;
use crate::gan::stylegan2::StyleGan2Shape;
use crate::gan::stylegan2_layers::{EPSILON, SLOPE, biased_relu, convolve_down, dense, scaled_weight};
use crate::tensor::Tensor;

impl StyleGan2Shape {
    /// How real pictures look, as logits. Pictures are compared within groups of [`StyleGan2Shape::group`], which must
    /// divide their number where there are more.
    ///
    /// # Shapes
    /// `pictures` `[N, H, W, C]` -> `[N, 1]`
    pub fn discriminate(&self, leaves: &Leaves, pictures: Dual<4>) -> Dual<2> {
        let half = std::f32::consts::FRAC_1_SQRT_2;
        let plain = |name: String, x: Dual<4>, padding: usize| {
            let weight = scaled_weight(leaves, &name);
            let x = x.linear(|x| convolve(x, weight.clone(), None, 1, padding));
            biased_relu(leaves, &name, x, 1.0, self.clamp)
        };
        let mut x = plain(format!("b{}.fromrgb", self.side), pictures, 0);
        for side in self.sides().into_iter().skip(1).rev() {
            let weight = |name: &str| scaled_weight(leaves, &format!("b{side}.{name}"));
            let (last, skip) = (weight("conv1"), weight("skip") * half);
            let past = x.clone().linear(|x| convolve_down(x, skip.clone()));
            let through = plain(format!("b{side}.conv0"), x, 1).linear(|x| convolve_down(x, last.clone()));
            x = past.plus(biased_relu(leaves, &format!("b{side}.conv1"), through, half, self.clamp));
        }
        let x = plain("b4.conv".into(), self.with_deviation(x), 1);
        // Dense layers take channels first, as the public code's weights do.
        let x = x.linear(|x| x.permute([0, 3, 1, 2]).flatten::<2>(1, 3));
        let x = dense(leaves, "b4.fc", x, 1.0).leaky_relu(SLOPE, std::f32::consts::SQRT_2);
        dense(leaves, "b4.out", x, 1.0)
    }

    /// One channel more: the mean deviation of the pictures of a group, the same number in all of them.
    fn with_deviation(&self, x: Dual<4>) -> Dual<4> {
        let [n, h, w, c] = x.value.dims();
        let group = self.group.min(n);
        // Picture i belongs to the group i modulo their number.
        let spread = x.clone().linear(|x| x.reshape([group, n / group, h * w * c]));
        let centred = spread.linear(|x| x.clone() - x.mean_dim(0));
        let variance = centred.clone().times(centred).linear(|v| v.mean_dim(0));
        let deviation = Dual { value: variance.value + EPSILON, tangent: variance.tangent }
            .curve(Tensor::sqrt, |v| v.sqrt().recip() * 0.5)
            .linear(|d| d.mean_dim(2));
        let plane = deviation.linear(|d| d.expand([group, n / group, 1]).reshape([n, 1, 1, 1]).expand([n, h, w, 1]));
        let tangent = x.tangent.zip(plane.tangent).map(|(x, plane)| Tensor::cat(vec![x, plane], 3));
        Dual { value: Tensor::cat(vec![x.value, plane.value], 3), tangent }
    }
}
