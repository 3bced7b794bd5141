//! Both GANs against the public implementations (`reference/gan.py`): outputs, and gradients of the penalties against
//! double backward.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
use howfar_net::gan::{
    Dual, NoiseInput, Parameters, Slot, StarGanBatch, StarGanLossWeights, StarGanShape, StarGanTraining, Start,
    StyleGan2Shape,
};
use howfar_net::tensor::{self, Device, Tensor, cpu, numbers as values};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("../../../reference/gan.json")).unwrap()
}

/// The formula of `reference/gan.py`.
fn numbers(name: &str, n: usize) -> Vec<f32> {
    let salt = name.bytes().fold(2_166_136_261u32, |salt, byte| (salt ^ u32::from(byte)).wrapping_mul(16_777_619));
    let number = |i: u32| {
        let mut x = (i + 1).wrapping_mul(2_654_435_761) ^ salt;
        x ^= x >> 16;
        x = x.wrapping_mul(0x85EB_CA6B);
        x ^= x >> 13;
        (f64::from(x >> 8) / f64::from(1 << 23) - 1.0) as f32
    };
    (0..n as u32).map(number).collect()
}

fn tensor<const D: usize>(name: &str, shape: [usize; D], scale: f32, device: &Device) -> Tensor<D> {
    let values = numbers(name, shape.iter().product()).iter().map(|v| v * scale).collect::<Vec<f32>>();
    tensor::tensor(values, shape, device)
}

/// A network whose numbers follow the formula, brought to a scale and an offset by name and sizes.
fn filled(slots: &[Slot], prefix: &str, scale_of: impl Fn(&str, &[usize]) -> (f32, f32)) -> Parameters {
    let blank: Vec<Slot> = slots.iter().map(|s| Slot { start: Start::Constant(0.0), ..s.clone() }).collect();
    let mut parameters = Parameters::initial(&blank, &mut ChaCha8Rng::seed_from_u64(0));
    for p in parameters.list_mut() {
        let (scale, offset) = scale_of(&p.name, &p.shape);
        let formula = numbers(&format!("{prefix}{}", p.name), p.values.len());
        p.values = formula.iter().map(|v| v * scale + offset).collect();
    }
    parameters
}

/// Compares with the sum of squares and the numbers that were kept; errors relative to the root mean square.
fn compare(what: &str, found: &[f32], expected: &Value, tolerance: f64) {
    assert_eq!(found.len() as u64, expected["n"].as_u64().unwrap(), "{what}");
    let squares = expected["squares"].as_f64().unwrap();
    let unit = (squares / found.len() as f64).sqrt().max(1e-12);
    let own: f64 = found.iter().map(|v| f64::from(*v).powi(2)).sum();
    assert!((own - squares).abs() <= 2.0 * tolerance * squares.max(1e-20), "{what}: squares {own}, expected {squares}");
    let kept = expected["values"].as_array().unwrap();
    let step = expected["step"].as_u64().unwrap() as usize;
    for (i, (found, expected)) in found.iter().step_by(step).zip(kept).enumerate() {
        let (found, expected) = (f64::from(*found), expected.as_f64().unwrap());
        let error = (found - expected).abs() / unit;
        assert!(error < tolerance, "{what}, number {}: {found}, expected {expected}, off by {error:.1e}", i * step);
    }
}

/// Compares the gradients of all tensors that the reference names; the others must have none, or zeros.
fn compare_gradients(what: &str, network: &Parameters, found: &[Option<Vec<f32>>], expected: &Value, tolerance: f64) {
    for (parameter, gradient) in network.list().iter().zip(found) {
        let zeros = vec![0.0; parameter.values.len()];
        let gradient = gradient.as_ref().unwrap_or(&zeros);
        let name = format!("{what} {}", parameter.name);
        match &expected[&parameter.name] {
            Value::Null => assert!(gradient.iter().all(|v| *v == 0.0), "{name} has a gradient"),
            expected => compare(&name, gradient, expected, tolerance),
        }
    }
}

const STARGAN: StarGanShape = StarGanShape {
    side: 48,
    n_channels: 3,
    n_classes: 3,
    generator_channels: 4,
    repeats: 2,
    critic_channels: 4,
    halvings: 4,
};

fn stargan_scale(name: &str, shape: &[usize]) -> (f32, f32) {
    match shape {
        [_, rest @ ..] if shape.len() == 4 => (2.0 / (rest.iter().product::<usize>() as f32).sqrt(), 0.0),
        _ => (0.3, if name.ends_with("weight") { 1.0 } else { 0.0 }),
    }
}

#[test]
fn stargan_computes_what_the_public_code_computes() {
    let (reference, device) = (&reference()["stargan"], cpu());
    let generator = filled(&STARGAN.generator_slots(), "G.", stargan_scale);
    let critic = filled(&STARGAN.critic_slots(), "D.", stargan_scale);
    let faces: Tensor<4> = tensor("faces", [2, 48, 48, 3], 1.0, &device);
    let labels = tensor::tensor(vec![0.0, 1.0, 0.0, 1.0, 0.0, 0.0], [2, 3], &device);
    let transferred = STARGAN.transfer(&generator.frozen(&device), faces.clone(), labels);
    compare("transfer", &values(transferred), &reference["transfer"], 1e-4);
    let judged = STARGAN.judge(&critic.frozen(&device), faces);
    compare("scores", &values(judged.scores), &reference["scores"], 1e-4);
    compare("classes", &values(judged.classes), &reference["classes"], 1e-4);
}

