//! A face set on disk: a Hugging Face image dataset with a `face_set.json` beside its shards.
//!
//! In: a folder. Out: what is known of the set, and its faces one row group at a time, so that a set of any size is
//! read in bounded memory. Whoever reads a set whole has it compared with its recorded identity. The format is
//! described in `docs/formats.md`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::checksum::file_sha256;
use crate::content_hash::ContentHash;
use crate::row::{COLUMNS, Row, place_of, rows};
use crate::table::TableReader;
use crate::{Colour, Face, FaceLabels, Fault, Lineage, SubjectId, files};

/// Name and version of the format of `face_set.json`.
pub(crate) const FORMAT: &str = "howfar face set";
pub(crate) const VERSION: u32 = 3;
pub(crate) const INFO_FILE: &str = "face_set.json";

/// The one way from a photograph to a prepared face: recorded in the set, carried by the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// Raised with every change that moves a pixel.
    pub version: u32,
    /// How the face was found: `none` (cropped already, or drawn), `detector` (the database's box where it has one,
    /// the embedded detector otherwise), or `onnx:` and the first 16 digits of the SHA-256 of a user's detector.
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
    /// Of what is prepared now: 2 since coloured photographs become gray by Rec. 601, as everything else does.
    pub const VERSION: u32 = 2;

    /// 3 for `rgb`, 1 otherwise.
    pub fn n_channels(&self) -> usize {
        if self.colour == Colour::Rgb.name() { 3 } else { 1 }
    }

    /// How faces are found and cut, in words.
    pub fn way(&self) -> String {
        let cut = match (self.alignment.as_str(), self.detection.as_str()) {
            ("landmarks", _) => "cut by their eyes",
            (_, "none") => "their largest central square",
            _ => "cut by the box of the face",
        };
        match self.detection.as_str() {
            "none" => format!("taken as they are, {cut}"),
            detection => format!("found by the {detection}, {cut}"),
        }
    }

    /// Eyes at height 24.5 of 64 and 22.5 of 64 apart (`docs/formats.md`), gray.
    pub fn standard(detection: &str, alignment: &str, side: u32) -> Self {
        Preprocessing {
            version: Self::VERSION,
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
    /// `content_sha256` of every set that it was trained on or that its style was fitted to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trained_on_content: Vec<String>,
    /// Its settings, as a text (a style file, say).
    pub settings: String,
}

impl GeneratorCard {
    /// The card of a generator that has learnt from `lineage`.
    pub fn new(name: String, seed: u64, lineage: Lineage, settings: String) -> Self {
        let Lineage { people, content } = lineage;
        let (trained_on, trained_on_content) = (people.into_iter().collect(), content.into_iter().collect());
        GeneratorCard { name, seed, trained_on, trained_on_content, settings }
    }

    /// The card of faces of both makers in one set.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let mut lineage = self.lineage();
        lineage.add(other.lineage());
        let both = |a: &str, b: &str| if a == b { a.to_owned() } else { format!("{a}\n{b}") };
        let (name, settings) = (both(&self.name, &other.name), both(&self.settings, &other.settings));
        Self::new(name.replace('\n', " + "), self.seed, lineage, settings)
    }

    /// Whom and what it has learnt from.
    pub fn lineage(&self) -> Lineage {
        Lineage {
            people: self.trained_on.iter().cloned().collect(),
            content: self.trained_on_content.iter().cloned().collect(),
        }
    }
}

