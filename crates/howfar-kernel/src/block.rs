//! A block of a network over a batch: 3×3 convolution, batch norm or none, ReLU, 2×2 maximum or none, dropout or none.
//!
//! In: a batch channels last, the block's weights. Out: the batch after the block and what the way back needs
//! (`block_back.rs`). The threads of the caller's pool share the work, a few rows of a picture at a time, which stay in
//! the cache from the convolution to the activation; no number depends on how many threads there are.

use std::cell::RefCell;

use rayon::prelude::*;

use crate::InstructionSet;
use crate::activation::Map;
use crate::block_kernels::{Activate, Convolve, PackDirect, PackWinograd, PictureMoments, To};
use crate::dropout::{Dropout, KeptBits};
use crate::instruction_set;
use crate::parts::Parts;
use crate::pieces::Pieces;
use crate::winograd::{self, Field, Room, TILES_AT_ONCE};

/// Below so many channels Winograd's transforms cost more than they save.
const FEWEST_CHANNELS: usize = 16;

/// A batch is cut into so many pieces at least, if its tiles allow it.
const FEWEST_PIECES: usize = 8;

/// Fewer tiles than this leave registers empty.
const FEWEST_TILES: usize = 8;

/// Rows of a picture that a direct convolution does at once.
const ROWS_AT_ONCE: usize = 8;

/// Sizes of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Rows in.
    pub height: usize,
    /// Columns in.
    pub width: usize,
    /// Channels in.
    pub n_in: usize,
    /// Channels out.
    pub n_out: usize,
    /// Zeros around the input: 1 (`same`) or 0 (`valid`).
    pub border: usize,
    /// Whether 2×2 windows give their maximum; an odd last row or column is left out.
    pub pool: bool,
}

/// Batch norm: each channel is brought to mean 0 and variance 1 over the batch, then scaled and shifted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norm<'a> {
    /// Factor of each channel.
    pub scale: &'a [f32],
    /// Summand of each channel.
    pub shift: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// What training keeps of a block for the way back. The buffers are used again by the next batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forward {
    /// After the block, `[N, H', W', C']`.
    pub out: Vec<f32>,
    /// After the convolution, `[N, H, W, C']`; empty without norm.
    pub convolved: Vec<f32>,
    /// Mean of each channel over the batch; empty without norm.
    pub mean: Vec<f32>,
    /// Variance (divided by N) of each channel over the batch; empty without norm.
    pub variance: Vec<f32>,
    /// Which value each output is.
    pub(crate) routes: Vec<u16>,
    /// What dropout multiplied the kept outputs with.
    pub(crate) scale: f32,
}

/// Room of a thread, used again by every block.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub room: Room,
    pub picture: Vec<f32>,
    pub convolved: Vec<f32>,
    pub kept: KeptBits,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Runs a kernel with this thread's room.
pub(crate) fn with_scratch<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
    SCRATCH.with_borrow_mut(f)
}

impl Block {
    /// Rows after the convolution.
    fn convolved_height(&self) -> usize {
        self.height + 2 * self.border - 2
    }

    /// Columns after the convolution.
    fn convolved_width(&self) -> usize {
        self.width + 2 * self.border - 2
    }

    /// Numbers a picture in.
    pub fn n_inputs(&self) -> usize {
        self.height * self.width * self.n_in
    }

    /// Numbers a picture out.
    pub fn n_outputs(&self) -> usize {
        self.map().n_values_out()
    }

    /// Rows, columns and channels out.
    pub fn shape_out(&self) -> [usize; 3] {
        [self.map().height_out(), self.map().width_out(), self.n_out]
    }

    /// Rows, columns and channels after the convolution.
    pub fn shape_convolved(&self) -> [usize; 3] {
        [self.convolved_height(), self.convolved_width(), self.n_out]
    }

    pub(crate) fn map(&self) -> Map {
        let (height, width) = (self.convolved_height(), self.convolved_width());
        Map { height, width, n_channels: self.n_out, pool: self.pool }
    }

