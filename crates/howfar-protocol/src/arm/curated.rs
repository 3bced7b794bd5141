//! `curated`: was it wrong labels?

use super::{ArmDefinition, ArmRole, Parts, Stage};

pub(super) static ARM: ArmDefinition = ArmDefinition {
    name: "curated",
    words: "curated",
    explained: "the mix without generated faces whose label the network of labelled faces alone does not see",
    training_set: "`mix` k without the generated faces whose label the `real` network of the same split and seed \
                   (training people alone) does not see; it runs after k is chosen",
    question: "was it wrong labels?",
    role: ArmRole::Rival,
    stage: Stage::AfterBaseline,
    for_programs: false,
    mix: |units, _| Parts { is_curated: true, ..Parts::shuffled(units.labelled(), units.generated()) },
};
