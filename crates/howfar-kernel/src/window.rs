//! Convolutions with any square window, stride and padding, and their gradients.
//!
//! In: pictures channels last, weights as in PyTorch. Out: pictures, or the gradient of the weights. A 3×3 window that
//! moves by one pixel goes by Winograd where there are channels enough, wide layers of very small pictures as dense
//! layers (`window/patches.rs`); others are direct (`direct.rs`, `window/weights.rs`). Sizes decide, never the number
//! of pictures. The gradient of the input falls apart into one convolution of stride 1 for each remainder of a place
//! divided by the stride, so that no number is added up twice; a transposed convolution is that gradient. Threads share
//! the work; how many there are changes no bit.

mod patches;
mod shape;
mod weights;

use rayon::prelude::*;

use crate::InstructionSet;
use crate::direct::{self, Pass};
use crate::instruction_set;
use crate::parts::Parts;
use crate::scratch::with_scratch;
use crate::winograd::{self, Convolve, Field, Tiles};

pub use shape::{Window, WindowRoom};

/// A batch is cut into so many pieces at least: fewer than elsewhere, because wide layers read many weights for each.
const FEWEST_PIECES: usize = 4;

impl Window {
    /// The convolution.
    ///
    /// # Shapes
    /// `x` `[N, H, W, C]`, `weight` `[C', C, K, K]`, `out` `[N, H', W', C']`
    pub fn forward(&self, set: InstructionSet, x: &[f32], weight: &[f32], out: &mut [f32], room: &mut WindowRoom) {
        let n = self.check(x, weight, out);
        if self.by_patches() {
            return patches::forward(set, self, [x, weight], out, room);
        }
        let (area, n_in) = (self.side * self.side, self.n_in);
        let at = |to: usize, from: usize, tap: usize| weight[(to * n_in + from) * area + tap];
        if self.by_winograd() {
            winograd::pack(set, self.field(), &mut room.packed, at);
            return by_winograd(set, self.field(), n, x, &room.packed, out);
        }
        let axis = self.axis();
        let pass = Pass { side: self.side, shape_from: self.shape_in(), shape_to: self.shape_out(), axes: [&axis; 2] };
        pass.pack(set.lanes(), at, &mut room.packed);
        direct::run(set, pass, n, x, &room.packed, &Parts::new(out));
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
            return patches::input_gradient(set, self, [gradient, weight], input, room);
        }
        let (area, n_in) = (self.side * self.side, self.n_in);
        let at = |to: usize, from: usize, tap: usize| weight[(from * n_in + to) * area + tap];
        if self.by_winograd() {
            let back = Field { n_in: self.n_out, n_out: self.n_in, ..self.field() };
            winograd::pack(set, back, &mut room.packed, |to, from, tap| at(to, from, 8 - tap));
            return by_winograd(set, back, n, gradient, &room.packed, input);
        }
        let axes = self.turned_axes();
        let input = Parts::new(input);
        for y in &axes {
            for x in &axes {
                let (shape_from, shape_to) = (self.shape_out(), self.shape_in());
                let pass = Pass { side: self.side, shape_from, shape_to, axes: [y, x] };
                pass.pack(set.lanes(), at, &mut room.packed);
                direct::run(set, pass, n, gradient, &room.packed, &input);
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
            patches::weight_gradient(set, self, [x, gradient], weight, room);
        } else if self.by_winograd() {
            let room = [&mut room.inputs, &mut room.slopes, &mut room.packed];
            winograd::weight_gradient(set, self.field(), n, [x, gradient], weight, room);
        } else {
            weights::weight_gradient(set, self, n, x, gradient, weight, room);
        }
    }
}

/// A convolution with packed weights, a piece of the batch at a time.
fn by_winograd(set: InstructionSet, field: Field, n: usize, x: &[f32], packed: &[f32], out: &mut [f32]) {
    let pieces = field.pieces(n, FEWEST_PIECES, 1);
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
            let room = &mut scratch.tiles;
            instruction_set::run(set, Convolve { field, tiles, x, packed, bias: &no_bias, y: out, room });
        });
    });
}
