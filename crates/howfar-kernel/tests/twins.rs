//! The kernels against loops that say what they compute, in every instruction set that this machine has.

use howfar_kernel::{AdamStep, BackRoom, Block, Dense, DenseRoom, Dropout, Forward, Gradients, InstructionSet, Norm};
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

/// What the kernels make of a twin's numbers.
struct Ours {
    forward: Forward,
    input: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    norm: [Vec<f32>; 2],
}

impl Ours {
    fn forward(twin: &Twin, set: InstructionSet, dropout: Option<Dropout>) -> Forward {
        let (mut packed, mut forward) = (Vec::new(), Forward::default());
        twin.block.pack(set, &twin.weight, &mut packed);
        twin.block.forward(set, &twin.x, &packed, &twin.bias, twin.norm(), dropout, &mut forward);
        forward
    }

    fn new(twin: &Twin, set: InstructionSet, dropout: Option<Dropout>, gradient: &[f32], wants_input: bool) -> Self {
        let n_norm = if twin.norm { twin.block.n_out } else { 0 };
        let mut ours = Ours {
            forward: Self::forward(twin, set, dropout),
            // What was there must not matter.
            input: vec![7.0; if wants_input { twin.x.len() } else { 0 }],
            weight: vec![7.0; twin.weight.len()],
            bias: vec![7.0; twin.bias.len()],
            norm: [vec![7.0; n_norm], vec![7.0; n_norm]],
        };
        let [scale, shift] = &mut ours.norm;
        let to = Gradients {
            input: wants_input.then_some(&mut ours.input[..]),
            weight: &mut ours.weight,
            bias: &mut ours.bias,
            norm: [scale, shift],
        };
        let (x, weight, room) = (&twin.x, &twin.weight, &mut BackRoom::default());
        twin.block.backward(set, x, weight, twin.norm(), &ours.forward, gradient, room, to);
        ours
    }

    fn gradients(&self) -> [&Vec<f32>; 5] {
        [&self.input, &self.weight, &self.bias, &self.norm[0], &self.norm[1]]
    }
}

fn check(block: Block, n: usize, norm: bool, seed: u32) -> Result<(), TestCaseError> {
    let twin = Twin::new(block, n, norm, seed);
    let mut gradient = numbers(twin.windows().len(), seed + 5);
    gradient.iter_mut().zip(twin.near_a_tie()).filter(|(_, near)| *near).for_each(|(g, _)| *g = 0.0);
    let (out, expected) = (twin.out(), twin.gradients(&gradient));
    for set in InstructionSet::available() {
        let ours = Ours::new(&twin, set, None, &gradient, true);
        let off = difference(&ours.forward.out, &out);
        prop_assert!(off < 2e-5, "{} out {off}", set.name());
        if !norm {
            let (mut packed, mut inferred) = (Vec::new(), vec![7.0; out.len()]);
            block.pack(set, &twin.weight, &mut packed);
            block.infer(set, &twin.x, &packed, &twin.bias, &mut inferred);
            prop_assert_eq!(&inferred, &ours.forward.out, "{} infers otherwise than it trains", set.name());
        }
        for (name, (ours, twin)) in
            ["input", "weight", "bias", "scale", "shift"].iter().zip(ours.gradients().into_iter().zip(&expected))
        {
            let difference = difference(ours, twin);
            prop_assert!(difference < 1e-4, "{} gradient of the {name}: {difference}", set.name());
        }
        prop_assert_eq!(Ours::new(&twin, set, None, &gradient, false).weight, ours.weight);
        check_dropout(&twin, set, &gradient)?;
        check_threads(&twin, set, &gradient)?;
    }
    Ok(())
}

/// With dropout: outputs times its factors, and the gradients of a gradient times its factors.
fn check_dropout(twin: &Twin, set: InstructionSet, gradient: &[f32]) -> Result<(), TestCaseError> {
    let dropout = Dropout { share: 0.5, key: 77 };
    let factors = dropout.factors(gradient.len());
    let times = |values: &[f32]| -> Vec<f32> { values.iter().zip(&factors).map(|(v, f)| v * f).collect() };
    let (dropped, whole) =
        (Ours::new(twin, set, Some(dropout), gradient, true), Ours::new(twin, set, None, &times(gradient), true));
    prop_assert_eq!(&dropped.forward.out, &times(&whole.forward.out), "{}", set.name());
    prop_assert_eq!(dropped.gradients(), whole.gradients(), "{}", set.name());
    Ok(())
}

/// The same bits from one thread and from three.
fn check_threads(twin: &Twin, set: InstructionSet, gradient: &[f32]) -> Result<(), TestCaseError> {
    let [one, three] = [1, 3].map(|n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads can be started");
        pool.install(|| Ours::new(twin, set, Some(Dropout { share: 0.25, key: 5 }), gradient, true))
    });
    prop_assert_eq!(&one.forward, &three.forward, "{}", set.name());
    prop_assert_eq!(one.gradients(), three.gradients(), "{}", set.name());
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
fn wide_blocks_and_large_batches_are_right() {
    for (n, side, n_in, n_out, border) in
        [(65, 5, 17, 16, 1), (2, 9, 300, 33, 1), (1, 12, 64, 300, 0), (9, 14, 16, 48, 0), (3, 4, 130, 129, 1)]
    {
        for pool in [false, true] {
            let block = Block { height: side, width: side + 1, n_in, n_out, border, pool };
            check(block, n, false, 11).unwrap();
        }
    }
}

