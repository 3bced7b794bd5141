//! What to prepare and how: plain values with documented defaults, checked before any work.

use std::path::PathBuf;

use howfar_face::{Colour, Expression, Fault, Provenance, closest_name};
use regex::Regex;

use crate::database::{Database, adapter_names, find_database};

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

/// Which cameras to take where a database has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Views {
    /// RaFD camera 090, KDEF straight, MMI frontal.
    #[default]
    Frontal,
    /// Every camera.
    All,
}

/// Which lights to take where a database has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lights {
    /// Oulu-CASIA: visible light, strong.
    #[default]
    Strong,
    /// Oulu-CASIA: visible light, strong, weak and dark.
    All,
}

/// How films are turned before faces are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Turn {
    /// As they are; where nothing is found in a film that is wider than high, by 90° and by 270° clockwise.
    #[default]
    Auto,
    /// As they are.
    None,
    /// By 90°, 180° or 270° clockwise.
    By(u16),
}

/// What the adapter `folder` makes of folder names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FolderClasses {
    /// Expressions if one of them is one (then all must be), else the names as they are.
    #[default]
    Auto,
    /// The names as they are.
    Any,
}

/// One `ADAPTER:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The adapter's name, one of [`adapter_names`].
    pub adapter: String,
    /// The database's folder, or a list for the adapters that read one.
    pub path: PathBuf,
}

impl Source {
    /// Reads `ADAPTER:PATH`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let names = || adapter_names().join(", ");
        let Some((adapter, path)) = text.split_once(':').filter(|(_, path)| !path.is_empty()) else {
            return Err(Fault::usage(text, "this does not say which database it is")
                .expected(format!("ADAPTER:PATH with one of the adapters {}", names()))
                .hint(format!("for class folders of any kind: folder:{}", text.trim_end_matches(':'))));
        };
        let source = Source { adapter: adapter.to_owned(), path: PathBuf::from(path) };
        source.database()?;
        Ok(source)
    }

    /// The database of the adapter.
    pub(crate) fn database(&self) -> Result<&'static Database, Fault> {
        find_database(&self.adapter).ok_or_else(|| {
            let fault = Fault::usage(format!("{}:{}", self.adapter, self.path.display()), "unknown adapter")
                .found(&self.adapter)
                .expected(format!("one of {}", adapter_names().join(", ")));
            match closest_name(&self.adapter.to_lowercase(), adapter_names().iter().copied()) {
                Some(name) => fault.hint(format!("did you mean {name}?")),
                None => fault.hint("class folders of any kind are read by `folder`"),
            }
        })
    }
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
    /// A regular expression on the path from the root whose named group is the person.
    pub subject_pattern: Option<String>,
    /// A regular expression on the path from the root whose named group is the label.
    pub label_pattern: Option<String>,
    /// A table of two columns: a label as it is found, and the class that it means.
    pub label_map: Option<PathBuf>,
    /// `folder`: which level of folders holds the classes, 1 for the outermost.
    pub class_level: Option<usize>,
    /// `folder`: what folder names mean.
    pub classes: FolderClasses,
    /// Class folders to leave out, by name.
    pub ignore: Vec<String>,
    /// `ckplus`, `oulu`: the last so many frames of a sequence. `mmi`: so many around the middle of a clip.
    pub frames: usize,
    /// `ckplus`, `oulu`, `mmi`: so many first frames of each sequence are taken as neutral.
    pub neutral_frames: usize,
    /// `mmi`: how films are turned.
    pub turn: Turn,
    /// `fer2013`: votes (FER+) in place of the table's labels.
    pub labels: Option<PathBuf>,
    /// `hf`, manifests: the column of the label.
    pub label_column: Option<String>,
    /// `hf`, manifests: the column of the person.
    pub subject_column: Option<String>,
    /// `folder`: pictures are sheets of so many columns of equal squares; a column is a label, a row a person, the first
    /// column the parent.
    pub grid: Option<usize>,
    /// A network that finds faces in place of the embedded detector: an ONNX file in the layout of YuNet or SCRFD.
    pub detector: Option<PathBuf>,
    /// Keep one of the pictures of a database that repeat each other pixel by pixel.
    pub drop_repeats: bool,
    /// Pictures of more pixels are left out as unreadable, in millions.
    pub max_megapixels: f64,
    /// The share of what was asked for that may be unreadable or without a face, 0 to 1.
    pub max_losses: f64,
    /// `rafd`, `kdef`: cameras.
    pub views: Views,
    /// `oulu`: lights.
    pub lights: Lights,
    /// `expw`: faces of less confidence (0 to 100) are left out.
    pub confidence: f64,
    /// At most so many pictures of each class of each source, the first in the order of their paths: for a quick look.
    pub limit: Option<usize>,
}

