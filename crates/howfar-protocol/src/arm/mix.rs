//! `mix`: labelled and generated faces, what a study is about.

use super::{ArmDefinition, ArmRole, Parts, Stage};

pub(super) static ARM: ArmDefinition = ArmDefinition {
    name: "mix",
    words: "mix",
    explained: "real training faces and k units of generated ones",
    training_set: "labelled faces + k units of generated faces",
    question: "the question",
    role: ArmRole::Mix,
    stage: Stage::First,
    for_programs: true,
    mix: |units, _| Parts::shuffled(units.labelled(), units.generated()),
};
