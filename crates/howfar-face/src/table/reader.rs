//! Reads the columns of a Parquet file, one row group and one column at a time.
//!
//! In: a file, and the columns that its format has. Out: the values of a column, by its name. Columns that the format
//! does not have are let be; one that was added to it later may be missing.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use parquet::basic::Type as Physical;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::SchemaDescriptor;

use super::{CheckedPages, ColumnSpec, Values, check_pages};
use crate::{Fault, refuse_stand_in};

/// Reads the row groups of a table.
pub struct TableReader {
    /// The same file, for looking at pages before they are read.
    file: File,
    reader: SerializedFileReader<File>,
    columns: Vec<Column>,
    place: String,
}

/// Where a column of the format lies in the file.
struct Column {
    name: &'static str,
    /// None for one that was added to the format after the file was written.
    leaf: Option<LeafPlace>,
}

#[derive(Clone, Copy)]
struct LeafPlace {
    idx: usize,
    /// The definition level of a value that is there.
    full: i16,
    /// The definition level of a list that is there, whatever it holds.
    outer: i16,
}

impl TableReader {
    /// Opens a table that must have these columns, in any order.
    ///
    /// # Errors
    /// Where a column is missing or holds other values, and where the file is no table.
    pub fn open<T>(path: &Path, specs: &[ColumnSpec<T>]) -> Result<Self, Fault> {
        let mut table = Self::open_any(path)?;
        let schema = table.reader.metadata().file_metadata().schema_descr();
        let find = |spec| Column::find(spec, schema).map_err(|what| column_fault(&table.place, what, schema));
        table.columns = specs.iter().map(find).collect::<Result<_, Fault>>()?;
        Ok(table)
    }

    /// A note of a table's footer, whatever its columns: formats say their versions there.
    ///
    /// # Errors
    /// Where the file is no table.
    pub fn note_of(path: &Path, key: &str) -> Result<Option<String>, Fault> {
        let table = Self::open_any(path)?;
        let notes = table.reader.metadata().file_metadata().key_value_metadata();
        Ok(notes.and_then(|notes| notes.iter().find(|note| note.key == key)?.value.clone()))
    }

    fn open_any(path: &Path) -> Result<Self, Fault> {
        let place = path.display().to_string();
        let mut file = File::open(path).map_err(|e| Fault::io(path, "read", &e))?;
        let mut head = Vec::new();
        (&mut file).take(512).read_to_end(&mut head).map_err(|e| Fault::io(path, "read", &e))?;
        refuse_stand_in(path, &head)?;
        let same = file.try_clone().map_err(|e| Fault::io(path, "read", &e))?;
        let parse = || SerializedFileReader::new(file).map_err(|e| e.to_string());
        let reader = guarded(parse).map_err(|what| read_fault(&place, &what))?;
        Ok(TableReader { file: same, reader, columns: Vec::new(), place })
    }

    /// The file, for messages.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// How many row groups there are.
    pub fn n_groups(&self) -> usize {
        self.reader.num_row_groups()
    }

    /// How many rows a row group has.
    pub fn n_rows(&self, group_idx: usize) -> usize {
        usize::try_from(self.reader.metadata().row_group(group_idx).num_rows()).unwrap_or(0)
    }

    /// The whole numbers of a column of a row group.
    ///
    /// # Errors
    /// Where a page is damaged, and where a row has none: other programs may write rows without.
    pub fn ints(&self, group_idx: usize, name: &str) -> Result<Vec<i64>, Fault> {
        let (values, n_rows) = (self.leaf::<Int64Type>(group_idx, name)?.values, self.n_rows(group_idx));
        if values.len() == n_rows {
            return Ok(values);
        }
        let what = format!("the column {name} has {} values for {n_rows} rows", values.len());
        Err(read_fault(&self.group_place(group_idx), &what))
    }

