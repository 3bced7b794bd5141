//! What a styled convolution does to its pictures (Karras et al. 2020): channels scaled before; after it scaled back,
//! noise and bias added, leaky ReLU.
//!
//! In and out: pictures channels last. A thread takes a picture's pixels; each number is read and written once.

use rayon::prelude::*;

use crate::InstructionSet;
use crate::instruction_set::{self, Kernel};
use crate::vector::Vector;

/// Pixels that a thread takes at once, about.
const PIXELS_AT_ONCE: usize = 1024;

/// What comes after a convolution: leaky ReLU of x · scale + noise + bias, times a gain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Styled<'a> {
    /// Of each picture and channel, `[N, C]`.
    pub scale: &'a [f32],
    /// Of each pixel: `[N, H, W]`, or `[H, W]` for all pictures.
    pub noise: &'a [f32],
    /// Factor on the noise.
    pub strength: f32,
    /// Of each channel.
    pub bias: &'a [f32],
    /// Of leaky ReLU below 0.
    pub slope: f32,
    /// Factor on the result.
    pub gain: f32,
}

impl Styled<'_> {
    /// Changes the pictures.
    ///
    /// # Shapes
    /// `x` `[N, H, W, C]`
    pub fn run(&self, set: InstructionSet, x: &mut [f32]) {
        let c = self.bias.len();
        let n = self.scale.len() / c;
        let n_pixels = x.len() / c / n;
        assert_eq!((self.scale.len(), x.len()), (n * c, n * n_pixels * c), "whole pictures");
        assert!(self.noise.len() == n_pixels || self.noise.len() == n * n_pixels, "a noise a pixel");
        let at_once = PIXELS_AT_ONCE.min(n_pixels);
        x.par_chunks_mut(n_pixels * c).enumerate().for_each(|(i, x)| {
            let noise = if self.noise.len() == n_pixels { self.noise } else { &self.noise[i * n_pixels..][..n_pixels] };
            let scale = &self.scale[i * c..(i + 1) * c];
            x.par_chunks_mut(at_once * c).zip(noise.par_chunks(at_once)).for_each(|(x, noise)| {
                instruction_set::run(set, Pixels { styled: self, scale, noise, x });
            });
        });
    }
}

struct Pixels<'a> {
    styled: &'a Styled<'a>,
    scale: &'a [f32],
    noise: &'a [f32],
    x: &'a mut [f32],
}

impl Kernel for Pixels<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Pixels { styled: Styled { strength, bias, slope, gain, .. }, scale, noise, x } = self;
        let c = bias.len();
        assert!(scale.len() >= c && x.len() >= noise.len() * c);
        for at in (0..c).step_by(V::LANES) {
            let n = (c - at).min(V::LANES);
            // SAFETY: n channels from `at` on lie inside each pixel and row, whose lengths were checked.
            unsafe {
                let scale = V::load_first(scale.as_ptr().add(at), n);
                let bias = V::load_first(bias.as_ptr().add(at), n);
                let (above, below) = (V::splat(*gain), V::splat(gain * slope));
                for (p, noise) in noise.iter().enumerate() {
                    let x = x.as_mut_ptr().add(p * c + at);
                    let z = V::load_first(x, n).mul_add(scale, V::splat(noise * strength).add(bias));
                    // Slopes below 1: of both lines the upper one.
                    z.mul(above).max(z.mul(below)).store_first(x, n);
                }
            }
        }
    }
}
