//! What to prepare and how: plain values with documented defaults, checked before any work.

use std::path::PathBuf;

use howfar_face::{Colour, Expression, Fault, Provenance, closest_name};
use regex::Regex;

use crate::database::{Database, adapter_names, find_database};
use crate::decode::Decoding;
use crate::settings;

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
    /// Expressions if one of them is one (then all must be), else the names as they are, unless they are numbers.
    #[default]
    Auto,
    /// The names as they are.
    Any,
}

/// Where the adapter `folder` finds what a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LabelsFrom {
    /// Folders, a pattern, a list, or names of pictures in a known scheme.
    #[default]
    Folders,
    /// The prompt that a picture was generated from: in its file, or in a text beside it.
    Prompt,
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
    /// `folder`: where labels are found.
    pub labels_from: LabelsFrom,
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
    /// `folder`: pictures are sheets of so many columns of equal squares; a column is a label, a row a person, the
    /// first column the parent.
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
            labels_from: LabelsFrom::default(),
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
            max_megapixels: Decoding::default().max_pixels as f64 / 1e6,
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
        if !(0.0..=1.0).contains(&self.max_losses) {
            return Err(Fault::usage("--max-losses", "not a share").found(self.max_losses).expected("0 to 1"));
        }
        if !(0.001..=10_000.0).contains(&self.max_megapixels) {
            return Err(Fault::usage("--max-megapixels", "not a usable number of pixels")
                .found(self.max_megapixels)
                .expected("0.001 to 10000, in millions"));
        }
        if self.frames == 0 {
            return Err(Fault::usage("--frames", "no frame of a sequence would be left")
                .found(0)
                .expected("1 or more"));
        }
        self.check_neutral_frames()?;
        if self.grid.is_some_and(|columns| columns < 2) {
            return Err(Fault::usage("--grid", "a sheet of one column has the parent and no label")
                .expected("2 columns or more"));
        }
        let repeated = self.expressions.iter().enumerate().find(|(i, e)| self.expressions[..*i].contains(e));
        if let Some((_, expression)) = repeated {
            return Err(Fault::usage("--expressions", "an expression is named twice").found(expression));
        }
        if self.expressions.is_empty() {
            return Err(Fault::usage("--expressions", "no expression is named").expected("one or more"));
        }
        if self.class_level == Some(0) {
            return Err(Fault::usage("--class-level", "levels are counted from 1, the outermost").found(0));
        }
        if self.class_level.is_some() && self.label_pattern.is_some() {
            return Err(Fault::usage("--class-level", "--label-pattern says already where the class stands")
                .expected("one of the two"));
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
        self.compiled_label_pattern()?;
        settings::check(self)?;
        self.sources.iter().try_for_each(|source| source.database().map(|_| ()))
    }

    fn check_neutral_frames(&self) -> Result<(), Fault> {
        if self.neutral_frames > 0 && !self.expressions.contains(&Expression::Neutral) {
            return Err(Fault::usage("--neutral-frames", "neutral is not among the expressions")
                .found(self.neutral_frames)
                .hint("add it: `--expressions` with neutral"));
        }
        Ok(())
    }

    /// How far picture files are believed.
    pub(crate) fn decoding(&self) -> Decoding {
        Decoding { max_pixels: (self.max_megapixels * 1e6) as u64 }
    }

    /// The pattern of persons; its group is called `person` or `subject`, or is the first with a name.
    pub(crate) fn compiled_subject_pattern(&self) -> Result<Option<PathPattern>, Fault> {
        let text = self.subject_pattern.as_deref();
        text.map(|text| PathPattern::new("--subject-pattern", text, &["person", "subject"], r"(?<person>s\d+)_"))
            .transpose()
    }

    /// The pattern of labels; its group is called `label`, or is the first with a name.
    pub(crate) fn compiled_label_pattern(&self) -> Result<Option<PathPattern>, Fault> {
        let text = self.label_pattern.as_deref();
        text.map(|text| PathPattern::new("--label-pattern", text, &["label"], r"_(?<label>[a-z]+)\.")).transpose()
    }
}

