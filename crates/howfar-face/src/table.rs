//! Flat tables as Parquet: typed columns in row groups, without arrow.
//!
//! A column is required; texts may be missing. The face set adds its nested picture column by the same means.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::{Fault, refuse_stand_in};

/// The values of one column in one row group.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Whole numbers.
    Int(Vec<i64>),
    /// 32-bit floating point numbers.
    Float(Vec<f32>),
    /// Texts, some of which may be missing.
    Text(Vec<Option<String>>),
    /// Lists of numbers, missing where a row has none.
    FloatList(Vec<Option<Vec<f32>>>),
    /// Encoded pictures with the path they came from.
    Image(Vec<(Vec<u8>, String)>),
}

/// A column's name and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// [`Column::Int`].
    Int,
    /// [`Column::Float`].
    Float,
    /// [`Column::Text`].
    Text,
    /// [`Column::FloatList`].
    FloatList,
    /// [`Column::Image`].
    Image,
}

impl ColumnSpec {
    /// Name and kind.
    pub const fn new(name: &'static str, kind: ColumnKind) -> Self {
        ColumnSpec { name, kind }
    }

    fn schema(&self) -> TypePtr {
        let build = |b: parquet::schema::types::PrimitiveTypeBuilder<'_>| {
            Arc::new(b.build().expect("a literal schema is valid"))
        };
        let group = |name: &'static str, repetition, fields| {
            Type::group_type_builder(name).with_repetition(repetition).with_fields(fields)
        };
        let text = |name: &'static str| {
            build(
                Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
                    .with_repetition(Repetition::OPTIONAL)
                    .with_logical_type(Some(LogicalType::String))
                    .with_converted_type(ConvertedType::UTF8),
            )
        };
        let primitive = |name: &'static str, physical, repetition| {
            build(Type::primitive_type_builder(name, physical).with_repetition(repetition))
        };
        match self.kind {
            ColumnKind::Int => primitive(self.name, Physical::INT64, Repetition::REQUIRED),
            ColumnKind::Float => primitive(self.name, Physical::FLOAT, Repetition::REQUIRED),
            ColumnKind::Text => text(self.name),
            ColumnKind::FloatList => {
                let element = primitive("element", Physical::FLOAT, Repetition::REQUIRED);
                let list = group("list", Repetition::REPEATED, vec![element]).build().expect("literal schema");
                let outer = group(self.name, Repetition::OPTIONAL, vec![Arc::new(list)])
                    .with_logical_type(Some(LogicalType::List))
                    .with_converted_type(ConvertedType::LIST);
                Arc::new(outer.build().expect("literal schema"))
            }
            ColumnKind::Image => {
                let bytes = primitive("bytes", Physical::BYTE_ARRAY, Repetition::OPTIONAL);
                let fields = vec![bytes, text("path")];
                Arc::new(group(self.name, Repetition::OPTIONAL, fields).build().expect("literal schema"))
            }
        }
    }
}

/// Writes row groups to anything that takes bytes.
pub struct TableWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    specs: Vec<ColumnSpec>,
    place: String,
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table; `metadata` goes into the file's footer.
    pub fn new(sink: W, place: &Path, specs: &[ColumnSpec], metadata: &[(&str, String)]) -> Result<Self, Fault> {
        let fields = specs.iter().map(ColumnSpec::schema).collect();
        let schema = Arc::new(Type::group_type_builder("schema").with_fields(fields).build().expect("literal schema"));
        let pairs = metadata.iter().map(|(k, v)| KeyValue::new((*k).to_owned(), v.clone())).collect();
        let properties = WriterProperties::builder()
            // A fixed name: the bytes of a file must not change with the library's version string.
            .set_created_by("howfar".to_owned())
            .set_dictionary_enabled(false)
            .set_key_value_metadata(Some(pairs));
        let place = place.display().to_string();
        let writer = SerializedFileWriter::new(sink, schema, Arc::new(properties.build()))
            .map_err(|e| write_fault(&place, &e))?;
        Ok(TableWriter { writer, specs: specs.to_vec(), place })
    }

    /// Appends one row group; `columns` come in the order of the specs and have equal lengths.
    pub fn write(&mut self, columns: &[Column]) -> Result<(), Fault> {
        assert_eq!(columns.len(), self.specs.len(), "one column for each spec");
        let place = &self.place;
        let mut group = self.writer.next_row_group().map_err(|e| write_fault(place, &e))?;
        for column in columns {
            write_column(&mut group, column).map_err(|e| write_fault(place, &e))?;
        }
        group.close().map_err(|e| write_fault(place, &e))?;
        Ok(())
    }

    /// Writes the footer and gives the sink back.
    pub fn finish(self) -> Result<W, Fault> {
        let place = self.place;
        self.writer.into_inner().map_err(|e| write_fault(&place, &e))
    }
}

