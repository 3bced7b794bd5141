//! The generators of `bench/run`: one batch through a generator, one step of a training. Sizes are those of
//! `bench/networks.py`.

use howfar_net::gan::{
    Dual, NoiseInput, Parameters, StarGanBatch, StarGanLossWeights, StarGanShape, StarGanTraining, StyleGan2Shape,
};
use howfar_net::tensor::{cpu, numbers as values, tensor};
use rand_chacha::ChaCha8Rng;

/// Colours of the faces.
const N_CHANNELS: usize = 3;
/// Labels that a face can be given.
const N_CLASSES: usize = 7;

/// What `forward` or `step` of a network does with a batch; none for a network that it does not know.
pub fn work(what: &str, network: &str, batch: usize, mut rng: ChaCha8Rng) -> Option<Box<dyn FnMut()>> {
    match (what, network) {
        ("forward", "stargan") => Some(stargan_forward(batch, &mut rng)),
        ("step", "stargan-32") => Some(stargan_step(batch, &mut rng)),
        ("forward", _) => {
            let side = network.strip_prefix("stylegan2-")?.parse().ok()?;
            Some(stylegan2_forward(side, batch, &mut rng))
        }
        _ => None,
    }
}

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i * 7919 % 1009) as f32 / 504.5 - 1.0).collect()
}

fn stargan_forward(batch: usize, rng: &mut ChaCha8Rng) -> Box<dyn FnMut()> {
    let shape = StarGanShape::standard(64, N_CHANNELS, N_CLASSES);
    let generator = Parameters::initial(&shape.generator_slots(), rng).frozen(&cpu());
    let faces = numbers(batch * 64 * 64 * N_CHANNELS);
    let labels: Vec<f32> = (0..batch * N_CLASSES).map(|i| f32::from(u8::from(i % (N_CLASSES + 1) == 0))).collect();
    Box::new(move || {
        let faces = tensor(faces.clone(), [batch, 64, 64, N_CHANNELS], &cpu());
        let labels = tensor(labels.clone(), [batch, N_CLASSES], &cpu());
        std::hint::black_box(values(shape.transfer(&generator, faces, labels)));
    })
}

fn stargan_step(batch: usize, rng: &mut ChaCha8Rng) -> Box<dyn FnMut()> {
    let standard = StarGanShape::standard(64, N_CHANNELS, N_CLASSES);
    let shape = StarGanShape { generator_channels: 32, critic_channels: 32, ..standard };
    let mut training = StarGanTraining::new(shape, StarGanLossWeights::default(), rng).expect("sizes that it can have");
    let batch = StarGanBatch {
        faces: numbers(batch * 64 * 64 * N_CHANNELS),
        labels: (0..batch).map(|i| i % N_CLASSES).collect(),
        targets: (0..batch).map(|i| (i + 1) % N_CLASSES).collect(),
        mix: (0..batch).map(|i| i as f32 / batch as f32).collect(),
    };
    Box::new(move || {
        std::hint::black_box(training.critic_step(&batch, 1e-4));
        std::hint::black_box(training.generator_step(&batch, 1e-4));
    })
}

fn stylegan2_forward(side: usize, batch: usize, rng: &mut ChaCha8Rng) -> Box<dyn FnMut()> {
    let shape = StyleGan2Shape { channel_base: 16_384, ..StyleGan2Shape::standard(side, N_CHANNELS) };
    let generator = Parameters::initial(&shape.generator_slots(), rng).frozen(&cpu());
    let styles = numbers(batch * shape.n_styles() * shape.w_size);
    Box::new(move || {
        let styles = tensor(styles.clone(), [batch, shape.n_styles(), shape.w_size], &cpu());
        let pictures = shape.synthesise(&generator, &Dual::constant(styles), &NoiseInput::Constant);
        std::hint::black_box(values(pictures.value));
    })
}
