//! `howfar generator train`: the identity GAN or the expression GAN, learnt from a face set.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use howfar_face::{FaceSet, Fault, files};
use howfar_generate::{Progress, Recipe, StarGanRecipe, StyleGan2Recipe, TrainRequest, TrainingFaces, preset, train};
use howfar_net::Precision;

use crate::command::{DeviceArg, stop_flag};
use crate::console::{Console, duration_words};

/// Between two lines that tell where it is.
const LINE_EVERY: Duration = Duration::from_secs(20);

/// A critic that tells labels apart this little after this share of the steps has collapsed: its loss against the
/// logarithm of the number of classes.
const COLLAPSED: f64 = 0.97;
const COLLAPSED_AFTER: f64 = 0.1;

/// What settings files may say; `python/tests/test_schemas.py` holds them to the program and its presets.
const STARGAN_SCHEMA: &str = include_str!("../../../../docs/stargan.schema.json");
const STYLEGAN2_SCHEMA: &str = include_str!("../../../../docs/stylegan2.schema.json");

/// Train the network that draws people or the one that changes expressions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar generator train stargan faces/wild --out runs/stargan
  howfar generator train stylegan2 faces/wild --out runs/stylegan2
  howfar generator train stargan faces/wild --preset paper --out runs/stargan
  howfar generator train stargan --show-settings small > my.toml
  howfar generator train stargan faces/wild --settings my.toml --out runs/mine
  howfar generator train stargan --schema > stargan.schema.json

Stopped or killed, the same command goes on where it was and ends with the same bytes. docs/generators.md says what \
the settings do and what lies in the folder.")]
pub struct Args {
    /// stargan (changes expressions) or stylegan2 (draws people; labels play no part).
    #[arg(value_parser = ["stargan", "stylegan2"])]
    kind: String,
    /// The face set to learn from.
    #[arg(required_unless_present_any = ["show_settings", "schema"])]
    faces: Option<PathBuf>,
    /// The folder of the run: losses, sheets, the state, at the end generator.safetensors.
    #[arg(long, required_unless_present_any = ["show_settings", "schema"])]
    out: Option<PathBuf>,
    /// Embedded settings: small (for CPUs) or paper (for GPUs and patience).
    #[arg(long, default_value = "small", value_parser = ["small", "paper"])]
    preset: String,
    /// Settings of your own in place of a preset.
    #[arg(long, value_name = "FILE.toml", conflicts_with = "preset")]
    settings: Option<PathBuf>,
    /// Print embedded settings, to start your own from.
    #[arg(long, value_name = "PRESET", value_parser = ["small", "paper"], conflicts_with_all = ["faces", "out"])]
    show_settings: Option<String>,
    /// Print the JSON schema of settings files, which editors check them by.
    #[arg(long, conflicts_with_all = ["faces", "out", "show_settings"])]
    schema: bool,
    /// The seed of weights, order and noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the weights with 32 bits per number instead of 16.
    #[arg(long)]
    full_precision: bool,
    /// Minutes between two kept states, each with a sheet: what a kill can lose. 0 keeps every step; no result
    /// depends on it.
    #[arg(long, value_name = "MINUTES", default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(..=100_000))]
    keep_every: u64,
    /// Threads that compute [default: all cores]; no result depends on it.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    #[command(flatten)]
    device: DeviceArg,
}

