//! `howfar evaluate MODEL FACES`: a trained network on a face set.

use std::fmt;
use std::path::PathBuf;

use howfar_evaluate::{ClassFigures, ConfusionCounts};
use howfar_face::{FaceSet, Fault, Lineage, Pool};
use howfar_train::{Model, predict};
use serde::Serialize;

use crate::console::Console;

/// Measure a trained network on a face set.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar evaluate model.safetensors faces/unseen --json")]
pub struct Args {
    /// The model file.
    model: PathBuf,
    /// The face set's folder.
    faces: PathBuf,
}

/// What `evaluate` answers.
#[derive(Debug, Serialize)]
struct Figures {
    n_faces: u64,
    /// People of the set, and whom they were made from, from whom the network has learnt, as far as its file says.
    n_people_seen: usize,
    accuracy_percent: f64,
    macro_recall_percent: f64,
    macro_f1_percent: f64,
    /// Those that network and set share.
    classes: Vec<String>,
    /// Classes of the network that the set lacks; it was not asked for them.
    classes_not_in_the_set: Vec<String>,
    /// Faces that the network would have called so.
    n_faces_most_like_those: u64,
    /// Rows are true classes, columns predicted ones.
    confusion: Vec<Vec<u64>>,
    per_class: Vec<ClassFigures>,
}

/// Predicts every face and prints accuracy, macro figures and the confusion matrix.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let model = Model::load(&args.model)?;
    let mut pool = Pool::new(model.classes().to_vec(), model.preprocessing());
    let set = FaceSet::open(&args.faces)?;
    let (faces, n_left_out) = pool.add(&set)?;
    let faces: Vec<usize> = faces.collect();
    if faces.is_empty() {
        return Err(Fault::data(args.faces.display(), "no face is of a class that the model knows")
            .expected(model.classes().join(", ")));
    }
    let shown = Shown::new(&model, &set);
    let (mut counts, mut n_of_others) = (ConfusionCounts::new(shown.classes.len()), 0);
    for (face, probabilities) in faces.iter().zip(predict(&model, &pool, &faces)?) {
        let label = shown.place(pool.face(*face).labels.label);
        counts.add(label, howfar_protocol::most_probable(&shown.among(&probabilities)));
        n_of_others += u64::from(!shown.indices.contains(&howfar_protocol::most_probable(&probabilities)));
    }
    let mut people = Lineage::default();
    faces.iter().for_each(|face| people.add_face(&pool.face(*face).labels));
    let n_people_seen = people.people.intersection(&model.lineage().people).count();
    let figures = Figures { n_people_seen, ..figures(&shown, n_of_others, &counts) };
    if console.json() {
        console.answer_json(&figures);
    } else {
        console.answer(figures.to_string().trim_end());
    }
    if !shown.others.is_empty() {
        console.note(&format!(
            "the set has no class {}: the network chose among its other classes ({n_of_others} of {} faces looked most like {})",
            shown.others.join(", "),
            figures.n_faces,
            if shown.others.len() == 1 { "it" } else { "one of these" }
        ));
    }
    if n_left_out > 0 {
        console.note(&format!("{n_left_out} faces of other classes were left out"));
    }
    Ok(())
}

/// The classes that both the network and the set know. A face can only be called what its set has a word for: a network
/// that knows neutral faces, too, is not wrong about a set that left them out.
struct Shown {
    /// Their places among the network's classes.
    indices: Vec<usize>,
    classes: Vec<String>,
    /// Classes of the network that the set lacks.
    others: Vec<String>,
}

impl Shown {
    fn new(model: &Model, set: &FaceSet) -> Self {
        let known = |class: &String| set.info().classes.contains(class);
        let (indices, others): (Vec<usize>, Vec<usize>) =
            (0..model.classes().len()).partition(|class| known(&model.classes()[*class]));
        let names = |indices: &[usize]| indices.iter().map(|class| model.classes()[*class].clone()).collect();
        Shown { classes: names(&indices), others: names(&others), indices }
    }

    /// A class of the network as one of these.
    fn place(&self, label: usize) -> usize {
        self.indices.iter().position(|class| *class == label).expect("every face of the pool is of a class of its set")
    }

    fn among(&self, probabilities: &[f32]) -> Vec<f32> {
        self.indices.iter().map(|class| probabilities[*class]).collect()
    }
}

fn figures(shown: &Shown, n_of_others: u64, counts: &ConfusionCounts) -> Figures {
    let of_class = |(class, name): (usize, &String)| ClassFigures {
        class: name.clone(),
        precision_percent: 100.0 * counts.precision(class),
        recall_percent: 100.0 * counts.recall(class),
        f1_percent: 100.0 * counts.f1(class),
        support: counts.support(class),
    };
    Figures {
        n_faces: counts.n_faces(),
        n_people_seen: 0,
        accuracy_percent: 100.0 * counts.accuracy(),
        macro_recall_percent: 100.0 * counts.macro_recall(),
        macro_f1_percent: 100.0 * counts.macro_f1(),
        classes: shown.classes.clone(),
        classes_not_in_the_set: shown.others.clone(),
        n_faces_most_like_those: n_of_others,
        confusion: counts.rows(),
        per_class: shown.classes.iter().enumerate().map(of_class).collect(),
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} faces: accuracy {:.1} %, macro recall {:.1} %, macro F1 {:.1} %\n",
            self.n_faces, self.accuracy_percent, self.macro_recall_percent, self.macro_f1_percent
        )?;
        if self.n_people_seen > 0 {
            let n = self.n_people_seen;
            writeln!(
                f,
                "The network has learnt from {n} of these people: the figures say nothing of faces it has never seen.\n"
            )?;
        }
        let width = self.classes.iter().map(String::len).max().unwrap_or(0).max(6);
        let header: Vec<String> = self.classes.iter().map(|c| format!("{:>7}", short(c))).collect();
        writeln!(f, "{:width$} {}   precision  recall      F1", "true", header.join(""))?;
        for (class, row) in self.per_class.iter().zip(&self.confusion) {
            let cells: Vec<String> = row.iter().map(|n| format!("{n:>7}")).collect();
            writeln!(
                f,
                "{:width$} {}   {:>7.1} % {:>6.1} % {:>6.1} %",
                class.class,
                cells.join(""),
                class.precision_percent,
                class.recall_percent,
                class.f1_percent
            )?;
        }
        Ok(())
    }
}

/// The first letters of a class, as a column has room for.
fn short(class: &str) -> String {
    class.chars().take(6).collect()
}
