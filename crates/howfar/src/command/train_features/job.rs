//! The job of a trainer, read back: what `howfar-study` hands over (docs/trainers.md).

use std::path::{Path, PathBuf};

use howfar_face::table::{ColumnSpec, TableReader};
use howfar_face::{Fault, Picture, RowTable, decode_png, files};
use howfar_study::JOB_FORMAT;
use serde::Deserialize;

static IMAGES: [ColumnSpec<()>; 1] = [ColumnSpec::image("image", |()| (&[], ""))];

/// `job.json`, as far as this trainer reads it.
#[derive(Debug, Deserialize)]
pub(super) struct Job {
    pub seed: u32,
    pub classes: Vec<String>,
    faces: String,
    pub training: PathBuf,
    pub validation: PathBuf,
    pub predict: PathBuf,
    pub answer: PathBuf,
    /// Where `job.json` is.
    #[serde(skip)]
    pub file: PathBuf,
}

/// Faces of a table, in the order of its rows.
pub(super) struct HandedFaces {
    pub pictures: Vec<Picture>,
    /// Empty where no labels are handed over.
    pub labels: Vec<usize>,
    /// 1 where nothing is said.
    pub weights: Vec<f64>,
}

impl Job {
    /// Reads a job.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let (format, version) = JOB_FORMAT;
        let mut job: Job = files::read_json(path, format, version)?;
        path.clone_into(&mut job.file);
        if job.faces == "parquet" {
            return Ok(job);
        }
        Err(Fault::usage(path.display(), "faces are not handed over as this trainer reads them")
            .found(&job.faces)
            .expected("parquet")
            .hint("leave out faces in [train]"))
    }

    /// The faces of one of its tables.
    pub fn faces(&self, table: &Path) -> Result<HandedFaces, Fault> {
        let images = TableReader::open(table, &IMAGES)?;
        let mut pictures = Vec::new();
        for group in 0..images.n_groups() {
            let encoded = images.images(group, "image")?;
            for row in 0..images.n_rows(group) {
                pictures.push(decode_png(encoded.get(row), &format!("{}, row {row}", table.display()))?);
            }
        }
        let flat = RowTable::open(table)?;
        let place = |name: &str| flat.columns().iter().position(|column| column == name);
        let (label, weight) = (place("label"), place("weight"));
        let wanted: Vec<usize> = label.into_iter().chain(weight).collect();
        let (mut labels, mut weights) = (Vec::new(), vec![1.0; pictures.len()]);
        if label.is_some() {
            let n_classes = self.classes.len();
            let places = flat.places().clone();
            let mut at = 0;
            flat.for_each(&wanted, |row| {
                let class = row.get(0).parse().ok().filter(|class| *class < n_classes);
                labels.push(class.ok_or_else(|| {
                    Fault::data(places.at(row.number()), "this is no class")
                        .found(row.get(0))
                        .expected(format!("0 to {}", n_classes - 1))
                })?);
                if weight.is_some() {
                    weights[at] = row.get(1).parse().unwrap_or(1.0);
                }
                at += 1;
                Ok(())
            })?;
        }
        Ok(HandedFaces { pictures, labels, weights })
    }
}
