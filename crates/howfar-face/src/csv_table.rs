//! Lists in text files: manifests, split files, the lists of databases.
//!
//! In: a text file as people and programs leave it — UTF-8 or UTF-16, with or without a byte order mark, any line ends,
//! separated by commas, semicolons or tabs, or a list of words. Out: rows with their line for errors. A row that does
//! not have as many values as the list has columns is an error: a name with a comma in it must not become two values.

use std::path::{Path, PathBuf};

use csv::StringRecord;

use crate::{Fault, files, foreign_file, shortened};

/// Bytes of the largest list that is read.
const MOST_BYTES: u64 = 4 << 30;
/// Characters of a row that an error quotes.
const QUOTED: usize = 120;

/// An opened list.
#[derive(Debug)]
pub struct CsvTable {
    path: PathBuf,
    /// Column names as they are written.
    names: Vec<String>,
    /// The same in lower case.
    columns: Vec<String>,
    /// Lines before the text that the reader sees.
    n_skipped: u64,
    reader: csv::Reader<std::io::Cursor<Vec<u8>>>,
}

impl CsvTable {
    /// Reads a list whose first line names its columns.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let mut text = read_list(path)?;
        // A line of Excel's that names the separator.
        let mut n_skipped = 0;
        if text.starts_with("sep=") && text.find('\n') == Some(5) {
            text.drain(..=5);
            n_skipped = 1;
        }
        let separator = separator(&text, None);
        let mut reader = reader(text, separator, true);
        let columns = reader.headers().map_err(|e| broken(path, n_skipped, &e))?;
        let names: Vec<String> = columns.iter().map(str::to_owned).collect();
        let columns = names.iter().map(|name| name.to_lowercase()).collect();
        Ok(CsvTable { path: path.to_owned(), names, columns, n_skipped, reader })
    }

    /// Reads a list whose columns are known although its first line is a row already.
    pub fn without_header(path: &Path, columns: &[&str]) -> Result<Self, Fault> {
        let text = read_list(path)?;
        let separator = separator(&text, Some(columns.len()));
        let reader = reader(text, separator, false);
        let names: Vec<String> = columns.iter().map(|c| (*c).to_owned()).collect();
        let columns = columns.iter().map(|c| c.to_lowercase()).collect();
        Ok(CsvTable { path: path.to_owned(), names, columns, n_skipped: 0, reader })
    }

    /// Where a column stands, if it is there.
    pub fn find(&self, column: &str) -> Option<usize> {
        let column = column.to_lowercase();
        self.columns.iter().position(|c| *c == column)
    }

    /// The names of all columns, in lower case.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The names of all columns as they are written.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Where a column stands, which must be there, once.
    pub fn column(&self, column: &str) -> Result<usize, Fault> {
        let at = self.find(column).ok_or_else(|| {
            Fault::data(self.path.display(), format!("the column `{column}` is missing"))
                .found(shortened(&self.columns.join(", "), QUOTED))
                .hint("the first line names the columns, separated by commas, semicolons or tabs")
        })?;
        if self.columns[at + 1..].contains(&self.columns[at]) {
            return Err(Fault::data(self.path.display(), format!("the column `{column}` stands twice"))
                .found(shortened(&self.columns.join(", "), QUOTED))
                .hint("give one of the two another name"));
        }
        Ok(at)
    }

    /// Calls `visit` with every row and its place (`file, line n`). Blank lines are passed over.
    pub fn for_each(self, mut visit: impl FnMut(&str, &StringRecord) -> Result<(), Fault>) -> Result<(), Fault> {
        let path = self.path.clone();
        self.for_each_numbered(|line, row| visit(&place(&path, line), row))
    }

    /// The same with the line's number alone.
    pub fn for_each_numbered(
        mut self,
        mut visit: impl FnMut(u64, &StringRecord) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut row = StringRecord::new();
        while self.reader.read_record(&mut row).map_err(|e| broken(&self.path, self.n_skipped, &e))? {
            if row.iter().all(str::is_empty) {
                continue;
            }
            let line = row.position().map_or(0, csv::Position::line) + self.n_skipped;
            self.check_length(&row, line)?;
            visit(line, &row)?;
        }
        Ok(())
    }

    fn check_length(&self, row: &StringRecord, line: u64) -> Result<(), Fault> {
        let n_columns = self.columns.len();
        if row.len() < n_columns {
            let column = row.len() + 1;
            return Err(Fault::data(place(&self.path, line), format!("the row has no value in column {column}"))
                .found(quoted(row))
                .expected(format!("{n_columns} values, as the list has columns"))
                .hint("write a comma also before an empty value"));
        }
        if row.iter().skip(n_columns).any(|value| !value.is_empty()) {
            let what = format!("the row has {} values, the list {n_columns} columns", row.len());
            return Err(Fault::data(place(&self.path, line), what)
                .found(quoted(row))
                .expected("one value a column")
                .hint("put a value with a comma in it into quotes: \"Doe, Jane\""));
        }
        Ok(())
    }
}

