//! What an adapter finds in a folder: pictures with what is known of them, and files left out with the reason.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use howfar_face::Expression;

use crate::FaceBox;
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
    /// The file is a film: this many frames from its middle.
    Clip(usize),
    /// Frames of one film that somebody extracted.
    Frames(Vec<TreeFile>),
}

impl Pixels {
    /// Whether they are frames of one film, which share their turn.
    pub(crate) fn are_of_a_film(&self) -> bool {
        matches!(self, Pixels::Clip(_) | Pixels::Frames(_))
    }
}

/// One picture (or film) of a database.
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
    /// Where the face is, where the database says so.
    pub face_box: Option<FaceBox>,
    /// The sequence that it is a frame of, where published counts are of sequences.
    pub sequence: Option<String>,
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
            face_box: None,
            sequence: None,
        }
    }

    /// The same of a known person.
    pub(crate) fn of(mut self, person: impl Into<String>) -> Self {
        self.person = Some(person.into());
        self
    }
}

/// Why a file was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
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

    /// Keeps the last `n` frames of each sequence, in the order of their names.
    pub(crate) fn keep_last_frames(&mut self, n: usize) {
        let mut of_sequence: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for found in std::mem::take(&mut self.found) {
            of_sequence.entry(found.sequence.clone().unwrap_or_default()).or_default().push(found);
        }
        for mut frames in of_sequence.into_values() {
            let last = frames.split_off(frames.len().saturating_sub(n));
            for frame in frames {
                self.reject(frame.source, Reason::NotAskedFor, format!("not one of the last {n} frames"));
            }
            self.found.extend(last);
        }
    }
}

/// Whether a file's name is that of a picture that this crate can read.
pub(crate) fn is_picture(path: &Path) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    ["png", "jpg", "jpeg", "jpe", "tif", "tiff", "bmp", "webp"].contains(&ending.as_str())
}
