//! Damaged files for every reader of howfar.
//!
//! In: a target's name, a seed, how many tries. Out: the inputs that made a reader panic or take too long. The same
//! [`TARGETS`] are given to the program `howfar-fuzz` (a plain loop, `.ci/fuzz`) and to this
//! crate's tests. What is found becomes a test beside the reader.

mod checksums;
mod made;
mod mutate;
mod rounds;
mod target;
mod targets;

pub use mutate::input;
pub use rounds::{Found, Progress, Rounds, Tally, hush_panics};
pub use target::{Kind, Seeds, Target};

use targets::{lists, metadata, networks, pictures, predictions, rigs, settings, studies, tables, weights};

/// Every reader, by what it reads.
pub const TARGETS: &[Target] = &[
    pictures::PICTURE,
    pictures::FACE_PNG,
    metadata::PROMPT,
    metadata::PROMPT_JSON,
    lists::CSV,
    lists::PHOTO_LIST,
    lists::MANIFEST,
    lists::JSON_LINES,
    lists::LABEL_MAP,
    lists::AFFECTNET,
    lists::NPY,
    lists::AFFECTNET_HQ,
    lists::RAFDB,
    lists::EXPW,
    lists::XML,
    lists::CKPLUS,
    lists::YOLO_NAMES,
    lists::YOLO_LABEL,
    lists::FER2013,
    lists::FER_PLUS,
    tables::DATASET,
    tables::DATASET_CARD,
    tables::FACE_SET,
    tables::FACE_SET_JSON,
    tables::ACCEPTED,
    tables::UNFINISHED,
    tables::LOOKED_JSON,
    tables::LOOKED,
    tables::PREDICTIONS,
    predictions::CSV,
    predictions::PARQUET,
    weights::SAFETENSORS,
    weights::MODEL,
    weights::LANDMARKS,
    weights::GENERATOR,
    weights::PICKLE,
    weights::ZIP,
    networks::FEATURES,
    networks::DETECTOR,
    settings::STUDY,
    settings::STYLE,
    settings::GENERATOR_TOML,
    settings::WORDS,
    rigs::RIG,
    rigs::RIG_LIST,
    rigs::RIG_SHAPE,
    studies::PLAN,
    studies::CHOICE,
    studies::RESULTS,
    studies::LOOKS,
    studies::TIMING,
    studies::RUNNER,
    studies::LEASE,
    studies::FAILED,
    studies::FINISHED,
    studies::CELL_TIMING,
    studies::AUDIT,
    studies::ANALYSIS,
];

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
