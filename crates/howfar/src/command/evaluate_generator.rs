//! `howfar evaluate-generator GENERATED REAL`: how far generated faces are from real ones.

mod figures;
mod samples;

use std::path::PathBuf;

use howfar_evaluate::ConfusionCounts;
use howfar_evaluate::distance::{Features, Neighbourhoods, coverage, frechet_distance, kernel_distance, overlap};
use howfar_face::{FaceSet, Fault};
use howfar_train::{Model, features, predict};

use crate::console::Console;
use figures::{AtCount, ClassRecall, Comparison, Figures, LabelAgreement};
use samples::{People, Samples};

/// Measure how far generated faces are from real ones, beside how far real ones are from each other.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar evaluate-generator faces/gan faces/real --json\n\
    The features are those of howfar's own expression network, so the figures compare with each other and with nobody else's \
    (docs/generators.md). The real faces are split in halves by person: generated faces are measured against one half, and so is the \
    other half, with as many faces.")]
pub struct Args {
    /// The face set's folder of the generated faces.
    generated: PathBuf,
    /// The face set's folder of the real ones, best of people that the generator has not seen.
    real: PathBuf,
}

/// Shares of the generated people whose coverage is measured.
const PARTS: [usize; 4] = [8, 4, 2, 1];

/// Reads both sets, looks at every face once, and prints every figure beside its reference.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let model = Model::embedded();
    let sets = [FaceSet::open(&args.generated)?, FaceSet::open(&args.real)?];
    let samples = Samples::new(&sets, &model)?;
    let looked_at =
        |people: &People, name: &str| Features::new(name, &features(&model, &samples.pool, &people.concat())?);
    let [half, other_half] = &samples.halves;
    let against = looked_at(half, "half of the real faces")?;
    let generated = looked_at(&samples.generated, &args.generated.display().to_string())?;
    let reference = looked_at(other_half, "the other half of the real faces")?;
    let n_equal = generated.n_faces().min(reference.n_faces());
    let balls = Neighbourhoods::new(&against)?;
    let compare = |set: &Features| -> Result<Comparison, Fault> {
        Ok(Comparison {
            n_faces: set.n_faces(),
            frechet_distance: frechet_distance(set, &against)?,
            kernel_distance: kernel_distance(set, &against)?,
            overlap: overlap(&Neighbourhoods::new(set)?, &balls)?,
        })
    };
    let diversity = PARTS.iter().map(|part| {
        let first = |set: &Features, people: &[Vec<usize>]| {
            set.first(people[..people.len().div_ceil(*part)].iter().map(Vec::len).sum())
        };
        let [generated, reference] = [first(&generated, &samples.generated), first(&reference, other_half)];
        Ok(AtCount {
            share: 1.0 / *part as f64,
            n_faces: generated.n_faces(),
            coverage: coverage(&generated, &balls)?,
            reference_n_faces: reference.n_faces(),
            reference: coverage(&reference, &balls)?,
        })
    });
    let figures = Figures {
        features: format!(
            "howfar's own expression network (trained on drawn faces alone), {} values before its last dense layer",
            model.classifier().n_features()
        ),
        n_real_faces: against.n_faces(),
        classes: samples.class_names(&model),
        n_generated_left_out: samples.n_left_out[0],
        n_real_left_out: samples.n_left_out[1],
        generated: compare(&generated)?,
        generated_at_equal_count: compare(&generated.first(n_equal))?,
        real: compare(&reference.first(n_equal))?,
        diversity: diversity.collect::<Result<_, Fault>>()?,
        generated_labels: agreement(&model, &samples, &samples.generated.concat())?,
        real_labels: agreement(&model, &samples, &samples.halves.concat().concat())?,
    };
    if console.json() {
        console.answer_json(&figures);
    } else {
        console.answer(figures.to_string().trim_end());
    }
    for (n, path) in samples.n_left_out.iter().zip([&args.generated, &args.real]).filter(|(n, _)| **n > 0) {
        console.note(&format!("{}: {n} faces of classes that not both sets have were left out", path.display()));
    }
    Ok(())
}

/// How often the network, choosing among the classes of both sets, gives faces their own label.
fn agreement(model: &Model, samples: &Samples, faces: &[usize]) -> Result<LabelAgreement, Fault> {
    let mut counts = ConfusionCounts::new(samples.classes.len());
    for (face, probabilities) in faces.iter().zip(predict(model, &samples.pool, faces)?) {
        let among: Vec<f32> = samples.classes.iter().map(|class| probabilities[*class]).collect();
        let label = samples.pool.face(*face).labels.label;
        // Faces of other classes were left out.
        if let Some(label) = samples.classes.iter().position(|class| *class == label) {
            counts.add(label, howfar_protocol::most_probable(&among));
        }
    }
    let per_class = samples.class_names(model).into_iter().enumerate();
    Ok(LabelAgreement {
        agreement_percent: 100.0 * counts.accuracy(),
        macro_recall_percent: 100.0 * counts.macro_recall(),
        per_class: per_class
            .map(|(i, class)| ClassRecall {
                class,
                recall_percent: 100.0 * counts.recall(i),
                n_faces: counts.support(i),
            })
            .collect(),
    })
}
