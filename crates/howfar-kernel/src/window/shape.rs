//! Sizes of a convolution with any window, which of the three ways it goes, and the buffers that it uses.

use crate::DenseRoom;
use crate::direct::Axis;
use crate::winograd::Field;

/// Pixels a picture that are few, and weights that are many.
const MOST_PIXELS: usize = 16;
const MANY_WEIGHTS: usize = 1 << 20;

/// Sizes of a convolution. A transposed one has the sizes of the convolution whose input's gradient it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Channels of the input.
    pub n_in: usize,
    /// Channels of the output.
    pub n_out: usize,
    /// Rows and columns of the window, at most those of the input with its padding.
    pub side: usize,
    /// Pixels from one window to the next, at least 1.
    pub stride: usize,
    /// Rows and columns of zeros on each edge.
    pub padding: usize,
}

/// Buffers of convolutions, used again by the next one.
#[derive(Debug, Default)]
pub struct WindowRoom {
    pub(crate) packed: Vec<f32>,
    pub(crate) inputs: Vec<f32>,
    pub(crate) slopes: Vec<f32>,
    pub(crate) dense: DenseRoom,
}

impl Window {
    /// Rows, columns, channels of the output.
    pub fn shape_out(&self) -> [usize; 3] {
        let side = |side: usize| (side + 2 * self.padding - self.side) / self.stride + 1;
        [side(self.height), side(self.width), self.n_out]
    }

    /// Rows, columns, channels of the input.
    pub fn shape_in(&self) -> [usize; 3] {
        [self.height, self.width, self.n_in]
    }

    /// Numbers of the weights.
    pub fn n_weights(&self) -> usize {
        self.n_out * self.n_in * self.side * self.side
    }

    pub(crate) fn by_winograd(&self) -> bool {
        (self.side, self.stride, self.padding) == (3, 1, 1) && self.field().pays()
    }

    /// Whether there are many weights for few pixels a picture: then they are read in their own order, because another
    /// one would cost more than the products do.
    pub(crate) fn by_patches(&self) -> bool {
        let [height, width, _] = self.shape_out();
        height * width <= MOST_PIXELS && self.n_weights() >= MANY_WEIGHTS
    }

    /// What Winograd's kernels call it.
    pub(crate) fn field(&self) -> Field {
        Field { height: self.height, width: self.width, n_in: self.n_in, n_out: self.n_out, border: self.padding }
    }

    pub(crate) fn axis(&self) -> Axis {
        Axis::whole(self.side, self.stride, self.padding)
    }

    /// One axis of the gradient of the input for each remainder.
    pub(crate) fn turned_axes(&self) -> Vec<Axis> {
        let axis = |first: usize| {
            let nearest = (first + self.padding) % self.stride;
            let taps: Vec<usize> = (nearest..self.side).step_by(self.stride).rev().collect();
            let offset = ((first + self.padding) / self.stride) as isize + 1 - taps.len() as isize;
            Axis { first, every: self.stride, step: 1, offset, taps }
        };
        (0..self.stride).map(axis).collect()
    }

    /// Refuses slices that do not fit; returns the number of pictures.
    pub(crate) fn check(&self, x: &[f32], weight: &[f32], out: &[f32]) -> usize {
        let numbers = |shape: [usize; 3]| shape.iter().product::<usize>();
        let n = x.len() / numbers(self.shape_in());
        assert_eq!(x.len(), n * numbers(self.shape_in()), "whole pictures");
        assert_eq!(out.len(), n * numbers(self.shape_out()), "as many pictures");
        assert_eq!(weight.len(), self.n_weights(), "weights of this convolution");
        n
    }
}
