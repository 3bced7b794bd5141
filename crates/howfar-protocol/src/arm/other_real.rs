//! `other-real`: would real faces of another database have done as much?

use super::{ArmDefinition, ArmRole, Parts, Stage};

pub(super) static ARM: ArmDefinition = ArmDefinition {
    name: "other-real",
    words: "other real",
    explained: "labelled faces and as many faces of another database as the mix has generated ones",
    training_set: "labelled faces + as many faces of other databases (`retrieved.sets`) as `mix` k has generated ones",
    question: "would real faces of another database have done as much?",
    role: ArmRole::Rival,
    stage: Stage::AfterChoice,
    for_programs: true,
    mix: |units, _| Parts::shuffled(units.labelled(), units.retrieved()),
};
