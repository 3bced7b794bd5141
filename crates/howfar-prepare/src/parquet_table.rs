//! Parquet tables of anyone: columns by name, values of a row group, and single pictures.
//!
//! In: a file with flat columns and picture columns (`{bytes, path}`) in any of the usual compressions. Out: texts,
//! numbers and pictures. Memory holds one page of a column a thread, never a row group. Knows nothing of faces.

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use howfar_face::table::{CheckedPages, check_pages, guarded};
use howfar_face::{Fault, foreign_file};
use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescriptor;

/// Values read at a time.
const BATCH: usize = 1024;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words.
    Text,
    /// Whole numbers, also where another program made them floating point to mark what is missing.
    Number,
    /// Bytes that nobody says to be text.
    Bytes,
    /// Encoded pictures, and the leaf of their paths if they have some.
    Picture {
        /// The leaf of their paths.
        path: Option<usize>,
    },
    /// Lists and structures.
    Nested,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Its leaf in the file; of a picture the one with the bytes.
    pub leaf: usize,
}

/// An opened table. The file itself is opened again by whoever reads, so that any number of tables may be open.
pub(crate) struct ParquetTable {
    path: PathBuf,
    /// Tells tables apart in the readers of a thread.
    id: u64,
    metadata: ParquetMetaData,
    columns: Vec<Column>,
    /// For each row group and leaf what [`check_pages`] said.
    checked: Vec<OnceLock<Result<(), String>>>,
}

