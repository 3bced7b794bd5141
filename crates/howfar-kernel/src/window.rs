//! Convolutions with any square window, stride and padding, and their gradients.
//!
//! In: pictures channels last, weights as in PyTorch. Out: pictures, or the gradient of the weights. A 3×3 window that moves by one pixel goes by
//! Winograd where there are channels enough, wide layers of very small pictures as dense layers (`window_patches.rs`); others are direct
//! (`window_pass.rs`, `window_weights.rs`). Sizes decide, never the number of pictures. The gradient of the input falls
//! apart into one convolution of stride 1 for each remainder of a place divided by the stride, so that no number is added up twice; a
//! transposed convolution is that gradient. Threads share the work; how many there are changes no bit.

use rayon::prelude::*;

use crate::block::{pack, with_scratch};
use crate::instruction_set::{self, Kernel};
use crate::parts::Parts;
use crate::pieces::Pieces;
use crate::vector::Vector;
use crate::window_pass::{Axis, Pass};
use crate::winograd::{self, Field, Tiles, sized};
use crate::{DenseRoom, InstructionSet};
use crate::{window_patches, window_weights, winograd_gradient};

/// Below so many channels Winograd's transforms cost more than they save.
const FEWEST_CHANNELS: usize = 16;
/// Pixels a picture that are few, and weights that are many.
const MOST_PIXELS: usize = 16;
const MANY_WEIGHTS: usize = 1 << 20;
/// Tiles that a thread takes at once, and how many pieces a batch is cut into at least.
const TILES: (usize, usize) = (48, 4);

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

    fn by_winograd(&self) -> bool {
        let sizes = (self.side, self.stride, self.padding);
        sizes == (3, 1, 1) && self.n_in >= FEWEST_CHANNELS && self.n_out >= FEWEST_CHANNELS
    }

    /// Whether there are many weights for few pixels a picture: then they are read in their own order, because another one would cost more than
    /// the products do.
    fn by_patches(&self) -> bool {
        let [height, width, _] = self.shape_out();
        height * width <= MOST_PIXELS && self.n_weights() >= MANY_WEIGHTS
    }

    /// What Winograd's kernels call it.
    fn field(&self) -> Field {
        Field { height: self.height, width: self.width, n_in: self.n_in, n_out: self.n_out, border: self.padding }
    }

    fn axis(&self) -> Axis {
        let (step, offset) = (self.stride, -(self.padding as isize));
        Axis { first: 0, every: 1, step, offset, taps: (0..self.side).collect() }
    }

    /// One axis of the gradient of the input for each remainder.
    fn turned_axes(&self) -> Vec<Axis> {
        let axis = |first: usize| {
            let nearest = (first + self.padding) % self.stride;
            let taps: Vec<usize> = (nearest..self.side).step_by(self.stride).rev().collect();
            let offset = ((first + self.padding) / self.stride) as isize + 1 - taps.len() as isize;
            Axis { first, every: self.stride, step: 1, offset, taps }
        };
        (0..self.stride).map(axis).collect()
    }

    /// Refuses slices that do not fit; returns the number of pictures.
    fn check(&self, x: &[f32], weight: &[f32], out: &[f32]) -> usize {
        let numbers = |shape: [usize; 3]| shape.iter().product::<usize>();
        let n = x.len() / numbers(self.shape_in());
        assert_eq!(x.len(), n * numbers(self.shape_in()), "whole pictures");
        assert_eq!(out.len(), n * numbers(self.shape_out()), "as many pictures");
        assert_eq!(weight.len(), self.n_weights(), "weights of this convolution");
        n
    }

    /// The convolution.
    ///
    /// # Shapes
    /// `x` `[N, H, W, C]`, `weight` `[C', C, K, K]`, `out` `[N, H', W', C']`
    pub fn forward(&self, set: InstructionSet, x: &[f32], weight: &[f32], out: &mut [f32], room: &mut WindowRoom) {
        let n = self.check(x, weight, out);
        if self.by_patches() {
            return window_patches::forward(set, self, [x, weight], out, room);
        }
        let (area, n_in) = (self.side * self.side, self.n_in);
        let at = |to: usize, from: usize, tap: usize| weight[(to * n_in + from) * area + tap];
        if self.by_winograd() {
            pack(set, self.field(), true, &mut room.packed, at);
            return by_winograd(set, self.field(), n, x, &room.packed, out);
        }
        let axis = self.axis();
        let pass = Pass { side: self.side, shape_from: self.shape_in(), shape_to: self.shape_out(), axes: [&axis; 2] };
        pass.run(set, n, x, at, &Parts::new(out), room);
    }

    /// The gradient of the input; a transposed convolution of `gradient` by itself.
    ///
    /// # Shapes
    /// `gradient` `[N, H', W', C']`, `weight` `[C', C, K, K]`, `input` `[N, H, W, C]`
    pub fn input_gradient(
        &self,
        set: InstructionSet,
        gradient: &[f32],
        weight: &[f32],
        input: &mut [f32],
        room: &mut WindowRoom,
    ) {
        let n = self.check(input, weight, gradient);
        if self.by_patches() {
            return window_patches::input_gradient(set, self, [gradient, weight], input, room);
        }
        let (area, n_in) = (self.side * self.side, self.n_in);
        let at = |to: usize, from: usize, tap: usize| weight[(from * n_in + to) * area + tap];
        if self.by_winograd() {
            let back = Field { n_in: self.n_out, n_out: self.n_in, ..self.field() };
            pack(set, back, true, &mut room.packed, |to, from, tap| at(to, from, 8 - tap));
            return by_winograd(set, back, n, gradient, &room.packed, input);
        }
        let axes = self.turned_axes();
        let input = Parts::new(input);
        for y in &axes {
            for x in &axes {
                let (shape_from, shape_to) = (self.shape_out(), self.shape_in());
                let pass = Pass { side: self.side, shape_from, shape_to, axes: [y, x] };
                pass.run(set, n, gradient, at, &input, room);
            }
        }
    }

    /// The gradient of the weights.
    ///
    /// # Shapes
    /// `x` `[N, H, W, C]`, `gradient` `[N, H', W', C']`, `weight` `[C', C, K, K]`
    pub fn weight_gradient(
        &self,
        set: InstructionSet,
        x: &[f32],
        gradient: &[f32],
        weight: &mut [f32],
        room: &mut WindowRoom,
    ) {
        let n = self.check(x, weight, gradient);
        if self.by_patches() {
            window_patches::weight_gradient(set, self, [x, gradient], weight, room);
        } else if self.by_winograd() {
            winograd_gradient::weight_gradient(set, self.field(), n, [x, gradient], weight, room);
        } else {
            window_weights::weight_gradient(set, self, n, x, gradient, weight, room);
        }
    }
}

