//! A block as plain loops.

use howfar_kernel::{Block, Norm};

use crate::numbers::numbers;

const EPSILON: f32 = 1e-5;

/// A block as plain loops over 64-bit numbers.
pub struct Reference {
    pub block: Block,
    pub n: usize,
    pub x: Vec<f32>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
    pub norm: bool,
    /// Of the norm.
    pub epsilon: f32,
}

impl Reference {
    pub fn new(block: Block, n: usize, norm: bool, seed: u32) -> Self {
        Reference {
            block,
            n,
            x: numbers(n * block.n_inputs(), seed),
            weight: numbers(block.n_out * block.n_in * 9, seed + 1),
            bias: numbers(block.n_out, seed + 2),
            // Negative scales too: the maximum of a window is then the smallest value.
            scale: numbers(block.n_out, seed + 3).iter().map(|v| v + 0.3 * v.signum()).collect(),
            shift: numbers(block.n_out, seed + 4),
            norm,
            epsilon: EPSILON,
        }
    }

    pub fn norm(&self) -> Option<Norm<'_>> {
        self.norm.then_some(Norm { scale: &self.scale, shift: &self.shift, epsilon: self.epsilon })
    }

    /// Calls `f(index of y, index of the weight, index of x)` for every product of the convolution.
    pub fn each(&self, mut f: impl FnMut(usize, usize, usize)) {
        let b = &self.block;
        let [height, width, _] = b.shape_convolved();
        for index in 0..self.n * height * width * b.n_out * b.n_in * 9 {
            let (tap, rest) = (index % 9, index / 9);
            let (i, rest) = (rest % b.n_in, rest / b.n_in);
            let (o, pixel) = (rest % b.n_out, rest / b.n_out);
            let (column, row, picture) = (pixel % width, pixel / width % height, pixel / width / height);
            let (Some(y), Some(x)) = ((row + tap / 3).checked_sub(b.border), (column + tap % 3).checked_sub(b.border))
            else {
                continue;
            };
            if y < b.height && x < b.width {
                f(
                    index / 9 / b.n_in,
                    (o * b.n_in + i) * 9 + tap,
                    ((picture * b.height + y) * b.width + x) * b.n_in + i,
                );
            }
        }
    }

    pub fn convolved(&self) -> Vec<f64> {
        let [height, width, n_out] = self.block.shape_convolved();
        let mut y: Vec<f64> = (0..self.n * height * width * n_out).map(|i| f64::from(self.bias[i % n_out])).collect();
        self.each(|at, w, x| y[at] += f64::from(self.weight[w]) * f64::from(self.x[x]));
        y
    }

    /// Mean and deviation of each channel; 0 and 1 without norm.
    pub fn moments(&self, y: &[f64]) -> Vec<(f64, f64)> {
        let channel = |c: usize| y.iter().skip(c).step_by(self.block.n_out);
        let of = |c: usize| {
            let count = channel(c).count() as f64;
            let mean = channel(c).sum::<f64>() / count;
            let variance = channel(c).map(|v| (v - mean).powi(2)).sum::<f64>() / count;
            (mean, (variance + f64::from(self.epsilon)).sqrt())
        };
        (0..self.block.n_out).map(|c| if self.norm { of(c) } else { (0.0, 1.0) }).collect()
    }

    /// z of each value of y.
    pub fn activated(&self, y: &[f64]) -> Vec<f64> {
        let moments = self.moments(y);
        let z = |(i, v): (usize, &f64)| {
            let c = i % self.block.n_out;
            let normal = (v - moments[c].0) / moments[c].1;
            if self.norm { normal * f64::from(self.scale[c]) + f64::from(self.shift[c]) } else { normal }
        };
        y.iter().enumerate().map(z).collect()
    }

    /// For every output the values of y that it is the maximum of.
    pub fn windows(&self) -> Vec<Vec<usize>> {
        let [height, width, n_out] = self.block.shape_convolved();
        let [height_out, width_out, _] = self.block.shape_out();
        let side = if self.block.pool { 2 } else { 1 };
        let window = |at: usize| {
            let (c, pixel) = (at % n_out, at / n_out);
            let (column, row, picture) =
                (pixel % width_out, pixel / width_out % height_out, pixel / width_out / height_out);
            let place = |i: usize| {
                let (y, x) = (side * row + i / side, side * column + i % side);
                ((picture * height + y) * width + x) * n_out + c
            };
            (0..side * side).map(place).collect()
        };
        (0..self.n * height_out * width_out * n_out).map(window).collect()
    }

    pub fn out(&self) -> Vec<f64> {
        let z = self.activated(&self.convolved());
        self.windows().iter().map(|window| window.iter().fold(0.0, |top, i| z[*i].max(top))).collect()
    }

    /// Outputs whose way back hangs on less than what rounding moves.
    pub fn near_a_tie(&self) -> Vec<bool> {
        let z = self.activated(&self.convolved());
        let near = |window: &Vec<usize>| {
            let mut values: Vec<f64> = window.iter().map(|i| z[*i]).collect();
            values.push(0.0);
            values.sort_by(f64::total_cmp);
            let [.., second, top] = values[..] else { return false };
            top - second < 1e-4
        };
        self.windows().iter().map(near).collect()
    }

    /// Gradients of input, weight, bias, scale, shift.
    pub fn gradients(&self, gradient: &[f32]) -> [Vec<f64>; 5] {
        let (y, n_out) = (self.convolved(), self.block.n_out);
        let (z, moments) = (self.activated(&y), self.moments(&y));
        let mut at_z = vec![0.0; y.len()];
        for (window, g) in self.windows().iter().zip(gradient) {
            let top = window.iter().fold(0.0, |top: f64, i| z[*i].max(top));
            if top > 0.0 {
                let first = window.iter().find(|i| z[**i] == top).expect("the maximum is one of them");
                at_z[*first] += f64::from(*g);
            }
        }
        let normal = |i: usize| (y[i] - moments[i % n_out].0) / moments[i % n_out].1;
        let (mut scale, mut shift) = (vec![0.0; n_out], vec![0.0; n_out]);
        for (i, g) in at_z.iter().enumerate() {
            scale[i % n_out] += g * normal(i);
            shift[i % n_out] += g;
        }
        let count = (y.len() / n_out) as f64;
        let at_y = |(i, g): (usize, &f64)| {
            let c = i % n_out;
            if !self.norm {
                return *g;
            }
            f64::from(self.scale[c]) / moments[c].1 * (g - shift[c] / count - normal(i) * scale[c] / count)
        };
        let at_y: Vec<f64> = at_z.iter().enumerate().map(at_y).collect();
        let (mut input, mut weight, mut bias) =
            (vec![0.0; self.x.len()], vec![0.0; self.weight.len()], vec![0.0; n_out]);
        at_y.iter().enumerate().for_each(|(i, g)| bias[i % n_out] += g);
        self.each(|at, w, x| {
            input[x] += at_y[at] * f64::from(self.weight[w]);
            weight[w] += at_y[at] * f64::from(self.x[x]);
        });
        if !self.norm {
            return [input, weight, bias, Vec::new(), Vec::new()];
        }
        [input, weight, vec![0.0; n_out], scale, shift]
    }
}
