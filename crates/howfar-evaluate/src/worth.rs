//! What the added faces are worth: differences to the baseline and to controls, curves, people, other tracks.

pub(crate) mod between;
pub(crate) mod changed;
pub(crate) mod claim_check;
pub(crate) mod claims;
pub(crate) mod credit;
pub(crate) mod details;
pub(crate) mod exchange;
pub(crate) mod how_far;
pub(crate) mod paper_count;
pub(crate) mod single_run;