fn place(path: &Path, line: u64) -> String {
    format!("{}, line {line}", path.display())
}

/// A field of a row, which must not be empty.
pub fn field<'r>(row: &'r StringRecord, column: usize, place: &str) -> Result<&'r str, Fault> {
    row.get(column)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Fault::data(place, format!("the row has no value in column {}", column + 1)).found(quoted(row)))
}

/// Calls `visit` with every line that has words, its place (`file, line n`) and its words: what stands between blanks,
/// tabs, commas and semicolons.
pub fn for_each_line_of_words(
    path: &Path,
    mut visit: impl FnMut(&str, &[&str]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    for (line_idx, line) in read_list(path)?.lines().enumerate() {
        let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"');
        let words: Vec<&str> = line.split(between).filter(|word| !word.is_empty()).collect();
        if !words.is_empty() {
            visit(&format!("{}, line {}", path.display(), line_idx + 1), &words)?;
        }
    }
    Ok(())
}

/// The values of one column of a list that may leave its columns unnamed: of the first that the first line calls by one
/// of `names`, else of the first of all. Rows may have any length; an empty value is passed over.
pub fn column_or_first(path: &Path, names: &[&str]) -> Result<Vec<String>, Fault> {
    let text = read_list(path)?;
    let separator = separator(&text, None);
    let rows: Vec<StringRecord> =
        reader(text, separator, false).into_records().collect::<Result<_, _>>().map_err(|e| broken(path, 0, &e))?;
    let is_wanted = |name: &str| names.contains(&name.to_lowercase().as_str());
    let column = rows.first().and_then(|head| head.iter().position(is_wanted));
    let values = rows.iter().skip(usize::from(column.is_some())).filter_map(|row| row.get(column.unwrap_or(0)));
    Ok(values.filter(|value| !value.is_empty()).map(str::to_owned).collect())
}

fn quoted(row: &StringRecord) -> String {
    shortened(&row.iter().collect::<Vec<_>>().join(","), QUOTED).into_owned()
}

/// The text of a list: without a byte order mark, lines ending in `\n` alone.
fn read_list(path: &Path) -> Result<String, Fault> {
    let bytes = files::read_at_most(path, MOST_BYTES)?;
    if let Some(kind) = foreign_file(&bytes) {
        return Err(Fault::data(path.display(), "this is no list")
            .found(kind.what)
            .expected("text, values separated by commas")
            .hint(kind.advice));
    }
    let text = decode(bytes).map_err(|line| {
        Fault::data(format!("{}, line {line}", path.display()), "the text is neither UTF-8 nor UTF-16")
            .hint("save the file as UTF-8")
    })?;
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text })
}

