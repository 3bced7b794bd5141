//! Flat columns of anyone's Parquet files, a thousand rows at a time.
//!
//! In: a file and the columns that are wanted of it. Out: their values as texts, numbers in decimals that read back to
//! the same number; a missing value is an empty text. Damaged pages are errors, and no page is believed what it claims.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Type as Physical;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{BoolType, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::serialized_reader::SerializedPageReader;

use super::{CheckedPages, check_pages, guarded};
use crate::{Fault, refuse_stand_in};

/// Rows read at a time.
const BATCH: usize = 1024;

/// An opened file.
#[derive(Debug)]
pub struct ParquetRows {
    path: PathBuf,
    metadata: ParquetMetaData,
}

impl ParquetRows {
    /// Reads a file's foot.
    ///
    /// # Errors
    /// Where it is no Parquet file.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let mut file = File::open(path).map_err(|e| Fault::io(path, "read", &e))?;
        let mut head = Vec::new();
        (&mut file).take(512).read_to_end(&mut head).map_err(|e| Fault::io(path, "read", &e))?;
        refuse_stand_in(path, &head)?;
        let parse = || ParquetMetaDataReader::new().parse_and_finish(&file).map_err(|e| e.to_string());
        let metadata = guarded(parse).map_err(|what| {
            Fault::data(path.display(), format!("not a Parquet file: {what}"))
                .expected("a complete Parquet file")
                .hint("copy the file or write it anew")
        })?;
        Ok(ParquetRows { path: path.to_owned(), metadata })
    }

    /// The names of all columns.
    pub fn names(&self) -> Vec<String> {
        let schema = self.metadata.file_metadata().schema_descr();
        schema.root_schema().get_fields().iter().map(|field| field.name().to_owned()).collect()
    }

    /// Calls `visit` with the number of the first row (from 1), the rows and the wanted columns of each batch.
    ///
    /// # Errors
    /// Where a wanted column holds lists or cannot be read, and what `visit` says.
    pub fn for_each_batch(
        &self,
        wanted: &[usize],
        mut visit: impl FnMut(u64, usize, &[Vec<String>]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let leaves: Vec<usize> = wanted.iter().map(|column| self.leaf(*column)).collect::<Result<_, Fault>>()?;
        let mut texts: Vec<Vec<String>> = vec![Vec::new(); wanted.len()];
        let mut first = 1;
        for group in 0..self.metadata.num_row_groups() {
            let broken = |what: String| {
                Fault::data(format!("{}, row group {group}", self.path.display()), format!("cannot be read: {what}"))
                    .expected("a complete Parquet file")
                    .hint("copy the file or write it anew")
            };
            let open = || leaves.iter().map(|leaf| self.cursor(group, *leaf)).collect::<Result<Vec<_>, String>>();
            let mut cursors = guarded(open).map_err(broken)?;
            let mut left = usize::try_from(self.metadata.row_group(group).num_rows()).unwrap_or(0);
            while left > 0 {
                let n_rows = left.min(BATCH);
                for (cursor, texts) in cursors.iter_mut().zip(&mut texts) {
                    texts.clear();
                    guarded(|| cursor.read(n_rows, texts)).map_err(broken)?;
                }
                visit(first, n_rows, &texts)?;
                (first, left) = (first + n_rows as u64, left - n_rows);
            }
        }
        Ok(())
    }

    /// The leaf of a column, which must hold one value a row.
    fn leaf(&self, column: usize) -> Result<usize, Fault> {
        let schema = self.metadata.file_metadata().schema_descr();
        let name = schema.root_schema().get_fields().get(column).map_or("", |field| field.name()).to_owned();
        let is_it = |leaf: &usize| {
            let descriptor = schema.column(*leaf);
            *descriptor.path().parts() == [name.clone()]
                && descriptor.max_rep_level() == 0
                && !matches!(descriptor.physical_type(), Physical::INT96 | Physical::FIXED_LEN_BYTE_ARRAY)
        };
        (0..schema.num_columns()).find(is_it).ok_or_else(|| {
            Fault::data(self.path.display(), format!("the column `{name}` holds no plain values"))
                .found("lists, structures or values of a fixed number of bytes")
                .expected("texts or numbers, one a row")
        })
    }

    fn cursor(&self, group: usize, leaf: usize) -> Result<Cursor, String> {
        let descriptor = self.metadata.file_metadata().schema_descr().column(leaf);
        Ok(match descriptor.physical_type() {
            Physical::BYTE_ARRAY => Cursor::Text(self.reader(group, leaf)?),
            Physical::INT32 => Cursor::Int(self.reader(group, leaf)?),
            Physical::INT64 => Cursor::Long(self.reader(group, leaf)?),
            Physical::FLOAT => Cursor::Float(self.reader(group, leaf)?),
            Physical::DOUBLE => Cursor::Double(self.reader(group, leaf)?),
            Physical::BOOLEAN => Cursor::Bool(self.reader(group, leaf)?),
            other => return Err(format!("values of the kind {other} are not read")),
        })
    }

    fn reader<T: DataType>(&self, group: usize, leaf: usize) -> Result<Column<T>, String> {
        let descriptor = self.metadata.file_metadata().schema_descr().column(leaf);
        let group = self.metadata.row_groups().get(group).ok_or("there is no such row group")?;
        let chunk = group.columns().get(leaf).ok_or("the column is missing")?;
        let n_rows = usize::try_from(group.num_rows()).map_err(|e| e.to_string())?;
        let file = File::open(&self.path).map_err(|e| e.to_string())?;
        // A row has at most one value.
        check_pages(&file, chunk, group.num_rows())?;
        let pages = SerializedPageReader::new(Arc::new(file), chunk, n_rows, None).map_err(|e| e.to_string())?;
        let full = descriptor.max_def_level();
        let pages = Box::new(CheckedPages::new(Box::new(pages), &descriptor));
        Ok(Column {
            reader: ColumnReaderImpl::<T>::new(descriptor, pages),
            full,
            values: Vec::new(),
            levels: Vec::new(),
        })
    }
}

