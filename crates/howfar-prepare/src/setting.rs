//! The settings that an adapter may say it reads, so that no setting is ever passed over in silence.
//!
//! In: what the command line says. Out: whether a setting was given. Settings that every adapter follows (size,
//! expressions, …) are not among them.

use crate::source_settings::{FolderClasses, LabelsFrom, Lights, SourceSettings, Turn, Views};

/// A setting that an adapter reads, with the adapter's own default where it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setting {
    /// `--subject-pattern`
    SubjectPattern,
    /// `--label-pattern`
    LabelPattern,
    /// `--label-map`
    LabelMap,
    /// `--class-level`
    ClassLevel,
    /// `--any-classes`
    AnyClasses,
    /// `--labels-from`
    LabelsFrom,
    /// `--grid`
    Grid,
    /// `--ignore`
    Ignore,
    /// `--frames`, and how many without it.
    Frames(usize),
    /// `--neutral-frames`
    NeutralFrames,
    /// `--turn`
    Turn,
    /// `--labels`
    Labels,
    /// `--label-column`
    LabelColumn,
    /// `--subject-column`
    SubjectColumn,
    /// `--all-views`
    AllViews,
    /// `--all-lights`
    AllLights,
    /// `--confidence`, and how much without it.
    Confidence(f64),
}

impl Setting {
    /// The option of the command line.
    pub fn flag(self) -> &'static str {
        match self {
            Setting::SubjectPattern => "--subject-pattern",
            Setting::LabelPattern => "--label-pattern",
            Setting::LabelMap => "--label-map",
            Setting::ClassLevel => "--class-level",
            Setting::AnyClasses => "--any-classes",
            Setting::LabelsFrom => "--labels-from",
            Setting::Grid => "--grid",
            Setting::Ignore => "--ignore",
            Setting::Frames(_) => "--frames",
            Setting::NeutralFrames => "--neutral-frames",
            Setting::Turn => "--turn",
            Setting::Labels => "--labels",
            Setting::LabelColumn => "--label-column",
            Setting::SubjectColumn => "--subject-column",
            Setting::AllViews => "--all-views",
            Setting::AllLights => "--all-lights",
            Setting::Confidence(_) => "--confidence",
        }
    }

    /// The adapter's own value where the option is not given, if that is a number.
    pub fn own_default(self) -> Option<String> {
        match self {
            Setting::Frames(n) => Some(n.to_string()),
            Setting::Confidence(least) => Some(least.to_string()),
            _ => None,
        }
    }

    pub(crate) fn is_given(self, settings: &SourceSettings) -> bool {
        match self {
            Setting::SubjectPattern => settings.subject_pattern.is_some(),
            Setting::LabelPattern => settings.label_pattern.is_some(),
            Setting::LabelMap => settings.label_map.is_some(),
            Setting::ClassLevel => settings.class_level.is_some(),
            Setting::AnyClasses => settings.classes == FolderClasses::Any,
            Setting::LabelsFrom => settings.labels_from != LabelsFrom::Folders,
            Setting::Grid => settings.grid.is_some(),
            Setting::Ignore => !settings.ignore.is_empty(),
            Setting::Frames(_) => settings.frames.is_some(),
            Setting::NeutralFrames => settings.neutral_frames > 0,
            Setting::Turn => settings.turn != Turn::Auto,
            Setting::Labels => settings.labels.is_some(),
            Setting::LabelColumn => settings.label_column.is_some(),
            Setting::SubjectColumn => settings.subject_column.is_some(),
            Setting::AllViews => settings.views == Views::All,
            Setting::AllLights => settings.lights == Lights::All,
            Setting::Confidence(_) => settings.confidence.is_some(),
        }
    }
}
