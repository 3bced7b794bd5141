//! `howfar generator evaluate GENERATED REAL`: how far generated faces are from real ones.

mod figures;
mod looks;
mod measuring;
mod samples;

use std::path::PathBuf;

use howfar_face::{FaceSet, Fault};
use howfar_prepare::FeatureNetwork;
use howfar_train::Model;

use crate::console::Console;
use crate::progress::CountProgress;
use looks::FeatureExtractors;
use measuring::Sample;
use samples::{by_person, check_sizes, common_classes, halves};

/// Measure how far generated faces are from real ones, beside how far real ones are from each other.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar generator evaluate faces/gan faces/real --json\n  \
    howfar generator evaluate faces/gan faces/real \\\n      --features vggface.onnx --features-range=-1..1\n\n\
    The features are those of howfar's own expression network, so the figures compare with each other and with nobody \
    else's (docs/generators.md), or of a network that you bring. The real faces are split in halves by person: \
    generated faces are measured against one half, and so is the other half, with as many faces.")]
pub struct Args {
    /// The face set's folder of the generated faces.
    generated: PathBuf,
    /// The face set's folder of the real ones, best of people that the generator has not seen.
    real: PathBuf,
    /// Compare by the first output of this network (ONNX, input N×C×H×W) instead; faces of any size are resized to its
    /// input.
    #[arg(long, value_name = "FILE.onnx")]
    features: Option<PathBuf>,
    /// What black and white are in its input; any other scaling belongs into the file.
    #[arg(
        long,
        value_name = "BLACK..WHITE",
        default_value = "0..1",
        requires = "features",
        allow_hyphen_values = true
    )]
    features_range: String,
}

/// Reads both sets, looks at every face once, and prints every figure beside its reference.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let model = Model::embedded();
    let user = args.features.as_deref().map(|path| FeatureNetwork::read(path, &args.features_range)).transpose()?;
    let sets = [FaceSet::open(&args.generated)?, FaceSet::open(&args.real)?];
    let fits = check_sizes(&sets, &model);
    if user.is_none() {
        fits.clone()?;
    }
    let classes = common_classes(&sets, &model)?;
    let places: Vec<Option<usize>> =
        model.classes().iter().map(|own| classes.iter().position(|class| class == own)).collect();
    let extractors =
        FeatureExtractors { classes: &classes, own: fits.is_ok().then_some((&model, places)), user: user.as_ref() };
    let n_faces = sets.iter().map(|set| set.info().n_faces).sum();
    let mut pace = CountProgress::of(console, "faces looked at", 0, n_faces);
    let (generated, n_generated_left_out) = extractors.look(&sets[0], &mut |n| pace.tell(n))?;
    let (real, n_real_left_out) = extractors.look(&sets[1], &mut |n| pace.tell(sets[0].info().n_faces + n))?;
    pace.finish();
    let generated = Sample::new(by_person(generated), &args.generated.display().to_string())?;
    let [half, other_half] = halves(by_person(real), &sets[1])?;
    let real =
        [Sample::new(half, "half of the real faces")?, Sample::new(other_half, "the other half of the real faces")?];
    console.note("measuring distances");
    let mut figures = measuring::figures(&generated, &real, &classes, (&model, user.as_ref()))?;
    (figures.n_generated_left_out, figures.n_real_left_out) = (n_generated_left_out, n_real_left_out);
    if console.json() {
        console.answer_json(&figures);
    } else {
        console.answer(figures.to_string().trim_end());
    }
    let left_out = [(n_generated_left_out, &args.generated), (n_real_left_out, &args.real)];
    for (n, path) in left_out.iter().filter(|(n, _)| *n > 0) {
        console.note(&format!("{}: {n} faces of classes that not both sets have were left out", path.display()));
    }
    Ok(())
}
