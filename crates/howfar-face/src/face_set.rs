//! A face set on disk: a Hugging Face image dataset with a `face_set.json` beside its shards.
//!
//! In: a folder. Out: what is known of the set, and its faces one row group at a time, so that a set of any size is
//! read in bounded memory. The format is described in `docs/formats.md`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::table::{Column, ColumnKind, ColumnSpec, TableReader};
use crate::{Colour, DrawnLabels, Face, FaceLabels, Fault, Provenance, SubjectId, decode_png, files};

/// Name and version of the format of `face_set.json`.
pub(crate) const FORMAT: &str = "howfar face set";
pub(crate) const VERSION: u32 = 1;
const INFO_FILE: &str = "face_set.json";

/// The columns of a shard, in order.
pub(crate) const COLUMNS: [ColumnSpec; 13] = [
    ColumnSpec::new("image", ColumnKind::Image),
    ColumnSpec::new("label", ColumnKind::Int),
    ColumnSpec::new("subject", ColumnKind::Text),
    ColumnSpec::new("database", ColumnKind::Text),
    ColumnSpec::new("provenance", ColumnKind::Text),
    ColumnSpec::new("parent", ColumnKind::Text),
    ColumnSpec::new("source", ColumnKind::Text),
    ColumnSpec::new("sha256", ColumnKind::Text),
    ColumnSpec::new("intensity", ColumnKind::FloatList),
    ColumnSpec::new("action_units", ColumnKind::FloatList),
    ColumnSpec::new("landmarks", ColumnKind::FloatList),
    ColumnSpec::new("pose", ColumnKind::FloatList),
    ColumnSpec::new("light", ColumnKind::FloatList),
];

/// The one way from a photograph to a prepared face: recorded in the set, carried by the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// Raised with every change that moves a pixel.
    pub version: u32,
    /// How the face was found: `none` (cropped already, or drawn) or `detector` (the database's box where it has one,
    /// the embedded detector otherwise).
    pub detection: String,
    /// How the crop was aligned: `none`, `box` (from the face's box alone) or `landmarks` (by the eyes that the
    /// embedded network finds; as without them where they are not plausible).
    pub alignment: String,
    /// Pixels a side of the prepared picture.
    pub side: u32,
    /// `gray` or `rgb`.
    pub colour: String,
    /// Height of the eyes from the top, as a share of the side.
    pub eye_height: f32,
    /// Distance between the eyes, as a share of the side.
    pub eye_distance: f32,
    /// The antialiased resizing filter.
    pub filter: String,
}

impl Preprocessing {
    /// 3 for `rgb`, 1 otherwise.
    pub fn n_channels(&self) -> usize {
        if self.colour == Colour::Rgb.name() { 3 } else { 1 }
    }

    /// Eyes at height 24.5 of 64 and 22.5 of 64 apart (`docs/formats.md`), gray.
    pub fn standard(detection: &str, alignment: &str, side: u32) -> Self {
        Preprocessing {
            version: 1,
            detection: detection.to_owned(),
            alignment: alignment.to_owned(),
            side,
            colour: "gray".to_owned(),
            eye_height: 24.5 / 64.0,
            eye_distance: 22.5 / 64.0,
            filter: "lanczos3".to_owned(),
        }
    }
}

/// The terms under which a database's pictures may be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Licence {
    /// The database.
    pub database: String,
    /// Its terms in a sentence.
    pub terms: String,
}

/// What made a generated set: whose faces its generator has seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorCard {
    /// Name and version of the generator.
    pub name: String,
    /// The seed it drew from.
    pub seed: u64,
    /// Every subject whose pictures it was trained on; none for drawn faces.
    pub trained_on: Vec<SubjectId>,
    /// `content_sha256` of every set of people's faces that it was trained on or that its style was fitted to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trained_on_content: Vec<String>,
    /// Its settings, as a text (a style file, say).
    pub settings: String,
}

/// One Parquet file of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Path within the set.
    pub file: String,
    /// Rows in it.
    pub n_faces: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// The contents of `face_set.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaceSetInfo {
    /// Always `howfar face set`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// A name for tables and sentences.
    pub name: String,
    /// Class names; a row's `label` is an index into them.
    pub classes: Vec<String>,
    /// How the faces were made alike.
    pub preprocessing: Preprocessing,
    /// Terms of every database in the set.
    pub licences: Vec<Licence>,
    /// What made the faces, where something did.
    pub generator: Option<GeneratorCard>,
    /// What a reader should know.
    pub caveats: Vec<String>,
    /// Rows in all shards.
    pub n_faces: u64,
    /// The shards in order.
    pub shards: Vec<Shard>,
    /// SHA-256 over every row's labels and pixels, in order: the identity of the set, whatever the file's encoding.
    pub content_sha256: String,
}

impl FaceSetInfo {
    /// The head of a new set; the writer fills in counts and hashes.
    pub fn new(name: &str, classes: Vec<String>, preprocessing: Preprocessing) -> Self {
        FaceSetInfo {
            format: FORMAT.to_owned(),
            version: VERSION,
            name: name.to_owned(),
            classes,
            preprocessing,
            licences: Vec::new(),
            generator: None,
            caveats: Vec::new(),
            n_faces: 0,
            shards: Vec::new(),
            content_sha256: String::new(),
        }
    }
}

/// An opened face set.
#[derive(Debug, Clone)]
pub struct FaceSet {
    folder: PathBuf,
    info: FaceSetInfo,
}

