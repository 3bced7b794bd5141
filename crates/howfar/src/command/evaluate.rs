//! `howfar evaluate MODEL FACES`: a trained network on a face set.

use std::fmt;
use std::path::PathBuf;

use howfar_evaluate::{ClassFigures, ConfusionCounts};
use howfar_face::{FaceSet, Fault, Pool};
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
    accuracy_percent: f64,
    macro_recall_percent: f64,
    macro_f1_percent: f64,
    classes: Vec<String>,
    /// Rows are true classes, columns predicted ones.
    confusion: Vec<Vec<u64>>,
    per_class: Vec<ClassFigures>,
}

/// Predicts every face and prints accuracy, macro figures and the confusion matrix.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let model = Model::load(&args.model)?;
    let mut pool = Pool::new(model.classes().to_vec(), model.preprocessing().side as usize);
    let (faces, n_left_out) = pool.add(&FaceSet::open(&args.faces)?)?;
    let faces: Vec<usize> = faces.collect();
    if faces.is_empty() {
        return Err(Fault::data(args.faces.display(), "no face is of a class that the model knows")
            .expected(model.classes().join(", ")));
    }
    let mut counts = ConfusionCounts::new(model.classes().len());
    for (face, probabilities) in faces.iter().zip(predict(&model, &pool, &faces)?) {
        counts.add(pool.face(*face).labels.label, howfar_protocol::most_probable(&probabilities));
    }
    let figures = figures(model.classes(), &counts);
    if console.json() {
        console.answer_json(&figures);
    } else {
        console.answer(figures.to_string().trim_end());
    }
    if n_left_out > 0 {
        console.note(&format!("{n_left_out} faces of other classes were left out"));
    }
    Ok(())
}

fn figures(classes: &[String], counts: &ConfusionCounts) -> Figures {
    let of_class = |(class, name): (usize, &String)| ClassFigures {
        class: name.clone(),
        precision_percent: 100.0 * counts.precision(class),
        recall_percent: 100.0 * counts.recall(class),
        f1_percent: 100.0 * counts.f1(class),
        support: counts.support(class),
    };
    Figures {
        n_faces: counts.n_faces(),
        accuracy_percent: 100.0 * counts.accuracy(),
        macro_recall_percent: 100.0 * counts.macro_recall(),
        macro_f1_percent: 100.0 * counts.macro_f1(),
        classes: classes.to_vec(),
        confusion: counts.rows(),
        per_class: classes.iter().enumerate().map(of_class).collect(),
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} faces: accuracy {:.1} %, macro recall {:.1} %, macro F1 {:.1} %\n",
            self.n_faces, self.accuracy_percent, self.macro_recall_percent, self.macro_f1_percent
        )?;
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
