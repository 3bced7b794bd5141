//! Instance norm (Ulyanov et al. 2016): each channel of each picture to mean 0 and variance 1, then scaled, shifted
//! and, where asked for, through ReLU; and the way back.
//!
//! In: pictures channels last. Out: pictures, gradients. A thread takes a picture, which stays in its caches; sums over
//! pictures are taken in their order.

use rayon::prelude::*;

use crate::InstructionSet;
use crate::instruction_set::{self, Kernel};
use crate::vector::Vector;

/// Sizes of a norm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InstanceNorm {
    /// Pixels of a picture.
    pub n_pixels: usize,
    /// Channels.
    pub n_channels: usize,
    /// Added to the variance.
    pub epsilon: f32,
    /// Whether ReLU comes after.
    pub relu: bool,
}

impl InstanceNorm {
    fn n_values(&self) -> usize {
        self.n_pixels * self.n_channels
    }

    fn check(&self, lengths: &[usize], rows: &[usize]) -> usize {
        let n = lengths[0] / self.n_values();
        assert!(lengths.iter().all(|length| *length == n * self.n_values()), "whole pictures of one size");
        assert!(rows.iter().all(|length| *length == self.n_channels), "a number a channel");
        n
    }

    /// The norm; what the way back needs is kept in `moments`.
    ///
    /// # Shapes
    /// `x`, `out` `[N, H, W, C]`, `scale`, `shift` `[C]`, `moments` `[N, 2, C]`: means, and 1/√(variance + ε)
    pub fn forward(
        &self,
        set: InstructionSet,
        x: &[f32],
        [scale, shift]: [&[f32]; 2],
        out: &mut [f32],
        moments: &mut Vec<f32>,
    ) {
        let n = self.check(&[x.len(), out.len()], &[scale.len(), shift.len()]);
        moments.resize(n * 2 * self.n_channels, 0.0);
        let (norm, n_values) = (*self, self.n_values());
        let pictures = x.par_chunks(n_values).zip(out.par_chunks_mut(n_values));
        pictures.zip(moments.par_chunks_mut(2 * self.n_channels)).for_each(|((x, out), moments)| {
            instruction_set::run(set, Forward { norm, x, scale, shift, out, moments });
        });
    }

    /// The way back.
    ///
    /// # Shapes
    /// As [`InstanceNorm::forward`]; `gradient` of its `out`, `input` that of `x`; the last those of scale and shift
    #[expect(clippy::too_many_arguments, reason = "all that the gradients of a norm are made of")]
    pub fn backward(
        &self,
        set: InstructionSet,
        x: &[f32],
        [scale, shift]: [&[f32]; 2],
        moments: &[f32],
        gradient: &[f32],
        input: &mut [f32],
        to: [&mut [f32]; 2],
    ) {
        let c = self.n_channels;
        let rows = [scale.len(), shift.len(), to[0].len(), to[1].len()];
        let n = self.check(&[x.len(), gradient.len(), input.len()], &rows);
        assert_eq!(moments.len(), n * 2 * c, "moments of these pictures");
        let mut sums = vec![0.0; n * 2 * c];
        let (norm, n_values) = (*self, self.n_values());
        let pictures = x.par_chunks(n_values).zip(gradient.par_chunks(n_values)).zip(input.par_chunks_mut(n_values));
        let rows = moments.par_chunks(2 * c).zip(sums.par_chunks_mut(2 * c));
        pictures.zip(rows).for_each(|(((x, gradient), input), (moments, sums))| {
            instruction_set::run(set, Backward { norm, x, scale, shift, moments, gradient, input, sums });
        });
        for (row, to) in [1, 0].into_iter().zip(to) {
            to.fill(0.0);
            for sums in sums.chunks_exact(2 * c) {
                to.iter_mut().zip(&sums[row * c..]).for_each(|(to, sum)| *to += sum);
            }
        }
    }
}

/// Vectors of channels that are done side by side: a pixel's run in memory without too many registers.
const SIDE_BY_SIDE: usize = 4;

