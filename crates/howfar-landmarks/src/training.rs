//! The training itself: draws the faces, makes batches, steps, keeps the state, writes the weight file.
//!
//! In: a request. Out: the weight file. The same bytes for any number of threads, and after any stop.

use std::ops::ControlFlow;
use std::path::Path;

use howfar_crop::{LANDMARK_SIDE, N_LANDMARKS};
use howfar_face::{Fault, checksum, files};
use howfar_net::{
    BatchPart, LandmarkNetwork, NetFault, OptimiserKind, Precision, Trainer, one_cycle_rate, smooth_distance,
};
use howfar_random::Seeds;
use rayon::prelude::*;
use serde_json::json;

use crate::checkpoint::Checkpoint;
use crate::drawing::{Drawing, draw_faces};
use crate::example::{Example, example};

/// Parts of a batch, each normalised for itself: the same parts on any number of cores.
const PARTS: u64 = 4;
/// Pictures of a part.
const PART: u64 = 16;
/// The highest rate of the one-cycle schedule.
const RATE: f32 = 4e-3;
const OPTIMISER: OptimiserKind = OptimiserKind::AdamW { weight_decay: 0.01 };
/// Differences beyond this share of the side (a pixel of 64) pull no more than this one.
const BEND: f32 = 1.0 / 64.0;
/// Steps between two reports of the loss, each of which also keeps the state.
const REPORT: u64 = 250;

/// What to train.
#[derive(Debug, Clone, Copy)]
pub struct TrainRequest<'a> {
    /// Identities to draw, in turn of all styles; each is drawn twice and takes 32 KiB of memory. At least 1.
    pub people: u32,
    /// Training steps of 64 pictures, at least 1.
    pub steps: u64,
    /// The seed of faces, disturbances and weights.
    pub seed: u64,
    /// The weight file to write; the state is kept beside it.
    pub out: &'a Path,
}

/// What a training tells while it runs. Whoever hears it may stop the training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// So many faces are drawn.
    Drawn(usize),
    /// All faces are drawn; steps begin after this one, which is not 0 where a stopped training goes on.
    Begun {
        /// Faces to learn from.
        n_faces: usize,
        /// Steps that are done.
        after: u64,
    },
    /// A step is done.
    Step {
        /// Steps that are done.
        done: u64,
        /// The mean loss of the steps since the last report, where this one reports.
        loss: Option<f64>,
    },
}

/// What was trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trained {
    /// Faces that were learnt from.
    pub n_faces: usize,
    /// Mean loss of the last steps.
    pub loss: f64,
}

/// Draws, trains, writes. After a stop the same request goes on.
pub fn train(
    request: &TrainRequest<'_>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Trained, Fault> {
    let TrainRequest { people, steps, seed, out } = *request;
    let drawings = draw_faces(people, seed, &mut |done| progress(Progress::Drawn(done)))?;
    let inputs = json!({
        "howfar": env!("CARGO_PKG_VERSION"), "people": people, "steps": steps, "seed": seed,
        // A new renderer draws other faces, which the old state has not seen.
        "faces": drawings_sha256(&drawings),
    });
    let checkpoint = Checkpoint::beside(out, inputs);
    let (network, loss) = run_steps(request, &drawings, &checkpoint, progress)?;
    let card = json!({
        "howfar": env!("CARGO_PKG_VERSION"), "data": "drawn faces alone", "people": people, "steps": steps,
        "seed": seed,
    });
    files::write(out, &network.to_bytes(&card, Precision::Half).map_err(in_network)?)?;
    checkpoint.remove()?;
    Ok(Trained { n_faces: drawings.len(), loss })
}

fn run_steps(
    request: &TrainRequest<'_>,
    drawings: &[Drawing],
    checkpoint: &Checkpoint,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(LandmarkNetwork, f64), Fault> {
    let (seeds, steps) = (Seeds::new(request.seed), request.steps);
    let mut trainer = match checkpoint.read(OPTIMISER)? {
        Some(trainer) => trainer,
        None => Trainer::new(new_network(seeds)?, OPTIMISER),
    };
    let first = trainer.n_steps();
    let mut stopped = progress(Progress::Begun { n_faces: drawings.len(), after: first }).is_break();
    let (mut recent, mut last) = (Vec::new(), 0.0);
    for step in first..steps {
        let part = |part| part_of(&trainer, drawings, seeds, step * PARTS + part);
        let parts: Vec<BatchPart> = (0..PARTS).into_par_iter().map(part).collect();
        recent.push(trainer.apply(&parts, one_cycle_rate(RATE, step, steps)));
        let done = step + 1;
        let reports = done % REPORT == 0 || done == steps;
        if reports {
            last = recent.iter().sum::<f64>() / recent.len() as f64;
            recent.clear();
        }
        stopped |= progress(Progress::Step { done, loss: reports.then_some(last) }).is_break();
        if stopped || done % REPORT == 0 {
            checkpoint.write(&trainer)?;
        }
        if stopped {
            return Err(Fault::interrupted(format!("{done} of {steps} steps were made"))
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
