//! Sizes of a block, its norm, and what training keeps of it.

use super::activation::Map;
use crate::winograd::Field;

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

    /// The convolution that brings the gradient after this block's convolution back to its input.
    pub(crate) fn back_field(&self) -> Field {
        let [height, width, _] = self.shape_convolved();
        Field { height, width, n_in: self.n_out, n_out: self.n_in, border: 2 - self.border }
    }

    /// Refuses slices that do not fit; returns the number of pictures.
    pub(crate) fn check(&self, x: &[f32]) -> usize {
        assert!(self.border <= 1 && self.height + 2 * self.border > 2 && self.width + 2 * self.border > 2);
        assert!(self.n_in > 0 && self.n_out > 0 && x.len().is_multiple_of(self.n_inputs()), "whole pictures");
        x.len() / self.n_inputs()
    }
}

impl Norm<'_> {
    /// What the distance of each channel from its mean is multiplied with.
    pub(crate) fn factors(&self, variance: &[f32]) -> Vec<f32> {
        self.scale.iter().zip(variance).map(|(s, v)| s / (v + self.epsilon).sqrt()).collect()
    }
}

impl Forward {
    /// What `out` was routed by, of a picture.
    pub(crate) fn routes_of(&self, map: Map, lanes: usize, picture: usize) -> &[u16] {
        let n = map.n_routes(lanes);
        &self.routes[picture * n..(picture + 1) * n]
    }
}