/// Reads the faces, trains, says what was written.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    howfar_net::keep_freed_memory();
    args.device.pin()?;
    let embedded = |name: &str| preset(&args.kind, name).expect("clap let known names through");
    if let Some(name) = &args.show_settings {
        console.answer(embedded(name).trim_end());
        return Ok(());
    }
    if args.schema {
        console.answer(if args.kind == StarGanRecipe::KIND { STARGAN_SCHEMA } else { STYLEGAN2_SCHEMA }.trim_end());
        return Ok(());
    }
    let (Some(faces), Some(out)) = (&args.faces, &args.out) else {
        return Err(Fault::usage("FACES, --out", "it is not said what to learn from and where to write"));
    };
    let (text, place) = match &args.settings {
        Some(path) => (files::read_text(path)?, path.display().to_string()),
        None => (embedded(&args.preset).to_owned(), format!("preset {}", args.preset)),
    };
    let mut faces = TrainingFaces::read(&FaceSet::open(faces)?)?;
    console.note(&format!("{} faces of {} identities", faces.len(), faces.n_people()));
    // 0 threads are as many as there are cores. Within the pool the loop is one of its workers: none is woken for it.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads.unwrap_or(0) as usize).build();
    pool.map_err(Fault::threads)?.install(|| match args.kind.as_str() {
        "stargan" => train_kind::<StarGanRecipe>(args, &text, &place, &mut faces, out, console),
        _ => train_kind::<StyleGan2Recipe>(args, &text, &place, &mut faces, out, console),
    })
}

fn train_kind<R: Recipe>(
    args: &Args,
    text: &str,
    place: &str,
    faces: &mut TrainingFaces,
    out: &Path,
    console: &Console,
) -> Result<(), Fault> {
    let settings = howfar_generate::settings::<R>(text, place)?;
    let precision = if args.full_precision { Precision::Full } else { Precision::Half };
    let request = TrainRequest {
        settings: &settings,
        seed: args.seed,
        out,
        precision,
        line_every: 50,
        keep_every: Duration::from_secs(60 * args.keep_every),
    };
    let (stop, started) = (stop_flag(), Instant::now());
    let mut last_line: Option<Instant> = None;
    let mut losses = String::new();
    let (n_classes, mut is_told) = (faces.classes().len(), false);
    train::<R>(&request, faces, &mut |progress: &Progress| {
        if let Some(means) = &progress.losses {
            if !is_told && has_collapsed(progress, means, n_classes) {
                is_told = true;
                console.warn(
                    "the critic tells no label apart, so expressions will not be learnt: stop, and take another --seed",
                );
            }
            losses = means.iter().map(|(name, mean)| format!("  {name} {mean:.3}")).collect();
        }
        if last_line.is_none_or(|line| line.elapsed() >= LINE_EVERY) || progress.step == progress.n_steps {
            last_line = Some(Instant::now());
            console.note(&words(progress, started.elapsed().as_secs_f64(), &losses));
        }
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    console.answer(&format!("{}: trained on {} faces", out.join("generator.safetensors").display(), faces.len()));
    Ok(())
}

/// Whether a StarGAN's critic still guesses labels where it should have learnt some.
fn has_collapsed(progress: &Progress, means: &[(String, f64)], n_classes: usize) -> bool {
    let label = means.iter().find(|(name, _)| name == "critic/label").map(|(_, mean)| *mean);
    progress.step as f64 >= COLLAPSED_AFTER * progress.n_steps as f64
        && label.is_some_and(|loss| loss >= COLLAPSED * (n_classes as f64).ln())
}

fn words(progress: &Progress, elapsed_s: f64, losses: &str) -> String {
    let Progress { step, n_steps, begin, .. } = *progress;
    let seconds_a_step = elapsed_s / (step - begin).max(1) as f64;
    let left = duration_words(seconds_a_step * (n_steps - step) as f64);
    format!("step {step} of {n_steps}  {seconds_a_step:.2} s/step  {left} left{losses}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_critic_that_guesses_labels_is_told_from_one_that_has_just_begun_or_learns() {
        // The losses of two trainings on the same faces.
        for (step, label, collapsed) in [(500, 1.9459, false), (1000, 1.9459, true), (1000, 0.78, false)] {
            let progress = Progress { step, n_steps: 10_000, begin: 0, losses: None };
            let means = [("critic/label".to_owned(), label), ("critic/real".to_owned(), 2.0)];
            assert_eq!(has_collapsed(&progress, &means, 7), collapsed, "step {step}, {label}");
        }
        let progress = Progress { step: 5000, n_steps: 10_000, begin: 0, losses: None };
        assert!(!has_collapsed(&progress, &[("generator/loss".to_owned(), 9.0)], 7), "a StyleGAN2 has no labels");
    }
}
