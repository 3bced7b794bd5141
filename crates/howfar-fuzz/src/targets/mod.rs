//! The readers, by what they read.

pub(crate) mod lists;
pub(crate) mod metadata;
pub(crate) mod networks;
pub(crate) mod pictures;
pub(crate) mod predictions;
pub(crate) mod rigs;
pub(crate) mod settings;
pub(crate) mod studies;
pub(crate) mod tables;
pub(crate) mod weights;
