//! What a program answers: probabilities for every face that it was asked about, once each.
//!
//! In: `predictions.parquet` or `.csv`, and `epochs.jsonl` if it wrote one. Out: probabilities by face, or a fault that
//! names the row and what is wrong with it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use howfar_face::{Fault, RowTable, closest_name, files, shortened};
use howfar_protocol::check_probabilities;
use howfar_train::EpochRecord;

use super::handed::Job;
use crate::asked::AskedFace;

/// With fewer faces the same answer for all may be right.
const FEW: usize = 4;

/// Probabilities by face.
pub(crate) struct Answer(HashMap<AskedFace, Vec<f32>>);

impl Answer {
    /// The probabilities of a face that was asked about.
    pub fn of(&self, face: AskedFace) -> Vec<f32> {
        self.0.get(&face).cloned().unwrap_or_default()
    }
}

/// Reads and checks an answer.
pub(crate) fn read(job: &Job, classes: &[String]) -> Result<Answer, Fault> {
    let path = file(job)?;
    let table = RowTable::open(&path)?;
    let columns = Columns::find(&table, classes, &path)?;
    let n = job.asked.len();
    let mut rows: Vec<Option<Vec<f32>>> = vec![None; n];
    let places = table.places().clone();
    table.for_each(&columns.wanted, |row| {
        let place = places.at(row.number());
        let number = row.get(0).parse::<f64>().ok().filter(|number| number.fract() == 0.0 && *number >= 0.0);
        let Some(asked) = number.map(|number| number as usize).filter(|number| *number < n) else {
            return Err(Fault::data(place, "there is no such row among the faces to predict")
                .found(row.get(0))
                .expected(format!("the column `row` of the faces to predict, 0 to {}", n - 1)));
        };
        if rows[asked].is_some() {
            return Err(Fault::data(place, "a row is answered twice")
                .found(format!("row {asked}"))
                .expected("every row of the faces to predict, once"));
        }
        let numbers = (1..columns.wanted.len()).map(|i| number_of(row.get(i), &place, &columns.names[i]));
        let numbers = numbers.collect::<Result<Vec<f64>, Fault>>()?;
        rows[asked] = Some(if columns.are_logits {
            softmax(&numbers)
        } else {
            check_probabilities(&numbers, place, |class| {
                format!("{} = {}", columns.names[1 + class], row.get(1 + class))
            })?;
            let sum: f64 = numbers.iter().sum();
            numbers.iter().map(|p| (p.max(0.0) / sum) as f32).collect()
        });
        Ok(())
    })?;
    let missing: Vec<usize> = (0..n).filter(|row| rows[*row].is_none()).collect();
    if let Some(first) = missing.first() {
        return Err(Fault::data(path.display(), "rows are missing in the answer")
            .found(format!("{} of {n} rows are there; the first that is missing is {first}", n - missing.len()))
            .expected("every row of the faces to predict, once"));
    }
    let rows: Vec<Vec<f32>> = rows.into_iter().flatten().collect();
    if n >= FEW && rows.windows(2).all(|pair| pair[0] == pair[1]) {
        return Err(Fault::data(path.display(), "the same answer stands for every face")
            .found(format!("{:?} in all {n} rows", rows[0]))
            .expected("an answer that depends on the picture")
            .hint("the program predicts before it has trained, or does not read its pictures"));
    }
    Ok(Answer(job.asked.iter().copied().zip(rows).collect()))
}

/// The epochs that a program says it trained, if it says so; kept among the files of its cell.
pub(crate) fn n_epochs(job: &Job, run_folder: &Path) -> Result<Option<u32>, Fault> {
    let path = job.answer().join("epochs.jsonl");
    if !files::is_there(&path)? {
        return Ok(None);
    }
    let text = files::read_text(&path)?;
    for (line, number) in text.lines().zip(1_u32..) {
        let epoch = serde_json::from_str::<EpochRecord>(line).map(|record| record.epoch);
        if epoch.as_ref().ok() != Some(&number) {
            return Err(Fault::data(format!("{}, line {number}", path.display()), "this is no record of an epoch")
                .found(epoch.map_or_else(|e| e.to_string(), |epoch| format!("epoch {epoch}")))
                .expected(format!("epoch {number}, training_loss, validation_loss and validation_accuracy")));
        }
    }
    files::write(&run_folder.join("epochs.jsonl"), text.as_bytes())?;
    Ok(u32::try_from(text.lines().count()).ok().filter(|n| *n > 0))
}

fn file(job: &Job) -> Result<PathBuf, Fault> {
    let files = ["predictions.parquet", "predictions.csv"].map(|name| job.answer().join(name));
    let mut there = Vec::new();
    for path in &files {
        if files::is_there(path)? {
            there.push(path);
        }
    }
    match there[..] {
        [path] => Ok(path.clone()),
        [] => Err(Fault::data(job.answer().display(), "the program ended without an answer")
            .found("neither predictions.parquet nor predictions.csv")
            .expected("one of them, in the folder that `answer` of job.json names")
            .hint("docs/trainers.md describes it")),
        _ => Err(Fault::data(job.answer().display(), "the program left two answers")
            .found("predictions.parquet and predictions.csv")
            .expected("one of them")),
    }
}

/// `row`, then a column for each class.
struct Columns {
    wanted: Vec<usize>,
    names: Vec<String>,
    are_logits: bool,
}

impl Columns {
    fn find(table: &RowTable, classes: &[String], path: &Path) -> Result<Self, Fault> {
        let there = table.columns();
        let are_logits = there.iter().any(|name| name.starts_with("logit_"));
        let kind = if are_logits { "logit_" } else { "p_" };
        let names: Vec<String> =
            std::iter::once("row".to_owned()).chain(classes.iter().map(|class| format!("{kind}{class}"))).collect();
        let find = |name: &String| {
            let at: Vec<usize> = (0..there.len()).filter(|i| there[*i] == *name).collect();
            match at[..] {
                [one] => Ok(one),
                _ => {
                    let what = if at.is_empty() { "is missing" } else { "stands twice" };
                    let fault = Fault::data(path.display(), format!("the column `{name}` {what}"))
                        .found(shortened(&there.join(", "), 200))
                        .expected(names.join(", "));
                    let near = closest_name(name, there.iter().map(String::as_str)).filter(|_| at.is_empty());
                    Err(match near {
                        Some(near) => fault.hint(format!("is `{near}` meant?")),
                        None => fault,
                    })
                }
            }
        };
        let wanted = names.iter().map(find).collect::<Result<Vec<_>, Fault>>()?;
        let of_others = |name: &&String| name.starts_with("p_") || name.starts_with("logit_");
        if let Some(other) = there.iter().filter(of_others).find(|name| !names.contains(name)) {
            return Err(Fault::data(path.display(), "there is a column of another class")
                .found(other)
                .expected(names[1..].join(", ")));
        }
        Ok(Columns { wanted, names, are_logits })
    }
}

fn number_of(text: &str, place: &str, column: &str) -> Result<f64, Fault> {
    text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(|| {
        Fault::data(place, format!("the column `{column}` has no finite number"))
            .found(if text.is_empty() { "nothing" } else { text })
            .expected("a probability or a logit")
    })
}

fn softmax(numbers: &[f64]) -> Vec<f32> {
    let largest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = numbers.iter().map(|number| (number - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| (power / sum) as f32).collect()
}
