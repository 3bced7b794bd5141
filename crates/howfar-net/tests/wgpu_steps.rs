//! Whole training steps on a GPU, which is the device of this test's process. See `src/wgpu_parity.rs`.
#![cfg(feature = "wgpu")]

use howfar_net::gan::{Latents, StarGanBatch, StarGanLossWeights, StarGanShape, StarGanTraining};
use howfar_net::gan::{StyleGan2Penalties, StyleGan2Shape, StyleGan2Training};
use howfar_net::{Architecture, Classifier, ComputeDevice, OptimiserKind, PictureShape, StepSettings, Trainer};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn has_card() -> bool {
    let pinned = ComputeDevice::Wgpu.pin();
    assert!(pinned.is_ok() || std::env::var_os("HOWFAR_NEEDS_WGPU").is_none(), "{pinned:?}");
    pinned.is_ok()
}

fn pattern(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7 % 31) as f32 - 15.0) / 16.0).collect()
}

// One test, so that the device is opened once and before any work.
#[test]
fn training_steps_run_on_wgpu() {
    if !has_card() {
        return;
    }
    let rng = &mut ChaCha8Rng::seed_from_u64(6);

    let architecture = Architecture::new(howfar_network::Network::Compact.plan(), 3, PictureShape::gray(48)).unwrap();
    let classifier = Classifier::new(architecture, rng);
    let mut trainer = Trainer::new(classifier, OptimiserKind::Adam);
    let (pictures, labels) = (pattern(6 * 48 * 48), [0, 1, 2, 0, 1, 2]);
    let settings = StepSettings { rate: 1e-3, label_smoothing: 0.0, weights: None };
    let losses: Vec<f64> = (0..8).map(|_| trainer.step(pictures.clone(), &labels, settings, None)).collect();
    assert!(losses[7] < losses[0], "{losses:?}");
    // The kernels of the CPU give the same outputs for what the GPU has learnt.
    let classifier = trainer.model();
    let (there, here) = (classifier.logits(&pictures), classifier.prepare().outputs(&pictures));
    assert!(there.iter().zip(&here).all(|(a, b)| (a - b).abs() < 1e-3), "{there:?} {here:?}");

    let shape =
        StarGanShape { generator_channels: 4, critic_channels: 4, repeats: 1, ..StarGanShape::standard(48, 1, 3) };
    let mut star = StarGanTraining::new(shape, StarGanLossWeights::default(), rng).unwrap();
    let batch =
        StarGanBatch { faces: pattern(2 * 48 * 48), labels: vec![0, 1], targets: vec![2, 0], mix: vec![0.3, 0.6] };
    let before = star.generator().clone();
    let losses = [star.critic_step(&batch, 1e-4), star.generator_step(&batch, 1e-4)].concat();
    assert!(losses.iter().all(|(_, loss)| loss.is_finite()), "{losses:?}");
    assert_ne!(*star.generator(), before);

    let shape = StyleGan2Shape {
        z_size: 8,
        w_size: 8,
        mapping_layers: 1,
        channel_base: 128,
        channel_max: 8,
        ..StyleGan2Shape::standard(32, 1)
    };
    let penalties = StyleGan2Penalties { r1: 1.0, r1_every: 16, path: 2.0, path_every: 4 };
    let mut style = StyleGan2Training::new(shape, penalties, rng).unwrap();
    let latents = Latents::draw(&shape, 2, 0.0, rng);
    let losses = style.generator_step(&latents, &[], 1e-3);
    assert!(losses.iter().all(|(_, loss)| loss.is_finite()), "{losses:?}");
    assert!(shape.drawn(&style.average().prepare(), &pattern(16), 1.0).iter().all(|v| v.is_finite()));
}
