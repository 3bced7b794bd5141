//! The job of a program: `job.json`, faces to train on and to validate with, and faces to predict, without labels.
//!
//! In: a cell and its mixture. Out: a folder of files, written anew at every start, and what stands in which row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use howfar_face::table::{FlatColumn, FlatWriter};
use howfar_face::{FaceStore, Fault, Picture, encode_png, files};
use howfar_protocol::{Cell, HandedAs, Item, Mixture, Variant};
use howfar_random::{bits, shuffle};
use rayon::prelude::*;
use serde::Serialize;

use crate::asked::{AskedFace, asked_faces};
use crate::loaded_study::LoadedStudy;
use crate::requested_program::JOB_FORMAT;

/// Faces that are encoded at a time.
const GROUP: usize = 500;

/// A job that was handed over.
pub(crate) struct Job {
    /// `job.json`.
    pub file: PathBuf,
    folder: PathBuf,
    /// Epochs that are asked for.
    pub n_epochs: u32,
    /// Pictures of all of them.
    pub n_pictures: u64,
    /// What stands in each row of the faces to predict.
    pub asked: Vec<AskedFace>,
}

impl Job {
    /// Where the program leaves its answer.
    pub fn answer(&self) -> PathBuf {
        self.folder.join("answer")
    }

    /// Takes away all but the checkpoint's folder, and that where nothing is in it.
    pub fn clear_away(&self) -> Result<(), Fault> {
        files::remove_file(&self.file)?;
        files::remove_folder(&self.folder.join("faces"))?;
        files::remove_folder(&self.answer())?;
        // Only empty folders go.
        let _ = std::fs::remove_dir(self.folder.join("checkpoint"));
        let _ = std::fs::remove_dir(&self.folder);
        Ok(())
    }
}

/// `job.json` (docs/trainers.md).
#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    version: u32,
    cell: String,
    seed: u32,
    threads: usize,
    gpus: &'a [String],
    classes: &'a [String],
    side: usize,
    channels: usize,
    settings: Settings,
    faces: &'static str,
    training: PathBuf,
    validation: PathBuf,
    predict: PathBuf,
    order: PathBuf,
    checkpoint: PathBuf,
    answer: PathBuf,
}

#[derive(Serialize)]
struct Settings {
    epochs: u32,
    batch: u32,
    learning_rate: f32,
    patience: Option<u32>,
    pictures_per_epoch: usize,
    steps: u64,
}

