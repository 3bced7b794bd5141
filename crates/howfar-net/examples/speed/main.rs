//! Our side of `bench/run`: `speed train|infer|latency|forward|step NETWORK BATCH THREADS`. For each line on standard
//! input it measures a while and prints one line of JSON: pictures a second over the median step, and the peak memory
//! in MB.
#![expect(clippy::print_stdout, reason = "its output")]

mod gan;

use std::process::ExitCode;
use std::time::Instant;

use howfar_net::{Architecture, Classifier, OptimiserKind, PictureShape, StepSettings, Trainer};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIDE: usize = 64;
const N_CLASSES: usize = 6;

/// Seconds of a measurement.
const A_WHILE: f64 = 0.5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if run(&arguments).is_some() { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

fn run(arguments: &[String]) -> Option<()> {
    let [what, network, batch, threads] = arguments else { return None };
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse().ok()?).build_global().ok()?;
    let (batch, mut rng) = (batch.parse::<usize>().ok()?, ChaCha8Rng::seed_from_u64(0));
    if let "forward" | "step" = what.as_str() {
        // As the commands that train generators and generate with them do.
        howfar_net::keep_freed_memory();
        serve(batch, gan::work(what, network, batch, rng)?);
        return Some(());
    }
    let plan = howfar_network::Network::from_name(network)?.plan();
    let architecture = Architecture::new(plan, N_CLASSES, PictureShape::gray(SIDE)).ok()?;
    let classifier = Classifier::new(architecture, &mut rng);
    let pictures: Vec<f32> = (0..batch * SIDE * SIDE).map(|i| (i * 7919 % 1009) as f32 / 1009.0).collect();
    match what.as_str() {
        "train" => {
            let labels: Vec<usize> = (0..batch).map(|i| i % N_CLASSES).collect();
            let settings = StepSettings { rate: 1e-4, label_smoothing: 0.0, weights: None };
            let mut trainer = Trainer::new(classifier, OptimiserKind::Adam);
            serve(batch, || {
                trainer.step(pictures.clone(), &labels, settings, Some(&mut rng));
            });
        }
        "infer" | "latency" => {
            let mut prepared = classifier.prepare();
            serve(batch, || {
                std::hint::black_box(prepared.outputs(&pictures));
            });
        }
        _ => return None,
    }
    Some(())
}

/// A measurement for each line.
fn serve(batch: usize, mut step: impl FnMut()) {
    for _ in std::io::stdin().lines() {
        let speed = batch as f64 / median_seconds(&mut step);
        println!(r#"{{"pictures_per_s": {speed}, "peak_mb": {}}}"#, peak_mb());
    }
}

fn median_seconds(step: &mut impl FnMut()) -> f64 {
    let mut seconds = Vec::new();
    while seconds.iter().sum::<f64>() < A_WHILE {
        let started = Instant::now();
        step();
        seconds.push(started.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// The most memory that this process has held; 0 where the system does not say.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}
