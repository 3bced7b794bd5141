//! `fixed-share`: was it the weight of labelled faces?

use super::{ArmDefinition, ArmRole, Order, Parts, Stage};

pub(super) static ARM: ArmDefinition = ArmDefinition {
    name: "fixed-share",
    words: "fixed share",
    explained: "the mix with labelled faces as every second picture",
    training_set: "`mix` k with labelled faces as every second picture; as many pictures per epoch",
    question: "was it the weight of labelled faces?",
    role: ArmRole::Rival,
    stage: Stage::AfterChoice,
    for_programs: true,
    mix: |units, _| Parts {
        order: if units.generated.is_empty() { Order::Shuffled } else { Order::Alternating },
        ..Parts::shuffled(units.labelled(), units.generated())
    },
};
