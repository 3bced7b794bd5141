//! The training loop of both GANs: steps, losses, states to go on from, sheets, and at the end the weights with their
//! card.
//!
//! In: settings, faces, a seed, a folder. Out: the folder's files. A run that was stopped or killed goes on with the
//! same call and ends with the same bytes as an unbroken one. A run that diverges ends with a fault at its first step
//! whose losses or numbers are not finite, and what was kept before stays. Knows no test subjects and no scores.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use howfar_face::{Fault, GeneratorCard, Picture};
use howfar_net::{ComputeDevice, Precision, gan::Generator};
use howfar_picture::picture_grid;
use serde_json::{Map, Value, json};

use crate::in_network;
use crate::recipe::{Recipe, StepLosses};
use crate::run_folder::RunFolder;
use crate::training_faces::{TrainingFaces, to_level};

/// What is to be trained and where.
pub struct TrainRequest<'a, S> {
    /// The recipe's settings.
    pub settings: &'a S,
    /// The seed of weights, order and noise.
    pub seed: u64,
    /// The folder of the run.
    pub out: &'a Path,
    /// How exactly the weights are kept at the end.
    pub precision: Precision,
    /// Steps between two lines of losses.
    pub line_every: u64,
    /// At least so much time lies between two kept states, each with a sheet; zero keeps every step. It decides what
    /// a stop can lose and which sheets there are, never a number.
    pub keep_every: Duration,
}

/// Where a training is.
pub struct Progress {
    /// Steps made.
    pub step: u64,
    /// Steps in all.
    pub n_steps: u64,
    /// Where this start began.
    pub begin: u64,
    /// The means of the losses since the last line, where a line was written.
    pub losses: Option<Vec<(String, f64)>>,
}

/// Sums and counts of losses since the last line.
type Recent = BTreeMap<String, (f64, u64)>;