#[test]
fn the_gradient_penalty_has_the_gradients_of_double_backward() {
    let (reference, plain, device) = (&reference()["stargan"], cpu(), cpu().autodiff());
    let critic = filled(&STARGAN.critic_slots(), "D.", stargan_scale);
    let faces = tensor("faces", [2, 48, 48, 3], 1.0, &plain);
    let (value, loss, leaves) = STARGAN.gradient_penalty(&critic, faces, &device);
    let expected = reference["penalty"].as_f64().unwrap();
    assert!((f64::from(value) / expected - 1.0).abs() < 1e-4, "{value}, expected {expected}");
    let gradients = leaves.gradients(&loss.backward());
    compare_gradients("penalty", &critic, &gradients, &reference["penalty_gradients"], 1e-4);
}

const STYLEGAN2: StyleGan2Shape = StyleGan2Shape {
    side: 32,
    n_channels: 3,
    z_size: 16,
    w_size: 12,
    mapping_layers: 3,
    mapping_rate: 0.01,
    channel_base: 128,
    channel_max: 8,
    clamp: None,
    group: 4,
};

fn stylegan2_scale(name: &str, _: &[usize]) -> (f32, f32) {
    match name {
        _ if name.ends_with("affine.bias") => (0.3, 1.0),
        _ if name.ends_with("weight") && name.contains("mapping") => (150.0, 0.0),
        _ if name.ends_with("noise_strength") => (0.5, 0.0),
        _ if name.ends_with("weight") || name.ends_with("const") => (1.5, 0.0),
        _ => (0.3, 0.0),
    }
}

#[test]
fn stylegan2_computes_what_the_public_code_computes() {
    let (reference, device) = (&reference()["stylegan2"], cpu());
    let generator = filled(&STYLEGAN2.generator_slots(), "G.", stylegan2_scale).frozen(&device);
    let discriminator = filled(&STYLEGAN2.discriminator_slots(), "D.", stylegan2_scale).frozen(&device);
    let w = STYLEGAN2.map(&generator, tensor("z", [4, 16], 1.7, &device));
    compare("mapping", &values(w.clone()), &reference["mapping"], 1e-4);
    let truncated = STYLEGAN2.truncate(&generator, w.clone(), 0.6);
    compare("truncated", &values(truncated), &reference["truncated"], 1e-4);
    let styles = Dual::constant(STYLEGAN2.broadcast(w));
    let pictures = STYLEGAN2.synthesise(&generator, &styles, &NoiseInput::Constant).value;
    compare("pictures", &values(pictures), &reference["pictures"], 1e-4);
    let faces = Dual::constant(tensor("faces", [4, 32, 32, 3], 1.0, &device));
    let logits = STYLEGAN2.discriminate(&discriminator, faces).value;
    compare("logits", &values(logits), &reference["logits"], 1e-4);
}

#[test]
fn r1_has_the_gradients_of_double_backward() {
    let (reference, device) = (&reference()["stylegan2"], cpu().autodiff());
    let discriminator = filled(&STYLEGAN2.discriminator_slots(), "D.", stylegan2_scale);
    let faces = tensor("faces", [4, 32, 32, 3], 1.0, &cpu());
    let penalty = STYLEGAN2.r1(&discriminator, faces, &device);
    let expected = reference["r1"].as_f64().unwrap();
    assert!((f64::from(penalty.value) / expected - 1.0).abs() < 1e-4, "{}, expected {expected}", penalty.value);
    let gradients = penalty.leaves.gradients(&penalty.loss.backward());
    compare_gradients("r1", &discriminator, &gradients, &reference["r1_gradients"], 1e-4);
}

#[test]
fn path_length_has_the_gradients_of_double_backward() {
    let (reference, plain, device) = (&reference()["stylegan2"], cpu(), cpu().autodiff());
    let generator = filled(&STYLEGAN2.generator_slots(), "G.", stylegan2_scale);
    let z = tensor("z", [4, 16], 1.7, &plain);
    let direction = tensor("path noise", [4, 32, 32, 3], 1.0 / 32.0, &plain);
    let (penalty, lengths) = STYLEGAN2.path_length(&generator, z, direction, &NoiseInput::Constant, |_| 0.5, &device);
    compare("path lengths", &lengths, &reference["path_lengths"], 1e-4);
    let expected = reference["path"].as_f64().unwrap();
    assert!((f64::from(penalty.value) / expected - 1.0).abs() < 1e-3, "{}, expected {expected}", penalty.value);
    let gradients = penalty.leaves.gradients(&penalty.loss.backward());
    compare_gradients("path", &generator, &gradients, &reference["path_gradients"], 1e-3);
}

/// Wide enough for Winograd and for weights that are read in their own order.
const WIDE: StarGanShape = StarGanShape { generator_channels: 8, critic_channels: 46, ..STARGAN };

#[test]
fn the_number_of_threads_changes_no_bit_of_a_step_or_a_picture() {
    let run = || {
        let weights = StarGanLossWeights::default();
        let mut training = StarGanTraining::new(WIDE, weights, &mut ChaCha8Rng::seed_from_u64(3)).unwrap();
        let faces = numbers("threads", 3 * 48 * 48 * 3);
        let batch = StarGanBatch { faces, labels: vec![0, 1, 2], targets: vec![2, 0, 0], mix: vec![0.1, 0.5, 0.8] };
        let losses = [training.critic_step(&batch, 1e-3), training.generator_step(&batch, 1e-3)];
        let shape = StyleGan2Shape { channel_base: 2048, channel_max: 64, ..STYLEGAN2 };
        let generator = filled(&shape.generator_slots(), "G.", stylegan2_scale);
        let pictures = shape.drawn(&generator.prepare(), &numbers("z", 3 * 16), 1.0);
        (losses, training.tensors(), pictures)
    };
    let [one, three] = [1, 3].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(run));
    assert_eq!(one.0, three.0);
    assert!(one.1 == three.1, "numbers of the networks");
    assert!(one.2 == three.2, "pictures");
}
