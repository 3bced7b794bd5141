//! How sure a difference is: intervals, tests and their corrections, and what would settle it.

pub(crate) mod bootstrap;
pub(crate) mod grid;
pub(crate) mod holm;
pub(crate) mod incomplete;
pub(crate) mod interval;
pub(crate) mod paired;
pub(crate) mod power;
pub(crate) mod sign_flip;
pub(crate) mod simultaneous;
