//! The way back of a block: gradients of its input, weights, bias and norm.
//!
//! A picture stays in the cache from the gradient of its activation to those of its input and of the weights. Sums over
//! pictures are taken within fixed groups of pictures, then over the groups in their order.

use rayon::prelude::*;

use crate::InstructionSet;
use crate::activation::{self, Map};
use crate::block::{Block, Forward, Norm, Scratch, factors, pack, with_scratch};
use crate::convolution::{self, Geometry};
use crate::instruction_set::{self, Kernel};
use crate::parts::Parts;
use crate::vector::Vector;
use crate::winograd::{self, Field, TILES_AT_ONCE, Tiles, sized};
use crate::winograd_weights;

/// Pictures whose weight gradients are summed by one thread.
const GROUP: usize = 8;
/// The same where the sums of a group are large (numbers), so that a deep network does not fill the memory.
const LARGE: (usize, usize) = (1 << 20, 32);

/// Where the gradients of what went into a block are written.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// Of the input, `[N, H, W, C]`, if anybody asks.
    pub input: Option<&'a mut [f32]>,
    /// Of the convolution, `[C', C, 3, 3]`.
    pub weight: &'a mut [f32],
    /// Of its bias. Zeros with norm, which takes the mean away.
    pub bias: &'a mut [f32],
    /// Of the norm's scale and shift; empty without norm.
    pub norm: [&'a mut [f32]; 2],
}

/// Buffers of the way back, used again by every block of a network.
#[derive(Debug, Default)]
pub struct BackRoom {
    packed: Vec<f32>,
    weight_sums: Vec<f32>,
    channel_sums: Vec<f32>,
}

impl Block {
    /// The way back.
    ///
    /// # Shapes
    /// `x` `[N, H, W, C]`, `weight` `[C', C, 3, 3]`, `forward` what [`Block::forward`] gave, `gradient` of its `out`
    #[expect(clippy::too_many_arguments, reason = "all that the gradients of a block are made of")]
    pub fn backward(
        &self,
        set: InstructionSet,
        x: &[f32],
        weight: &[f32],
        norm: Option<Norm<'_>>,
        forward: &Forward,
        gradient: &[f32],
        room: &mut BackRoom,
        to: Gradients<'_>,
    ) {
        let (n, map, n_out) = (self.check(x), self.map(), self.n_out);
        assert_eq!(gradient.len(), n * map.n_values_out(), "one gradient an output");
        assert_eq!((weight.len(), to.weight.len(), to.bias.len()), (n_out * self.n_in * 9, weight.len(), n_out));
        let behind = norm.map(|norm| self.behind_norm(set, n, &norm, forward, gradient, room, to.norm));

        let back = Field { border: 2 - self.border, n_in: n_out, n_out: self.n_in, ..self.convolved_field() };
        if to.input.is_some() {
            let n_in = self.n_in;
            let turned = |i: usize, o: usize, tap: usize| weight[(o * n_in + i) * 9 + 8 - tap];
            pack(set, back, self.by_winograd(), &mut room.packed, turned);
        }
        let lanes = set.lanes();
        let n_sums =
            if self.by_winograd() { self.field().n_sums(lanes) } else { 9 * self.n_in * n_out.next_multiple_of(lanes) };
        let group = if n_sums >= LARGE.0 { LARGE.1 } else { GROUP };
        let n_groups = n.div_ceil(group).max(1);
        let (weight_sums, bias_sums) =
            (sized(&mut room.weight_sums, n_groups * n_sums), sized(&mut room.channel_sums, n_groups * n_out));
        weight_sums.fill(0.0);
        bias_sums.fill(0.0);
        let input = to.input.map(Parts::new);
        let (packed, behind) = (&room.packed[..], behind.as_ref());
        weight_sums.par_chunks_mut(n_sums).zip(bias_sums.par_chunks_mut(n_out)).enumerate().for_each(
            |(i, (weight_sums, bias_sums))| {
                let (first, last) = (i * group, ((i + 1) * group).min(n));
                let pictures = first..last;
                with_scratch(|scratch| {
                    let (block, input) = (*self, input.as_ref());
                    let kernel = Back {
                        block,
                        back,
                        pictures,
                        x,
                        packed,
                        behind,
                        forward,
                        gradient,
                        input,
                        weight_sums,
                        bias_sums,
                        scratch,
                    };
                    instruction_set::run(set, kernel);
                });
            },
        );
        for (c, bias) in to.bias.iter_mut().enumerate() {
            let sum: f64 = bias_sums.iter().skip(c).step_by(n_out).map(|v| f64::from(*v)).sum();
            *bias = if norm.is_some() { 0.0 } else { sum as f32 };
        }
        self.unpack(set, weight_sums, to.weight);
    }

