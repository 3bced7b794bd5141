//! `howfar train-landmarks`: the network that finds the eyes, learnt from drawn faces alone.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

use howfar_crop::N_LANDMARKS;
use howfar_face::Fault;
use howfar_landmarks::{Progress, TrainRequest, Trained, train};

use crate::command::stop_flag;
use crate::console::{Console, duration_words};

/// Train the network that finds eyes, nose and mouth, on drawn faces alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  howfar train-landmarks --people 3000 --steps 8000 --seed 1 \\
      --out landmarks.safetensors\n\n\
    The file that `prepare` uses is crates/howfar-crop/data/landmarks.safetensors; it becomes a part of the \
    program.")]
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
    let (stop, mut started, mut first) = (stop_flag(), Instant::now(), 0);
    let bar = console.bar(0, "drawn faces");
    let request = TrainRequest { people: args.people, steps: args.steps, seed: args.seed, out: &args.out };
    let Trained { n_faces, loss } = train(&request, &mut |progress| {
        match progress {
            Progress::Drawn(done) => bar.set_position(done as u64),
            Progress::Begun { n_faces, after } => {
                bar.finish_and_clear();
                console.note(&format!("{n_faces} faces drawn in {}", duration_words(started.elapsed().as_secs_f64())));
                if after > 0 {
                    console.note(&format!("going on after step {after}"));
                }
                (started, first) = (Instant::now(), after);
            }
            Progress::Step { done, loss: Some(loss) } => {
                let left = started.elapsed().as_secs_f64() / (done - first) as f64 * (args.steps - done) as f64;
                console.note(&format!("step {done} of {}: loss {loss:.4}, {} left", args.steps, duration_words(left)));
            }
            Progress::Step { loss: None, .. } => {}
        }
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    console.answer(&format!(
        "{}: {N_LANDMARKS} points, trained in {} steps on {n_faces} drawn faces; mean loss of the last steps {loss:.4}",
        args.out.display(),
        args.steps,
    ));
    Ok(())
}