#[test]
fn gradients_are_the_slopes_of_the_output() {
    let block = Block { height: 6, width: 7, n_in: 3, n_out: 5, border: 1, pool: true };
    let mut twin = Twin::new(block, 2, true, 3);
    let set = InstructionSet::best();
    let gradient = numbers(twin.windows().len(), 9);
    let ours = Ours::new(&twin, set, None, &gradient, true);
    let [scale, shift] = &ours.norm;
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
            (slopes(|t| &mut t.scale, index % 5), scale[index % 5]),
            (slopes(|t| &mut t.shift, index % 5), shift[index % 5]),
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

/// A dense layer as plain loops over 64-bit numbers: out, and gradients of input, weight, bias.
fn dense_twin(dense: Dense, x: &[f32], weight: &[f32], bias: &[f32], gradient: &[f32]) -> [Vec<f64>; 4] {
    let (n_in, n_out, n) = (dense.n_in(), dense.n_out, gradient.len() / dense.n_out);
    let mut out: Vec<f64> = (0..n * n_out).map(|i| f64::from(bias[i % n_out])).collect();
    let (mut input, mut of_weight, mut of_bias) = (vec![0.0; x.len()], vec![0.0; weight.len()], vec![0.0; n_out]);
    for (row, o) in (0..n).flat_map(|row| (0..n_out).map(move |o| (row, o))) {
        let slope = f64::from(gradient[row * n_out + o]);
        of_bias[o] += slope;
        for k in 0..n_in {
            let at = row * n_in + k % dense.n_pixels * dense.n_channels + k / dense.n_pixels;
            out[row * n_out + o] += f64::from(weight[o * n_in + k]) * f64::from(x[at]);
            input[at] += slope * f64::from(weight[o * n_in + k]);
            of_weight[o * n_in + k] += slope * f64::from(x[at]);
        }
    }
    [out, input, of_weight, of_bias]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn dense_layers_are_what_the_loops_are(
        (n_pixels, n_channels, n_out) in (1usize..9, 1usize..150, 1usize..120),
        n in 1usize..40,
        seed in 0u32..1000,
    ) {
        let dense = Dense { n_pixels, n_channels, n_out };
        let (x, weight) = (numbers(n * dense.n_in(), seed), numbers(n_out * dense.n_in(), seed + 1));
        let (bias, gradient) = (numbers(n_out, seed + 2), numbers(n * n_out, seed + 3));
        let twin = dense_twin(dense, &x, &weight, &bias, &gradient);
        for set in InstructionSet::available() {
            let room = &mut DenseRoom::default();
            let (mut out, mut input) = (vec![7.0; n * n_out], vec![7.0; x.len()]);
            let (mut of_weight, mut of_bias) = (vec![7.0; weight.len()], vec![7.0; n_out]);
            dense.forward(set, &x, &weight, &bias, &mut out, room);
            dense.backward(set, &x, &weight, &gradient, &mut input, [&mut of_weight, &mut of_bias], room);
            for (i, (ours, twin)) in [&out, &input, &of_weight, &of_bias].into_iter().zip(&twin).enumerate() {
                prop_assert!(difference(ours, twin) < 1e-5, "{} {i}: {}", set.name(), difference(ours, twin));
            }
            // A row does not depend on its neighbours.
            let mut alone = vec![0.0; n_out];
            dense.forward(set, &x[..dense.n_in()], &weight, &bias, &mut alone, room);
            prop_assert_eq!(&alone, &out[..n_out]);
        }
    }

    #[test]
    fn a_step_of_adam_is_what_the_formula_says(n in 1usize..200, seed in 0u32..1000) {
        let gradient = numbers(n, seed);
        let start = [numbers(n, seed + 1), numbers(n, seed + 2), numbers(n, seed + 3).iter().map(|v| v.abs()).collect()];
        let step = AdamStep { keep: 0.99, rate: 0.3, root_of_correction: 0.6 };
        for set in InstructionSet::available() {
            let [mut values, mut first, mut second] = start.clone();
            step.apply(set, &mut values, &gradient, &mut first, &mut second);
            for i in 0..n {
                let [w, m, v, g] = [start[0][i], start[1][i], start[2][i], gradient[i]].map(f64::from);
                let (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g);
                let w = 0.99 * w - 0.3 * m / (v.sqrt() / 0.6 + 1e-8);
                for (ours, twin) in [(values[i], w), (first[i], m), (second[i], v)] {
                    prop_assert!((f64::from(ours) - twin).abs() < 2e-6 * twin.abs().max(1.0), "{ours} {twin}");
                }
            }
        }
    }
}
