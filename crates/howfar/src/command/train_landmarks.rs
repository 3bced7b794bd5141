//! `howfar train-landmarks`: the network that finds the eyes, learnt from drawn faces alone.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use howfar_face::{Fault, checksum, files};
use howfar_net::{
    BatchPart, LandmarkNetwork, NetFault, OptimiserKind, Precision, Trainer, one_cycle_rate, smooth_distance,
};
use howfar_prepare::{LANDMARK_SIDE, N_LANDMARKS};
use howfar_protocol::Seeds;
use rayon::prelude::*;
use serde_json::json;

use crate::command::stop_flag;
use crate::console::{Console, duration_words};
use crate::landmarks::{Checkpoint, Drawing, Example, draw_faces, example};

/// Parts of a batch, each normalised for itself: the same parts on any number of cores.
const PARTS: u64 = 4;
/// Pictures of a part.
const PART: u64 = 16;
/// The highest rate of the one-cycle schedule.
const RATE: f32 = 4e-3;
const OPTIMISER: OptimiserKind = OptimiserKind::AdamW { weight_decay: 0.01 };
/// Differences beyond this share of the side (a pixel of 64) pull no more than this one.
const BEND: f32 = 1.0 / 64.0;
/// Steps between two lines of progress, each of which also keeps the state.
const REPORT: u64 = 250;

/// Train the network that finds eyes, nose and mouth, on drawn faces alone.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: howfar train-landmarks --people 3000 --steps 8000 --seed 1 --out landmarks.safetensors\n\
    The file that `prepare` uses is crates/howfar-prepare/data/landmarks.safetensors; it becomes a part of the program."
)]
pub struct Args {
    /// Identities to draw, in turn of all styles; each is drawn twice and takes 32 KiB of memory.
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u32).range(..=100_000))]
    people: u32,
    /// Training steps of 64 pictures.
    #[arg(long, default_value_t = 8000)]
    steps: u64,
    /// The seed of faces, disturbances and weights.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The weight file to write (safetensors, 16 bits a number).
    #[arg(long)]
    out: PathBuf,
}

/// Draws, trains, writes. After a stop the same command goes on.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    for (name, value) in [("--people", u64::from(args.people)), ("--steps", args.steps)] {
        if value == 0 {
            return Err(Fault::usage(name, "there is nothing to learn from").found(0).expected("1 or more"));
        }
    }
    let (stop, started) = (stop_flag(), Instant::now());
    let bar = console.bar(0, "drawn faces");
    let drawings = draw_faces(args.people, args.seed, &mut |done| {
        bar.set_position(done as u64);
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    bar.finish_and_clear();
    console.note(&format!("{} faces drawn in {}", drawings.len(), duration_words(started.elapsed().as_secs_f64())));
    let inputs = json!({
        "howfar": env!("CARGO_PKG_VERSION"), "people": args.people, "steps": args.steps, "seed": args.seed,
        // A new renderer draws other faces, which the old state has not seen.
        "faces": drawings_sha256(&drawings),
    });
    let checkpoint = Checkpoint::beside(&args.out, inputs);
    let (network, loss) = train(args, &drawings, &checkpoint, stop, console)?;
    let card = json!({
        "howfar": env!("CARGO_PKG_VERSION"), "data": "drawn faces alone", "people": args.people,
        "steps": args.steps, "seed": args.seed,
    });
    files::write(&args.out, &network.to_bytes(&card, Precision::Half).map_err(in_network)?)?;
    checkpoint.remove()?;
    console.answer(&format!(
        "{}: {N_LANDMARKS} points, trained in {} steps on {} drawn faces; mean loss of the last steps {loss:.4}",
        args.out.display(),
        args.steps,
        drawings.len()
    ));
    Ok(())
}

fn train(
    args: &Args,
    drawings: &[Drawing],
    checkpoint: &Checkpoint,
    stop: &AtomicBool,
    console: &Console,
) -> Result<(LandmarkNetwork, f64), Fault> {
    let seeds = Seeds::new(args.seed);
    let mut trainer = match checkpoint.read(OPTIMISER)? {
        Some(trainer) => trainer,
        None => Trainer::new(new_network(seeds)?, OPTIMISER),
    };
    let first = trainer.n_steps();
    if first > 0 {
        console.note(&format!("going on after step {first}"));
    }
    let (started, mut recent, mut last) = (Instant::now(), Vec::new(), 0.0);
    for step in first..args.steps {
        let parts: Vec<BatchPart> =
            (0..PARTS).into_par_iter().map(|part| part_of(&trainer, drawings, seeds, step * PARTS + part)).collect();
        recent.push(trainer.apply(&parts, one_cycle_rate(RATE, step, args.steps)));
        let (done, stopped) = (step + 1, stop.load(Ordering::SeqCst));
        if done % REPORT == 0 || done == args.steps {
            last = recent.iter().sum::<f64>() / recent.len() as f64;
            recent.clear();
            let left = started.elapsed().as_secs_f64() / (done - first) as f64 * (args.steps - done) as f64;
            console.note(&format!("step {done} of {}: loss {last:.4}, {} left", args.steps, duration_words(left)));
        }
        if stopped || done % REPORT == 0 {
            checkpoint.write(&trainer)?;
        }
        if stopped {
            return Err(Fault::interrupted(format!("{done} of {} steps were made", args.steps))
                .hint("run the same command again: it goes on"));
        }
    }
    Ok((trainer.model().clone(), last))
}

fn new_network(seeds: Seeds) -> Result<LandmarkNetwork, Fault> {
    let mut weights = seeds.stream("landmark weights", &[]);
    LandmarkNetwork::new(N_LANDMARKS, LANDMARK_SIDE as usize, &mut weights).map_err(in_network)
}

/// Of the pictures and of the points that are learnt.
fn drawings_sha256(drawings: &[Drawing]) -> String {
    let mut hash = checksum::Hasher::default();
    for Drawing { pixels, side: _, points } in drawings {
        hash.update(pixels);
        points.iter().flat_map(|p| [p.x, p.y]).for_each(|place| hash.update(&place.to_le_bytes()));
    }
    hash.finish()
}

/// Makes the pictures of a part and what the network learns from them.
fn part_of(trainer: &Trainer<LandmarkNetwork>, drawings: &[Drawing], seeds: Seeds, part_idx: u64) -> BatchPart {
    let (mut pictures, mut targets) = (Vec::new(), Vec::new());
    for i in 0..PART {
        let Example { picture, targets: wanted } =
            example(drawings, &mut seeds.stream("landmark example", &[part_idx * PART + i]));
        pictures.extend(picture);
        targets.extend(wanted);
    }
    let bend = LandmarkNetwork::target(BEND) - LandmarkNetwork::target(0.0);
    trainer.part(pictures, |found| smooth_distance(found, &targets, &point_weights(), bend), None)
}

/// How much each coordinate counts: crops are made from the eyes; where a jaw line ends is a matter of taste.
fn point_weights() -> Vec<f32> {
    let weight = |idx: usize| match idx {
        0..=16 => 0.3,
        30 | 48 | 54 => 2.0,
        36..=47 => 3.0,
        _ => 1.0,
    };
    (0..N_LANDMARKS).flat_map(|idx| [weight(idx); 2]).collect()
}

fn in_network(fault: NetFault) -> Fault {
    Fault::data(fault.place, fault.what).found(fault.found).expected(fault.expected)
}