    /// The texts of a column of a row group.
    ///
    /// # Errors
    /// Where a page is damaged, and where a text is not UTF-8.
    pub fn texts(&self, group_idx: usize, name: &str) -> Result<Texts, Fault> {
        let blobs = self.optional(group_idx, name)?;
        if blobs.iter().flatten().any(|text| text.as_utf8().is_err()) {
            return Err(read_fault(&self.group_place(group_idx), &format!("a text of the column {name} is not UTF-8")));
        }
        Ok(Texts(blobs))
    }

    /// The encoded pictures of a column of a row group.
    ///
    /// # Errors
    /// Where a page is damaged.
    pub fn images(&self, group_idx: usize, name: &str) -> Result<Blobs, Fault> {
        self.optional(group_idx, name).map(Blobs)
    }

    /// The lists of a column of a row group.
    ///
    /// # Errors
    /// Where a page is damaged.
    pub fn float_lists(&self, group_idx: usize, name: &str) -> Result<FloatLists, Fault> {
        let leaf = self.leaf::<FloatType>(group_idx, name)?;
        let mut lists: Vec<Option<(usize, usize)>> = Vec::new();
        let mut end = 0;
        for (definition, repetition) in leaf.definition.into_iter().zip(leaf.repetition) {
            if repetition == 0 {
                lists.push((definition >= leaf.outer).then_some((end, end)));
            }
            if definition == leaf.full
                && let Some(Some((_, list_end))) = lists.last_mut()
            {
                end += 1;
                *list_end = end;
            }
        }
        Ok(FloatLists { values: leaf.values, lists })
    }

    /// Values of which some may be missing.
    fn optional(&self, group_idx: usize, name: &str) -> Result<Vec<Option<ByteArray>>, Fault> {
        let leaf = self.leaf::<ByteArrayType>(group_idx, name)?;
        let mut values = leaf.values.into_iter();
        // Levels are not stored where no value can be missing.
        if leaf.full == 0 {
            return Ok(values.map(Some).collect());
        }
        Ok(leaf.definition.into_iter().map(|level| if level == leaf.full { values.next() } else { None }).collect())
    }

    fn leaf<T: DataType>(&self, group_idx: usize, name: &str) -> Result<Leaf<T::T>, Fault> {
        let column = self.columns.iter().find(|column| column.name == name);
        let n_rows = self.n_rows(group_idx);
        let Some(place) = column.expect("only columns of the format are asked for").leaf else {
            return Ok(Leaf::missing(n_rows));
        };
        let chunk = self.reader.metadata().row_group(group_idx).column(place.idx);
        let read = || self.read_leaf::<T>(group_idx, place, n_rows).map_err(|e| e.to_string());
        check_pages(&self.file, chunk, chunk.num_values())
            .and_then(|()| guarded(read))
            .map_err(|what| read_fault(&self.group_place(group_idx), &what))
    }

    fn read_leaf<T: DataType>(
        &self,
        group_idx: usize,
        place: LeafPlace,
        n_rows: usize,
    ) -> Result<Leaf<T::T>, ParquetError> {
        let group = self.reader.get_row_group(group_idx)?;
        let descriptor = self.reader.metadata().file_metadata().schema_descr().column(place.idx);
        let pages = CheckedPages::new(group.get_column_page_reader(place.idx)?, &descriptor);
        let mut reader = ColumnReaderImpl::<T>::new(descriptor, Box::new(pages));
        let LeafPlace { full, outer, .. } = place;
        let mut leaf = Leaf { values: Vec::new(), definition: Vec::new(), repetition: Vec::new(), full, outer };
        let mut rows = 0;
        while rows < n_rows {
            let Leaf { values, definition, repetition, .. } = &mut leaf;
            let (read, ..) = reader.read_records(n_rows - rows, Some(definition), Some(repetition), values)?;
            if read == 0 {
                return Err(ParquetError::General(format!("{rows} of {n_rows} rows are there")));
            }
            rows += read;
        }
        Ok(leaf)
    }

    fn group_place(&self, group_idx: usize) -> String {
        format!("{}, row group {group_idx}", self.place)
    }
}

