//! CPU kernels for small convolutional networks: slices in, slices out. The only crate with `unsafe`.
//!
//! Pictures lie channels last, `[N, H, W, C]`; weights lie as in PyTorch, `[C', C, 3, 3]`. Every kernel is written once
//! over a `Vector` of lanes and compiled for each instruction set; [`InstructionSet::best`] chooses at
//! run time. All sums have a fixed order, so that one instruction set gives the same bits on every machine.
//! The threads of the caller's pool (rayon) share the work; how many there are changes no bit.

mod adam;
mod block;
mod dense;
mod direct;
mod dropout;
mod elementwise;
mod instance_norm;
mod instruction_set;
mod large_pages;
#[cfg(not(target_family = "wasm"))]
mod memory;
mod packed_dense;
mod parts;
mod pieces;
mod product;
mod resample;
mod scratch;
mod styled;
mod vector;
mod window;
mod winograd;

pub use adam::{AdamSettings, AdamStep};
pub use block::{BackRoom, Block, Forward, Gradients, Norm};
pub use dense::{Dense, DenseRoom};
pub use dropout::Dropout;
pub use elementwise::{NUMBERS_AT_ONCE, changed, made};
pub use instance_norm::InstanceNorm;
pub use instruction_set::InstructionSet;
#[cfg(not(target_family = "wasm"))]
pub use memory::keep_freed_memory;
pub use packed_dense::PackedDense;
pub use resample::Resample;
pub use styled::Styled;
pub use window::{Window, WindowRoom};
