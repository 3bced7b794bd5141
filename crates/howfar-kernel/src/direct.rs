//! Convolutions done directly: with any window, stride and padding, and 3×3 ones of so few channels that Winograd does
//! not pay.
//!
//! One pass writes every so-many-th pixel of pictures: all of them in a convolution, those of one remainder in the
//! gradient of its input.

mod gradient;
mod line;
mod pass;
mod strip;

use rayon::prelude::*;

use crate::InstructionSet;
use crate::instruction_set;
use crate::parts::Parts;
use crate::pieces::Pieces;
use crate::scratch::with_scratch;

pub(crate) use gradient::{add_weight_gradient, unpack_weight_gradient};
pub(crate) use pass::{Axis, Pass};
pub(crate) use strip::Strip;

/// Pixels that a thread takes at once, about: enough to read a panel of weights again from the nearer caches.
const PIXELS_AT_ONCE: usize = 256;
/// The work is cut into so many pieces at least, if it can be.
const FEWEST_PIECES: usize = 8;

/// A pass over a batch of `n` pictures with packed weights.
pub(crate) fn run(set: InstructionSet, pass: Pass<'_>, n: usize, x: &[f32], packed: &[f32], out: &Parts<'_, f32>) {
    let [rows, columns] = [0, 1].map(|i| pass.axes[i].count(pass.shape_to[i]));
    if n * rows * columns == 0 {
        return;
    }
    let strip = (PIXELS_AT_ONCE / columns).max(1);
    let pieces = Pieces { n_pictures: n, pictures: (strip / rows).max(1), height: rows, rows: strip.min(rows) };
    // Where there are few pixels, channels are shared out as well.
    let (_, n_panels) = pass.panels(set.lanes());
    let n_groups = FEWEST_PIECES.div_ceil(pieces.count()).min(n_panels);
    let group = n_panels.div_ceil(n_groups);
    let no_bias = vec![0.0; pass.shape_to[2].next_multiple_of(set.lanes())];
    (0..pieces.count() * n_groups).into_par_iter().for_each(|i| {
        let (place, first) = (pieces.piece(i / n_groups), i % n_groups * group);
        let (panels, to) = ([first, n_panels.min(first + group)], [place.picture, place.row]);
        with_scratch(|scratch| {
            let (bias, source) = (&no_bias[..], &mut scratch.picture);
            instruction_set::run(set, Strip { pass, place, to, panels, x, packed, bias, out, source });
        });
    });
}
