//! `howfar generate`: a balanced face set out of the identity GAN and the expression GAN.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use howfar_face::{FaceSet, Fault, GroupSizes, files};
use howfar_generate::{GenerateRequest, Generated, Screen, embedded_expression, embedded_identity, generate};
use howfar_net::{NetFault, gan::Generator};

use crate::command::{draw::parse_range, stop_flag};
use crate::console::Console;
use crate::progress::CountProgress;

/// Generate a balanced face set: people that do not exist, or yours, each with every expression.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar generate --people 1000 --seed 5 --out faces/gan
  howfar generate --people 1000 --seed 5 --out faces/gan \\
      --identity runs/stylegan2/generator.safetensors \\
      --expression runs/stargan/generator.safetensors
  howfar generate --from faces/real --out faces/moved \\
      --expression runs/stargan/generator.safetensors
  howfar generate --people 1000 --screen --out faces/gan
  howfar generate --people 1000 --identity … --expression … \\
      --screen faces/wild faces/neutral --out faces/gan

Stopped or killed, the same command goes on where it was. Every face carries its parent, if it has one, and the set \
the people whom the generators have seen. docs/generators.md tells more.")]
pub struct Args {
    /// People to generate; with --from at most so many.
    #[arg(long, required_unless_present = "from", value_parser = clap::value_parser!(u64).range(1..))]
    people: Option<u64>,
    /// Weights of a StyleGAN2, which draws people; without it the small one that howfar carries.
    #[arg(long, value_name = "WEIGHTS", conflicts_with = "from")]
    identity: Option<PathBuf>,
    /// Weights of a StarGAN, which gives them expressions; without it the small one that howfar carries.
    #[arg(long, value_name = "WEIGHTS")]
    expression: Option<PathBuf>,
    /// Give expressions to the people of a face set instead.
    #[arg(long, value_name = "FACES")]
    from: Option<PathBuf>,
    /// Expressions, separated by commas; without it all that the StarGAN knows but neutral. `person` is the picture
    /// that they are given to (not with --from).
    #[arg(long, value_delimiter = ',')]
    expressions: Vec<String>,
    /// How far people keep from the mean person: 1 as trained, smaller is plainer and less broken, 0 is always the
    /// same.
    #[arg(long, default_value_t = 1.0)]
    truncation: f32,
    /// How strongly expressions are shown: 0 = neutral, 1 = as trained. A range is drawn from for each picture.
    #[arg(long, default_value = "1", value_name = "FROM..TO")]
    intensity: String,
    /// Leave out people with a broken face (flat, burnt out, no plausible eyes) and, where face sets are named that the
    /// networks were trained on, people with a near copy of one of those faces; others take their place.
    #[arg(long, value_name = "FACES", num_args = 0..)]
    screen: Option<Vec<PathBuf>>,
    /// The seed; with a person's number it fixes the face.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A name for tables.
    #[arg(long, default_value = "gan")]
    name: String,
    /// The face set to write.
    #[arg(long)]
    out: PathBuf,
    /// Faces per row group, for tests of stopping and resuming.
    #[arg(long, hide = true, default_value_t = GroupSizes::STANDARD.group as u32,
        value_parser = clap::value_parser!(u32).range(1..))]
    faces_per_group: u32,
}

/// Generates the set and says what it wrote.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    howfar_net::keep_freed_memory();
    let read_or = |path: Option<&Path>, own: fn() -> Generator| path.map_or_else(|| Ok(own()), read_generator);
    let is_drawn = args.from.is_none();
    let identity = is_drawn.then(|| read_or(args.identity.as_deref(), embedded_identity)).transpose()?;
    let expression = read_or(args.expression.as_deref(), embedded_expression)?;
    let from = args.from.as_deref().map(FaceSet::open).transpose()?;
    let training =
        args.screen.as_ref().map(|sets| sets.iter().map(|set| FaceSet::open(set)).collect::<Result<Vec<_>, _>>());
    let screen = training.transpose()?.map(|sets| Screen::new(&sets)).transpose()?;
    let request = GenerateRequest {
        identity: identity.as_ref(),
        expression: &expression,
        from: from.as_ref(),
        people: args.people,
        expressions: &args.expressions,
        truncation: args.truncation,
        intensity: parse_range(&args.intensity)?,
        screen: screen.as_ref(),
        seed: args.seed,
        name: &args.name,
        out: &args.out,
        sizes: GroupSizes { group: args.faces_per_group as usize, ..GroupSizes::STANDARD },
    };
    let made = with_progress(&request, console)?;
    console.answer(&format!(
        "{}: {} generated faces of {} people",
        args.out.display(),
        made.set.info().n_faces,
        made.n_people
    ));
    if screen.is_some() {
        console.answer(&made.screened());
    }
    Ok(())
}

fn with_progress(request: &GenerateRequest<'_>, console: &Console) -> Result<Generated, Fault> {
    let stop = stop_flag();
    let mut pace: Option<CountProgress<'_>> = None;
    let made = generate(request, &mut |done, total| {
        pace.get_or_insert_with(|| CountProgress::of(console, "generated faces", done, total)).tell(done);
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some(pace) = &pace {
        pace.finish();
    }
    made
}

/// Reads a weight file.
pub fn read_generator(path: &Path) -> Result<Generator, Fault> {
    generator_in(&files::read_weights(path)?, path)
}

/// A generator of the bytes of its weight file.
pub fn generator_in(bytes: &[u8], path: &Path) -> Result<Generator, Fault> {
    Generator::from_bytes(bytes).map_err(|fault| {
        in_weights(path, fault).hint("howfar generator train and howfar weights import write such files")
    })
}

/// A fault of a weight file, with the file's name.
pub fn in_weights(path: &Path, fault: NetFault) -> Fault {
    let NetFault { place, what, found, expected } = fault;
    Fault::data(format!("{}, {place}", path.display()), what).found(found).expected(expected)
}