type Group<'a, W> = SerializedRowGroupWriter<'a, W>;

fn write_column<W: Write + Send>(group: &mut Group<'_, W>, column: &Column) -> parquet::errors::Result<()> {
    match column {
        Column::Int(values) => write_leaf::<Int64Type, W>(group, values, None, None),
        Column::Float(values) => write_leaf::<FloatType, W>(group, values, None, None),
        Column::Text(texts) => write_texts(group, texts.iter().map(Option::as_deref), 0),
        Column::FloatList(lists) => write_lists(group, lists),
        Column::Image(images) => {
            let bytes: Vec<ByteArray> = images.iter().map(|(bytes, _)| ByteArray::from(bytes.clone())).collect();
            write_leaf::<ByteArrayType, W>(group, &bytes, Some(&vec![2; images.len()]), None)?;
            write_texts(group, images.iter().map(|(_, path)| Some(path.as_str())), 1)
        }
    }
}

fn write_leaf<T: parquet::data_type::DataType, W: Write + Send>(
    group: &mut Group<'_, W>,
    values: &[T::T],
    definition: Option<&[i16]>,
    repetition: Option<&[i16]>,
) -> parquet::errors::Result<()> {
    let mut writer = group.next_column()?.expect("one writer for each leaf of the schema");
    writer.typed::<T>().write_batch(values, definition, repetition)?;
    writer.close()
}

/// `outer` is how many optional groups enclose the text.
fn write_texts<'a, W: Write + Send>(
    group: &mut Group<'_, W>,
    texts: impl Iterator<Item = Option<&'a str>>,
    outer: i16,
) -> parquet::errors::Result<()> {
    let texts: Vec<Option<&str>> = texts.collect();
    let levels: Vec<i16> = texts.iter().map(|t| outer + i16::from(t.is_some())).collect();
    let values: Vec<ByteArray> = texts.into_iter().flatten().map(ByteArray::from).collect();
    write_leaf::<ByteArrayType, W>(group, &values, Some(&levels), None)
}