/// How the faces of one database of a set were made alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseFaces {
    /// The database.
    pub database: String,
    /// Faces of it in the set.
    pub n_faces: u64,
    /// Pictures of it that were asked for and are not in the set because nothing could be read or no face was found.
    pub n_lost: u64,
    /// How its faces were found and cut.
    pub preprocessing: Preprocessing,
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
    /// How the faces were made alike, and how a new photograph is: where databases differ, as those whose faces were
    /// looked for.
    pub preprocessing: Preprocessing,
    /// Each database's own way, since version 2; none for drawn and generated faces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub databases: Vec<DatabaseFaces>,
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
            databases: Vec::new(),
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
    /// The dataset card in a set's folder.
    pub const CARD_FILE: &'static str = crate::dataset_card::CARD_FILE;
    /// The file by which a folder is a face set.
    pub const INFO_FILE: &'static str = INFO_FILE;

    /// Reads `face_set.json` and checks that every shard is there.
    pub fn open(folder: &Path) -> Result<Self, Fault> {
        let advice = "make one with `howfar prepare` or `howfar draw`";
        if !folder.is_dir() {
            return Err(Fault::data(folder.display(), "there is no such face set").expected("a folder").hint(advice));
        }
        let file = folder.join(INFO_FILE);
        if !files::is_there(&file)? {
            return Err(Fault::data(folder.display(), "the folder is not a face set")
                .found(format!("no {INFO_FILE} in it"))
                .expected(format!("{INFO_FILE} and data/*.parquet"))
                .hint(advice));
        }
        let info: FaceSetInfo = files::read_json(&file, FORMAT, VERSION)?;
        for shard in &info.shards {
            if !files::is_there(&folder.join(&shard.file))? {
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
    /// with its checksum. An error, at the end too, says that the set is not the one that `face_set.json` records: what
    /// was made of its faces must not be used then.
    pub fn for_each(&self, mut visit: impl FnMut(Face) -> Result<(), Fault>) -> Result<(), Fault> {
        self.for_each_hashed(|face, _| visit(face))
    }

    /// The same with the SHA-256 of each face's pixels.
    pub(crate) fn for_each_hashed(
        &self,
        mut visit: impl FnMut(Face, String) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.for_each_row(|row, place| {
            let (face, sha256) = row.decode(place)?;
            visit(face, sha256)
        })
    }

    /// Calls `visit` with what is known of every face in order; no picture is decoded: their recorded checksums are
    /// believed, all else is compared with the set's identity as in [`FaceSet::for_each`].
    pub fn for_each_labels(&self, mut visit: impl FnMut(FaceLabels)) -> Result<(), Fault> {
        self.for_each_row(|row, _| {
            visit(row.labels);
            Ok(())
        })
    }

    /// Every reader comes through here and reads to the end: a visitor that has enough has no way to stop but an error.
    fn for_each_row(&self, mut visit: impl FnMut(Row, &str) -> Result<(), Fault>) -> Result<(), Fault> {
        let (mut content, mut n_faces) = (ContentHash::default(), 0);
        for shard in &self.info.shards {
            let n_of_shard = self.for_each_row_of(shard, |row, place| {
                content.add(&self.info.classes[row.labels.label], &row.labels, &row.sha256);
                visit(row, place)
            })?;
            if n_of_shard != shard.n_faces {
                let path = self.folder.join(&shard.file);
                return Err(Fault::data(path.display(), "the shard has another number of faces than recorded")
                    .found(n_of_shard)
                    .expected(shard.n_faces)
                    .hint(self.how_to_accept()));
            }
            n_faces += n_of_shard;
        }
        if n_faces != self.info.n_faces {
            let place = self.folder.join(INFO_FILE);
            return Err(Fault::data(place.display(), "the number of faces is not that of the shards")
                .found(format!("n_faces {}", self.info.n_faces))
                .expected(n_faces)
                .hint(self.how_to_accept()));
        }
        let content = content.finish();
        if content == self.info.content_sha256 { Ok(()) } else { Err(self.changed(&content)) }
    }

    /// The rows of a shard in order; how many there are.
    pub(crate) fn for_each_row_of(
        &self,
        shard: &Shard,
        mut visit: impl FnMut(Row, &str) -> Result<(), Fault>,
    ) -> Result<u64, Fault> {
        let path = self.folder.join(&shard.file);
        let (table, file) = (TableReader::open(&path, COLUMNS)?, path.display().to_string());
        let mut n_rows = 0;
        for group_idx in 0..table.n_groups() {
            for row in rows(&table, group_idx, self.info.classes.len(), n_rows)? {
                visit(row?, &place_of(&file, n_rows))?;
                n_rows += 1;
            }
        }
        Ok(n_rows)
    }

    /// The fault of a set whose faces have another identity than `face_set.json` says.
    fn changed(&self, content: &str) -> Fault {
        let is_other =
            |shard: &&Shard| file_sha256(&self.folder.join(&shard.file)).ok().as_ref() != Some(&shard.sha256);
        let others: Vec<&str> = self.info.shards.iter().filter(is_other).map(|shard| shard.file.as_str()).collect();
        let (what, files) = if others.is_empty() {
            (
                "its own identity or classes were edited after it was written",
                format!("all shards as written, but another {INFO_FILE}"),
            )
        } else {
            (
                "a class, person, provenance, parent, source or picture was changed after the set was written",
                format!("another file {}", others.join(", ")),
            )
        };
        Fault::data(self.folder.display(), what)
            .found(format!("{files}; content {content}"))
            .expected(format!("content {}, as {INFO_FILE} says", self.info.content_sha256))
            .hint(self.how_to_accept())
    }

    fn how_to_accept(&self) -> String {
        format!(
            "if the change is meant, `howfar faces inspect {} --accept-changes` gives the set a new identity; if not, \
             make or copy it anew",
            self.folder.display()
        )
    }
}