impl FaceSet {
    /// Reads `face_set.json` and checks that every shard is there.
    pub fn open(folder: &Path) -> Result<Self, Fault> {
        let advice = "make one with `howfar prepare` or `howfar draw`";
        if !folder.is_dir() {
            return Err(Fault::data(folder.display(), "there is no such face set").expected("a folder").hint(advice));
        }
        let file = folder.join(INFO_FILE);
        if !file.is_file() {
            return Err(Fault::data(folder.display(), "the folder is not a face set")
                .found(format!("no {INFO_FILE} in it"))
                .expected(format!("{INFO_FILE} and data/*.parquet"))
                .hint(advice));
        }
        let info: FaceSetInfo = files::read_json(&file, FORMAT, VERSION)?;
        for shard in &info.shards {
            if !folder.join(&shard.file).is_file() {
                return Err(Fault::data(folder.join(&shard.file).display(), "a shard of the face set is missing")
                    .expected(format!("{} shards, as {INFO_FILE} says", info.shards.len()))
                    .hint("copy the whole folder, or make the set anew"));
            }
        }
        Ok(FaceSet { folder: folder.to_owned(), info })
    }

    /// What `face_set.json` says.
    pub fn info(&self) -> &FaceSetInfo {
        &self.info
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Calls `visit` with every face in order, one row group in memory at a time. Each picture is decoded and compared
    /// with its checksum.
    pub fn for_each(&self, mut visit: impl FnMut(Face) -> Result<(), Fault>) -> Result<(), Fault> {
        self.for_each_row(|row, place| visit(row.decode(place, self.info.classes.len())?))
    }

    /// Calls `visit` with what is known of every face in order; no picture is decoded.
    pub fn for_each_labels(&self, mut visit: impl FnMut(FaceLabels)) -> Result<(), Fault> {
        self.for_each_row(|row, place| {
            visit(row.labels(place, self.info.classes.len())?.0);
            Ok(())
        })
    }

    fn for_each_row(&self, mut visit: impl FnMut(EncodedRow, &str) -> Result<(), Fault>) -> Result<(), Fault> {
        for shard in &self.info.shards {
            let path = self.folder.join(&shard.file);
            let table = TableReader::open(&path, &COLUMNS)?;
            let mut row = 0;
            for group_idx in 0..table.n_groups() {
                for encoded in rows(table.read(group_idx)?) {
                    let place = format!("{}, row {row}", path.display());
                    visit(encoded, &place)?;
                    row += 1;
                }
            }
            if row != shard.n_faces {
                return Err(Fault::data(path.display(), "the shard has another number of faces than recorded")
                    .found(row)
                    .expected(shard.n_faces)
                    .hint("the set was changed after it was written: make it anew"));
            }
        }
        Ok(())
    }
}

/// One row as it stands in the file.
pub(crate) struct EncodedRow {
    png: Vec<u8>,
    label: i64,
    texts: [Option<String>; 6],
    numbers: [Option<Vec<f32>>; 5],
}

impl EncodedRow {
    pub(crate) fn decode(self, place: &str, n_classes: usize) -> Result<Face, Fault> {
        let (labels, png, sha256) = self.labels(place, n_classes)?;
        let picture = decode_png(&png, place)?;
        if Some(picture.sha256()) != sha256 {
            return Err(Fault::data(place, "the picture does not match its checksum")
                .found(picture.sha256())
                .expected(sha256.unwrap_or_default())
                .hint("the file was changed or damaged: make the face set anew"));
        }
        Ok(Face { picture, labels })
    }

    /// What is known of the face; its picture as it stands in the file, and its checksum.
    fn labels(self, place: &str, n_classes: usize) -> Result<(FaceLabels, Vec<u8>, Option<String>), Fault> {
        let [subject, _database, provenance, parent, source, sha256] = self.texts;
        let missing = |column: &str| Fault::data(place, format!("the column {column} is empty"));
        let label = usize::try_from(self.label).ok().filter(|l| *l < n_classes).ok_or_else(|| {
            Fault::data(place, "the label is not a class of the set")
                .found(self.label)
                .expected(format!("0 to {}", n_classes - 1))
        })?;
        let provenance = provenance.ok_or_else(|| missing("provenance"))?;
        let provenance = Provenance::from_name(&provenance).ok_or_else(|| {
            Fault::data(place, "unknown provenance").found(provenance).expected("real, drawn or generated")
        })?;
        let labels = FaceLabels {
            label,
            subject: subject.ok_or_else(|| missing("subject"))?.parse()?,
            provenance,
            parent: parent.map(|p| p.parse()).transpose()?,
            source: source.unwrap_or_default(),
            drawn: drawn_labels(self.numbers),
        };
        Ok((labels, self.png, sha256))
    }
}

fn drawn_labels(numbers: [Option<Vec<f32>>; 5]) -> Option<DrawnLabels> {
    let [intensity, action_units, landmarks, pose, light] = numbers;
    Some(DrawnLabels {
        intensity: *intensity?.first()?,
        action_units: action_units?,
        landmarks: landmarks?,
        pose: pose?.try_into().ok()?,
        light: light?.try_into().ok()?,
    })
}

/// Turns the columns of a row group into rows.
pub(crate) fn rows(columns: Vec<Column>) -> impl Iterator<Item = EncodedRow> {
    let mut images = Vec::new();
    let mut labels = Vec::new();
    let mut texts = Vec::new();
    let mut lists = Vec::new();
    for column in columns {
        match column {
            Column::Image(values) => images = values,
            Column::Int(values) => labels = values,
            Column::Text(values) => texts.push(values.into_iter()),
            Column::FloatList(values) => lists.push(values.into_iter()),
            Column::Float(_) => unreachable!("COLUMNS has no such kind"),
        }
    }
    images.into_iter().zip(labels).map(move |((png, _path), label)| EncodedRow {
        png,
        label,
        texts: std::array::from_fn(|i| texts[i].next().flatten()),
        numbers: std::array::from_fn(|i| lists[i].next().flatten()),
    })
}
