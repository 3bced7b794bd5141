//! A direct convolution from pictures to every so-many-th pixel of others: which pixels see which, and its weights in
//! panels.

use rayon::prelude::*;

use crate::scratch::sized;

/// Channels that are few.
const FEW: usize = 4;

/// The places `first + i every` of one axis, and what they see: tap j of place i lies at `i step + offset + j` of the
/// source and takes the weight `taps[j]`.
pub(crate) struct Axis {
    pub first: usize,
    pub every: usize,
    pub step: usize,
    pub offset: isize,
    pub taps: Vec<usize>,
}

impl Axis {
    /// Every place of a convolution with `side` taps, whose windows move by `step`, behind `padding` zeros.
    pub fn whole(side: usize, step: usize, padding: usize) -> Self {
        Axis { first: 0, every: 1, step, offset: -(padding as isize), taps: (0..side).collect() }
    }

    /// Places among so many.
    pub fn count(&self, n: usize) -> usize {
        n.saturating_sub(self.first).div_ceil(self.every)
    }

    /// Places of the source that so many in a row see together.
    pub fn span(&self, n: usize) -> usize {
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

/// Channels beside each other in a panel of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panel {
    /// So many channels, one after the other: a vector holds channels of the source.
    Few(usize),
    /// A vector of channels.
    One,
    /// Two vectors of channels.
    Two,
}

impl Pass<'_> {
    pub fn n_taps(&self) -> usize {
        self.axes[0].taps.len() * self.axes[1].taps.len()
    }

    /// Channels from the start of one panel to the next, and panels.
    pub fn panels(&self, lanes: usize) -> (usize, usize) {
        let channels = self.shape_to[2];
        let width = if channels <= FEW { channels } else { 2 * lanes };
        (width, channels.div_ceil(width))
    }

    /// What panel `i` is: the last one may have a single vector.
    pub fn panel(&self, i: usize, lanes: usize) -> Panel {
        let channels = self.shape_to[2];
        match channels - 2 * lanes * i {
            _ if channels <= FEW => Panel::Few(channels),
            n_left if n_left <= lanes => Panel::One,
            _ => Panel::Two,
        }
    }

    /// Numbers from the start of one panel to the next.
    pub fn panel_size(&self, lanes: usize) -> usize {
        let (width, _) = self.panels(lanes);
        if width <= FEW {
            // Rows of taps by channels, each filled up to whole vectors.
            let run = (self.axes[1].taps.len() * self.shape_from[2]).next_multiple_of(lanes);
            return self.axes[0].taps.len() * run * width;
        }
        self.n_taps() * self.shape_from[2] * width
    }

    /// Brings weights into panels: for each, taps, channels of the source, channels beside each other. Few channels:
    /// for each row of taps, each channel, taps and channels of the source filled up to whole vectors. `at(to, from,
    /// tap)` gives a weight.
    pub fn pack(&self, lanes: usize, at: impl Fn(usize, usize, usize) -> f32 + Sync, packed: &mut Vec<f32>) {
        let ((width, n_panels), size) = (self.panels(lanes), self.panel_size(lanes));
        let [y, x] = self.axes.map(|axis| &axis.taps);
        let (from, channels, side) = (self.shape_from[2], self.shape_to[2], self.side);
        let run = (x.len() * from).next_multiple_of(lanes);
        sized(packed, n_panels * size).par_chunks_mut(size.max(1)).enumerate().for_each(|(panel, to)| {
            let n = width.min(channels - panel * width);
            let beside = if self.panel(panel, lanes) == Panel::One { lanes } else { width };
            if width <= FEW || n < width {
                to.fill(0.0);
            }
            // The channels of a panel innermost: they are written in one piece and read from as many pieces that move
            // on slowly.
            for c in 0..from {
                for (i, ty) in y.iter().enumerate() {
                    for (j, tx) in x.iter().enumerate() {
                        let (start, step) = if width <= FEW {
                            (i * width * run + j * from + c, run)
                        } else {
                            (((i * x.len() + j) * from + c) * beside, 1)
                        };
                        for lane in 0..n {
                            to[start + lane * step] = at(panel * width + lane, c, ty * side + tx);
                        }
                    }
                }
            }
        });
    }

    /// Copies the rows of the source that rows of a picture see, with their zeros.
    pub fn copy(&self, x: &[f32], row: usize, [rows, columns]: [usize; 2], to: &mut [f32]) {
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
