//! Flat tables as Parquet: records in row groups, without arrow.
//!
//! In: what the columns of a record are called and hold. Out: a file, or its columns, each asked for by its name: no
//! order of columns means anything. A file may hold columns that nobody asks for; one that was added to a format later
//! may be missing in older files.

mod deltas;
mod flat_writer;
mod pages;
mod reader;
mod rows;
mod writer;

use std::borrow::Cow;

pub use deltas::CheckedPages;
pub use flat_writer::{FlatColumn, FlatWriter};
pub use pages::check_pages;
pub use reader::{Blobs, FloatLists, TableReader, Texts, guarded};
pub(crate) use rows::ParquetRows;
pub use writer::TableWriter;

/// A column of records `T`: its name, and what it holds of each.
#[derive(Debug, Clone, Copy)]
pub struct ColumnSpec<T: 'static> {
    name: &'static str,
    values: Values<T>,
    is_added: bool,
}

/// What a column holds of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values<T: 'static> {
    /// A whole number.
    Int(fn(&T) -> i64),
    /// A text, which may be missing.
    Text(for<'r> fn(&'r T) -> Option<Cow<'r, str>>),
    /// A list of numbers, which may be missing.
    FloatList(for<'r> fn(&'r T) -> Option<&'r [f32]>),
    /// An encoded picture, with the path that it came from.
    Image(for<'r> fn(&'r T) -> (&'r [u8], &'r str)),
}

impl<T> ColumnSpec<T> {
    /// A column of whole numbers.
    pub const fn int(name: &'static str, of: fn(&T) -> i64) -> Self {
        ColumnSpec { name, values: Values::Int(of), is_added: false }
    }

