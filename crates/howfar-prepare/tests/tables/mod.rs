//! Parquet files as other programs write them, made on the spot.

#![allow(clippy::unwrap_used, dead_code, reason = "a test that cannot be set up has failed; not every file uses all")]

use std::fs::File;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

/// The compressions that Python's writers offer.
pub fn compressions() -> [Compression; 6] {
    [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(Default::default()),
    ]
}

/// The values of a leaf, row by row; `None` is missing.
#[derive(Clone)]
pub enum Leaf {
    Bytes(Vec<Option<Vec<u8>>>),
    Numbers(Vec<Option<i64>>),
    Reals(Vec<Option<f64>>),
}

impl Leaf {
    pub fn texts(texts: &[&str]) -> Self {
        Leaf::Bytes(texts.iter().map(|t| Some(t.as_bytes().to_vec())).collect())
    }

    pub fn numbers(numbers: &[i64]) -> Self {
        Leaf::Numbers(numbers.iter().map(|n| Some(*n)).collect())
    }
}

/// A leaf and the number of optional groups around a value that is there, itself counted.
pub type Leaves = Vec<(Leaf, i16)>;

/// How a file is written.
pub struct Writing {
    pub compression: Compression,
    pub dictionary: bool,
    pub version: WriterVersion,
    pub note: Option<String>,
}

impl Default for Writing {
    fn default() -> Self {
        // As pandas does.
        Writing { compression: Compression::SNAPPY, dictionary: true, version: WriterVersion::PARQUET_1_0, note: None }
    }
}

/// Writes one row group for each element of `groups`; `schema` is a message in Parquet's words.
pub fn write_table(path: &Path, schema: &str, groups: &[Leaves], writing: &Writing) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let schema = Arc::new(parse_message_type(&format!("message schema {{ {schema} }}")).unwrap());
    let note = writing.note.clone().map(|note| vec![KeyValue::new("huggingface".to_owned(), note)]);
    let properties = WriterProperties::builder()
        .set_compression(writing.compression)
        .set_dictionary_enabled(writing.dictionary)
        .set_writer_version(writing.version)
        // Several pages even in small files.
        .set_data_page_row_count_limit(3)
        .set_write_batch_size(2)
        .set_key_value_metadata(note)
        .build();
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::new(properties)).unwrap();
    for leaves in groups {
        let mut group = writer.next_row_group().unwrap();
        for (leaf, full) in leaves {
            write_leaf(&mut group, leaf, *full);
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
}

fn write_leaf(group: &mut SerializedRowGroupWriter<'_, File>, leaf: &Leaf, full: i16) {
    fn write<T: DataType>(group: &mut SerializedRowGroupWriter<'_, File>, values: Vec<Option<T::T>>, full: i16) {
        let levels: Vec<i16> = values.iter().map(|v| if v.is_some() { full } else { full - 1 }).collect();
        let values: Vec<T::T> = values.into_iter().flatten().collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<T>().write_batch(&values, (full > 0).then_some(&levels), None).unwrap();
        column.close().unwrap();
    }
    match leaf.clone() {
        Leaf::Bytes(values) => {
            write::<ByteArrayType>(group, values.into_iter().map(|v| v.map(ByteArray::from)).collect(), full);
        }
        Leaf::Numbers(values) => write::<Int64Type>(group, values, full),
        Leaf::Reals(values) => write::<DoubleType>(group, values, full),
    }
}

/// Pictures as `datasets` embeds them, a class number and a text for the person.
pub const PICTURE_NUMBER_TEXT: &str = "optional group image { optional binary bytes; optional binary path (UTF8); } \
    optional int64 label; optional binary subject (UTF8);";

/// A picture in PNG that differs with every seed.
pub fn picture(seed: u32) -> Vec<u8> {
    let value = |x: u32, y: u32| (x * (3 + seed % 5) + y * (1 + seed % 7) + seed * 13) as u8;
    let photo = image::GrayImage::from_fn(48, 48, |x, y| image::Luma([value(x, y)]));
    let mut bytes = Cursor::new(Vec::new());
    photo.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// `n` rows of [`PICTURE_NUMBER_TEXT`] from `first` on: class `row % 2`, two rows a person.
pub fn rows(first: u32, n: u32) -> Leaves {
    let all = || first..first + n;
    vec![
        (Leaf::Bytes(all().map(|row| Some(picture(row))).collect()), 2),
        (Leaf::Bytes(all().map(|row| Some(format!("p{row}.png").into_bytes())).collect()), 2),
        (Leaf::Numbers(all().map(|row| Some(i64::from(row % 2))).collect()), 1),
        (Leaf::Bytes(all().map(|row| Some(format!("s{}", row / 2).into_bytes())).collect()), 1),
    ]
}

/// The note that `datasets` leaves in a file's foot.
pub fn class_names(names: &[&str]) -> String {
    format!(
        r#"{{"info": {{"features": {{"image": {{"_type": "Image"}}, "label": {{"names": {names:?}, "_type": "ClassLabel"}}}}}}}}"#
    )
}

/// Writes a Parquet file of required, optional and list columns again, in another compression and with dictionaries.
pub fn pack_anew(path: &Path, compression: Compression) {
    use parquet::column::reader::ColumnReader;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    // The writer wants no levels rather than none of them.
    fn levels(levels: &[i16]) -> Option<&[i16]> {
        (!levels.is_empty()).then_some(levels)
    }
    let copy = path.with_extension("copy");
    std::fs::rename(path, &copy).unwrap();
    let reader = SerializedFileReader::new(File::open(&copy).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
    let notes = reader.metadata().file_metadata().key_value_metadata().cloned();
    let properties = WriterProperties::builder().set_compression(compression).set_key_value_metadata(notes).build();
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::new(properties)).unwrap();
    for group_idx in 0..reader.num_row_groups() {
        let from = reader.get_row_group(group_idx).unwrap();
        let mut to = writer.next_row_group().unwrap();
        for leaf in 0..from.num_columns() {
            let n_rows = from.metadata().num_rows() as usize;
            let (mut definition, mut repetition) = (Vec::new(), Vec::new());
            macro_rules! copy {
                ($reader:expr, $kind:ty) => {{
                    let mut values = Vec::new();
                    let mut reader = $reader;
                    reader.read_records(n_rows, Some(&mut definition), Some(&mut repetition), &mut values).unwrap();
                    let mut column = to.next_column().unwrap().unwrap();
                    column.typed::<$kind>().write_batch(&values, levels(&definition), levels(&repetition)).unwrap();
                    column.close().unwrap();
                }};
            }
            match from.get_column_reader(leaf).unwrap() {
                ColumnReader::Int64ColumnReader(reader) => copy!(reader, Int64Type),
                ColumnReader::FloatColumnReader(reader) => copy!(reader, parquet::data_type::FloatType),
                ColumnReader::ByteArrayColumnReader(reader) => copy!(reader, ByteArrayType),
                _ => panic!("a face set has no such column"),
            }
        }
        to.close().unwrap();
    }
    writer.close().unwrap();
    std::fs::remove_file(copy).unwrap();
}

/// Where the first page of a file's first column begins.
pub fn first_page(path: &Path) -> usize {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    reader.metadata().row_group(0).column(0).data_page_offset() as usize
}
