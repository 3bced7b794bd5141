//! `real`: labelled faces alone, what every gain is a gain over.

use super::{ArmDefinition, ArmRole, Parts, Stage};

pub(super) static ARM: ArmDefinition = ArmDefinition {
    name: "real",
    words: "real only",
    explained: "real training faces alone (k = 0)",
    training_set: "labelled training faces",
    question: "the baseline",
    role: ArmRole::Baseline,
    stage: Stage::First,
    for_programs: true,
    mix: |units, _| Parts::shuffled(units.labelled(), Vec::new()),
};
