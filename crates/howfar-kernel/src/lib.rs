//! CPU kernels for small convolutional networks: slices in, slices out. The only crate with `unsafe`.
//!
//! Pictures lie channels last, `[N, H, W, C]`; weights lie as in PyTorch, `[C', C, 3, 3]`. Every kernel is written once
//! over a `Vector` of lanes and compiled for each instruction set; [`InstructionSet::best`] chooses at
//! run time. All sums have a fixed order, so that one instruction set gives the same bits on every machine.

mod activation;
mod block;
mod convolution;
mod instruction_set;
mod vector;

pub use block::{Block, Forward, Gradients, Norm};
pub use instruction_set::InstructionSet;
