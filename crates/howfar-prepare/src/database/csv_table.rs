//! The reader of lists, under the name that the adapters use.

pub(super) use howfar_face::csv_table::{CsvTable, field};
