//! Small whole files: face sets of our own, and tables as other programs write them.
//!
//! In: how many people, which compression. Out: a folder, or bytes. No file of anybody else's lies here.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use howfar_face::{
    DrawnLabels, Face, FaceLabels, FaceSet, FaceSetInfo, FaceSetWriter, Fault, GeneratorCard, Licence, Lineage,
    Picture, Preprocessing, Provenance, SubjectId,
};
use image::ImageFormat;
use parquet::basic::Compression;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use crate::targets::pictures::encoded;

/// The classes of every set.
pub(crate) const CLASSES: [&str; 3] = ["anger", "happiness", "surprise"];
/// Pixels a side of every face.
const SIDE: u32 = 16;

/// What is recorded of a set.
pub(crate) fn set_info() -> FaceSetInfo {
    let classes = CLASSES.map(str::to_owned).to_vec();
    FaceSetInfo::new("small", classes, Preprocessing::standard("none", "none", SIDE))
}

/// A face of each class for each of these people, no two alike.
pub(crate) fn faces(provenance: Provenance, database: &str, n_people: u8) -> Result<Vec<Face>, Fault> {
    let mut faces = Vec::new();
    for (person, label) in (0..n_people).flat_map(|person| (0..CLASSES.len()).map(move |label| (person, label))) {
        // Other faces in every database.
        let own = database.bytes().fold(3, |sum, byte| sum + u32::from(byte) % 11);
        let level = |i: u32| (i % own * (u32::from(person) + 2) + 40 * label as u32 + i) as u8;
        let subject = SubjectId::new(database, &format!("p{person}"))?;
        let drawn = DrawnLabels {
            intensity: 0.5,
            action_units: vec![0.25; 20],
            landmarks: (0..136_u8).map(f32::from).collect(),
            pose: [1.0, 2.0, 3.0],
            light: [0.0, 0.6, 0.8],
        };
        let labels = FaceLabels {
            parent: (person == 1 && provenance == Provenance::Drawn)
                .then(|| SubjectId::new("other", "q"))
                .transpose()?,
            group: (person % 2 == 0).then(|| "under 30".to_owned()),
            source: format!("{person}/{label}.png"),
            drawn: (provenance == Provenance::Drawn).then(|| Box::new(drawn)),
            ..FaceLabels::of(label, subject, provenance)
        };
        faces.push(Face { picture: Picture::gray(SIDE, SIDE, (0..SIDE * SIDE).map(level).collect()), labels });
    }
    Ok(faces)
}

/// A face set on disk.
pub(crate) fn face_set(folder: &Path, provenance: Provenance, database: &str, n_people: u8) -> Result<FaceSet, Fault> {
    let mut info = set_info();
    info.name = database.to_owned();
    info.licences = vec![Licence { database: database.to_owned(), terms: "free".to_owned() }];
    info.caveats = vec!["of no meaning".to_owned()];
    if provenance != Provenance::Real {
        info.generator = Some(GeneratorCard::new("made".to_owned(), 7, Lineage::default(), String::new()));
    }
    let mut writer = FaceSetWriter::create(folder, info)?;
    faces(provenance, database, n_people)?.iter().try_for_each(|face| writer.push(face))?;
    writer.finish()
}

/// The compressions that Python's writers offer.
fn compressions() -> [Compression; 6] {
    [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(Default::default()),
    ]
}

/// Pictures as `datasets` embeds them, a class number and a text for the person.
const DATASET: &str = "message schema { optional group image { optional binary bytes; optional binary path (UTF8); } \
    optional int64 label; optional binary subject (UTF8); }";
/// The note that `datasets` leaves in a file's foot.
const NOTE: &str = r#"{"info": {"features": {"image": {"_type": "Image"},
    "label": {"names": ["angry", "sad"], "_type": "ClassLabel"}}}}"#;

/// Datasets of two row groups in every compression and both versions, with and without dictionaries; the last one
/// without a note.
pub(crate) fn dataset_tables() -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let of = |(i, compression)| {
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_dictionary_enabled(i % 3 > 0)
            .set_writer_version(if i % 2 == 0 { WriterVersion::PARQUET_1_0 } else { WriterVersion::PARQUET_2_0 })
            // Several pages even in small files.
            .set_data_page_row_count_limit(3)
            .set_write_batch_size(2)
            .set_key_value_metadata((i < 5).then(|| vec![KeyValue::new("huggingface".to_owned(), NOTE.to_owned())]));
        dataset_table(properties.build())
    };
    compressions().into_iter().enumerate().map(of).collect()
}

