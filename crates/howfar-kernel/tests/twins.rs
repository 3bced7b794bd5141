//! The kernels against loops that say what they compute, in every instruction set that this machine has.

use howfar_kernel::{Block, InstructionSet, Norm};
use proptest::prelude::*;

const EPSILON: f32 = 1e-5;

/// Numbers in −1..1 that a seed fixes.
fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// A block as plain loops over 64-bit numbers.
struct Twin {
    block: Block,
    n: usize,
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    norm: bool,
}

impl Twin {
    fn new(block: Block, n: usize, norm: bool, seed: u32) -> Self {
        Twin {
            block,
            n,
            x: numbers(n * block.n_inputs(), seed),
            weight: numbers(block.n_out * block.n_in * 9, seed + 1),
            bias: numbers(block.n_out, seed + 2),
            // Negative scales too: the maximum of a window is then the smallest value.
            scale: numbers(block.n_out, seed + 3).iter().map(|v| v + 0.3 * v.signum()).collect(),
            shift: numbers(block.n_out, seed + 4),
            norm,
        }
    }

    fn norm(&self) -> Option<Norm<'_>> {
        self.norm.then_some(Norm { scale: &self.scale, shift: &self.shift, epsilon: EPSILON })
    }

    /// Calls `f(index of y, index of the weight, index of x)` for every product of the convolution.
    fn each(&self, mut f: impl FnMut(usize, usize, usize)) {
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

    fn convolved(&self) -> Vec<f64> {
        let [height, width, n_out] = self.block.shape_convolved();
        let mut y: Vec<f64> = (0..self.n * height * width * n_out).map(|i| f64::from(self.bias[i % n_out])).collect();
        self.each(|at, w, x| y[at] += f64::from(self.weight[w]) * f64::from(self.x[x]));
        y
    }

    /// Mean and deviation of each channel; 0 and 1 without norm.
    fn moments(&self, y: &[f64]) -> Vec<(f64, f64)> {
        let channel = |c: usize| y.iter().skip(c).step_by(self.block.n_out);
        let of = |c: usize| {
            let count = channel(c).count() as f64;
            let mean = channel(c).sum::<f64>() / count;
            let variance = channel(c).map(|v| (v - mean).powi(2)).sum::<f64>() / count;
            (mean, (variance + f64::from(EPSILON)).sqrt())
        };
        (0..self.block.n_out).map(|c| if self.norm { of(c) } else { (0.0, 1.0) }).collect()
    }

    /// z of each value of y.
    fn activated(&self, y: &[f64]) -> Vec<f64> {
        let moments = self.moments(y);
        let z = |(i, v): (usize, &f64)| {
            let c = i % self.block.n_out;
            let normal = (v - moments[c].0) / moments[c].1;
            if self.norm { normal * f64::from(self.scale[c]) + f64::from(self.shift[c]) } else { normal }
        };
        y.iter().enumerate().map(z).collect()
    }

    /// For every output the values of y that it is the maximum of.
    fn windows(&self) -> Vec<Vec<usize>> {
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

    fn out(&self) -> Vec<f64> {
        let z = self.activated(&self.convolved());
        self.windows().iter().map(|window| window.iter().fold(0.0, |top, i| z[*i].max(top))).collect()
    }

    /// Outputs whose way back hangs on less than what rounding moves.
    fn near_a_tie(&self) -> Vec<bool> {
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
    fn gradients(&self, gradient: &[f32]) -> [Vec<f64>; 5] {
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

/// Largest difference over the largest number.
fn difference(ours: &[f32], twin: &[f64]) -> f64 {
    assert_eq!(ours.len(), twin.len());
    let top = twin.iter().fold(1e-3f64, |top, v| top.max(v.abs()));
    ours.iter().zip(twin).fold(0.0f64, |worst, (a, b)| worst.max((f64::from(*a) - b).abs())) / top
}

fn check(block: Block, n: usize, norm: bool, seed: u32) -> Result<(), TestCaseError> {
    let twin = Twin::new(block, n, norm, seed);
    let mut gradient = numbers(twin.windows().len(), seed + 5);
    gradient.iter_mut().zip(twin.near_a_tie()).filter(|(_, near)| *near).for_each(|(g, _)| *g = 0.0);
    let (out, expected) = (twin.out(), twin.gradients(&gradient));
    for set in InstructionSet::available() {
        let (x, weight, bias) = (&twin.x, &twin.weight, &twin.bias);
        let forward = block.forward(set, x, weight, bias, twin.norm());
        prop_assert!(difference(&forward.out, &out) < 2e-5, "{} out {}", set.name(), difference(&forward.out, &out));
        if !norm {
            let inferred = block.infer(set, x, weight, bias);
            prop_assert_eq!(&inferred, &forward.out, "{} infers otherwise than it trains", set.name());
        }
        let moments = [&forward.mean[..], &forward.variance];
        let back = |wants_input| {
            block.backward(set, x, weight, twin.norm(), &forward.convolved, moments, &gradient, wants_input)
        };
        let gradients = back(true);
        let ours = [&gradients.input, &gradients.weight, &gradients.bias, &gradients.scale, &gradients.shift];
        for (name, (ours, twin)) in ["input", "weight", "bias", "scale", "shift"].iter().zip(ours.iter().zip(&expected))
        {
            let difference = difference(ours, twin);
            prop_assert!(difference < 1e-4, "{} gradient of the {name}: {difference}", set.name());
        }
        let without = back(false);
        prop_assert!(without.input.is_empty());
        prop_assert_eq!(without.weight, gradients.weight);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_instruction_set_computes_what_the_loops_do(
        (height, width) in (3usize..14, 3usize..20),
        (n_in, n_out) in (1usize..20, 1usize..70),
        n in 1usize..4,
        (same, pool, norm) in (any::<bool>(), any::<bool>(), any::<bool>()),
        seed in 0u32..1000,
    ) {
        check(Block { height, width, n_in, n_out, border: usize::from(same), pool }, n, norm, seed)?;
    }
}

#[test]
fn the_blocks_of_the_compact_network_are_right() {
    for (side, n_in, n_out) in [(16, 1, 12), (12, 12, 24), (16, 24, 32), (8, 32, 32)] {
        let block = Block { height: side, width: side, n_in, n_out, border: 1, pool: true };
        check(block, 3, true, 7).unwrap();
    }
}

#[test]
fn gradients_are_the_slopes_of_the_output() {
    let block = Block { height: 6, width: 7, n_in: 3, n_out: 5, border: 1, pool: true };
    let mut twin = Twin::new(block, 2, true, 3);
    let set = InstructionSet::best();
    let gradient = numbers(twin.windows().len(), 9);
    let forward = block.forward(set, &twin.x, &twin.weight, &twin.bias, twin.norm());
    let moments = [&forward.mean[..], &forward.variance];
    let ours = block.backward(set, &twin.x, &twin.weight, twin.norm(), &forward.convolved, moments, &gradient, true);
    let value = |twin: &Twin| -> f64 { twin.out().iter().zip(&gradient).map(|(o, g)| o * f64::from(*g)).sum() };
    let mut slopes = |at: fn(&mut Twin) -> &mut Vec<f32>, index: usize| {
        let (step, here) = (1e-3, at(&mut twin)[index]);
        at(&mut twin)[index] = here + step;
        let above = value(&twin);
        at(&mut twin)[index] = here - step;
        let below = value(&twin);
        at(&mut twin)[index] = here;
        (above - below) / f64::from(2.0 * step)
    };
    for index in [0, 11, 40] {
        let cases = [
            (slopes(|t| &mut t.x, index), ours.input[index]),
            (slopes(|t| &mut t.weight, index), ours.weight[index]),
            (slopes(|t| &mut t.scale, index % 5), ours.scale[index % 5]),
            (slopes(|t| &mut t.shift, index % 5), ours.shift[index % 5]),
        ];
        for (i, (slope, gradient)) in cases.into_iter().enumerate() {
            // A step of 1e-3 in 32-bit numbers is itself right to 1e-4 only.
            assert!(
                (slope - f64::from(gradient)).abs() < 5e-3 * slope.abs().max(1.0),
                "{i} {index}: {slope} {gradient}"
            );
        }
    }
}
