//! CPU kernels for small convolutional networks: slices in, slices out. The only crate with `unsafe`.
//!
//! Pictures lie channels last, `[N, H, W, C]`; weights lie as in PyTorch, `[C', C, 3, 3]`. Every kernel is written once
//! over a `Vector` of lanes and compiled for each instruction set; [`InstructionSet::best`] chooses at
//! run time. All sums have a fixed order, so that one instruction set gives the same bits on every machine.
//! The threads of the caller's pool (rayon) share the work; how many there are changes no bit.

mod activation;
mod adam;
mod block;
mod block_back;
mod block_kernels;
mod convolution;
mod dense;
mod dropout;
mod instance_norm;
mod instruction_set;
mod large_pages;
mod memory;
mod packed_dense;
mod parts;
mod pieces;
mod product;
mod resample;
mod styled;
mod transforms;
mod vector;
mod window;
mod window_pass;
mod window_patches;
mod window_weights;
mod winograd;
mod winograd_gradient;
mod winograd_weights;

pub use adam::AdamStep;
pub use block::{Block, Forward, Norm};
pub use block_back::{BackRoom, Gradients};
pub use dense::{Dense, DenseRoom};
pub use dropout::Dropout;
pub use instance_norm::InstanceNorm;
pub use instruction_set::InstructionSet;
pub use memory::keep_freed_memory;
pub use packed_dense::PackedDense;
pub use resample::Resample;
pub use styled::{Styled, scale_channels};
pub use window::{Window, WindowRoom};