/// Writes a job into its folder. The checkpoint's folder is left as it is.
pub(crate) fn hand_over(
    loaded: &LoadedStudy,
    cell: &Cell,
    mixture: &Mixture,
    handed_as: HandedAs,
    folder: &Path,
    gpus: &[String],
) -> Result<Job, Fault> {
    let faces = folder.join("faces");
    for old in [&faces, &folder.join("answer")] {
        files::remove_folder(old)?;
        files::create_folder(old)?;
    }
    files::create_folder(&folder.join("checkpoint"))?;
    let seeds = loaded.seeds(cell.seed_idx);
    let table = |name: &str| {
        faces.join(match handed_as {
            HandedAs::Parquet => format!("{name}.parquet"),
            HandedAs::Png => format!("{name}.csv"),
        })
    };
    let (training, validation, predict) = (table("training"), table("validation"), table("predict"));
    let pool = loaded.pool();

    let items = training_rows(mixture);
    let of_item = |item: &Item| Row { pool, face: item.face, label: Some(pool.face(item.face).labels.label) };
    write_faces(&training, &items.iter().map(of_item).collect::<Vec<_>>(), |rows| {
        let items = &items[rows];
        let persons = items.iter().map(|item| pool.face(item.face).labels.subject.to_string());
        vec![
            ("weight", FlatColumn::Floats(items.iter().map(|item| mixture.weight(item)).collect())),
            ("role", FlatColumn::Texts(items.iter().map(|item| item.role.words().to_owned()).collect())),
            ("changed", FlatColumn::Ints(items.iter().map(|i| i64::from(i.variant != Variant::AsIs)).collect())),
            ("person", FlatColumn::Texts(persons.collect())),
        ]
    })?;

    let validating = loaded.validating(cell, mixture)?;
    let of_face = |face: &usize| Row { pool, face: *face, label: Some(pool.face(*face).labels.label) };
    write_faces(&validation, &validating.iter().map(of_face).collect::<Vec<_>>(), |rows| {
        let persons = validating[rows].iter().map(|face| pool.face(*face).labels.subject.to_string());
        vec![("person", FlatColumn::Texts(persons.collect()))]
    })?;

    let mut asked: Vec<AskedFace> = asked_faces(loaded, cell, mixture)?.into_iter().collect();
    shuffle(&mut asked, &mut seeds.stream("order of faces that a program predicts", &[]));
    let of_asked = |asked: &AskedFace| {
        let pool = if asked.is_of_unseen { &loaded.unseen_pool } else { pool };
        Row { pool, face: asked.face, label: None }
    };
    write_faces(&predict, &asked.iter().map(of_asked).collect::<Vec<_>>(), |_| Vec::new())?;
    for pool in [pool, &loaded.unseen_pool] {
        pool.check()?;
    }

    let order = table("order");
    write_order(&order, mixture, &items, cell.settings.epochs)?;

    let settings = &cell.settings;
    let n_steps = mixture.len().div_ceil(settings.batch as usize) as u64 * u64::from(settings.epochs);
    let (format, version) = JOB_FORMAT;
    let written = Written {
        format,
        version,
        cell: cell.name(),
        seed: bits(&mut seeds.stream("seed of a program", &[])) as u32,
        threads: rayon::current_num_threads(),
        gpus,
        classes: pool.classes(),
        side: pool.side(),
        channels: pool.n_channels(),
        settings: Settings {
            epochs: settings.epochs,
            batch: settings.batch,
            learning_rate: settings.learning_rate,
            patience: settings.patience,
            pictures_per_epoch: mixture.len(),
            steps: n_steps,
        },
        faces: handed_as.name(),
        training,
        validation,
        predict,
        order,
        checkpoint: folder.join("checkpoint"),
        answer: folder.join("answer"),
    };
    let file = folder.join("job.json");
    files::write_json(&file, &written)?;
    let n_pictures = mixture.len() as u64 * u64::from(settings.epochs);
    Ok(Job { file, folder: folder.to_owned(), n_epochs: settings.epochs, n_pictures, asked })
}

/// Every picture that is trained on, once: those of the first epoch in their order, then the others.
fn training_rows(mixture: &Mixture) -> Vec<Item> {
    let mut seen = BTreeSet::new();
    let mut rows = mixture.epoch_order(0);
    rows.extend(mixture.items());
    rows.retain(|item| seen.insert(*item));
    rows
}

fn write_order(path: &Path, mixture: &Mixture, rows: &[Item], n_epochs: u32) -> Result<(), Fault> {
    let row_of: BTreeMap<Item, i64> = rows.iter().copied().zip(0..).collect();
    let mut table = FlatWriter::create(path, &["epoch", "row"].map(str::to_owned))?;
    for epoch in 0..n_epochs {
        let order: Vec<i64> = mixture.epoch_order(epoch).iter().map(|item| row_of[item]).collect();
        table.write(&[FlatColumn::Ints(vec![i64::from(epoch); order.len()]), FlatColumn::Ints(order)])?;
    }
    table.finish()
}

/// A face that is handed over.
struct Row<'p> {
    pool: &'p FaceStore,
    face: usize,
    label: Option<usize>,
}

impl Row<'_> {
    fn png(&self) -> Vec<u8> {
        let (side, channels) = (self.pool.side() as u32, self.pool.n_channels() as u32);
        encode_png(&Picture { width: side, height: side, channels, data: self.pool.pixels(self.face).into_owned() })
    }
}

