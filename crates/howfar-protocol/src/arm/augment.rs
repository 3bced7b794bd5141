//! `augment`: was it just more pictures?

use super::{ArmDefinition, ArmRole, Parts, Stage, Variant};

pub(super) static ARM: ArmDefinition = ArmDefinition {
    name: "augment",
    words: "augment",
    explained: "control: labelled faces and as many altered copies of them as the mix has generated faces",
    training_set: "labelled faces + as many flipped, shifted, rotated, scaled, re-lit copies as `mix` k has generated \
        faces",
    question: "was it just more pictures?",
    role: ArmRole::Control { explains: "altered copies of the same faces" },
    stage: Stage::AfterChoice,
    for_programs: true,
    mix: |units, _| Parts::shuffled(units.labelled(), units.further_labelled(Variant::Copy)),
};
