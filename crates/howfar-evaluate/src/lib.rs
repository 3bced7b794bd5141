//! What a study may claim: confusion, accuracy, intervals, the choice of k, the answer with its doubt.
//!
//! In: the predictions of every cell and the plan. Out: [`Results`], the contents of `results.json`. How predictions were
//! made is not known here, and nothing is printed.

mod analysis;
mod answer;
mod audit;
mod between;
mod bootstrap;
mod caveats;
mod changed;
mod choice;
mod claims;
mod confusion;
mod counts;
mod credit;
pub mod distance;
mod exchange;
mod holm;
mod how_far;
mod interval;
mod looks;
mod measure;
mod outcomes;
mod paired;
mod paper_count;
mod persons;
mod power;
mod results;
mod sign_flip;
mod simulation;
mod simultaneous;
mod source;
mod table;
mod until_sure;
mod verdict;
pub mod wording;
mod worth;

pub use analysis::{analyse, analyse_from};
pub use audit::Finding;
pub use bootstrap::percentile_interval;
pub use choice::{choose_all, choose_k, choose_k_on};
pub use confusion::ConfusionCounts;
pub use holm::holm;
pub use interval::{Basis, Doubt, Grid, MeanSquares, t_quantile, t_upper_tail};
pub use looks::{Judging, Looks};
pub use measure::{ClassFigures, Figures, Measure, PERCENT};
pub use outcomes::{CellPredictions, CellTraining, Outcomes, Validation};
pub use persons::{Figure, OverPersons, PersonFigures};
pub use results::*;
pub use sign_flip::sign_flip_p;
pub use simulation::{Bound, Setting, SettingReport, Share, check_setting};
pub use source::CellSource;
pub use until_sure::{Look, looks, settled};
pub use verdict::{SMALL, Verdict};
pub use wording::grouped;
pub use worth::{ArmTraining, Between, Changed, ChangedFace, Credit, Exchange, LearningPoint, PaperRow};