    pub(crate) fn field(&self) -> Field {
        let Block { height, width, n_in, n_out, border, .. } = *self;
        Field { height, width, n_in, n_out, border }
    }

    /// Whether this block's convolution goes by Winograd.
    pub(crate) fn by_winograd(&self) -> bool {
        self.n_in >= FEWEST_CHANNELS && self.n_out >= FEWEST_CHANNELS
    }

    /// Refuses slices that do not fit; returns the number of pictures.
    pub(crate) fn check(&self, x: &[f32]) -> usize {
        assert!(self.border <= 1 && self.height + 2 * self.border > 2 && self.width + 2 * self.border > 2);
        assert!(self.n_in > 0 && self.n_out > 0 && x.len().is_multiple_of(self.n_inputs()), "whole pictures");
        x.len() / self.n_inputs()
    }

    /// Pictures and rows that are worked on at once: so many that their tiles fill the registers and the caches, but
    /// fewer where a few pictures would leave threads without work.
    fn pieces(&self, n: usize) -> Pieces {
        let (height, columns) = (self.convolved_height(), self.field().tile_columns());
        let mut pieces = Pieces { n_pictures: n, pictures: 1, height, rows: ROWS_AT_ONCE.min(height) };
        if self.by_winograd() {
            let per_picture = self.field().tile_rows() * columns;
            let tiles = (n * per_picture / FEWEST_PIECES).clamp(FEWEST_TILES, TILES_AT_ONCE);
            pieces.pictures = (tiles / per_picture).max(1);
            pieces.rows = if tiles < per_picture { 4 * (tiles / columns).max(1) } else { height }.min(height);
        }
        pieces
    }

    /// Brings weights into the order in which the kernels read them.
    ///
    /// # Shapes
    /// `weight` `[C', C, 3, 3]`
    pub fn pack(&self, set: InstructionSet, weight: &[f32], packed: &mut Vec<f32>) {
        assert_eq!(weight.len(), self.n_out * self.n_in * 9, "weights of this block");
        let n_in = self.n_in;
        pack(set, self.field(), self.by_winograd(), packed, |o, i, tap| weight[(o * n_in + i) * 9 + tap]);
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
        let (mean, factor) = (&to.mean[..], factors(&norm, &to.variance));
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
        let (block, pieces) = (*self, self.pieces(self.check(x)));
        let mut bias = bias.to_vec();
        bias.resize(self.n_out.next_multiple_of(set.lanes()), 0.0);
        (0..pieces.count()).into_par_iter().for_each(|i| {
            with_scratch(|scratch| {
                let (bias, place) = (&bias[..], pieces.piece(i));
                instruction_set::run(set, Convolve { block, x, packed, bias, dropout, to, place, scratch });
            });
        });
    }
}

/// What a norm multiplies the distance of each channel from its mean with.
pub(crate) fn factors(norm: &Norm<'_>, variance: &[f32]) -> Vec<f32> {
    norm.scale.iter().zip(variance).map(|(s, v)| s / (v + norm.epsilon).sqrt()).collect()
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

/// Fills `packed` for a convolution; `at(o, i, tap)` gives a weight.
pub(crate) fn pack(
    set: InstructionSet,
    field: Field,
    by_winograd: bool,
    packed: &mut Vec<f32>,
    at: impl Fn(usize, usize, usize) -> f32 + Sync,
) {
    if !by_winograd {
        instruction_set::run(set, PackDirect { field, packed, at });
        return;
    }
    let lanes = set.lanes();
    let per_vector = winograd::N_TAPS * field.n_in * lanes;
    packed.resize(per_vector * field.n_out.div_ceil(lanes), 0.0);
    packed.par_chunks_mut(2 * per_vector).enumerate().for_each(|(group, to)| {
        instruction_set::run(set, PackWinograd { field, first: group * 2 * lanes, to, at: &at });
    });
}
