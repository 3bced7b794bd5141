//! A direct convolution from pictures to every so-many-th pixel of others: one pass of `window.rs`.
//!
//! A few rows are worked on at once. Their source is copied with its zeros, so that a row of taps with all channels is one run of
//! numbers, and a tile of pixels × vectors of channels stays in registers over all taps. Where there are fewer channels than half a vector,
//! a vector holds channels of the source instead and is summed at the end.

use rayon::prelude::*;

use crate::InstructionSet;
use crate::block::with_scratch;
use crate::instruction_set::{self, Kernel};
use crate::parts::Parts;
use crate::pieces::{Pieces, Place};
use crate::product::{each_tile, sum_products};
use crate::vector::Vector;
use crate::window::WindowRoom;
use crate::winograd::sized;

/// Pixels that a thread takes at once, about: enough to read a panel of weights again from the nearer caches.
const PIXELS_AT_ONCE: usize = 256;
/// The work is cut into so many pieces at least, if it can be.
const FEWEST_PIECES: usize = 8;
/// Channels that are few.
const FEW: usize = 4;

/// The places `first + i every` of one axis, and what they see: tap j of place i lies at `i step + offset + j` of the source and takes the
/// weight `taps[j]`.
pub(crate) struct Axis {
    pub first: usize,
    pub every: usize,
    pub step: usize,
    pub offset: isize,
    pub taps: Vec<usize>,
}

impl Axis {
    /// Places among so many.
    fn count(&self, n: usize) -> usize {
        n.saturating_sub(self.first).div_ceil(self.every)
    }

    /// Places of the source that so many in a row see together.
    fn span(&self, n: usize) -> usize {
        (n - 1) * self.step + self.taps.len()
    }
}

/// A pass: which pixels of pictures of `shape_to` it writes, and from where. Shapes are rows, columns, channels.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'a> {
    /// Of the weights' window.
    pub side: usize,
    pub shape_from: [usize; 3],
    pub shape_to: [usize; 3],
    /// Rows, columns.
    pub axes: [&'a Axis; 2],
}