/// A pattern that finds a part of a path.
#[derive(Debug)]
pub(crate) struct PathPattern {
    regex: Regex,
    group: String,
}

impl PathPattern {
    fn new(flag: &str, text: &str, groups: &[&str], example: &str) -> Result<Self, Fault> {
        let expected = format!("a regular expression with a named group, as in {example}");
        let regex = Regex::new(text).map_err(|e| {
            Fault::usage(flag, "not a regular expression").found(format!("{text}\n{e}")).expected(&expected)
        })?;
        let named = || regex.capture_names().flatten();
        let group = named().find(|name| groups.contains(name)).or_else(|| named().next()).map(str::to_owned);
        let group = group.ok_or_else(|| {
            Fault::usage(flag, format!("no named group says which part is the {}", groups[0]))
                .found(text)
                .expected(&expected)
        })?;
        Ok(PathPattern { regex, group })
    }

    /// The part of a whole path below the root that the group finds, if it finds one.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<&'p str> {
        Some(self.regex.captures(path)?.name(&self.group)?.as_str()).filter(|part| !part.is_empty())
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
    fn one_pattern_may_hold_the_groups_of_person_and_label() {
        let pattern = Some("(?<label>[a-z]+)_(?<person>s[0-9]+)".to_owned());
        let request = PrepareRequest {
            subject_pattern: pattern.clone(),
            label_pattern: pattern,
            ..PrepareRequest::new(vec![], "out".into())
        };
        let find = |pattern: Option<PathPattern>| pattern.unwrap().find("x/fear_s01.png").map(str::to_owned);
        assert_eq!(find(request.compiled_subject_pattern().unwrap()).as_deref(), Some("s01"));
        assert_eq!(find(request.compiled_label_pattern().unwrap()).as_deref(), Some("fear"));
    }

    #[test]
    fn nonsense_is_refused_before_any_work() {
        let request = || PrepareRequest::new(vec![Source::parse("jaffe:x").unwrap()], "out".into());
        let folder = || vec![Source::parse("folder:x").unwrap()];
        assert_eq!(request().check(), Ok(()));
        let cases = [
            PrepareRequest { sources: vec![], ..request() },
            PrepareRequest { size: 4, ..request() },
            PrepareRequest { frames: 0, ..request() },
            PrepareRequest { max_losses: 1.5, ..request() },
            PrepareRequest { turn: Turn::By(45), ..request() },
            PrepareRequest { detector: Some("d.onnx".into()), detect: Detect::None, ..request() },
            PrepareRequest { expressions: vec![], ..request() },
            PrepareRequest { expressions: vec![Expression::Fear, Expression::Fear], ..request() },
            PrepareRequest { max_megapixels: f64::NAN, ..request() },
            PrepareRequest { max_megapixels: 0.0, ..request() },
            PrepareRequest { neutral_frames: 1, ..request() },
            PrepareRequest { grid: Some(1), ..request() },
            PrepareRequest { labels: Some("fer2013new.csv".into()), ..request() },
            PrepareRequest { neutral_frames: 1, expressions: vec![Expression::Neutral], ..request() },
            PrepareRequest { subject_pattern: Some("(".into()), ..request() },
            PrepareRequest { subject_pattern: Some("(s.)".into()), ..request() },
            PrepareRequest { class_level: Some(0), sources: folder(), ..request() },
            PrepareRequest { label_pattern: Some("(s.)".into()), sources: folder(), ..request() },
            PrepareRequest {
                label_pattern: Some("(?<label>.)".into()),
                class_level: Some(1),
                sources: folder(),
                ..request()
            },
        ];
        for case in cases {
            assert!(case.check().is_err(), "{case:?}");
        }
    }
}
