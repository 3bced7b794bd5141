//! Writes records as the row groups of a Parquet file.
//!
//! In: columns, and records a row group at a time. Out: bytes that are the same whatever the version of the Parquet
//! library calls itself.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use super::{ColumnSpec, Values};
use crate::Fault;

/// Writes row groups of records to anything that takes bytes.
pub struct TableWriter<W: Write + Send, T: 'static> {
    writer: SerializedFileWriter<W>,
    specs: &'static [ColumnSpec<T>],
    place: String,
}

impl<W: Write + Send, T> TableWriter<W, T> {
    /// Begins a table; `notes` go into the file's footer.
    ///
    /// # Errors
    /// Of the sink.
    pub fn new(
        sink: W,
        place: &Path,
        specs: &'static [ColumnSpec<T>],
        notes: &[(&str, String)],
    ) -> std::result::Result<Self, Fault> {
        let fields = specs.iter().map(schema).collect();
        let schema = Arc::new(Type::group_type_builder("schema").with_fields(fields).build().expect("literal schema"));
        let notes = notes.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect();
        let properties = WriterProperties::builder()
            // A fixed name: the bytes of a file must not change with the library's version string.
            .set_created_by("howfar".to_owned())
            .set_dictionary_enabled(false)
            .set_key_value_metadata(Some(notes));
        let place = place.display().to_string();
        let writer = SerializedFileWriter::new(sink, schema, Arc::new(properties.build()))
            .map_err(|e| write_fault(&place, &e))?;
        Ok(TableWriter { writer, specs, place })
    }

    /// Appends one row group.
    ///
    /// # Errors
    /// Of the sink.
    pub fn write(&mut self, records: &[T]) -> std::result::Result<(), Fault> {
        let place = &self.place;
        let mut group = self.writer.next_row_group().map_err(|e| write_fault(place, &e))?;
        for spec in self.specs {
            write_column(&mut group, &spec.values, records).map_err(|e| write_fault(place, &e))?;
        }
        group.close().map_err(|e| write_fault(place, &e))?;
        Ok(())
    }

    /// Writes the footer and gives the sink back.
    ///
    /// # Errors
    /// Of the sink.
    pub fn finish(self) -> std::result::Result<W, Fault> {
        let place = self.place;
        self.writer.into_inner().map_err(|e| write_fault(&place, &e))
    }
}

fn schema<T>(spec: &ColumnSpec<T>) -> TypePtr {
    let primitive = |name: &'static str, physical, repetition| {
        Arc::new(Type::primitive_type_builder(name, physical).with_repetition(repetition).build().expect("literal"))
    };
    let text = |name: &'static str| {
        let builder = Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8);
        Arc::new(builder.build().expect("literal"))
    };
    let group = |name: &'static str, repetition, fields| {
        Type::group_type_builder(name).with_repetition(repetition).with_fields(fields)
    };
    match spec.values {
        Values::Int(_) => primitive(spec.name, Physical::INT64, Repetition::REQUIRED),
        Values::Text(_) => text(spec.name),
        Values::FloatList(_) => {
            let element = primitive("element", Physical::FLOAT, Repetition::REQUIRED);
            let list = group("list", Repetition::REPEATED, vec![element]).build().expect("literal");
            let outer = group(spec.name, Repetition::OPTIONAL, vec![Arc::new(list)])
                .with_logical_type(Some(LogicalType::List))
                .with_converted_type(ConvertedType::LIST);
            Arc::new(outer.build().expect("literal"))
        }
        Values::Image(_) => {
            let bytes = primitive("bytes", Physical::BYTE_ARRAY, Repetition::OPTIONAL);
            let fields = vec![bytes, text("path")];
            Arc::new(group(spec.name, Repetition::OPTIONAL, fields).build().expect("literal"))
        }
    }
}

type Group<'a, W> = SerializedRowGroupWriter<'a, W>;

fn write_column<W: Write + Send, T>(group: &mut Group<'_, W>, values: &Values<T>, records: &[T]) -> Result<()> {
    match values {
        Values::Int(of) => {
            let numbers: Vec<i64> = records.iter().map(of).collect();
            write_leaf::<Int64Type, W>(group, &numbers, None, None)
        }
        Values::Text(of) => {
            let texts = records.iter().map(|record| of(record).map(|text| ByteArray::from(text.as_ref())));
            write_optional(group, texts, 0)
        }
        Values::FloatList(of) => write_lists(group, records.iter().map(of)),
        Values::Image(of) => {
            write_optional(group, records.iter().map(|record| Some(ByteArray::from(of(record).0.to_vec()))), 1)?;
            write_optional(group, records.iter().map(|record| Some(ByteArray::from(of(record).1))), 1)
        }
    }
}

fn write_leaf<T: DataType, W: Write + Send>(
    group: &mut Group<'_, W>,
    values: &[T::T],
    definition: Option<&[i16]>,
    repetition: Option<&[i16]>,
) -> Result<()> {
    let mut writer = group.next_column()?.expect("one writer for each leaf of the schema");
    writer.typed::<T>().write_batch(values, definition, repetition)?;
    writer.close()
}

/// `outer` is how many optional groups enclose the values.
fn write_optional<W: Write + Send>(
    group: &mut Group<'_, W>,
    values: impl Iterator<Item = Option<ByteArray>>,
    outer: i16,
) -> Result<()> {
    let values: Vec<Option<ByteArray>> = values.collect();
    let levels: Vec<i16> = values.iter().map(|value| outer + i16::from(value.is_some())).collect();
    let values: Vec<ByteArray> = values.into_iter().flatten().collect();
    write_leaf::<ByteArrayType, W>(group, &values, Some(&levels), None)
}

/// Definition levels of a list column: 0 = no list, 1 = empty list, 2 = an element.
fn write_lists<'r, W: Write + Send>(
    group: &mut Group<'_, W>,
    lists: impl Iterator<Item = Option<&'r [f32]>>,
) -> Result<()> {
    let (mut values, mut definition, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
    for list in lists {
        match list {
            None | Some([]) => {
                definition.push(i16::from(list.is_some()));
                repetition.push(0);
            }
            Some(elements) => {
                values.extend_from_slice(elements);
                definition.extend(elements.iter().map(|_| 2));
                repetition.extend((0..elements.len()).map(|i| i16::from(i > 0)));
            }
        }
    }
    write_leaf::<FloatType, W>(group, &values, Some(&definition), Some(&repetition))
}

fn write_fault(place: &str, error: &ParquetError) -> Fault {
    if let ParquetError::External(inner) = error
        && let Some(io) = inner.downcast_ref::<std::io::Error>()
    {
        return Fault::io(Path::new(place), "write", io);
    }
    Fault::machine(place, format!("cannot write: {error}"))
}
