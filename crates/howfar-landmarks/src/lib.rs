//! Training of the landmark network: drawn faces, framed as a detector's box would frame them and disturbed as
//! photographs are.
//!
//! In: a seed, numbers of identities and steps. Out: a weight file, and a checkpoint beside it while it is made.
//! Everything is drawn; no photograph comes in. What the network finds in photographs is `howfar-prepare`'s affair.

mod checkpoint;
mod disturbance;
mod drawing;
mod example;
mod occluder;
mod training;
mod view;

pub use training::{Progress, TrainRequest, Trained, train};
