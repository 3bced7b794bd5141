//! `howfar evaluate [MODEL] SOURCE`: a trained network on labelled faces: a face set, or anything that `prepare` reads.

mod figures;
mod source;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use howfar_evaluate::{ConfusionCounts, OverSubjects};
use howfar_face::{FaceStore, Fault, Lineage};
use howfar_train::{Model, predict};

use crate::command::prepare::SourceArgs;
use crate::console::Console;
use figures::{Figures, Shown};
use source::open_source;

/// Measure a trained network on labelled faces.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "howfar evaluate [OPTIONS] [MODEL.safetensors] FACES|ADAPTER:PATH",
    after_help = "Examples:\n  howfar evaluate folder:my-pictures --subject-pattern '(?<person>S\\d+)_'\n  \
    howfar evaluate model.safetensors jaffe:data/jaffe\n  howfar evaluate model.safetensors faces/unseen --json\n\n\
    Without a model, howfar's own network is used, which was trained on drawn faces alone (docs/predict.md). Pictures \
    are prepared as the model's own faces were, into a folder that goes away."
)]
pub struct Args {
    /// The model file, and then a face set's folder or ADAPTER:PATH as `prepare` takes it.
    #[arg(required = true, num_args = 1..=2, value_name = "MODEL SOURCE")]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    read: SourceArgs,
}

/// Predicts every face and prints accuracy and macro recall with their intervals over people, and the confusion
/// matrix.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let (model, source) = model_and_source(&args.inputs, console)?;
    let opened = open_source(source, &model, &args.read, console)?;
    let set = &opened.set;
    let shown = Shown::new(&model, &opened.classes);
    let mut pool = FaceStore::new(shown.names_in_the_set.clone(), model.preprocessing());
    let (faces, n_of_other_classes) = pool.add(set)?;
    let faces: Vec<usize> = faces.collect();
    if faces.is_empty() {
        return Err(Fault::data(source.display(), "no face is of a class that the model knows")
            .found(opened.classes.join(", "))
            .expected(model.classes().join(", ")));
    }
    let mut of_person: BTreeMap<_, ConfusionCounts> = BTreeMap::new();
    let mut n_of_others = 0;
    for (face, probabilities) in faces.iter().zip(predict(&model, &pool, &faces)?) {
        let labels = &pool.face(*face).labels;
        let counts = of_person.entry(&labels.subject).or_insert_with(|| ConfusionCounts::new(shown.classes.len()));
        counts.add(shown.place(labels.label), howfar_protocol::most_probable(&shown.among(&probabilities)));
        n_of_others += u64::from(!shown.indices.contains(&howfar_protocol::most_probable(&probabilities)));
    }
    let is_unknown = |face: &&usize| {
        let labels = &pool.face(**face).labels;
        labels.subject.is_called_by(&labels.source)
    };
    let n_of_nobody = faces.iter().filter(is_unknown).count() as u64;
    let mut people = Lineage::default();
    faces.iter().for_each(|face| people.add_face(&pool.face(*face).labels));
    let n_people_seen = people.people.intersection(&model.lineage().people).count();
    let persons: Vec<ConfusionCounts> = of_person.into_values().collect();
    let over_subjects = OverSubjects::of(shown.classes.len(), &persons);
    let figures = Figures {
        n_people_seen,
        n_faces_of_nobody_known: n_of_nobody,
        n_faces_most_like_those: n_of_others,
        n_faces_of_other_classes: n_of_other_classes,
        left_out: opened.left_out.clone(),
        ..Figures::new(&shown, &over_subjects)
    };
    if console.json() {
        console.answer_json(&figures);
    } else {
        console.answer(figures.to_string().trim_end());
    }
    opened.caveats.iter().for_each(|caveat| console.note(&format!("caveat: {caveat}")));
    if !shown.others.is_empty() {
        console.note(&format!(
            "the set has no class {}: the network chose among its other classes ({n_of_others} of {} faces looked most \
                like {})",
            shown.others.join(", "),
            figures.n_faces,
            if shown.others.len() == 1 { "it" } else { "one of these" }
        ));
    }
    if n_of_other_classes > 0 {
        console.note(&format!("{n_of_other_classes} faces of other classes were left out"));
    }
    Ok(())
}

fn model_and_source<'a>(inputs: &'a [PathBuf], console: &Console) -> Result<(Model, &'a Path), Fault> {
    let is_model = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("safetensors"));
    match inputs {
        [model, source] => Ok((Model::load(model)?, source)),
        [model] if is_model(model) => Err(Fault::usage("evaluate", "a model, but no faces")
            .found(model.display())
            .hint("howfar evaluate MODEL.safetensors folder:my-pictures")),
        [source, ..] => {
            console.note(
                "howfar's own network, trained on drawn faces alone (another one: howfar evaluate \
                MODEL.safetensors SOURCE)",
            );
            Ok((Model::embedded(), source))
        }
        [] => Err(Fault::usage("evaluate", "no faces are named")),
    }
}
