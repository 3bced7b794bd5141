//! Pixels of a row through a direct convolution: a tile of pixels × vectors of channels stays in registers over all
//! taps. Where there are fewer channels than half a vector, a vector holds channels of the source instead and is summed
//! at the end.

use crate::product::{each_tile, sum_products};
use crate::vector::Vector;

/// Pixels of one row.
pub(crate) struct Line<'a> {
    pub n: usize,
    /// What the first pixel sees first.
    pub source: &'a [f32],
    /// Numbers from one row of taps to the next.
    pub tap_row: usize,
    /// Numbers from what one pixel sees to the next.
    pub step: usize,
    /// Rows of taps.
    pub n_rows: usize,
    /// Taps of a row times channels.
    pub run: usize,
    /// What the sums begin with: whole vectors of channels.
    pub bias: &'a [f32],
    pub out_step: usize,
    /// Channels that are written.
    pub n_left: usize,
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

    /// Whole vectors of channels out.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; `out` is good for n pixels.
    #[inline(always)]
    pub unsafe fn many<V: Vector, const NV: usize>(&self, weights: &[f32], out: *mut f32) {
        assert!(self.source.len() >= self.reach() && weights.len() >= self.n_rows * self.run * NV * V::LANES);
        assert!(self.bias.len() >= NV * V::LANES);
        each_tile!(V, NV, self.n, pixel, M => {
            // SAFETY: tiles take pixels before n only; the lengths were checked above, the caller's `out` is good for n
            // pixels.
            unsafe {
                let mut sums = [[V::splat(0.0); NV]; M];
                for v in 0..NV {
                    let bias = V::load(self.bias.as_ptr().add(v * V::LANES));
                    for sum in &mut sums {
                        sum[v] = bias;
                    }
                }
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
    ///
    /// # Safety
    /// As [`Line::many`].
    #[inline(always)]
    pub unsafe fn few<V: Vector, const N: usize>(&self, weights: &[f32], out: *mut f32) {
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
                    *out.add(m * self.out_step + o) = lanes[..V::LANES].iter().sum::<f32>() + self.bias[o];
                }
            }
        }
    }
}
