//! `howfar evaluate-generator GENERATED REAL`: how far generated faces are from real ones.

mod figures;
mod looks;
mod onnx;
mod samples;

use std::path::PathBuf;

use howfar_evaluate::distance::{Features, Neighbourhoods, coverage, frechet_distance, kernel_distance, overlap};
use howfar_evaluate::{ClassFigures, ConfusionCounts};
use howfar_face::{FaceSet, Fault};
use howfar_train::Model;

use crate::console::Console;
use crate::progress::CountProgress;
use figures::{AtCount, Comparison, Figures, LabelAgreement};
use looks::FeatureExtractors;
use onnx::FeatureNetwork;
use samples::{People, by_person, check_sizes, common_classes, halves, identity};

/// Measure how far generated faces are from real ones, beside how far real ones are from each other.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  howfar evaluate-generator faces/gan faces/real --json\n  \
    howfar evaluate-generator faces/gan faces/real \\\n      --features vggface.onnx --features-range=-1..1\n\n\
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

/// Shares of the generated people whose coverage is measured.
const PARTS: [usize; 4] = [8, 4, 2, 1];

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
    let people = by_person(generated);
    let [half, other_half] = halves(by_person(real), &sets[1])?;
    let generated = features(&people, &args.generated.display().to_string())?;
    let against = features(&half, "half of the real faces")?;
    let reference = features(&other_half, "the other half of the real faces")?;
    let n_equal = generated.n_faces().min(reference.n_faces());
    let balls = Neighbourhoods::new(&against)?;
    console.note("measuring distances");
    let compare = |set: &Features| -> Result<Comparison, Fault> {
        Ok(Comparison {
            n_faces: set.n_faces(),
            frechet_distance: frechet_distance(set, &against)?,
            kernel_distance: kernel_distance(set, &against)?,
            overlap: overlap(&Neighbourhoods::new(set)?, &balls)?,
        })
    };
    let diversity = PARTS.iter().map(|part| {
        let first = |set: &Features, people: &People| {
            set.first(people[..people.len().div_ceil(*part)].iter().map(Vec::len).sum())
        };
        let (generated, reference) = (first(&generated, &people), first(&reference, &other_half));
        Ok(AtCount {
            share: 1.0 / *part as f64,
            n_faces: generated.n_faces(),
            coverage: coverage(&generated, &balls)?,
            reference_n_faces: reference.n_faces(),
            reference: coverage(&reference, &balls)?,
        })
    });
    let figures = Figures {
        features: user.as_ref().map_or_else(
            || {
                let n = against.n_features();
                format!(
                    "howfar's own expression network (trained on drawn faces alone), {n} values before its last \
                    dense layer"
                )
            },
            |network| network.words(against.n_features()),
        ),
        n_real_faces: against.n_faces(),
        n_generated_left_out,
        n_real_left_out,
        generated: compare(&generated)?,
        generated_at_equal_count: compare(&generated.first(n_equal))?,
        real: compare(&reference.first(n_equal))?,
        diversity: diversity.collect::<Result<_, Fault>>()?,
        generated_identity: identity(&[&people], "generated faces")?,
        real_identity: identity(&[&half, &other_half], "real faces")?,
        generated_labels: agreement(&classes, &model, &[&people]),
        real_labels: agreement(&classes, &model, &[&half, &other_half]),
        classes,
    };
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

fn features(people: &People, name: &str) -> Result<Features, Fault> {
    let rows: Vec<Vec<f32>> = people.iter().flatten().map(|face| face.features.clone()).collect();
    Features::new(name, &rows)
}

/// How often howfar's network, choosing among the classes that it and both sets have, gives faces their own label; none
/// where it knows no class of theirs, or was not asked.
fn agreement(classes: &[String], model: &Model, people: &[&People]) -> Option<LabelAgreement> {
    let mut counts = ConfusionCounts::new(classes.len());
    for face in people.iter().flat_map(|people| people.iter().flatten()) {
        if let Some(seen) = face.seen.filter(|_| model.classes().contains(&classes[face.class])) {
            counts.add(face.class, seen);
        }
    }
    let mut per_class = ClassFigures::of(&counts, classes);
    per_class.retain(|class| class.support > 0);
    (!per_class.is_empty()).then(|| LabelAgreement { figures: howfar_evaluate::Figures::of(&counts), per_class })
}
