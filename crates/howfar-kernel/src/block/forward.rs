//! The way forward of a block.
//!
//! The threads of the caller's pool share the work, a few rows of a picture at a time, which stay in the cache from the
//! convolution to the activation; no number depends on how many threads there are.

use rayon::prelude::*;

use super::convolution::{self, Convolution};
use super::kernels::{Activate, Convolve, PictureMoments, To};
use super::shape::{Block, Forward, Norm};
use crate::InstructionSet;
use crate::direct::Axis;
use crate::dropout::Dropout;
use crate::instruction_set;
use crate::parts::Parts;
use crate::scratch::with_scratch;

impl Block {
    /// Brings weights into the order in which the kernels read them.
    ///
    /// # Shapes
    /// `weight` `[C', C, 3, 3]`
    pub fn pack(&self, set: InstructionSet, weight: &[f32], packed: &mut Vec<f32>) {
        assert_eq!(weight.len(), self.n_out * self.n_in * 9, "weights of this block");
        let n_in = self.n_in;
        convolution::pack(set, self.field(), packed, |o, i, tap| weight[(o * n_in + i) * 9 + tap]);
    }

    /// The block without norm (or with its norm folded into weights and bias), keeping nothing.
    ///
    /// # Shapes
    /// `x` `[N, H, W, C]`, `packed` from [`Block::pack`], `bias` `[C']`, `out` `[N, H', W', C']`
    pub fn infer(&self, set: InstructionSet, x: &[f32], packed: &[f32], bias: &[f32], out: &mut [f32]) {
        let n = self.check(x);
        assert_eq!((out.len(), bias.len()), (n * self.n_outputs(), self.n_out), "numbers of this block");
        self.run(set, x, packed, bias, None, &To::Out { out: Parts::new(out), routes: Parts::new(&mut []) });
    }

    /// The block in training.
    ///
    /// # Shapes
    /// As [`Block::infer`].
    #[expect(clippy::too_many_arguments, reason = "all that a block is made of")]
    pub fn forward(
        &self,
        set: InstructionSet,
        x: &[f32],
        packed: &[f32],
        bias: &[f32],
        norm: Option<Norm<'_>>,
        dropout: Option<Dropout>,
        to: &mut Forward,
    ) {
        let (n, map) = (self.check(x), self.map());
        assert_eq!(bias.len(), self.n_out, "a bias a channel");
        to.out.resize(n * map.n_values_out(), 0.0);
        to.routes.resize(n * map.n_routes(set.lanes()), 0);
        to.scale = dropout.map_or(1.0, Dropout::scale);
        let Some(norm) = norm else {
            let (out, routes) = (Parts::new(&mut to.out[..]), Parts::new(&mut to.routes[..]));
            self.run(set, x, packed, bias, dropout, &To::Out { out, routes });
            return;
        };
        to.convolved.resize(n * map.n_values(), 0.0);
        self.run(set, x, packed, bias, None, &To::Convolved(Parts::new(&mut to.convolved)));
        (to.mean, to.variance) = self.moments(set, &to.convolved);
        let (mean, factor) = (&to.mean[..], norm.factors(&to.variance));
        let (n_y, n_out) = (map.n_values(), map.n_values_out());
        let n_routes = to.routes.len() / n.max(1);
        let pictures = to.convolved.par_chunks(n_y).zip(to.out.par_chunks_mut(n_out.max(1)));
        pictures.zip(to.routes.par_chunks_mut(n_routes.max(1))).enumerate().for_each(|(i, ((y, out), routes))| {
            let affine = Some([mean, &factor, norm.shift]);
            let dropout = dropout.map(|dropout| (dropout, i * n_out));
            with_scratch(|scratch| {
                instruction_set::run(set, Activate { map, y, affine, dropout, out, routes, kept: &mut scratch.kept });
            });
        });
    }

    /// Mean and variance of each channel over a batch after the convolution.
    fn moments(&self, set: InstructionSet, convolved: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (map, c) = (self.map(), self.n_out);
        let mut of_pictures = vec![0.0; convolved.len() / map.n_values() * 2 * c];
        convolved.par_chunks(map.n_values()).zip(of_pictures.par_chunks_mut(2 * c)).for_each(|(y, moments)| {
            let (mean, squares) = moments.split_at_mut(c);
            instruction_set::run(set, PictureMoments { map, y, mean, squares });
        });
        join_moments(&of_pictures, c, map.height * map.width)
    }

    /// The convolution and, unless a norm comes between, the activation.
    fn run(&self, set: InstructionSet, x: &[f32], packed: &[f32], bias: &[f32], dropout: Option<Dropout>, to: &To<'_>) {
        let (block, field, axis) = (*self, self.field(), Axis::whole(3, 1, self.border));
        let pieces = convolution::pieces(field, self.check(x));
        let mut bias = bias.to_vec();
        bias.resize(self.n_out.next_multiple_of(set.lanes()), 0.0);
        let convolution = Convolution { field, axis: &axis, packed, bias: &bias };
        (0..pieces.count()).into_par_iter().for_each(|i| {
            with_scratch(|scratch| {
                let place = pieces.piece(i);
                instruction_set::run(set, Convolve { block, convolution, x, dropout, to, place, scratch });
            });
        });
    }
}

/// Mean and variance over a batch from `[N, 2, C]`, means and sums of squares of its pictures of `n_pixels`, joined as
/// Chan, Golub and LeVeque (1983) do.
fn join_moments(of_pictures: &[f32], n_channels: usize, n_pixels: usize) -> (Vec<f32>, Vec<f32>) {
    let n_pictures = (of_pictures.len() / (2 * n_channels)).max(1) as f64;
    let both = (0..n_channels).map(|c| {
        let column = |c: usize| of_pictures.iter().skip(c).step_by(2 * n_channels).map(|v| f64::from(*v));
        let mean = column(c).sum::<f64>() / n_pictures;
        let between: f64 = column(c).map(|m| (m - mean) * (m - mean)).sum();
        let within: f64 = column(n_channels + c).sum();
        (mean as f32, ((within / n_pixels as f64 + between) / n_pictures) as f32)
    });
    both.unzip()
}
