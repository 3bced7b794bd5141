//! Arms: what a training set is made of. Each has a file with all that is said of it; this is the list.
//!
//! In: the faces that a cell may use ([`Units`]). Out: its training set in parts ([`Parts`]). To add an arm, write a
//! file like `arm/augment.rs` and add it to [`Arm::ALL`]; tests walk the list and compare docs/protocol.md with it.

mod augment;
mod curated;
mod fixed_share;
mod generated_only;
mod mix;
mod other_real;
mod pretrain;
mod real;
mod repeat;
mod units;
mod weighted;

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Treatment;

pub use units::{Item, Variant};
pub(crate) use units::{Order, Parts, Units};

/// All that is said of an arm.
pub struct ArmDefinition {
    /// The word that stands in files and in names of cells; it never changes.
    pub name: &'static str,
    /// The words in tables.
    pub words: &'static str,
    /// What its training set is, in a line for readers of the report.
    pub explained: &'static str,
    /// Its training set as docs/protocol.md says it, more exactly.
    pub training_set: &'static str,
    /// What it isolates: the question that it answers.
    pub question: &'static str,
    /// What it is held against the mix for.
    pub role: ArmRole,
    /// When its cells can run.
    pub stage: Stage,
    /// Whether a program of somebody else can train it: in one stage, on a training set that no network is asked about.
    pub for_programs: bool,
    /// Makes its training set, as the treatment asks.
    pub(crate) mix: fn(&Units<'_>, &Treatment) -> Parts,
}

/// What an arm is in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArmRole {
    /// Labelled faces alone: k = 0, what every gain is a gain over.
    Baseline,
    /// Labelled and generated faces: what is claimed.
    Mix,
    /// It costs no generated face: the mix is credited with what it gains beyond the strongest of these.
    Control {
        /// What may explain a gain as well, in a sentence: `longer training alone`.
        explains: &'static str,
    },
    /// Another way to use the same generated faces.
    Rival,
}

/// When the cells of an arm can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Before k is chosen: they choose it.
    First,
    /// At the chosen k; with `grid.controls = "all"` at every k, with the first ones.
    AfterChoice,
    /// At the chosen k, from what the baseline's networks of the same split and seed say.
    AfterBaseline,
}

/// An arm of a study: one of [`Arm::ALL`].
#[derive(Clone, Copy)]
pub struct Arm(&'static ArmDefinition);

impl Arm {
    /// Labelled faces alone.
    pub const REAL: Self = Arm(&real::ARM);
    /// Labelled and generated faces.
    pub const MIX: Self = Arm(&mix::ARM);
    /// Generated faces alone.
    pub const GENERATED_ONLY: Self = Arm(&generated_only::ARM);
    /// Labelled faces for as many steps as the mix.
    pub const REPEAT: Self = Arm(&repeat::ARM);
    /// Labelled faces and altered copies of them.
    pub const AUGMENT: Self = Arm(&augment::ARM);

    /// The mix with generated faces that count less.
    pub const WEIGHTED: Self = Arm(&weighted::ARM);
    /// Faces of other databases in place of generated ones.
    pub const OTHER_REAL: Self = Arm(&other_real::ARM);

    /// All of them, in the order of every table.
    pub const ALL: &'static [Self] = &[
        Self::REAL,
        Self::MIX,
        Self::GENERATED_ONLY,
        Self::REPEAT,
        Self::AUGMENT,
        Arm(&fixed_share::ARM),
        Arm(&pretrain::ARM),
        Arm(&curated::ARM),
        Self::WEIGHTED,
        Self::OTHER_REAL,
    ];

    /// Those that a study runs beside the baseline where it does not say. `augment` is hardly another arm than `repeat`
    /// where pictures are altered in training anyway (docs/protocol.md).
    pub const USUAL: [Self; 3] = [Self::MIX, Self::GENERATED_ONLY, Self::REPEAT];

    /// The arm of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|arm| arm.name == name)
    }

    /// What the mix is compared with at the same k: controls first, then rivals.
    pub fn compared_with_mix() -> Vec<Self> {
        let mut arms: Vec<Self> = Self::ALL.iter().copied().filter(|arm| !arm.is_on_curve()).collect();
        arms.sort_by_key(|arm| arm.role == ArmRole::Rival);
        arms
    }

    /// Those that cost no generated face, each with what it may explain.
    pub fn controls() -> impl Iterator<Item = (Self, &'static str)> {
        Self::ALL.iter().filter_map(|arm| match arm.role {
            ArmRole::Control { explains } => Some((*arm, explains)),
            _ => None,
        })
    }

    /// Whether it is labelled faces alone, which know nothing of generated ones.
    pub fn is_baseline(self) -> bool {
        self.role == ArmRole::Baseline
    }

    /// Whether accuracy against k is its accuracy: the baseline at k = 0 and the mix above.
    pub fn is_on_curve(self) -> bool {
        matches!(self.role, ArmRole::Baseline | ArmRole::Mix)
    }

    fn place(self) -> usize {
        Self::ALL.iter().position(|arm| arm.name == self.name).unwrap_or(usize::MAX)
    }
}

impl Deref for Arm {
    type Target = ArmDefinition;

    fn deref(&self) -> &ArmDefinition {
        self.0
    }
}

impl PartialEq for Arm {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Arm {}

impl PartialOrd for Arm {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As they stand in the list.
impl Ord for Arm {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl fmt::Debug for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Arm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for Arm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| {
            let known: Vec<String> = Self::ALL.iter().map(|arm| format!("`{}`", arm.name)).collect();
            serde::de::Error::custom(format!("unknown variant `{name}`, expected one of {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_arm_says_all_of_itself_and_nothing_twice() {
        for text in [
            (|arm| arm.name) as fn(&ArmDefinition) -> &'static str,
            |arm| arm.words,
            |arm| arm.explained,
            |arm| arm.training_set,
            |arm| arm.question,
        ] {
            let distinct: BTreeSet<&str> = Arm::ALL.iter().map(|arm| text(arm)).collect();
            assert!(distinct.len() == Arm::ALL.len() && !distinct.contains(""), "{distinct:?}");
        }
        for role in [ArmRole::Baseline, ArmRole::Mix] {
            assert_eq!(Arm::ALL.iter().filter(|arm| arm.role == role).count(), 1, "{role:?}");
        }
    }

    #[test]
    fn every_file_of_an_arm_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/arm");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().replace('_', "-"))
            .filter(|name| name != "units")
            .collect();
        files.sort();
        let mut names: Vec<&str> = Arm::ALL.iter().map(|arm| arm.name).collect();
        names.sort_unstable();
        assert_eq!(names, files);
    }

    #[test]
    fn names_read_back_and_a_wrong_one_is_told_with_all_that_are_known() {
        for arm in Arm::ALL {
            let text = serde_json::to_string(arm).unwrap();
            assert_eq!(serde_json::from_str::<Arm>(&text).unwrap(), *arm);
        }
        let fault = serde_json::from_str::<Arm>("\"mixed\"").unwrap_err().to_string();
        assert!(fault.contains("unknown variant `mixed`") && fault.contains("`fixed-share`"), "{fault}");
    }
}