/// UTF-8, or UTF-16 by its byte order mark or by the zeros of its first letters. The line of the first wrong byte
/// otherwise.
fn decode(bytes: Vec<u8>) -> Result<String, usize> {
    let wide = match bytes.as_slice() {
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] => Some(encoding_rs::UTF_16BE),
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some(encoding_rs::UTF_16LE),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some(encoding_rs::UTF_16BE),
        _ => None,
    };
    if let Some(encoding) = wide {
        let (text, broken) = encoding.decode_with_bom_removal(&bytes);
        let line = || text.split('\u{fffd}').next().map_or(0, |before| before.matches('\n').count()) + 1;
        return if broken { Err(line()) } else { Ok(text.into_owned()) };
    }
    let mut text = String::from_utf8(bytes).map_err(|e| {
        let n_right = e.utf8_error().valid_up_to();
        e.as_bytes().iter().take(n_right).filter(|byte| **byte == b'\n').count() + 1
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The separator that gives the first line so many values, or most of them.
fn separator(text: &str, n_columns: Option<usize>) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let n_values = |separator: u8| {
        let mut row = StringRecord::new();
        let read = reader(first.to_owned(), separator, false).read_record(&mut row);
        if matches!(read, Ok(true)) { row.len() } else { 0 }
    };
    let separators = [b',', b';', b'\t'];
    let fitting = n_columns.and_then(|n| separators.into_iter().find(|s| n_values(*s) == n));
    // The first of equals.
    fitting.or_else(|| separators.into_iter().rev().max_by_key(|s| n_values(*s))).unwrap_or(b',')
}

fn reader(text: String, separator: u8, has_headers: bool) -> csv::Reader<std::io::Cursor<Vec<u8>>> {
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .flexible(true)
        .has_headers(has_headers)
        .from_reader(std::io::Cursor::new(text.into_bytes()))
}

fn broken(path: &Path, n_skipped: u64, error: &csv::Error) -> Fault {
    let line = error.position().map_or(0, csv::Position::line) + n_skipped;
    Fault::data(format!("{}, line {line}", path.display()), format!("not a CSV file: {error}"))
        .expected("text, values separated by commas, semicolons or tabs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> Result<Vec<String>, Fault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        std::fs::write(&path, bytes).unwrap();
        let table = CsvTable::open(&path)?;
        let (name_at, label_at) = (table.column("path")?, table.column("label")?);
        let mut rows = Vec::new();
        table.for_each(|place, row| {
            rows.push(format!("{}={}", field(row, name_at, place)?, field(row, label_at, place)?));
            Ok(())
        })?;
        Ok(rows)
    }

    fn wide(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn a_list_is_read_as_programs_and_people_write_it() {
        let plain = "path,label\na.png,joy\nü b.png,sad\n";
        let cases: [(&str, Vec<u8>); 13] = [
            ("plain", plain.into()),
            ("byte order mark", format!("\u{feff}{plain}").into()),
            ("Windows", plain.replace('\n', "\r\n").into()),
            ("old Macs", plain.replace('\n', "\r").into()),
            ("capitals", plain.replace("path,label", "Path,LABEL").into()),
            ("semicolons", plain.replace(',', ";").into()),
            ("tabs", plain.replace(',', "\t").into()),
            ("Excel's first line", format!("sep=;\n{}", plain.replace(',', ";")).into()),
            ("quotes", plain.replace("a.png", "\"a.png\"").replace("path", "\"path\"").into()),
            ("blanks and blank lines", "path , label\n\n a.png , joy\n,\nü b.png, sad \n\n".into()),
            ("a comma behind every row", "path,label\na.png,joy,\nü b.png,sad,\n".into()),
            ("UTF-16 with a mark", wide(&format!("\u{feff}{plain}"), u16::to_le_bytes)),
            ("UTF-16, the other order, without a mark", wide(plain, u16::to_be_bytes)),
        ];
        for (what, bytes) in cases {
            assert_eq!(rows(&bytes).unwrap(), ["a.png=joy", "ü b.png=sad"], "{what}");
        }
    }

    #[test]
    fn a_row_of_another_length_is_an_error_with_its_line() {
        let cases = [
            ("path,label,subject\na.png,joy,Doe, Jane\n", "line 2: the row has 4 values, the list 3 columns"),
            ("path,label,subject\n\na.png,joy,x\nb.png,joy\n", "line 4: the row has no value in column 3"),
            ("path,label,label\na.png,joy,sad\n", "the column `label` stands twice"),
            ("path,lable\na.png,joy\n", "the column `label` is missing"),
            ("path,label\na.png,joy\n,sad\n", "line 3: the row has no value in column 1"),
        ];
        for (text, what) in cases {
            let fault = rows(text.as_bytes()).unwrap_err().to_string();
            assert!(fault.contains(what), "{fault}");
        }
    }

    #[test]
    fn what_is_no_list_is_called_by_its_name() {
        let latin = b"path,label\nm\xfcller.png,joy\n";
        for (bytes, what) in [
            (&latin[..], "line 2: the text is neither UTF-8 nor UTF-16"),
            (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
            (b"PK\x03\x04 a workbook", "save a workbook as CSV"),
            (b"<html><body>Please log in</body></html>", "web page"),
        ] {
            let fault = rows(bytes).unwrap_err().to_string();
            assert!(fault.contains(what), "{fault}");
        }
    }

    #[test]
    fn a_long_row_is_quoted_in_part() {
        let text = format!("path,label,pixels\na.png,,{}\n", "7 ".repeat(5000));
        let fault = rows(text.as_bytes()).unwrap_err().to_string();
        assert!(fault.len() < 500 && fault.contains("a.png,,7 7"), "{fault}");
    }

    #[test]
    fn lines_of_words_are_split_at_blanks_commas_and_tabs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        std::fs::write(&path, "\u{feff}a.jpg 1\r\n\r\nb.jpg,2\r\nc.jpg\t3").unwrap();
        let mut lines = Vec::new();
        for_each_line_of_words(&path, |place, words| {
            lines.push(format!("{} {}", place.rsplit(' ').next().unwrap(), words.join("=")));
            Ok(())
        })
        .unwrap();
        assert_eq!(lines, ["1 a.jpg=1", "3 b.jpg=2", "4 c.jpg=3"]);
    }
}