/// A column of a row group that is being read.
struct Column<T: DataType> {
    reader: ColumnReaderImpl<T>,
    /// The level of a value that is there.
    full: i16,
    values: Vec<T::T>,
    levels: Vec<i16>,
}

impl<T: DataType> Column<T> {
    fn read(
        &mut self,
        n_rows: usize,
        texts: &mut Vec<String>,
        say: impl Fn(&T::T) -> Result<String, &'static str>,
    ) -> Result<(), String> {
        while texts.len() < n_rows {
            self.values.clear();
            self.levels.clear();
            let n_left = n_rows - texts.len();
            let read = self.reader.read_records(n_left, Some(&mut self.levels), None, &mut self.values);
            let (n_read, ..) = read.map_err(|e| e.to_string())?;
            if n_read == 0 {
                return Err("rows are missing at its end".to_owned());
            }
            // A column in which every row must have a value has no levels.
            self.levels.resize(n_read, self.full);
            let mut values = self.values.iter();
            for level in &self.levels {
                let value = if *level == self.full { values.next() } else { None };
                texts.push(value.map_or(Ok(String::new()), &say)?);
            }
        }
        Ok(())
    }
}

/// A column of any kind.
enum Cursor {
    Text(Column<ByteArrayType>),
    Int(Column<Int32Type>),
    Long(Column<Int64Type>),
    Float(Column<FloatType>),
    Double(Column<DoubleType>),
    Bool(Column<BoolType>),
}

impl Cursor {
    fn read(&mut self, n_rows: usize, texts: &mut Vec<String>) -> Result<(), String> {
        match self {
            Self::Text(column) => column.read(n_rows, texts, |value| {
                std::str::from_utf8(value.data()).map(str::to_owned).map_err(|_| "a text is not UTF-8")
            }),
            Self::Int(column) => column.read(n_rows, texts, |value| Ok(value.to_string())),
            Self::Long(column) => column.read(n_rows, texts, |value| Ok(value.to_string())),
            Self::Float(column) => column.read(n_rows, texts, |value| Ok(number(f64::from(*value)))),
            Self::Double(column) => column.read(n_rows, texts, |value| Ok(number(*value))),
            Self::Bool(column) => column.read(n_rows, texts, |value| Ok(value.to_string())),
        }
    }
}

/// Not a number means that it is missing.
fn number(value: f64) -> String {
    if value.is_nan() { String::new() } else { value.to_string() }
}
