//! The networks of a study, how one step trains them, and their weight files.
//!
//! In: scaled pixels and labels as numbers. Out: probabilities, places, losses, safetensors bytes. This crate knows no
//! faces, no files and no studies. Random numbers come from streams that the caller passes in, so that cells can train
//! side by side in the threads of one process; nothing here reads a global seed, a clock or a thread count. The work of
//! a batch is shared by the threads of the caller's pool (rayon), however many they are.

mod architecture;
mod classifier;
mod composed;
mod device;
mod engine;
mod fault;
mod forward;
pub mod gan;
mod landmark_network;
mod loss;
mod network;
mod optimiser;
mod prepared;
mod starting_weights;
pub mod tensor;
mod trainer;
mod weight_file;
mod weights;
#[cfg(all(test, feature = "wgpu"))]
mod wgpu_parity;

pub use architecture::{Architecture, Block, Dense, PictureShape};
pub use classifier::Classifier;
pub use composed::EPSILON as NORM_EPSILON;
pub use device::ComputeDevice;
pub use fault::NetFault;
pub use forward::Operations;
pub use howfar_kernel::InstructionSet;
#[cfg(not(target_family = "wasm"))]
pub use howfar_kernel::keep_freed_memory;
pub use landmark_network::LandmarkNetwork;
pub use loss::{cross_entropy, smooth_distance, softmax};
pub use network::WeightedNetwork;
pub use optimiser::{OptimiserKind, one_cycle_rate};
pub use prepared::Prepared;
pub use starting_weights::StartingWeights;
pub use trainer::{BatchPart, StepSettings, Trainer};
pub use weight_file::{Named, Precision, TensorFile};
pub use weights::{Parameter, Weights};

/// Bytes of so many kept numbers and of those that each picture of a batch leaves.
fn training_bytes(n_kept: usize, n_a_picture: usize, batch: u64) -> u64 {
    /// Of a number of 32 bits.
    const BYTES: u64 = 4;
    (n_a_picture as u64).saturating_mul(batch).saturating_add(n_kept as u64).saturating_mul(BYTES)
}
