//! What a face set, and each of its faces, is to a study.

use serde::{Deserialize, Serialize};

/// What a face set is to a study. Where its faces come from (photographed, drawn, generated) is another question: their
/// provenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// `[real]` of the study file: its people are split into training, validation and test people. Files say `real`.
    #[serde(rename = "real")]
    Labelled,
    /// `[generated]`: mixed in.
    Generated,
    /// `[retrieved]`: other databases, mixed in by one arm in place of generated faces.
    Retrieved,
    /// `choose.on` of the study file: its people choose k and do nothing else.
    Choosing,
    /// `[unseen]`: held-out test databases.
    Unseen,
}

impl Role {
    /// All of them, in the order of every table.
    pub const ALL: [Self; 5] = [Self::Labelled, Self::Generated, Self::Retrieved, Self::Choosing, Self::Unseen];

    /// The word in tables and sentences.
    pub fn words(self) -> &'static str {
        match self {
            Self::Labelled => "labelled",
            Self::Generated => "generated",
            Self::Retrieved => "retrieved",
            Self::Choosing => "choosing",
            Self::Unseen => "unseen",
        }
    }
}
