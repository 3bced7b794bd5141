//! A block of a network over a batch: 3×3 convolution, batch norm or none, ReLU, 2×2 maximum or none, dropout or none.
//!
//! In: a batch channels last, the block's weights. Out: the batch after the block and what the way back needs
//! (`block/backward.rs`).

mod activation;
mod backward;
mod convolution;
mod forward;
mod kernels;
mod shape;

pub use backward::{BackRoom, Gradients};
pub use shape::{Block, Forward, Norm};
