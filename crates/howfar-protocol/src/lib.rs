//! How a study is made: seeds, splits by person, mixtures, arms, the plan of cells, the study file, the prediction file.
//!
//! In: a study file and face sets. Out: cells that say exactly what each training run sees, in which order. This crate
//! trains nothing and prints nothing. Its words are explained in the README beside it.

mod cell;
mod held_out;
mod ingredients;
mod mixture;
mod network_choice;
mod paper_held_out;
mod plan;
mod predictions;
mod settings;
mod split;
mod split_request;
mod study;

pub use cell::{Arm, Cell, MixtureRatio, NUMERICS_VERSION, Track};
pub use held_out::{HeldOut, PooledSets};
pub use ingredients::{GeneratedFaces, Ingredients};
pub use mixture::{Blend, Item, Mixture, Variant};
pub use network_choice::NetworkChoice;
pub use paper_held_out::generated_held_out;
pub use plan::{Plan, PlanInputs, SetInput};
pub use predictions::{Part, Prediction, PredictionRef, for_each_prediction, most_probable, write_predictions};
pub use settings::{Augmentation, Keep, Network, Optimiser, PixelScaling, Recipe, Schedule, Start, TrainingSettings};
pub use split::{Split, SplitPart};
pub use split_request::SplitRequest;
pub use study::{Controls, Generated, Grid, Protocol, Real, Study, TOGETHER, TrainOverrides, Unit, Unseen};
