//! The kernels of blocks against loops that say what they compute, in every instruction set that this machine has.

mod block;
mod difference;
#[cfg(target_os = "linux")]
mod fence;
mod numbers;

use block::Reference;
use difference::difference;
use howfar_kernel::{BackRoom, Block, Dropout, Forward, Gradients, InstructionSet};
use numbers::numbers;
use proptest::prelude::*;

/// What the kernels make of a reference's numbers.
struct Ours {
    forward: Forward,
    input: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    norm: [Vec<f32>; 2],
}

impl Ours {
    fn forward(reference: &Reference, set: InstructionSet, dropout: Option<Dropout>) -> Forward {
        let (mut packed, mut forward) = (Vec::new(), Forward::default());
        reference.block.pack(set, &reference.weight, &mut packed);
        reference.block.forward(set, &reference.x, &packed, &reference.bias, reference.norm(), dropout, &mut forward);
        forward
    }

    fn new(
        reference: &Reference,
        set: InstructionSet,
        dropout: Option<Dropout>,
        gradient: &[f32],
        wants_input: bool,
    ) -> Self {
        let n_norm = if reference.norm { reference.block.n_out } else { 0 };
        let mut ours = Ours {
            forward: Self::forward(reference, set, dropout),
            // What was there must not matter.
            input: vec![7.0; if wants_input { reference.x.len() } else { 0 }],
            weight: vec![7.0; reference.weight.len()],
            bias: vec![7.0; reference.bias.len()],
            norm: [vec![7.0; n_norm], vec![7.0; n_norm]],
        };
        let [scale, shift] = &mut ours.norm;
        let to = Gradients {
            input: wants_input.then_some(&mut ours.input[..]),
            weight: &mut ours.weight,
            bias: &mut ours.bias,
            norm: [scale, shift],
        };
        let (x, weight, room) = (&reference.x, &reference.weight, &mut BackRoom::default());
        reference.block.backward(set, x, weight, reference.norm(), &ours.forward, gradient, room, to);
        ours
    }

    fn gradients(&self) -> [&Vec<f32>; 5] {
        [&self.input, &self.weight, &self.bias, &self.norm[0], &self.norm[1]]
    }
}

/// The deviation of a few values can be next to nothing, and the rounding of what is normalised is divided by it: with
/// so few, the norm gets an ε that keeps the division tame. One value alone is its mean, and nothing is left to divide.
const FEW: std::ops::Range<usize> = 2..16;
/// That ε as a share of the mean square of what is normalised: both it and its rounding grow with the products that are
/// summed, of which a wide block has thousands.
const TAME_SHARE: f64 = 0.1;

fn check(block: Block, n: usize, norm: bool, seed: u32) -> Result<(), TestCaseError> {
    let mut reference = Reference::new(block, n, norm, seed);
    let [height, width, _] = block.shape_convolved();
    if FEW.contains(&(n * height * width)) {
        let sums = reference.convolved();
        reference.epsilon = (TAME_SHARE * sums.iter().map(|sum| sum * sum).sum::<f64>() / sums.len() as f64) as f32;
    }
    let mut gradient = numbers(reference.windows().len(), seed + 5);
    gradient.iter_mut().zip(reference.near_a_tie()).filter(|(_, near)| *near).for_each(|(g, _)| *g = 0.0);
    let (out, expected) = (reference.out(), reference.gradients(&gradient));
    for set in InstructionSet::available() {
        let ours = Ours::new(&reference, set, None, &gradient, true);
        let off = difference(&ours.forward.out, &out);
        prop_assert!(off < 2e-5, "{} out {off}", set.name());
        if !norm {
            let (mut packed, mut inferred) = (Vec::new(), vec![7.0; out.len()]);
            block.pack(set, &reference.weight, &mut packed);
            block.infer(set, &reference.x, &packed, &reference.bias, &mut inferred);
            prop_assert_eq!(&inferred, &ours.forward.out, "{} infers otherwise than it trains", set.name());
        }
        for (name, (ours, reference)) in
            ["input", "weight", "bias", "scale", "shift"].iter().zip(ours.gradients().into_iter().zip(&expected))
        {
            let difference = difference(ours, reference);
            prop_assert!(difference < 1e-4, "{} gradient of the {name}: {difference}", set.name());
        }
        prop_assert_eq!(Ours::new(&reference, set, None, &gradient, false).weight, ours.weight);
        check_dropout(&reference, set, &gradient)?;
        check_threads(&reference, set, &gradient)?;
    }
    Ok(())
}

/// With dropout: outputs times its factors, and the gradients of a gradient times its factors.
fn check_dropout(reference: &Reference, set: InstructionSet, gradient: &[f32]) -> Result<(), TestCaseError> {
    let dropout = Dropout { share: 0.5, key: 77 };
    let factors = dropout.factors(gradient.len());
    let times = |values: &[f32]| -> Vec<f32> { values.iter().zip(&factors).map(|(v, f)| v * f).collect() };
    let (dropped, whole) = (
        Ours::new(reference, set, Some(dropout), gradient, true),
        Ours::new(reference, set, None, &times(gradient), true),
    );
    prop_assert_eq!(&dropped.forward.out, &times(&whole.forward.out), "{}", set.name());
    prop_assert_eq!(dropped.gradients(), whole.gradients(), "{}", set.name());
    Ok(())
}

