//! Lists in CSV files: columns by name, rows with their line for errors.

use std::path::{Path, PathBuf};

use csv::StringRecord;
use howfar_face::{Fault, files};

/// An opened list.
pub(super) struct CsvTable {
    path: PathBuf,
    columns: Vec<String>,
    reader: csv::Reader<std::io::Cursor<Vec<u8>>>,
}

impl CsvTable {
    /// Reads a list whose first line names its columns.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let bytes = std::io::Cursor::new(files::read(path)?);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
        let columns = reader.headers().map_err(|e| broken(path, &e))?;
        let columns = columns.iter().map(|c| c.trim_start_matches('\u{feff}').trim().to_lowercase()).collect();
        Ok(CsvTable { path: path.to_owned(), columns, reader })
    }

    /// Reads a list whose columns are known although its first line is a row already.
    pub(super) fn without_header(path: &Path, columns: &[&str]) -> Result<Self, Fault> {
        let bytes = std::io::Cursor::new(files::read(path)?);
        let reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).has_headers(false).from_reader(bytes);
        let columns = columns.iter().map(|c| c.to_lowercase()).collect();
        Ok(CsvTable { path: path.to_owned(), columns, reader })
    }

    /// Where a column stands, if it is there.
    pub(super) fn find(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|c| *c == column.to_lowercase())
    }

    /// Where a column stands, which must be there.
    pub(super) fn column(&self, column: &str) -> Result<usize, Fault> {
        self.find(column).ok_or_else(|| {
            Fault::data(self.path.display(), format!("the column `{column}` is missing"))
                .found(self.columns.join(", "))
                .hint("the first line names the columns, separated by commas")
        })
    }

    /// Calls `visit` with every row and its place (`file, line n`).
    pub(super) fn for_each(
        mut self,
        mut visit: impl FnMut(&str, &StringRecord) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut row = StringRecord::new();
        while self.reader.read_record(&mut row).map_err(|e| broken(&self.path, &e))? {
            let line = row.position().map_or(0, csv::Position::line);
            visit(&format!("{}, line {line}", self.path.display()), &row)?;
        }
        Ok(())
    }
}

/// A field of a row, which must be there.
pub(super) fn field<'r>(row: &'r StringRecord, column: usize, place: &str) -> Result<&'r str, Fault> {
    row.get(column).filter(|value| !value.is_empty()).ok_or_else(|| {
        Fault::data(place, format!("the row has no value in column {}", column + 1))
            .found(row.iter().collect::<Vec<_>>().join(","))
    })
}

fn broken(path: &Path, error: &csv::Error) -> Fault {
    let line = error.position().map_or(0, csv::Position::line);
    Fault::data(format!("{}, line {line}", path.display()), format!("not a CSV file: {error}"))
        .expected("UTF-8 text, values separated by commas")
}
