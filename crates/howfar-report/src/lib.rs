//! Results to what people read: one HTML page, a CSV table and a text for the terminal.
//!
//! In: [`howfar_evaluate::Results`], a [`Timing`] and sample sheets as PNG. Out: strings. Nothing is computed here:
//! every number printed stands in `results.json` or `timing.json`, rounded at most; only positions in pictures are
//! worked out.

mod changed;
mod confusion;
mod curve;
mod details;
mod difference;
mod how_far;
mod law;
mod matrix;
mod page;
mod pictures;
mod provenance;
mod published;
mod single_run;
mod sparkline;
mod table;
mod terminal;
mod timing;
mod training;
mod wording;
mod worth;

pub use matrix::{matrix_csv, matrix_html, matrix_text};
pub use page::html;
pub use pictures::{Pictures, SheetPicture};
pub use table::{csv, csv_column_names};
pub use terminal::{TextFormat, terminal_summary};
pub use timing::{CellTime, Machine, Timing};
