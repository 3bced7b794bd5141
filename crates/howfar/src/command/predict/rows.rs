//! The rows of `predict`, written in the order of the photographs while the next ones are looked at: lines or JSON to
//! stdout, a CSV file.
//!
//! In: what is seen in one photograph after the other, or why nothing is. Out: a row a face; one row for a photograph
//! without a face and for one that cannot be read.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use howfar_face::Fault;
use howfar_train::Model;
use serde::Serialize;

use crate::console::Console;

/// What a row says where there is no face.
const NO_FACE: &str = "no face found";

/// What is seen in a face.
#[derive(Debug)]
pub struct Prediction {
    /// Left, top, width, height in pixels of the photograph.
    pub face_box: [f64; 4],
    /// The eyes' middles, x and y in pixels of the photograph, in the order of the picture, where they are known.
    pub eyes: Option<[[f64; 2]; 2]>,
    /// The detector's, where one found the face.
    pub score: Option<f64>,
    /// The most probable class.
    pub best: usize,
    /// In the order of the model's classes.
    pub probabilities: Vec<f32>,
}

/// A row as JSON.
#[derive(Debug, Default, Serialize)]
struct JsonRow<'a> {
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    face_box: Option<[f64; 4]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eyes: Option<[[f64; 2]; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expression: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probabilities: Option<BTreeMap<&'a str, f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Where rows go.
pub struct Rows<'a> {
    model: &'a Model,
    console: &'a Console,
    csv: Option<(PathBuf, csv::Writer<File>)>,
    /// The last row as JSON; a comma follows it if another one does.
    pending: Option<String>,
    /// The last photograph that could not be read.
    fault: Option<Fault>,
}

impl<'a> Rows<'a> {
    /// Opens the table and writes its head.
    pub fn begin(model: &'a Model, csv: Option<&Path>, console: &'a Console) -> Result<Self, Fault> {
        let open = |path: &Path| -> Result<_, Fault> {
            let writer = csv::Writer::from_path(path).map_err(|e| csv_fault(path, e))?;
            Ok((path.to_owned(), writer))
        };
        let csv = csv.map(open).transpose()?;
        let mut rows = Rows { model, console, csv, pending: None, fault: None };
        let head = [
            "image",
            "face",
            "left",
            "top",
            "width",
            "height",
            "left_eye_x",
            "left_eye_y",
            "right_eye_x",
            "right_eye_y",
            "score",
            "expression",
        ];
        let classes = model.classes().iter().map(String::as_str);
        rows.write_csv(head.into_iter().chain(classes).chain(["problem"]).map(str::to_owned).collect())?;
        if console.json() {
            console.answer("[");
        }
        Ok(rows)
    }

    /// The faces of the next photograph, or why it cannot be read.
    pub fn add(&mut self, image: &Path, answer: Result<Vec<Prediction>, Fault>) -> Result<(), Fault> {
        let name = image.display().to_string();
        match answer {
            Ok(faces) if faces.is_empty() => {
                self.console.note(&format!("{name}: {NO_FACE}"));
                self.problem(name, NO_FACE.to_owned())?;
            }
            Ok(faces) => {
                for (idx, seen) in faces.iter().enumerate() {
                    self.face(&name, (idx, faces.len()), seen)?;
                }
            }
            Err(fault) => {
                self.problem(name, fault.what().to_owned())?;
                // The last one ends the command; the others are said now.
                if let Some(before) = self.fault.replace(fault) {
                    self.console.error(&before);
                }
            }
        }
        Ok(())
    }

    /// Ends what was begun; a photograph that could not be read is the command's fault.
    pub fn finish(mut self) -> Result<(), Fault> {
        if self.console.json() {
            self.pending.iter().for_each(|row| self.console.answer(row));
            self.console.answer("]");
        }
        if let Some((path, writer)) = &mut self.csv {
            writer.flush().map_err(|e| Fault::io(path, "write", &e))?;
            self.console.note(&format!("wrote {}", path.display()));
        }
        self.fault.map_or(Ok(()), Err)
    }

    fn face(&mut self, image: &str, (idx, n_faces): (usize, usize), seen: &Prediction) -> Result<(), Fault> {
        let classes = self.model.classes();
        if self.console.json() {
            let probabilities = classes.iter().map(String::as_str).zip(seen.probabilities.iter().copied()).collect();
            self.write_json(&JsonRow {
                image: image.to_owned(),
                face_box: Some(seen.face_box),
                eyes: seen.eyes,
                expression: Some(&classes[seen.best]),
                probabilities: Some(probabilities),
                problem: None,
            });
        } else {
            let mut ranked: Vec<_> = classes.iter().zip(&seen.probabilities).collect();
            ranked.sort_by(|a, b| b.1.total_cmp(a.1));
            let words: Vec<String> = ranked.iter().map(|(class, p)| format!("{class} {:.0} %", 100.0 * **p)).collect();
            let number = if n_faces > 1 { format!(", face {}", idx + 1) } else { String::new() };
            self.console.answer(&format!("{image}{number}: {}", words.join(", ")));
        }
        let eyes = seen.eyes.map_or([None; 4], |[a, b]| [a[0], a[1], b[0], b[1]].map(Some));
        let numbers = seen.face_box.into_iter().map(Some).chain(eyes).chain([seen.score]);
        let numbers = numbers.map(|number| number.map_or(String::new(), |number| format!("{number:.2}")));
        let mut row = vec![image.to_owned(), (idx + 1).to_string()];
        row.extend(numbers);
        row.push(classes[seen.best].clone());
        row.extend(seen.probabilities.iter().map(f32::to_string));
        row.push(String::new());
        self.write_csv(row)
    }

    fn problem(&mut self, image: String, problem: String) -> Result<(), Fault> {
        let mut row = vec![String::new(); 12 + self.model.classes().len()];
        row[0].clone_from(&image);
        row.push(problem.clone());
        self.write_csv(row)?;
        if self.console.json() {
            self.write_json(&JsonRow { image, problem: Some(problem), ..JsonRow::default() });
        }
        Ok(())
    }

    /// One object a line, so that a reader of lines finds each whole.
    fn write_json(&mut self, row: &JsonRow<'_>) {
        if let Some(before) = self.pending.replace(self.console.json_line(row)) {
            self.console.answer(&format!("{before},"));
        }
    }

    fn write_csv(&mut self, row: Vec<String>) -> Result<(), Fault> {
        match &mut self.csv {
            Some((path, writer)) => writer.write_record(row).map_err(|e| csv_fault(path, e)),
            None => Ok(()),
        }
    }
}

fn csv_fault(path: &Path, error: csv::Error) -> Fault {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Fault::io(path, "write", &error),
        kind => Fault::data(path.display(), format!("cannot write: {kind:?}")),
    }
}