impl ParquetTable {
    /// Reads a table's foot.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let mut file = File::open(path).map_err(|e| Fault::io(path, "read", &e))?;
        let mut head = Vec::new();
        (&mut file).take(512).read_to_end(&mut head).map_err(|e| Fault::io(path, "read", &e))?;
        if let Some(kind) = foreign_file(&head).filter(|_| !head.starts_with(b"PAR1")) {
            return Err(Fault::data(path.display(), format!("this is {}", kind.what))
                .expected("a Parquet file")
                .hint(kind.advice));
        }
        let parse = || ParquetMetaDataReader::new().parse_and_finish(&file).map_err(|e| e.to_string());
        let metadata = guarded(parse).map_err(|what| broken(path, &what))?;
        let n_checks = metadata.num_row_groups() * metadata.file_metadata().schema_descr().num_columns();
        let columns = columns(&metadata);
        Ok(ParquetTable {
            path: path.to_owned(),
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            metadata,
            columns,
            checked: (0..n_checks).map(|_| OnceLock::new()).collect(),
        })
    }

    /// The columns, in the file's order.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many row groups there are.
    pub(crate) fn n_groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// Rows of a row group.
    pub(crate) fn n_rows(&self, group: usize) -> usize {
        self.metadata.row_groups().get(group).map_or(0, |g| usize::try_from(g.num_rows()).unwrap_or(0))
    }

    /// A text of the file's foot.
    pub(crate) fn note(&self, key: &str) -> Option<&str> {
        let notes = self.metadata.file_metadata().key_value_metadata()?;
        notes.iter().find(|note| note.key == key)?.value.as_deref()
    }

    /// A column of one row group as texts, numbers in decimals; `None` where a value is missing.
    pub(crate) fn texts(&self, group: usize, leaf: usize) -> Result<Vec<Option<String>>, Fault> {
        let read = || match self.descriptor(leaf)?.physical_type() {
            Physical::BYTE_ARRAY => self.all::<ByteArrayType>(group, leaf, |value| {
                let text = std::str::from_utf8(value.data()).map_err(|_| "a text is not UTF-8")?;
                Ok(Some(text.to_owned()))
            }),
            Physical::INT32 => self.all::<Int32Type>(group, leaf, |value| Ok(Some(value.to_string()))),
            Physical::INT64 => self.all::<Int64Type>(group, leaf, |value| Ok(Some(value.to_string()))),
            Physical::FLOAT => self.all::<FloatType>(group, leaf, |value| whole(f64::from(*value))),
            Physical::DOUBLE => self.all::<DoubleType>(group, leaf, |value| whole(*value)),
            Physical::BOOLEAN => self.all::<BoolType>(group, leaf, |value| Ok(Some(value.to_string()))),
            other => Err(format!("values of the kind {other} are not read")),
        };
        guarded(read).map_err(|what| {
            Fault::data(format!("{}, row group {group}", self.path.display()), format!("cannot be read: {what}"))
                .expected("a complete Parquet file")
                .hint("copy or download the file anew")
        })
    }

    /// The bytes of one row, or a sentence that says why there are none.
    pub(crate) fn bytes(&self, leaf: usize, group: usize, row: usize) -> Result<Option<ByteArray>, String> {
        let mut cursor = CURSOR
            .take()
            .filter(|c| (c.table, c.leaf, c.group) == (self.id, leaf, group) && c.next <= row)
            .map_or_else(|| self.cursor(leaf, group), Ok)
            .map_err(|what| format!("row group {group}: {what}"))?;
        let value = guarded(|| cursor.read(row)).map_err(|what| format!("row group {group}, row {row}: {what}"))?;
        CURSOR.set(Some(cursor));
        Ok(value)
    }

    fn cursor(&self, leaf: usize, group: usize) -> Result<Cursor, String> {
        let (reader, full, _) = self.reader::<ByteArrayType>(group, leaf)?;
        Ok(Cursor { table: self.id, leaf, group, next: 0, full, reader })
    }

    fn descriptor(&self, leaf: usize) -> Result<Arc<ColumnDescriptor>, String> {
        let schema = self.metadata.file_metadata().schema_descr();
        schema.columns().get(leaf).cloned().ok_or_else(|| "there is no such column".to_owned())
    }

    /// Every value of a flat column of one row group.
    fn all<T: DataType>(
        &self,
        group: usize,
        leaf: usize,
        say: impl Fn(&T::T) -> Result<Option<String>, &'static str>,
    ) -> Result<Vec<Option<String>>, String> {
        let (mut reader, full, n_rows) = self.reader::<T>(group, leaf)?;
        let (mut texts, mut values, mut levels) = (Vec::new(), Vec::new(), Vec::new());
        while texts.len() < n_rows {
            values.clear();
            levels.clear();
            let batch = BATCH.min(n_rows - texts.len());
            let (n_read, ..) =
                reader.read_records(batch, Some(&mut levels), None, &mut values).map_err(|e| e.to_string())?;
            if n_read == 0 {
                return Err(format!("{} of {n_rows} rows are there", texts.len()));
            }
            // A column in which every row must have a value has no levels.
            levels.resize(n_read, full);
            let mut values = values.iter();
            for level in &levels {
                let value = if *level == full { values.next() } else { None };
                texts.push(value.map_or(Ok(None), &say)?);
            }
        }
        Ok(texts)
    }

    /// A reader at the first row of a row group, the level of a value that is there, and the number of rows.
    fn reader<T: DataType>(&self, group: usize, leaf: usize) -> Result<(ColumnReaderImpl<T>, i16, usize), String> {
        let descriptor = self.descriptor(leaf)?;
        if descriptor.physical_type() != T::get_physical_type() || descriptor.max_rep_level() != 0 {
            return Err(format!("the column {} holds something else", descriptor.name()));
        }
        let metadata = self.metadata.row_groups().get(group).ok_or("there is no such row group")?;
        let chunk = metadata.columns().get(leaf).ok_or("the column is missing")?;
        let n_rows = usize::try_from(metadata.num_rows()).map_err(|e| e.to_string())?;
        let file = File::open(&self.path).map_err(|e| e.to_string())?;
        // A row has at most one value.
        let check = || check_pages(&file, chunk, metadata.num_rows());
        let check_idx = group * self.metadata.file_metadata().schema_descr().num_columns() + leaf;
        self.checked.get(check_idx).map_or_else(check, |checked| checked.get_or_init(check).clone())?;
        let pages = SerializedPageReader::new(Arc::new(file), chunk, n_rows, None).map_err(|e| e.to_string())?;
        let (full, pages) = (descriptor.max_def_level(), CheckedPages::new(Box::new(pages), &descriptor));
        Ok((ColumnReaderImpl::<T>::new(descriptor, Box::new(pages)), full, n_rows))
    }
}

