//! `repeat`: was it just longer training?

use super::{ArmDefinition, ArmRole, Parts, Stage, Variant};

pub(super) static ARM: ArmDefinition = ArmDefinition {
    name: "repeat",
    words: "repeat",
    explained: "control: labelled faces alone, trained for as many steps as the mix",
    training_set: "labelled faces, repeated to the steps of `mix` k",
    question: "was it just longer training?",
    role: ArmRole::Control { explains: "longer training alone" },
    stage: Stage::AfterChoice,
    for_programs: true,
    mix: |units, _| Parts::shuffled(units.labelled(), units.further_labelled(|_| Variant::AsIs)),
};
