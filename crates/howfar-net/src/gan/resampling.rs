//! How a picture changes its size between the layers of a generator, and what instance norm divides by at least.

/// Stabilises the division by the deviation, as in PyTorch.
pub const INSTANCE_EPSILON: f32 = 1e-5;

/// How [`resample`](crate::gan::operations::resample) changes the size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// Zeros are set between pixels until there are so many times as many a side.
    pub up: usize,
    /// Every so many-th pixel of the filtered picture is kept.
    pub down: usize,
    /// Rows and columns of zeros before and after the picture that `up` gave; negative: rows and columns cut off.
    pub padding: (isize, isize),
    /// Factor on the result.
    pub gain: f32,
}