impl Pass<'_> {
    fn n_taps(&self) -> usize {
        self.axes[0].taps.len() * self.axes[1].taps.len()
    }

    /// Channels beside each other in a panel of weights, and panels.
    fn panels(&self, lanes: usize) -> (usize, usize) {
        let channels = self.shape_to[2];
        if channels <= FEW {
            return (channels, 1);
        }
        let width = if channels <= lanes { lanes } else { 2 * lanes };
        (width, channels.div_ceil(width))
    }

    /// Numbers of a panel.
    fn panel_size(&self, lanes: usize) -> usize {
        let (width, _) = self.panels(lanes);
        if width <= FEW {
            // Rows of taps by channels, each filled up to whole vectors.
            let run = (self.axes[1].taps.len() * self.shape_from[2]).next_multiple_of(lanes);
            return self.axes[0].taps.len() * run * width;
        }
        self.n_taps() * self.shape_from[2] * width
    }

    /// Brings weights into panels: for each, taps, channels of the source, channels beside each other. Few channels: for each row of
    /// taps, each channel, taps and channels of the source filled up to whole vectors.
    fn pack(&self, lanes: usize, at: impl Fn(usize, usize, usize) -> f32 + Sync, packed: &mut Vec<f32>) {
        let ((width, n_panels), size) = (self.panels(lanes), self.panel_size(lanes));
        let [y, x] = self.axes.map(|axis| &axis.taps);
        let (from, channels, side) = (self.shape_from[2], self.shape_to[2], self.side);
        let run = (x.len() * from).next_multiple_of(lanes);
        sized(packed, n_panels * size).par_chunks_mut(size.max(1)).enumerate().for_each(|(panel, to)| {
            let n = width.min(channels - panel * width);
            if width <= FEW || n < width {
                to.fill(0.0);
            }
            // The channels of a panel innermost: they are written in one piece and read from as many pieces that move on slowly.
            for c in 0..from {
                for (i, ty) in y.iter().enumerate() {
                    for (j, tx) in x.iter().enumerate() {
                        let (start, step) = if width <= FEW {
                            (i * width * run + j * from + c, run)
                        } else {
                            (((i * x.len() + j) * from + c) * width, 1)
                        };
                        for lane in 0..n {
                            to[start + lane * step] = at(panel * width + lane, c, ty * side + tx);
                        }
                    }
                }
            }
        });
    }

    /// The pass over a batch; `at(to, from, tap)` gives a weight.
    pub fn run(
        self,
        set: InstructionSet,
        n: usize,
        x: &[f32],
        at: impl Fn(usize, usize, usize) -> f32 + Sync,
        out: &Parts<'_, f32>,
        room: &mut WindowRoom,
    ) {
        let [rows, columns] = [0, 1].map(|i| self.axes[i].count(self.shape_to[i]));
        if n * rows * columns == 0 {
            return;
        }
        self.pack(set.lanes(), at, &mut room.packed);
        let strip = (PIXELS_AT_ONCE / columns).max(1);
        let pieces = Pieces { n_pictures: n, pictures: (strip / rows).max(1), height: rows, rows: strip.min(rows) };
        // Where there are few pixels, channels are shared out as well.
        let (_, n_panels) = self.panels(set.lanes());
        let n_groups = FEWEST_PIECES.div_ceil(pieces.count()).min(n_panels);
        let group = n_panels.div_ceil(n_groups);
        let packed = &room.packed[..];
        (0..pieces.count() * n_groups).into_par_iter().for_each(|i| {
            let (place, first) = (pieces.piece(i / n_groups), i % n_groups * group);
            let panels = [first, n_panels.min(first + group)];
            with_scratch(|scratch| {
                let source = &mut scratch.picture;
                instruction_set::run(set, Strip { pass: self, place, columns, panels, x, packed, out, source });
            });
        });
    }

    /// Copies the rows of the source that rows of a picture see, with their zeros.
    fn copy(&self, x: &[f32], row: usize, [rows, columns]: [usize; 2], to: &mut [f32]) {
        let ([height, width, channels], [y, x_axis]) = (self.shape_from, self.axes);
        let top = (row * y.step) as isize + y.offset;
        let left = x_axis.offset;
        // Columns of the source, first and last, that lie in the copy.
        let (first, last) = (left.clamp(0, width as isize), (left + columns as isize).clamp(0, width as isize));
        for (i, to) in to.chunks_exact_mut(columns * channels).take(rows).enumerate() {
            let y = top + i as isize;
            if y < 0 || y >= height as isize || first >= last {
                to.fill(0.0);
                continue;
            }
            let (start, n) = ((first - left) as usize * channels, (last - first) as usize * channels);
            let from = (y as usize * width + first as usize) * channels;
            to[..start].fill(0.0);
            to[start..start + n].copy_from_slice(&x[from..from + n]);
            to[start + n..].fill(0.0);
        }
    }
}

/// A few rows of a picture, or a few pictures, and the panels of channels that are wanted of them.
struct Strip<'a> {
    pass: Pass<'a>,
    place: Place,
    /// Of the output, as many as this pass writes.
    columns: usize,
    panels: [usize; 2],
    x: &'a [f32],
    packed: &'a [f32],
    out: &'a Parts<'a, f32>,
    source: &'a mut Vec<f32>,
}

impl Kernel for Strip<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Strip { pass, place, columns, panels, x, packed, out, source } = self;
        let ([y, x_axis], [height, width, channels]) = (pass.axes, pass.shape_to);
        let from = pass.shape_from[2];
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
        let source = &*source;
        for panel in panels[0]..panels[1] {
            let weights = &packed[panel * size..(panel + 1) * size];
            let at = panel * panel_width;
            let n_left = (channels - at).min(panel_width);
            for i in 0..place.n_pictures {
                for row in 0..place.n_rows {
                    let line = Line {
                        n: columns,
                        source: &source[i * per_picture + row * y.step * row_size..],
                        tap_row: row_size,
                        step: x_axis.step * from,
                        n_rows: y.taps.len(),
                        run: x_axis.taps.len() * from,
                        out_step: x_axis.every * channels,
                        n_left,
                    };
                    let to_row = (place.row + row) * y.every + y.first;
                    let start = (((place.picture + i) * height + to_row) * width + x_axis.first) * channels + at;
                    assert!(to_row < height && x_axis.first + (columns - 1) * x_axis.every < width);
                    // SAFETY: strips write rows of their own, panels channels of their own; the caller has the instructions.
                    unsafe {
                        let out = out.start_at(start);
                        if panel_width <= FEW {
                            match n_left {
                                1 => line.few::<V, 1>(weights, out),
                                2 => line.few::<V, 2>(weights, out),
                                3 => line.few::<V, 3>(weights, out),
                                _ => line.few::<V, 4>(weights, out),
                            }
                        } else if panel_width == V::LANES {
                            line.many::<V, 1>(weights, out);
                        } else {
                            line.many::<V, 2>(weights, out);
                        }
                    }
                }
            }
        }
    }
}