    fn convolved_field(&self) -> Field {
        let [height, width, _] = self.shape_convolved();
        Field { height, width, ..self.field() }
    }

    fn unpack(&self, set: InstructionSet, sums: &[f32], weight: &mut [f32]) {
        let (field, by_winograd) = (self.field(), self.by_winograd());
        let per_channel = 9 * self.n_in;
        let n = if by_winograd { set.lanes() * per_channel } else { weight.len() };
        weight.par_chunks_mut(n).enumerate().for_each(|(i, weight)| {
            let first = i * n / per_channel;
            instruction_set::run(set, Unpack { field, by_winograd, sums, first, weight });
        });
    }

    /// What the gradient behind a norm needs, and the gradients of the norm itself.
    #[expect(clippy::too_many_arguments, reason = "all that the gradients of a norm are made of")]
    fn behind_norm(
        &self,
        set: InstructionSet,
        n: usize,
        norm: &Norm<'_>,
        forward: &Forward,
        gradient: &[f32],
        room: &mut BackRoom,
        to: [&mut [f32]; 2],
    ) -> BehindNorm {
        let (map, c) = (self.map(), self.n_out);
        let sums = sized(&mut room.channel_sums, n * 2 * c);
        sums.fill(0.0);
        sums.par_chunks_mut(2 * c).enumerate().for_each(|(picture, sums)| {
            instruction_set::run(set, NormSums { map, picture, forward, gradient, sums });
        });
        let total = |c_idx: usize| sums.iter().skip(c_idx).step_by(2 * c).map(|v| f64::from(*v)).sum::<f64>();
        let factor = factors(norm, &forward.variance);
        let mut behind = BehindNorm { constant: vec![0.0; c], slope: vec![0.0; c], factor };
        // With ŷ = (y − mean)/σ: ∂y = factor (g − Σg/M − ŷ Σ(g ŷ)/M).
        let count = (n * map.height * map.width) as f64;
        let [scale, shift] = to;
        for i in 0..c {
            let (sum, product, factor) = (total(i), total(c + i), f64::from(behind.factor[i]));
            let deviation_squared = f64::from(forward.variance[i] + norm.epsilon);
            behind.constant[i] = (factor * sum / count) as f32;
            behind.slope[i] = (factor * product / (count * deviation_squared)) as f32;
            scale[i] = (product / deviation_squared.sqrt()) as f32;
            shift[i] = sum as f32;
        }
        behind
    }
}

/// Rows of channels for the gradient behind a norm.
struct BehindNorm {
    factor: Vec<f32>,
    constant: Vec<f32>,
    slope: Vec<f32>,
}

impl Forward {
    /// What `out` was routed by, of a picture.
    fn routes_of(&self, map: Map, lanes: usize, picture: usize) -> &[u16] {
        let n = map.n_routes(lanes);
        &self.routes[picture * n..(picture + 1) * n]
    }
}

struct NormSums<'a> {
    map: Map,
    picture: usize,
    forward: &'a Forward,
    gradient: &'a [f32],
    /// Of the gradient, then of its products.
    sums: &'a mut [f32],
}

impl Kernel for NormSums<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let NormSums { map, picture, forward, gradient, sums } = self;
        let (sums, products) = sums.split_at_mut(map.n_channels);
        let y = &forward.convolved[picture * map.n_values()..];
        let gradient = &gradient[picture * map.n_values_out()..];
        let routed = (gradient, forward.routes_of(map, V::LANES, picture), forward.scale);
        // SAFETY: the caller has the instructions.
        unsafe { activation::add_gradient_sums::<V>(map, y, &forward.mean, routed, sums, products) };
    }
}

