//! How databases are read: the settings that `prepare` and `evaluate` share.
//!
//! In: the command line. Out: the part of a [`PrepareRequest`] that says which pictures are taken, whose they are, what
//! they show and how faces are found in them. How large and in which colours faces are written is the command's own
//! business.

use std::path::PathBuf;

use howfar_face::Fault;
use howfar_prepare::{Detect, FolderClasses, LabelsFrom, Lights, PrepareRequest, SourceSettings, Turn, Views};

use crate::command::draw::parse_expressions;

/// How databases are read.
#[derive(Debug, Clone, clap::Args)]
pub struct SourceArgs {
    /// How faces are found; `none` for pictures that are cropped already.
    #[arg(long, value_parser = ["auto", "none"], default_value = "auto")]
    detect: String,
    /// Find faces by this network (ONNX, in the layout of YuNet or SCRFD) in place of the embedded detector.
    #[arg(long, value_name = "ONNX")]
    pub detector: Option<PathBuf>,
    /// Expressions to keep, separated by commas [default: anger, disgust, fear, happiness, sadness, surprise; of a
    /// model: its own].
    #[arg(long, value_delimiter = ',')]
    expressions: Vec<String>,
    /// A regular expression on the path whose named group is the person.
    #[arg(long)]
    subject_pattern: Option<String>,
    /// A regular expression on the path whose named group is the label, as in `_(?<label>[a-z]+)\.`.
    #[arg(long)]
    label_pattern: Option<String>,
    /// A table of two columns: a label as it is found, and the class that it means.
    #[arg(long, value_name = "FILE")]
    label_map: Option<PathBuf>,
    /// folder: which level of folders holds the classes, 1 for the outermost.
    #[arg(long, value_name = "LEVEL")]
    class_level: Option<usize>,
    /// folder: labels from the folders (or a pattern, a list, names), or from the prompt that is in a picture's file or
    /// beside it.
    #[arg(long, value_parser = ["folders", "prompt"], default_value = "folders")]
    labels_from: String,
    /// folder: take any class names as they are.
    #[arg(long)]
    any_classes: bool,
    /// folder: class folders to leave out.
    #[arg(long)]
    ignore: Vec<String>,
    /// Frames of a sequence: the last ones (ckplus, oulu), those around the middle (mmi) [default: 3].
    #[arg(long, value_name = "N")]
    frames: Option<usize>,
    /// ckplus, oulu, mmi: take so many first frames of each sequence as neutral.
    #[arg(long, default_value_t = 0, value_name = "N")]
    neutral_frames: usize,
    /// mmi: turn videos clockwise by so many degrees; `auto` tries 90 and 270 where nothing is found.
    #[arg(long, value_parser = ["auto", "none", "90", "180", "270"], default_value = "auto")]
    turn: String,
    /// fer2013: votes (fer2013new.csv of FER+) in place of the labels.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// hf, manifests: the column of the label.
    #[arg(long, value_name = "COLUMN")]
    label_column: Option<String>,
    /// hf, manifests: the column of the person.
    #[arg(long, value_name = "COLUMN")]
    subject_column: Option<String>,
    /// folder: pictures are sheets of so many columns (label = column, person = row, the first column the parent).
    #[arg(long, value_name = "COLUMNS")]
    grid: Option<usize>,
    /// Of pictures that repeat each other pixel by pixel within a database, keep one.
    #[arg(long)]
    drop_repeats: bool,
    /// Leave out pictures of more pixels than this, in millions.
    #[arg(long, default_value_t = 200.0, value_name = "N")]
    max_megapixels: f64,
    /// rafd, kdef: every camera instead of the frontal one.
    #[arg(long)]
    all_views: bool,
    /// oulu: every light instead of the strong one.
    #[arg(long)]
    all_lights: bool,
    /// expw: least confidence of a face, 0 to 100 [default: 60].
    #[arg(long, value_name = "CONFIDENCE")]
    confidence: Option<f64>,
    /// At most so many pictures of each class, for a quick look.
    #[arg(long)]
    limit: Option<usize>,
}

impl SourceArgs {
    /// The request with these settings; its expressions stay where none are named.
    pub fn fill(&self, request: PrepareRequest) -> Result<PrepareRequest, Fault> {
        let named = !self.expressions.is_empty();
        Ok(PrepareRequest {
            detect: if self.detect == "none" { Detect::None } else { Detect::Auto },
            detector: self.detector.clone(),
            expressions: if named { parse_expressions(&self.expressions)? } else { request.expressions },
            drop_repeats: self.drop_repeats,
            max_megapixels: self.max_megapixels,
            limit: self.limit,
            settings: SourceSettings {
                subject_pattern: self.subject_pattern.clone(),
                label_pattern: self.label_pattern.clone(),
                label_map: self.label_map.clone(),
                class_level: self.class_level,
                labels_from: if self.labels_from == "prompt" { LabelsFrom::Prompt } else { LabelsFrom::Folders },
                classes: if self.any_classes { FolderClasses::Any } else { FolderClasses::Auto },
                ignore: self.ignore.clone(),
                frames: self.frames,
                neutral_frames: self.neutral_frames,
                turn: match self.turn.as_str() {
                    "auto" => Turn::Auto,
                    degrees => degrees.parse().map_or(Turn::None, Turn::By),
                },
                labels: self.labels.clone(),
                label_column: self.label_column.clone(),
                subject_column: self.subject_column.clone(),
                grid: self.grid,
                views: if self.all_views { Views::All } else { Views::Frontal },
                lights: if self.all_lights { Lights::All } else { Lights::Strong },
                confidence: self.confidence,
            },
            ..request
        })
    }
}
