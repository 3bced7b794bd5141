//! The settings of `prepare` that some adapters read and others do not: all of them are unset unless somebody sets
//! them, so that an adapter has defaults of its own, and a setting that no source reads can be refused.
//!
//! In: the command line. Out: plain values, checked before any work. Which adapter reads which stands in its
//! `Database`.

use std::path::PathBuf;

use howfar_face::{Expression, Fault};

use crate::path_pattern::PathPattern;

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

/// How videos are turned before faces are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Turn {
    /// As they are; where nothing is found in a video that is wider than high, by 90° and by 270° clockwise.
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

/// What some adapters are told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceSettings {
    /// A regular expression on the path from the root whose named group is the person.
    pub subject_pattern: Option<String>,
    /// A regular expression on the path from the root whose named group is the label.
    pub label_pattern: Option<String>,
    /// A table of two columns: a label as it is found, and the class that it means.
    pub label_map: Option<PathBuf>,
    /// Which level of folders holds the classes, 1 for the outermost.
    pub class_level: Option<usize>,
    /// What folder names mean.
    pub classes: FolderClasses,
    /// Where labels are found.
    pub labels_from: LabelsFrom,
    /// Class folders to leave out, by name.
    pub ignore: Vec<String>,
    /// So many frames of each sequence: the last ones, or those in the middle, as the database wants it.
    pub frames: Option<usize>,
    /// So many first frames of each sequence are taken as neutral.
    pub neutral_frames: usize,
    /// How videos are turned.
    pub turn: Turn,
    /// Votes (FER+) in place of the table's labels.
    pub labels: Option<PathBuf>,
    /// The column of the label.
    pub label_column: Option<String>,
    /// The column of the person.
    pub subject_column: Option<String>,
    /// Pictures are sheets of so many columns of equal squares; a column is a label, a row per person, the first column
    /// the parent.
    pub grid: Option<usize>,
    /// Cameras.
    pub views: Views,
    /// Lights.
    pub lights: Lights,
    /// Faces of less confidence (0 to 100) are left out.
    pub confidence: Option<f64>,
}

impl SourceSettings {
    /// Refuses what cannot be meant with these expressions.
    pub(crate) fn check(&self, expressions: &[Expression]) -> Result<(), Fault> {
        if self.frames == Some(0) {
            return Err(Fault::usage("--frames", "no frame of a sequence would be left")
                .found(0)
                .expected("1 or more"));
        }
        if self.neutral_frames > 0 && !expressions.contains(&Expression::Neutral) {
            return Err(Fault::usage("--neutral-frames", "neutral is not among the expressions")
                .found(self.neutral_frames)
                .hint("add it: `--expressions` with neutral"));
        }
        if self.grid.is_some_and(|columns| columns < 2) {
            return Err(Fault::usage("--grid", "a sheet of one column has the parent and no label")
                .expected("2 columns or more"));
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
            return Err(Fault::usage("--turn", "videos cannot be turned so")
                .found(degrees)
                .expected("90, 180 or 270 degrees clockwise"));
        }
        self.compiled_subject_pattern()?;
        self.compiled_label_pattern().map(|_| ())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pattern_may_hold_the_groups_of_person_and_label() {
        let pattern = Some("(?<label>[a-z]+)_(?<person>s[0-9]+)".to_owned());
        let settings =
            SourceSettings { subject_pattern: pattern.clone(), label_pattern: pattern, ..Default::default() };
        let find = |pattern: Option<PathPattern>| pattern.unwrap().find("x/fear_s01.png").map(str::to_owned);
        assert_eq!(find(settings.compiled_subject_pattern().unwrap()).as_deref(), Some("s01"));
        assert_eq!(find(settings.compiled_label_pattern().unwrap()).as_deref(), Some("fear"));
    }
}
