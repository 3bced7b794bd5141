//! `generated-only`: what generated faces teach alone.

use super::{ArmDefinition, ArmRole, Parts, Stage};

pub(super) static ARM: ArmDefinition = ArmDefinition {
    name: "generated-only",
    words: "generated only",
    explained: "k units of generated faces, no real one",
    training_set: "k units of generated faces",
    question: "what they teach alone",
    role: ArmRole::Rival,
    stage: Stage::AfterChoice,
    for_programs: true,
    mix: |units, _| Parts::shuffled(Vec::new(), units.generated()),
};
