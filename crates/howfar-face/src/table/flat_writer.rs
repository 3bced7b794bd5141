//! Writes flat tables that other programs read: as CSV or, where the name says so, as Parquet.
//!
//! In: names of columns, then values a few thousand rows at a time. Out: a file, whole or not at all. Numbers read back
//! to the same numbers; not a number is a missing value.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::Fault;
use crate::files::AtomicFile;

/// Values of a column, one a row. A column is of one kind in all of its parts.
#[derive(Debug, Clone, PartialEq)]
pub enum FlatColumn {
    /// Words; an empty one is missing.
    Texts(Vec<String>),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// Numbers of 32 bits.
    Floats(Vec<f32>),
    /// Numbers of 64 bits.
    Doubles(Vec<f64>),
    /// Encoded pictures, as Python's `datasets` keeps them; for Parquet alone.
    Pictures(Vec<Vec<u8>>),
}

impl FlatColumn {
    fn len(&self) -> usize {
        match self {
            Self::Texts(values) => values.len(),
            Self::Ints(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Doubles(values) => values.len(),
            Self::Pictures(values) => values.len(),
        }
    }

    fn text(&self, row: usize) -> String {
        match self {
            Self::Texts(values) => values[row].clone(),
            Self::Ints(values) => values[row].to_string(),
            Self::Floats(values) if values[row].is_nan() => String::new(),
            Self::Floats(values) => values[row].to_string(),
            Self::Pictures(_) => String::new(),
            Self::Doubles(values) if values[row].is_nan() => String::new(),
            Self::Doubles(values) => values[row].to_string(),
        }
    }

    fn schema(&self, name: &str) -> Result<TypePtr, ParquetError> {
        let (physical, logical, converted) = match self {
            Self::Pictures(_) => return picture_schema(name),
            Self::Texts(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String), ConvertedType::UTF8),
            Self::Ints(_) => (Physical::INT64, None, ConvertedType::NONE),
            Self::Floats(_) => (Physical::FLOAT, None, ConvertedType::NONE),
            Self::Doubles(_) => (Physical::DOUBLE, None, ConvertedType::NONE),
        };
        let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        Ok(Arc::new(builder.with_logical_type(logical).with_converted_type(converted).build()?))
    }
}

/// A table that is being written.
pub struct FlatWriter {
    path: PathBuf,
    names: Vec<String>,
    notes: Vec<KeyValue>,
    sink: Sink,
}

enum Sink {
    Csv(Box<csv::Writer<AtomicFile>>),
    /// The kinds of the columns are known with the first rows.
    NotBegun(Option<AtomicFile>),
    Parquet(Box<SerializedFileWriter<AtomicFile>>),
}

/// `{bytes, path}`.
fn picture_schema(name: &str) -> Result<TypePtr, ParquetError> {
    let field = |name: &str, logical, converted| {
        let field = Type::primitive_type_builder(name, Physical::BYTE_ARRAY).with_repetition(Repetition::OPTIONAL);
        Ok::<_, ParquetError>(Arc::new(field.with_logical_type(logical).with_converted_type(converted).build()?))
    };
    let bytes = field("bytes", None, ConvertedType::NONE)?;
    let path = field("path", Some(LogicalType::String), ConvertedType::UTF8)?;
    let fields = Type::group_type_builder(name).with_fields(vec![bytes, path]);
    Ok(Arc::new(fields.with_repetition(Repetition::OPTIONAL).build()?))
}

impl FlatWriter {
    /// Begins a table; it is Parquet where its name ends so, else CSV.
    ///
    /// # Errors
    /// Of the disk.
    pub fn create(path: &Path, names: &[String]) -> Result<Self, Fault> {
        Self::create_with_notes(path, names, &[])
    }

    /// The same with notes in the foot of a Parquet file.
    ///
    /// # Errors
    /// Of the disk.
    pub fn create_with_notes(path: &Path, names: &[String], notes: &[(&str, String)]) -> Result<Self, Fault> {
        let file = AtomicFile::create(path)?;
        let is_parquet = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
        let sink = if is_parquet {
            Sink::NotBegun(Some(file))
        } else {
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(names).map_err(|e| csv_fault(path, e))?;
            Sink::Csv(Box::new(writer))
        };
        let notes = notes.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect();
        Ok(FlatWriter { path: path.to_owned(), names: names.to_vec(), notes, sink })
    }

    /// Appends rows; in Parquet they are a row group.
    ///
    /// # Errors
    /// Of the disk.
    pub fn write(&mut self, columns: &[FlatColumn]) -> Result<(), Fault> {
        let n_rows = columns.first().map_or(0, FlatColumn::len);
        let path = self.path.clone();
        if let Sink::Csv(writer) = &mut self.sink {
            for row in 0..n_rows {
                let record = columns.iter().map(|column| column.text(row));
                writer.write_record(record).map_err(|e| csv_fault(&path, e))?;
            }
            return Ok(());
        }
        let failed = |e: ParquetError| parquet_fault(&path, &e);
        let mut group = self.begun(columns)?.next_row_group().map_err(failed)?;
        columns.iter().try_for_each(|column| write_column(&mut group, column)).map_err(failed)?;
        group.close().map_err(failed)?;
        Ok(())
    }