struct Forward<'a> {
    norm: InstanceNorm,
    x: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    out: &'a mut [f32],
    moments: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Forward { norm, x, scale, shift, out, moments } = self;
        let c = norm.n_channels;
        assert!(x.len() >= norm.n_values() && out.len() >= norm.n_values() && moments.len() >= 2 * c);
        assert!(scale.len() >= c && shift.len() >= c);
        let mut at = 0;
        while at < c {
            // SAFETY: channels from `at` on lie inside each pixel and row, whose lengths were checked.
            unsafe {
                let rows = [scale.as_ptr().add(at), shift.as_ptr().add(at)];
                let to = [out.as_mut_ptr().add(at), moments.as_mut_ptr().add(at)];
                let x = x.as_ptr().add(at);
                if c - at >= SIDE_BY_SIDE * V::LANES {
                    forward::<V, SIDE_BY_SIDE>(norm, V::LANES, x, rows, to);
                    at += SIDE_BY_SIDE * V::LANES;
                } else {
                    let n = (c - at).min(V::LANES);
                    forward::<V, 1>(norm, n, x, rows, to);
                    at += n;
                }
            }
        }
    }
}

/// NV vectors of channels, of which the last has `n` that count.
#[inline(always)]
unsafe fn load<V: Vector, const NV: usize>(from: *const f32, n: usize) -> [V; NV] {
    // SAFETY: the caller's pointer is good for these channels.
    unsafe {
        let mut values = [V::splat(0.0); NV];
        for (v, value) in values.iter_mut().enumerate() {
            let from = from.add(v * V::LANES);
            *value = if NV > 1 { V::load(from) } else { V::load_first(from, n) };
        }
        values
    }
}

#[inline(always)]
unsafe fn store<V: Vector, const NV: usize>(values: [V; NV], to: *mut f32, n: usize) {
    for (v, value) in values.into_iter().enumerate() {
        // SAFETY: the caller's pointer is good for these channels.
        unsafe {
            let to = to.add(v * V::LANES);
            if NV > 1 { value.store(to) } else { value.store_first(to, n) }
        }
    }
}

#[inline(always)]
unsafe fn forward<V: Vector, const NV: usize>(
    norm: InstanceNorm,
    n: usize,
    x: *const f32,
    [scale, shift]: [*const f32; 2],
    [out, moments]: [*mut f32; 2],
) {
    let (c, count) = (norm.n_channels, norm.n_pixels);
    // SAFETY: the caller's pointers are good for these channels of all pixels.
    unsafe {
        let mut mean = [V::splat(0.0); NV];
        let mut sums = [[V::splat(0.0); NV]; 2];
        for p in 0..count {
            let x = load::<V, NV>(x.add(p * c), n);
            for v in 0..NV {
                sums[p % 2][v] = sums[p % 2][v].add(x[v]);
            }
        }
        let part = V::splat(1.0 / count as f32);
        for v in 0..NV {
            mean[v] = sums[0][v].add(sums[1][v]).mul(part);
        }
        sums = [[V::splat(0.0); NV]; 2];
        for p in 0..count {
            let x = load::<V, NV>(x.add(p * c), n);
            for v in 0..NV {
                let away = x[v].sub(mean[v]);
                sums[p % 2][v] = away.mul_add(away, sums[p % 2][v]);
            }
        }
        let (scale, shift) = (load::<V, NV>(scale, n), load::<V, NV>(shift, n));
        let (mut inverse, mut factor) = (mean, mean);
        for v in 0..NV {
            let variance = sums[0][v].add(sums[1][v]).mul(part);
            inverse[v] = V::splat(1.0).div(variance.add(V::splat(norm.epsilon)).sqrt());
            factor[v] = inverse[v].mul(scale[v]);
        }
        let floor = V::splat(if norm.relu { 0.0 } else { f32::NEG_INFINITY });
        for p in 0..count {
            let mut x = load::<V, NV>(x.add(p * c), n);
            for v in 0..NV {
                x[v] = x[v].sub(mean[v]).mul_add(factor[v], shift[v]).max(floor);
            }
            store(x, out.add(p * c), n);
        }
        store(mean, moments, n);
        store(inverse, moments.add(c), n);
    }
}