/// The same bits from one thread and from three.
fn check_threads(reference: &Reference, set: InstructionSet, gradient: &[f32]) -> Result<(), TestCaseError> {
    let [one, three] = [1, 3].map(|n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads can be started");
        pool.install(|| Ours::new(reference, set, Some(Dropout { share: 0.25, key: 5 }), gradient, true))
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
fn two_values_that_are_sums_of_two_thousand_products_are_normalised_right() {
    let block = Block { height: 3, width: 3, n_in: 236, n_out: 53, border: 0, pool: false };
    check(block, 2, true, 143).unwrap();
}

/// The work of a reference, in products, beyond which a random shape is made smaller.
const MOST_PRODUCTS: usize = 3_000_000;

/// Sizes that a network could have: 1 to 300 channels, batches of 1 to 65, sides of any parity, as large as the work
/// allows.
fn wide_shapes() -> impl Strategy<Value = (Block, usize)> {
    let channels = || prop_oneof![1usize..=300, 1usize..=40];
    let batch = prop_oneof![1usize..=65, 1usize..=4];
    let sides = (2usize..=17, 2usize..=17);
    (sides, channels(), channels(), batch, any::<[bool; 2]>()).prop_map(
        |((mut height, mut width), n_in, n_out, mut n, [same, pool])| {
            let border = usize::from(same);
            let smallest = 3 - 2 * border;
            (height, width) = (height.max(smallest), width.max(smallest));
            while n * height * width * n_in * n_out * 9 > MOST_PRODUCTS && (n, height, width) != (1, smallest, smallest)
            {
                // Whichever is the largest; odd sizes stay as likely as even ones.
                if height.max(width) > n.max(smallest) {
                    (height, width) = ((height * 2 / 3).max(smallest), (width * 2 / 3).max(smallest));
                } else {
                    n = (n * 2 / 3).max(1);
                }
            }
            (Block { height, width, n_in, n_out, border, pool }, n)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn wide_blocks_of_any_shape_compute_what_the_loops_do(
        (block, n) in wide_shapes(), norm in any::<bool>(), seed in 0u32..1000
    ) {
        check(block, n, norm, seed)?;
    }

    #[test]
    fn gradients_are_the_slopes_of_the_output(
        (height, width) in (3usize..9, 3usize..9),
        (n_in, n_out) in (1usize..20, 1usize..20),
        n in 1usize..4,
        [same, pool, norm] in any::<[bool; 3]>(),
        seed in 0u32..1000,
    ) {
        let block = Block { height, width, n_in, n_out, border: usize::from(same), pool };
        check_slopes(&mut Reference::new(block, n, norm, seed), seed)?;
    }
}

#[test]
fn a_kink_right_where_the_slope_is_taken_is_not_mistaken_for_a_wrong_gradient() {
    let block = Block { height: 8, width: 7, n_in: 7, n_out: 19, border: 0, pool: false };
    check_slopes(&mut Reference::new(block, 3, true, 252), 252).unwrap();
}

/// Our gradients against differences of the reference's outputs, at three places of each tensor.
fn check_slopes(reference: &mut Reference, seed: u32) -> Result<(), TestCaseError> {
    let gradient = numbers(reference.windows().len(), seed + 9);
    let all: Vec<Ours> =
        InstructionSet::available().into_iter().map(|set| Ours::new(reference, set, None, &gradient, true)).collect();
    let value =
        |reference: &Reference| -> f64 { reference.out().iter().zip(&gradient).map(|(o, g)| o * f64::from(*g)).sum() };
    let tensors: [fn(&mut Reference) -> &mut Vec<f32>; 5] =
        [|t| &mut t.x, |t| &mut t.weight, |t| &mut t.bias, |t| &mut t.scale, |t| &mut t.shift];
    for (i, tensor) in tensors.into_iter().enumerate().take(if reference.norm { 5 } else { 3 }) {
        for place in [0, 11, 40] {
            let place = place % tensor(reference).len();
            let here = tensor(reference)[place];
            let mut at = |v: f32| {
                tensor(reference)[place] = v;
                value(reference)
            };
            let middle = at(here);
            // The slopes from `step` below and to `step` above, over the steps that 32-bit numbers make of it.
            let mut slopes = |step: f32| {
                let (below, above) = (here - step, here + step);
                let (low, high) = (at(below), at(above));
                let sides = [(middle - low) / f64::from(here - below), (high - middle) / f64::from(above - here)];
                ((high - low) / f64::from(above - below), sides[1] - sides[0])
            };
            let ((near, near_bend), (far, far_bend)) = (slopes(5e-4), slopes(1e-3));
            tensor(reference)[place] = here;
            // Where a maximum changes hands, the output has a kink and no slope to compare with: both slopes differ,
            // or, right at the kink, the bend does not grow with the step as that of a smooth curve does.
            let kink = (near - far).abs().max((2.0 * near_bend - far_bend).abs());
            if kink > 1e-3 * near.abs().max(1.0) {
                continue;
            }
            for ours in &all {
                let gradient = f64::from(ours.gradients()[i][place]);
                prop_assert!((near - gradient).abs() < 5e-3 * near.abs().max(1.0), "{i} {place}: {near} {gradient}");
            }
        }
    }
    Ok(())
}
