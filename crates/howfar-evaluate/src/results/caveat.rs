//! A caveat: something that is unusual but usable, with advice.

use serde::{Deserialize, Serialize};

/// Unusual but usable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caveat {
    /// A short name that stays the same: `few-people`, `interval-across-zero` …
    pub code: String,
    /// What is the matter.
    pub text: String,
    /// What would help.
    pub advice: String,
}
