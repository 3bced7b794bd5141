//! Random numbers of the whole program: streams by name under one seed, and what is drawn from them.
//!
//! In: a seed, names, indices. Out: the same numbers on every machine, thread and in every version: streams are named
//! after their algorithm, and what turns their bits into numbers is written here. No clock and no hash order has a say.

mod numbers;
mod seeds;

pub use numbers::{below, between, bits, choice, clipped_normal, happens, index_by_share, normal, shuffle, uniform};
pub use seeds::{Seeds, Stream, keyed};