/// The gradients of a group of pictures.
struct Back<'a> {
    block: Block,
    /// The convolution that brings the gradient back to the input.
    back: Field,
    pictures: std::ops::Range<usize>,
    x: &'a [f32],
    packed: &'a [f32],
    behind: Option<&'a BehindNorm>,
    forward: &'a Forward,
    gradient: &'a [f32],
    input: Option<&'a Parts<'a, f32>>,
    weight_sums: &'a mut [f32],
    bias_sums: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl Kernel for Back<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Back {
            block,
            back,
            pictures,
            x,
            packed,
            behind,
            forward,
            gradient,
            input,
            weight_sums,
            bias_sums,
            scratch,
        } = self;
        let (map, n_x, n_y, n_out) =
            (block.map(), block.n_inputs(), block.map().n_values(), block.map().n_values_out());
        let Scratch { room, picture, convolved, .. } = scratch;
        let per_picture = block.field().tile_rows() * block.field().tile_columns();
        let at_once = if block.by_winograd() { (TILES_AT_ONCE / per_picture).max(1) } else { 1 };
        let no_bias = vec![0.0; block.n_in.next_multiple_of(V::LANES)];
        for first in pictures.clone().step_by(at_once) {
            let n = at_once.min(pictures.end - first);
            // A vector more than there is: the direct kernel reads whole vectors of channels.
            let after = sized(convolved, n * n_y + V::LANES);
            let x = &x[first * n_x..(first + n) * n_x];
            // SAFETY: the caller has the instructions; groups of pictures do not overlap.
            unsafe {
                for (i, after) in (first..first + n).zip(after.chunks_exact_mut(n_y)) {
                    let (gradient, routes) =
                        (&gradient[i * n_out..(i + 1) * n_out], forward.routes_of(map, V::LANES, i));
                    match behind {
                        None => {
                            activation::route_back::<V>(map, gradient, routes, forward.scale, after, bias_sums);
                        }
                        Some(behind) => {
                            let y = &forward.convolved[i * n_y..(i + 1) * n_y];
                            let rows = [&behind.factor[..], &forward.mean, &behind.constant, &behind.slope];
                            let routed = (gradient, routes, forward.scale);
                            activation::gradient_before::<V>(map, y, rows, routed, after);
                        }
                    }
                }
                let input = input.map(|input| input.part(first * n_x, n * n_x));
                if block.by_winograd() {
                    winograd::add_weight_gradient::<V>(block.field(), n, x, after, weight_sums, room);
                    if let Some(input) = input {
                        let tiles = Tiles { n_pictures: n, first_row: 0, n_rows: back.tile_rows() };
                        winograd::convolve::<V>(back, tiles, after, packed, &no_bias, input, room);
                    }
                } else {
                    let shape = [block.height, block.width, block.n_in];
                    let (height, width) = (block.height + 2 * block.border, block.width + 2 * block.border);
                    let g = Geometry { height, width, n_in: block.n_in, n_out: block.n_out };
                    let padded = sized(picture, g.n_inputs());
                    convolution::pad(x, shape, block.border, 0, padded);
                    let row = map.width * map.n_channels;
                    convolution::add_weight_gradient::<V>(g, padded, after, row, map.n_channels, weight_sums);
                    if let Some(input) = input {
                        let g = Geometry {
                            height: back.height + 2 * back.border,
                            width: back.width + 2 * back.border,
                            n_in: back.n_in,
                            n_out: back.n_out,
                        };
                        let padded = sized(picture, g.n_inputs());
                        convolution::pad(after, [back.height, back.width, back.n_in], back.border, 0, padded);
                        convolution::convolve::<V>(g, padded, packed, &no_bias, input);
                    }
                }
            }
        }
    }
}

/// Weight gradients of a vector of output channels, or of all where the convolution is direct.
pub(crate) struct Unpack<'a> {
    pub field: Field,
    pub by_winograd: bool,
    pub sums: &'a [f32],
    pub first: usize,
    pub weight: &'a mut [f32],
}

impl Kernel for Unpack<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Unpack { field, by_winograd, sums, first, weight } = self;
        if by_winograd {
            // SAFETY: the caller has the instructions.
            unsafe { winograd_weights::unpack_weight_gradient::<V>(field, sums, first, weight) };
        } else {
            convolution::unpack_weight_gradient::<V>(field.n_in, field.n_out, sums, weight);
        }
    }
}
