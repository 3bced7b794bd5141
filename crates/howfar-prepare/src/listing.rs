//! What an adapter finds in a folder: pictures with what is known of them, and files left out with the reason.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use howfar_crop::{FaceBox, NoFace};
use howfar_face::{Expression, Fault, GeneratorCard, Licence, Provenance, SubjectId};

use crate::levels::Level;
use crate::parquet_table::ParquetTable;
use crate::picture_file::is_picture;
use crate::tree::TreeFile;

/// What a picture shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// One of the field's expressions.
    Expression(Expression),
    /// Any other class, by its own name.
    Named(String),
}

impl Class {
    pub(crate) fn name(&self) -> &str {
        match self {
            Class::Expression(expression) => expression.name(),
            Class::Named(name) => name,
        }
    }
}

impl From<Expression> for Class {
    fn from(expression: Expression) -> Self {
        Class::Expression(expression)
    }
}

/// How the pixels of a find are got.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pixels {
    /// The file is a picture.
    File,
    /// They stood in a table: square, gray, rows from the top.
    Gray(Vec<u8>),
    /// The file is a video: this many frames from its middle.
    Clip(usize),
    /// The file is a video: its first frames, so many.
    ClipStart(usize),
    /// Frames of one video that somebody extracted.
    Frames(Vec<TreeFile>),
    /// The file is a table, and a column of it holds pictures.
    Row {
        /// The table.
        table: Arc<ParquetTable>,
        /// The column's leaf in it.
        leaf: usize,
        /// The row group.
        group: usize,
        /// The row within the group.
        row: usize,
    },
    /// The file is a sheet of equal squares, and the picture one of them: its upper left corner and its side, in
    /// pixels.
    Tile {
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
        /// Width and height.
        side: u32,
    },
}

impl Pixels {
    /// Whether they are frames of one video, which share their turn.
    pub(crate) fn are_of_a_video(&self) -> bool {
        matches!(self, Pixels::Clip(_) | Pixels::ClipStart(_) | Pixels::Frames(_))
    }
}

/// What an earlier face set says of a face.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TakenOver {
    /// Whose it is, with the database that it is of.
    pub subject: SubjectId,
    /// Where the picture comes from.
    pub provenance: Provenance,
    /// Whom it was made from.
    pub parent: Option<SubjectId>,
}

/// One picture (or video) of a database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// The file to read.
    pub file: PathBuf,
    /// How its pixels are got.
    pub pixels: Pixels,
    /// Its name in the set: path from the database's folder, with `#…` where one file holds several.
    pub source: String,
    /// What it shows.
    pub class: Class,
    /// Whose it is; `None` where the database does not say.
    pub person: Option<String>,
    /// Its group (a sex, an age group, a light), where the database or a list says one.
    pub group: Option<String>,
    /// Where the face is, where the database says so.
    pub face_box: Option<FaceBox>,
    /// The sequence that it is a frame of, where published counts are of sequences.
    pub sequence: Option<String>,
    /// For a generated face: the person of the same database whom it was made from.
    pub parent: Option<String>,
    /// What an earlier face set says, which then holds in place of all other.
    pub taken_over: Option<Box<TakenOver>>,
}

impl Found {
    /// A picture file of which only the class is known.
    pub(crate) fn picture(file: &TreeFile, class: impl Into<Class>) -> Self {
        Found {
            file: file.path.clone(),
            pixels: Pixels::File,
            source: file.relative.clone(),
            class: class.into(),
            person: None,
            group: None,
            face_box: None,
            sequence: None,
            parent: None,
            taken_over: None,
        }
    }

    /// The same of a known person.
    pub(crate) fn of(mut self, person: impl Into<String>) -> Self {
        self.person = Some(person.into());
        self
    }

    /// The same of a known group.
    pub(crate) fn in_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Whose it is, as a face of `database`.
    pub(crate) fn subject(&self, database: &str) -> Result<SubjectId, Fault> {
        match (&self.taken_over, &self.person) {
            (Some(known), _) => Ok(known.subject.clone()),
            (None, Some(person)) => SubjectId::new(database, person),
            (None, None) => SubjectId::of_picture(database, &self.source),
        }
    }

    /// Whom it was made from, as a face of `database`.
    pub(crate) fn parent(&self, database: &str) -> Result<Option<SubjectId>, Fault> {
        match &self.taken_over {
            Some(known) => Ok(known.parent.clone()),
            None => self.parent.as_ref().map(|parent| SubjectId::new(database, parent)).transpose(),
        }
    }
}

