//! From a mixture to a classifier to predictions.
//!
//! In: a pool of faces, a mixture, validation faces, settings, seeds. Out: the kept network, one line per epoch, and
//! what the network says of any faces. Knows nothing of generators, splits or studies; training ([`train()`]) is given
//! training and validation faces only, and [`predict()`] alone looks at others.

mod augmentation;
mod batches;
mod checkpoint;
mod head;
mod history;
mod model;
mod photometric;
mod predict;
mod run;
mod scaling;
mod speed;
mod start;

use howfar_net::ComputeDevice;

pub use checkpoint::forget_checkpoint;
pub use howfar_net::{Classifier, Precision, StartingWeights};

pub use head::{FeatureRows, Head, HeadKind, LabelledRows};
pub use history::{EpochRecord, Event, epoch_seconds};
pub use model::{Model, check_memory, n_parameters};
pub use predict::{Look, Viewer, predict, predict_pictures};
pub use run::{Trained, TrainingInputs, read_epochs, train};
pub use speed::{Parallelism, measure_prediction, measure_speed};
pub use start::read_start;

/// What the engine computes with on this machine: `avx512`, `avx2` (with FMA) or `plain`; on a GPU the
/// device's name. Part of a cell's identity, because others round differently.
pub fn instruction_set() -> &'static str {
    match ComputeDevice::chosen() {
        ComputeDevice::Cpu => howfar_net::InstructionSet::best().name(),
        card => card.name(),
    }
}