impl std::fmt::Debug for ParquetTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetTable").field("path", &self.path).finish_non_exhaustive()
    }
}

impl PartialEq for ParquetTable {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

thread_local! {
    /// Where a thread has read last: the next picture it is asked for mostly follows.
    static CURSOR: RefCell<Option<Cursor>> = const { RefCell::new(None) };
}

/// A reader somewhere within a row group.
struct Cursor {
    table: u64,
    leaf: usize,
    group: usize,
    /// The row that comes next.
    next: usize,
    full: i16,
    reader: ColumnReaderImpl<ByteArrayType>,
}

impl Cursor {
    /// Passes over the rows before `row`, whole pages unread, and reads it.
    fn read(&mut self, row: usize) -> Result<Option<ByteArray>, String> {
        let failed = |e: ParquetError| e.to_string();
        let skipped = self.reader.skip_records(row - self.next).map_err(failed)?;
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (n_read, ..) = self.reader.read_records(1, Some(&mut levels), None, &mut values).map_err(failed)?;
        if n_read != 1 || self.next + skipped != row {
            return Err("the column ends before it".to_owned());
        }
        self.next = row + 1;
        Ok(if levels.first().is_none_or(|level| *level == self.full) { values.pop() } else { None })
    }
}

fn columns(metadata: &ParquetMetaData) -> Vec<Column> {
    let schema = metadata.file_metadata().schema_descr();
    let mut columns: Vec<Column> = Vec::new();
    for (leaf, descriptor) in schema.columns().iter().enumerate() {
        let parts = descriptor.path().parts();
        let name = parts.first().cloned().unwrap_or_default();
        let flat = descriptor.max_rep_level() == 0;
        let is_bytes = descriptor.physical_type() == Physical::BYTE_ARRAY;
        let new = match parts.get(1).map(String::as_str) {
            None if flat => Column { kind: kind_of(descriptor), name, leaf },
            Some("bytes") if flat && is_bytes && parts.len() == 2 => {
                Column { kind: Kind::Picture { path: None }, name, leaf }
            }
            _ => Column { kind: Kind::Nested, name, leaf },
        };
        match columns.last_mut().filter(|last| last.name == new.name) {
            None => columns.push(new),
            Some(picture) => match (picture.kind, new.kind) {
                (Kind::Picture { path: None }, Kind::Nested)
                    if flat && is_bytes && parts.get(1).is_some_and(|p| p == "path") =>
                {
                    picture.kind = Kind::Picture { path: Some(leaf) };
                }
                // The path may stand before the bytes.
                (Kind::Nested, Kind::Picture { .. }) => {
                    let path = Some(picture.leaf).filter(|leaf| {
                        schema
                            .columns()
                            .get(*leaf)
                            .is_some_and(|c| c.path().parts().get(1).is_some_and(|p| p == "path"))
                    });
                    *picture = Column { kind: Kind::Picture { path }, ..new };
                }
                _ => {}
            },
        }
    }
    columns
}

fn kind_of(descriptor: &ColumnDescriptor) -> Kind {
    match descriptor.physical_type() {
        Physical::BYTE_ARRAY => {
            let says_text = matches!(descriptor.logical_type_ref(), Some(LogicalType::String | LogicalType::Enum))
                || matches!(descriptor.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM);
            if says_text { Kind::Text } else { Kind::Bytes }
        }
        Physical::INT32 | Physical::INT64 | Physical::FLOAT | Physical::DOUBLE | Physical::BOOLEAN => Kind::Number,
        Physical::INT96 | Physical::FIXED_LEN_BYTE_ARRAY => Kind::Nested,
    }
}

/// A whole number that another program keeps as floating point; not a number means that it is missing.
fn whole(value: f64) -> Result<Option<String>, &'static str> {
    Ok((!value.is_nan()).then(|| value.to_string()))
}

fn broken(path: &Path, error: &str) -> Fault {
    Fault::data(path.display(), format!("not a Parquet file: {error}"))
        .expected("a complete Parquet file")
        .hint("copy or download the file anew")
}