/// Writes faces as a table with their PNG bytes, or as files and a list of them, with further columns.
fn write_faces(
    table: &Path,
    rows: &[Row<'_>],
    further: impl Fn(std::ops::Range<usize>) -> Vec<(&'static str, FlatColumn)>,
) -> Result<(), Fault> {
    let is_table = table.extension().is_some_and(|ending| ending == "parquet");
    let is_labelled = rows.first().is_some_and(|row| row.label.is_some());
    let classes = rows.first().map_or(&[][..], |row| row.pool.classes());
    let labelled: &[&str] = if is_labelled { &["label"] } else { &[] };
    let names: Vec<String> = ["row", if is_table { "image" } else { "file" }]
        .iter()
        .chain(labelled)
        .copied()
        .chain(further(0..0).into_iter().map(|(name, _)| name))
        .map(str::to_owned)
        .collect();
    let notes = [("huggingface", features(classes, &names))];
    let mut writer = FlatWriter::create_with_notes(table, &names, &notes)?;
    for first in (0..rows.len()).step_by(GROUP) {
        let range = first..(first + GROUP).min(rows.len());
        let group = &rows[range.clone()];
        let pictures: Vec<Vec<u8>> = group.par_iter().map(Row::png).collect();
        let pictures = match is_table {
            true => FlatColumn::Pictures(pictures),
            false => FlatColumn::Texts(write_files(table, group, first, &pictures)?),
        };
        let mut columns = vec![FlatColumn::Ints(range.clone().map(|row| row as i64).collect()), pictures];
        if is_labelled {
            columns.push(FlatColumn::Ints(group.iter().map(|row| row.label.unwrap_or_default() as i64).collect()));
        }
        columns.extend(further(range).into_iter().map(|(_, column)| column));
        writer.write(&columns)?;
    }
    writer.finish()
}

/// What Python's `datasets` makes of the columns.
fn features(classes: &[String], names: &[String]) -> String {
    let feature = |name: &String| {
        let value = |dtype: &str| serde_json::json!({"_type": "Value", "dtype": dtype});
        let feature = match name.as_str() {
            "image" => serde_json::json!({"_type": "Image"}),
            "label" => serde_json::json!({"_type": "ClassLabel", "names": classes}),
            "weight" => value("float32"),
            "row" | "changed" => value("int64"),
            _ => value("string"),
        };
        (name.clone(), feature)
    };
    let features: serde_json::Map<_, _> = names.iter().map(feature).collect();
    serde_json::json!({"info": {"features": features}}).to_string()
}

/// A class's name without what cannot stand in the name of a folder.
fn folder_name(class: &str) -> String {
    class.chars().map(|c| if c.is_alphanumeric() || "-_ ".contains(c) { c } else { '_' }).collect()
}

/// PNG files beside a list, in a folder of its name and one of each class; their paths from the list's folder.
fn write_files(table: &Path, rows: &[Row<'_>], first: usize, pictures: &[Vec<u8>]) -> Result<Vec<String>, Fault> {
    let beside = table.parent().unwrap_or(Path::new(""));
    let name = table.file_stem().unwrap_or_default().to_string_lossy();
    let written = rows.par_iter().zip(pictures).enumerate().map(|(i, (row, png))| {
        // A class may be called by any words.
        let class = row.label.map(|label| folder_name(&row.pool.classes()[label]));
        let folder = class.map_or_else(|| name.to_string(), |class| format!("{name}/{class}"));
        let file = format!("{folder}/{}.png", first + i);
        files::create_folder(&beside.join(folder))?;
        let path = beside.join(&file);
        // Made anew at every start: it need not outlive a machine that loses its power.
        std::fs::write(&path, png).map_err(|e| Fault::io(&path, "write", &e))?;
        Ok(file)
    });
    written.collect()
}
