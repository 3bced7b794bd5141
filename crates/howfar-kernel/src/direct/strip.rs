//! A pass over a few rows of a picture, or over a few pictures.
//!
//! Their source is copied with its zeros, so that a row of taps with all channels is one run of numbers.

use super::line::Line;
use super::pass::{Panel, Pass};
use crate::instruction_set::Kernel;
use crate::parts::Parts;
use crate::pieces::Place;
use crate::scratch::sized;
use crate::vector::Vector;

/// A few rows of a picture, or a few pictures, and the panels of channels that are wanted of them.
pub(crate) struct Strip<'a> {
    pub pass: Pass<'a>,
    /// Pictures of `x`, and rows of those that the pass writes.
    pub place: Place,
    /// Picture and row of `out` where the first of them comes.
    pub to: [usize; 2],
    /// The first panel, and the one behind the last.
    pub panels: [usize; 2],
    pub x: &'a [f32],
    pub packed: &'a [f32],
    /// What every sum begins with, in whole vectors of channels.
    pub bias: &'a [f32],
    pub out: &'a Parts<'a, f32>,
    pub source: &'a mut Vec<f32>,
}

impl Kernel for Strip<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Strip { pass, place, to, panels, x, packed, bias, out, source } = self;
        let ([y, x_axis], [height, width, channels]) = (pass.axes, pass.shape_to);
        let (from, columns) = (pass.shape_from[2], x_axis.count(width));
        // Pixels that no tap reaches see nothing.
        let span = if pass.n_taps() == 0 { [0, 0] } else { [y.span(place.n_rows), x_axis.span(columns)] };
        let (row_size, n_x) = (span[1] * from, pass.shape_from.iter().product::<usize>());
        let per_picture = span[0] * row_size;
        // A vector more than there is: whole vectors of channels are read where channels out are few.
        let source = sized(source, place.n_pictures * per_picture + V::LANES);
        let n_copies = if per_picture == 0 { 0 } else { place.n_pictures };
        for (i, to) in source.chunks_exact_mut(per_picture.max(1)).take(n_copies).enumerate() {
            pass.copy(&x[(place.picture + i) * n_x..][..n_x], place.row, span, to);
        }
        let ((panel_width, _), size) = (pass.panels(V::LANES), pass.panel_size(V::LANES));
        assert!(x_axis.first + (columns - 1) * x_axis.every < width && bias.len() >= channels);
        for i in panels[0]..panels[1] {
            let (weights, at) = (&packed[i * size..(i + 1) * size], i * panel_width);
            let panel = pass.panel(i, V::LANES);
            for (picture, row) in (0..place.n_pictures).flat_map(|i| (0..place.n_rows).map(move |row| (i, row))) {
                let line = Line {
                    n: columns,
                    source: &source[picture * per_picture + row * y.step * row_size..],
                    tap_row: row_size,
                    step: x_axis.step * from,
                    n_rows: y.taps.len(),
                    run: x_axis.taps.len() * from,
                    bias: &bias[at..],
                    out_step: x_axis.every * channels,
                    n_left: (channels - at).min(panel_width),
                };
                let to_row = (to[1] + row) * y.every + y.first;
                let start = (((to[0] + picture) * height + to_row) * width + x_axis.first) * channels + at;
                assert!(to_row < height);
                // SAFETY: strips write rows of their own, panels channels of their own; the caller has the
                // instructions.
                unsafe {
                    let out = out.start_at(start);
                    match panel {
                        Panel::Few(1) => line.few::<V, 1>(weights, out),
                        Panel::Few(2) => line.few::<V, 2>(weights, out),
                        Panel::Few(3) => line.few::<V, 3>(weights, out),
                        Panel::Few(_) => line.few::<V, 4>(weights, out),
                        Panel::One => line.many::<V, 1>(weights, out),
                        Panel::Two => line.many::<V, 2>(weights, out),
                    }
                }
            }
        }
    }
}
