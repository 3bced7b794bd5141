//! How far one set of faces is from another, in the features of some network.
//!
//! In: two sets of feature rows. Out: Fréchet distance, kernel distance, precision, recall, density, coverage,
//! identities kept. Which network made the features, and of which faces, is not known here: figures compare only within
//! one network, and the Fréchet distance only at equal counts of faces (its bias falls with the count). Sums have a
//! fixed order, so no number of threads changes a bit.

mod features;
mod frechet;
mod identity;
mod kernel;
mod neighbours;
mod singular;

pub use features::Features;
pub use frechet::frechet_distance;
pub use identity::{IdentityKept, identity_kept};
pub use kernel::kernel_distance;
pub use neighbours::{N_NEIGHBOURS, Neighbourhoods, Overlap, coverage, overlap};
