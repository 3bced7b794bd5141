//! Where the time of a training step goes: milliseconds of one core for each layer of table 1 on one thread, and the
//! share of this machine's peak that its convolutions would need if they were done directly.
#![expect(clippy::print_stdout, reason = "its output")]

mod measure;

use howfar_kernel::{BackRoom, Block, Dense, DenseRoom, Forward, Gradients, InstructionSet};
use measure::{fastest, numbers};

const BATCH: usize = 64;

fn main() {
    let n_steps = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(3);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread can be started");
    pool.install(|| {
        for set in InstructionSet::available().into_iter().skip(1) {
            println!("{}", set.name());
            for (side, n_in, n_out, pool) in
                [(64, 1, 32, false), (64, 32, 64, true), (32, 64, 128, true), (16, 128, 128, true)]
            {
                block(set, Block { height: side, width: side, n_in, n_out, border: 1, pool }, n_steps);
            }
            dense(set, Dense { n_pixels: 64, n_channels: 128, n_out: 1024 }, n_steps);
        }
    });
}

fn block(set: InstructionSet, block: Block, n_steps: usize) {
    let (x, weight, bias) =
        (numbers(BATCH * block.n_inputs()), numbers(block.n_out * block.n_in * 9), numbers(block.n_out));
    let (mut packed, mut forward, mut room) = (Vec::new(), Forward::default(), BackRoom::default());
    let pack = fastest(n_steps, || block.pack(set, &weight, &mut packed));
    let there = fastest(n_steps, || block.forward(set, &x, &packed, &bias, None, None, &mut forward));
    let gradient = numbers(forward.out.len());
    let (mut input, mut of_weight, mut of_bias) = (x.clone(), weight.clone(), bias.clone());
    let mut back = |wants_input: bool| {
        fastest(n_steps, || {
            let norm = [&mut [][..], &mut [][..]];
            let input = wants_input.then_some(&mut input[..]);
            let to = Gradients { input, weight: &mut of_weight, bias: &mut of_bias, norm };
            block.backward(set, &x, &weight, None, &forward, &gradient, &mut room, to);
        })
    };
    let (weights, all) = (back(false), back(block.n_in > 1));
    let [height, width, _] = block.shape_convolved();
    let giga = 18e-9 * (BATCH * height * width * block.n_in * block.n_out) as f64;
    let rate = |ms: f64| giga / ms * 1e3;
    println!(
        "{height}x{width} {}->{}: pack {pack:.1} forward {there:.1} ({:.0} direct GFLOP/s) weights {weights:.1} \
            ({:.0}) input {:.1} ({:.0})",
        block.n_in,
        block.n_out,
        rate(there),
        rate(weights),
        all - weights,
        rate(all - weights)
    );
}

fn dense(set: InstructionSet, dense: Dense, n_steps: usize) {
    let (x, weight, bias) = (numbers(BATCH * dense.n_in()), numbers(dense.n_in() * dense.n_out), numbers(dense.n_out));
    let (mut out, mut room) = (vec![0.0; BATCH * dense.n_out], DenseRoom::default());
    let there = fastest(n_steps, || dense.forward(set, &x, &weight, &bias, &mut out, &mut room));
    let (mut input, mut of_weight, mut of_bias) = (x.clone(), weight.clone(), bias.clone());
    let back = fastest(n_steps, || {
        dense.backward(set, &x, &weight, &out, &mut input, [&mut of_weight, &mut of_bias], &mut room);
    });
    println!("dense {}->{}: forward {there:.1} backward {back:.1}", dense.n_in(), dense.n_out);
}
