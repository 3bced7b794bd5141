//! The composed networks on a GPU against the same on the CPU. Without one, Mesa's software Vulkan is one;
//! where there is none at all the tests have nothing to say, unless `HOWFAR_NEEDS_WGPU` is set.

#![cfg(test)]

use std::sync::LazyLock;

use howfar_network::Network;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::device::ComputeDevice;
use crate::forward::{Dropped, Leaves, Mode, forward};
use crate::gan::{Dual, NoiseInput, Parameters, StarGanShape, StyleGan2Shape};
use crate::tensor::{Device, Tensor, cpu, numbers, tensor};
use crate::{Architecture, Classifier, NetFault, PictureShape};

/// The GPU; opened once a process.
static GPU: LazyLock<Option<Device>> = LazyLock::new(|| {
    let gpu = ComputeDevice::Wgpu.open();
    assert!(gpu.is_ok() || std::env::var_os("HOWFAR_NEEDS_WGPU").is_none(), "{gpu:?}");
    gpu.ok()
});

fn pattern(n: usize, k: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * k % 31) as f32 - 15.0) / 16.0).collect()
}

/// Small sizes of both networks.
fn shapes() -> (StarGanShape, StyleGan2Shape) {
    let star =
        StarGanShape { generator_channels: 8, critic_channels: 8, repeats: 2, ..StarGanShape::standard(48, 1, 6) };
    let style = StyleGan2Shape {
        z_size: 16,
        w_size: 16,
        mapping_layers: 2,
        channel_base: 256,
        channel_max: 16,
        ..StyleGan2Shape::standard(32, 1)
    };
    (star, style)
}

/// Asserts that all numbers agree, relative to the largest.
fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let top = expected.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let off = found.iter().zip(expected).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(top > 0.0 && off <= 1e-3 * top, "{what}: off by {off} of {top}");
}

#[test]
fn the_small_network_and_its_gradients_are_those_of_the_cpu() -> Result<(), NetFault> {
    let Some(gpu) = &*GPU else { return Ok(()) };
    let picture = PictureShape { side: 48, n_channels: 1 };
    let architecture = Architecture::new(Network::Compact.plan(), 6, picture)?;
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let weights = Classifier::new(architecture.clone(), rng).weights().clone();
    let dropped = Dropped::draw(&architecture, Some(rng));
    let run = |device: &Device| {
        let device = device.clone().autodiff();
        let leaves = Leaves::new(&weights, &device);
        let inputs = pattern(5 * architecture.n_inputs(), 7);
        let (out, _) = forward(&architecture, &leaves, inputs, &Mode::Training(&dropped), &device);
        let slope: Tensor<2> = tensor(pattern(5 * 6, 11), [5, 6], &device);
        let gradients = leaves.gradients(&(out.clone() * slope).sum().backward());
        (numbers(out.inner()), gradients)
    };
    let ((out, gradients), (expected, of_cpu)) = (run(gpu), run(&cpu()));
    assert_close("logits", &out, &expected);
    for ((parameter, found), expected) in weights.parameters.iter().zip(&gradients).zip(&of_cpu) {
        match (found, expected) {
            // Batch norm takes the mean out, so the gradient of a bias before it is rounding.
            _ if parameter.name.ends_with("convolution.bias") => {}
            (Some(found), Some(expected)) => assert_close(&parameter.name, found, expected),
            _ => assert_eq!(found, expected, "{}", parameter.name),
        }
    }
    Ok(())
}

#[test]
fn the_generators_draw_what_they_draw_on_the_cpu() {
    let Some(gpu) = &*GPU else { return };
    let rng = &mut ChaCha8Rng::seed_from_u64(4);
    let (star, style) = shapes();
    let star_numbers = Parameters::initial(&star.generator_slots(), rng);
    let style_numbers = Parameters::initial(&style.generator_slots(), rng);
    let run = |device: &Device| {
        let faces = tensor(pattern(2 * 48 * 48, 7), [2, 48, 48, 1], device);
        let labels = tensor(pattern(2 * 6, 5), [2, 6], device);
        let moved = numbers(star.transfer(&star_numbers.frozen(device), faces, labels));
        let leaves = style_numbers.frozen(device);
        let w = style.map(&leaves, tensor(pattern(2 * 16, 13), [2, 16], device));
        let styles = Dual::constant(style.broadcast(w));
        (moved, numbers(style.synthesise(&leaves, &styles, &NoiseInput::Constant).value))
    };
    let ((moved, drawn), (moved_there, drawn_there)) = (run(gpu), run(&cpu()));
    assert_close("StarGAN", &moved, &moved_there);
    assert_close("StyleGAN2", &drawn, &drawn_there);
}

#[test]
fn penalties_on_gradients_are_those_of_the_cpu() {
    let Some(gpu) = &*GPU else { return };
    let rng = &mut ChaCha8Rng::seed_from_u64(5);
    let (star, style) = shapes();
    let critic = Parameters::initial(&star.critic_slots(), rng);
    let discriminator = Parameters::initial(&style.discriminator_slots(), rng);
    let run = |device: &Device| {
        let tracking = device.clone().autodiff();
        let faces = tensor(pattern(2 * 48 * 48, 7), [2, 48, 48, 1], device);
        let (value, loss, leaves) = star.gradient_penalty(&critic, faces, &tracking);
        let r1 = style.r1(&discriminator, tensor(pattern(4 * 32 * 32, 7), [4, 32, 32, 1], device), &tracking);
        let star_gradients = leaves.gradients(&loss.backward());
        (vec![value, r1.value], [star_gradients, r1.leaves.gradients(&r1.loss.backward())])
    };
    let ((values, gradients), (expected, of_cpu)) = (run(gpu), run(&cpu()));
    for (value, expected) in values.iter().zip(&expected) {
        assert_close("penalty", &[*value], &[*expected]);
    }
    for (gradients, of_cpu) in gradients.iter().zip(&of_cpu) {
        // All gradients of a network as one list: single ones may be nothing but rounding.
        let all = |gradients: &[Option<Vec<f32>>]| gradients.iter().flatten().flatten().copied().collect::<Vec<f32>>();
        assert_close("gradients of a penalty", &all(gradients), &all(of_cpu));
    }
}
