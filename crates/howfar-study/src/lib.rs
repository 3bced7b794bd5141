//! The study folder: which cells are to do, running them side by side, resuming, and turning predictions into results.
//!
//! In: a study file and face sets. Out: `plan.json`, `runs/<cell>/…`, `choice.json`, `results.json`, `timing.json`. How
//! a face is made is not known here; progress leaves as [`StudyEvent`]s that the binary draws.

mod analysis;
mod asked;
mod audit;
mod cell_figures;
mod cores;
mod estimate;
mod facts;
mod failed_cell;
mod finished_cell;
mod folder;
mod groups;
mod leaks;
mod lease;
mod loaded_study;
mod merge;
mod predictions_table;
mod presence;
mod program;
mod requested_program;
mod run_cell;
mod runner;
mod sets;
mod so_far;
mod to_do;
mod unlike;

pub use analysis::{all_cells, analyse};
pub use audit::{Audit, AuditPlace, AuditedFaces, audit_faces, audit_study};
pub use cell_figures::CellFigures;
pub use cores::{Cores, MeasuredParallelism, Trained};
pub use estimate::{Estimate, estimate};
pub use failed_cell::FailedCell;
pub use finished_cell::FinishedCell;
pub use folder::{CellState, StudyFolder};
pub use leaks::leaking_sets;
pub use lease::Lease;
pub use loaded_study::LoadedStudy;
pub use merge::{Merged, merge};
pub use predictions_table::{ExportedTable, PredictionsTable, TableOptions, export_predictions, usual_folder};
pub use presence::{Presence, Runner, runners_at};
pub use program::become_program;
pub use requested_program::JOB_FORMAT;
pub use run_cell::{CellOutcome, CellTimes, cell_times, is_at_work, run_cell};
pub use runner::{StudyEvent, run_study};
pub use so_far::{CellSoFar, GainSoFar, RowSoFar, StudySoFar, rows_so_far, seconds_left};
pub use to_do::{ToDo, places_in_words, places_of_words};