impl Column {
    /// Where a column lies; in words where it does not, or holds something else.
    fn find<T>(spec: &ColumnSpec<T>, schema: &SchemaDescriptor) -> Result<Self, String> {
        let name = spec.name;
        let Some(field) = schema.root_schema().get_fields().iter().find(|field| field.name() == name) else {
            let leaf = None;
            return if spec.is_added {
                Ok(Column { name, leaf })
            } else {
                Err(format!("the column {name} is missing"))
            };
        };
        let (physical, repetition) = match spec.values {
            Values::Int(_) => (Physical::INT64, 0),
            Values::Text(_) | Values::Image(_) => (Physical::BYTE_ARRAY, 0),
            Values::FloatList(_) => (Physical::FLOAT, 1),
        };
        let is_image = matches!(spec.values, Values::Image(_));
        let leaf = schema.columns().iter().enumerate().find(|(_, leaf)| {
            let parts = leaf.path().parts();
            let is_it = if is_image { *parts == [name, "bytes"] } else { parts.first().is_some_and(|n| n == name) };
            is_it && leaf.physical_type() == physical && leaf.max_rep_level() == repetition
        });
        let (idx, leaf) = leaf.ok_or_else(|| format!("the column {name} holds other values than in this format"))?;
        let outer = i16::from(field.is_optional());
        Ok(Column { name, leaf: Some(LeafPlace { idx, full: leaf.max_def_level(), outer }) })
    }
}

/// The texts of a column, without a copy of each.
pub struct Texts(Vec<Option<ByteArray>>);

impl Texts {
    /// The text of a row, if it has one.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.0.get(row)?.as_ref()?.as_utf8().ok()
    }
}

/// The encoded pictures of a column, without a copy of each.
pub struct Blobs(Vec<Option<ByteArray>>);

impl Blobs {
    /// The picture of a row; nothing where it has none.
    pub fn get(&self, row: usize) -> &[u8] {
        self.0.get(row).and_then(Option::as_ref).map_or(&[], ByteArray::data)
    }
}

/// The lists of a column, one after the other.
pub struct FloatLists {
    values: Vec<f32>,
    /// Begin and end of each.
    lists: Vec<Option<(usize, usize)>>,
}

impl FloatLists {
    /// The list of a row, if it has one.
    pub fn get(&self, row: usize) -> Option<&[f32]> {
        let (begin, end) = (*self.lists.get(row)?)?;
        self.values.get(begin..end)
    }
}

/// What a leaf of the schema holds in a row group.
struct Leaf<T> {
    values: Vec<T>,
    definition: Vec<i16>,
    repetition: Vec<i16>,
    full: i16,
    outer: i16,
}

impl<T> Leaf<T> {
    /// A value is missing in every row.
    fn missing(n_rows: usize) -> Self {
        let (definition, repetition) = (vec![0; n_rows], vec![0; n_rows]);
        Leaf { values: Vec::new(), definition, repetition, full: 1, outer: 1 }
    }
}

/// Lets the library read. It panics at some damaged pages (in its DELTA decoder, say), which is an error of the file
/// here.
///
/// # Errors
/// What `read` says, or that the page is damaged.
pub fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    outcome.unwrap_or_else(|_| Err("the page is damaged".to_owned()))
}

fn read_fault(place: &str, error: &str) -> Fault {
    Fault::data(place, format!("the table cannot be read: {error}"))
        .expected("a complete Parquet file written by howfar")
        .hint("the file is damaged or truncated: make it anew with the command that wrote it")
}

fn column_fault(place: &str, what: String, schema: &SchemaDescriptor) -> Fault {
    let found: Vec<&str> = schema.root_schema().get_fields().iter().map(|field| field.name()).collect();
    Fault::data(place, what)
        .found(found.join(", "))
        .expected("the columns of this format (docs/formats.md), and any others")
        .hint("make the file anew with the command that wrote it")
}
