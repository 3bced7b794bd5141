//! The way back of a block: gradients of its input, weights, bias and norm.
//!
//! A picture stays in the cache from the gradient of its activation to those of its input and of the weights. Sums over
//! pictures are taken within fixed groups of pictures, then over the groups in their order.

use rayon::prelude::*;

use super::activation::{self, Map};
use super::convolution::{self, Convolution};
use super::shape::{Block, Forward, Norm};
use crate::InstructionSet;
use crate::direct::Axis;
use crate::instruction_set::{self, Kernel};
use crate::parts::Parts;
use crate::pieces::Place;
use crate::scratch::{Scratch, sized, with_scratch};
use crate::vector::Vector;
use crate::winograd::TILES_AT_ONCE;

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

        if to.input.is_some() {
            let n_in = self.n_in;
            let turned = |i: usize, o: usize, tap: usize| weight[(o * n_in + i) * 9 + 8 - tap];
            convolution::pack(set, self.back_field(), &mut room.packed, turned);
        }
        let n_sums = convolution::n_sums(self.field(), set.lanes());
        let group = if n_sums >= LARGE.0 { LARGE.1 } else { GROUP };
        let n_groups = n.div_ceil(group).max(1);
        let (weight_sums, bias_sums) =
            (sized(&mut room.weight_sums, n_groups * n_sums), sized(&mut room.channel_sums, n_groups * n_out));
        weight_sums.fill(0.0);
        bias_sums.fill(0.0);
        let axes = [self.border, 2 - self.border].map(|border| Axis::whole(3, 1, border));
        let (field, axis, bias) = (self.back_field(), &axes[1], vec![0.0; self.n_in.next_multiple_of(set.lanes())]);
        let group_of = Group {
            block: *self,
            axis: &axes[0],
            back: Convolution { field, axis, packed: &room.packed, bias: &bias },
            x,
            behind: behind.as_ref(),
            forward,
            gradient,
            input: to.input.map(Parts::new),
        };
        weight_sums.par_chunks_mut(n_sums).zip(bias_sums.par_chunks_mut(n_out)).enumerate().for_each(
            |(i, (weight_sums, bias_sums))| {
                let pictures = i * group..((i + 1) * group).min(n);
                with_scratch(|scratch| {
                    instruction_set::run(set, Back { group: &group_of, pictures, weight_sums, bias_sums, scratch });
                });
            },
        );
        for (c, bias) in to.bias.iter_mut().enumerate() {
            let sum: f64 = bias_sums.iter().skip(c).step_by(n_out).map(|v| f64::from(*v)).sum();
            *bias = if norm.is_some() { 0.0 } else { sum as f32 };
        }
        convolution::unpack_weight_gradient(set, self.field(), weight_sums, to.weight);
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
        let factor = norm.factors(&forward.variance);
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

/// What the gradients of every group of pictures are made of.
struct Group<'a> {
    block: Block,
    /// Rows and columns of its convolution.
    axis: &'a Axis,
    /// The convolution that brings the gradient back to the input.
    back: Convolution<'a>,
    x: &'a [f32],
    behind: Option<&'a BehindNorm>,
    forward: &'a Forward,
    gradient: &'a [f32],
    input: Option<Parts<'a, f32>>,
}

impl Group<'_> {
    /// The gradient after the convolution of a picture; adds its sums over pixels to `bias_sums` where no norm stands
    /// between.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`.
    #[inline(always)]
    unsafe fn before_activation<V: Vector>(&self, picture: usize, to: &mut [f32], bias_sums: &mut [f32]) {
        let (map, forward) = (self.block.map(), self.forward);
        let (n_y, n_out) = (map.n_values(), map.n_values_out());
        let gradient = &self.gradient[picture * n_out..(picture + 1) * n_out];
        let routes = forward.routes_of(map, V::LANES, picture);
        // SAFETY: the caller has the instructions.
        unsafe {
            let Some(behind) = self.behind else {
                return activation::route_back::<V>(map, gradient, routes, forward.scale, to, bias_sums);
            };
            let y = &forward.convolved[picture * n_y..(picture + 1) * n_y];
            let rows = [&behind.factor[..], &forward.mean, &behind.constant, &behind.slope];
            activation::gradient_before::<V>(map, y, rows, (gradient, routes, forward.scale), to);
        }
    }
}

/// The gradients of a group of pictures.
struct Back<'a> {
    group: &'a Group<'a>,
    pictures: std::ops::Range<usize>,
    weight_sums: &'a mut [f32],
    bias_sums: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl Kernel for Back<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Back { group, pictures, weight_sums, bias_sums, scratch } = self;
        let (field, n_x, n_y) = (group.block.field(), group.block.n_inputs(), group.block.map().n_values());
        let Scratch { tiles, picture, convolved, .. } = scratch;
        let per_picture = field.tile_rows() * field.tile_columns();
        let at_once = if field.pays() { (TILES_AT_ONCE / per_picture).max(1) } else { 1 };
        for first in pictures.clone().step_by(at_once) {
            let n = at_once.min(pictures.end - first);
            // A vector more than there is: the direct kernel reads whole vectors of channels.
            let after = sized(convolved, n * n_y + V::LANES);
            let x = &group.x[first * n_x..(first + n) * n_x];
            // SAFETY: the caller has the instructions; groups of pictures do not overlap.
            unsafe {
                for (i, after) in (first..first + n).zip(after.chunks_exact_mut(n_y)) {
                    group.before_activation::<V>(i, after, bias_sums);
                }
                let axis = group.axis;
                convolution::add_weight_gradient::<V>(field, axis, n, [x, after], weight_sums, tiles, picture);
                if let Some(input) = &group.input {
                    let place = Place { picture: 0, n_pictures: n, row: 0, n_rows: group.block.height };
                    let input = input.part(first * n_x, n * n_x);
                    group.back.run::<V>(place, after, input, tiles, picture);
                }
            }
        }
    }
}
