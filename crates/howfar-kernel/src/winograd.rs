//! 3×3 convolutions by Winograd's F(4×4, 3×3) (Lavin and Gray, 2016): a quarter of the multiplications.
//!
//! An output of 4×4 pixels comes from an input of 6×6. Both the input and the weights are brought to 36 numbers,
//! multiplied one by one, summed over channels and brought back. So a convolution is 36 products of matrices, tiles ×
//! channels in times channels in × channels out; the weight gradient is 36 products the other way round.

mod convolve;
mod field;
mod gradient;
mod tile;
mod transforms;
mod weights;

pub(crate) use convolve::Convolve;
pub(crate) use field::{Field, TILES_AT_ONCE, Tiles};
pub(crate) use gradient::{add_weight_gradient, weight_gradient};
pub(crate) use weights::{pack, unpack_weight_gradient};
