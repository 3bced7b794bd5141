//! Training against PyTorch's over 50 steps (`reference/training_losses.py` made the file and says how its numbers come
//! about): both sides start from the same weights, see the same batches, and nothing is dropped out. PyTorch computes
//! with 64-bit floats: its own losses with 32-bit floats stray further from those than ours do.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use howfar_net::{
    Architecture, Classifier, OptimiserKind, PictureShape, StepSettings, Trainer, Weights, cross_entropy,
    one_cycle_rate,
};
use howfar_network::Network;
use serde_json::Value;

const REFERENCE: &str = include_str!("../../../reference/training_losses.json");

/// Largest relative difference of a loss. With AVX-512 they stay below 8e-4; leaving out the weight decay of
/// 0.01 moves them by 5e-4, of 1 by far more.
const TOLERANCE: f64 = 1e-3;

/// The same for what normalised networks say in evaluation mode, and for their running variances. A bias before batch
/// norm has no gradient but rounding, which Adam turns into steps; the running means follow them one step late. Where
/// rounding decides which of two outputs of a pooling window is the larger, a channel that is 0 elsewhere turns another
/// way.
const NORMED_TOLERANCE: f64 = 3e-2;

/// Units of the hidden layer of table 1, whose biases lie around 1.
const N_HIDDEN: usize = 1024;

/// SplitMix64.
struct Stream(u64);

impl Stream {
    /// The upper 24 bits of the next number.
    fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as u32
    }
}

fn weights(architecture: &Architecture) -> Weights {
    let (mut weights, mut stream) = (Weights::blank(architecture), Stream(6));
    for parameter in weights.parameters.iter_mut().filter(|p| p.trained) {
        let fan_in: usize = parameter.shape[1..].iter().product();
        let bound = if parameter.shape.len() > 1 { (2.0 / fan_in as f64).sqrt() as f32 } else { 0.1 };
        let more = if parameter.shape == [N_HIDDEN] { 1.0 } else { 0.0 };
        // Scales are blank at 1, everything else at 0.
        parameter.values.iter_mut().for_each(|v| *v += (stream.bits() as f32 / 8_388_608.0 - 1.0) * bound + more);
    }
    weights
}

fn batches(n_batches: u64, size: u64, side: usize, n_classes: usize) -> Vec<(Vec<f32>, Vec<usize>)> {
    let mut stream = Stream(2);
    let mut batch = || {
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..size {
            let label = (stream.bits() as usize * n_classes) >> 24;
            for row in 0..side {
                let brighter = if row * n_classes / side == label { 0.5 } else { 0.0 };
                inputs.extend((0..side).map(|_| stream.bits() as f32 / 33_554_432.0 + brighter));
            }
            labels.push(label);
        }
        (inputs, labels)
    };
    (0..n_batches).map(|_| batch()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[track_caller]
fn assert_close(what: &str, ours: &[f64], reference: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), reference.len(), "{what}");
    let off = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs();
    let largest = ours.iter().zip(reference).map(off).fold(0.0, f64::max);
    assert!(largest < tolerance, "{what}: {largest:.1e}\n{ours:?} is not\n{reference:?}");
}

/// Trains the case of that name and compares it with PyTorch's.
fn train(name: &str, trainer: fn(Classifier, OptimiserKind) -> Trainer) {
    let file: Value = serde_json::from_str(REFERENCE).unwrap();
    let case = file["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap();
    let size = |field: &str| file[field].as_u64().unwrap();
    let setting = |field: &str| case[field].as_f64().unwrap() as f32;
    let (n_classes, side, n_steps) = (size("n_classes") as usize, size("side") as usize, size("n_steps"));
    let network = Network::from_name(case["network"].as_str().unwrap()).unwrap();
    let architecture = Architecture::new(network.plan(), n_classes, PictureShape::gray(side)).unwrap();
    let normed = architecture.blocks.iter().any(|block| block.norm);
    let weights = weights(&architecture);
    let optimiser = match case["optimiser"].as_str().unwrap() {
        "adam" => OptimiserKind::Adam,
        _ => OptimiserKind::AdamW { weight_decay: setting("weight_decay") },
    };
    let mut trainer = trainer(Classifier::with_weights(architecture, weights).unwrap(), optimiser);
    let batches = batches(size("n_batches"), case["batch"].as_u64().unwrap(), side, n_classes);
    let label_smoothing = setting("label_smoothing");

    let losses: Vec<f64> = (0..n_steps)
        .zip(batches.iter().cycle())
        .map(|(step, (inputs, labels))| {
            let rate = match case["schedule"].as_str().unwrap() {
                "one-cycle" => one_cycle_rate(setting("rate"), step, n_steps),
                _ => setting("rate"),
            };
            trainer.step(inputs.clone(), labels, StepSettings { rate, label_smoothing, weights: None }, None)
        })
        .collect();
    assert_close(&format!("{name}, losses"), &losses, &numbers(&case["losses"]), TOLERANCE);

    let evaluated: Vec<f64> = batches
        .iter()
        .map(|(inputs, labels)| cross_entropy(&trainer.classifier().logits(inputs), labels, label_smoothing).0)
        .collect();
    let tolerance = if normed { NORMED_TOLERANCE } else { TOLERANCE };
    assert_close(&format!("{name}, evaluation"), &evaluated, &numbers(&case["evaluation_losses"]), tolerance);

    let ours = trainer.classifier().weights().parameters.iter().filter(|p| p.name.ends_with("running_var"));
    let ours: Vec<f64> = ours.flat_map(|p| p.values.iter().map(|v| f64::from(*v))).collect();
    let reference: Vec<f64> = case["running_variances"].as_array().unwrap().iter().flat_map(numbers).collect();
    assert_close(&format!("{name}, running variances"), &ours, &reference, NORMED_TOLERANCE);
}

#[test]
fn the_networks_have_as_many_parameters_as_pytorchs() {
    let file: Value = serde_json::from_str(REFERENCE).unwrap();
    for (n_channels, counts) in [(1, "parameter_counts"), (3, "parameter_counts_rgb")] {
        for (name, count) in file[counts].as_object().unwrap() {
            let plan = Network::from_name(name).unwrap().plan();
            let architecture = Architecture::new(plan, 6, PictureShape { side: 64, n_channels }).unwrap();
            let ours = Weights::blank(&architecture).n_trained();
            assert_eq!(count.as_u64(), Some(ours as u64), "{name} {n_channels}");
        }
    }
}

#[test]
fn fused_table_1_trains_as_in_pytorch() {
    train("paper", Trainer::new);
}

#[test]
fn composed_table_1_trains_as_in_pytorch() {
    train("paper", Trainer::composed);
}

#[test]
fn the_fused_compact_network_trains_as_in_pytorch() {
    train("modern", Trainer::new);
    train("modern, strong decay", Trainer::new);
}

#[test]
fn the_composed_compact_network_trains_as_in_pytorch() {
    train("modern", Trainer::composed);
    train("modern, strong decay", Trainer::composed);
}
