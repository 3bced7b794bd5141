//! The networks of a study, how one step trains them, and their weight files.
//!
//! In: scaled pixels and labels as numbers. Out: probabilities, losses, safetensors bytes. This crate knows no faces, no
//! files and no studies. Random numbers come from streams that the caller passes in, so that cells can train side by side
//! in the threads of one process; nothing here reads a global seed, a clock or a thread count.

mod architecture;
mod classifier;
mod composed;
mod fault;
mod forward;
mod fused;
mod loss;
mod optimiser;
mod trainer;
mod weight_file;
mod weights;

pub use architecture::{Architecture, Block, Dense, NetworkKind, Padding};
pub use classifier::Classifier;
pub use fault::NetFault;
pub use forward::Operations;
pub use howfar_kernel::InstructionSet;
pub use loss::cross_entropy;
pub use optimiser::{OptimiserKind, one_cycle_rate};
pub use trainer::{StepSettings, Trainer};
pub use weight_file::{Named, Precision, TensorFile};
pub use weights::{Parameter, Weights};