struct Backward<'a> {
    norm: InstanceNorm,
    x: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    moments: &'a [f32],
    gradient: &'a [f32],
    input: &'a mut [f32],
    /// Of the gradient, then of its products with the normal numbers.
    sums: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Backward { norm, x, scale, shift, moments, gradient, input, sums } = self;
        let (c, n_values) = (norm.n_channels, norm.n_values());
        assert!([x.len(), gradient.len(), input.len()].iter().all(|length| *length >= n_values));
        assert!(scale.len() >= c && shift.len() >= c && moments.len() >= 2 * c && sums.len() >= 2 * c);
        let mut at = 0;
        while at < c {
            // SAFETY: channels from `at` on lie inside each pixel and row, whose lengths were checked.
            unsafe {
                let rows = [scale, shift, moments].map(|row| row.as_ptr().add(at));
                let from = [x.as_ptr().add(at), gradient.as_ptr().add(at)];
                let to = [input.as_mut_ptr().add(at), sums.as_mut_ptr().add(at)];
                if c - at >= 2 * V::LANES {
                    backward::<V, 2>(norm, V::LANES, from, rows, to);
                    at += 2 * V::LANES;
                } else {
                    let n = (c - at).min(V::LANES);
                    backward::<V, 1>(norm, n, from, rows, to);
                    at += n;
                }
            }
        }
    }
}

/// The slope where ReLU let through: by the same sum as on the way forward, so that it is above 0 for the same numbers.
#[inline(always)]
unsafe fn passed<V: Vector>(norm: InstanceNorm, away: V, factor: V, shift: V, slope: V) -> V {
    // SAFETY: the caller has the instructions.
    unsafe { if norm.relu { slope.keep(away.mul_add(factor, shift).positive_bits()) } else { slope } }
}

#[inline(always)]
unsafe fn backward<V: Vector, const NV: usize>(
    norm: InstanceNorm,
    n: usize,
    [x, gradient]: [*const f32; 2],
    [scale, shift, moments]: [*const f32; 3],
    [input, sums]: [*mut f32; 2],
) {
    let (c, count) = (norm.n_channels, norm.n_pixels);
    // SAFETY: the caller's pointers are good for these channels of all pixels.
    unsafe {
        let (mean, inverse) = (load::<V, NV>(moments, n), load::<V, NV>(moments.add(c), n));
        let (scale, shift) = (load::<V, NV>(scale, n), load::<V, NV>(shift, n));
        let mut factor = scale;
        for v in 0..NV {
            factor[v] = inverse[v].mul(scale[v]);
        }
        let (mut sum, mut product) = ([V::splat(0.0); NV], [V::splat(0.0); NV]);
        for p in 0..count {
            let (x, slope) = (load::<V, NV>(x.add(p * c), n), load::<V, NV>(gradient.add(p * c), n));
            for v in 0..NV {
                let away = x[v].sub(mean[v]);
                let slope = passed(norm, away, factor[v], shift[v], slope[v]);
                sum[v] = sum[v].add(slope);
                product[v] = away.mul_add(slope, product[v]);
            }
        }
        let part = V::splat(1.0 / count as f32);
        let (mut constant, mut bend) = (sum, product);
        for v in 0..NV {
            product[v] = product[v].mul(inverse[v]);
            constant[v] = sum[v].mul(part);
            bend[v] = product[v].mul(part).mul(inverse[v]);
        }
        for p in 0..count {
            let (mut x, slope) = (load::<V, NV>(x.add(p * c), n), load::<V, NV>(gradient.add(p * c), n));
            for v in 0..NV {
                let away = x[v].sub(mean[v]);
                let slope = passed(norm, away, factor[v], shift[v], slope[v]);
                x[v] = slope.sub(away.mul_add(bend[v], constant[v])).mul(factor[v]);
            }
            store(x, input.add(p * c), n);
        }
        store(sum, sums, n);
        store(product, sums.add(c), n);
    }
}
