//! The networks that a study can train: their names and layers, as a table.
//!
//! In: nothing. Out: [`Network`], the word that studies and files know, and its [`Plan`], which the engine builds and
//! tests count. This crate knows no engine, so that the protocol may name networks, and no studies, so that the engine
//! may build them.

mod plan;
mod table;

pub use plan::{BlockPlan, DensePlan, Initial, Padding, Plan};
pub use table::Network;
