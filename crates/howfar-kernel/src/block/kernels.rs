//! What each thread does of a block on the way forward.

use super::activation::{self, Map};
use super::convolution::Convolution;
use super::shape::Block;
use crate::dropout::{Dropout, KeptBits};
use crate::instruction_set::Kernel;
use crate::parts::Parts;
use crate::pieces::Place;
use crate::scratch::{Scratch, sized};
use crate::vector::Vector;

/// A piece of a batch through the convolution and, unless a norm comes between, the activation.
pub(crate) struct Convolve<'a> {
    pub block: Block,
    pub convolution: Convolution<'a>,
    pub x: &'a [f32],
    pub dropout: Option<Dropout>,
    pub to: &'a To<'a>,
    pub place: Place,
    pub scratch: &'a mut Scratch,
}

/// Where a convolution's numbers go.
pub(crate) enum To<'a> {
    /// Through the activation; routes may be empty.
    Out { out: Parts<'a, f32>, routes: Parts<'a, u16> },
    /// Nowhere else yet.
    Convolved(Parts<'a, f32>),
}

impl Kernel for Convolve<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Convolve { block, convolution, x, dropout, to, place, scratch } = self;
        let whole = block.map();
        let strip = Map { height: place.n_rows, ..whole };
        let n_y = strip.n_values();
        let Scratch { tiles, picture, convolved, kept } = scratch;
        let y = match to {
            Convolved(y) => {
                let at = place.picture * whole.n_values() + place.row * whole.width * whole.n_channels;
                // SAFETY: pieces do not overlap.
                unsafe { y.part(at, place.n_pictures * n_y) }
            }
            Out { .. } => sized(convolved, place.n_pictures * n_y),
        };
        // SAFETY: the caller has the instructions.
        unsafe { convolution.run::<V>(place, x, y, tiles, picture) };
        let Out { out, routes } = to else { return };
        let row_out = if block.pool { place.row / 2 } else { place.row };
        for i in 0..place.n_pictures {
            let first = (place.picture + i) * whole.n_values_out() + row_out * whole.width_out() * whole.n_channels;
            let n_routes = |map: Map| if routes.is_empty() { 0 } else { map.n_routes(V::LANES) };
            let before = Map { height: place.row, ..whole };
            let first_route = (place.picture + i) * n_routes(whole) + n_routes(before);
            // SAFETY: pieces do not overlap; the caller has the instructions.
            unsafe {
                let activate = Activate {
                    map: strip,
                    y: &y[i * n_y..(i + 1) * n_y],
                    affine: None,
                    dropout: dropout.map(|dropout| (dropout, first)),
                    out: out.part(first, strip.n_values_out()),
                    routes: routes.part(first_route, n_routes(strip)),
                    kept,
                };
                activate.run::<V>();
            }
        }
    }
}

use To::{Convolved, Out};

/// Rows of a picture through the activation.
pub(crate) struct Activate<'a> {
    pub map: Map,
    pub y: &'a [f32],
    /// Mean, factor and shift of each channel.
    pub affine: Option<[&'a [f32]; 3]>,
    /// And the place of the first output in the batch.
    pub dropout: Option<(Dropout, usize)>,
    pub out: &'a mut [f32],
    pub routes: &'a mut [u16],
    pub kept: &'a mut KeptBits,
}

impl Kernel for Activate<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Activate { map, y, affine, dropout, out, routes, kept } = self;
        let kept = dropout.map(|(dropout, first)| {
            kept.fill(dropout, first, map.n_values_out());
            &*kept
        });
        // SAFETY: the caller has the instructions.
        unsafe { activation::activate::<V>(map, y, affine, kept, out, routes) };
    }
}

/// The moments of the channels of a picture.
pub(crate) struct PictureMoments<'a> {
    pub map: Map,
    pub y: &'a [f32],
    pub mean: &'a mut [f32],
    pub squares: &'a mut [f32],
}

impl Kernel for PictureMoments<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller has the instructions.
        unsafe { activation::moments::<V>(self.map, self.y, self.mean, self.squares) };
    }
}
