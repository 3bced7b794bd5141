//! Tables of anyone, row by row: CSV in its usual spellings, or Parquet with flat columns.
//!
//! In: a file, told apart by its first bytes. Out: the names of its columns, then the wanted values of one row after
//! the other as texts, each row with its place for errors. A missing value is an empty text. Of a Parquet file memory
//! holds a page and a thousand rows of each wanted column; a CSV file is in memory whole.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use crate::csv_table::CsvTable;
use crate::table::ParquetRows;
use crate::{Fault, files};

/// An opened table.
#[derive(Debug)]
pub struct RowTable {
    places: RowPlaces,
    columns: Vec<String>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Csv(CsvTable),
    Parquet(ParquetRows),
}

/// Where the rows of a table are, for errors.
#[derive(Debug, Clone)]
pub struct RowPlaces {
    path: PathBuf,
    word: &'static str,
}

impl RowPlaces {
    /// `table.csv, line 7` or `table.parquet, row 6`.
    pub fn at(&self, number: u64) -> String {
        format!("{}, {} {number}", self.path.display(), self.word)
    }

    /// `line 7`.
    pub fn short(&self, number: u64) -> String {
        format!("{} {number}", self.word)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A row: its wanted values, and where it is.
#[derive(Clone, Copy)]
pub struct TableRow<'r> {
    number: u64,
    wanted: &'r [usize],
    values: Values<'r>,
}

impl fmt::Debug for TableRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableRow").field("number", &self.number).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
enum Values<'r> {
    Csv(&'r StringRecord),
    /// Columns of a batch, and the row's place in it.
    Batch(&'r [Vec<String>], usize),
}

impl TableRow<'_> {
    /// The line of a CSV file, the row of a Parquet file from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The value of a column by its place among the wanted ones; empty where it is missing.
    pub fn get(&self, wanted: usize) -> &str {
        match self.values {
            Values::Csv(record) => self.wanted.get(wanted).and_then(|column| record.get(*column)).unwrap_or(""),
            Values::Batch(columns, row) => {
                columns.get(wanted).and_then(|column| column.get(row)).map_or("", |text| text.trim())
            }
        }
    }
}

impl RowTable {
    /// Opens a table.
    ///
    /// # Errors
    /// Where the file is neither a list nor a Parquet file.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        if is_parquet(path)? {
            let table = ParquetRows::open(path)?;
            let places = RowPlaces { path: path.to_owned(), word: "row" };
            return Ok(RowTable { places, columns: table.names(), source: Source::Parquet(table) });
        }
        let table = CsvTable::open(path)?;
        let places = RowPlaces { path: path.to_owned(), word: "line" };
        Ok(RowTable { places, columns: table.names().to_vec(), source: Source::Csv(table) })
    }

    /// The names of its columns as they are written.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Where its rows are.
    pub fn places(&self) -> &RowPlaces {
        &self.places
    }

    /// Calls `visit` with every row; of each the values of these columns can be asked for.
    ///
    /// # Errors
    /// Where a row cannot be read, and what `visit` says.
    pub fn for_each(
        self,
        wanted: &[usize],
        mut visit: impl FnMut(&TableRow<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match self.source {
            Source::Csv(table) => table
                .for_each_numbered(|number, record| visit(&TableRow { number, wanted, values: Values::Csv(record) })),
            Source::Parquet(table) => table.for_each_batch(wanted, |first, n_rows, columns| {
                (0..n_rows).try_for_each(|row| {
                    visit(&TableRow { number: first + row as u64, wanted, values: Values::Batch(columns, row) })
                })
            }),
        }
    }
}

/// Whether a file begins as a Parquet file. A folder, a pipe and a device are refused by who reads lists.
fn is_parquet(path: &Path) -> Result<bool, Fault> {
    let fail = |e: std::io::Error| Fault::io(path, "read", &e);
    if !std::fs::metadata(path).map_err(fail)?.is_file() {
        return files::read_at_most(path, 0).map(|_| false);
    }
    let mut head = Vec::new();
    File::open(path).map_err(fail)?.take(4).read_to_end(&mut head).map_err(fail)?;
    Ok(head == b"PAR1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{FlatColumn, FlatWriter};

    fn rows(path: &Path, wanted: &[&str]) -> Result<Vec<String>, Fault> {
        let table = RowTable::open(path)?;
        let place = |name: &&str| table.columns().iter().position(|column| column == name).unwrap();
        let wanted: Vec<usize> = wanted.iter().map(place).collect();
        let places = table.places().clone();
        let mut rows = Vec::new();
        table.for_each(&wanted, |row| {
            let values: Vec<&str> = (0..wanted.len()).map(|i| row.get(i)).collect();
            rows.push(format!("{}: {}", places.short(row.number()), values.join("|")));
            Ok(())
        })?;
        Ok(rows)
    }

    #[test]
    fn the_same_rows_come_out_of_csv_and_parquet() {
        let folder = tempfile::tempdir().unwrap();
        for (name, expected) in [
            ("t.csv", ["line 2: 0.25|Joy|7", "line 3: 1|a, b|-1", "line 4: |x|0"]),
            ("t.parquet", ["row 1: 0.25|Joy|7", "row 2: 1|a, b|-1", "row 3: |x|0"]),
        ] {
            let path = folder.path().join(name);
            let names = ["Face", "k", "p_Joy"].map(str::to_owned);
            let mut writer = FlatWriter::create(&path, &names).unwrap();
            let texts = ["Joy", "a, b", "x"].map(str::to_owned).to_vec();
            let columns = [
                FlatColumn::Texts(texts),
                FlatColumn::Ints(vec![7, -1, 0]),
                FlatColumn::Floats(vec![0.25, 1.0, f32::NAN]),
            ];
            writer.write(&columns).unwrap();
            writer.finish().unwrap();
            assert_eq!(RowTable::open(&path).unwrap().columns(), names);
            assert_eq!(rows(&path, &["p_Joy", "Face", "k"]).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn more_rows_than_a_batch_keep_their_places() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let mut writer = FlatWriter::create(&path, &["n".to_owned()]).unwrap();
        for first in [0, 2500] {
            writer.write(&[FlatColumn::Ints((first..first + 2500).collect())]).unwrap();
        }
        writer.finish().unwrap();
        let rows = rows(&path, &["n"]).unwrap();
        assert_eq!((rows.len(), rows[0].as_str(), rows[4999].as_str()), (5000, "row 1: 0", "row 5000: 4999"));
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        std::fs::write(&path, b"PAR1 nothing more").unwrap();
        for (path, words) in [(path.as_path(), "not a Parquet file"), (folder.path(), "a folder")] {
            let fault = RowTable::open(path).unwrap_err().to_string();
            assert!(fault.contains(words), "{fault}");
        }
    }
}
