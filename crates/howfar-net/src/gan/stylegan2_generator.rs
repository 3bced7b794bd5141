//! StyleGAN2's generator: a mapping from normal numbers to styles, and a synthesis from styles to pictures.
//!
//! In: tensors, latents, noise. Out: styles, pictures around −1..1, channels last; with a tangent of the styles also
//! that of the pictures. Truncation pulls styles towards their mean. Knows neither losses nor files.

use crate::gan::dual::Dual;
use crate::gan::operations::convolve;
use crate::gan::parameters::Leaves;
use crate::gan::styled;
use crate::gan::stylegan2::StyleGan2Shape;
use crate::gan::stylegan2_layers::{EPSILON, SLOPE, biased_relu, convolve_up, dense, doubled, product, scaled_weight};
use crate::tensor::Tensor;

/// What is added after each convolution, times the layer's learnt strength.
#[derive(Debug, Clone)]
pub enum NoiseInput {
    /// The layer's own, the same in every picture.
    Constant,
    /// One `[N, H, W, 1]` a convolution, in the order of [`StyleGan2Shape::noise_sides`].
    Given(Vec<Tensor<4>>),
}

impl StyleGan2Shape {
    /// The styles of latents.
    ///
    /// # Shapes
    /// `z` `[N, Z]` -> `[N, W]`
    pub fn map(&self, generator: &Leaves, z: Tensor<2>) -> Tensor<2> {
        let length = (z.clone() * z.clone()).mean_dim(1) + EPSILON;
        let mut x = Dual::constant(z / length.sqrt());
        for i in 0..self.mapping_layers {
            x = dense(generator, &format!("mapping.fc{i}"), x, self.mapping_rate);
            x = x.leaky_relu(SLOPE, std::f32::consts::SQRT_2);
        }
        x.value
    }

    /// The styles pulled towards their mean: 1 leaves them, 0 gives the mean.
    ///
    /// # Shapes
    /// `w` `[N, W]` -> `[N, W]`
    pub fn truncate(&self, generator: &Leaves, w: Tensor<2>, truncation: f32) -> Tensor<2> {
        let mean = generator.get::<1>("mapping.w_avg").reshape([1, self.w_size]);
        (w - mean.clone()) * truncation + mean
    }

    /// The same style for every layer.
    ///
    /// # Shapes
    /// `w` `[N, W]` -> `[N, S, W]`
    pub fn broadcast(&self, w: Tensor<2>) -> Tensor<3> {
        let n = w.dims()[0];
        w.reshape([n, 1, self.w_size]).expand([n, self.n_styles(), self.w_size])
    }

    /// The sides of the noises that the synthesis takes, in order.
    pub fn noise_sides(&self) -> Vec<usize> {
        self.sides().into_iter().flat_map(|side| vec![side; if side == 4 { 1 } else { 2 }]).collect()
    }

    /// The pictures of styles.
    ///
    /// # Shapes
    /// `styles` `[N, S, W]` -> `[N, H, W, C]`
    pub fn synthesise(&self, generator: &Leaves, styles: &Dual<3>, noise: &NoiseInput) -> Dual<4> {
        let n = styles.value.dims()[0];
        let style =
            |i: usize| styles.clone().linear(|s| s.slice([0..n, i..i + 1, 0..self.w_size]).reshape([n, self.w_size]));
        let (mut style_idx, mut noise_idx) = (0, 0);
        let mut picture: Option<Dual<4>> = None;
        let first = self.channels(4);
        let start = generator.get::<3>("synthesis.b4.const").permute([1, 2, 0]).reshape([1, 4, 4, first]);
        let mut x = Dual::constant(start.expand([n, 4, 4, first]));
        for side in self.sides() {
            let block = format!("synthesis.b{side}");
            let convolutions: &[&str] = if side == 4 { &["conv1"] } else { &["conv0", "conv1"] };
            for name in convolutions {
                let name = format!("{block}.{name}");
                let noise = self.noise(generator, &name, noise, noise_idx, side);
                x = self.styled(generator, &name, x, style(style_idx), noise);
                (style_idx, noise_idx) = (style_idx + 1, noise_idx + 1);
            }
            let add = self.picture_of(generator, &format!("{block}.torgb"), x.clone(), style(style_idx));
            picture = Some(match picture {
                Some(small) => small.linear(doubled).plus(add),
                None => add,
            });
        }
        picture.expect("there is a block of 4 pixels")
    }

    fn noise(&self, generator: &Leaves, name: &str, noise: &NoiseInput, idx: usize, side: usize) -> Tensor<4> {
        let strength = generator.scalar(&format!("{name}.noise_strength")).reshape([1, 1, 1, 1]);
        let noise = match noise {
            NoiseInput::Constant => generator.get::<2>(&format!("{name}.noise_const")).reshape([1, side, side, 1]),
            NoiseInput::Given(all) => all[idx].clone(),
        };
        noise * strength
    }

    /// A modulated and demodulated 3×3 convolution, doubling the side where it is a block's first, noise, bias and
    /// leaky ReLU. Scaling what goes in by the style and what comes out by 1/√(Σ (weight · style)²) is the same as
    /// scaling the weights.
    fn styled(&self, generator: &Leaves, name: &str, x: Dual<4>, style: Dual<2>, noise: Tensor<4>) -> Dual<4> {
        let weight: Tensor<4> = generator.get(&format!("{name}.weight"));
        let ([n_out, n_in, k, _], n) = (weight.dims(), x.value.dims()[0]);
        let scale = dense(generator, &format!("{name}.affine"), style, 1.0);
        let taps = weight.clone().reshape([n_out, n_in, k * k]);
        let squares = (taps.clone() * taps).sum_dim(2).reshape([n_out, n_in]);
        let length = scale.clone().times(scale.clone()).linear(|s| product(s, squares.clone()));
        let shrink = Dual { value: length.value + EPSILON, tangent: length.tangent }
            .curve(|l| l.sqrt().recip(), |l| (l.clone().sqrt() * l).recip() * -0.5);
        let through = |x: Tensor<4>| {
            if name.ends_with("conv0") {
                convolve_up(x, weight.clone())
            } else {
                convolve(x, weight.clone(), None, 1, 1)
            }
        };
        let x = x.times(scale.linear(|s| s.reshape([n, 1, 1, n_in]))).linear(through);
        if x.tangent.is_none() && self.clamp.is_none() && styled::serves(&x.value) {
            let bias = generator.get(&format!("{name}.bias"));
            return Dual::constant(styled::finished(x.value, shrink.value, noise, bias));
        }
        let x = x.times(shrink.linear(|d| d.reshape([n, 1, 1, n_out]))).plus_constant(noise);
        biased_relu(generator, name, x, 1.0, self.clamp)
    }

    /// A modulated convolution of one tap to the picture's channels.
    fn picture_of(&self, generator: &Leaves, name: &str, x: Dual<4>, style: Dual<2>) -> Dual<4> {
        let weight = scaled_weight(generator, name);
        let ([_, n_in, _, _], n) = (weight.dims(), x.value.dims()[0]);
        let scale = dense(generator, &format!("{name}.affine"), style, 1.0);
        let x = x.times(scale.linear(|s| s.reshape([n, 1, 1, n_in])));
        let bias = generator.get::<1>(&format!("{name}.bias")).reshape([1, 1, 1, self.n_channels]);
        x.linear(|x| convolve(x, weight.clone(), None, 1, 0)).plus_constant(bias).clamp(self.clamp)
    }
}