/// A convolution with packed weights, a piece of the batch at a time.
fn by_winograd(set: InstructionSet, field: Field, n: usize, x: &[f32], packed: &[f32], out: &mut [f32]) {
    let (columns, per_picture) = (field.tile_columns(), field.tile_rows() * field.tile_columns());
    let tiles = (n * per_picture).div_ceil(TILES.1).clamp(1, TILES.0);
    let rows = if tiles < per_picture { 4 * (tiles / columns).max(1) } else { field.height };
    let pieces = Pieces {
        n_pictures: n,
        pictures: (tiles / per_picture).max(1),
        height: field.height,
        rows: rows.min(field.height),
    };
    let (out, no_bias) = (Parts::new(out), vec![0.0; field.n_out.next_multiple_of(set.lanes())]);
    (0..pieces.count()).into_par_iter().for_each(|i| {
        let place = pieces.piece(i);
        let row = field.width * field.n_out;
        let (n_x, at) = (field.height * field.width * field.n_in, (place.picture * field.height + place.row) * row);
        let x = &x[place.picture * n_x..(place.picture + place.n_pictures) * n_x];
        let tiles = Tiles { n_pictures: place.n_pictures, first_row: place.row / 4, n_rows: place.n_rows.div_ceil(4) };
        // SAFETY: pieces do not overlap.
        let out = unsafe { out.part(at, place.n_pictures * place.n_rows * row) };
        with_scratch(|scratch| {
            let room = &mut scratch.room;
            instruction_set::run(set, Convolve { field, tiles, x, packed, no_bias: &no_bias, out, room });
        });
    });
}

struct Convolve<'a> {
    field: Field,
    tiles: Tiles,
    x: &'a [f32],
    packed: &'a [f32],
    no_bias: &'a [f32],
    out: &'a mut [f32],
    room: &'a mut winograd::Room,
}

impl Kernel for Convolve<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Convolve { field, tiles, x, packed, no_bias, out, room } = self;
        // SAFETY: the caller has the instructions.
        unsafe { winograd::convolve::<V>(field, tiles, x, packed, no_bias, out, room) };
    }
}

/// Pictures with `before` zeros, and zeros behind, on each side, one after the other in `to`.
///
/// # Shapes
/// `x` `[N, H, W, C]`, `to` `[N, rows, columns, C]`
pub(crate) fn pad_all(
    x: &[f32],
    [height, width, channels]: [usize; 3],
    before: usize,
    [rows, columns]: [usize; 2],
    to: &mut Vec<f32>,
) {
    let n = x.len() / (height * width * channels);
    let to = sized(to, n * rows * columns * channels);
    to.par_chunks_mut(columns * channels).enumerate().for_each(|(i, to)| {
        let (picture, row) = (i / rows, i % rows);
        match row.checked_sub(before).filter(|row| *row < height) {
            None => to.fill(0.0),
            Some(row) => {
                let from = &x[(picture * height + row) * width * channels..][..width * channels];
                let (start, used) = (before * channels, width.min(columns - before) * channels);
                to[..start].fill(0.0);
                to[start..start + used].copy_from_slice(&from[..used]);
                to[start + used..].fill(0.0);
            }
        }
    });
}