    /// A column of texts.
    pub const fn text(name: &'static str, of: for<'r> fn(&'r T) -> Option<Cow<'r, str>>) -> Self {
        ColumnSpec { name, values: Values::Text(of), is_added: false }
    }

    /// A column of texts that older files do not have: there every text is missing.
    pub const fn added_text(name: &'static str, of: for<'r> fn(&'r T) -> Option<Cow<'r, str>>) -> Self {
        ColumnSpec { is_added: true, ..Self::text(name, of) }
    }

    /// A column of lists of numbers.
    pub const fn float_list(name: &'static str, of: for<'r> fn(&'r T) -> Option<&'r [f32]>) -> Self {
        ColumnSpec { name, values: Values::FloatList(of), is_added: false }
    }

    /// A column of encoded pictures.
    pub const fn image(name: &'static str, of: for<'r> fn(&'r T) -> (&'r [u8], &'r str)) -> Self {
        ColumnSpec { name, values: Values::Image(of), is_added: false }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it holds lists of numbers.
    pub const fn is_list(&self) -> bool {
        matches!(self.values, Values::FloatList(_))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    struct Record {
        n: i64,
        name: Option<&'static str>,
        list: Option<Vec<f32>>,
        image: (Vec<u8>, &'static str),
    }

    const NUMBER: ColumnSpec<Record> = ColumnSpec::int("n", |r| r.n);
    const NAME: ColumnSpec<Record> = ColumnSpec::text("name", |r| r.name.map(Cow::Borrowed));
    const LIST: ColumnSpec<Record> = ColumnSpec::float_list("list", |r| r.list.as_deref());
    const IMAGE: ColumnSpec<Record> = ColumnSpec::image("image", |r| (&r.image.0, r.image.1));
    const NEW: ColumnSpec<Record> = ColumnSpec::added_text("new", |_| Some(Cow::Borrowed("x")));
    static ALL: [ColumnSpec<Record>; 4] = [IMAGE, NUMBER, NAME, LIST];

    fn records() -> Vec<Record> {
        vec![
            Record { n: 1, name: Some("x"), list: None, image: (vec![1, 2], "a") },
            Record { n: -2, name: None, list: Some(vec![1.0, 2.0]), image: (vec![], "b") },
            Record { n: 3, name: Some(""), list: Some(vec![]), image: (vec![3], "c") },
        ]
    }

    fn write(path: &Path, specs: &'static [ColumnSpec<Record>]) {
        let file = std::fs::File::create(path).unwrap();
        let mut writer = TableWriter::new(file, path, specs, &[("about", "it".to_owned())]).unwrap();
        writer.write(&records()).unwrap();
        writer.write(&records()).unwrap();
        writer.finish().unwrap();
    }

    fn assert_is_as_written(reader: &TableReader) {
        assert_eq!((reader.n_groups(), reader.n_rows(1)), (2, 3));
        assert_eq!(reader.ints(1, "n").unwrap(), [1, -2, 3]);
        let (texts, lists) = (reader.texts(1, "name").unwrap(), reader.float_lists(1, "list").unwrap());
        assert_eq!([0, 1, 2].map(|row| texts.get(row)), [Some("x"), None, Some("")]);
        assert_eq!([0, 1, 2].map(|row| lists.get(row)), [None, Some(&[1.0, 2.0][..]), Some(&[][..])]);
        let images = reader.images(1, "image").unwrap();
        assert_eq!([0, 1, 2].map(|row| images.get(row)), [&[1, 2][..], &[], &[3]]);
    }

    #[test]
    fn a_page_that_claims_gigabytes_is_refused_before_they_are_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, &ALL);
        let mut bytes = std::fs::read(&path).unwrap();
        // Behind the file's four letters stands the head of the first page: its type, then its unpacked bytes.
        assert_eq!((bytes[4], bytes[6]), (0x15, 0x15), "{:?}", &bytes[..12]);
        let length = bytes[7..].iter().position(|byte| *byte < 128).unwrap() + 1;
        drop(bytes.splice(7..7 + length, [0xfe, 0xff, 0xff, 0xff, 0x0f]));
        // Then its packed bytes, twice their number; fewer by those that the head has more.
        assert_eq!(bytes[12], 0x15, "{:?}", &bytes[..16]);
        bytes[13] -= 2 * (5 - length as u8);
        std::fs::write(&path, &bytes).unwrap();
        let said = TableReader::open(&path, &ALL).unwrap().images(0, "image").err().unwrap().to_string();
        assert!(said.contains("claims to unpack to 2147483647"), "{said}");
    }

    #[test]
    fn every_kind_of_column_reads_back_as_written_whatever_the_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        static TURNED: [ColumnSpec<Record>; 4] = [LIST, NAME, NUMBER, IMAGE];
        for specs in [&ALL[..], &TURNED[..]] {
            write(&path, specs);
            assert_is_as_written(&TableReader::open(&path, &ALL).unwrap());
            assert_eq!(TableReader::note_of(&path, "about").unwrap().as_deref(), Some("it"));
        }
    }

    #[test]
    fn a_column_that_nobody_knows_is_let_be_and_one_that_was_added_later_may_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        static WITH_NEW: [ColumnSpec<Record>; 5] = [NEW, IMAGE, NUMBER, NAME, LIST];
        write(&path, &WITH_NEW);
        assert_is_as_written(&TableReader::open(&path, &ALL).unwrap());
        write(&path, &ALL);
        let reader = TableReader::open(&path, &WITH_NEW).unwrap();
        assert_is_as_written(&reader);
        let texts = reader.texts(0, "new").unwrap();
        assert_eq!([0, 1, 2].map(|row| texts.get(row)), [None; 3]);
    }

    #[test]
    fn a_missing_column_and_one_of_another_kind_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        static FEW: [ColumnSpec<Record>; 2] = [NUMBER, NAME];
        static OTHER: [ColumnSpec<Record>; 1] = [ColumnSpec::float_list("n", |r| r.list.as_deref())];
        write(&path, &FEW);
        for (specs, words) in [(&ALL[..], "the column image is missing"), (&OTHER[..], "the column n holds other")] {
            let fault = TableReader::open(&path, specs).err().unwrap().to_string();
            assert!(fault.contains(words), "{fault}");
        }
    }

    #[test]
    fn a_truncated_table_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        std::fs::write(&path, b"PAR1 nothing more").unwrap();
        let fault = TableReader::open(&path, &ALL).err().unwrap();
        assert!(fault.to_string().contains("t.parquet: the table cannot be read"), "{fault}");
    }
}