    fn begun(&mut self, columns: &[FlatColumn]) -> Result<&mut SerializedFileWriter<AtomicFile>, Fault> {
        if let Sink::NotBegun(file) = &mut self.sink
            && let Some(file) = file.take()
        {
            let failed = |e: ParquetError| parquet_fault(&self.path, &e);
            let schema = schema(&self.names, columns).map_err(failed)?;
            let properties = WriterProperties::builder()
                .set_created_by("howfar".to_owned())
                .set_compression(Compression::SNAPPY)
                .set_key_value_metadata(Some(self.notes.clone()).filter(|notes| !notes.is_empty()))
                .build();
            let writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(failed)?;
            self.sink = Sink::Parquet(Box::new(writer));
        }
        match &mut self.sink {
            Sink::Parquet(writer) => Ok(writer),
            _ => Err(Fault::machine(self.path.display(), "the table was not begun")),
        }
    }

    /// Ends the table.
    ///
    /// # Errors
    /// Of the disk.
    pub fn finish(mut self) -> Result<(), Fault> {
        if matches!(self.sink, Sink::NotBegun(_)) {
            // A table without a row has columns all the same.
            self.begun(&vec![FlatColumn::Texts(Vec::new()); self.names.len()])?;
        }
        match self.sink {
            Sink::Csv(writer) => match writer.into_inner() {
                Ok(file) => file.finish(),
                Err(e) => Err(Fault::io(&self.path, "write", e.error())),
            },
            Sink::Parquet(writer) => writer.into_inner().map_err(|e| parquet_fault(&self.path, &e))?.finish(),
            Sink::NotBegun(_) => Ok(()),
        }
    }
}

fn schema(names: &[String], columns: &[FlatColumn]) -> Result<TypePtr, ParquetError> {
    let fields = names.iter().zip(columns).map(|(name, column)| column.schema(name)).collect::<Result<_, _>>()?;
    Ok(Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?))
}

type Group<'a> = SerializedRowGroupWriter<'a, AtomicFile>;

fn write_column(group: &mut Group<'_>, column: &FlatColumn) -> Result<(), ParquetError> {
    match column {
        FlatColumn::Texts(values) => {
            let there = values.iter().filter(|text| !text.is_empty()).map(|text| ByteArray::from(text.as_str()));
            let levels: Vec<i16> = values.iter().map(|text| i16::from(!text.is_empty())).collect();
            write_leaf::<ByteArrayType>(group, &there.collect::<Vec<_>>(), &levels)
        }
        FlatColumn::Ints(values) => write_leaf::<Int64Type>(group, values, &vec![1; values.len()]),
        FlatColumn::Floats(values) => {
            let there: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            let levels: Vec<i16> = values.iter().map(|value| i16::from(!value.is_nan())).collect();
            write_leaf::<FloatType>(group, &there, &levels)
        }
        FlatColumn::Doubles(values) => {
            let there: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            let levels: Vec<i16> = values.iter().map(|value| i16::from(!value.is_nan())).collect();
            write_leaf::<DoubleType>(group, &there, &levels)
        }
        FlatColumn::Pictures(values) => {
            let bytes: Vec<ByteArray> = values.iter().map(|bytes| ByteArray::from(bytes.clone())).collect();
            // The picture is there, its bytes are, and its path is not.
            write_leaf::<ByteArrayType>(group, &bytes, &vec![2; values.len()])?;
            write_leaf::<ByteArrayType>(group, &[], &vec![1; values.len()])
        }
    }
}

fn write_leaf<T: DataType>(group: &mut Group<'_>, values: &[T::T], levels: &[i16]) -> Result<(), ParquetError> {
    let column = group.next_column()?.ok_or_else(|| ParquetError::General("more columns than names".to_owned()));
    let mut writer = column?;
    writer.typed::<T>().write_batch(values, Some(levels), None)?;
    writer.close()
}

fn csv_fault(path: &Path, error: csv::Error) -> Fault {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Fault::io(path, "write", &error),
        other => Fault::machine(path.display(), format!("cannot write: {other:?}")),
    }
}

fn parquet_fault(path: &Path, error: &ParquetError) -> Fault {
    if let ParquetError::External(inner) = error
        && let Some(io) = inner.downcast_ref::<std::io::Error>()
    {
        return Fault::io(path, "write", io);
    }
    Fault::machine(path.display(), format!("cannot write: {error}"))
}
