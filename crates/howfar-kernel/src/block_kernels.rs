//! What each thread does of a block on the way forward.

use crate::activation::{self, Map};
use crate::block::{Block, Scratch};
use crate::convolution::{self, Geometry};
use crate::dropout::{Dropout, KeptBits};
use crate::instruction_set::Kernel;
use crate::parts::Parts;
use crate::pieces::Place;
use crate::vector::Vector;
use crate::winograd::{self, Field, Tiles, sized};
use crate::winograd_weights;

pub(crate) struct PackDirect<'a, F> {
    pub field: Field,
    pub packed: &'a mut Vec<f32>,
    pub at: F,
}

impl<F: Fn(usize, usize, usize) -> f32> Kernel for PackDirect<'_, F> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Field { n_in, n_out, .. } = self.field;
        self.packed.resize(convolution::n_packed::<V>(n_in, n_out), 0.0);
        convolution::pack::<V>(n_in, n_out, self.packed, self.at);
    }
}

pub(crate) struct PackWinograd<'a, F> {
    pub field: Field,
    pub first: usize,
    pub to: &'a mut [f32],
    pub at: &'a F,
}

impl<F: Fn(usize, usize, usize) -> f32> Kernel for PackWinograd<'_, F> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller has the instructions.
        unsafe { winograd_weights::pack_group::<V>(self.field, self.first, self.to, self.at) };
    }
}

/// A piece of a batch through the convolution and, unless a norm comes between, the activation.
pub(crate) struct Convolve<'a> {
    pub block: Block,
    pub x: &'a [f32],
    pub packed: &'a [f32],
    /// Padded to whole vectors.
    pub bias: &'a [f32],
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
        let Convolve { block, x, packed, bias, dropout, to, place, scratch } = self;
        let whole = block.map();
        let strip = Map { height: place.n_rows, ..whole };
        let (n_x, n_y) = (block.n_inputs(), strip.n_values());
        let row_values = whole.width * whole.n_channels;
        let Scratch { room, picture, convolved, kept } = scratch;
        let y = match to {
            Convolved(y) => {
                let at = place.picture * whole.n_values() + place.row * row_values;
                // SAFETY: pieces do not overlap.
                unsafe { y.part(at, place.n_pictures * n_y) }
            }
            Out { .. } => sized(convolved, place.n_pictures * n_y),
        };
        let x = &x[place.picture * n_x..(place.picture + place.n_pictures) * n_x];
        // SAFETY: the caller has the instructions.
        unsafe {
            if block.by_winograd() {
                let n_rows = place.n_rows.div_ceil(4);
                let tiles = Tiles { n_pictures: place.n_pictures, first_row: place.row / 4, n_rows };
                winograd::convolve::<V>(block.field(), tiles, x, packed, bias, y, room);
            } else {
                let (height, width) = (place.n_rows + 2, block.width + 2 * block.border);
                let g = Geometry { height, width, n_in: block.n_in, n_out: block.n_out };
                let padded = sized(picture, g.n_inputs());
                convolution::pad(x, [block.height, block.width, block.n_in], block.border, place.row, padded);
                convolution::convolve::<V>(g, padded, packed, bias, y);
            }
        }
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