fn dataset_table(properties: WriterProperties) -> Result<Vec<u8>, Box<dyn Error>> {
    let schema = Arc::new(parse_message_type(DATASET)?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for rows in [0..3_u8, 3..5] {
        let mut group = writer.next_row_group()?;
        let pictures = rows.clone().map(picture).collect::<Result<Vec<_>, _>>()?;
        let texts =
            |of: fn(u8) -> String| rows.clone().map(|row| ByteArray::from(of(row).into_bytes())).collect::<Vec<_>>();
        column::<ByteArrayType>(&mut group, &pictures.into_iter().map(ByteArray::from).collect::<Vec<_>>(), 2)?;
        column::<ByteArrayType>(&mut group, &texts(|row| format!("p{row}.png")), 2)?;
        column::<Int64Type>(&mut group, &rows.clone().map(|row| i64::from(row % 2)).collect::<Vec<_>>(), 1)?;
        column::<ByteArrayType>(&mut group, &texts(|row| format!("s{}", row / 2)), 1)?;
        group.close()?;
    }
    Ok(writer.into_inner()?)
}

fn picture(seed: u8) -> image::ImageResult<Vec<u8>> {
    let value = |x: u32, y: u32| (x * (3 + u32::from(seed)) + y + u32::from(seed) * 13) as u8;
    encoded(&image::GrayImage::from_fn(20, 20, |x, y| image::Luma([value(x, y)])).into(), ImageFormat::Png)
}

/// A column whose every value is there.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    level: i16,
) -> Result<(), Box<dyn Error>> {
    let mut column = group.next_column()?.ok_or("the schema has more columns")?;
    column.typed::<T>().write_batch(values, Some(&vec![level; values.len()]), None)?;
    Ok(column.close()?)
}

/// One of our own tables as other programs might write it anew: in every compression, with dictionaries, of both
/// versions.
pub(crate) fn repacked(table: &[u8]) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let versions = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0].into_iter().cycle();
    compressions().into_iter().zip(versions).map(|how| Ok(written_anew(table, how)?)).collect()
}

fn written_anew(table: &[u8], (compression, version): (Compression, WriterVersion)) -> Result<Vec<u8>, ParquetError> {
    let mut file = tempfile::tempfile()?;
    file.write_all(table)?;
    let reader = SerializedFileReader::new(file)?;
    let metadata = reader.metadata().file_metadata();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_writer_version(version)
        .set_key_value_metadata(metadata.key_value_metadata().cloned())
        .build();
    let schema = metadata.schema_descr().root_schema_ptr();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for group_idx in 0..reader.num_row_groups() {
        let from = reader.get_row_group(group_idx)?;
        let mut to = writer.next_row_group()?;
        let n_rows = from.metadata().num_rows() as usize;
        for leaf in 0..from.num_columns() {
            copy_column(from.get_column_reader(leaf)?, &mut to, n_rows)?;
        }
        to.close()?;
    }
    writer.into_inner()
}

fn copy_column(
    from: ColumnReader,
    to: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    n_rows: usize,
) -> Result<(), ParquetError> {
    // The writer wants no levels rather than none of them.
    fn levels(levels: &[i16]) -> Option<&[i16]> {
        (!levels.is_empty()).then_some(levels)
    }
    let (mut definition, mut repetition) = (Vec::new(), Vec::new());
    macro_rules! copy {
        ($reader:expr, $kind:ty) => {{
            let (mut reader, mut values) = ($reader, Vec::new());
            reader.read_records(n_rows, Some(&mut definition), Some(&mut repetition), &mut values)?;
            let mut column = to.next_column()?.ok_or_else(|| ParquetError::General("no such column".to_owned()))?;
            column.typed::<$kind>().write_batch(&values, levels(&definition), levels(&repetition))?;
            column.close()
        }};
    }
    match from {
        ColumnReader::Int64ColumnReader(reader) => copy!(reader, Int64Type),
        ColumnReader::FloatColumnReader(reader) => copy!(reader, FloatType),
        ColumnReader::ByteArrayColumnReader(reader) => copy!(reader, ByteArrayType),
        _ => Err(ParquetError::General("no table of ours has such a column".to_owned())),
    }
}
