//! `pretrain`: is mixing the right way to use generated faces?

use super::{ArmDefinition, ArmRole, Order, Parts, Stage};

pub(super) static ARM: ArmDefinition = ArmDefinition {
    name: "pretrain",
    words: "pretrain",
    explained: "the generated faces first, then labelled faces alone, for as many pictures as the mix",
    training_set: "k units of generated faces first, then labelled faces alone from those weights with a fresh \
                   optimiser; as many pictures as `mix` k",
    question: "is mixing the right way to use them?",
    role: ArmRole::Rival,
    stage: Stage::AfterChoice,
    for_programs: false,
    mix: |units, _| Parts { order: Order::AddedFirst, ..Parts::shuffled(units.labelled(), units.generated()) },
};
