//! Where the time of the generators' convolutions goes: milliseconds of one core for each layer of StarGAN's networks,
//! and the multiply-adds a second that a direct convolution would need for the same time, in GFLOP/s.
#![expect(clippy::print_stdout, reason = "its output")]

mod measure;

use howfar_kernel::{InstanceNorm, InstructionSet, Window, WindowRoom};
use measure::{fastest, numbers};

/// Window, stride, padding, pixels a side of the input, channels in and out; pictures.
const LAYERS: [(&str, [usize; 6], usize); 10] = [
    ("generator 7x7", [7, 1, 3, 64, 10, 64], 8),
    ("generator down 1", [4, 2, 1, 64, 64, 128], 8),
    ("generator down 2", [4, 2, 1, 32, 128, 256], 8),
    ("generator residual", [3, 1, 1, 16, 256, 256], 8),
    ("generator up 1 (transposed)", [4, 2, 1, 32, 128, 256], 8),
    ("generator 7x7 to colours", [7, 1, 3, 64, 64, 3], 8),
    ("residual of 128 channels", [3, 1, 1, 16, 128, 128], 16),
    ("critic 2", [4, 2, 1, 32, 32, 64], 16),
    ("critic 4", [4, 2, 1, 8, 128, 256], 16),
    ("critic 6", [4, 2, 1, 2, 512, 1024], 16),
];

fn main() {
    let n_steps = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(3);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread can be started");
    pool.install(|| {
        for set in InstructionSet::available().into_iter().skip(1) {
            println!("{}", set.name());
            for (name, sizes, n) in LAYERS {
                let [side, stride, padding, edge, n_in, n_out] = sizes;
                layer(set, name, Window { height: edge, width: edge, n_in, n_out, side, stride, padding }, n, n_steps);
            }
            norm(set, n_steps);
        }
    });
}

fn layer(set: InstructionSet, name: &str, window: Window, n: usize, n_steps: usize) {
    let n_of = |shape: [usize; 3]| n * shape.iter().product::<usize>();
    let (x, gradient, weight) =
        (numbers(n_of(window.shape_in())), numbers(n_of(window.shape_out())), numbers(window.n_weights()));
    let (mut out, mut input, mut of_weight) = (gradient.clone(), x.clone(), weight.clone());
    let room = &mut WindowRoom::default();
    let there = fastest(n_steps, || window.forward(set, &x, &weight, &mut out, room));
    let back = fastest(n_steps, || window.input_gradient(set, &gradient, &weight, &mut input, room));
    let weights = fastest(n_steps, || window.weight_gradient(set, &x, &gradient, &mut of_weight, room));
    let [height, width, _] = window.shape_out();
    let giga = 2e-9 * (n * height * width * window.n_weights()) as f64;
    let rate = |ms: f64| giga / ms * 1e3;
    println!(
        "{name}: forward {there:.1} ({:.0}) input {back:.1} ({:.0}) weights {weights:.1} ({:.0})",
        rate(there),
        rate(back),
        rate(weights)
    );
}

fn norm(set: InstructionSet, n_steps: usize) {
    let norm = InstanceNorm { n_pixels: 64 * 64, n_channels: 64, epsilon: 1e-5, relu: true };
    let x = numbers(8 * norm.n_pixels * norm.n_channels);
    let rows = [numbers(64), numbers(64)];
    let (mut out, mut input, mut moments) = (x.clone(), x.clone(), Vec::new());
    let mut to = rows.clone();
    let [scale, shift] = &rows;
    let there = fastest(n_steps, || norm.forward(set, &x, [scale, shift], &mut out, &mut moments));
    let back = fastest(n_steps, || {
        let [of_scale, of_shift] = &mut to;
        norm.backward(set, &x, [scale, shift], &moments, &out, &mut input, [of_scale, of_shift]);
    });
    println!("instance norm and ReLU, 64x64x64: forward {there:.1} backward {back:.1}");
}
