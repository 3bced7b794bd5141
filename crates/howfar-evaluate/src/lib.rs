//! What a study may claim: confusion, accuracy, intervals, the choice of k, the answer with its doubt.
//!
//! In: the predictions of every cell and the plan. Out: [`Results`], the contents of `results.json`. How predictions
//! were made is not known here, and nothing is printed.

mod analysis;
mod choosing;
mod counting;
pub mod distance;
mod intervals;
mod law;
mod results;
mod simulation;
mod words;
mod worth;

pub use analysis::{analyse, analyse_from};
pub use choosing::choice::{Choosers, TrackPlan, choose_all, choose_k, choose_k_on};
pub use choosing::looks::{Judging, Looks};
pub use choosing::until_sure::{Look, looks, settled};
pub use choosing::verdict::{SMALL, Verdict};
pub use counting::confusion::ConfusionCounts;
pub use counting::measure::{ClassFigures, Figures, Measure};
pub use counting::numbers::PERCENT;
pub use counting::outcomes::{CellPredictions, CellTraining, Outcomes, Validation};
pub use counting::over_subjects::{Figure, OverSubjects, SubjectFigures};
pub use counting::source::CellSource;
pub use intervals::bootstrap::percentile_interval;
pub use intervals::holm::holm;
pub use intervals::interval::{Basis, Doubt, Grid, MeanSquares, t_quantile, t_upper_tail};
pub use intervals::sign_flip::sign_flip_p;
pub use results::audit::Finding;
pub use results::caveat::Caveat;
pub use results::comparisons::{ArmTraining, Between, Changed, ChangedFace, Credit, Exchange, LearningPoint, PaperRow};
pub use results::details::{
    Calibration, ClassDifference, Details, GroupDifference, GroupsBy, Improvement, LowerIsBetter, PairedShare,
};
pub use results::law::{Enough, EqualAccuracy, FittedLaw, Law, LawForm, LawGain, LawPoint, MorePeople, NextCells};
pub use results::single_run::{SeedAccuracies, SingleRun, SingleRunAt};
pub use results::*;
pub use simulation::{Bound, LawReport, Setting, SettingReport, Share, check_law, check_setting};
pub use words::wording;
pub use words::wording::grouped;
pub use worth::claim_check::{BestOf, ClaimCheck, check_claim};
