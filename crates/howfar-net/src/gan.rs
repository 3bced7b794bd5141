//! The two generators of faces: StarGAN, which changes a face's expression, and StyleGAN2, which draws new people.
//!
//! In: sizes, numbers by name, batches. Out: pictures, scores, losses, changed numbers. Networks and single steps only:
//! schedules, files and faces are the business of `howfar-generate`.

mod adam;
mod flow;
mod generator_file;
pub mod operations;
mod parameters;
mod stargan;
mod stargan_step;

pub use adam::{Adam, AdamSettings};
pub use flow::Flow;
pub use generator_file::{Generator, GeneratorShape};
pub use parameters::{Leaves, Parameters, Slot, Start, normal};
pub use stargan::{Judged, StarGanShape};
pub use stargan_step::{Losses, StarGanBatch, StarGanLossWeights, StarGanTraining};