/// Trains, or goes on training. `tell` hears of every step and may break; then the state is kept.
pub fn train<R: Recipe>(
    request: &TrainRequest<'_, R::Settings>,
    faces: &mut TrainingFaces,
    tell: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Generator, Fault> {
    if faces.is_empty() {
        return Err(Fault::data(faces.name(), "there is no face to learn from"));
    }
    let settings = toml::to_string(request.settings).map_err(|e| Fault::usage("settings", e.to_string()))?;
    let folder = RunFolder::open(request.out)?;
    let mut inputs = json!({
        "kind": R::KIND, "settings": settings, "seed": request.seed, "faces_sha256": faces.content_sha256(),
    });
    let device = ComputeDevice::chosen();
    if device != ComputeDevice::Cpu {
        // A training stays on the device that it began on: others round differently.
        inputs["device"] = json!(device.name());
    }
    let (mut recipe, begin, mut recent) = match folder.read_checkpoint(&inputs)? {
        Some(mut kept) => {
            let recipe = R::resume(request.settings, faces, request.seed, &kept.state, &mut kept.file)?;
            (recipe, kept.step, serde_json::from_value(kept.recent).unwrap_or_default())
        }
        None => (R::new(request.settings, faces, request.seed)?, 0, Recent::new()),
    };
    folder.write_settings(&settings)?;
    folder.rewind(begin)?;
    let n_steps = recipe.n_steps();
    let card = card::<R>(request, faces, &settings);
    // The weights lie there at every kept state, so that a training may be judged, used and ended early.
    let keep = |recipe: &R, step: u64, recent: &Recent| {
        let mut generator = recipe.generator();
        generator.card = card.clone();
        generator.card["steps"] = json!(step);
        let weights = generator.to_bytes(request.precision).map_err(in_network)?;
        let (state, tensors) = recipe.state();
        // A state with a number that is not finite could not be read again, so it must not replace one that can.
        if let Some((tensor, value)) = tensors.iter().find_map(|t| Some((t, t.not_finite()?))) {
            return Err(diverged(step, format!("{value} in {}", tensor.name)).hint("lower `rate` in the settings"));
        }
        howfar_face::files::write(&folder.weights_file(), &weights)?;
        folder.write_checkpoint(&inputs, (step, json!(recent)), (state, tensors))?;
        Ok(generator)
    };
    let (mut kept_step, mut kept_at) = (begin, Instant::now());
    for step in begin..n_steps {
        let step_losses = recipe.step(faces, step);
        faces.check()?;
        check_finite(&recipe, &step_losses, step + 1, kept_step)?;
        for (name, value) in step_losses {
            let (sum, n) = recent.entry(name.to_owned()).or_default();
            (*sum, *n) = (*sum + f64::from(value), *n + 1);
        }
        let done = step + 1;
        let mut losses = None;
        if done.is_multiple_of(request.line_every) || done == n_steps {
            let means: Vec<(String, f64)> =
                std::mem::take(&mut recent).into_iter().map(|(name, (sum, n))| (name, sum / n as f64)).collect();
            folder.append_losses(&line(done, &means))?;
            losses = Some(means);
        }
        if kept_at.elapsed() >= request.keep_every && done < n_steps {
            write_sheet(&folder, &recipe, faces, done)?;
            keep(&recipe, done, &recent)?;
            (kept_step, kept_at) = (done, Instant::now());
        }
        if tell(&Progress { step: done, n_steps, begin, losses }).is_break() {
            keep(&recipe, done, &recent)?;
            return Err(Fault::interrupted(format!("{done} of {n_steps} steps were made"))
                .hint("run the same command again: it goes on"));
        }
    }
    write_sheet(&folder, &recipe, faces, n_steps)?;
    keep(&recipe, n_steps, &recent)
}

/// A fault where a training has diverged: nothing that a later step computes would be a number.
fn check_finite<R: Recipe>(recipe: &R, losses: &StepLosses, step: u64, kept_step: u64) -> Result<(), Fault> {
    let loss = losses.iter().find(|(_, value)| !value.is_finite());
    let loss = loss.map(|(name, value)| format!("the loss {name} is {value}"));
    let Some(found) = loss.or_else(|| recipe.not_finite().map(|(name, value)| format!("{value} in {name}"))) else {
        return Ok(());
    };
    let kept = match kept_step {
        0 => "no earlier step was kept".to_owned(),
        kept => format!("the weights and the state of step {kept} are kept, but with this rate they lead here again"),
    };
    Err(diverged(step, found).hint(format!("lower `rate` in the settings and train into another --out; {kept}")))
}

fn diverged(step: u64, found: String) -> Fault {
    Fault::data(format!("step {step}"), "the training has diverged: its losses or weights are no longer numbers")
        .found(found)
        .expected("finite numbers")
}

fn line(step: u64, means: &[(String, f64)]) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("step".to_owned(), json!(step));
    line.extend(means.iter().map(|(name, mean)| (name.clone(), json!(mean))));
    line
}

fn write_sheet<R: Recipe>(folder: &RunFolder, recipe: &R, faces: &mut TrainingFaces, step: u64) -> Result<(), Fault> {
    let sheet = recipe.sheet(faces);
    let (side, channels) = (faces.side(), faces.n_channels());
    let picture = |values: &[f32]| Picture {
        width: side as u32,
        height: side as u32,
        channels: channels as u32,
        data: values.iter().map(|value| to_level(*value)).collect(),
    };
    let pictures: Vec<Picture> = sheet.pictures.chunks_exact(side * side * channels).map(picture).collect();
    folder.write_sheet(step, &picture_grid(&pictures, sheet.n_columns)?)
}

/// What the weight file says of the generator, beside its steps: whose faces it has seen above all.
fn card<R: Recipe>(request: &TrainRequest<'_, R::Settings>, faces: &TrainingFaces, settings: &str) -> Value {
    let name = format!("howfar generator train {} {}", R::KIND, env!("CARGO_PKG_VERSION"));
    let card = GeneratorCard::new(name, request.seed, faces.lineage().clone(), settings.to_owned());
    json!({
        "generator": card,
        "classes": faces.classes(),
        "preprocessing": faces.preprocessing(),
        "faces": { "name": faces.name(), "n_faces": faces.len(), "content_sha256": faces.content_sha256() },
    })
}
