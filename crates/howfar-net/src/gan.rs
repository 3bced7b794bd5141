//! The two generators of faces: StarGAN, which changes a face's expression, and StyleGAN2, which draws new people.
//!
//! In: sizes, numbers by name, batches. Out: pictures, scores, losses, changed numbers. Networks and single steps only:
//! schedules, files and faces are the business of `howfar-generate`.

mod adam;
mod augment;
mod composed;
mod convolution;
mod dual;
mod filter;
mod generator_file;
mod norm;
pub mod operations;
mod parameters;
pub mod resampling;
mod stargan;
mod stargan_step;
mod styled;
mod stylegan2;
mod stylegan2_discriminator;
mod stylegan2_generator;
mod stylegan2_layers;
mod stylegan2_penalties;
mod stylegan2_step;

pub use adam::Adam;
pub use augment::{Augmentation, augment};
pub use dual::Dual;
pub use generator_file::{Generator, GeneratorShape};
pub use parameters::{Leaves, Parameters, Slot, Start};
pub use stargan::{Judged, StarGanShape};
pub use stargan_step::{Losses, StarGanBatch, StarGanLossWeights, StarGanTraining};
pub use stylegan2::StyleGan2Shape;
pub use stylegan2_generator::NoiseInput;
pub use stylegan2_layers::{EPSILON as STYLE_EPSILON, SLOPE as STYLE_SLOPE, TAPS as STYLE_TAPS};
pub use stylegan2_penalties::Penalty;
pub use stylegan2_step::{Latents, StyleGan2Penalties, StyleGan2Training};
