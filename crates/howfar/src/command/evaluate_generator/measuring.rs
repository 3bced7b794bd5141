//! Every figure of `generator evaluate`, each beside its reference.
//!
//! In: what was seen of generated faces and of two halves of the real ones. Out: figures. Reads no face set, prints
//! nothing.

use howfar_evaluate::distance::{Features, Neighbourhoods, coverage, frechet_distance, kernel_distance, overlap};
use howfar_evaluate::{ClassFigures, ConfusionCounts};
use howfar_face::Fault;
use howfar_prepare::FeatureNetwork;
use howfar_train::Model;

use super::figures::{AtCount, Comparison, Figures, LabelAgreement};
use super::samples::{People, identity};

/// Shares of the generated people whose coverage is measured.
const PARTS: [usize; 4] = [8, 4, 2, 1];

/// People with the features of all their faces, in order.
pub struct Sample {
    people: People,
    features: Features,
}

impl Sample {
    /// `name` is for messages.
    pub fn new(people: People, name: &str) -> Result<Self, Fault> {
        let rows: Vec<Vec<f32>> = people.iter().flatten().map(|face| face.features.clone()).collect();
        let features = Features::new(name, &rows)?;
        Ok(Sample { people, features })
    }

    /// The faces of the first people, one of `parts` parts of them.
    fn first(&self, parts: usize) -> Features {
        let people = &self.people[..self.people.len().div_ceil(parts)];
        self.features.first(people.iter().map(Vec::len).sum())
    }
}

/// Compares the generated faces, and the second half of the real ones, with the first half. Faces that were left out
/// are for the caller to count.
pub fn figures(
    generated: &Sample,
    real: &[Sample; 2],
    classes: &[String],
    (model, user): (&Model, Option<&FeatureNetwork>),
) -> Result<Figures, Fault> {
    let [against, reference] = real;
    let n_equal = generated.features.n_faces().min(reference.features.n_faces());
    let balls = Neighbourhoods::new(&against.features)?;
    let compare = |features: &Features| compare(features, &against.features, &balls);
    let diversity = PARTS.iter().map(|parts| {
        let (generated, reference) = (generated.first(*parts), reference.first(*parts));
        Ok(AtCount {
            share: 1.0 / *parts as f64,
            n_faces: generated.n_faces(),
            coverage: coverage(&generated, &balls)?,
            reference_n_faces: reference.n_faces(),
            reference: coverage(&reference, &balls)?,
        })
    });
    let (of_generated, of_real) = ([&generated.people], [&against.people, &reference.people]);
    Ok(Figures {
        features: features_words(user, against.features.n_features()),
        n_real_faces: against.features.n_faces(),
        n_generated_left_out: 0,
        n_real_left_out: 0,
        generated: compare(&generated.features)?,
        generated_at_equal_count: compare(&generated.features.first(n_equal))?,
        real: compare(&reference.features.first(n_equal))?,
        diversity: diversity.collect::<Result<_, Fault>>()?,
        generated_identity: identity(&of_generated, "generated faces")?,
        real_identity: identity(&of_real, "real faces")?,
        generated_labels: agreement(classes, model, &of_generated),
        real_labels: agreement(classes, model, &of_real),
        classes: classes.to_vec(),
    })
}

fn compare(features: &Features, against: &Features, balls: &Neighbourhoods<'_>) -> Result<Comparison, Fault> {
    Ok(Comparison {
        n_faces: features.n_faces(),
        frechet_distance: frechet_distance(features, against)?,
        kernel_distance: kernel_distance(features, against)?,
        overlap: overlap(&Neighbourhoods::new(features)?, balls)?,
    })
}

/// What the faces are compared by.
fn features_words(user: Option<&FeatureNetwork>, n: usize) -> String {
    match user {
        Some(network) => network.words(n),
        None => format!(
            "howfar's own expression network (trained on drawn faces alone), {n} values before its last dense layer"
        ),
    }
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