/// Why a file was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The file is no picture, by its name.
    NotAPicture,
    /// The name does not match the database's pattern.
    NameNotKnown,
    /// The file has no label, or lies outside the class folders.
    NoLabel,
    /// The label is not an expression of the vocabulary.
    NotAnExpression,
    /// An expression, a view, a light or a frame that was not asked for.
    NotAskedFor,
    /// A list names a file that is not there.
    Missing,
    /// The file cannot be read or decoded.
    Unreadable,
    /// No face was found in it.
    NoFace,
    /// The face is too small.
    TooSmall,
    /// The database's own confidence is below the threshold.
    LowConfidence,
    /// A second entry of the same file.
    Repeated,
    /// The same pixels stand under two classes.
    TwoClasses,
    /// The same pixels stand under two persons.
    TwoPersons,
    /// What an operating system, an archive or a notebook left behind; a folder of such counts once.
    SystemFile,
}

impl Reason {
    /// Whether a picture that was asked for is lost by it, rather than left out on purpose.
    pub fn is_loss(self) -> bool {
        matches!(self, Reason::Unreadable | Reason::NoFace | Reason::TooSmall)
    }
}

impl From<NoFace> for Reason {
    fn from(why: NoFace) -> Self {
        match why {
            NoFace::Unreadable => Reason::Unreadable,
            NoFace::NotFound => Reason::NoFace,
            NoFace::TooSmall => Reason::TooSmall,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Reason::NotAPicture => "not a picture",
            Reason::NameNotKnown => "name not known",
            Reason::NoLabel => "no label",
            Reason::NotAnExpression => "not an expression",
            Reason::NotAskedFor => "not asked for",
            Reason::Missing => "missing",
            Reason::Unreadable => "unreadable",
            Reason::NoFace => "no face found",
            Reason::TooSmall => "too small",
            Reason::LowConfidence => "low confidence",
            Reason::Repeated => "repeated",
            Reason::TwoClasses => "two classes",
            Reason::TwoPersons => "two persons",
            Reason::SystemFile => "system file",
        })
    }
}

/// A file left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reject {
    /// Path from the database's folder, with `#…` where one file holds several.
    pub source: String,
    /// Why, as a word to group by.
    pub reason: Reason,
    /// Why, in this case.
    pub detail: String,
}

/// How many were left out for each reason.
pub(crate) fn count(rejects: &[Reject]) -> BTreeMap<Reason, u64> {
    let mut counts = BTreeMap::new();
    for reject in rejects {
        *counts.entry(reject.reason).or_default() += 1;
    }
    counts
}

/// What an adapter found.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Pictures, in the order of their paths.
    pub found: Vec<Found>,
    /// Files left out.
    pub rejects: Vec<Reject>,
    /// What a reader of the set should know.
    pub caveats: Vec<String>,
    /// Whether the pictures are cropped to the face already.
    pub cropped: bool,
    /// What made the pictures, where an earlier face set says it.
    pub generator: Option<GeneratorCard>,
    /// Terms that an earlier face set carries.
    pub licences: Vec<Licence>,
    /// What the levels of folders are, where they say what a picture shows.
    pub levels: Vec<Level>,
}

impl Listing {
    pub(crate) fn take(&mut self, found: Found) {
        self.found.push(found);
    }

    pub(crate) fn reject(&mut self, source: impl Into<String>, reason: Reason, detail: impl Into<String>) {
        self.rejects.push(Reject { source: source.into(), reason, detail: detail.into() });
    }

    /// Leaves out a file whose name no pattern matches: another reason for a picture than for anything else.
    pub(crate) fn reject_unknown(&mut self, file: &TreeFile, expected: &str) {
        if is_picture(&file.path) {
            self.reject(&file.relative, Reason::NameNotKnown, format!("expected {expected}"));
        } else {
            self.reject(&file.relative, Reason::NotAPicture, "by its name");
        }
    }
}

/// The person of a field in a list; none for the words that programs and people write where nobody is known.
pub(crate) fn named_person(field: &str) -> Option<&str> {
    let field = field.trim();
    let nobody = ["", "nan", "none", "null", "na", "n/a", "<na>", "nil", "-", "--", "?"];
    (!nobody.contains(&field.to_lowercase().as_str())).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_where_nobody_is_known_is_no_person() {
        for nobody in ["", " ", "nan", "NaN", "None", "NULL", "NA", "n/a", "-"] {
            assert_eq!(named_person(nobody), None, "{nobody:?}");
        }
        assert_eq!((named_person(" S01 "), named_person("Nan Goldin")), (Some("S01"), Some("Nan Goldin")));
    }
}
