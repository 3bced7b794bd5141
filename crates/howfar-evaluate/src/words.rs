//! Words: the answer, the caveats, and how every number and name is said.

pub(crate) mod answer;
pub(crate) mod caveats;
pub mod wording;