/// Definition levels of a list column: 0 = no list, 1 = empty list, 2 = an element.
fn write_lists<W: Write + Send>(group: &mut Group<'_, W>, lists: &[Option<Vec<f32>>]) -> parquet::errors::Result<()> {
    let (mut values, mut definition, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
    for list in lists {
        match list.as_deref() {
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

fn write_fault(place: &str, error: &parquet::errors::ParquetError) -> Fault {
    if let parquet::errors::ParquetError::External(inner) = error
        && let Some(io) = inner.downcast_ref::<std::io::Error>()
    {
        return Fault::io(Path::new(place), "write", io);
    }
    Fault::machine(place, format!("cannot write: {error}"))
}

/// Reads the row groups of a table one at a time.
pub struct TableReader {
    reader: SerializedFileReader<std::fs::File>,
    specs: Vec<ColumnSpec>,
    place: String,
}

impl TableReader {
    /// Opens a table that must have these columns, in this order.
    pub fn open(path: &Path, specs: &[ColumnSpec]) -> Result<Self, Fault> {
        let place = path.display().to_string();
        let mut file = std::fs::File::open(path).map_err(|e| Fault::io(path, "read", &e))?;
        let mut head = Vec::new();
        (&mut file).take(512).read_to_end(&mut head).map_err(|e| Fault::io(path, "read", &e))?;
        refuse_stand_in(path, &head)?;
        let reader = SerializedFileReader::new(file).map_err(|e| read_fault(&place, &e.to_string()))?;
        let schema = reader.metadata().file_metadata().schema();
        let found: Vec<&str> = schema.get_fields().iter().map(|f| f.name()).collect();
        let expected: Vec<&str> = specs.iter().map(|s| s.name).collect();
        if found != expected {
            return Err(Fault::data(&place, "the columns are not those of this format")
                .found(found.join(", "))
                .expected(expected.join(", ")));
        }
        Ok(TableReader { reader, specs: specs.to_vec(), place })
    }

    /// How many row groups there are.
    pub fn n_groups(&self) -> usize {
        self.reader.num_row_groups()
    }

    /// The columns of one row group, in the order of the specs.
    pub fn read(&self, group_idx: usize) -> Result<Vec<Column>, Fault> {
        guarded(|| self.read_group(group_idx).map_err(|e| e.to_string()))
            .map_err(|what| read_fault(&format!("{}, row group {group_idx}", self.place), &what))
    }

    /// The texts of one column of one row group; a missing one is empty.
    pub fn read_texts(&self, group_idx: usize, column_idx: usize) -> Result<Texts, Fault> {
        let leaf = self.read_one::<ByteArrayType>(group_idx, column_idx)?;
        let values: Vec<ByteArray> = optional(leaf, 1).map(|text| text.unwrap_or_else(|| "".into())).collect();
        if values.iter().any(|value| value.as_utf8().is_err()) {
            return Err(read_fault(&self.place, "a text is not UTF-8"));
        }
        Ok(Texts(values))
    }

    /// The whole numbers of one column of one row group.
    pub fn read_ints(&self, group_idx: usize, column_idx: usize) -> Result<Vec<i64>, Fault> {
        Ok(self.read_one::<Int64Type>(group_idx, column_idx)?.values)
    }

    /// The lists of one column of one row group; a missing one is empty.
    pub fn read_float_lists(&self, group_idx: usize, column_idx: usize) -> Result<FloatLists, Fault> {
        let leaf = self.read_one::<FloatType>(group_idx, column_idx)?;
        let (mut starts, mut end) = (Vec::new(), 0);
        for (definition, repetition) in leaf.definition.into_iter().zip(leaf.repetition) {
            if repetition == 0 {
                starts.push(end);
            }
            end += usize::from(definition == 2);
        }
        Ok(FloatLists { values: leaf.values, starts })
    }

    /// A column of the table that is one leaf of the schema, as all are but pictures.
    fn read_one<T: parquet::data_type::DataType>(
        &self,
        group_idx: usize,
        column_idx: usize,
    ) -> Result<Leaf<T::T>, Fault> {
        let images = self.specs[..column_idx].iter().filter(|spec| spec.kind == ColumnKind::Image).count();
        let read = || {
            let group = self.reader.get_row_group(group_idx)?;
            let n_rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            read_leaf::<T>(&*group, column_idx + images, n_rows)
        };
        guarded(|| read().map_err(|e: parquet::errors::ParquetError| e.to_string()))
            .map_err(|what| read_fault(&format!("{}, row group {group_idx}", self.place), &what))
    }

    fn read_group(&self, group_idx: usize) -> parquet::errors::Result<Vec<Column>> {
        let group = self.reader.get_row_group(group_idx)?;
        let n_rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let mut leaf = 0;
        let mut next = || {
            leaf += 1;
            leaf - 1
        };
        let mut columns = Vec::new();
        for spec in &self.specs {
            columns.push(match spec.kind {
                ColumnKind::Int => {
                    Column::Int(required(read_leaf::<Int64Type>(&*group, next(), n_rows)?, n_rows, spec)?)
                }
                ColumnKind::Float => {
                    Column::Float(required(read_leaf::<FloatType>(&*group, next(), n_rows)?, n_rows, spec)?)
                }
                ColumnKind::Text => Column::Text(texts(read_leaf::<ByteArrayType>(&*group, next(), n_rows)?, 1)?),
                ColumnKind::FloatList => Column::FloatList(lists(read_leaf::<FloatType>(&*group, next(), n_rows)?)),
                ColumnKind::Image => {
                    let bytes = read_leaf::<ByteArrayType>(&*group, next(), n_rows)?;
                    let paths = texts(read_leaf::<ByteArrayType>(&*group, next(), n_rows)?, 2)?;
                    let bytes = optional(bytes, 2).map(|b| b.map(|b| b.data().to_vec()).unwrap_or_default());
                    Column::Image(bytes.zip(paths).map(|(b, p)| (b, p.unwrap_or_default())).collect())
                }
            });
        }
        Ok(columns)
    }
}

/// The texts of a column, without a copy of each.
pub struct Texts(Vec<ByteArray>);

impl Texts {
    /// Rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a row.
    pub fn get(&self, row: usize) -> &str {
        self.0[row].as_utf8().unwrap_or_default()
    }
}

/// The lists of a column, one after the other.
pub struct FloatLists {
    values: Vec<f32>,
    starts: Vec<usize>,
}

impl FloatLists {
    /// The list of a row.
    pub fn get(&self, row: usize) -> &[f32] {
        let end = self.starts.get(row + 1).copied().unwrap_or(self.values.len());
        &self.values[self.starts[row]..end]
    }
}

struct Leaf<T> {
    values: Vec<T>,
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

fn read_leaf<T: parquet::data_type::DataType>(
    group: &dyn parquet::file::reader::RowGroupReader,
    leaf_idx: usize,
    n_rows: usize,
) -> parquet::errors::Result<Leaf<T::T>> {
    let reader = group.get_column_reader(leaf_idx)?;
    let mut reader = parquet::column::reader::get_typed_column_reader::<T>(reader);
    let mut leaf = Leaf { values: Vec::new(), definition: Vec::new(), repetition: Vec::new() };
    let mut rows = 0;
    while rows < n_rows {
        let (read, ..) = reader.read_records(
            n_rows - rows,
            Some(&mut leaf.definition),
            Some(&mut leaf.repetition),
            &mut leaf.values,
        )?;
        if read == 0 {
            return Err(parquet::errors::ParquetError::General(format!("{rows} of {n_rows} rows are there")));
        }
        rows += read;
    }
    Ok(leaf)
}

/// The values of a column that every row has one of: other programs may write rows without.
fn required<T>(leaf: Leaf<T>, n_rows: usize, spec: &ColumnSpec) -> parquet::errors::Result<Vec<T>> {
    let n_values = leaf.values.len();
    if n_values == n_rows {
        return Ok(leaf.values);
    }
    let what = format!("the column {} has {n_values} values for {n_rows} rows", spec.name);
    Err(parquet::errors::ParquetError::General(what))
}

/// Puts the missing values back: a value is there where the definition level is `full`.
fn optional<T>(leaf: Leaf<T>, full: i16) -> impl Iterator<Item = Option<T>> {
    let mut values = leaf.values.into_iter();
    leaf.definition.into_iter().map(move |level| if level == full { values.next() } else { None })
}

fn texts(leaf: Leaf<ByteArray>, full: i16) -> parquet::errors::Result<Vec<Option<String>>> {
    optional(leaf, full).map(|text| text.map(|t| t.as_utf8().map(str::to_owned)).transpose()).collect()
}

fn lists(leaf: Leaf<f32>) -> Vec<Option<Vec<f32>>> {
    let mut values = leaf.values.into_iter();
    let mut lists: Vec<Option<Vec<f32>>> = Vec::new();
    for (definition, repetition) in leaf.definition.into_iter().zip(leaf.repetition) {
        if repetition == 0 {
            lists.push((definition > 0).then(Vec::new));
        }
        if definition == 2
            && let (Some(Some(list)), Some(value)) = (lists.last_mut(), values.next())
        {
            list.push(value);
        }
    }
    lists
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

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: [ColumnSpec; 5] = [
        ColumnSpec::new("image", ColumnKind::Image),
        ColumnSpec::new("n", ColumnKind::Int),
        ColumnSpec::new("x", ColumnKind::Float),
        ColumnSpec::new("name", ColumnKind::Text),
        ColumnSpec::new("list", ColumnKind::FloatList),
    ];

    fn columns() -> Vec<Column> {
        vec![
            Column::Image(vec![(vec![1, 2], "a".into()), (vec![], "b".into()), (vec![3], "c".into())]),
            Column::Int(vec![1, -2, 3]),
            Column::Float(vec![0.5, -1.0, 2.0]),
            Column::Text(vec![Some("x".into()), None, Some(String::new())]),
            Column::FloatList(vec![None, Some(vec![1.0, 2.0]), Some(vec![])]),
        ]
    }

    #[test]
    fn every_kind_of_column_reads_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = TableWriter::new(file, &path, &SPECS, &[]).unwrap();
        writer.write(&columns()).unwrap();
        writer.write(&columns()).unwrap();
        writer.finish().unwrap();
        let reader = TableReader::open(&path, &SPECS).unwrap();
        assert_eq!(reader.n_groups(), 2);
        assert_eq!(reader.read(1).unwrap(), columns());
        let (texts, lists) = (reader.read_texts(1, 3).unwrap(), reader.read_float_lists(1, 4).unwrap());
        assert_eq!([0, 1, 2].map(|row| texts.get(row)), ["x", "", ""], "one column alone");
        assert_eq!([0, 1, 2].map(|row| lists.get(row).to_vec()), [vec![], vec![1.0, 2.0], vec![]]);
        assert_eq!(reader.read_ints(0, 1).unwrap(), [1, -2, 3]);
    }

    #[test]
    fn a_truncated_table_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        std::fs::write(&path, b"PAR1 nothing more").unwrap();
        let fault = TableReader::open(&path, &SPECS).err().unwrap();
        assert!(fault.to_string().contains("t.parquet: the table cannot be read"), "{fault}");
    }
}
