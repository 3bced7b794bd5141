//! What is decided: k on validation people, when a study may stop, what a difference shows.

pub(crate) mod choice;
pub(crate) mod looks;
pub(crate) mod until_sure;
pub(crate) mod verdict;
