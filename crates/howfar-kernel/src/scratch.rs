//! Buffers that are used again: those of a thread, and those that a caller keeps.

use std::cell::RefCell;

use crate::dropout::KeptBits;

/// Buffers of a thread, used again by every kernel. What stands in them is of no account to the next one.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Buffers of Winograd's tiles.
    pub tiles: TileRoom,
    /// A picture with its border, or a row of one.
    pub picture: Vec<f32>,
    /// Numbers after a convolution, or sums.
    pub convolved: Vec<f32>,
    /// Which outputs dropout keeps.
    pub kept: KeptBits,
}

/// Buffers of the tiles that Winograd's kernels handle at once.
#[derive(Debug, Default)]
pub(crate) struct TileRoom {
    pub inputs: Vec<f32>,
    pub products: Vec<f32>,
    pub edge: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Runs a kernel with this thread's buffers.
pub(crate) fn with_scratch<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
    SCRATCH.with_borrow_mut(f)
}

/// The first `n` numbers of a buffer that grows once.
pub(crate) fn sized(buffer: &mut Vec<f32>, n: usize) -> &mut [f32] {
    if buffer.len() < n {
        buffer.resize(n, 0.0);
    }
    &mut buffer[..n]
}