impl PrepareRequest {
    /// The defaults: 64×64, gray, Ekman's six, faces found and aligned, 3 frames of a sequence, frontal views, strong
    /// light, confidence 60, no limit.
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
            subject_pattern: None,
            label_pattern: None,
            label_map: None,
            class_level: None,
            classes: FolderClasses::default(),
            ignore: Vec::new(),
            frames: 3,
            neutral_frames: 0,
            turn: Turn::default(),
            labels: None,
            label_column: None,
            subject_column: None,
            grid: None,
            detector: None,
            drop_repeats: false,
            max_megapixels: 200.0,
            max_losses: 0.1,
            views: Views::default(),
            lights: Lights::default(),
            confidence: 60.0,
            limit: None,
        }
    }

    /// Refuses what cannot be meant.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.sources.is_empty() {
            return Err(Fault::usage("prepare", "no database is named").expected("one ADAPTER:PATH or more"));
        }
        if !(16..=1024).contains(&self.size) {
            return Err(Fault::usage("--size", "not a usable size").found(self.size).expected("16 to 1024 pixels"));
        }
        if self.frames == 0 {
            return Err(Fault::usage("--frames", "no frame of a sequence would be left")
                .found(0)
                .expected("1 or more"));
        }
        let repeated = self.expressions.iter().enumerate().find(|(i, e)| self.expressions[..*i].contains(e));
        if let Some((_, expression)) = repeated {
            return Err(Fault::usage("--expressions", "an expression is named twice").found(expression));
        }
        if self.expressions.is_empty() {
            return Err(Fault::usage("--expressions", "no expression is named").expected("one or more"));
        }
        if let Turn::By(degrees) = self.turn
            && ![90, 180, 270].contains(&degrees)
        {
            return Err(Fault::usage("--turn", "films cannot be turned so")
                .found(degrees)
                .expected("90, 180 or 270 degrees clockwise"));
        }
        if self.detector.is_some() && self.detect == Detect::None {
            return Err(Fault::usage("--detector", "a detector is given, but faces are not looked for")
                .hint("leave out --detect none, or --detector"));
        }
        self.compiled_subject_pattern()?;
        self.sources.iter().try_for_each(|source| source.database().map(|_| ()))
    }

    /// The subject pattern with the name of its group.
    pub(crate) fn compiled_subject_pattern(&self) -> Result<Option<SubjectPattern>, Fault> {
        let Some(text) = &self.subject_pattern else { return Ok(None) };
        let example = r"a regular expression with a named group, as in (?<person>s\d+)_";
        let regex = Regex::new(text).map_err(|e| {
            Fault::usage("--subject-pattern", "not a regular expression")
                .found(format!("{text}\n{e}"))
                .expected(example)
        })?;
        let group = regex.capture_names().flatten().next().map(str::to_owned).ok_or_else(|| {
            Fault::usage("--subject-pattern", "no named group says which part is the person")
                .found(text)
                .expected(example)
        })?;
        Ok(Some(SubjectPattern { regex, group }))
    }
}

/// A pattern that finds the person in a path.
#[derive(Debug)]
pub(crate) struct SubjectPattern {
    regex: Regex,
    group: String,
}

impl SubjectPattern {
    pub(crate) fn person(&self, path: &str) -> Option<String> {
        let person = self.regex.captures(path)?.name(&self.group)?.as_str();
        (!person.is_empty()).then(|| person.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_needs_a_known_adapter_and_a_path() {
        let source = Source::parse("folder:C:\\faces").unwrap();
        assert_eq!((source.adapter.as_str(), source.path), ("folder", PathBuf::from("C:\\faces")));
        for (text, what) in [
            ("jafe:x", "did you mean jaffe?"),
            ("faces", "folder:faces"),
            ("rafd:", "ADAPTER:PATH"),
            ("zzz:x", "class folders"),
        ] {
            let fault = Source::parse(text).unwrap_err();
            assert!(fault.to_string().contains(what), "{fault}");
        }
    }

    #[test]
    fn nonsense_is_refused_before_any_work() {
        let request = || PrepareRequest::new(vec![Source::parse("jaffe:x").unwrap()], "out".into());
        assert_eq!(request().check(), Ok(()));
        let cases = [
            PrepareRequest { sources: vec![], ..request() },
            PrepareRequest { size: 4, ..request() },
            PrepareRequest { frames: 0, ..request() },
            PrepareRequest { turn: Turn::By(45), ..request() },
            PrepareRequest { detector: Some("d.onnx".into()), detect: Detect::None, ..request() },
            PrepareRequest { expressions: vec![], ..request() },
            PrepareRequest { expressions: vec![Expression::Fear, Expression::Fear], ..request() },
            PrepareRequest { subject_pattern: Some("(".into()), ..request() },
            PrepareRequest { subject_pattern: Some("(s.)".into()), ..request() },
        ];
        for case in cases {
            assert!(case.check().is_err(), "{case:?}");
        }
    }
}
