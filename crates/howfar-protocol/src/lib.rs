//! How a study is made: seeds, splits by person, mixtures, arms, the plan of cells, the study file, the prediction
//! file.
//!
//! In: a study file and face sets. Out: cells that say exactly what each training run sees, in which order. This crate
//! trains nothing and prints nothing. Its words are explained in the README beside it.

mod arm;
mod budget;
mod cell;
mod choose;
mod choosing;
mod claimed_measure;
mod held_out;
mod ingredients;
mod learner;
mod mixture;
mod mixture_ratio;
mod network_choice;
mod paper_held_out;
mod plan;
mod predictions;
mod program;
mod role;
mod settings;
mod split;
mod split_request;
mod study;
mod study_check;
mod study_splits;
mod study_toml;
mod study_tracks;
mod treatment;

pub use arm::{Arm, ArmDefinition, ArmRole, Item, Stage, Variant};
pub use budget::{Budget, Curve};
pub use cell::{Cell, NUMERICS_VERSION, Track};
pub use choose::{Choose, ChooseOn, ChooseRule};
pub use claimed_measure::ClaimedMeasure;
pub use held_out::{HeldOut, StoredSets};
pub use ingredients::{GeneratedFaces, Ingredients};
pub use learner::Learner;
pub use mixture::{Mixture, Validates};
pub use mixture_ratio::MixtureRatio;
pub use network_choice::{HeadName, NetworkChoice, Networks};
pub use paper_held_out::generated_held_out;
pub use plan::{Compared, Plan, PlanInputs, SetInput};
pub use predictions::{
    Part, Prediction, PredictionRef, check_probabilities, for_each_prediction, most_probable, write_predictions,
};
pub use program::{HandedAs, OWN_PROGRAM, TIMEOUT_MIN};
pub use role::Role;
pub use settings::{Augmentation, Keep, Network, Optimiser, PixelScaling, Recipe, Schedule, Start, TrainingSettings};
pub use split::{Split, SplitPart};
pub use split_request::SplitRequest;
pub use study::{
    Controls, Generated, Grid, Protocol, Real, Retrieved, SMALLEST_GAIN, Study, TOGETHER, TrainOverrides, Unit, Unseen,
};
pub use treatment::{Treatment, baseline_keys};
