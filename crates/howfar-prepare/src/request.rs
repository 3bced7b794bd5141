//! What to prepare and how: plain values with documented defaults. `check.rs` checks them before any work.

use std::path::PathBuf;

use howfar_face::{Colour, Expression, Provenance};

use crate::decode::Decoding;
use crate::source_settings::SourceSettings;

/// How the face is found in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detect {
    /// The database's box where it has one, the embedded detector otherwise; nothing where every source is cropped
    /// to the face already.
    #[default]
    Auto,
    /// Never: the whole picture is the face (its largest central square).
    None,
}

/// How the crop is made from a found face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// By landmarks where faces are looked for, not at all where pictures are taken as they are.
    #[default]
    Auto,
    /// The embedded network finds the eyes in the face's box, or in the whole picture where no face is looked for.
    Landmarks,
    /// From the face's box alone, or the whole picture.
    None,
}

/// One `ADAPTER:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The adapter's name, one of [`crate::adapter_names`].
    pub adapter: String,
    /// The database's folder, or a list for the adapters that read one.
    pub path: PathBuf,
}

/// Everything that `prepare` is told.
#[derive(Debug, Clone, PartialEq)]
pub struct PrepareRequest {
    /// The databases, in the order in which they enter the set.
    pub sources: Vec<Source>,
    /// The face set to write; must not exist yet.
    pub out: PathBuf,
    /// The set's name; the adapters' names joined by `+` if not given.
    pub name: Option<String>,
    /// What the pictures are: photographs, or made by a renderer or a generator.
    pub provenance: Provenance,
    /// Pixels a side, 16 to 1024.
    pub size: u32,
    /// How faces are found.
    pub detect: Detect,
    /// How they are aligned.
    pub align: Align,
    /// Gray or colour.
    pub colour: Colour,
    /// The classes, in this order. Pictures of other expressions are left out.
    pub expressions: Vec<Expression>,
    /// What some of the adapters are told; one that no source reads is refused.
    pub settings: SourceSettings,
    /// A network that finds faces in place of the embedded detector: an ONNX file in the layout of YuNet or SCRFD.
    pub detector: Option<PathBuf>,
    /// Keep one of the pictures of a database that repeat each other pixel by pixel.
    pub drop_repeats: bool,
    /// Pictures of more pixels are left out as unreadable, in millions.
    pub max_megapixels: f64,
    /// The share of what was asked for that may be unreadable or without a face, 0 to 1.
    pub max_losses: f64,
    /// At most so many pictures of each class of each source, the first in the order of their paths: for a quick look.
    pub limit: Option<usize>,
}

impl PrepareRequest {
    /// The defaults: 64×64, gray, Ekman's six, faces found and aligned, each adapter's own settings, no limit.
    pub fn new(sources: Vec<Source>, out: PathBuf) -> Self {
        PrepareRequest {
            sources,
            out,
            name: None,
            provenance: Provenance::Real,
            size: 64,
            detect: Detect::default(),
            align: Align::default(),
            colour: Colour::default(),
            expressions: Expression::SIX.to_vec(),
            settings: SourceSettings::default(),
            detector: None,
            drop_repeats: false,
            max_megapixels: Decoding::default().max_pixels as f64 / 1e6,
            max_losses: 0.1,
            limit: None,
        }
    }

    /// How far picture files are believed.
    pub(crate) fn decoding(&self) -> Decoding {
        Decoding { max_pixels: (self.max_megapixels * 1e6) as u64 }
    }
}