/// Pixels of one row.
struct Line<'a> {
    n: usize,
    /// What the first pixel sees first.
    source: &'a [f32],
    /// Numbers from one row of taps to the next.
    tap_row: usize,
    /// Numbers from what one pixel sees to the next.
    step: usize,
    /// Rows of taps.
    n_rows: usize,
    /// Taps of a row times channels.
    run: usize,
    out_step: usize,
    /// Channels that are written.
    n_left: usize,
}

impl Line<'_> {
    /// Numbers of the source that are read at least.
    fn reach(&self) -> usize {
        if self.n_rows * self.run == 0 {
            0
        } else {
            (self.n_rows - 1) * self.tap_row + (self.n - 1) * self.step + self.run
        }
    }

    #[inline(always)]
    unsafe fn many<V: Vector, const NV: usize>(&self, weights: &[f32], out: *mut f32) {
        assert!(self.source.len() >= self.reach() && weights.len() >= self.n_rows * self.run * NV * V::LANES);
        each_tile!(V, NV, self.n, pixel, M => {
            // SAFETY: tiles take pixels before n only; the lengths were checked above, the caller's `out` is good for n pixels.
            unsafe {
                let mut sums = [[V::splat(0.0); NV]; M];
                let x = self.source.as_ptr().add(pixel * self.step);
                for row in 0..self.n_rows {
                    let (x, b) = (x.add(row * self.tap_row), weights.as_ptr().add(row * self.run * NV * V::LANES));
                    sum_products::<V, M, NV>(self.run, x, [self.step, 1], b, NV * V::LANES, &mut sums);
                }
                let out = out.add(pixel * self.out_step);
                for (m, sum) in sums.iter().enumerate() {
                    for (v, sum) in sum.iter().enumerate() {
                        let n = self.n_left.saturating_sub(v * V::LANES).min(V::LANES);
                        if n > 0 {
                            sum.store_first(out.add(m * self.out_step + v * V::LANES), n);
                        }
                    }
                }
            }
        });
    }

    /// N channels out: a vector holds numbers of the source.
    #[inline(always)]
    unsafe fn few<V: Vector, const N: usize>(&self, weights: &[f32], out: *mut f32) {
        let run = self.run.next_multiple_of(V::LANES);
        assert!(self.source.len() >= self.reach() && weights.len() >= self.n_rows * run * N);
        let mut pixel = 0;
        while pixel < self.n {
            // SAFETY: as above; behind the last whole vector of a run only its rest is read.
            unsafe {
                let (x, out) = (self.source.as_ptr().add(pixel * self.step), out.add(pixel * self.out_step));
                if self.n - pixel >= 4 {
                    self.few_of::<V, 4, N>(x, weights.as_ptr(), run, out);
                    pixel += 4;
                } else {
                    self.few_of::<V, 1, N>(x, weights.as_ptr(), run, out);
                    pixel += 1;
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn few_of<V: Vector, const M: usize, const N: usize>(
        &self,
        x: *const f32,
        weights: *const f32,
        run: usize,
        out: *mut f32,
    ) {
        // SAFETY: the caller's pointers are good for M pixels.
        unsafe {
            let mut sums = [[V::splat(0.0); N]; M];
            for row in 0..self.n_rows {
                let (x, weights) = (x.add(row * self.tap_row), weights.add(row * run * N));
                for at in (0..self.run).step_by(V::LANES) {
                    let n = (self.run - at).min(V::LANES);
                    let mut weight = [V::splat(0.0); N];
                    for (o, weight) in weight.iter_mut().enumerate() {
                        *weight = V::load(weights.add(o * run + at));
                    }
                    for (m, sums) in sums.iter_mut().enumerate() {
                        let x = V::load_first(x.add(m * self.step + at), n);
                        for (sum, weight) in sums.iter_mut().zip(weight) {
                            *sum = x.mul_add(weight, *sum);
                        }
                    }
                }
            }
            let mut lanes = [0.0f32; 16];
            for (m, sums) in sums.iter().enumerate() {
                for (o, sum) in sums.iter().enumerate() {
                    sum.store(lanes.as_mut_ptr());
                    *out.add(m * self.out_step + o) = lanes[..V::LANES].iter().sum();
                }
            }
        }
    }
}
