//! `weighted`: should generated faces count less?

use super::{ArmDefinition, ArmRole, Parts, Stage};

pub(super) static ARM: ArmDefinition = ArmDefinition {
    name: "weighted",
    words: "weighted",
    explained: "the mix with generated faces that count less in the loss",
    training_set: "`mix` k; generated faces count so much of a labelled one in the loss (`grid.weights`)",
    question: "should generated faces count less?",
    role: ArmRole::Rival,
    stage: Stage::AfterChoice,
    for_programs: true,
    mix: |units, treatment| Parts { weight: treatment.weight, ..Parts::shuffled(units.labelled(), units.generated()) },
};
